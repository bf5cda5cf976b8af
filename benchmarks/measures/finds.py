"""Searching: alone, and beside a writer in another process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, replace
from typing import Any

from benchmarks.engines._base import EVERYWHERE, Handle
from benchmarks.measures._common import Job, Numbers, median, narrowings, repeated, timed, warm


def find(job: Job) -> Numbers:
    """Top ten with snippets in a store of ``n`` documents, in ms."""
    return _asked(job, "find", job.data.queries())


def question(job: Job) -> Numbers:
    """As ``find``, of questions in plain words."""
    job = replace(job, options={"rounds": 1, **job.options}) if job.engine == "sqlite" else job
    return _asked(job, "ask", job.data.questions(200))


def _asked(job: Job, verb: str, queries: list[str]) -> Numbers:
    with job.copy() as path:
        handle = job.adapter.open(path, read_only=True)
        call = getattr(handle, verb)
        hits = sum(len(call(query)) for query in queries)
        numbers = repeated([(call, query) for query in queries], job.options.get("rounds", 3))
        handle.close()
    return {**numbers, "hits": hits / len(queries)}


def narrowed(job: Job) -> Numbers:
    """Top ten of the same queries with filters and a range of time, in ms; filters are asked again."""
    queries = job.data.queries()[:200]
    found: Numbers = {}
    with job.copy() as path:
        handle: Any = job.adapter.open(path, read_only=True)
        for name, within in (("all", EVERYWHERE), *narrowings(job.n).items()):
            hits = sum(len(handle.find_within(query, within)) for query in queries)
            calls = [(handle.find_within, query, within) for query in queries]
            numbers = repeated(calls, job.options.get("rounds", 3))
            found |= {
                name: numbers["p50"],
                f"{name}_cpu": numbers["cpu"],
                f"{name}_hits": hits / len(queries),
            }
        handle.close()
    found["few_all"] = found["few"] / found["all"]
    return found


def write_on(job: Job) -> Numbers:
    """Durable puts while standard input says so; tells the number done when it ends."""
    handle = job.adapter.open(job.options["path"])
    docs = job.data.fresh(2000)
    done = 0
    pause = job.options["pause"]
    for line in sys.stdin:
        end = time.perf_counter() + float(line)
        while time.perf_counter() < end and done < len(docs):
            handle.put(docs[done])
            done += 1
            if pause:
                time.sleep(pause)
        print("ready", flush=True)
    handle.close()
    return {"done": float(done)}


def _p50(handle: Handle, queries: list[str], seconds: float) -> float:
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times += [timed(handle.find, query) for query in queries[:50]]
    return median(times)


def beside_writer(job: Job) -> Numbers:
    """A reader alone and beside a process that puts all the time, in turns; p50 in ms, and their ratio."""
    warm(job)
    queries = job.data.queries()
    seconds = job.options.get("seconds", 0.6)
    alone, beside = [], []
    with job.copy() as path:
        inner = replace(
            job, measure="write_on", options={"path": path, "pause": job.options.get("pause", 0.002)}
        )
        command = [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(inner))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            reader = job.adapter.open(path, read_only=True)
            _p50(reader, queries, 0.2)
            for _ in range(job.options.get("turns", 4)):
                alone.append(_p50(reader, queries, seconds))
                print(seconds + 0.1, file=writer.stdin, flush=True)
                beside.append(_p50(reader, queries, seconds))
                writer.stdout.readline()
            writer.stdin.close()
            done = json.loads(writer.stdout.read().splitlines()[-1])["done"]
        refreshed = timed(reader.refresh)
        reader.close()
    return {
        "alone": median(alone),
        "beside": median(beside),
        "ratio": median([b / a for a, b in zip(alone, beside, strict=True)]),
        "refresh": refreshed,
        "puts": done,
    }
