"""Merging: two memories meet, and nothing of either is lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exchange_stories import START, Clock, clock, new, texts

import mv2
from mv2.errors import DuplicateUriError, InvalidArgumentError, ModelMismatchError
from mv2.exchange.merging import merge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]


@pytest.fixture
def target(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "target.mv2") as memory:
        yield memory


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "other.mv2") as memory:
        yield memory


def test_ids_move_and_versions_stay_together(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    target.put("mine")
    clock.at(5)
    other.put("one", uri="n")
    other.put("long " * 800, uri="l")
    clock.at(9)
    other.put("two", uri="n")
    report = merge(target, other)
    assert (report.added, report.known, report.skipped, report.conflicts) == (3, 0, 0, ())
    assert report.id_map == {number: number + 1 for number in range(other.stats().frame_count)}
    old, newest = target.history("n")
    assert (old.superseded_by, old.replaced_at, newest.supersedes) == (newest.id, START + 9, old.id)
    assert texts(target, as_of=START + 6) == sorted(["mine", "one", "long " * 800])
    assert target.find("two").hits[0].frame_id == newest.id
    assert target.verify(deep=True).ok


def test_merging_twice_changes_nothing(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    target.put("mine", uri="shared")
    other.put("no uri of its own")
    other.put("no uri of its own")
    other.put("theirs", uri="shared")
    other.put("gone", uri="gone")
    other.delete("gone")
    clock.at(1)
    other.update(0, title="changed")
    first = merge(target, other)
    target.commit()
    before = (list(target.records()), target.stats().generation)
    again = merge(target, other)
    assert (again.added, again.known) == (0, 5)
    assert dict(again.id_map) == dict(first.id_map)
    assert (list(target.records()), target.stats().generation) == before


def test_names_made_of_ids_follow_the_ids(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    target.put("mine, number 0")
    other.put("theirs, number 0")
    clock.at(1)
    other.update(0, content="theirs, version 2")
    merge(target, other)
    assert target.text("mv2://frames/0") == "mine, number 0"
    assert [frame.uri for frame in target.history("mv2://frames/1")] == ["mv2://frames/1"] * 2
    assert target.text("mv2://frames/1") == "theirs, version 2"
    assert texts(target) == ["mine, number 0", "theirs, version 2"]


def test_news_of_a_copy_are_versions_of_what_is_there(
    target: mv2.Memvid, other: mv2.Memvid, clock: Clock
) -> None:
    other.put("one", uri="n")
    other.put("to be deleted", uri="d")
    merge(target, other)
    clock.at(10)
    other.put("two", uri="n")
    other.delete("d")
    report = merge(target, other)
    assert (report.added, report.known, report.conflicts) == (1, 2, ())
    assert [frame.status for frame in target.history("n")] == ["superseded", "active"]
    gone = target.history("d")[0]
    assert (gone.status, gone.deleted_at) == ("deleted", START + 10)
    assert texts(target) == ["two"]
    assert texts(target, as_of=START + 5) == ["one", "to be deleted"]
    assert target.verify(deep=True).ok


@pytest.mark.parametrize(("mine", "theirs", "kept"), [(1, 2, "source"), (2, 1, "target"), (1, 1, "source")])
def test_the_later_put_wins_and_the_other_is_history(
    target: mv2.Memvid, other: mv2.Memvid, clock: Clock, mine: int, theirs: int, kept: str
) -> None:
    clock.at(mine)
    target.put("mine", uri="n")
    clock.at(theirs)
    other.put("theirs", uri="n")
    report = merge(target, other)
    winner, loser = ("theirs", "mine") if kept == "source" else ("mine", "theirs")
    assert [(c.uri, c.source_id, c.target_id, c.kept) for c in report.conflicts] == [("n", 0, 0, kept)]
    assert texts(target) == [winner]
    assert target.text("n") == winner
    history = {target.text(frame.id): frame for frame in target.history("n")}
    assert history[loser].status == "superseded"
    assert history[loser].replaced_at == START + max(mine, theirs)
    assert [hit.snippet for hit in target.find("mine OR theirs").hits] == [winner]
    if mine != theirs:
        assert texts(target, as_of=START + 1) == [loser]
    assert target.verify(deep=True).ok
    assert merge(target, other).added == 0


def test_versions_made_on_both_sides(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    other.put("one", uri="n")
    merge(target, other)
    clock.at(1)
    target.put("mine", uri="n")
    clock.at(2)
    other.put("theirs", uri="n")
    merge(target, other)
    assert texts(target) == ["theirs"]
    assert {target.text(frame.id) for frame in target.history("n")} == {"one", "mine", "theirs"}
    assert target.verify(deep=True).ok


def test_a_version_that_is_known_keeps_its_own_predecessor(
    target: mv2.Memvid, other: mv2.Memvid, clock: Clock
) -> None:
    target.put("one here", uri="n")
    other.put("one there", uri="n")
    clock.at(1)
    target.put("the same", uri="n")
    other.put("the same", uri="n")
    report = merge(target, other)
    assert (report.added, report.known) == (1, 1)
    assert texts(target) == ["the same"]
    assert target.frame("n").supersedes == 0
    there = target.frame(report.id_map[0])
    assert (there.status, there.superseded_by, there.replaced_at) == ("superseded", None, START + 1)
    assert target.verify(deep=True).ok


def test_keeping_both(target: mv2.Memvid, other: mv2.Memvid) -> None:
    target.put("mine", uri="n")
    other.put("theirs", uri="n")
    report = merge(target, other, on_conflict="keep_both")
    assert texts(target) == ["mine", "theirs"]
    assert [conflict.kept for conflict in report.conflicts] == ["both"]
    assert merge(target, other, on_conflict="keep_both").added == 0


def test_skipping(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    target.put("mine", uri="n")
    other.put("theirs, old", uri="n")
    clock.at(9)
    other.put("theirs", uri="n")
    other.put("new", uri="m")
    report = merge(target, other, on_conflict="skip")
    assert (report.added, report.skipped, sorted(report.id_map)) == (1, 2, [2])
    assert texts(target) == ["mine", "new"]


def test_conflicts_as_errors_leave_everything_as_it_was(target: mv2.Memvid, other: mv2.Memvid) -> None:
    target.put("mine", uri="n")
    other.put("first")
    other.put("theirs", uri="n")
    with pytest.raises(DuplicateUriError):
        merge(target, other, on_conflict="error")
    assert texts(target) == ["mine"]


def test_two_active_documents_of_one_uri_are_no_conflict_among_themselves(
    target: mv2.Memvid, other: mv2.Memvid
) -> None:
    other.put("a", uri="n")
    other.put("b", uri="n", on_conflict="keep_both")
    target.put("unrelated")
    merge(target, other)
    assert texts(target) == ["a", "b", "unrelated"]


def test_vectors_of_another_model_are_refused_or_left_out(target: mv2.Memvid, other: mv2.Memvid) -> None:
    target.put("mine", embedding=[1, 0], embedding_model="a")
    other.put("theirs", embedding=[0, 1], embedding_model="b")
    with pytest.raises(ModelMismatchError):
        merge(target, other)
    merge(target, other, vectors=False)
    assert texts(target) == ["mine", "theirs"]
    assert target.stats().vector_count == 1


def test_a_path_a_part_and_the_same_file(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    other.put("work", track="w")
    clock.at(9)
    other.put("home", track="h")
    other.commit()
    merge(target, other.path, filter={"track": "w"})
    assert texts(target) == ["work"]
    merge(target, other.path, as_of=START + 1)
    assert texts(target) == ["work"]
    with pytest.raises(InvalidArgumentError):
        merge(target, target.path)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_the_same_file_under_another_name(target: mv2.Memvid, tmp_path: Path, link: str) -> None:
    target.put("mine")
    target.commit()
    getattr(tmp_path / "other name.mv2", link)(target.path)
    with pytest.raises(InvalidArgumentError, match="itself"):
        merge(target, tmp_path / "other name.mv2")


def test_a_target_that_is_only_read(target: mv2.Memvid, other: mv2.Memvid) -> None:
    target.put("mine")
    target.close()
    other.put("theirs")
    with mv2.open(target.path, "r", embedder="none") as reading, pytest.raises(mv2.errors.ReadOnlyError):
        merge(reading, other)
    with mv2.open(target.path, "r", embedder="none") as reading:
        assert texts(reading) == ["mine"]


def test_an_interrupted_merge_leaves_nothing_and_can_be_done_again(
    target: mv2.Memvid, other: mv2.Memvid
) -> None:
    target.put("mine")
    other.put_many([mv2.Document(content=f"theirs {n}") for n in range(300)])

    def stop(done: int, total: int | None) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge(target, other, progress=stop)
    assert texts(target) == ["mine"]
    assert target.verify(deep=True).ok
    assert merge(target, other).added == 300


def test_what_is_written_meanwhile_comes_with_the_next_merge(target: mv2.Memvid, other: mv2.Memvid) -> None:
    other.put_many([mv2.Document(content=f"theirs {n}") for n in range(250)])
    late: list[int] = []

    def write(done: int, total: int | None) -> None:
        if not late:
            late.append(other.put("came late"))

    assert merge(target, other, progress=write).added == 250
    again = merge(target, other)
    assert (again.added, again.known) == (1, 250)
    assert "came late" in texts(target)


def test_a_memory_as_it_was_after_a_frame(target: mv2.Memvid, other: mv2.Memvid) -> None:
    first = other.put("first", uri="n")
    other.put("second", uri="n")
    merge(target, other, as_of_frame=first)
    assert texts(target) == ["first"]


def test_random_merges_hold_what_both_had(target: mv2.Memvid, other: mv2.Memvid, clock: Clock) -> None:
    """Whatever the order, the active documents of a merge are the same."""
    for number in range(20):
        clock.at(number)
        memory: Any = target if number % 3 else other
        memory.put(f"text {number}", uri=f"u{number % 5}", tags=[str(number)])
        if number % 7 == 6:
            memory.delete(f"u{number % 5}")
    mine, theirs = texts(target), texts(other)
    other.commit()
    with new(type(target.path)(other.path) and _beside(other.path)) as reverse:
        merge(reverse, other)
        merge(reverse, target)
        merge(target, other)
        assert texts(target) == texts(reverse)
        assert set(texts(target)) <= {*mine, *theirs}
        assert {r.content for r in target.records()} == {r.content for r in reverse.records()}
        assert target.verify(deep=True).ok
        assert reverse.verify(deep=True).ok


def _beside(path: str) -> Any:
    from pathlib import Path

    return Path(path).with_name("reverse.mv2")
