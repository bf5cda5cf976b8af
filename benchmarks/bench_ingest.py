"""Files into a memory: folders in step, and documents of many kinds, by the number of processes that read.

    python -m benchmarks.bench_ingest [files] [copies]

First a folder of small notes (120 words of English, Markdown) is synced, synced again, a hundredth of it
changed and a hundredth removed, and synced once more. Then each sample document of tests/samples/corpus is
put so many times (copies differ in a byte where the format allows it, else in name only), with one process
that reads and with one a core. "CPU" is that of the program and its readers. Vectors are off; trust ratios.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import mv2
from benchmarks.english import topics

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "samples" / "corpus"


class Clock:
    """Wall and CPU seconds, children included, since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), self._used()

    @staticmethod
    def _used() -> float:
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, self._used() - self._cpu


def notes(folder: Path, count: int) -> None:
    rng = random.Random(7)
    known = [doc.text for doc in topics(250)]
    for number in range(count):
        path = folder / f"d{number % 101}" / f"note-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        body = "\n\n".join(rng.choices(known, k=3))
        path.write_text(f"# Note {number}\n\n{body}\n", encoding="utf-8")


def say(name: str, count: int, clock: Clock, more: str = "") -> None:
    wall, cpu = clock.read()
    rate = f"{count / wall:8,.0f}/s" if count else ""
    print(f"{name:34} {wall:8.2f} s {rate:>11} {cpu:8.2f} s CPU  {more}", flush=True)


def folder_in_step(work: Path, count: int) -> None:
    folder = work / "notes"
    notes(folder, count)
    os.chdir(work)
    with mv2.open(work / "notes.mv2", embedder="none") as memory:
        clock = Clock()
        report = memory.sync("notes")
        assert report.count("added") == count, report.failed[:3]
        say(f"sync of {count:,} new notes", count, clock, f"{report.size_bytes >> 20} MiB")
        clock = Clock()
        assert memory.sync("notes").count("unchanged") == count
        say("the same again", count, clock)
        clock = Clock()
        walked = sum(len(files) for _, _, files in os.walk("notes"))
        for root, _, files in os.walk("notes"):
            for name in files:
                os.stat(os.path.join(root, name))
        say("(a walk with a stat of each file)", walked, clock)
        hundredth = max(1, count // 100)
        for number in range(hundredth):
            path = folder / f"d{number % 101}" / f"note-{number}.md"
            path.write_text(path.read_text(encoding="utf-8") + "One more line.\n", encoding="utf-8")
            other = number + hundredth
            (folder / f"d{other % 101}" / f"note-{other}.md").unlink()
        clock = Clock()
        report = memory.sync("notes")
        counts = Counter(file.status for file in report.files)
        assert (counts["updated"], counts["retired"]) == (hundredth, hundredth), counts
        say("1 % changed, 1 % removed", 0, clock, str(dict(counts)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory of the program: {peak // 1024} MB")


def documents(work: Path, copies: int) -> None:
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.suffix not in ("", ".toml"):
            by_kind.setdefault(path.suffix.lstrip("."), []).append(path)
    everything = work / "mixed"
    for kind, paths in by_kind.items():
        for number in range(copies):
            for path in paths:
                target = everything / kind / f"{number}-{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    for workers in (1, os.cpu_count() or 1):
        with mv2.open(work / f"mixed-{workers}.mv2", embedder="none") as memory:
            clock = Clock()
            report = memory.put_files(everything, workers=workers)
            done = report.count("added")
            say(f"all kinds, {workers} reading", done, clock, f"{len(report.failed)} refused")
    with mv2.open(work / "kinds.mv2", embedder="none") as memory:
        for kind in sorted(by_kind):
            clock = Clock()
            report = memory.put_files(everything / kind)
            if report.count("added"):
                say(f"  {kind}", report.count("added"), clock)


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:]]
    count, copies = [*numbers, *(20_000, 20)[len(numbers) :]]
    with tempfile.TemporaryDirectory(prefix="mv2-bench-") as temporary:
        work = Path(temporary)
        folder_in_step(work, count)
        documents(work, copies)
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
