"""SIGKILL at random moments.

A real process writes, reports every acknowledgement through a pipe and is
killed without warning, in the middle of whatever it does. What it had reported
must be there, once, and found; every fifth time a clean run then writes the
log round twice, because damage that a recovery leaves behind shows up there.

``MV2_KILLS=200`` kills more often than the default run.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.testing._random import SEED, chooser
from mv2.testing.processes import Expectation, Worker
from mv2.testing.stage import quiet

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("MV2_KILLS", "25"))
FRESH_FILE_EVERY = 12


def _check(path: Path, expectation: Expectation, story: str, opening: list[float]) -> None:
    with quiet():
        started = time.perf_counter()
        memory = mv2.open(path, embedder="none")
        opening.append(time.perf_counter() - started)
        with memory:
            complaints = expectation.complaints(memory)
            report = memory.verify(deep=True)
        complaints += [f"verify: {f.code}: {f.message}" for f in report.findings if f.severity == "error"]
        strays = sorted(set(os.listdir(path.parent)) - {path.name})
        complaints += [f"left beside the file: {strays}"] if strays else []
        with mv2.open(path, "r", embedder="none") as reader:
            complaints += [f"read again: {text}" for text in expectation.complaints(reader, words=5)]
    assert not complaints, f"{story}: " + "; ".join(complaints[:6])


@pytest.mark.timeout(120 + 6 * KILLS)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    choose = chooser("kill", SEED)
    expectation, opening = Expectation(), []
    path = tmp_path / "0" / "m.mv2"
    for trial in range(KILLS):
        if trial % FRESH_FILE_EVERY == 0:
            expectation = Expectation()
            path = tmp_path / str(trial) / "m.mv2"
            path.parent.mkdir()
        first = (trial % FRESH_FILE_EVERY) * 5000
        worker = Worker(role="writer", path=str(path), worker=1, first=first, seed=SEED * 1000 + trial)
        if trial % 6 == 5:  # while it starts, opens or creates
            time.sleep(choose.uniform(0.05, 0.4))
        else:
            worker.wait_for("done")
            time.sleep(choose.expovariate(1 / 0.15))
        expectation.hear(worker.kill())
        story = f"kill {trial}, after {expectation.acknowledged} acknowledgements in this file"
        _check(path, expectation, story, opening)
        if trial % 5 == 4:
            cleaner = Worker(role="wrap", path=str(path), worker=2, first=first)
            expectation.hear(cleaner.finish())
            _check(path, expectation, f"{story}, then a clean run that wraps the log", opening)
    middle, longest = statistics.median(opening) * 1000, max(opening) * 1000
    print(f"{KILLS} kills; first open p50 {middle:.1f} ms, longest {longest:.1f} ms")
    assert middle < 200, f"the first open after a kill takes {middle} ms"
