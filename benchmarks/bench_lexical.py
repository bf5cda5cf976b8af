"""Lexical index and search: what the engine adds to tantivy, and what it costs.

    python benchmarks/bench_lexical.py [documents ...]

Documents have 60-200 words of a Zipf vocabulary, a title, a tag and a time; queries have one to three
of the commoner words. `find` reads texts from a list, so the storage engine is not in the figures.
Everything is measured in one run on the same data: trust the ratios.
"""

from __future__ import annotations

import itertools
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable

from mv2.index.lexical import LexicalReader, LexicalWriter
from mv2.search import Overlay, find
from mv2.testing.frames import ListFrame, ListSource, add_frame

VOCABULARY = 30_000
REPEATS = 5


def documents(count: int) -> list[ListFrame]:
    rng = random.Random(1)
    ends = ["", "", "s", "ing", "ed", "ly", "ation"]
    words = [
        "".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(3, 9))) + rng.choice(ends)
        for _ in range(VOCABULARY)
    ]
    weights = list(itertools.accumulate(1 / (place + 3) for place in range(VOCABULARY)))

    def text(low: int, high: int) -> str:
        return " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(low, high)))

    return [
        ListFrame(
            f"{text(10, 20).capitalize()}. {text(50, 180)}.",
            1_700_000_000 + number * 60,
            f"mv2://docs/{number}",
            text(2, 5).title(),
            tags=[rng.choice(["red", "green", "deep blue"])],
        )
        for number in range(count)
    ]


def spread(name: str, queries: list[str], call: Callable[[str], object]) -> float:
    times = []
    for _ in range(REPEATS):
        for query in queries:
            begun = time.perf_counter()
            call(query)
            times.append(time.perf_counter() - begun)
    times.sort()
    half = times[len(times) // 2] * 1e3
    print(f"  {name:<42} p50 {half:6.3f} ms   p95 {times[int(len(times) * 0.95)] * 1e3:6.3f} ms")
    return half


def ingest(frames: list[ListFrame], threads: int) -> list[tuple[str, bytes]]:
    cpu, wall = time.process_time(), time.perf_counter()
    with LexicalWriter(None, threads=threads) as writer:
        for number, frame in enumerate(frames):
            add_frame(writer, number, frame)
        files = writer.commit()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        saved = [(file.name, file.read()) for file in files]
        size = sum(file.size for file in files)
        each = 1e6 / len(frames)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  ingest, {threads} thread(s): CPU {cpu * each:5.1f} us, wall {wall * each:5.1f} us each; "
            f"{writer.num_segments} segments, {size / len(frames):.0f} bytes each, peak RSS {peak:.0f} MB"
        )
    return saved


def one_more(files: list[tuple[str, bytes]], frames: list[ListFrame], count: int) -> None:
    with LexicalWriter(files) as writer:
        for number in range(count):
            add_frame(writer, len(frames) + number, frames[number])
        cpu, wall = time.process_time(), time.perf_counter()
        writer.commit()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"  commit of {count} onto it: CPU {cpu * 1e3:.1f} ms, wall {wall * 1e3:.1f} ms")


def opening(files: list[tuple[str, bytes]]) -> LexicalReader:
    size = sum(len(data) for _, data in files)
    reader = None
    for place in (None, "/dev/shm", "/tmp"):
        with_place(place)
        times = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            reader = LexicalReader.open(files)
            reader.search(reader.queries.term("content", "x"), 1)
            times.append(time.perf_counter() - begun)
        name = place or "default place"
        print(f"  open and first query, {name:<14} {min(times) * 1e3:6.2f} ms  ({size / 1e6:.1f} MB)")
    with_place(None)
    assert reader is not None
    return reader


def with_place(place: str | None) -> None:
    tempfile.tempdir = None
    if place is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = place


def searching(frames: list[ListFrame], reader: LexicalReader) -> None:
    source = ListSource(frames, indexed_count=len(frames), reader=reader)
    overlay = Overlay()
    common = [term for term, _ in reader.terms_with_prefix("content", "", 3000)]
    rng = random.Random(2)
    queries = [" ".join(rng.sample(common, rng.randint(1, 3))) for _ in range(300)]
    build = reader.queries

    def raw(query: str) -> object:
        return reader.search(build.some([build.term("content", word) for word in query.split()]), 10)

    base = spread("tantivy alone, any word, ids of 10", queries, raw)
    bare = spread("find, no snippets", queries, lambda q: find(source, q, overlay=overlay, snippet_chars=0))
    full = spread("find with snippets", queries, lambda q: find(source, q, overlay=overlay))
    print(f"  ratios to tantivy alone: {bare / base:.1f} without snippets, {full / base:.1f} with")
    spread("find, phrase", [f'"{q}"' for q in queries], lambda q: find(source, q, overlay=overlay))
    spread(
        "find, tag and word", [f"{q} tag:red" for q in queries], lambda q: find(source, q, overlay=overlay)
    )
    spread("find, prefix", [q[:3] + "*" for q in queries], lambda q: find(source, q, overlay=overlay))
    spread("find, tag only", ["tag:red"] * 50, lambda q: find(source, q, overlay=overlay))


def pending(frames: list[ListFrame], reader: LexicalReader, count: int) -> None:
    source = ListSource(frames, indexed_count=len(frames) - count, reader=reader)
    words = [(frame.body or "").split()[5] for frame in frames[:100]]
    spread(f"find, {count} pending, cold", words[:20], lambda q: find(source, q))
    overlay = Overlay()
    for word in words:
        find(source, word, overlay=overlay)
    spread(f"find, {count} pending, warm", words, lambda q: find(source, q, overlay=overlay))


def main() -> None:
    for count in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        print(f"{count:,} documents")
        frames = documents(count)
        ingest(frames, 2)
        files = ingest(frames, 1)
        one_more(files, frames, min(1000, count))
        reader = opening(files)
        searching(frames, reader)
        pending(frames, reader, min(1000, count))


if __name__ == "__main__":
    main()
