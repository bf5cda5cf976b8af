"""Replacing a memory as a whole, and opening one for reading: what others see, and what stays untouched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from life import long_text, picture

import mv2
from mv2.errors import LockedError, ReadOnlyError
from mv2.testing.faults import Fault, FaultFileSystem


@pytest.fixture
def filled(path: Path) -> Path:
    with mv2.open(path) as memory:
        memory.put("hello word", uri="mv2://one")
        memory.put(long_text(), uri="mv2://long")
    return path


class TestReplacing:
    """Mode "w" makes a new memory in the place of the old one, all at once or not at all."""

    def test_a_reader_of_the_old_one_goes_on(self, filled: Path) -> None:
        with mv2.open(filled, "r") as reader:
            with mv2.open(filled, "w") as memory:
                memory.put("new word", uri="mv2://new")
                assert reader.text("mv2://one") == "hello word"
                assert reader.text("mv2://long") == long_text()
                assert [hit.uri for hit in reader.find("hello").hits] == ["mv2://one"]
                assert reader.verify(deep=True).frames_checked == reader.stats().frame_count
            reader.refresh()
            assert [frame.uri for frame in reader.frames()] == ["mv2://new"]
            assert reader.find("hello").total == 0
            assert reader.find("new").total == 1

    @pytest.mark.parametrize("lock", ["write", "handle"])
    def test_not_while_somebody_writes(self, filled: Path, lock: mv2.types.LockMode) -> None:
        with mv2.open(filled, lock=lock) as memory:
            with pytest.raises(LockedError):
                mv2.open(filled, "w", lock_timeout=0)
            assert memory.put("goes on", uri="mv2://more") > 0
        with mv2.open(filled, "r") as memory:
            assert memory.text("mv2://one") == "hello word"
            assert memory.text("mv2://more") == "goes on"
        assert os.listdir(filled.parent) == [filled.name]

    def test_keeps_mode_and_attributes(self, filled: Path) -> None:
        filled.chmod(0o604)
        with_attributes = _set_attribute(filled)
        mv2.open(filled, "w").close()
        assert filled.stat().st_mode & 0o777 == 0o604
        if with_attributes:
            assert os.getxattr(filled, "user.mv2test") == b"kept"

    @pytest.mark.parametrize("call", ["create", "write", "sync", "rename"])
    def test_all_or_nothing(self, filled: Path, call: str) -> None:
        """Whatever file call fails: the old memory is there, whole, and nothing beside it."""
        before = picture(filled.parent)
        for number in range(3):
            disk = FaultFileSystem()
            disk.arm(Fault(number, 28, kinds=frozenset({call})))
            try:
                mv2.open(filled, "w", file_system=disk).close()
            except mv2.StorageError:
                assert picture(filled.parent) == before
            else:
                break
        assert number > 0


def _set_attribute(path: Path) -> bool:
    try:
        os.setxattr(path, "user.mv2test", b"kept")
    except (OSError, AttributeError):
        return False
    return True


class TestReading:
    """A reader needs no right to write, and leaves no trace."""

    @pytest.mark.parametrize("pending", [False, True])
    def test_changes_nothing(self, path: Path, pending: bool) -> None:
        with mv2.open(path, close="lazy" if pending else "checkpoint") as memory:
            memory.put("hello word", uri="mv2://one")
            memory.put(long_text())
        path.chmod(0o444)
        path.parent.chmod(0o555)
        try:
            os.utime(path, ns=(10**18, 10**18))
            before, stamp = picture(path.parent), path.stat()
            disk = FaultFileSystem()
            with mv2.open(path, "r", file_system=disk) as memory:
                assert (memory.stats().pending_count > 0) == pending
                assert memory.text("mv2://one") == "hello word"
                assert memory.find("hello").total == 1
                assert len(memory.timeline()) == len(list(memory.frames())) == 2
                assert memory.verify(deep=True).ok
                memory.refresh()
            after = path.stat()
            assert disk.changes() == []
            assert picture(path.parent) == before
            assert (after.st_mtime_ns, after.st_ctime_ns, after.st_ino) == (
                stamp.st_mtime_ns, stamp.st_ctime_ns, stamp.st_ino,
            )  # fmt: skip
        finally:
            path.parent.chmod(0o755)

    @pytest.mark.parametrize("mode", ["r+", "a"])
    def test_opening_for_writing_and_doing_nothing_changes_nothing(
        self, filled: Path, mode: mv2.types.Mode
    ) -> None:
        before, stamp = picture(filled.parent), filled.stat().st_mtime_ns
        with mv2.open(filled, mode) as memory:
            assert memory.text("mv2://one") == "hello word"
            memory.commit()
        assert picture(filled.parent) == before
        assert filled.stat().st_mtime_ns == stamp

    @pytest.mark.parametrize(
        "write",
        [
            lambda memory: memory.put("x"),
            lambda memory: memory.put_many([{"content": "x"}]),
            lambda memory: memory.update("mv2://one", title="x"),
            lambda memory: memory.delete("mv2://one"),
            lambda memory: memory.batch().__enter__(),
            lambda memory: memory.commit(),
            lambda memory: memory.vacuum(),
        ],
        ids=["put", "put_many", "update", "delete", "batch", "commit", "vacuum"],
    )
    def test_writing_is_refused(self, filled: Path, write: Callable[[mv2.Memvid], object]) -> None:
        before = picture(filled.parent)
        with mv2.open(filled, "r") as memory:
            with pytest.raises(ReadOnlyError) as refusal:
                write(memory)
            assert isinstance(refusal.value, PermissionError)
            assert refusal.value.remedy
            assert memory.text("mv2://one") == "hello word"
        assert picture(filled.parent) == before

    def test_goes_on_when_the_file_is_removed(self, filled: Path) -> None:
        with mv2.open(filled, "r") as memory:
            filled.unlink()
            assert memory.text("mv2://one") == "hello word"
            assert memory.find("hello").total == 1
            with pytest.raises(mv2.FileReplacedError):
                memory.refresh()
            assert memory.text("mv2://one") == "hello word"

    def test_does_not_keep_writers_out(self, filled: Path) -> None:
        with mv2.open(filled, "r"), mv2.open(filled, lock="handle", lock_timeout=0) as memory:
            memory.put("x")


def test_a_copy_is_a_memory_of_its_own(filled: Path, tmp_path: Path) -> None:
    shutil.copy(filled, tmp_path / "copy.mv2")
    with mv2.open(filled) as first, mv2.open(tmp_path / "copy.mv2") as second:
        first.put("first word")
        second.put("second word")
        assert first.find("word").total == second.find("word").total == 2
