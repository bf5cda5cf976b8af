"""Search by vector over a memory that changes: against all stored vectors, one by one."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import mv2
from mv2.errors import VecDimensionMismatchError, VecIndexDisabledError
from mv2.search.vectors import VectorSearch
from mv2.storage.frame_set import FrameSet


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.mv2"


@pytest.fixture
def memory(path):
    with mv2.open(path, embedder="none") as opened:
        yield opened


def view_of(memory):
    return memory._store.view()


def expected(view, query, k, allowed=None):
    """Brute force over every active frame that has a vector."""
    query = np.asarray(query, np.float64)
    found = []
    for frame_id in view.active_ids():
        data = view.embedding(frame_id)
        if data is not None and (allowed is None or frame_id in allowed):
            row = np.frombuffer(data, "<f4").astype(np.float64)
            length = np.linalg.norm(row) * np.linalg.norm(query)
            found.append((-round(float(row @ query / length) if length else 0.0, 6), frame_id))
    return [frame_id for _, frame_id in sorted(found)[:k]]


class Life(RuleBasedStateMachine):
    """Puts, updates, deletions, commits, compactions and rollbacks, with one search kept through all."""

    directory = None

    def __init__(self):
        super().__init__()
        self.path = self.directory / f"{id(self)}.mv2"
        self.memory = mv2.open(self.path, "w", embedder="none")
        self.search = VectorSearch()
        self.ids = []
        self.vectors = np.random.default_rng(0).integers(-2, 3, (60, 3)).astype(np.float32)

    def teardown(self):
        self.memory.close()

    def active(self):
        return [i for i in self.ids if self.memory.frame(i).status == "active"]

    @rule(place=st.integers(0, 59), has=st.booleans())
    def put(self, place, has):
        self.ids.append(self.memory.put(f"note {place}", embedding=self.vectors[place] if has else None))

    @rule(places=st.lists(st.integers(0, 59), max_size=6))
    def put_many(self, places):
        self.ids += self.memory.put_many(
            [{"content": f"many {p}", "embedding": self.vectors[p]} for p in places]
        )

    @rule(place=st.integers(0, 59), data=st.data())
    def update(self, place, data):
        if active := self.active():
            chosen = data.draw(st.sampled_from(active))
            self.ids.append(self.memory.update(chosen, content=f"new {place}", embedding=self.vectors[place]))

    @rule(data=st.data())
    def retitle(self, data):
        if active := self.active():
            self.ids.append(self.memory.update(data.draw(st.sampled_from(active)), title="kept vector"))

    @rule(data=st.data())
    def delete(self, data):
        if active := self.active():
            self.memory.delete(data.draw(st.sampled_from(active)))

    @rule(place=st.integers(0, 59))
    def roll_back(self, place):
        with contextlib.suppress(ZeroDivisionError), self.memory.batch():
            self.memory.put("taken back", embedding=self.vectors[place])
            raise ZeroDivisionError

    @rule()
    def commit(self):
        self.memory.commit()

    @rule()
    def vacuum(self):
        self.memory.vacuum()

    @rule()
    def reopen(self):
        self.memory.close()
        self.memory = mv2.open(self.path, "r+", embedder="none")

    @invariant()
    def agrees(self):
        view = view_of(self.memory)
        if not view.vector_dimension:
            with pytest.raises(VecIndexDisabledError):
                self.search.search(view, [1, 0, 0], 5)
            return
        query = self.vectors[len(self.ids) % 60] + 0.25
        for allowed in (None, FrameSet.of(range(0, view.frame_count, 2), view.frame_count)):
            for k in (3, 100):
                ids, _ = self.search.search(view, query, k, allowed)
                assert ids.tolist() == expected(view, query, k, allowed)
        scores = self.search.scores(view, query, range(view.frame_count))
        for frame_id, score in enumerate(scores):
            assert np.isnan(score) == (view.embedding(frame_id) is None)
            own = self.search.vector(view, frame_id)
            assert (None if own is None else own.tobytes()) == view.embedding(frame_id)


def test_every_change_is_seen_at_once(tmp_path):
    Life.directory = tmp_path
    few = settings(
        max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Life, settings=few)


def test_without_vectors_there_is_nothing_to_search(memory):
    memory.put("words only")
    for act in (lambda s, v: s.search(v, [1.0], 3), lambda s, v: s.scores(v, [1.0], [0])):
        with pytest.raises(VecIndexDisabledError, match="no vectors") as caught:
            act(VectorSearch(), view_of(memory))
        assert caught.value.code == "MV011"
    assert VectorSearch().vector(view_of(memory), 0) is None


@pytest.mark.parametrize("committed", [True, False])
def test_another_dimension_is_refused(memory, committed):
    memory.put("three numbers", embedding=[1, 2, 3])
    if committed:
        memory.commit()
    with pytest.raises(VecDimensionMismatchError, match=r"2 numbers.* 3"):
        VectorSearch().search(view_of(memory), [1, 2], 3)


def test_chunks_are_found_by_their_own_vectors(memory):
    text = "\n\n".join(f"Paragraph {i}. " + "word " * 120 for i in range(12))
    first = memory.put(text)
    count = len(view_of(memory).children(first))
    memory.delete(first)
    second = memory.put(text, embedding=np.eye(count, 16))
    for _ in range(2):
        ids, scores = VectorSearch().search(view_of(memory), np.eye(count, 16)[3], 5)
        assert ids[0] == view_of(memory).children(second)[3]
        assert scores[0] == 1
        memory.commit()
    memory.delete(second)
    assert VectorSearch().search(view_of(memory), np.ones(16), 5)[0].tolist() == []


def test_a_snapshot_stays_as_it_was(path, memory):
    memory.put_many([{"content": str(i), "embedding": [i, 1]} for i in range(5)])
    search = VectorSearch()
    with mv2.open(path, "r", embedder="none") as reader:
        old = view_of(reader)
        before = search.search(old, [1, 0], 9)[0].tolist()
        memory.put("newer", embedding=[9, 0])
        memory.delete(4)
        memory.vacuum()
        assert view_of(memory).frame_count == 6
        assert 5 in search.search(view_of(memory), [1, 0], 9)[0]
        assert search.search(old, [1, 0], 9)[0].tolist() == before == [4, 3, 2, 1, 0]


def test_a_view_without_the_newest_pending_frames(memory):
    memory.put("first", embedding=[1, 0])
    view = view_of(memory)
    search = VectorSearch()
    memory.put("second", embedding=[1, 0])
    assert search.search(view_of(memory), [1, 0], 5)[0].tolist() == [0, 1]
    assert search.search(view, [1, 0], 5)[0].tolist() == [0]
    assert np.isnan(search.scores(view, [1, 0], [1])[0])


def test_threads_share_a_search(memory):
    rows = np.random.default_rng(0).standard_normal((5000, 32)).astype(np.float32)
    memory.put_many([{"content": "x", "embedding": row} for row in rows])
    search, view = VectorSearch(), view_of(memory)
    wanted = [search.search(view, row, 5)[0].tolist() for row in rows[:40]]
    wrong = []

    def ask():
        for row, want in zip(rows[:40], wanted, strict=True):
            if search.search(view, row, 5)[0].tolist() != want:
                wrong.append(want)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    search.close()
    assert search.search(view, rows[0], 5)[0].tolist() == wanted[0]
