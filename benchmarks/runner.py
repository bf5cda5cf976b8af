"""Runs the measurements: engines take turns, each in a fresh process with a time limit."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measures._common import Job, Numbers
from benchmarks.peers import ROOT, interpreter
from benchmarks.rows import MOST, ONCE, QUICK, Row

_LIMIT = 900.0
_PEER_LIMIT = 300.0


@dataclass
class Results:
    """Numbers of every round by row and engine, and why something is missing."""

    rounds: dict[tuple[str, str], list[Numbers]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def value(self, key: str, engine: str, metric: str) -> float | None:
        """Median over the rounds."""
        found = [numbers[metric] for numbers in self.rounds.get((key, engine), ()) if metric in numbers]
        return statistics.median(found) if found else None

    def ratio(self, key: str, metric: str, other: str) -> float | None:
        """Median over the rounds of mv2's number divided by another engine's of the same round."""
        pairs = zip(self.rounds.get((key, "mv2"), ()), self.rounds.get((key, other), ()), strict=False)
        found = [a[metric] / b[metric] for a, b in pairs if metric in a and b.get(metric)]
        return statistics.median(found) if found else None


class Runner:
    """Runs rows.

    Args:
        work: directory for the data set, the prepared stores and copies.
        base, extra: documents of the data set, and those for puts behind them.
        engines: which ones to run.
        say: called with a line about progress.
    """

    def __init__(
        self,
        work: str,
        base: int,
        extra: int,
        engines: Iterable[str],
        *,
        quick: bool,
        say: Callable[[str], None],
    ) -> None:
        self._work = work
        self._base = base
        self._quick = quick
        self._say = say
        self._pythons = {name: python for name in engines if (python := interpreter(name))}
        self.results = Results()
        self._run("mv2", Job("generate", "mv2", work, base, 0, {"extra": extra}), sys.executable)

    @property
    def engines(self) -> list[str]:
        """Those that are installed."""
        return list(self._pythons)

    def run(self, row: Row) -> None:
        """Measure one row; failures are kept and reported, never raised."""
        n = row.quick_n if self._quick else row.n
        if n is None:
            return
        self.results.sizes[row.key] = n
        engines = [e for e in row.engines if e in self._pythons and n <= MOST.get(e, n)]
        if self._quick:
            engines = [e for e in engines if e in QUICK]
        options = {**row.options, **(row.quick if self._quick else {})}
        started = time.perf_counter()
        if row.stores:
            engines = [e for e in engines if self._prepared(row.key, e, n, options)]
        rounds = min(row.rounds, 2) if self._quick else row.rounds
        for number in range(rounds):
            shift = number % len(engines) if engines else 0
            for engine in engines[shift:] + engines[:shift]:
                if (row.key, engine) in self.results.failures or (number and engine in ONCE):
                    continue
                job = Job(row.measure, engine, self._work, self._base, n, options)
                numbers = self._try(row.key, job)
                if numbers is not None:
                    self.results.rounds.setdefault((row.key, engine), []).append(numbers)
        self._say(f"{row.key}: {time.perf_counter() - started:.1f} s")

    def _prepared(self, key: str, engine: str, n: int, options: dict[str, Any]) -> bool:
        vectors = {"vectors": True} if options.get("vectors") else {}
        job = Job("prepare", engine, self._work, self._base, n, vectors)
        return os.path.exists(job.prepared()) or self._try(key, job) is not None

    def _try(self, key: str, job: Job) -> Numbers | None:
        try:
            return self._run(job.engine, job, self._pythons[job.engine])
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            output = getattr(error, "stderr", None) or b""
            text = output.decode(errors="replace") if isinstance(output, bytes) else output
            reason = (text.strip().splitlines() or [type(error).__name__])[-1][:200]
            self.results.failures[key, job.engine] = reason
            self._say(f"{key}, {job.engine}: {job.measure} failed: {reason}")
            return None

    def _run(self, engine: str, job: Job, python: str) -> Numbers:
        path = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "MEMVID_TELEMETRY": "0", "MEMVID_OFFLINE": "1", "PYTHONPATH": path}
        done = subprocess.run(
            [python, "-m", "benchmarks.worker", json.dumps(asdict(job))],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=True,
            text=True,
            timeout=_PEER_LIMIT if engine == "memvid" else _LIMIT,
        )
        numbers: Numbers = json.loads(done.stdout.splitlines()[-1])
        return numbers
