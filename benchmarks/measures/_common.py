"""What the measurements share: the job, stores to work on, clocks and counters."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.engines import load
from benchmarks.engines._base import Engine, Within
from benchmarks.workload import START, Doc, Workload

Numbers = dict[str, float]
ENDINGS = {"mv2": "mv2", "memvid": "mv2", "sqlite": "db", "raw": "dir", "lancedb": "lance"}


@dataclass
class Job:
    """One measurement of one engine.

    Attributes:
        work: directory of the run: the data set, prepared stores, room for copies.
        base: documents before the fresh ones in the data set.
        n: documents in the store, or to be added.
        options: further arguments of the measurement.
    """

    measure: str
    engine: str
    work: str
    base: int
    n: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Workload:
        return Workload(os.path.join(self.work, "data"), self.base)

    @property
    def adapter(self) -> Engine:
        return load(self.engine)

    def prepared(self, n: int | None = None) -> str:
        """Path of the prepared store of ``n`` documents."""
        n = self.n if n is None else n
        kind = "-vectors" if self.options.get("vectors") else ""
        return os.path.join(self.work, "prepared", f"{self.engine}-{n}{kind}.{ENDINGS[self.engine]}")

    @contextmanager
    def room(self) -> Iterator[str]:
        """Path for a new store, gone afterwards."""
        directory = tempfile.mkdtemp(prefix="bench-", dir=self.work)
        try:
            yield os.path.join(directory, f"store.{ENDINGS[self.engine]}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    @contextmanager
    def copy(self, n: int | None = None) -> Iterator[str]:
        """Path of a copy of a prepared store."""
        with self.room() as path:
            copy_store(self.prepared(n), path)
            yield path


def copy_store(source: str, target: str) -> None:
    """Copy a store, file or directory, and leave nothing of the copy unwritten."""
    if os.path.isdir(source):
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    os.sync()


def size_of(path: str) -> int:
    """Bytes of a store, with all that stands beside it."""
    directory = os.path.dirname(path)
    total = 0
    for here, _, names in os.walk(directory):
        total += sum(os.path.getsize(os.path.join(here, name)) for name in names)
    return total


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of all stands."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: list[float]) -> float:
    return percentile(values, 0.5)


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - start) * 1e3


def repeated(calls: list[tuple[Any, ...]], rounds: int) -> Numbers:
    """``p50`` and ``p95`` of calls (function, arguments) and their mean CPU, in ms, over several rounds."""
    gc.collect()
    cpu = time.process_time()
    taken = [[timed(*call) for call in calls] for _ in range(rounds)]
    cpu = time.process_time() - cpu
    times = [min(each) for each in zip(*taken, strict=True)]  # of each call: noise only ever adds
    return {
        "p50": median(times),
        "p95": percentile(times, 0.95),
        "cpu": cpu / rounds / len(calls) * 1e3,
    }


def narrowings(n: int) -> dict[str, Within]:
    """By name, what leaves a half, a 20th and a 200th of ``n`` documents, and a tenth by time."""
    half, few = (tuple(f"topic{number}" for number in range(count)) for count in (30, 3))
    since, until = START + 60 * (n // 2), START + 60 * (n // 2 + n // 10)
    return {
        "half": Within(half),
        "some": Within(few),
        "few": Within(few, since, until),
        "time": Within(None, since, until),
    }


@contextmanager
def costs(into: Numbers) -> Iterator[None]:
    """Puts seconds of wall (``wall``) and of CPU in all threads (``cpu``) into ``into``."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into["wall"] = time.perf_counter() - wall
    into["cpu"] = time.process_time() - cpu


def warm(job: Job) -> None:
    """Use the engine once on a tiny store, so that imports and first calls are behind us."""
    vectors = job.data.vectors(20) if job.options.get("vectors") else None
    with job.room() as path:
        job.adapter.bulk(path, job.data.docs(0, 20), vectors)
        handle = job.adapter.open(path)
        for query in job.data.queries()[:5]:
            handle.find(query)
        handle.close()


def bytes_written() -> int:
    """Bytes this process has given to write calls so far, on any file; 0 where the system does not tell.

    The count of pages sent to storage would be no help: systems with large pages
    in their cache count the whole of one for each byte changed in it.
    """
    try:
        with open("/proc/self/io", encoding="ascii") as file:
            return int(dict(line.split(":") for line in file)["wchar"])
    except (OSError, KeyError):
        return 0


def peak_memory() -> int:
    """Largest resident size of this process so far, in bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def text_bytes(docs: list[Doc]) -> int:
    return sum(len(doc.text.encode()) for doc in docs)
