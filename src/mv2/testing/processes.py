"""Starts ``mv2.testing.worker`` processes, and judges a memory by what they reported."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mv2
from mv2.testing.observe import Seen, Snapshot, observe, search_complaints, unique_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mv2.memvid import Memvid

Event = dict[str, Any]


class Worker:
    """One worker process; ``events`` grows as it reports."""

    def __init__(self, **task: Any) -> None:
        self.task = task
        self.events: list[Event] = []
        self._error: list[bytes] = []
        source = os.path.dirname(os.path.dirname(os.path.abspath(mv2.__file__)))
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "mv2.testing.worker", json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._threads = [
            threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid

    def wait_for(self, event: str, timeout: float = 30.0) -> Event:
        """The first report of that kind, waiting for it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for found in list(self.events):
                if found["event"] == event:
                    return found
            if self.process.poll() is not None and not self._threads[0].is_alive():
                break
            time.sleep(0.002)
        raise AssertionError(f"{self} did not report {event!r} within {timeout} s; {self.trouble()}")

    def kill(self) -> list[Event]:
        """SIGKILL; returns everything it had reported."""
        self.process.kill()
        self._close()
        return self.events

    def finish(self, timeout: float = 120.0) -> list[Event]:
        """Wait for a clean end; returns everything it reported."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self} did not end within {timeout} s; {self.trouble()}") from None
        self._close()
        assert code == 0, f"{self} ended with code {code}; {self.trouble()}"
        return self.events

    def release(self) -> None:
        """Close its standard input, which ends a ``keeper``."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def trouble(self) -> str:
        """What it said last, for failure messages."""
        errors = b"".join(self._error)[-2000:].decode(errors="replace")
        return f"last reports {self.events[-3:]}, standard error: {errors or 'nothing'}"

    def __str__(self) -> str:
        return f"worker {self.task.get('worker', '')} ({self.task['role']}, process {self.pid})"

    def _close(self) -> None:
        self.release()
        self.process.wait()
        for thread in self._threads:
            thread.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):  # a line cut off by the kill was not reported
                self.events.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self._error.extend(self.process.stderr)


@contextlib.contextmanager
def workers(tasks: Iterable[dict[str, Any]]) -> Iterator[list[Worker]]:
    """Run a worker for each task; none is left behind."""
    running = [Worker(**task) for task in tasks]
    try:
        yield running
    finally:
        for worker in running:
            if worker.process.poll() is None:
                worker.kill()


@dataclass(slots=True)
class Expectation:
    """What must be in a memory, according to what workers reported.

    Attributes:
        active: size of each text that must be there, by number.
        gone: numbers of texts that were deleted or replaced.
        open: operations that were begun and not acknowledged.
    """

    active: dict[int, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    open: list[Event] = field(default_factory=list)
    acknowledged: int = 0

    def hear(self, events: Iterable[Event]) -> None:
        """Take in the reports of one worker."""
        begun: Event | None = None
        for event in events:
            if event["event"] == "begin":
                begun = event
            elif event["event"] == "done":
                self.acknowledged += 1
                self._happened(event)
                begun = None
        if begun is not None:
            self.open.append(begun)

    def _happened(self, event: Event) -> None:
        self.active.update(zip(event["numbers"], event["sizes"], strict=True))
        if "target" in event:
            self.active.pop(event["target"], None)
            self.gone.add(event["target"])

    def complaints(self, memory: Memvid, *, words: int | None = 40) -> list[str]:
        """What is wrong with ``memory``; settles the open operations by what is there."""
        snapshot = observe(memory)
        there: dict[int, list[Seen]] = {}
        found = []
        for seen in snapshot.active:
            if seen.role == "document" and (seen.uri or "").startswith("mv2://t/"):
                there.setdefault(int((seen.uri or "").rsplit("/", 1)[1]), []).append(seen)
        for event in self.open:
            found += self._settle(event, set(there))
        self.open.clear()
        for number, size in self.active.items():
            copies = there.get(number, [])
            if len(copies) != 1:
                found.append(f"text {number} was acknowledged and is there {len(copies)} times")
            elif copies[0].content != unique_text(number, size).encode():
                found.append(f"text {number} came back as {copies[0].content[:60]!r} …")
            else:
                found += _chunk_complaints(snapshot, copies[0])
        found += [f"text {number} was deleted or replaced and is there" for number in self.gone & set(there)]
        strangers = set(there) - set(self.active) - self.gone
        found += [f"text {number} is there and nobody announced it" for number in strangers]
        return found + search_complaints(memory, snapshot, limit=words, seed=len(snapshot.frames))

    def _settle(self, event: Event, there: set[int]) -> list[str]:
        """An operation without acknowledgement happened wholly or not at all."""
        numbers, target = set(event["numbers"]), event.get("target")
        have = numbers & there
        happened = bool(have) if numbers else target not in there
        if happened and target is not None and target in there:
            return [f"{event['op']} of text {target} is half done: old and new are there"]
        if have and have != numbers:
            return [f"{event['op']} is half there: texts {sorted(have)} of {sorted(numbers)}"]
        if target is not None and not happened and target not in there:
            return [f"{event['op']} of text {target} is half done: neither old nor new is there"]
        if happened:
            self._happened(event)
        return []


def _chunk_complaints(snapshot: Snapshot, document: Seen) -> list[str]:
    if not document.chunk[1]:
        return []
    chunks = [seen for seen in snapshot.active if seen.parent_id == document.id and seen.role == "chunk"]
    chunks.sort(key=lambda seen: seen.chunk[0] or 0)
    if len(chunks) != document.chunk[1] or b"".join(chunk.content for chunk in chunks) != document.content:
        return [f"{document} has {len(chunks)} of {document.chunk[1]} chunks, or other ones"]
    return []
