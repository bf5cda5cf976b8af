"""``batch()``: everything inside is kept together or lost together."""

from __future__ import annotations

from pathlib import Path

import pytest
from life import found_ids, live_through, long_text

import mv2
from mv2.errors import HandleError, InvalidArgumentError
from mv2.testing.faults import FaultFileSystem


class WentWrongError(Exception):
    """What goes wrong inside a batch."""


def test_all_of_it_is_kept(path: Path) -> None:
    long = "zebra " + long_text()

    def build(memory: mv2.Memvid) -> list[int]:
        memory.put("before", uri="mv2://old")
        with memory.batch():
            ids = [memory.put("one word"), memory.put(long), memory.put(b"\xff\x00")]
            ids.append(memory.put("a version", uri="mv2://old"))
            ids.append(memory.update("mv2://old", title="T"))
            memory.delete(ids[0])
        return ids

    def check(memory: mv2.Memvid, ids: list[int]) -> None:
        contents = [b"one word", long.encode(), b"\xff\x00", b"a version", b"a version"]
        assert [memory.content(number) for number in ids] == contents
        statuses = [memory.frame(number).status for number in ids]
        assert statuses == ["deleted", "active", "active", "superseded", "active"]
        assert found_ids(memory, "word") == set()
        assert found_ids(memory, "zebra") == {ids[1]}
        assert found_ids(memory, "version") == {ids[4]}

    live_through(path, build, check)


def test_is_read_inside(memory: mv2.Memvid) -> None:
    memory.put("before")
    with memory.batch():
        number = memory.put("inside the batch", uri="mv2://a", embedding=[1, 2])
        assert memory.text(number) == memory.text("mv2://a") == "inside the batch"
        assert list(memory.embedding(number) or ()) == [1, 2]
        assert found_ids(memory, "inside") == {number}
        assert [frame.id for frame in memory.frames()] == [0, number]
        assert memory.stats().frame_count == 2
        assert [entry.frame_id for entry in memory.timeline()] == [0, number]


def test_others_see_all_of_it_or_nothing(path: Path) -> None:
    with mv2.open(path) as memory, mv2.open(path, "r") as reader, mv2.open(path) as writer:
        with memory.batch():
            memory.put("one")
            memory.put("two")
            reader.refresh()
            assert list(reader.frames()) == list(writer.frames()) == []
        assert [writer.text(frame.id) for frame in writer.frames()] == ["one", "two"]
        assert list(reader.frames()) == []
        reader.refresh()
        assert [reader.text(frame.id) for frame in reader.frames()] == ["one", "two"]


@pytest.mark.parametrize("kind", [WentWrongError, KeyboardInterrupt, GeneratorExit, SystemExit])
@pytest.mark.parametrize("committed", [False, True])
def test_an_exception_takes_all_of_it_back(path: Path, kind: type[BaseException], committed: bool) -> None:
    with mv2.open(path) as memory:
        memory.put("kept word", uri="mv2://kept", embedding=[1, 2])
        memory.put(long_text(), uri="mv2://long")
        if committed:
            memory.commit()
        count, used = memory.stats().frame_count, memory.stats().log_used_bytes
        with pytest.raises(kind), memory.batch():  # noqa: PT012 - what happens inside is the test
            assert memory.put("lost word", uri="mv2://lost") == count
            memory.put(long_text(3000, "lost"))
            memory.delete("mv2://kept")
            memory.update("mv2://long", content="lost again")
            assert found_ids(memory, "lost") == {count, memory.frame("mv2://long").id}
            assert found_ids(memory, "kept") == set()
            raise kind
        for _ in range(2):
            assert memory.stats().frame_count == count
            assert memory.stats().log_used_bytes in {used, 0}
            assert found_ids(memory, "lost") == set()
            assert found_ids(memory, "kept") == {0}
            assert memory.text("mv2://long") == long_text()
            with pytest.raises(mv2.FrameNotFoundError):
                memory.frame("mv2://lost")
            memory.commit()
        assert memory.put("next word", uri="mv2://lost") == count
        assert found_ids(memory, "word") == {0, count}
    with mv2.open(path, "r") as memory:
        assert memory.text(count) == "next word"
        assert found_ids(memory, "lost") == set()
        assert memory.verify(deep=True).ok


