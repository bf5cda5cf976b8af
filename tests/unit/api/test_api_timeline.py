"""The timeline and ``frames()``: active documents in their order, pending ones among the committed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from life import all_frames, live_through, long_text

import mv2
from mv2.errors import InvalidArgumentError

TIMES = [50, 10, 30, 30, -5, 50, 20, 30, 0, 10]


def listed(memory: mv2.Memvid, **options: Any) -> list[int]:
    return [entry.frame_id for entry in memory.timeline(**options)]


def expected(
    memory: mv2.Memvid, since: int | None = None, until: int | None = None, reverse: bool = False
) -> list[int]:
    """The same by going through all frames."""
    found = sorted(
        (frame.timestamp, frame.id)
        for frame in all_frames(memory)
        if frame.status == "active" and frame.role == "document"
        if (since is None or frame.timestamp >= since) and (until is None or frame.timestamp < until)
    )
    ids = [number for _, number in found]
    return ids[::-1] if reverse else ids


@pytest.fixture(params=["pending", "committed", "mixed", "vacuumed", "bulk"])
def filled(memory: mv2.Memvid, request: pytest.FixtureRequest) -> mv2.Memvid:
    if request.param == "bulk":
        memory.put_many([{"content": f"text {t}", "timestamp": t} for t in TIMES])
        return memory
    for place, moment in enumerate(TIMES):
        memory.put(f"text {moment}", timestamp=moment)
        if request.param == "mixed" and place == 5:
            memory.commit()
    if request.param in {"committed", "vacuumed"}:
        getattr(memory, {"committed": "commit", "vacuumed": "vacuum"}[request.param])()
    return memory


BOUNDS = [None, -6, -5, 0, 10, 11, 30, 31, 50, 51, 1000]


def test_order_with_ties_by_id(filled: mv2.Memvid) -> None:
    assert listed(filled) == [4, 8, 1, 9, 6, 2, 3, 7, 0, 5]
    assert listed(filled, reverse=True) == [5, 0, 7, 3, 2, 6, 9, 1, 8, 4]
    assert [entry.timestamp for entry in filled.timeline()] == sorted(TIMES)


@pytest.mark.parametrize("reverse", [False, True])
def test_since_is_included_and_until_is_not(filled: mv2.Memvid, reverse: bool) -> None:
    for since in BOUNDS:
        for until in BOUNDS:
            found = listed(filled, since=since, until=until, reverse=reverse)
            assert found == expected(filled, since, until, reverse), (since, until)


@pytest.mark.parametrize("reverse", [False, True])
def test_limit(filled: mv2.Memvid, reverse: bool) -> None:
    everything = listed(filled, reverse=reverse)
    for limit in (0, 1, 3, 9, 10, 11, 1000, None):
        assert listed(filled, limit=limit, reverse=reverse) == everything[:limit]
    assert (
        listed(filled, since=10, until=50, limit=3, reverse=reverse) == expected(filled, 10, 50, reverse)[:3]
    )


def test_the_limit_is_100_unless_said_otherwise(memory: mv2.Memvid) -> None:
    memory.put_many([{"content": "x", "timestamp": n} for n in range(105)])
    assert len(memory.timeline()) == 100
    assert len(memory.timeline(limit=None)) == 105


def test_after_versions_and_deletions(path: Path) -> None:
    """Random changes, compared with a walk over all frames at every stage."""
    choose = random.Random(3)

    def build(memory: mv2.Memvid) -> None:
        for step in range(60):
            uris = [frame.uri for frame in memory.frames()]
            kind = choose.random()
            if kind < 0.6 or len(uris) < 3:
                memory.put(f"text {step}", uri=f"mv2://{choose.randrange(30)}", timestamp=choose.randrange(8))
            elif kind < 0.75:
                memory.update(choose.choice(uris) or "", timestamp=choose.randrange(8))
            elif kind < 0.9:
                memory.delete(choose.choice(uris) or "")
            elif kind < 0.95:
                memory.put(long_text(seed=step), timestamp=choose.randrange(8))
            else:
                memory.commit()

    def check(memory: mv2.Memvid, _: None) -> None:
        for since, until in ((None, None), (2, None), (None, 6), (2, 6), (3, 4), (6, 2)):
            for reverse in (False, True):
                found = listed(memory, since=since, until=until, reverse=reverse, limit=None)
                assert found == expected(memory, since, until, reverse)
        assert [frame.id for frame in memory.frames()] == sorted(expected(memory))

    live_through(path, build, check)


class TestEntry:
    def test_fields(self, path: Path) -> None:
        def check(memory: mv2.Memvid, number: int) -> None:
            (entry,) = memory.timeline(until=100)
            assert (entry.frame_id, entry.timestamp, entry.uri, entry.title) == (
                number,
                77,
                "mv2://a",
                "Title",
            )
            assert entry.preview == "A text with line ends"
            assert entry.chunk_ids == ()

        live_through(
            path,
            lambda memory: memory.put(
                "A  text\nwith\r\n\tline ends ", uri="mv2://a", title="Title", timestamp=77
            ),
            check,
        )

    def test_of_a_long_document(self, path: Path) -> None:
        text = long_text()

        def check(memory: mv2.Memvid, number: int) -> None:
            entries = memory.timeline(until=100)
            assert [entry.frame_id for entry in entries] == [number]
            count = memory.frame(number).chunk_count or 0
            assert entries[0].chunk_ids == tuple(range(number + 1, number + 1 + count))
            assert text.startswith(entries[0].preview)
            assert len(entries[0].preview) == 120

        live_through(path, lambda memory: memory.put(text, timestamp=5), check)

    def test_of_bytes(self, memory: mv2.Memvid) -> None:
        memory.put(b"\xff\x00")
        (entry,) = memory.timeline()
        assert entry.preview == ""


@pytest.mark.parametrize("limit", [-1, "5", 1.5], ids=repr)
def test_other_limits_are_refused(memory: mv2.Memvid, limit: Any) -> None:
    memory.put("x")
    with pytest.raises(InvalidArgumentError, match="limit"):
        memory.timeline(limit=limit)


class TestFrames:
    def test_in_the_order_they_were_put(self, filled: mv2.Memvid) -> None:
        assert [frame.id for frame in filled.frames()] == list(range(10))
        assert [frame.timestamp for frame in filled.frames()] == TIMES

    def test_no_chunks_and_nothing_inactive(self, memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a")
        number = memory.put(long_text())
        memory.put("two", uri="mv2://a")
        memory.delete(memory.put("gone"))
        for _ in range(2):
            frames = list(memory.frames())
            assert {(frame.role, frame.status) for frame in frames} == {("document", "active")}
            assert [frame.id for frame in frames] == [number, memory.frame("mv2://a").id]
            memory.commit()

    def test_are_those_of_the_moment_of_asking(self, memory: mv2.Memvid) -> None:
        """Whoever goes through them may change the memory meanwhile."""
        for n in range(5):
            memory.put(f"n{n}")
        seen = []
        for frame in memory.frames():
            seen.append(frame.id)
            memory.delete(frame.id)
            memory.put("more")
            (memory.commit, memory.vacuum)[frame.id % 2]()
        assert seen == [0, 1, 2, 3, 4]
        assert [frame.id for frame in memory.frames()] == [5, 6, 7, 8, 9]

    def test_of_an_empty_memory(self, memory: mv2.Memvid) -> None:
        assert list(memory.frames()) == memory.timeline() == []
