"""Durable puts, updates and deletes: time, syncs, bytes, and when they can be found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from typing import Any

from benchmarks.measures._common import Job, Numbers, bytes_written, median, percentile, timed, warm
from benchmarks.workload import Doc


def put(job: Job) -> Numbers:
    """Durable puts onto a store of ``n`` documents, in ms."""
    count = job.options.get("count", 300)
    docs = job.data.fresh(count + 20)
    warm(job)
    with job.copy() as path:
        handle = job.adapter.open(path)
        for doc in docs[:20]:
            handle.put(doc)
        cpu = time.process_time()
        times = [timed(handle.put, doc) for doc in docs[20:]]
        cpu = time.process_time() - cpu
        handle.close()
    return {
        "p50": median(times),
        "p99": percentile(times, 0.99),
        "worst": max(times),
        "mean": sum(times) / len(times),
        "cpu": cpu / len(times) * 1e3,
    }


def many_puts(job: Job) -> Numbers:
    """A long run of durable puts onto ``n`` documents: bytes written for each, and the slowest ones."""
    count = job.options.get("count", 10_000)
    docs = job.data.fresh(count)
    raw = sum(len(doc.text.encode()) for doc in docs)
    warm(job)
    options: dict[str, Any] = {}
    if job.engine == "mv2":
        from benchmarks.measures._counting import CountingFileSystem

        options["file_system"] = counting = CountingFileSystem()
    with job.copy() as path:
        handle = job.adapter.open(path, **options)
        before, cpu = bytes_written(), time.process_time()
        times = [timed(handle.put, doc) for doc in docs]
        cpu = time.process_time() - cpu
        handle.close()
        written = bytes_written() - before
    found = {
        "p50": median(times),
        "p99": percentile(times, 0.99),
        "p999": percentile(times, 0.999),
        "worst": max(times),
        "mean": sum(times) / count,
        "cpu": cpu / count * 1e3,
        "written": written / count,
        "text": raw / count,
    }
    if job.engine == "mv2":
        # Without the index files in memory, which go into the file as a part of a commit.
        found["written"] = counting.counts.written / count
        found["syncs"] = counting.counts.syncs / count
    return found


def findable(job: Job) -> Numbers:
    """Putting a document with a word of its own and finding it, in the same process, in ms."""
    count = job.options.get("count", 200)
    docs = job.data.fresh(count)
    warm(job)
    once = 0
    times = []
    with job.copy() as path:
        handle = job.adapter.open(path)
        handle.find("storage")
        for number, doc in enumerate(docs):
            word = f"xq{number}zj"
            handle.put(Doc(f"{doc.text} {word}", doc.title, doc.tags, doc.timestamp))
            start = time.perf_counter()
            hits = handle.find(word)
            times.append((time.perf_counter() - start) * 1e3)
            once += len(hits) == 1
        handle.close()
    return {"mean": sum(times) / count, "p50": median(times), "worst": max(times), "once": 100 * once / count}


def change(job: Job) -> Numbers:
    """Durable updates and deletes of documents of a store of ``n``, in ms."""
    count = job.options.get("count", 100)
    docs = job.data.fresh(count)
    warm(job)
    ident = job.adapter.ident
    with job.copy() as path:
        handle = job.adapter.open(path)
        step = max(1, job.n // (2 * count))
        deletes = [timed(handle.delete, ident(2 * i * step)) for i in range(count)]
        try:
            updates = [timed(handle.update, ident((2 * i + 1) * step), doc) for i, doc in enumerate(docs)]
        except NotImplementedError:
            updates = []
        handle.close()
    found = {"delete": median(deletes)}
    if updates:
        found["update"] = median(updates)
    return found


# --- syncs, seen from outside --------------------------------------------------------------


def some_puts(job: Job) -> Numbers:
    """Puts and nothing else; what ``syncs`` traces."""
    handle = job.adapter.open(job.options["path"], lazy=job.engine == "mv2")
    for doc in job.data.fresh(job.options["count"]):
        handle.put(doc)
    handle.close()
    return {}


def syncs(job: Job) -> Numbers:
    """Syncs and write calls of one durable put, counted by strace as the difference of two runs."""
    tracer = shutil.which("strace")
    if tracer is None:
        return {}
    few, many = 10, 40  # few enough that no checkpoint falls among them
    low, high = _traced(job, tracer, few), _traced(job, tracer, many)
    return {name: (high[name] - low[name]) / (many - few) for name in high}


def _traced(job: Job, tracer: str, count: int) -> Numbers:
    import json

    with job.copy() as path, tempfile.TemporaryDirectory(dir=job.work) as directory:
        inner = replace(job, measure="some_puts", options={"count": count, "path": path})
        output = os.path.join(directory, "trace")
        calls = "fsync,fdatasync,msync,sync_file_range,syncfs"
        command = [tracer, "-f", "-qq", "-o", output, "-e", f"trace={calls}"]
        worker = [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(inner))]
        subprocess.run([*command, *worker], check=True, stdout=subprocess.DEVNULL)
        with open(output, encoding="utf-8", errors="replace") as file:
            text = file.read()
    return {"syncs": float(len(re.findall(r"\b(?:fsync|fdatasync|msync|syncfs)\(", text)))}
