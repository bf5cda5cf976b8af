"""A client for the original engine running in a process of its own, under a time limit."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peer_env import find_peer_python, peer_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_WORKER = Path(__file__).with_name("peer_worker.py")
DEFAULT_TIMEOUT = 60.0


class PeerError(Exception):
    """The original raised an error; ``kind`` is the name of its class."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class PeerTimeout(Exception):  # noqa: N818  named for what happened
    """The original did not answer in time and was killed."""


class PeerCrashed(Exception):  # noqa: N818  named for what happened
    """The process of the original ended without an answer."""


@dataclass(frozen=True)
class PeerSnapshot:
    """What the original says about a file.

    Attributes:
        stats: counts and sizes.
        timeline: frame ids in time order.
        children: chunk ids by the id of their document.
        frames, blobs: by uri; frames that cannot be had are dictionaries with ``error``.
        found: distinct frame ids by word, in order of rank.
        found_texts: the text of each hit by word.
        nearest: (frame id, score) lists, one for each vector asked.
        verify: outcome of its deep verification; ``doctor``: of its dry run.
    """

    stats: dict[str, Any]
    timeline: list[int]
    children: dict[int, list[int]]
    frames: dict[str, dict[str, Any]]
    blobs: dict[str, bytes | None]
    found: dict[str, list[int]]
    found_texts: dict[str, list[str]]
    nearest: list[list[tuple[int, float]]]
    verify: dict[str, Any]
    doctor: dict[str, Any]

    def documents_found(self, word: str) -> set[int]:
        """Documents (not chunks) whose text has the word."""
        parent = {child: document for document, ids in self.children.items() for child in ids}
        return {parent.get(frame_id, frame_id) for frame_id in self.found[word]}


class Peer:
    """The original engine. Starts at the first call, and again after it was killed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _stderr_path(self) -> Path:
        return self._home / "peer-stderr.log"

    def _start(self) -> subprocess.Popen[bytes]:
        self._home.mkdir(parents=True, exist_ok=True)
        with self._stderr_path.open("wb") as stderr:
            self._process = subprocess.Popen(
                [str(find_peer_python()), "-u", str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=peer_environment(self._home),
            )
        self._unread = b""
        return self._process

    def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()

    def reset(self) -> None:
        """Be ready for another test: no memory open."""
        if self._process is not None:
            self.call("close")

    def call(self, op: str, *, timeout: float = DEFAULT_TIMEOUT, **command: Any) -> Any:
        """Run one command.

        Raises:
            PeerError: the original raised.
            PeerTimeout: it did not answer in ``timeout`` seconds; it was killed.
            PeerCrashed: its process ended.
        """
        process = self._process or self._start()
        line = json.dumps({"op": op, **{key: _plain(value) for key, value in command.items()}})
        assert process.stdin is not None
        try:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(self._read_line(process, timeout))
        except TimeoutError as error:
            self.stop()
            raise PeerTimeout(f"{op} did not end within {timeout:g} s") from error
        except (BrokenPipeError, EOFError) as error:
            self.stop()
            noise = self._stderr_path.read_text(errors="replace")[-2000:]
            raise PeerCrashed(f"{op} ended the process: {noise}") from error
        if "error" in answer:
            raise PeerError(answer["error"]["type"], answer["error"]["message"])
        return answer["value"]

    def _read_line(self, process: subprocess.Popen[bytes], timeout: float) -> bytes:
        assert process.stdout is not None
        deadline = time.monotonic() + timeout
        descriptor = process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            block = os.read(descriptor, 1 << 20)
            if not block:
                raise EOFError
            self._unread += block
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def put_then_die(self, path: Path, documents: Sequence[dict[str, Any]]) -> None:
        """Leave documents as pending log records in a file, as a crash does."""
        self.call("open", path=path, read_only=False)
        try:
            self.call("put_then_die", path=path, documents=documents)
        except PeerCrashed:
            return
        raise AssertionError("the worker survived its own end")

    def snapshot(
        self,
        path: Path,
        *,
        read_only: bool = True,
        uris: Sequence[str] = (),
        words: Sequence[str] = (),
        vectors: Sequence[Sequence[float]] = (),
        timeout: float = DEFAULT_TIMEOUT,
    ) -> PeerSnapshot:
        """Open a file, collect everything comparable, close it, verify it."""
        answer = self.call(
            "snapshot",
            path=path,
            read_only=read_only,
            uris=uris,
            words=words,
            vectors=vectors,
            timeout=timeout,
        )
        return PeerSnapshot(
            stats=answer["stats"],
            timeline=[entry["frame_id"] for entry in answer["timeline"]],
            children={e["frame_id"]: e["child_frames"] for e in answer["timeline"] if e["child_frames"]},
            frames=answer["frames"],
            blobs={
                uri: base64.b64decode(blob) if isinstance(blob, str) else None
                for uri, blob in answer["blobs"].items()
            },
            found={word: list(dict.fromkeys(hits["ids"])) for word, hits in answer["found"].items()},
            found_texts={word: hits["texts"] for word, hits in answer["found"].items()},
            nearest=[list(zip(hits["ids"], hits["scores"], strict=True)) for hits in answer["nearest"]],
            verify=answer["verify"],
            doctor=answer["doctor"],
        )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