def test_a_refused_put_that_is_caught_harms_nothing(memory: mv2.Memvid) -> None:
    """It is as if it had not been tried."""
    with memory.batch():
        memory.put("one", embedding=[1, 2])
        for options in ({"tags": "text"}, {"embedding": [1]}, {"metadata": {"a": {1}}}):
            with pytest.raises(InvalidArgumentError):
                memory.put("refused", **options)  # type: ignore[arg-type]
        with pytest.raises(mv2.FrameNotFoundError):
            memory.delete("mv2://none")
        memory.put("two")
    memory.commit()
    assert [memory.text(frame.id) for frame in memory.frames()] == ["one", "two"]


def test_does_not_nest(memory: mv2.Memvid) -> None:
    with memory.batch():
        memory.put("outer")
        with pytest.raises(HandleError, match="nest"), memory.batch():
            pass
        memory.put("outer again")
    assert memory.stats().frame_count == 2
    assert memory.put("after") == 2


@pytest.mark.parametrize("call", ["commit", "vacuum", "put_many"])
def test_calls_that_commit_are_refused_inside(memory: mv2.Memvid, call: str) -> None:
    with memory.batch():
        memory.put("one")
        with pytest.raises(HandleError, match=call):
            memory.put_many([{"content": "x"}]) if call == "put_many" else getattr(memory, call)()
        memory.put("two")
    assert [memory.text(frame.id) for frame in memory.frames()] == ["one", "two"]


def test_an_empty_one_writes_nothing(path: Path) -> None:
    disk = FaultFileSystem()
    with mv2.open(path, file_system=disk) as memory:
        memory.put("one")
        disk.calls.clear()
        with memory.batch():
            pass
        assert disk.changes() == []
        assert memory.stats().frame_count == 1


TEXTS = [f"text {n} " + "filler words " * 150 for n in range(60)]


class TestLargerThanTheLog:
    def test_becomes_one_commit(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("pending before")
            before = memory.stats()
            with memory.batch():
                ids = [
                    memory.put(bytes([n]) * 10 + n.to_bytes(2, "big") * 2000 + b"\xff") for n in range(200)
                ]
                ids += [memory.put(text) for text in TEXTS]
                assert memory.stats().generation == before.generation
            after = memory.stats()
            assert after.generation == before.generation + 1
            assert after.pending_count == 0
            assert ids == list(range(1, 261))
            assert found_ids(memory, "text") == set(range(201, 261))
        with mv2.open(path, "r") as memory:
            assert [memory.text(number) for number in ids[200:]] == TEXTS

    def test_is_lost_together(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("kept")
            size = path.stat().st_size
            with pytest.raises(WentWrongError), memory.batch():  # noqa: PT012
                for text in TEXTS:
                    memory.put(text)
                raise WentWrongError
            assert memory.stats().frame_count == 1
            assert path.stat().st_size == size
            assert found_ids(memory, "text") == set()
            assert memory.put("next") == 1

    def test_a_single_document_does_too(self, path: Path) -> None:
        with mv2.open(path) as memory:
            generation = memory.stats().generation
            memory.put("pending before")
            number = memory.put(bytes(range(256)) * 1000 + b"\xff")
            assert number == 1
            assert memory.stats().generation == generation + 1
            assert memory.put("after") == 2
        with mv2.open(path, "r") as memory:
            assert memory.text(0) == "pending before"
            assert len(memory.content(1)) == 256_001


def test_the_turn_is_held_meanwhile(path: Path) -> None:
    """Nobody's frames come in between, so the ids promised inside hold."""
    with mv2.open(path) as memory, mv2.open(path, lock_timeout=0) as other:
        with memory.batch():
            memory.put("one")
            with pytest.raises(mv2.LockedError):
                other.put("in between")
            memory.put("two")
        assert other.put("after") == 2
