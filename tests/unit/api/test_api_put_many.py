"""``put_many``: many documents, one commit, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from life import found_ids, live_through, long_text

import mv2
from mv2.errors import DuplicateUriError, InvalidArgumentError
from mv2.testing.faults import FaultFileSystem


def documents(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"content": f"document w{n}", "uri": f"mv2://{n}"} for n in range(first, first + count)]


def test_all_fields_of_both_forms(path: Path) -> None:
    fields: dict[str, Any] = {
        "content": "content word", "uri": "mv2://a", "title": "T", "tags": ["t 1", "t2"], "labels": ["l"],
        "metadata": {"n": 2**70}, "timestamp": "2024-03-05", "track": "tr", "kind": "k",
        "embedding": [1.5, 2.5], "mime": "text/x", "source_path": "a/b.txt",
    }  # fmt: skip

    def build(memory: mv2.Memvid) -> list[int]:
        return memory.put_many([fields, mv2.Document(**{**fields, "uri": "mv2://b"})])

    def check(memory: mv2.Memvid, ids: list[int]) -> None:
        for number, uri in zip(ids, ["mv2://a", "mv2://b"], strict=True):
            frame = memory.frame(number)
            assert memory.text(number) == "content word"
            assert (frame.uri, frame.title, frame.tags, frame.labels) == (uri, "T", ("t 1", "t2"), ("l",))
            assert (frame.metadata, frame.timestamp, frame.track) == ({"n": 2**70}, 1_709_596_800, "tr")
            assert (frame.kind, frame.mime, frame.source_path) == ("k", "text/x", "a/b.txt")
            assert list(memory.embedding(number) or ()) == [1.5, 2.5]
        assert found_ids(memory, "word") == set(ids)

    live_through(path, build, check)


def test_ids_are_those_of_the_documents(path: Path) -> None:
    """In order, with chunks counted in between, after whatever is pending."""
    with mv2.open(path) as memory:
        memory.put("pending")
        contents: list[Any] = ["a", long_text(), b"\xff", "", long_text(3000), "z"]
        ids = memory.put_many({"content": content} for content in contents)
        assert ids == sorted(set(ids))
        assert ids[0] == 1
        raws = [content.encode() if isinstance(content, str) else content for content in contents]
        assert [memory.content(number) for number in ids] == raws
        assert [memory.frame(number).role for number in ids] == ["document"] * 6
        assert memory.text(0) == "pending"
        assert memory.put("next") == memory.stats().frame_count - 1


def test_one_commit(path: Path) -> None:
    disk = FaultFileSystem()
    with mv2.open(path, file_system=disk) as memory:
        memory.put("pending")
        generation = memory.stats().generation
        disk.calls.clear()
        memory.put_many(documents(300))
        assert disk.count({"sync"}) == 2
        stats = memory.stats()
        assert (stats.generation, stats.pending_count, stats.frame_count) == (generation + 1, 0, 301)


class TestNothingToPut:
    @pytest.mark.parametrize("nothing", [[], (), iter([])], ids=["list", "tuple", "iterator"])
    def test_is_no_commit(self, path: Path, nothing: Any) -> None:
        disk = FaultFileSystem()
        with mv2.open(path, file_system=disk) as memory:
            memory.put("pending")
            disk.calls.clear()
            assert memory.put_many(nothing) == []
            assert disk.changes() == []
            assert memory.stats().pending_count == 1

    def test_only_skipped_ones(self, memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a")
        generation = memory.stats().generation
        assert memory.put_many([{"content": "x", "uri": "mv2://a", "on_conflict": "skip"}] * 2) == [0, 0]
        assert memory.stats().frame_count == 1
        assert memory.stats().generation == generation
        memory.put("two")
        assert [memory.text(frame.id) for frame in memory.frames()] == ["one", "two"]


class TestAllOrNone:
    @staticmethod
    def breaking(count: int, error: BaseException) -> Iterator[dict[str, Any]]:
        yield from documents(count)
        raise error

    @pytest.mark.parametrize("count", [0, 1, 250])
    @pytest.mark.parametrize("error", [ValueError("source"), KeyboardInterrupt()], ids=["error", "interrupt"])
    def test_an_iterable_that_raises(self, path: Path, count: int, error: BaseException) -> None:
        with mv2.open(path) as memory:
            memory.put("kept document", uri="mv2://3")
            size = path.stat().st_size
            with pytest.raises(type(error)):
                memory.put_many(self.breaking(count, error))
            for _ in range(2):
                assert memory.stats().frame_count == 1
                assert memory.frame("mv2://3").status == "active"
                assert found_ids(memory, "document") == {0}
                assert found_ids(memory, "w1") == set()
                memory.refresh()
            assert path.stat().st_size == size
            assert memory.put("next document") == 1
        with mv2.open(path, "r") as memory:
            assert found_ids(memory, "document") == {0, 1}
            assert memory.verify(deep=True).ok

    @pytest.mark.parametrize(
        "wrong",
        [
            {"content": 5},
            {"content": "x", "colour": "red"},
            {"text": "x"},
            {},
            {"content": "x", "tags": "text"},
            {"content": "x", "metadata": {"a": float("nan")}},
            {"content": "x", "timestamp": "yesterday"},
            {"content": "x", "embedding": []},
            {1: "x", "content": "x"},
            "a text",
            b"bytes",
            None,
            5,
            ("content", "x"),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("place", [0, 2])
    def test_a_document_that_cannot_be_put(self, memory: mv2.Memvid, wrong: Any, place: int) -> None:
        rows: list[Any] = documents(3)
        rows.insert(place, wrong)
        with pytest.raises(InvalidArgumentError):
            memory.put_many(rows)
        assert memory.stats().frame_count == 0

    def test_unknown_fields_are_named(self, memory: mv2.Memvid) -> None:
        with pytest.raises(InvalidArgumentError, match="'colour'") as refusal:
            memory.put_many([{"content": "x", "colour": "red"}])
        assert "metadata" in str(refusal.value)
        with pytest.raises(InvalidArgumentError, match="'content'"):
            memory.put_many([{"uri": "x"}])

    def test_a_callback_that_raises(self, memory: mv2.Memvid) -> None:
        def stop(done: int, total: int | None) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            memory.put_many(documents(250), progress=stop)
        assert memory.stats().frame_count == 0
        assert memory.put_many(documents(2)) == [0, 1]


class TestProgress:
    @pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
    def test_ends_with_all(self, memory: mv2.Memvid, count: int) -> None:
        calls: list[tuple[int, int | None]] = []
        memory.put_many(documents(count), progress=lambda *call: calls.append(call))
        assert calls[-1] == (count, count)
        assert [done for done, _ in calls] == sorted(done for done, _ in calls)
        assert {total for _, total in calls} == {count}
        assert len(calls) >= count // 100

    def test_of_an_iterator_has_no_total(self, memory: mv2.Memvid) -> None:
        calls: list[tuple[int, int | None]] = []
        memory.put_many(iter(documents(250)), progress=lambda *call: calls.append(call))
        assert calls[0] == (100, None)
        assert calls[-1] == (250, 250)

    def test_counts_over_batches(self, memory: mv2.Memvid) -> None:
        calls: list[tuple[int, int | None]] = []
        memory.put_many(documents(450), batch_size=200, progress=lambda *call: calls.append(call))
        assert [done for done, _ in calls] == sorted(done for done, _ in calls)
        assert calls[-1] == (450, 450)


class TestBatchSize:
    @pytest.mark.parametrize(("size", "commits"), [(1, 5), (2, 3), (3, 2), (4, 2), (5, 1), (6, 1), (None, 1)])
    def test_commits(self, memory: mv2.Memvid, size: int | None, commits: int) -> None:
        before = memory.stats().generation
        assert memory.put_many(documents(5), batch_size=size) == [0, 1, 2, 3, 4]
        assert memory.stats().generation == before + commits

    def test_finished_batches_stay(self, path: Path) -> None:
        with mv2.open(path) as memory:
            with pytest.raises(ValueError, match="source"):
                memory.put_many(TestAllOrNone.breaking(5, ValueError("source")), batch_size=2)
            assert memory.stats().frame_count == 4
            assert memory.put("next") == 4
        with mv2.open(path, "r") as memory:
            assert found_ids(memory, "document") == {0, 1, 2, 3}

    @pytest.mark.parametrize("size", [0, -1])
    def test_must_be_positive(self, memory: mv2.Memvid, size: int) -> None:
        with pytest.raises(InvalidArgumentError, match="batch_size"):
            memory.put_many(documents(2), batch_size=size)

    def test_others_get_their_turn_in_between(self, path: Path) -> None:
        """And the documents of the next batch see what they wrote."""
        with mv2.open(path) as memory, mv2.open(path) as other:

            def source() -> Iterator[dict[str, Any]]:
                yield {"content": "one", "uri": "mv2://a"}
                yield {"content": "two", "uri": "mv2://b"}
                other.put("from the other", uri="mv2://a")
                yield {"content": "three", "uri": "mv2://a"}

            assert memory.put_many(source(), batch_size=2) == [0, 1, 3]
            statuses = [frame.status for frame in other.history("mv2://a")]
            assert statuses == ["superseded", "superseded", "active"]


class TestConflictsInOneCall:
    def test_version(self, path: Path) -> None:
        texts = ["alpha", "beta " + long_text(), "gamma " + long_text(3000), "delta"]

        def build(memory: mv2.Memvid) -> list[int]:
            return memory.put_many([{"content": text, "uri": "mv2://a"} for text in texts])

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            history = memory.history("mv2://a")
            assert [frame.id for frame in history] == ids
            assert [frame.superseded_by for frame in history] == [*ids[1:], None]
            assert [memory.text(number) for number in ids] == texts
            assert found_ids(memory, "alpha OR beta OR gamma OR delta") == {ids[-1]}

        live_through(path, build, check)

    def test_skip_returns_the_first(self, memory: mv2.Memvid) -> None:
        rows = [{"content": f"text {n}", "uri": "mv2://a", "on_conflict": "skip"} for n in range(3)]
        assert memory.put_many(rows) == [0, 0, 0]
        assert memory.text("mv2://a") == "text 0"

    def test_keep_both(self, memory: mv2.Memvid) -> None:
        rows = [{"content": f"text {n}", "uri": "mv2://a", "on_conflict": "keep_both"} for n in range(3)]
        assert memory.put_many(rows) == [0, 1, 2]
        assert [frame.status for frame in memory.history("mv2://a")] == ["active"] * 3

    def test_error_keeps_nothing(self, memory: mv2.Memvid) -> None:
        rows = [{"content": f"text {n}", "uri": "mv2://a", "on_conflict": "error"} for n in range(2)]
        with pytest.raises(DuplicateUriError):
            memory.put_many([{"content": "before"}, *rows])
        assert memory.stats().frame_count == 0

    def test_with_what_is_pending(self, memory: mv2.Memvid) -> None:
        memory.put("alpha", uri="mv2://a")
        memory.put("beta", uri="mv2://b")
        memory.delete("mv2://b")
        rows = [{"content": "alpha 2", "uri": "mv2://a"}, {"content": "beta 2", "uri": "mv2://b"}]
        ids = memory.put_many(rows)
        assert [frame.status for frame in memory.history("mv2://a")] == ["superseded", "active"]
        assert [frame.status for frame in memory.history("mv2://b")] == ["deleted", "active"]
        assert memory.frame(ids[1]).supersedes is None


def test_the_documents_of_one_call_may_ask_for_the_memory(memory: mv2.Memvid) -> None:
    """An iterable that reads the memory it is put into sees the state before."""
    memory.put("seed word", uri="mv2://seed")

    def source() -> Iterator[dict[str, Any]]:
        for n in range(3):
            assert memory.text("mv2://seed") == "seed word"
            yield {"content": f"derived word {n} of {memory.stats().frame_count}"}

    ids = memory.put_many(source())
    assert [memory.text(number) for number in ids] == [f"derived word {n} of 1" for n in range(3)]
    assert found_ids(memory, "word") == {0, 1, 2, 3}


WRITES: dict[str, Callable[[mv2.Memvid], object]] = {
    "put": lambda memory: memory.put("meanwhile"),
    "long put": lambda memory: memory.put(long_text()),
    "update": lambda memory: memory.update(0, title="meanwhile"),
    "delete": lambda memory: memory.delete(0),
    "commit": lambda memory: memory.commit(),
    "vacuum": lambda memory: memory.vacuum(),
    "put_many": lambda memory: memory.put_many([{"content": "meanwhile"}]),
    "batch": lambda memory: memory.batch().__enter__(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("where", ["iterable", "callback"])
@pytest.mark.parametrize("caught", [False, True])
def test_nothing_else_may_be_written_meanwhile(
    path: Path, write: Callable[[mv2.Memvid], object], where: str, caught: bool
) -> None:
    """It would be lost, or shift the ids: it is refused, and the memory stays whole."""
    with mv2.open(path) as memory:
        memory.put("before")

        def disturb(done: int = 100, _: int | None = None) -> None:
            if done != 100:
                return  # the last call comes after the commit
            if caught:
                with pytest.raises(mv2.HandleError, match="put_many"):
                    write(memory)
            else:
                write(memory)

        def source() -> Iterator[dict[str, Any]]:
            yield from documents(150)
            if where == "iterable":
                disturb()
            yield from documents(2, first=150)

        progress = disturb if where == "callback" else None
        if caught:
            assert memory.put_many(source(), progress=progress) == list(range(1, 153))
        else:
            with pytest.raises(mv2.HandleError, match="put_many"):
                memory.put_many(source(), progress=progress)
        count = memory.stats().frame_count
        assert count == (153 if caught else 1)
        assert memory.put("after") == count
    with mv2.open(path, "r") as memory:
        assert memory.text(0) == "before"
        assert memory.text(count) == "after"
        assert memory.stats().frame_count == count + 1
        assert memory.verify(deep=True).ok
