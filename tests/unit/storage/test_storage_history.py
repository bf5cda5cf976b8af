"""The list of commits: what it keeps, what it forgets, and what it never believes."""

from __future__ import annotations

import contextlib
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

import mv2
from mv2.errors import FormatError
from mv2.format.accelerator import UriIndex, uri_hash
from mv2.format.commit_record import HEADER_POSITION
from mv2.storage import history, past
from mv2.storage.history import CommitPoint, commit_points, decode_points, thinned, with_point

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from mv2.storage.base import Base


def base_of(memory: mv2.Memvid) -> Base:
    return memory._store.view().base


@st.composite
def points(draw: st.DrawFn) -> list[CommitPoint]:
    numbers = sorted(draw(st.sets(st.integers(1, 1 << 60), min_size=1, max_size=20)))
    return [
        CommitPoint(
            number,
            draw(st.none() | st.integers(-(1 << 62), 1 << 62)),
            draw(st.integers(0, 1 << 20)),
            draw(st.booleans()),
        )
        for number in numbers
    ]


@given(points())
def test_the_list_comes_back_as_it_was(given_points: list[CommitPoint]) -> None:
    assert decode_points(history._encoded(given_points)) == given_points


@given(points(), st.data())
def test_hostile_bytes_end_in_an_error_or_a_list(
    given_points: list[CommitPoint], data: st.DataObject
) -> None:
    encoded = bytearray(history._encoded(given_points))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(encoded[: data.draw(st.integers(0, len(encoded)))])
    with contextlib.suppress(FormatError):
        assert len(decode_points(cut)) <= len(cut)


def test_a_point_costs_a_few_bytes() -> None:
    listed = [CommitPoint(n, 1_800_000_000 + 60 * n, 3 * n) for n in range(1, 1001)]
    assert len(history._encoded(listed)) < 5 * len(listed)


def test_of_too_many_the_older_half_is_thinned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(history, "MOST_POINTS", 16)
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        for number in range(60):
            memory.put(str(number))
            memory.commit()
            found = memory.commits()
            assert len(found) <= 16
            assert (found[0].number, found[0].frame_count) == (1, 0), "the first one stays"
            assert found[-1].frame_count == number + 1
            newest = [point.number for point in found[-8:]]
            assert newest == list(range(newest[0], newest[0] + len(newest))), "so do the newest"
        for point in found:
            assert len(list(memory.frames(as_of_commit=point))) == point.frame_count


def test_thinning_keeps_the_first_and_the_newer_half() -> None:
    assert thinned([CommitPoint(n, None, n) for n in range(10)]) == [
        CommitPoint(n, None, n) for n in (0, 2, 4, 5, 6, 7, 8, 9)
    ]


class TestWithoutTheList:
    def commits(self, path: Path, count: int = 5) -> list[CommitPoint]:
        with mv2.open(path, embedder="none") as memory:
            for number in range(count):
                memory.put(str(number))
                memory.commit()
            return list(commit_points(base_of(memory)))

    def damage_block(self, path: Path) -> None:
        """Flip a byte of the accelerator block, so that it is not used any more."""
        with mv2.open(path, "r", embedder="none") as memory:
            record = base_of(memory).anchor.record
        assert record is not None
        data = bytearray(path.read_bytes())
        data[record.accelerator_offset + 100] ^= 1
        path.write_bytes(data)

    def test_it_comes_from_the_commit_before(self, tmp_path: Path) -> None:
        path = tmp_path / "m.mv2"
        known = self.commits(path)
        self.damage_block(path)
        with mv2.open(path, embedder="none") as memory:
            assert list(commit_points(base_of(memory))) == [*known[:-1], known[-1]._replace(at=None)]
            memory.put("more")
            memory.commit()
            assert [point.number for point in memory.commits()] == [*(p.number for p in known), 7]

    def test_it_comes_from_the_records_where_no_list_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "m.mv2"
        known = self.commits(path)
        self.damage_block(path)
        monkeypatch.setattr(history, "_listed_with", lambda file, record: [])
        with mv2.open(path, "r", embedder="none") as memory:
            assert memory.commits() == [
                mv2.types.Commit(number=p.number, at=None, frame_count=p.frame_count) for p in known
            ]

    def test_after_another_engine_the_records_are_searched_for(self, tmp_path: Path) -> None:
        """Without our record in the header the last one in front of the contents counts."""
        path = tmp_path / "m.mv2"
        known = self.commits(path)
        data = bytearray(path.read_bytes())
        data[HEADER_POSITION : HEADER_POSITION + 512] = bytes(512)
        path.write_bytes(data)
        with mv2.open(path, "r", embedder="none") as memory:
            found = list(commit_points(base_of(memory)))
        assert found == [*known[:-1], known[-1]._replace(at=None, foreign=True)]

    def test_a_list_that_does_not_fit_is_not_believed(self, tmp_path: Path) -> None:
        path = tmp_path / "m.mv2"
        known = self.commits(path)
        with mv2.open(path, "r", embedder="none") as memory:
            base = base_of(memory)
            good = base.directory.commits
            rest = good[history._HEAD.size :]
            wrong = [
                b"",
                good[:-1],
                history._encoded([*known, CommitPoint(known[-1].number + 1, None, 5)]),
                history._HEAD.pack(6, known[-1].number, 0, 5) + rest,
                history._encoded([known[0], known[-1]._replace(frame_count=9)]),
                history._encoded([known[2]._replace(frame_count=8), known[-1]]),
                history._encoded([known[-1], known[-1]]),
            ]
            assert history._stored(base) == known
            for stored in wrong:
                base.directory.commits = stored
                assert history._stored(base) is None, stored

    def test_a_new_memory_has_one_point(self) -> None:
        point = CommitPoint(1, 5, 0)
        assert decode_points(with_point(None, point)) == [point]


