"""Views of the past, the points that can be visited, and what lies between two of them."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from life import live_through, long_text

import mv2
from mv2.errors import CommitNotFoundError, FrameNotFoundError, InvalidArgumentError
from mv2.types import Commit

if TYPE_CHECKING:
    from conftest import Clock


def listed(memory: mv2.Memvid, **at: Any) -> list[int]:
    return [frame.id for frame in memory.frames(**at)]


def iso(second: int) -> str:
    return dt.datetime.fromtimestamp(second, dt.UTC).isoformat()


class TestTimes:
    def test_a_deleted_document_is_there_before_its_deletion(self, path: Path, clock: Clock) -> None:
        moments = [int(clock.now)]

        def build(memory: mv2.Memvid) -> int:
            frame_id = memory.put("the harbour office", uri="mv2://office", timestamp=0)
            moments.append(clock.tick(10))
            memory.delete(frame_id)
            return frame_id

        def check(memory: mv2.Memvid, frame_id: int) -> None:
            before, deleted = moments[:2]
            assert listed(memory, as_of=before) == [frame_id]
            assert listed(memory, as_of=deleted - 1) == [frame_id]
            assert frame_id not in listed(memory, as_of=deleted)
            assert listed(memory, as_of=before - 1) == []
            frame = memory.frame("mv2://office", as_of=before)
            assert (frame.status, frame.deleted_at) == ("active", None)
            assert memory.text(frame_id, as_of=before) == "the harbour office"
            assert [entry.frame_id for entry in memory.timeline(as_of=before)] == [frame_id]
            assert memory.stats(as_of=before).document_count == 1
            assert memory.stats(as_of=deleted).deleted_frame_count == 1
            assert memory.frame(frame_id, as_of=deleted).deleted_at == deleted
            with pytest.raises(FrameNotFoundError):
                memory.frame(frame_id, as_of=before - 1)

        live_through(path, build, check)

    def test_an_older_version_is_the_document_then(self, path: Path, clock: Clock) -> None:
        begun = int(clock.now)

        def build(memory: mv2.Memvid) -> tuple[int, int]:
            first = memory.put(long_text(5000), uri="mv2://plan", title="Draft")
            clock.tick(10)
            return first, memory.put(long_text(6000, "b"), uri="mv2://plan", title="Final")

        def check(memory: mv2.Memvid, ids: tuple[int, int]) -> None:
            then = memory.frame("mv2://plan", as_of=begun + 9)
            assert (then.id, then.title, then.superseded_by, then.replaced_at) == (
                ids[0],
                "Draft",
                None,
                None,
            )
            assert memory.text("mv2://plan", as_of=begun) == long_text(5000)
            assert [frame.id for frame in memory.history("mv2://plan", as_of=begun)] == [ids[0]]
            assert memory.frame("mv2://plan", as_of=begun + 10).id == ids[1]
            assert memory.frame(ids[0], as_of=begun + 10).replaced_at == begun + 10
            chunk = memory.frame(ids[0] + 1, as_of=begun)
            assert (chunk.status, chunk.parent_id) == ("active", ids[0])

        live_through(path, build, check)

    def test_every_way_to_say_a_time(self, memory: mv2.Memvid, clock: Clock) -> None:
        second = int(clock.now)
        memory.put("x")
        clock.tick()
        memory.put("y")
        moment = dt.datetime.fromtimestamp(second, dt.UTC)
        for given in (second, second + 0.9, str(second), iso(second), moment, moment.replace(tzinfo=None)):
            assert listed(memory, as_of=given) == [0], given
        with pytest.raises(InvalidArgumentError, match="as_of"):
            memory.frames(as_of="some day")

    def test_a_clock_that_was_set_back(self, path: Path, clock: Clock) -> None:
        """Frames with later times are not there, though their ids are smaller."""
        begun = int(clock.now)

        def build(memory: mv2.Memvid) -> None:
            memory.put("put when the clock was ahead", uri="mv2://ahead")
            clock.now = begun - 100
            memory.put("put a little later", uri="mv2://behind")
            clock.now = begun - 50
            memory.delete(1)
            clock.now = begun

        def check(memory: mv2.Memvid, _: None) -> None:
            assert listed(memory, as_of=begun - 101) == []
            assert listed(memory, as_of=begun - 100) == [1]
            assert listed(memory, as_of=begun - 50) == []
            assert 0 in listed(memory, as_of=begun)
            assert memory.stats(as_of=begun - 100).frame_count == 1
            assert [entry.frame_id for entry in memory.timeline(as_of=begun - 100)] == [1]
            for call in (memory.frame, memory.text, memory.content):
                with pytest.raises(FrameNotFoundError):
                    call(0, as_of=begun - 100)
            with pytest.raises(FrameNotFoundError):
                memory.history("mv2://ahead", as_of=begun - 100)
            with pytest.raises(FrameNotFoundError):
                memory.frame("mv2://ahead", as_of=begun - 100)

        live_through(path, build, check)

    def test_an_empty_memory_has_a_past_too(self, memory: mv2.Memvid) -> None:
        assert listed(memory, as_of=0) == []
        assert memory.timeline(as_of="2020-01-01") == []
        assert memory.stats(as_of=0).frame_count == 0
        with pytest.raises(FrameNotFoundError, match="empty"):
            memory.frame(0, as_of=0)


class TestSearch:
    def test_what_was_deleted_or_replaced_later_is_found(self, path: Path, clock: Clock) -> None:
        begun = int(clock.now)

        def build(memory: mv2.Memvid) -> list[int]:
            first = memory.put("the harbour office opens at nine", uri="mv2://office")
            second = memory.put("lantern " + long_text(5000), uri="mv2://long")
            clock.tick(10)
            memory.delete(second)
            return [first, second, memory.put("the harbour office opens at eight", uri="mv2://office")]

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            first, second, newer = ids
            for at in ({"as_of": begun}, {"as_of_frame": second}):
                (hit,) = memory.find("harbour office opens", mode="lex", **at).hits
                assert (hit.frame_id, "nine" in hit.snippet) == (first, True)
                hits = memory.find("lantern", mode="lex", **at).hits
                assert {second} == {h.frame_id if h.parent_id is None else h.parent_id for h in hits}
                assert memory.find("eight", mode="lex", **at).hits == ()
                listed = memory.find("uri:mv2://office", mode="lex", **at).hits
                assert [hit.frame_id for hit in listed] == [first]
            assert memory.find("lantern", mode="lex", as_of=begun - 1).hits == ()
            assert memory.find("lantern", mode="lex").hits == ()
            assert [hit.frame_id for hit in memory.find("harbour", mode="lex").hits] == [newer]

        live_through(path, build, check)


class TestFrames:
    def test_within_one_second_order_decides(self, path: Path, clock: Clock) -> None:
        def build(memory: mv2.Memvid) -> list[int]:
            a = memory.put("a", uri="mv2://a")
            b = memory.put("b")
            memory.delete(b)
            c = memory.put(long_text(5000))
            memory.delete(a)
            d = memory.put("d")
            e = memory.put("a again", uri="mv2://a")
            return [a, b, c, d, e]

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            a, b, c, d, e = ids
            assert listed(memory, as_of_frame=a) == [a]
            assert listed(memory, as_of_frame=b) == [a, b]
            assert listed(memory, as_of_frame=c) == [a, c]
            assert listed(memory, as_of_frame=c + 2) == [a, c], "a chunk is put with its document"
            assert memory.text(c, as_of_frame=c) == long_text(5000)
            assert listed(memory, as_of_frame=d) == [c, d]
            assert listed(memory, as_of_frame=e) == [c, d, e]

        assert clock.now
        live_through(path, build, check)

    def test_there_must_be_such_a_frame(self, memory: mv2.Memvid) -> None:
        memory.put("x")
        for number in (1, -1):
            with pytest.raises(FrameNotFoundError, match="0 to 0"):
                memory.frames(as_of_frame=number)
        for value in (True, "0", 1.0):
            with pytest.raises(InvalidArgumentError, match="as_of_frame"):
                memory.frames(as_of_frame=value)  # type: ignore[arg-type]


class TestCommits:
    def test_each_commit_is_a_point(self, clock: Clock, memory: mv2.Memvid) -> None:
        expected = [Commit(number=1, at=int(clock.now), frame_count=0)]
        assert memory.commits() == expected
        memory.put("a")
        assert memory.commits() == expected, "what is pending is in no commit"
        clock.tick(7)
        memory.commit()
        expected.append(Commit(number=2, at=int(clock.now), frame_count=1))
        assert memory.commits() == expected
        memory.put_many([{"content": "b"}, {"content": long_text(5000)}])
        assert memory.commits()[2].frame_count == memory.stats().frame_count
        memory.commit()
        assert len(memory.commits()) == 3, "a commit of nothing makes no point"

    def test_vacuum_keeps_them(self, path: Path) -> None:
        with mv2.open(path) as memory:
            for number in range(5):
                memory.put(str(number))
                memory.commit()
            before = memory.commits()
            assert memory.vacuum().compacted
            assert memory.commits()[:-1] == before
            assert memory.stats().generation == memory.commits()[-1].number
            for point in before:
                assert len(listed(memory, as_of_commit=point)) == point.frame_count
        with mv2.open(path, "r") as reader:
            assert reader.commits()[: len(before)] == before

    def test_deletions_between_two_commits_of_the_same_frames(self, path: Path, clock: Clock) -> None:
        """Time and ids are the same for all of them; only the commit's number tells."""
        with mv2.open(path) as memory:
            memory.put_many([{"content": text} for text in "abc"])
            first = memory.commits()[-1]
            memory.delete(0)
            memory.commit()
            second = memory.commits()[-1]
            memory.delete(1)
            memory.put("d")
            memory.commit()
            memory.delete(2)
            for each in (first, first.number):
                assert listed(memory, as_of_commit=each) == [0, 1, 2]
            assert listed(memory, as_of_commit=second) == [1, 2]
            assert listed(memory, as_of_commit=second.number + 1) == [2, 3], "a pending deletion is later"
            assert listed(memory) == [3]
        assert clock.now

    def test_there_must_be_such_a_commit(self, memory: mv2.Memvid) -> None:
        for number in (0, 2, -1, 10**30):
            with pytest.raises(CommitNotFoundError, match="1 to 1"):
                memory.timeline(as_of_commit=number)
        for value in (True, "1", 1.0):
            with pytest.raises(InvalidArgumentError, match="as_of_commit"):
                memory.timeline(as_of_commit=value)  # type: ignore[arg-type]

    def test_only_one_moment_at_a_time(self, memory: mv2.Memvid) -> None:
        memory.put("x")
        given: dict[str, Any] = {"as_of": 0, "as_of_frame": 0, "as_of_commit": 1}
        for left_out in given:
            two = {name: value for name, value in given.items() if name != left_out}
            with pytest.raises(InvalidArgumentError, match="one of"):
                memory.stats(**two)


