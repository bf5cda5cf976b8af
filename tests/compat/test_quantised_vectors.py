"""The original opens and searches vectors that our engine quantised (PQ96)."""

from __future__ import annotations

import numpy as np
import pytest
from scenarios import open_ours

COUNT = 300


@pytest.fixture(scope="module")
def vectors():
    random = np.random.default_rng(96)
    centres = random.standard_normal((20, 384))
    found = centres[random.integers(0, 20, COUNT)] + 0.4 * random.standard_normal((COUNT, 384))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def path(tmp_path, vectors):
    place = tmp_path / "quantised.mv2"
    with open_ours(place) as memory:
        memory.put_many([{"content": f"note {i}", "embedding": v} for i, v in enumerate(vectors)])
        before = memory.stats().vector_bytes
        assert memory.vacuum(vector_compression="pq96").compacted
        assert memory.stats().vector_bytes < before * 0.95
        assert memory.verify(deep=True).ok
    return place


@pytest.mark.parametrize("read_only", [True, False], ids=["read-only", "writable"])
def test_the_original_finds_by_them(peer, path, vectors, read_only):
    asked = [vectors[i] for i in range(0, COUNT, 30)]
    theirs = peer.snapshot(path, read_only=read_only, vectors=[v.tolist() for v in asked])
    for query, answers in zip(asked, theirs.nearest, strict=True):
        true = np.argsort(-(vectors @ query), kind="stable")[:15].tolist()
        found = [frame_id for frame_id, _ in answers]
        assert len(found) == 5
        assert len(set(found) & set(true)) >= 4  # quantised, so not the very nearest in order


def test_later_vectors_join_them_with_the_next_request(peer, path, vectors):
    later = np.roll(vectors[0], 7)
    asked = [later.tolist(), vectors[3].tolist()]
    with open_ours(path) as memory:
        new = memory.put("a note that came later", embedding=later)
    before = peer.snapshot(path, read_only=True, vectors=asked)  # it looks at the quantised ones only
    assert new not in [frame_id for frame_id, _ in before.nearest[0]]
    assert before.nearest[1][0][0] == 3
    with open_ours(path) as memory:
        assert memory.vacuum(vector_compression="pq96").compacted
        assert memory.stats().vector_count == COUNT + 1
    after = peer.snapshot(path, read_only=True, vectors=asked)
    assert after.nearest[0][0][0] == new
    assert after.nearest[1] == before.nearest[1]  # quantised once, not again


def test_what_the_original_appends_leaves_them(peer, path, vectors):
    peer.call("open", path=path, read_only=False)
    peer.call("put", document={"text": "a note of the original", "uri": "mv2://theirs/1"})
    peer.call("close")
    with open_ours(path) as memory:
        held = memory.embedding(5)
        assert held is not None
        assert np.dot(np.array(held), vectors[5]) > 0.9
