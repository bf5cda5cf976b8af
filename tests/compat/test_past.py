"""Views of the past through sessions of the original engine: it carries what we note, and notes nothing."""

from __future__ import annotations

import pytest

import mv2


def ids(memory, **at):
    return [frame.id for frame in memory.frames(**at)]


@pytest.fixture
def ours(tmp_path):
    """A file of ours with a replaced and two deleted documents, and what its points showed."""
    path = tmp_path / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        for number in range(4):
            memory.put(f"document {number} about harbours", uri=f"mv2://d/{number}", timestamp=1000 + number)
            memory.commit()
        memory.delete(1)
        memory.update(2, title="new")
        memory.commit()
        memory.put("another one", timestamp=1010)
        memory.delete(3)
        memory.commit()
        shown = {
            "frames": {number: ids(memory, as_of_frame=number) for number in range(6)},
            "commits": {point: ids(memory, as_of_commit=point) for point in memory.commits()},
        }
    return path, shown


def peer_writes(peer, path, number):
    peer.call("open", path=str(path), read_only=False)
    document = {"title": f"theirs {number}", "label": "", "metadata": {}, "text": f"their words {number}"}
    peer.call("put", document={**document, "uri": f"mv2://t/{number}", "timestamp": 2000 + number})
    peer.call("close")


def check(memory, shown):
    for number, expected in shown["frames"].items():
        assert ids(memory, as_of_frame=number) == expected
    for point in memory.commits():
        if point in shown["commits"]:
            assert ids(memory, as_of_commit=point) == shown["commits"][point]


def test_what_we_noted_outlives_the_original(peer, ours):
    path, shown = ours
    peer_writes(peer, path, 0)
    with mv2.open(path, "r", embedder="none") as memory:
        check(memory, shown)
        kept = [point for point in memory.commits() if point in shown["commits"]]
        assert len(kept) >= len(shown["commits"]) - 1, "only what it overwrote is lost"
        assert memory.commits()[-1].at is None
        assert ids(memory, as_of_commit=memory.commits()[-1]) == ids(memory)
    with mv2.open(path, embedder="none") as memory:
        memory.put("after that")
        memory.delete("mv2://t/0")
        memory.commit()
        check(memory, shown)
        assert set(kept) <= set(memory.commits())
    peer_writes(peer, path, 1)
    with mv2.open(path, embedder="none") as memory:
        memory.vacuum()
        check(memory, shown)
        theirs = memory.frame("mv2://t/0").id
        assert memory.frame(theirs, as_of_frame=theirs).status == "active"
        assert memory.frame("mv2://t/0").status == "deleted"
    with mv2.open(path, "r", embedder="none") as memory:
        check(memory, shown)


def test_what_the_original_deleted_is_shown_up_to_its_commit(peer, ours):
    path, shown = ours
    peer.call("open", path=str(path), read_only=False)
    peer.call("remove", frame_id=0)
    peer.call("close")
    peer_writes(peer, path, 0)
    for _ in range(2):
        with mv2.open(path, embedder="none") as memory:
            check(memory, shown)
            assert memory.frame(0).status == "deleted"
            assert 0 not in ids(memory)
            assert 0 not in ids(memory, as_of="2100-01-01")
            foreign = next(point for point in memory.commits() if point.at is None)
            assert 0 not in ids(memory, as_of_commit=foreign), "it was gone when that commit was made"
            memory.put("later still")
            memory.commit()
            assert 0 not in ids(memory, as_of_frame=memory.stats().frame_count - 1)


def test_the_original_still_reads_the_file(peer, ours):
    path, _ = ours
    with mv2.open(path, "r", embedder="none") as memory:
        expected = sorted(ids(memory))
    peer.call("open", path=str(path), read_only=True)
    assert sorted(entry["frame_id"] for entry in peer.call("timeline")) == expected
    peer.call("close")