def test_false_footers_end_the_search(tmp_path: Path) -> None:
    """A file of another engine full of what looks like footers is not searched for ever."""
    path = tmp_path / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        memory.put("x")
    footer = b"MV2FOOT!" + (1).to_bytes(8, "little") + bytes(32) + (1).to_bytes(8, "little")
    with mv2.open(path, "r", embedder="none") as memory:
        file = base_of(memory).file
        size = file.size()
    with path.open("ab") as output:
        output.write(footer * 20_000)
    with mv2.open(path, "r", embedder="none") as memory:
        file = base_of(memory).file
        assert history._newest_record(file, file.size()) is None
        assert history._newest_record(file, size) is not None


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 9), st.data())
def test_the_first_frame_after_a_moment(moments: list[int], at: int, data: st.DataObject) -> None:
    """Frames of files that do not say where others ended; whatever the order they came in."""
    frame_id = data.draw(st.integers(0, len(moments) - 1))
    chronicle = past.Chronicle.__new__(past.Chronicle)
    chronicle.moments, chronicle.in_order = moments, moments == sorted(moments)
    later = [i for i in range(frame_id + 1, len(moments)) if moments[i] > at]
    with mock.patch.object(past, "_RUN", 4):
        assert chronicle._position(frame_id, at) == min(later, default=len(moments))


def test_the_ends_of_many_frames_are_found_without_a_look_at_every_other(tmp_path: Path) -> None:
    """In a file that has only the times of deletions, or not even those."""

    class Counted(list[int]):
        looks = 0

        def __getitem__(self, place: Any) -> Any:
            Counted.looks += len(range(len(self))[place]) if isinstance(place, slice) else 1
            return super().__getitem__(place)

        def __iter__(self) -> Iterator[int]:
            for one in super().__iter__():
                Counted.looks += 1
                yield one

    count = 400
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put_many([{"content": str(i)} for i in range(count)])
        with memory.batch():
            for number in range(0, count, 2):
                memory.delete(number)
        memory.commit()
        base = base_of(memory)
        for nothing in ({"retired_place"}, {"retired_place", "seconds"}):
            with contextlib.ExitStack() as stack:
                for name in nothing:
                    stack.enter_context(mock.patch.object(past, name, return_value=None))
                stack.enter_context(mock.patch.object(past, "_moments", return_value=Counted([5] * count)))
                Counted.looks = 0
                assert len(past.Chronicle(base).retired) == count // 2
                assert Counted.looks < 20 * count


def test_a_uri_of_a_frame_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("x", uri="mv2://a")
        memory.commit()
        base = base_of(memory)
        base.directory.uris = UriIndex(array("Q", [uri_hash(b"mv2://a")] * 2), array("I", [0, 70]))
        assert base.ids_of_uri("mv2://a") == [0]
