"""Deleting: gone from every listing, there in the history, and never twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from life import found_ids, live_through, long_text

import mv2
from mv2.errors import FrameInactiveError, InvalidArgumentError


@pytest.mark.parametrize("by", ["id", "uri"])
def test_gone_from_listings_and_kept_in_history(path: Path, by: str) -> None:
    def build(memory: mv2.Memvid) -> None:
        memory.put("alpha word", uri="mv2://a", metadata={"n": 1}, tags=["t"])
        memory.put("beta word", uri="mv2://b")
        memory.delete(0 if by == "id" else "mv2://a")

    def check(memory: mv2.Memvid, _: None) -> None:
        assert 0 not in [frame.id for frame in memory.frames()]
        assert 0 not in [entry.frame_id for entry in memory.timeline()]
        assert found_ids(memory, "word") == {1}
        assert found_ids(memory, "alpha") == set()
        frame = memory.frame("mv2://a")
        assert (frame.id, frame.status, frame.metadata, frame.tags) == (0, "deleted", {"n": 1}, ("t",))
        assert memory.text("mv2://a") == "alpha word"
        assert [frame.status for frame in memory.history("mv2://a")] == ["deleted"]

    live_through(path, build, check)


@pytest.mark.parametrize("committed_before", [False, True])
@pytest.mark.parametrize("committed_between", [False, True])
@pytest.mark.parametrize("text", ["short", long_text()], ids=["short", "long"])
def test_twice_is_an_error(
    memory: mv2.Memvid, committed_before: bool, committed_between: bool, text: str
) -> None:
    memory.put(text, uri="mv2://a")
    if committed_before:
        memory.commit()
    memory.delete("mv2://a")
    if committed_between:
        memory.commit()
    for reference in (0, "mv2://a"):
        with pytest.raises(FrameInactiveError, match="deleted") as refusal:
            memory.delete(reference)
        assert isinstance(refusal.value, ValueError)
    assert memory.stats().deleted_frame_count == memory.stats().frame_count


def test_in_another_handle_at_once(path: Path) -> None:
    with mv2.open(path) as first, mv2.open(path) as second:
        first.put("x", uri="mv2://a")
        second.delete("mv2://a")
        with pytest.raises(FrameInactiveError):
            first.delete("mv2://a")
        assert list(first.frames()) == []


def test_superseded_frames_cannot_be_deleted(memory: mv2.Memvid) -> None:
    memory.put("alpha", uri="mv2://a")
    memory.put("beta", uri="mv2://a")
    with pytest.raises(FrameInactiveError, match="superseded by frame 1"):
        memory.delete(0)
    memory.delete("mv2://a")
    assert [frame.status for frame in memory.history("mv2://a")] == ["superseded", "deleted"]


@pytest.mark.parametrize("committed", [False, True])
def test_chunks_are_refused(memory: mv2.Memvid, committed: bool) -> None:
    """A document with a hole is nobody's wish."""
    text = long_text()
    number = memory.put(text, uri="mv2://doc")
    if committed:
        memory.commit()
    for reference in (number + 1, "mv2://doc#page-1"):
        with pytest.raises(InvalidArgumentError, match=f"frame {number}"):
            memory.delete(reference)
        with pytest.raises(InvalidArgumentError, match="chunk"):
            memory.update(reference, title="new")
    assert memory.text(number) == text


def test_everything(path: Path) -> None:
    """A memory without a single active document is a memory."""

    def build(memory: mv2.Memvid) -> None:
        for text in ("alpha", "beta", long_text()):
            memory.delete(memory.put(text))

    def check(memory: mv2.Memvid, _: None) -> None:
        assert [memory.frame(number).status for number in range(3)] == ["deleted"] * 3
        assert found_ids(memory, "alpha OR beta OR river") == set()

    live_through(path, build, check)


def test_a_uri_resolves_to_the_active_one(memory: mv2.Memvid) -> None:
    """Before older, deleted or superseded ones, and to the newest of those if none is active."""
    for text in ("alpha", "beta", "gamma"):
        memory.put(text, uri="mv2://a", on_conflict="keep_both")
    memory.delete(2)
    assert memory.text("mv2://a") == "beta"
    memory.delete(1)
    memory.commit()
    assert memory.text("mv2://a") == "alpha"
    memory.delete(0)
    assert memory.text("mv2://a") == "gamma"
    assert memory.frame("mv2://a").status == "deleted"
