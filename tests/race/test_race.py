"""Many processes on one file.

The original engine loses every document of one of two writers, without an
error. Here several processes put at once, through handles that stay open and
through handles opened for one put, while readers watch and the file is
committed and compacted under them. One truth must hold: what was acknowledged
is there, once, for everybody who looks later; nobody sees the past come back.

``MV2_RACES=100`` repeats the race more often than the default run.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import mv2
from mv2.errors import LockedError
from mv2.testing._random import SEED, chooser
from mv2.testing.observe import observe, unique_text
from mv2.testing.processes import Expectation, workers
from mv2.testing.stage import quiet
from mv2.testing.worker import uri_of

if TYPE_CHECKING:
    from pathlib import Path

#: Processes fight for two cores here, and refusals are timed.
pytestmark = pytest.mark.serial
RACES = int(os.environ.get("MV2_RACES", "2"))
PUTS = 60
#: How much later than promised a refusal may come on a busy machine (seconds).
SLACK = 0.5


def _tasks(path: Path, seed: int, timeout: float) -> list[dict[str, Any]]:
    common = {"path": str(path), "seed": seed, "lock_timeout": timeout}
    turns = [{**common, "role": "turns", "worker": index, "count": PUTS} for index in range(1, 5)]
    turns[1]["vacuum_at"] = PUTS // 2
    visits = [{**common, "role": "visits", "worker": index, "count": PUTS // 4} for index in (5, 6)]
    return turns + visits


def _judge_refusals(events: list[dict[str, Any]], timeout: float, pids: set[int]) -> list[str]:
    found = []
    for event in events:
        if event["event"] == "refused":
            if event["after"] > timeout + SLACK:
                found.append(f"a refusal came after {event['after']:.2f} s, timeout {timeout} s")
            if not pids & set(event["holders"]):
                found.append(
                    f"a refusal names {event['holders']}, writers were {sorted(pids)}: {event['message']}"
                )
    return found


def _judge_reader(events: list[dict[str, Any]], acknowledged: list[tuple[int, int]]) -> list[str]:
    """A snapshot holds every text acknowledged before it was asked for."""
    found = [f"a reader went backwards: {event}" for event in events if event["event"] == "backwards"]
    for event in events:
        if event["event"] == "seen":
            due = {number for at, number in acknowledged if at < event["started"]}
            missing = sorted(due - set(event["numbers"]))
            if missing:
                found.append(f"a reader missed {missing[:5]}, acknowledged before it looked")
    return found


@pytest.mark.parametrize("race", range(RACES))
@pytest.mark.timeout(240)
def test_writers_and_readers(tmp_path: Path, race: int) -> None:
    path, stop = tmp_path / "m.mv2", tmp_path / "stop"
    timeout = 0.25 if race % 2 else 5.0
    mv2.open(path, "x", embedder="none").close()
    readers = [{"role": "reader", "path": str(path), "stop": str(stop)} for _ in range(2)]
    expectation = Expectation()
    with workers(readers) as watching, workers(_tasks(path, SEED * 1000 + race, timeout)) as writing:
        histories = [worker.finish() for worker in writing]
        stop.touch()
        views = [worker.finish() for worker in watching]
        pids = {worker.pid for worker in writing}
    for history in histories:
        expectation.hear(history)
    acknowledged = [
        (event["at"], number) for history in histories for event in history if event["event"] == "done"
        for number in event["numbers"]
    ]  # fmt: skip
    complaints = [text for history in histories for text in _judge_refusals(history, timeout, pids)]
    complaints += [text for view in views for text in _judge_reader(view, acknowledged)]
    with mv2.open(path, embedder="none") as memory:
        complaints += expectation.complaints(memory, words=None)
        assert memory.verify(deep=True).ok
    assert not complaints, "\n".join(complaints[:10])
    assert len(acknowledged) == 4 * PUTS + 2 * (PUTS // 4)
    stop.unlink()
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("race", range(max(1, RACES // 2)))
@pytest.mark.timeout(240)
def test_some_are_killed_and_the_others_go_on(tmp_path: Path, race: int) -> None:
    """Everything at once: puts, batches, updates, deletions, compactions, and SIGKILL among them."""
    path, stop = tmp_path / "m.mv2", tmp_path / "stop"
    choose = chooser("killed", SEED, race)
    mv2.open(path, "x", embedder="none").close()
    common = {"role": "writer", "path": str(path), "seed": SEED * 1000 + race, "lock_timeout": 20}
    doomed = [{**common, "worker": index} for index in (1, 2, 3)]
    others = [{**common, "worker": index, "count": 120} for index in (4, 5)]
    expectation = Expectation()
    reader = {"role": "reader", "path": str(path), "stop": str(stop), "deletions": True}
    with workers([reader]) as (watcher,), workers(doomed) as victims, workers(others) as survivors:
        for victim in victims:
            victim.wait_for("done")
            time.sleep(choose.uniform(0.05, 0.4))
            expectation.hear(victim.kill())
        for survivor in survivors:
            expectation.hear(survivor.finish())
        stop.touch()
        watcher.finish()
    with quiet(), mv2.open(path, embedder="none") as memory:
        complaints = expectation.complaints(memory, words=200)
        assert memory.verify(deep=True).ok
    assert not complaints, "\n".join(complaints[:10])
    stop.unlink()
    assert os.listdir(tmp_path) == [path.name]


def test_a_process_that_stops_in_its_turn(tmp_path: Path) -> None:
    """Others are refused in time and told by whom; when it is killed they go on at once."""
    path = tmp_path / "m.mv2"
    with mv2.open(path, lock_timeout=0.3, embedder="none") as memory:
        memory.put("before")
        with workers([{"role": "stall", "path": str(path), "worker": 3}]) as (holder,):
            holder.wait_for("holding")
            started = time.monotonic()
            with pytest.raises(LockedError) as refusal:
                memory.put("refused")
            waited = time.monotonic() - started
            assert 0.25 <= waited < 0.3 + SLACK
            assert holder.pid in {process.pid for process in refusal.value.holders}
            assert str(holder.pid) in str(refusal.value)
            assert memory.text(0) == "before", "reading does not need a turn"
            expectation = Expectation()
            expectation.hear(holder.kill())
        started = time.monotonic()
        number = memory.put("after")
        assert time.monotonic() - started < SLACK, "a writer waited for a dead process"
        assert memory.text(number) == "after"
        assert [frame.id for frame in memory.frames()] == list(range(number + 1))
        assert expectation.complaints(memory) == []
        assert memory.find("refused").hits == ()
        assert memory.verify(deep=True).ok


def test_killed_holders_in_a_row(tmp_path: Path) -> None:
    """Each of several holders dies in its turn; none of them blocks or hurts the next."""
    path = tmp_path / "m.mv2"
    expectation = Expectation()
    for worker in range(1, 5):
        with workers([{"role": "stall", "path": str(path), "worker": worker}]) as (holder,):
            holder.wait_for("holding")
            expectation.hear(holder.kill())
        with mv2.open(path, lock_timeout=0.3, embedder="none") as memory:
            assert expectation.complaints(memory) == []


def test_an_exclusive_handle_keeps_writers_out(tmp_path: Path) -> None:
    path = tmp_path / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        memory.put("one")
    with workers([{"role": "keeper", "path": str(path), "lock": "handle"}]) as (keeper,):
        keeper.wait_for("opened")
        with pytest.raises(LockedError) as refusal:
            mv2.open(path, lock_timeout=0.1, embedder="none")
        assert keeper.pid in {process.pid for process in refusal.value.holders}
        with mv2.open(path, "r", embedder="none") as reader:
            assert reader.text(0) == "one"
        keeper.release()
        keeper.finish()
    mv2.open(path, lock_timeout=0.1, embedder="none").close()


def test_threads_share_a_handle(tmp_path: Path) -> None:
    """Two writing and two searching threads on one handle."""
    path, count, failures = tmp_path / "m.mv2", 80, []
    with mv2.open(path, lock_timeout=30, embedder="none") as memory:

        def write(worker: int) -> None:
            try:
                for index in range(count):
                    number = worker * 1000 + index
                    memory.put(unique_text(number, 200), uri=uri_of(number))
            except BaseException as error:  # noqa: BLE001 - shown by the main thread
                failures.append(error)

        def search() -> None:
            try:
                seen = 0
                while any(thread.is_alive() for thread in writing):
                    now = memory.stats().document_count
                    assert now >= seen, f"{now} documents after {seen}"
                    seen = now
                    assert memory.find("river winter", k=3).total <= 2 * count
                    sum(1 for _ in memory.frames())
            except BaseException as error:  # noqa: BLE001 - shown by the main thread
                failures.append(error)

        writing = [threading.Thread(target=write, args=(worker,)) for worker in (1, 2)]
        searching = [threading.Thread(target=search) for _ in range(2)]
        for thread in writing + searching:
            thread.start()
        for thread in writing + searching:
            thread.join(120)
        assert not failures, failures[0]
        expectation = Expectation(active={w * 1000 + i: 200 for w in (1, 2) for i in range(count)})
        assert expectation.complaints(memory, words=None) == []
        before = observe(memory)
    with mv2.open(path, "r", embedder="none") as memory:
        assert observe(memory) == before


def test_fork_is_refused(tmp_path: Path) -> None:
    """A handle from before ``fork`` refuses in the child, and the parent goes on."""
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("parent")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                memory.put("child")
                answer = b"put worked"
            except mv2.errors.ForkedHandleError:
                answer = b"refused"
            except BaseException as error:  # noqa: BLE001 - told to the parent
                answer = repr(error).encode()
            os.write(writing, answer)
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        assert os.read(reading, 1000) == b"refused"
        os.close(reading)
        assert memory.text(memory.put("still here")) == "still here"
        assert memory.stats().frame_count == 2


def test_several_processes_create_at_once(tmp_path: Path) -> None:
    """Creation is a race too: one file comes of it, and nobody's first put is lost."""
    path = tmp_path / "m.mv2"
    expectation = Expectation()
    tasks = [
        {"role": "visits", "path": str(path), "worker": index, "count": 3, "lock_timeout": 20}
        for index in range(1, 6)
    ]
    with workers(tasks) as creating:
        for worker in creating:
            expectation.hear(worker.finish())
    with mv2.open(path, embedder="none") as memory:
        assert memory.stats().document_count == 15
        assert expectation.complaints(memory, words=None) == []
    assert os.listdir(tmp_path) == [path.name]
