"""A program that works on a memory and reports each step, to be raced and killed.

    python -m mv2.testing.worker '{"role": "writer", "path": "m.mv2", "worker": 1}'

Every report is one line of JSON on standard output, written at once: what has
been read from the pipe was reported, whatever happens to the process later.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import mv2
from mv2.errors import LockedError, Mv2Warning
from mv2.storage.device import File, FileSystem
from mv2.testing._random import chooser
from mv2.testing.observe import unique_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.memvid import Memvid

#: Text numbers of different workers lie this far apart.
STRIDE = 100_000
CHUNKED = 3000


def report(**fields: object) -> None:
    """Write one line at once."""
    os.write(1, json.dumps({"at": time.monotonic_ns(), **fields}).encode() + b"\n")


def uri_of(number: int) -> str:
    """The uri of text ``number``."""
    return f"mv2://t/{number}"


class Writer:
    """Does one operation after the other, saying before and after what it does."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.path: str = task["path"]
        self.number: int = task["worker"] * STRIDE + task.get("first", 0)
        self.choose = chooser(task["worker"], task.get("seed", 0))
        self.own: list[int] = []
        self.timeout: float = task.get("lock_timeout", 5.0)
        self.started = 0.0
        self.refused: float | None = None

    def open(self) -> Memvid:
        """A handle with the timeout of the task."""
        return mv2.open(self.path, lock_timeout=self.timeout, embedder="none")

    def texts(self, *sizes: int) -> list[dict[str, Any]]:
        """New documents of these sizes."""
        found = []
        for size in sizes:
            self.number += 1
            found.append({"content": unique_text(self.number, size), "uri": uri_of(self.number)})
        return found

    def step(
        self, op: str, sizes: list[int], action: Callable[[list[dict[str, Any]]], Any], **about: Any
    ) -> None:
        """Announce, do and acknowledge one operation; a refusal is reported and tried again."""
        documents = self.texts(*sizes)
        first = self.number - len(sizes) + 1
        about |= {"op": op, "numbers": list(range(first, self.number + 1)), "sizes": sizes}
        report(event="begin", **about)
        while True:
            self.started, self.refused = time.monotonic(), None
            try:
                result = action(documents)
                break
            except LockedError as error:
                after = (self.refused or time.monotonic()) - self.started
                holders = [holder.pid for holder in error.holders]
                report(event="refused", after=after, holders=holders, message=str(error))
        report(event="done", result=result if isinstance(result, int | list) else None, **about)
        self.own += about["numbers"]

    def put(self, memory: Memvid, size: int) -> None:
        """One put."""
        self.step("put", [size], lambda documents: memory.put(**documents[0]))

    def any_operation(self, memory: Memvid) -> None:
        """One operation, mostly a put."""
        kind = self.choose.random()
        if kind < 0.72 or len(self.own) < 3:
            self.put(memory, self.choose.choice([40, 120, 300, 700, 1500]))
        elif kind < 0.80:
            self.step("batch", [200] * self.choose.randint(2, 5), lambda docs: _batch(memory, docs))
        elif kind < 0.86:
            self.put(memory, CHUNKED)
        elif kind < 0.91:
            self._update(memory)
        elif kind < 0.95:
            number = self.own.pop(self.choose.randrange(len(self.own)))
            self.step("delete", [], lambda _: memory.delete(uri_of(number)), target=number)
        elif kind < 0.98:
            self.step("commit", [], lambda _: memory.commit())
        elif kind < 0.99:
            self.step("put_many", [250] * 6, memory.put_many)
        else:
            self.step("vacuum", [], lambda _: memory.vacuum() and None)

    def _update(self, memory: Memvid) -> None:
        number = self.own.pop(self.choose.randrange(len(self.own)))
        self.step(
            "update",
            [300],
            lambda docs: memory.update(uri_of(number), content=docs[0]["content"], uri=docs[0]["uri"]),
            target=number,
        )


def _batch(memory: Memvid, documents: list[dict[str, Any]]) -> list[int]:
    with memory.batch():
        return [memory.put(**document) for document in documents]


