"""A system in a process of its own, which its interpreter, its crashes and its time limit need."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

from benchmarks.peers import BENCH, PEER, ROOT

_FOUND = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"


class HostError(Exception):
    """The process ended, or ran out of time."""


def environment() -> dict[str, str]:
    """Variables for interpreters that do not have mv2 installed."""
    path = os.pathsep.join(filter(None, (ROOT, os.path.join(ROOT, "src"), os.environ.get("PYTHONPATH"))))
    offline = {"MEMVID_TELEMETRY": "0", "MEMVID_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **offline, "PYTHONPATH": path}


def interpreters(own: str, more: Sequence[str]) -> list[str]:
    """Where systems may run, in the order they are tried."""
    usual = [own, *(os.path.join(folder, "bin", "python") for folder in (BENCH, PEER))]
    return [python for python in (*usual, *more) if os.path.exists(python)]


def interpreter_with(packages: Sequence[str], pythons: Sequence[str]) -> str | None:
    """The first interpreter that has all packages; they are not imported."""
    for python in pythons:
        found = subprocess.run(
            [python, "-c", _FOUND, *packages], env=environment(), capture_output=True, check=False
        )
        if found.returncode == 0:
            return python
    return None


class Hosted:
    """A system for the harness: ``build``, ``search``, ``close``.

    Args:
        python: interpreter of the process.
        settings: what ``benchmarks.retrieval.host`` makes a system of.
        limit: seconds for everything, from the start of the process on.
    """

    def __init__(self, python: str, settings: dict[str, Any], limit: float) -> None:
        self.name = settings["kind"]
        self._limit = limit
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.retrieval.host", json.dumps(settings)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._timed_out = False
        self._timer = threading.Timer(limit, self._stop)
        self._timer.daemon = True
        self._timer.start()

    def build(self, docs: Sequence[Any], texts: Sequence[str]) -> None:
        """Take the documents of a collection."""
        rows = [
            {
                "title": doc.title,
                "session": doc.session,
                "timestamp": int(doc.when.timestamp()) if doc.when else None,
                "text": text,
            }
            for doc, text in zip(docs, texts, strict=True)
        ]
        self._ask({"build": rows})

    def warm(self, queries: list[str]) -> None:
        """Tell the queries that will come."""
        self._ask({"warm": queries})

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        """(number of a document, score), best first."""
        return [(number, score) for number, score in self._ask({"search": query, "k": k})]

    def close(self) -> None:
        """Let go of a collection."""
        self._ask({"close": True})

    def end(self) -> None:
        """End the process."""
        self._timer.cancel()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _stop(self) -> None:
        self._timed_out = True
        self._process.kill()

    def _ask(self, message: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise HostError(self._reason())
        return json.loads(line)

    def _reason(self) -> str:
        if self._timed_out:
            return f"took longer than {self._limit:.0f} s"
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1][:200] if lines else f"ended with {self._process.returncode}"
