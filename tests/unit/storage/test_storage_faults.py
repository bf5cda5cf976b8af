"""Full and failing disks: an operation that is refused has not half happened, and the memory goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import mv2
from mv2.errors import DiskFullError, PoisonedError, StorageError
from mv2.testing.faults import Fault, FaultFileSystem
from mv2.testing.observe import Snapshot, observe

from memory_files import codes, found, noise, quiet, read

WRITING = frozenset({"write", "resize", "create", "rename", "link"})
LONG = "A sentence of some length, again and again. " * 120


@pytest.fixture
def disk() -> FaultFileSystem:
    return FaultFileSystem()


@pytest.fixture
def filled(path: Path) -> Path:
    with mv2.open(path) as memory:
        for step in range(6):
            memory.put(f"text word{step}", uri=f"mv2://{step}", embedding=[float(step), 1.0])
            memory.commit()
    return path


def refused_at_each_call(
    path: Path,
    error: int,
    prepare: Callable[[mv2.Memvid], object],
    act: Callable[[mv2.Memvid], object],
    *,
    partial: bool,
) -> int:
    """Let each writing call of an action fail in turn; returns how many there were.

    Each time nothing has happened, the memory can be used, and the action succeeds afterwards.
    """
    data = path.read_bytes()
    for call in range(200):
        path.write_bytes(data)
        disk = FaultFileSystem()
        with mv2.open(path, file_system=disk) as memory:
            prepare(memory)
            before = observe(memory)
            disk.arm(Fault(call, error, partial=partial, kinds=WRITING))
            outcome = _try(memory, act)
            failed = list(disk.failed)
            disk.disarm()
            if not failed:
                return call
            if outcome == "poisoned":
                continue  # the header itself was half written: see the tests of poisoned handles
            if outcome == "refused":
                assert observe(memory) == before, f"{failed[0]} failed"
                _use(memory, before)
                act(memory)
            assert codes(memory) == set(), f"{failed[0]} failed"
        with mv2.open(path, "r") as reader:
            assert observe(reader).frames[: len(before.frames)] == before.frames
            assert codes(reader) == set()
        assert os.listdir(path.parent) == [path.name]
    raise AssertionError("the action makes too many calls")


def _try(memory: mv2.Memvid, act: Callable[[mv2.Memvid], object]) -> str:
    try:
        act(memory)
    except StorageError:
        try:
            memory.put("is it poisoned?")
            memory.delete(memory.stats().frame_count - 1)
        except PoisonedError:
            return "poisoned"
        except StorageError:
            return "refused"
        raise AssertionError("use _use after a refusal") from None
    return "done"


def _use(memory: mv2.Memvid, before: Snapshot) -> None:
    assert found(memory, "word5") == {5}
    assert memory.frame(0) is not None
    assert len(before.frames) == memory.stats().frame_count