def write_forever(task: dict[str, Any]) -> None:
    """Every kind of operation, until killed (or ``count`` operations)."""
    writer = Writer(task)
    started = time.perf_counter()
    with writer.open() as memory:
        report(event="opened", seconds=time.perf_counter() - started)
        for _ in range(task.get("count", 1_000_000)):
            writer.any_operation(memory)
    report(event="closed")


def write_in_turn(task: dict[str, Any]) -> None:
    """Puts through one handle that stays open, with a commit now and then."""
    writer = Writer(task)
    with writer.open() as memory:
        report(event="opened")
        for index in range(task["count"]):
            writer.put(memory, writer.choose.choice([60, 300, 900]))
            if index % task.get("commit_every", 25) == 24:
                writer.step("commit", [], lambda _: memory.commit())
            if index == task.get("vacuum_at", -1):
                writer.step("vacuum", [], lambda _: memory.vacuum() and None)
    report(event="closed")


def open_put_close(task: dict[str, Any]) -> None:
    """A handle for each put."""
    writer = Writer(task)
    report(event="opened")

    def visit(documents: list[dict[str, Any]]) -> int:
        with writer.open() as memory:
            writer.started = time.monotonic()
            try:
                return memory.put(**documents[0])
            except LockedError:  # closing waits for a turn once more
                writer.refused = time.monotonic()
                raise

    for _ in range(task["count"]):
        writer.step("put", [writer.choose.choice([60, 300, 900])], visit)
    report(event="closed")


def wrap_log(task: dict[str, Any]) -> None:
    """A clean run that makes the log start again at its beginning twice, then closes."""
    writer = Writer(task)
    with writer.open() as memory:
        target = memory.stats().generation + 3
        while memory.stats().generation < target:
            writer.put(memory, 2000)
    report(event="closed")


def read(task: dict[str, Any]) -> None:
    """A reader that refreshes until the file ``stop`` appears; it must never go backwards."""
    seen: set[str] = set()
    count = rounds = 0
    while not os.path.exists(task["path"]):
        time.sleep(0.01)
    with mv2.open(task["path"], "r", embedder="none") as memory:
        report(event="opened")
        while not os.path.exists(task["stop"]):
            started = time.monotonic_ns()
            memory.refresh()
            now = {frame.uri or "" for frame in memory.frames() if frame.role == "document"}
            frames = memory.stats().frame_count
            backwards = sorted(seen - now)
            if (backwards and not task.get("deletions")) or frames < count:
                report(event="backwards", lost=backwards, frames=[count, frames])
            seen, count, rounds = now, frames, rounds + 1
            numbers = sorted(int(uri.rsplit("/", 1)[1]) for uri in now if uri.startswith("mv2://t/"))
            report(event="seen", started=started, numbers=numbers)
    report(event="closed", rounds=rounds)


class _StallingFile(File):
    def sync(self) -> None:
        report(event="holding")
        time.sleep(3600)


class _StallingFileSystem(FileSystem):
    stall = False

    def _make_file(self, descriptor: int, path: str) -> File:
        return _StallingFile(descriptor, path) if self.stall else super()._make_file(descriptor, path)


def stall(task: dict[str, Any]) -> None:
    """Take the turn for a put, and stop before its sync, for ever."""
    disk = _StallingFileSystem()
    disk.stall = True
    writer = Writer(task)
    memory = mv2.open(writer.path, file_system=disk, lock_timeout=writer.timeout, embedder="none")
    report(event="opened")
    writer.put(memory, 300)


def keep_open(task: dict[str, Any]) -> None:
    """Hold a handle in the lock mode asked for until standard input closes."""
    with mv2.open(task["path"], lock=task.get("lock", "write"), embedder="none"):
        report(event="opened")
        sys.stdin.read()


ROLES: dict[str, Callable[[dict[str, Any]], None]] = {
    "writer": write_forever,
    "turns": write_in_turn,
    "visits": open_put_close,
    "wrap": wrap_log,
    "reader": read,
    "stall": stall,
    "keeper": keep_open,
}


def main() -> None:
    """Do the task named on the command line."""
    warnings.simplefilter("ignore", Mv2Warning)
    task = json.loads(sys.argv[1])
    try:
        ROLES[task["role"]](task)
    except mv2.Error as error:
        report(event="failed", error=type(error).__name__, message=str(error))
        raise


if __name__ == "__main__":
    main()
