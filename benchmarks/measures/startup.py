"""Imports, cold processes, and the way from opening to the first answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.measures._common import Job, Numbers, median, timed, warm


def import_cost(job: Job) -> Numbers:
    """CPU of the imports in a bare process, in ms."""
    code = (
        "import time\nstart = time.process_time()\n"
        f"{job.adapter.modules}\nprint((time.process_time() - start) * 1e3)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)
        for _ in range(job.options.get("times", 3))
    ]
    return {"cpu": median(times)}


def _process(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1e3


def cold_find(job: Job) -> Numbers:
    """Wall of a whole process that opens a store and prints the first page, caches warm, in ms."""
    queries = job.data.queries()
    times = job.options.get("times", 5)
    with job.copy() as path:
        script = [sys.executable, "-c", job.adapter.cold, path]
        _process([*script, queries[0]])
        found = {"script": median([_process([*script, queries[i]]) for i in range(times)])}
        command = os.path.join(os.path.dirname(sys.executable), "mv2")
        if job.engine == "mv2" and os.path.exists(command):
            found["command"] = median([_process([command, "find", path, queries[i]]) for i in range(times)])
        found["bare"] = median([_process([sys.executable, "-c", "pass"]) for i in range(times)])
    return found


def open_first(job: Job) -> Numbers:
    """Opening a store and getting the first answer, imports done, caches warm, in ms."""
    queries = job.data.queries()
    vectors = job.data.near(10, job.n) if job.options.get("vectors") else None
    warm(job)
    opens, firsts = [], []
    with job.copy() as path:
        for number in range(job.options.get("times", 5) + 1):
            start = time.perf_counter()
            handle = job.adapter.open(path, read_only=True)
            opened = time.perf_counter()
            if vectors is None:
                handle.find(queries[number])
            else:
                handle.nearest(vectors[number])  # type: ignore[attr-defined]
            done = time.perf_counter()
            handle.close()
            if number:  # the first one warms the page cache
                opens.append((opened - start) * 1e3)
                firsts.append((done - start) * 1e3)
    return {"open": median(opens), "first": median(firsts)}


def open_put_close(job: Job) -> Numbers:
    """Opening a store, one durable put and closing, imports done, in ms."""
    docs = job.data.fresh(20)
    warm(job)
    lazy = job.options.get("lazy", False)
    with job.copy() as path:

        def act(number: int) -> None:
            handle = job.adapter.open(path, lazy=lazy)
            handle.put(docs[number])
            handle.close()

        act(0)
        found = [timed(act, number) for number in range(1, job.options.get("times", 9) + 1)]
    return {"wall": median(found), "worst": max(found)}