class TestViews:
    def test_a_view_is_not_moved_by_what_comes_later(self, memory: mv2.Memvid) -> None:
        for text in "abc":
            memory.put(text)
        frames = memory.frames(as_of_frame=1)
        assert next(frames).id == 0
        memory.delete(1)
        memory.commit()
        assert [frame.id for frame in frames] == [1]

    def test_inside_a_batch(self, memory: mv2.Memvid) -> None:
        memory.put("a")
        with memory.batch():
            memory.delete(0)
            memory.put("b")
            assert listed(memory, as_of_frame=0) == [0]
            assert listed(memory, as_of_frame=1) == [1]
        assert listed(memory, as_of_frame=0) == [0]

    def test_what_was_taken_back_leaves_no_trace(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("a")
            with contextlib.suppress(InterruptedError), memory.batch():
                memory.delete(0)
                memory.put("b")
                raise InterruptedError
            memory.put("c")
            memory.commit()
            assert listed(memory, as_of_frame=1) == [0, 1]
            assert memory.text(1, as_of_frame=1) == "c"

    def test_sizes_are_those_of_the_file(self, memory: mv2.Memvid) -> None:
        memory.put("a")
        memory.commit()
        memory.put("b" * 1000)
        memory.commit()
        now, then = memory.stats(), memory.stats(as_of_frame=0)
        assert (then.size_bytes, then.generation, then.log_bytes) == (
            now.size_bytes,
            now.generation,
            now.log_bytes,
        )
        assert (then.frame_count, now.frame_count) == (1, 2)

    def test_nothing_of_it_shows_in_metadata(self, memory: mv2.Memvid) -> None:
        memory.put("a", metadata={"n": 1})
        memory.update(0, title="t")
        memory.delete(1)
        memory.commit()
        for frame_id in (0, 1):
            assert dict(memory.frame(frame_id).metadata) == {"n": 1}
            assert dict(memory.frame(frame_id, as_of_frame=frame_id).metadata) == {"n": 1}


class TestDiff:
    def test_added_replaced_and_removed(self, memory: mv2.Memvid, clock: Clock) -> None:
        for name in "abcd":
            memory.put(name, uri=f"mv2://{name}")
        memory.commit()
        first = memory.commits()[-1]
        clock.tick(10)
        memory.put("e", uri="mv2://e")
        memory.put("second b", uri="mv2://b")
        third = memory.put("third b", uri="mv2://b")
        memory.delete("mv2://c")
        memory.delete("mv2://d")
        again = memory.put(long_text(5000), uri="mv2://d")
        gone = memory.put("came and went")
        memory.delete(gone)
        found = memory.diff(first)
        assert [frame.uri for frame in found.added] == ["mv2://e"]
        assert [(old.id, new.id) for old, new in found.replaced] == [(1, third), (3, again)]
        assert [frame.uri for frame in found.removed] == ["mv2://c"]
        assert found.removed[0].status == found.replaced[0][0].status == "active", "as they were before"
        memory.commit()
        assert memory.diff(first, memory.commits()[-1]) == found
        assert memory.diff(memory.commits()[-1].number, first.number) == found, "the order does not matter"
        assert memory.diff(iso(int(clock.now) - 1)) == found

    def test_a_document_that_changed_its_uri(self, memory: mv2.Memvid) -> None:
        memory.put("a", uri="mv2://old")
        memory.commit()
        before = memory.commits()[-1]
        new = memory.update("mv2://old", uri="mv2://new")
        other = memory.put("another", uri="mv2://old")
        found = memory.diff(before)
        assert [(one.id, two.id) for one, two in found.replaced] == [(0, new)]
        assert [frame.id for frame in found.added] == [other]
        assert found.removed == ()

    def test_twins_under_one_uri(self, memory: mv2.Memvid) -> None:
        for text in "ab":
            memory.put(text, uri="mv2://twin", on_conflict="keep_both")
        memory.commit()
        before = memory.commits()[-1]
        memory.delete(0)
        memory.delete(1)
        new = [memory.put(text, uri="mv2://twin", on_conflict="keep_both") for text in "abc"]
        found = memory.diff(before)
        assert [(one.id, two.id) for one, two in found.replaced] == [(0, new[0]), (1, new[1])]
        assert [frame.id for frame in found.added] == [new[2]]

    def test_nothing_changed(self, memory: mv2.Memvid) -> None:
        memory.put("a")
        memory.commit()
        empty = memory.diff(memory.commits()[-1])
        assert (empty.added, empty.replaced, empty.removed) == ((), (), ())

    def test_points_that_are_none(self, memory: mv2.Memvid) -> None:
        for given in (1.5, True, b"2020", None):
            with pytest.raises(InvalidArgumentError, match="no point of the past"):
                memory.diff(given)  # type: ignore[arg-type]
        with pytest.raises(CommitNotFoundError):
            memory.diff(99)
        with pytest.raises(InvalidArgumentError, match="a 'last week or so' is not a time"):
            memory.diff("last week or so")


def test_a_phrase_names_a_moment(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("here now")
        assert [hit.snippet for hit in memory.find("here", as_of="tomorrow").hits] == ["here now"]
        assert memory.find("here", as_of="last week").hits == ()
        with pytest.raises(mv2.InvalidArgumentError):
            memory.find("here", as_of="the day of the walrus")
