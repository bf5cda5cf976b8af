"""Times: what people may give, and the moments the engine notes itself."""
# ruff: noqa: DTZ001 - times without a zone are among what people give

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from life import live_through, long_text

import mv2
from mv2.errors import InvalidArgumentError

if TYPE_CHECKING:
    from conftest import Clock

UTC = dt.UTC
TOKYO = dt.timezone(dt.timedelta(hours=9))

TIMES: list[tuple[Any, int]] = [
    (0, 0),
    (1_700_000_000, 1_700_000_000),
    (-1, -1),
    (-62_135_596_800, -62_135_596_800),
    (10**12, 10**12),
    (np.int64(5), 5),
    (np.float64(5.5), 5),
    (1.0, 1),
    (1.9, 1),
    (-0.5, -1),
    (-1.5, -2),
    (dt.datetime(2024, 3, 5, 14, 0, 0), 1_709_647_200),
    (dt.datetime(2024, 3, 5, 14, 0, 0, 999_999), 1_709_647_200),
    (dt.datetime(2024, 3, 5, 14, 0, 0, tzinfo=UTC), 1_709_647_200),
    (dt.datetime(2024, 3, 5, 23, 0, 0, tzinfo=TOKYO), 1_709_647_200),
    (dt.datetime(1969, 12, 31, 23, 59, 59, 500_000), -1),
    (dt.datetime(1, 1, 1), -62_135_596_800),
    (dt.datetime(9999, 12, 31, 23, 59, 59), 253_402_300_799),
    (dt.date(2024, 3, 5), 1_709_596_800),
    ("2024-03-05", 1_709_596_800),
    ("2024-03-05T14:00:00", 1_709_647_200),
    ("2024-03-05T14:00:00Z", 1_709_647_200),
    ("2024-03-05 14:00:00", 1_709_647_200),
    ("2024-03-05T23:00:00+09:00", 1_709_647_200),
    ("2024-03-05T14:00:00.75Z", 1_709_647_200),
    (" 2024-03-05 ", 1_709_596_800),
    ("1700000000", 1_700_000_000),
    ("1700000000.5", 1_700_000_000),
    ("-5", -5),
]


@pytest.mark.parametrize(("given", "seconds"), TIMES, ids=[repr(given) for given, _ in TIMES])
def test_every_way_to_say_a_time(path: Path, given: Any, seconds: int) -> None:
    """Naive means UTC; fractions are cut towards the past. Asking takes the same values as putting."""
    with mv2.open(path) as memory:
        number = memory.put("x", timestamp=given)
        assert memory.frame(number).timestamp == seconds
        assert [entry.frame_id for entry in memory.timeline(since=given)] == [number]
        assert memory.timeline(until=given) == []
    with mv2.open(path, "r") as memory:
        assert memory.frame(number).timestamp == seconds
        assert [entry.timestamp for entry in memory.timeline()] == [seconds]


NOT_TIMES = [
    True, float("nan"), float("inf"), "", "yesterday", "2024-13-01", "2024-03-05T25:00", b"2024", [1], {}, 1j,
    1 << 70, -(1 << 70), 1e30, "1e400", "9" * 30,
]  # fmt: skip


@pytest.mark.parametrize("given", NOT_TIMES, ids=repr)
def test_anything_else_is_refused(memory: mv2.Memvid, given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="timestamp"):
        memory.put("x", timestamp=given)
    with pytest.raises(InvalidArgumentError, match="since"):
        memory.timeline(since=given)
    with pytest.raises(InvalidArgumentError, match="until"):
        memory.timeline(until=given)
    number = memory.put("x")
    with pytest.raises(InvalidArgumentError, match="timestamp"):
        memory.update(number, timestamp=given)
    assert memory.stats().frame_count == 1


def test_without_a_time_it_is_now(memory: mv2.Memvid) -> None:
    before = int(time.time())
    number = memory.put("x")
    frame = memory.frame(number)
    assert before <= frame.timestamp <= time.time()
    assert frame.put_at == frame.timestamp


class TestMoments:
    """When a frame was put, deleted and replaced stays known, whatever its timestamp says."""

    def test_all_of_them(self, path: Path, clock: Clock) -> None:
        moments: dict[str, int] = {}

        def build(memory: mv2.Memvid) -> None:
            moments["put"] = clock.tick()
            memory.put("first", uri="mv2://a", timestamp=5)
            memory.put("to be deleted", uri="mv2://b", timestamp=-5)
            moments["replaced"] = clock.tick(100)
            memory.put("second", uri="mv2://a", timestamp=6)
            moments["updated"] = clock.tick(100)
            memory.update("mv2://a", title="third")
            moments["deleted"] = clock.tick(100)
            memory.delete("mv2://b")
            clock.tick(1000)

        def check(memory: mv2.Memvid, _: None) -> None:
            rows = [(f.timestamp, f.put_at, f.replaced_at, f.deleted_at) for f in map(memory.frame, range(4))]
            assert rows == [
                (5, moments["put"], moments["replaced"], None),
                (-5, moments["put"], None, moments["deleted"]),
                (6, moments["replaced"], moments["updated"], None),
                (6, moments["updated"], None, None),
            ]

        live_through(path, build, check)

    def test_after_the_frame_was_committed(self, path: Path, clock: Clock) -> None:
        """The change comes in a later commit than the frame."""
        with mv2.open(path) as memory:
            put_at = clock.tick()
            memory.put("one", uri="mv2://a")
            memory.put("two", uri="mv2://b")
            memory.commit()
            replaced_at = clock.tick(50)
            memory.put("one again", uri="mv2://a")
            deleted_at = clock.tick(50)
            memory.delete("mv2://b")
            memory.commit()
            clock.tick(50)
            memory.vacuum()
        with mv2.open(path, "r") as memory:
            first, second = memory.frame(0), memory.frame(1)
            assert (first.put_at, first.replaced_at, first.deleted_at) == (put_at, replaced_at, None)
            assert (second.put_at, second.replaced_at, second.deleted_at) == (put_at, None, deleted_at)

    @pytest.mark.parametrize("way", ["put_many", "batch"])
    def test_in_bulk(self, path: Path, clock: Clock, way: str) -> None:
        put_at = clock.tick()
        documents = [
            {"content": "one", "uri": "mv2://a", "timestamp": 1},
            {"content": "two", "uri": "mv2://a"},
        ]
        with mv2.open(path) as memory:
            if way == "put_many":
                memory.put_many(documents)
            else:
                with memory.batch():
                    for document in documents:
                        memory.put(**document)
        with mv2.open(path, "r") as memory:
            assert [(f.put_at, f.replaced_at, f.timestamp) for f in memory.history("mv2://a")] == [
                (put_at, put_at, 1),
                (put_at, None, put_at),
            ]

    def test_of_chunks(self, path: Path, clock: Clock) -> None:
        """A document takes its chunks along into the past."""

        def build(memory: mv2.Memvid) -> tuple[int, int]:
            put_at = clock.tick()
            number = memory.put(long_text(), timestamp=7)
            deleted_at = clock.tick(10)
            memory.delete(number)
            clock.tick(10)
            return put_at, deleted_at

        def check(memory: mv2.Memvid, moments: tuple[int, int]) -> None:
            for number in range(1 + (memory.frame(0).chunk_count or 0)):
                frame = memory.frame(number)
                assert (frame.put_at, frame.deleted_at, frame.timestamp) == (*moments, 7)

        live_through(path, build, check)
