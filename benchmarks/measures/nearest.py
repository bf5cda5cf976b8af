"""Searching by vector, and by words and vector together."""

from __future__ import annotations

from typing import Any

from benchmarks.engines._base import EVERYWHERE, Found
from benchmarks.measures._common import Job, Numbers, narrowings, repeated

_TOP = 10
# SQLite reads every vector for every query.
_SLOW = {"queries": 10, "rounds": 1}


def nearest(job: Job) -> Numbers:
    """Top ten by vector, without and with filters, in ms; and how many of the true ten are there, in percent.

    Names are those of ``narrowings``, ``all`` without a filter; with ``_recall``, ``_cpu`` and ``_full``, the
    share of pages that have as many hits as there can be.
    """
    options = _options(job)
    queries = job.data.near(options.get("queries", 100), job.n)
    docs = list(job.data.docs(0, job.n))
    found: Numbers = {}
    with job.copy() as path:
        handle: Any = job.adapter.open(path, read_only=True)
        filters = {} if job.engine == "raw" else narrowings(job.n)  # the limit is without
        for name, within in (("all", EVERYWHERE), *filters.items()):
            allowed = [number for number, doc in enumerate(docs) if within.holds(doc)]
            true = job.data.exact(queries, job.n, _TOP, None if within == EVERYWHERE else allowed)
            pages = [handle.nearest(query, _TOP, within) for query in queries]
            numbers = repeated(
                [(handle.nearest, query, _TOP, within) for query in queries], options.get("rounds", 3)
            )
            full = sum(len(page) >= min(_TOP, len(allowed)) for page in pages)
            found |= {
                name: numbers["p50"],
                f"{name}_cpu": numbers["cpu"],
                f"{name}_recall": 100 * _recall(pages, true),
                f"{name}_full": 100 * full / len(pages),
            }
        handle.close()
    if "few" in found:
        found["few_all"] = found["few"] / found["all"]
    return found


def _options(job: Job) -> dict[str, Any]:
    return {**job.options, **(_SLOW if job.engine == "sqlite" and job.n > 1000 else {})}


def _recall(pages: list[list[Found]], true: list[set[int]]) -> float:
    reached = sum(len({hit.position for hit in page} & best) for page, best in zip(pages, true, strict=True))
    return reached / max(1, sum(map(len, true)))


def hybrid(job: Job) -> Numbers:
    """Top ten by keywords and a vector together, in ms."""
    options = _options(job)
    queries = job.data.queries()[: options.get("queries", 200)]
    vectors = job.data.near(len(queries), job.n)
    with job.copy() as path:
        handle: Any = job.adapter.open(path, read_only=True)
        pairs = list(zip(queries, vectors, strict=True))
        hits = sum(len(handle.hybrid(*pair)) for pair in pairs)
        numbers = repeated([(handle.hybrid, *pair) for pair in pairs], options.get("rounds", 3))
        handle.close()
    return {**numbers, "hits": hits / len(pairs)}
