"""Loading many documents at once: time, memory, and a commit onto a large store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.measures._common import Job, Numbers, copy_store, costs, peak_memory, warm


def prepare(job: Job) -> Numbers:
    """Make the prepared store of ``n`` documents."""
    import os

    path = job.prepared()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    vectors = job.data.vectors(job.n) if job.options.get("vectors") else None
    job.adapter.bulk(path, job.data.docs(0, job.n), vectors)
    return {}


def bulk(job: Job) -> Numbers:
    """Loading ``n`` documents into a new store, everything durable and searchable at the end."""
    warm(job)
    docs: Iterable[Any] = list(job.data.docs(0, job.n))
    vectors = list(job.data.vectors(job.n)) if job.options.get("vectors") else None
    found: Numbers = {}
    with job.room() as path, costs(found):
        job.adapter.bulk(path, docs, vectors)
    return {
        "cpu_us": found["cpu"] / job.n * 1e6,
        "docs_s": job.n / found["wall"],
        "wall": found["wall"],
    }


def memory(job: Job) -> Numbers:
    """Growth of the process while it loads documents that are streamed from a file, in MB."""
    before = peak_memory()
    vectors = job.data.vectors(job.n) if job.options.get("vectors") else None
    with job.room() as path:
        job.adapter.bulk(path, job.data.docs(0, job.n), vectors)
    return {"peak": (peak_memory() - before) / 1e6}


def commit(job: Job) -> Numbers:
    """Committing documents onto a store of ``n``: those already put, and a load of the same number."""
    count = job.options.get("count", 1000)
    docs = job.data.fresh(2 * count)
    warm(job)
    result: Numbers = {}
    with job.copy() as path:
        handle = job.adapter.open(path, relaxed=True)
        for doc in docs[:count]:
            handle.put(doc)
        found: Numbers = {}
        with costs(found):
            handle.commit()
        handle.close()
        result["put_commit"], result["put_commit_cpu"] = found["wall"], found["cpu"]
    with job.room() as path:
        copy_store(job.prepared(), path)
        with costs(found):
            job.adapter.bulk(path, docs[count:])
        result["load"], result["load_cpu"] = found["wall"], found["cpu"]
    return result
