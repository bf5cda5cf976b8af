"""How large stores become: generated and real text, one commit and many, tiny notes."""

from __future__ import annotations

import os
import time

from benchmarks.english import docstrings, joined, topics
from benchmarks.measures._common import Job, Numbers, median, percentile, size_of, text_bytes, warm
from benchmarks.workload import DIMENSION, Doc


def _documents(job: Job) -> list[Doc]:
    kind = job.options["kind"]
    if kind == "short":
        return list(job.data.docs(0, job.n))
    if kind == "long":  # about 4 KB each
        return joined(list(job.data.docs(0, 5 * job.n)), 5)
    if kind == "topics":
        return topics()
    if kind == "docstrings":
        return docstrings()
    if kind == "notes":
        return [
            Doc(" ".join(doc.text.split()[:12]) + ".", doc.title, doc.tags[:1], doc.timestamp)
            for doc in job.data.docs(0, 60)
        ]
    raise ValueError(kind)


def size(job: Job) -> Numbers:
    """Bytes of the store for each byte of text, after one commit and after ten."""
    docs = _documents(job)
    raw = text_bytes(docs)
    with_vectors = bool(job.options.get("vectors"))
    vectors = list(job.data.vectors(len(docs))) if with_vectors else None
    if vectors is not None:
        raw += 4 * DIMENSION * len(vectors)
    found: Numbers = {"raw": float(raw), "documents": float(len(docs))}
    for commits in (1, 10):
        with job.room() as path:
            step = -(-len(docs) // commits)
            for start in range(0, len(docs), step):
                part = None if vectors is None else vectors[start : start + step]
                job.adapter.bulk(path, docs[start : start + step], part)
            stored = size_of(path)
            found[f"bytes{commits}"] = float(stored)
            found[f"ratio{commits}"] = stored / raw
            if job.engine == "mv2" and commits == 1:
                found.update(_parts(path, raw))
    return found


def _parts(path: str, raw: int) -> Numbers:
    """What a memory's bytes are, for each byte of text."""
    import mv2

    with mv2.open(path, "r") as memory:
        stats = memory.stats()
    named = {
        "payload": stats.payload_bytes,
        "lexical": stats.lexical_bytes,
        "contents": stats.contents_bytes,
        "log": stats.log_bytes,
        "vectors": stats.vector_bytes,
        "dead": stats.dead_bytes,
    }
    return {f"part_{name}": value / raw for name, value in named.items()}


def small_commits(job: Job) -> Numbers:
    """Many commits of one note of 200 bytes: size against one commit, and how the time grows."""
    count = job.options.get("count", 1000)
    docs = [Doc(doc.text[:200], doc.title, doc.tags, doc.timestamp) for doc in job.data.fresh(count)]
    warm(job)
    found: Numbers = {}
    with job.room() as path:
        job.adapter.bulk(path, docs)
        once = size_of(path)
    options = {}
    if job.engine == "mv2":
        from benchmarks.measures._counting import CountingFileSystem

        options["file_system"] = counting = CountingFileSystem()
    with job.room() as path:
        job.adapter.bulk(path, docs[:1])
        handle = job.adapter.open(path, **options)
        times = []
        largest = 0
        for doc in docs[1:]:
            start = time.perf_counter()
            handle.put(doc)
            handle.commit()
            times.append((time.perf_counter() - start) * 1e3)
            largest = max(largest, size_of(path) if len(times) % 50 == 0 else 0)
        handle.close()
        many = size_of(path)
        if job.engine == "mv2":
            import mv2

            found["syncs"] = counting.counts.syncs / len(times)
            with mv2.open(path, embedder="none") as memory:
                memory.vacuum()
            found["vacuumed"] = os.path.getsize(path) / once
    tenth = max(1, len(times) // 10)
    found |= {
        "ratio": many / once,
        "largest": largest / once,
        "once_ratio": once / text_bytes(docs),
        "first": median(times[:tenth]),
        "last": median(times[-tenth:]),
        "growth": median(times[-tenth:]) / median(times[:tenth]),
        "p99": percentile(times, 0.99),
    }
    return found
