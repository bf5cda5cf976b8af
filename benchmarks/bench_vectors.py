"""Vector search: recall@10 and time of a query, against a bare numpy scan of all rows.

python benchmarks/bench_vectors.py [largest number of vectors]

Two collections: 384 clustered numbers, as sentence models give them, and 256
numbers of uneven variance around a common mean, as tables of word vectors give them. Queries are
held out. Times are medians after one round that warms up, on one thread of each; recall is against
an exact scan. ``p50`` is wall time; the bare scan is a matrix product and a partition.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import mv2
from mv2.search.vectors import VectorSearch
from mv2.storage.frame_set import FrameSet

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SIZES = [size for size in (1_000, 10_000, 50_000, 100_000) if size <= LARGEST]
SHARES = (None, 0.5, 0.05, 0.005)
QUERIES = 100
K = 10


def clustered(random: np.random.Generator, count: int) -> Any:
    """Sentences about two hundred subjects."""
    centres = np.random.default_rng(1).standard_normal((200, 384))
    return centres[random.integers(0, 200, count)] + 0.7 * random.standard_normal((count, 384))


def static(random: np.random.Generator, count: int) -> Any:
    """Means of word vectors: few dimensions carry most, and texts about one subject share words."""
    fixed = np.random.default_rng(2)
    subjects = fixed.standard_normal((150, 256)) * np.arange(1, 257) ** -0.5
    words = fixed.standard_normal((6000, 256)) * np.arange(1, 257) ** -0.5
    words += subjects[np.arange(6000) // 40] + 0.1 * fixed.standard_normal(256)
    weights = 1 / np.arange(5, 6005)
    common = fixed.permutation(6000)[random.choice(6000, (count, 8), p=weights / weights.sum())]
    own = 40 * random.integers(0, 150, (count, 1)) + random.integers(0, 40, (count, 12))
    return np.stack([words[row].sum(axis=0) for row in np.concatenate([common, own], axis=1)])


def units(rows: Any) -> Any:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def median(call: Callable[[Any], object], queries: Any) -> float:
    """Milliseconds."""
    taken = []
    for query in queries:
        start = time.perf_counter()
        call(query)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)) * 1e3


def scan(rows: Any, allowed: Any, query: Any) -> Any:
    """The bare exact scan: the ten best rows."""
    scores = rows @ query if allowed is None else rows[allowed] @ query
    best = np.argpartition(-scores, min(K, len(scores)) - 1)[:K]
    return best if allowed is None else allowed[best]


def measure(path: Path, rows: Any, queries: Any) -> None:
    with mv2.open(path, "r", embedder="none") as memory:
        view = memory._store.view()
        start = time.perf_counter()
        search = VectorSearch()
        search.search(view, queries[0], K)
        first = (time.perf_counter() - start) * 1e3
        line = f"{len(rows):>8,} x {rows.shape[1]:<4} first answer {first:6.1f} ms"
        for share in SHARES:
            mask = np.random.default_rng(3).random(len(rows)) < (1 if share is None else share)
            allowed = None if share is None else FrameSet(mask.tobytes())
            places = None if share is None else np.flatnonzero(mask)
            found = [search.search(view, query, K, allowed)[0] for query in queries]
            true = [scan(rows, places, query) for query in queries]
            recall = np.mean([np.isin(a, b).mean() for a, b in zip(found, true, strict=True)])
            ours = median(lambda query, a=allowed: search.search(view, query, K, a), queries)
            bare = median(lambda query, p=places: scan(rows, p, query), queries)
            name = "all" if share is None else f"{share:.1%}"
            print(
                f"{line}  {name:>6}  recall@10 {recall:.4f}  p50 {ours:7.3f} ms  bare {bare:7.3f} ms",
                flush=True,
            )
            line = " " * len(line)


def main() -> None:
    for make in (clustered, static):
        print(make.__name__)
        for size in SIZES:
            random = np.random.default_rng(size)
            rows, queries = units(make(random, size)), units(make(random, QUERIES))
            with tempfile.TemporaryDirectory(prefix="mv2-bench-") as directory:
                path = Path(directory) / "memory.mv2"
                with mv2.open(path, "w", embedder="none") as memory:
                    memory.put_many({"content": str(i), "embedding": row} for i, row in enumerate(rows))
                measure(path, rows, queries)


if __name__ == "__main__":
    main()
