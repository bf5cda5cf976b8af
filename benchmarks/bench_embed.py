"""The offline embedder: texts a second, a query, and what a fresh process pays for it.

    python benchmarks/bench_embed.py [texts]

Texts have 20 and 100 words of a Zipf vocabulary of made-up English-like words, which take more
tokens than real ones. "Cold" is a fresh process, beyond importing numpy; the best of five.
Everything is measured in one run: trust the ratios.
"""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import mv2
from mv2.models.static import bundled_embedder
from mv2.models.text_embedder import TextEmbedder

REPEATS = 5
COLD = """
import time
import numpy
begun = time.perf_counter()
from mv2.models.slot import EmbedderSlot
embedder = EmbedderSlot("wordllama").get()
named = time.perf_counter()
embedder.embed_query("where did Anna go last summer")
done = time.perf_counter()
print((named - begun) * 1e3, (done - begun) * 1e3)
"""


def texts(count: int, words: int) -> list[str]:
    rng = random.Random(words)
    parts = ["an", "ber", "con", "der", "est", "for", "gra", "her", "ing", "jo", "ken", "ly", "men", "ner"]
    vocabulary = ["".join(rng.choices(parts, k=rng.randint(1, 3))) for _ in range(20_000)]
    weights = list(itertools.accumulate(1 / (place + 3) for place in range(len(vocabulary))))
    return [" ".join(rng.choices(vocabulary, cum_weights=weights, k=words)) for _ in range(count)]


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU) seconds of the quickest of a few calls."""
    best = (float("inf"), float("inf"))
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best


def throughput(count: int, words: int) -> None:
    made = texts(count, words)
    embedder = bundled_embedder()
    assert embedder is not None
    embedder.cache_bytes = 0
    checked = TextEmbedder(embedder)
    checked.embed(made[:1000])
    wall, cpu = timed(lambda: checked.embed(made))
    print(f"  {words:>3} words: {count / wall:8,.0f} texts/s, CPU {cpu / count * 1e6:6.1f} us each")


def queries() -> None:
    embedder = bundled_embedder()
    assert embedder is not None
    checked = TextEmbedder(embedder)
    made = texts(500, 6)
    checked.embed_query("warm")
    for name, asked in (("a new query", made), ("one asked before", made)):
        times = []
        for text in asked:
            begun = time.perf_counter()
            checked.embed_query(text)
            times.append(time.perf_counter() - begun)
        times.sort()
        print(f"  {name:<17} p50 {times[250] * 1e3:.3f} ms   p95 {times[475] * 1e3:.3f} ms")


def cold() -> None:
    runs = [
        [float(part) for part in subprocess.check_output([sys.executable, "-c", COLD], text=True).split()]
        for _ in range(REPEATS)
    ]
    named, done = min(runs, key=lambda run: run[1])
    print(f"  cold: found {named:.1f} ms, first query answered {done:.1f} ms")


def ingest(count: int) -> None:
    made = texts(count, 100)
    with tempfile.TemporaryDirectory() as folder:
        figures = {}
        for embedder in ("none", "wordllama"):
            with mv2.open(os.path.join(folder, f"{embedder}.mv2"), embedder=embedder) as memory:
                wall, cpu = time.perf_counter(), time.process_time()
                memory.put_many([{"content": text} for text in made])
                figures[embedder] = (time.perf_counter() - wall, time.process_time() - cpu)
    for name, (wall, cpu) in figures.items():
        each = cpu / count * 1e6
        print(f"  put_many, embedder {name:<9} {count / wall:8,.0f} documents/s, CPU {each:5.0f} us each")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"{count:,} texts")
    throughput(count, 20)
    throughput(count, 100)
    queries()
    cold()
    ingest(count)


if __name__ == "__main__":
    main()
