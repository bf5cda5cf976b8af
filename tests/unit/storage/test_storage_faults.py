"""Full and failing disks: what is refused has not half happened, and what was acknowledged stays."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from memory_files import codes, found, noise, quiet, read, texts

import mv2
from mv2.errors import DiskFullError, PoisonedError, StorageError
from mv2.testing.faults import Call, Fault, FaultFileSystem
from mv2.testing.observe import observe

WRITING = frozenset({"write", "resize", "create", "rename"})
SYNCS = frozenset({"sync"})


@pytest.fixture
def disk() -> FaultFileSystem:
    return FaultFileSystem()


def fill_up(disk: FaultFileSystem) -> None:
    """From now on there is no space: nothing can be written, but everything can be synced."""
    disk.arm(Fault(0, errno.ENOSPC, times=None, kinds=WRITING))


@pytest.fixture
def filled(path: Path) -> Path:
    with mv2.open(path) as memory:
        for step in range(6):
            memory.put(f"text word{step}", uri=f"mv2://{step}", embedding=[float(step), 1.0])
            memory.commit()
    return path


REFUSED: dict[str, Callable[[mv2.Memvid], object]] = {
    "put": lambda memory: memory.put("new"),
    "large put": lambda memory: memory.put(noise(100_000)),
    "put_many": lambda memory: memory.put_many([{"content": f"new {n}"} for n in range(20)]),
    "update": lambda memory: memory.update("mv2://1", content="new"),
    "delete": lambda memory: memory.delete("mv2://1"),
    "commit": lambda memory: memory.commit(),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("partial", [False, True])
def test_a_full_disk_refuses_and_changes_nothing(
    filled: Path, disk: FaultFileSystem, write: Callable[[mv2.Memvid], object], partial: bool
) -> None:
    with mv2.open(filled, file_system=disk) as memory:
        memory.put("pending", uri="mv2://pending")
        before, size = observe(memory), filled.stat().st_size
        disk.arm(Fault(0, errno.ENOSPC, partial=partial, kinds=WRITING))
        with pytest.raises(DiskFullError) as refusal:
            write(memory)
        assert refusal.value.errno == errno.ENOSPC
        assert refusal.value.path == str(filled)
        assert refusal.value.remedy
        disk.disarm()
        assert observe(memory) == before
        assert filled.stat().st_size == size
        assert found(memory, "new") == set()
        assert found(memory, "pending") == {6}
        write(memory)  # there is room again
        assert memory.put("next") == memory.stats().frame_count - 1
        memory.commit()
        assert codes(memory) == set()
    with mv2.open(filled, "r") as memory:
        assert memory.text("mv2://pending") == "pending"
        assert codes(memory) == set()


@pytest.mark.parametrize("call", range(12))
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_compaction_that_fails_leaves_the_file_as_it_was(
    filled: Path, disk: FaultFileSystem, call: int, error: int
) -> None:
    with mv2.open(filled, file_system=disk) as memory:
        before, inode = observe(memory), filled.stat().st_ino
        disk.arm(Fault(call, error, kinds=WRITING | {"sync"}))
        report = memory.vacuum()
        disk.disarm()
        in_the_way = [
            failed for failed in disk.failed if failed.kind == "rename" or failed.path != str(filled)
        ]
        assert report.compacted == (not in_the_way)
        if in_the_way:
            assert report.reason
            assert filled.stat().st_ino == inode
        assert observe(memory) == before
        assert os.listdir(filled.parent) == [filled.name]
        assert memory.put("next word") == 6
        assert found(memory, "word") == {6}
    assert read(filled) == [*(f"text word{step}" for step in range(6)), "next word"]


def test_a_compaction_that_cannot_read_leaves_the_file_as_it_was(filled: Path, disk: FaultFileSystem) -> None:
    with mv2.open(filled, file_system=disk) as memory:
        before = filled.read_bytes()
        disk.arm(Fault(1, errno.EIO, kinds=frozenset({"read"})))
        with contextlib.suppress(StorageError):
            assert not memory.vacuum().compacted
        disk.disarm()
        assert filled.read_bytes() == before
        assert os.listdir(filled.parent) == [filled.name]
        assert memory.put("next") == 6


class ChoosyDisk(FaultFileSystem):
    """Fails the calls for which ``refuses`` says so, half done."""

    refuses: Callable[[Call], bool] | None = None
    error = errno.ENOSPC

    def ask(self, call: Call) -> None:
        if self.refuses is not None and self.refuses(call):
            self.arm(Fault(0, self.error, partial=True, kinds=frozenset({call.kind})))
        super().ask(call)


class TestAFullLog:
    """The log has to be moved and there is no space: what was put was acknowledged before, and stays."""

    def test_puts_go_on_while_the_log_has_room(self, path: Path) -> None:
        kept: list[bytes] = []

        def put_until_refused() -> None:
            for step in range(200):
                memory.put(noise(1000, step))
                kept.append(noise(1000, step))

        disk = ChoosyDisk()
        with mv2.open(path, file_system=disk) as memory:
            end = path.stat().st_size
            disk.refuses = lambda call: call.kind == "write" and call.offset >= end
            with pytest.warns(mv2.Mv2Warning, match="checkpoint failed"), pytest.raises(DiskFullError):
                put_until_refused()
            assert 50 < len(kept) < 70
            assert memory.stats().log_used_bytes > 0.9 * memory.stats().log_bytes
            assert [memory.content(n) for n in range(len(kept))] == kept
            disk.refuses = None
            disk.disarm()
            assert memory.put("room again") == len(kept)
            memory.commit()
            assert memory.stats().pending_count == 0
            assert [memory.content(n) for n in range(len(kept))] == kept
        with mv2.open(path, "r") as memory:
            assert [memory.content(n) for n in range(len(kept))] == kept
            assert codes(memory) == set()

    def test_closing_keeps_the_log(self, path: Path, disk: FaultFileSystem) -> None:
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        fill_up(disk)
        with pytest.warns(mv2.Mv2Warning, match="pending"):
            memory.close()
        assert memory.closed
        with mv2.open(path, "r") as reader:
            assert texts(reader) == ["acknowledged word"]
            assert reader.stats().pending_count == 1
        with mv2.open(path, lock="handle", lock_timeout=0) as memory:
            assert found(memory, "word") == {0}
        with mv2.open(path, "r") as reader:
            assert reader.stats().pending_count == 0


class TestCreating:
    @pytest.mark.parametrize("mode", ["a", "x", "w"])
    @pytest.mark.parametrize("call", ["create", "write", "resize", "sync"])
    @pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
    def test_leaves_nothing_behind(
        self, path: Path, disk: FaultFileSystem, mode: mv2.types.Mode, call: str, error: int
    ) -> None:
        disk.arm(Fault(0, error, kinds=frozenset({call})))
        with pytest.raises(StorageError) as refusal:
            mv2.open(path, mode, file_system=disk)
        assert isinstance(refusal.value, DiskFullError) == (error == errno.ENOSPC)
        assert os.listdir(path.parent) == []


class TestPoisoned:
    """After a failed sync nobody knows what is on the medium: writing ends, opening again finds out."""

    def check(self, memory: mv2.Memvid, path: Path, disk: FaultFileSystem, allowed: list[list[str]]) -> None:
        disk.disarm()
        disk.calls.clear()
        for write in REFUSED.values():
            with pytest.raises(PoisonedError, match="earlier") as refusal:
                write(memory)
            assert refusal.value.remedy
        with pytest.raises(PoisonedError), memory.batch():
            pass
        with pytest.raises(PoisonedError):
            memory.vacuum()
        assert disk.changes() == []
        assert memory.text(0) == "acknowledged word"
        memory.close()
        assert disk.changes() == []
        with quiet(), mv2.open(path, lock="handle", lock_timeout=0) as again:
            assert texts(again) in allowed
            count = len(texts(again))
            assert again.put("works again") == count
        with mv2.open(path, "r") as reader:
            assert codes(reader) == set()
            assert found(reader, "acknowledged") == {0}

    def test_by_a_put(self, path: Path, disk: FaultFileSystem) -> None:
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        disk.arm(Fault(0, errno.EIO, kinds=SYNCS))
        with pytest.raises(StorageError) as refusal:
            memory.put("unknown")
        assert refusal.value.errno == errno.EIO
        self.check(memory, path, disk, [["acknowledged word"], ["acknowledged word", "unknown"]])

    @pytest.mark.parametrize("sync", [0, 1])
    def test_by_a_commit(self, path: Path, disk: FaultFileSystem, sync: int) -> None:
        """Before the header is written, and after."""
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        memory.put("another")
        disk.arm(Fault(sync, errno.EIO, kinds=SYNCS))
        with pytest.raises(StorageError):
            memory.commit()
        self.check(memory, path, disk, [["acknowledged word", "another"]])

    def test_by_half_a_header(self, path: Path) -> None:
        disk = ChoosyDisk()
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        disk.refuses = lambda call: call.kind == "write" and call.offset == 0
        with pytest.raises(StorageError):
            memory.commit()
        disk.refuses = None
        assert [call.length for call in disk.failed] == [4096]
        self.check(memory, path, disk, [["acknowledged word"]])

    @pytest.mark.parametrize("sync", [0, 1])
    def test_by_a_bulk_load(self, path: Path, disk: FaultFileSystem, sync: int) -> None:
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        disk.arm(Fault(sync, errno.EIO, kinds=SYNCS))
        with pytest.raises(StorageError):
            memory.put_many([{"content": "unknown"}])
        self.check(memory, path, disk, [["acknowledged word"], ["acknowledged word", "unknown"]])

    def test_by_a_batch(self, path: Path, disk: FaultFileSystem) -> None:
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        disk.arm(Fault(0, errno.EIO, kinds=SYNCS))
        with pytest.raises(StorageError), memory.batch():  # noqa: PT012
            memory.put("unknown 1")
            memory.put("unknown 2")
        both = ["acknowledged word", "unknown 1", "unknown 2"]
        self.check(memory, path, disk, [["acknowledged word"], both])

    def test_by_the_directory_after_a_compaction(self, path: Path, disk: FaultFileSystem) -> None:
        """Which of the two files has the name after a power cut is not known."""
        memory = mv2.open(path, file_system=disk)
        memory.put("acknowledged word")
        disk.arm(Fault(0, errno.EIO, kinds=frozenset({"sync_directory"})))
        with pytest.raises(StorageError):
            memory.vacuum()
        self.check(memory, path, disk, [["acknowledged word"]])

    def test_by_the_sync_behind_ones_back(self, path: Path, disk: FaultFileSystem) -> None:
        memory = mv2.open(path, durability="batch", file_system=disk)
        memory.put("acknowledged word")
        memory.commit()
        disk.arm(Fault(0, errno.EIO, times=None, kinds=SYNCS))
        with contextlib.suppress(PoisonedError):  # the sync that the first put asked for may come in between
            memory.put("unknown")
        deadline = time.monotonic() + 30
        while not disk.failed and time.monotonic() < deadline:
            time.sleep(0.005)
        for _ in range(1000):
            try:
                memory.put("unknown")
            except PoisonedError:
                break
        count = memory.stats().frame_count
        allowed = [["acknowledged word", *["unknown"] * n] for n in range(count)]
        self.check(memory, path, disk, allowed)


def test_reading_errors_are_typed_and_pass(filled: Path, disk: FaultFileSystem) -> None:
    with mv2.open(filled, "r", file_system=disk) as memory:
        disk.arm(Fault(0, errno.EIO, kinds=frozenset({"read"})))
        with pytest.raises(StorageError) as refusal:
            memory.content(0)
        assert (refusal.value.errno, refusal.value.path) == (errno.EIO, str(filled))
        assert refusal.value.offset is not None
        disk.disarm()
        assert memory.text(0) == "text word0"
