"""Acts that come between the steps of others: interruptions, copies that went their own way, views held."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_files import texts

import mv2
from mv2.errors import FileReplacedError, StorageError
from mv2.index.frames import FrameIndex
from mv2.storage import committer
from mv2.storage.device import File, FileSystem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.mv2"


def test_two_that_find_an_empty_file_do_not_replace_each_other(path: Path) -> None:
    """The second has opened the empty file when the first puts a memory in its place."""
    path.touch()

    class Slow(FileSystem):
        once = True

        def open_file(
            self,
            path: str,
            *,
            writable: bool,
            create: bool = False,
            exclusive: bool = False,
            mode: int = 0o666,
        ) -> File:
            file = super().open_file(path, writable=writable, create=create, exclusive=exclusive, mode=mode)
            if self.once and file.size() == 0 and not create:
                self.once = False
                with mv2.open(path) as first:
                    first.put("acknowledged")
            return file

    with mv2.open(path, file_system=Slow()) as second:
        second.put("from the second")
        assert texts(second) == ["acknowledged", "from the second"]


def test_a_copy_that_went_its_own_way_is_not_followed(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mv2"
    memory = mv2.open(path)
    memory.put("start")
    memory.commit()
    shutil.copy(path, copy)
    memory.put("mine")
    with mv2.open(copy) as other:
        for number in range(3):
            other.put(f"theirs {number}")
    os.replace(copy, path)
    with pytest.raises(FileReplacedError) as refusal:
        memory.put("more")
    assert [document.content for document in refusal.value.unsaved][:1] == ["mine"]
    with pytest.raises(FileReplacedError):
        memory.close()


def test_half_an_index_is_never_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mv2.open(path) as memory:
        memory.put_many([{"content": f"text needle{number}"} for number in range(40)])
    monkeypatch.setattr("mv2.storage.base.Base.lexical_files", lambda self: None)
    real, seen = FrameIndex.add, []

    def interrupted(self: FrameIndex, record: object, text: str) -> None:
        seen.append(text)
        if len(seen) == 20:
            raise KeyboardInterrupt
        real(self, record, text)  # type: ignore[arg-type]

    with mv2.open(path) as memory:
        memory.put("one more")
        monkeypatch.setattr(FrameIndex, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            memory.commit()
    monkeypatch.undo()
    with mv2.open(path, "r") as reader:
        assert reader.verify(deep=True).ok
        assert [hit.frame_id for hit in reader.find("needle30").hits] == [30]


def test_what_a_batch_takes_back_is_in_no_view(path: Path) -> None:
    with mv2.open(path) as memory:
        memory.put("kept one")
        memory.put("kept two")
        listing: Iterator[mv2.Frame] = memory.frames()

        def taken_back() -> None:
            with memory.batch():
                memory.delete(1)
                memory.put("ghost")
                assert [hit.frame_id for hit in memory.find("ghost").hits] == [2]
                raise RuntimeError

        with pytest.raises(RuntimeError):
            taken_back()
        assert [frame.id for frame in listing] == [0, 1]
        assert memory.put("real") == 2
        assert memory.find("ghost").hits == ()
        assert [hit.frame_id for hit in memory.find("real").hits] == [2]


def test_a_reader_that_follows_to_another_file_forgets_what_was_pending(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mv2"
    for place, word in ((path, "alpha"), (other, "beta")):
        with mv2.open(place, close="lazy") as memory:
            memory.put(f"{word} word")
    with mv2.open(path, "r") as reader:
        assert len(reader.find("alpha").hits) == 1
        os.replace(other, path)
        reader.refresh()
        assert reader.find("alpha").hits == ()
        assert [hit.snippet for hit in reader.find("beta").hits] == ["beta word"]


def test_trouble_after_the_acknowledgement_is_a_warning(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: FrameIndex) -> None:
        raise StorageError("no room for the index")

    monkeypatch.setattr(committer, "FEWEST_PENDING", 3)
    with mv2.open(path) as memory:
        monkeypatch.setattr(FrameIndex, "commit", fails)
        with pytest.warns(mv2.Mv2Warning, match="tried again"):
            ids = [memory.put(f"text {number}") for number in range(6)]
        monkeypatch.undo()
        assert ids == list(range(6))
        assert texts(memory) == [f"text {number}" for number in range(6)]


def test_a_file_that_came_during_a_compaction_stays(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored = tmp_path / "restored.mv2"
    with mv2.open(restored) as memory:
        memory.put("restored from a backup")
    memory = mv2.open(path)
    memory.put("text")
    real = committer.Compactor.run

    def replaced_meanwhile(self: object, identity: object) -> object:
        anchor = real(self, identity)  # type: ignore[arg-type]
        os.replace(restored, path)
        return anchor

    monkeypatch.setattr(committer.Compactor, "run", replaced_meanwhile)
    with pytest.raises(FileReplacedError):
        memory.vacuum()
    monkeypatch.undo()
    with pytest.raises(FileReplacedError):
        memory.put("x")
    with pytest.raises(FileReplacedError):
        memory.close()
    with mv2.open(path, "r") as reader:
        assert texts(reader) == ["restored from a backup"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_closes_although_another_thread_was_busy(path: Path) -> None:
    memory = mv2.open(path)
    busy, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with memory.batch():
            busy.set()
            go_on.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(30)
    child = os.fork()
    if child == 0:
        memory.close()
        os._exit(7)
    go_on.set()
    thread.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    memory.close()
