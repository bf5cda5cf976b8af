"""The path names another file now: nothing is written to the dead one, and nothing is lost without a word."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memory_files import found, read, texts

import mv2
from mv2.errors import FileReplacedError
from mv2.testing.faults import Fault, FaultFileSystem

LONG = "A sentence of some length, again and again. " * 120


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another memory."""
    place = tmp_path / "other.mv2"
    with mv2.open(place) as memory:
        memory.put("of the other memory", uri="mv2://other")
    return place


def remove(path: Path, other: Path) -> None:
    path.unlink()


def replace_by_a_memory(path: Path, other: Path) -> None:
    os.replace(other, path)


def replace_by_a_text(path: Path, other: Path) -> None:
    other.write_text("Dear diary, ...")
    os.replace(other, path)


def replace_by_an_empty_file(path: Path, other: Path) -> None:
    other.write_bytes(b"")
    os.replace(other, path)


def replace_by_a_directory(path: Path, other: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS = [remove, replace_by_a_memory, replace_by_a_text, replace_by_an_empty_file, replace_by_a_directory]

DOCUMENTS: list[dict[str, Any]] = [
    {
        "content": "short",
        "uri": "mv2://a",
        "title": "T",
        "tags": ["t 1"],
        "labels": ["l"],
        "metadata": {"n": 2**70},
    },
    {"content": LONG, "uri": "mv2://long", "track": "tr", "kind": "k", "timestamp": 77},
    {"content": b"\xff\x00" * 50, "source_path": "a/b.bin", "mime": "image/x"},
    {"content": "with a vector", "embedding": [1.5, 2.5]},
]


def compare(found_document: mv2.Document, wanted: dict[str, Any]) -> None:
    """The document can be put again as it was."""
    for name, value in wanted.items():
        have = getattr(found_document, name)
        if name in {"tags", "labels", "embedding"}:
            have = list(have)
        assert have == value, name


@pytest.mark.parametrize("happen", WAYS)
class TestReplaced:
    def test_the_next_write_names_what_is_lost(
        self, path: Path, other: Path, happen: Callable[..., None]
    ) -> None:
        memory = mv2.open(path)
        memory.put("committed, and no longer this handle's to keep")
        memory.commit()
        for document in DOCUMENTS:
            memory.put(**document)
        happen(path, other)
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(FileReplacedError) as refusal:
            memory.put("one more")
        assert isinstance(refusal.value, OSError)
        assert refusal.value.path == str(path)
        assert refusal.value.remedy
        unsaved = [document for document in refusal.value.unsaved if document.content != "one more"]
        assert len(unsaved) == len(DOCUMENTS)
        for document, wanted in zip(unsaved, DOCUMENTS, strict=True):
            compare(document, wanted)
        assert (path.read_bytes() if path.is_file() else None) == before
        with pytest.raises(FileReplacedError):
            memory.close()
        assert memory.closed
        assert (path.read_bytes() if path.is_file() else None) == before

    @pytest.mark.parametrize(
        "call", ["commit", "vacuum", "refresh", "batch", "put_many", "delete", "update", "close"]
    )
    def test_every_call_that_would_write_says_so(
        self, path: Path, other: Path, happen: Callable[..., None], call: str
    ) -> None:
        memory = mv2.open(path)
        memory.put("mine", uri="mv2://mine")
        happen(path, other)
        before = path.read_bytes() if path.is_file() else None
        calls: dict[str, Callable[[], object]] = {
            "batch": lambda: memory.batch().__enter__(),
            "put_many": lambda: memory.put_many([{"content": "x"}]),
            "delete": lambda: memory.delete("mv2://mine"),
            "update": lambda: memory.update("mv2://mine", title="T"),
        }
        with pytest.raises(FileReplacedError) as refusal:
            calls.get(call, getattr(memory, call))()
        if call != "refresh":
            assert [document.content for document in refusal.value.unsaved][:1] == ["mine"]
        assert (path.read_bytes() if path.is_file() else None) == before
        if call != "close":
            with pytest.raises(FileReplacedError):
                memory.close()

    def test_nothing_unsaved_nothing_to_say_at_close(
        self, path: Path, other: Path, happen: Callable[..., None]
    ) -> None:
        """A handle that has nothing of its own to lose closes quietly."""
        memory = mv2.open(path)
        memory.put("committed")
        memory.commit()
        happen(path, other)
        error = None
        try:
            memory.close()
        except FileReplacedError as raised:
            error = raised
        assert memory.closed
        assert error is None or error.unsaved == ()

    def test_reading_says_so_too(self, path: Path, other: Path, happen: Callable[..., None]) -> None:
        """A writing handle always shows the newest state, and that is not here any more."""
        memory = mv2.open(path)
        memory.put("mine")
        happen(path, other)
        for ask in (lambda: memory.text(0), lambda: memory.find("mine"), memory.stats, memory.timeline):
            with pytest.raises(FileReplacedError):
                ask()
        with pytest.raises(FileReplacedError):
            memory.close()

    def test_unsaved_documents_can_be_put_into_what_is_there_now(
        self, path: Path, other: Path, happen: Callable[..., None]
    ) -> None:
        memory = mv2.open(path)
        for document in DOCUMENTS:
            memory.put(**document)
        happen(path, other)
        with pytest.raises(FileReplacedError) as refusal:
            memory.commit()
        place = path if happen is replace_by_a_memory else path.with_name("rescued.mv2")
        with mv2.open(place) as rescued:
            ids = rescued.put_many(refusal.value.unsaved)
            for number, document in zip(ids, DOCUMENTS, strict=True):
                content = document["content"]
                assert rescued.content(number) == (content.encode() if isinstance(content, str) else content)
            assert found(rescued, "sentence") == {ids[1]}
        with pytest.raises(FileReplacedError):
            memory.close()


class TestDuringABatch:
    def test_all_of_it_is_unsaved(self, path: Path, other: Path) -> None:
        memory = mv2.open(path)
        memory.put("before")
        with pytest.raises(FileReplacedError) as refusal, memory.batch():  # noqa: PT012
            memory.put("inside 1")
            memory.put("inside 2")
            os.replace(other, path)
        contents = [document.content for document in refusal.value.unsaved]
        assert contents == ["before", "inside 1", "inside 2"]
        assert read(path) == ["of the other memory"]
        with pytest.raises(FileReplacedError):
            memory.close()


class TestUpdates:
    def test_an_update_without_content_carries_it(self, path: Path, other: Path) -> None:
        """The record in the log only refers to the bytes; who has to rescue it needs them."""
        memory = mv2.open(path)
        memory.put("the text", uri="mv2://a")
        memory.put(LONG, uri="mv2://long")
        memory.commit()
        memory.update("mv2://a", title="T")
        memory.update("mv2://long", title="L")
        os.replace(other, path)
        with pytest.raises(FileReplacedError) as refusal:
            memory.put("x")
        unsaved = {document.uri: document for document in refusal.value.unsaved}
        assert (unsaved["mv2://a"].content, unsaved["mv2://a"].title) == ("the text", "T")
        assert (unsaved["mv2://long"].content, unsaved["mv2://long"].title) == (LONG, "L")
        with pytest.raises(FileReplacedError):
            memory.close()


class TestTheSameMemory:
    """A file of the same lineage, which holds everything, is simply the newer state."""

    def test_a_vacuum_of_another_handle_is_followed(self, path: Path) -> None:
        with mv2.open(path) as first, mv2.open(path) as second:
            first.put("one")
            second.vacuum()
            assert first.put("two") == 1
            second.vacuum()
            assert texts(first) == ["one", "two"]
            first.vacuum()
            assert second.put("three") == 2
        assert read(path) == ["one", "two", "three"]

    @pytest.mark.parametrize("how", ["batch", "put_many", "put"])
    @pytest.mark.parametrize("committed", [False, True])
    def test_what_was_rolled_back_is_not_missed(self, path: Path, how: str, committed: bool) -> None:
        """It is not in the file that another handle has made, and need not be."""
        disk = FaultFileSystem()
        with mv2.open(path) as first, mv2.open(path, file_system=disk) as second:
            first.put("one")
            if committed:
                first.commit()
            second.put("two")
            if how == "batch":
                with pytest.raises(KeyError), second.batch():  # noqa: PT012
                    second.put("lost")
                    second.put(LONG)
                    raise KeyError
            elif how == "put_many":
                with pytest.raises(mv2.InvalidArgumentError):
                    second.put_many([{"content": "lost"}, {"content": LONG}, {"no": "content"}])
            else:
                disk.arm(Fault(0, errno.ENOSPC, kinds=frozenset({"write"})))
                with pytest.raises(mv2.DiskFullError):
                    second.put(LONG)
            first.vacuum()
            assert texts(second) == ["one", "two"]
            assert second.put("three") == 2
        assert read(path) == ["one", "two", "three"]

    def test_a_copy_that_was_carried_on_is_followed(self, path: Path, tmp_path: Path) -> None:
        """As when a folder is synchronised: the newer file takes the place of the older."""
        with mv2.open(path) as memory:
            memory.put("one")
            memory.commit()
            shutil.copy(path, tmp_path / "copy.mv2")
            with mv2.open(tmp_path / "copy.mv2") as copy:
                copy.put("two")
            os.replace(tmp_path / "copy.mv2", path)
            assert texts(memory) == ["one", "two"]
            assert memory.put("three") == 2
        assert read(path) == ["one", "two", "three"]

    @pytest.mark.parametrize("step", ["put", "read", "close"])
    def test_an_old_copy_that_lacks_acknowledged_puts_is_not(
        self, path: Path, tmp_path: Path, step: str
    ) -> None:
        """A copy made before them takes the place of the file: they must not vanish without a word."""
        memory = mv2.open(path)
        memory.put("one")
        memory.commit()
        shutil.copy(path, tmp_path / "copy.mv2")
        memory.put("acknowledged after the copy")
        os.replace(tmp_path / "copy.mv2", path)
        with pytest.raises(FileReplacedError) as refusal:
            {"put": lambda: memory.put("x"), "read": lambda: memory.text(1), "close": memory.close}[step]()
        contents = [document.content for document in refusal.value.unsaved]
        assert contents[:1] == ["acknowledged after the copy"]
        if step != "close":
            with pytest.raises(FileReplacedError):
                memory.close()
        assert read(path) == ["one"]

    def test_an_older_commit_is_not(self, path: Path, tmp_path: Path) -> None:
        memory = mv2.open(path)
        memory.put("one")
        memory.commit()
        shutil.copy(path, tmp_path / "copy.mv2")
        memory.put("two")
        memory.commit()
        os.replace(tmp_path / "copy.mv2", path)
        with pytest.raises(FileReplacedError):
            memory.put("three")
        with pytest.raises(FileReplacedError):
            memory.close()
        assert read(path) == ["one"]

    def test_a_reader_follows_whatever_is_there(self, path: Path, tmp_path: Path, other: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("mine")
        with mv2.open(path, "r") as reader:
            assert found(reader, "mine") == {0}
            os.replace(other, path)
            assert texts(reader) == ["mine"]
            assert found(reader, "mine") == {0}
            reader.refresh()
            assert texts(reader) == ["of the other memory"]
            assert found(reader, "other") == {0}
            assert found(reader, "mine") == set()


def test_moving_the_file_away_and_back_is_no_replacement(path: Path) -> None:
    with mv2.open(path) as memory:
        memory.put("one")
        path.rename(path.with_name("away"))
        with pytest.raises(FileReplacedError):
            memory.put("two")
        path.with_name("away").rename(path)
        assert memory.put("three") == 1
    assert read(path) == ["one", "three"]
