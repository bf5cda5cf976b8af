"""Every file call fails once in turn.

Disks fill up and break. Whatever call fails during whatever operation: nothing
acknowledged is lost, nothing is acknowledged that is not there, an operation
that was refused has not half happened, and a full disk that has room again is
as good as ever. Only a failed sync ends a handle, because nobody knows any more
what is on the medium; opening again finds out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import mv2
from mv2.errors import DiskFullError, PoisonedError, StorageError
from mv2.testing.check import scratch_directory
from mv2.testing.contracts import FileSystemContract
from mv2.testing.faults import CHANGES, Call, Fault, FaultFileSystem
from mv2.testing.observe import observe, unique_text
from mv2.testing.stage import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mv2.memvid import Memvid

Shape: TypeAlias = list[tuple[str | None, str, str, bytes]]
EXTRA = unique_text(900, 250)


class TestFaultFileSystem(FileSystemContract):
    """Without a fault it is a disk like any other."""

    def make(self, directory: str) -> FaultFileSystem:
        del directory
        return FaultFileSystem()

    def test_the_chosen_call_fails_once(self, tmp_path: Path) -> None:
        disk = FaultFileSystem()
        file = disk.open_file(str(tmp_path / "f"), writable=True, create=True)
        disk.arm(Fault(call=1, error=errno.ENOSPC, partial=True))
        file.write(0, b"aaaa")
        with pytest.raises(DiskFullError):
            file.write(4, b"bbbb")
        file.write(8, b"cc")
        assert file.read(0, 20) == b"aaaabb\0\0cc"
        assert [str(call) for call in disk.failed] == ["write of 4 bytes at 4 (f)"]
        file.close()


def _put(memory: Memvid) -> None:
    memory.put(unique_text(101, 700))


def _put_chunked(memory: Memvid) -> None:
    memory.put(unique_text(102, 4000))


def _put_large(memory: Memvid) -> None:
    memory.put(bytes(range(256)) * 600)


def _batch(memory: Memvid) -> None:
    with memory.batch():
        for number in range(110, 114):
            memory.put(unique_text(number, 300))


def _put_many(memory: Memvid) -> None:
    memory.put_many([{"content": unique_text(number, 300)} for number in range(120, 128)])


def _update(memory: Memvid) -> None:
    memory.update("mv2://n/1", content=unique_text(130, 300))


def _delete(memory: Memvid) -> None:
    memory.delete("mv2://n/2")


def _commit(memory: Memvid) -> None:
    memory.commit()


def _vacuum(memory: Memvid) -> None:
    memory.vacuum()


def _fill_log(memory: Memvid) -> None:
    """A put that finds the log full and has to checkpoint first."""
    memory.put(unique_text(150, 1900))


OPERATIONS: dict[str, Callable[[Memvid], None]] = {
    function.__name__[1:]: function
    for function in (
        _put,
        _put_chunked,
        _put_large,
        _batch,
        _put_many,
        _update,
        _delete,
        _commit,
        _vacuum,
        _fill_log,
    )
}


@pytest.fixture
def directory() -> Iterator[Path]:
    made = tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-faults-")
    yield Path(made)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def base() -> bytes:
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as made:
        path = Path(made) / "m.mv2"
        with mv2.open(path, embedder="none") as memory:
            for number in range(4):
                memory.put(unique_text(number, 900), uri=f"mv2://n/{number}")
            memory.commit()
            memory.delete("mv2://n/0")
        return path.read_bytes()


def _shape(memory: Memvid) -> Shape:
    return [(seen.uri, seen.status, seen.role, seen.content) for seen in observe(memory).frames]


def _prepare(memory: Memvid, operation: str) -> None:
    """Something acknowledged and pending; for ``fill_log`` as much as fits."""
    memory.put(unique_text(50, 300), uri="mv2://n/50")
    if operation == "fill_log":
        generation = memory.stats().generation
        for number in range(200, 300):
            stats = memory.stats()
            if stats.log_bytes * 0.7 < stats.log_used_bytes or stats.generation > generation:
                break
            memory.put(unique_text(number, 1900))


def _run_once(path: Path, base: bytes, operation: str, disk: FaultFileSystem) -> tuple[Memvid, Shape]:
    path.write_bytes(base)
    memory = mv2.open(path, file_system=disk, embedder="none")
    _prepare(memory, operation)
    return memory, _shape(memory)


def _rehearse(path: Path, base: bytes, operation: str, kinds: frozenset[str]) -> tuple[int, Shape]:
    """How many calls the operation makes, and what it leads to."""
    disk = FaultFileSystem()
    memory, _ = _run_once(path, base, operation, disk)
    with memory:
        disk.calls.clear()
        OPERATIONS[operation](memory)
        return disk.count(kinds), _shape(memory)


def _one_fault(path: Path, base: bytes, operation: str, fault: Fault, after: Shape) -> list[str]:
    disk = FaultFileSystem()
    memory, before = _run_once(path, base, operation, disk)
    disk.arm(fault)
    refused = False
    problems = []
    try:
        with quiet():
            OPERATIONS[operation](memory)
    except mv2.Error as error:
        refused = True
        if not isinstance(error, StorageError | PoisonedError):
            problems.append(f"refused with {type(error).__name__}: {error}")
    finally:
        disk.disarm()
    unsynced = any(_is_uncertain(call, path) for call in disk.failed)
    allowed = [before, after] if unsynced and refused else [before] if refused else [after]
    if not unsynced and (now := _shape(memory)) not in allowed:
        problems.append(f"the handle shows {_told(now, allowed[-1])}")
    try:
        memory.put(EXTRA)
        allowed = [
            [*shape, ("mv2://frames/" + str(len(shape)), "active", "document", EXTRA.encode())]
            for shape in allowed
        ]
        if unsynced:
            problems.append("a write was accepted after a failed sync")
    except PoisonedError:
        if not unsynced and fault.error == errno.ENOSPC:
            problems.append(f"the handle is unusable after {disk.failed[0] if disk.failed else 'nothing'}")
    with contextlib.suppress(mv2.Error), quiet():
        memory.close()
    return problems + _reopened(path, allowed)


def _is_uncertain(call: Call, path: Path) -> bool:
    """Nobody knows what is on the medium after a failed sync, or half a header."""
    here = call.path == str(path)
    return call.kind == "sync_directory" or (here and (call.kind == "sync" or call[2:] == (0, 4096)))


def _reopened(path: Path, allowed: list[Shape]) -> list[str]:
    problems = []
    with quiet(), mv2.open(path, embedder="none") as memory:
        now = _shape(memory)
        if now not in allowed:
            problems.append(f"opened again, it shows {_told(now, allowed[-1])}")
        report = memory.verify(deep=True)
        problems += [f"verify: {f.code}: {f.message}" for f in report.findings if f.severity == "error"]
        if memory.find("uniq000001000").total != sum(
            b"uniq000001000" in row[3] and row[1] == "active" for row in now
        ):
            problems.append("search does not find what is listed")
    if os.listdir(path.parent) != [path.name]:
        problems.append(f"left {sorted(os.listdir(path.parent))}")
    return problems


def _told(shape: Shape, wanted: Shape) -> str:
    if len(shape) != len(wanted):
        return f"{len(shape)} frames instead of {len(wanted)}"
    pairs = [f"{a[:3]} instead of {b[:3]}" for a, b in zip(shape, wanted, strict=True) if a != b]
    return "; ".join(pairs[:3])


def _all_faults(directory: Path, base: bytes, operation: str, make: Callable[[int], Fault]) -> None:
    path = directory / "m.mv2"
    count, after = _rehearse(path, base, operation, make(0).kinds)
    failures = []
    for call in range(count):
        fault = make(call)
        problems = _one_fault(path, base, operation, fault, after)
        if problems:
            failures.append(
                f"call {call} of {count} of {operation} failing ({fault}): " + "; ".join(problems)
            )
    assert not failures, f"{len(failures)} of {count} calls: " + "\n".join(failures[:5])


@pytest.mark.parametrize("operation", list(OPERATIONS))
class TestEveryCall:
    def test_input_output_error(self, directory: Path, base: bytes, operation: str) -> None:
        _all_faults(directory, base, operation, lambda call: Fault(call, errno.EIO))

    def test_no_space(self, directory: Path, base: bytes, operation: str) -> None:
        _all_faults(
            directory, base, operation, lambda call: Fault(call, errno.ENOSPC, kinds=CHANGES - {"sync"})
        )

    def test_no_space_after_half_a_write(self, directory: Path, base: bytes, operation: str) -> None:
        kinds = frozenset({"write", "create", "resize"})
        _all_faults(
            directory, base, operation, lambda call: Fault(call, errno.ENOSPC, partial=True, kinds=kinds)
        )

    def test_no_space_until_somebody_makes_room(self, directory: Path, base: bytes, operation: str) -> None:
        kinds = frozenset({"write", "create", "resize", "link", "rename"})
        _all_faults(
            directory, base, operation, lambda call: Fault(call, errno.ENOSPC, times=None, kinds=kinds)
        )

    def test_reads(self, directory: Path, base: bytes, operation: str) -> None:
        _all_faults(
            directory, base, operation, lambda call: Fault(call, errno.EIO, kinds=frozenset({"read"}))
        )


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("stage", ["open", "close", "create"])
def test_opening_and_closing(directory: Path, base: bytes, stage: str, error: int) -> None:
    """A handle that could not be opened or closed cleanly leaves a memory that can."""
    path = directory / "m.mv2"
    for call in range(100):
        disk = FaultFileSystem()
        if stage == "create":
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(base)
        allowed: list[Shape] = [[]] if stage == "create" else []
        with contextlib.suppress(mv2.Error), quiet():
            if stage != "close":
                disk.arm(Fault(call, error, kinds=CHANGES | {"open", "read"}))
            memory = mv2.open(path, file_system=disk, embedder="none")
            if stage == "close":
                memory.put(EXTRA)
                allowed = [_shape(memory)]
                disk.arm(Fault(call, error, kinds=CHANGES))
            memory.close()
        disk.disarm()
        if not disk.failed:
            break
        if not allowed:
            path_copy = directory.parent / "plain.mv2"
            path_copy.write_bytes(base)
            with mv2.open(path_copy, "r", embedder="none") as plain:
                allowed = [_shape(plain)]
            path_copy.unlink()
        problems = _reopened(path, allowed)
        assert not problems, f"{disk.failed[0]} failing during {stage}: {problems}"
    else:
        raise AssertionError(f"{stage} makes more than 100 calls")


def test_a_failed_sync_poisons_the_handle(directory: Path) -> None:
    """Reading goes on, writing is refused with the reason, opening again helps."""
    path = directory / "m.mv2"
    disk = FaultFileSystem()
    memory = mv2.open(path, file_system=disk, embedder="none")
    memory.put("acknowledged")
    disk.arm(Fault(0, errno.EIO, kinds=frozenset({"sync"})))
    with pytest.raises(StorageError):
        memory.put("unknown")
    disk.disarm()
    changes = len(disk.changes())
    for write in (
        lambda: memory.put("x"),
        lambda: memory.delete(0),
        lambda: memory.update(0, title="x"),
        lambda: memory.put_many([{"content": "x"}]),
        memory.commit,
        memory.vacuum,
    ):
        with pytest.raises(PoisonedError) as refusal:
            write()
        assert refusal.value.remedy or "open" in str(refusal.value)
    assert len(disk.changes()) == changes, "a poisoned handle wrote"
    assert memory.text(0) == "acknowledged"
    with contextlib.suppress(mv2.Error):
        memory.close()
    with quiet(), mv2.open(path, embedder="none") as again:
        texts = [again.text(frame.id) for frame in again.frames()]
        assert texts in (["acknowledged"], ["acknowledged", "unknown"])
        assert again.put("works again") == len(texts)


def test_what_failed_is_named(directory: Path) -> None:
    """The error tells the path, the number of the system's error, and what to do about a full disk."""
    path = directory / "m.mv2"
    disk = FaultFileSystem()
    with mv2.open(path, file_system=disk, embedder="none") as memory:
        disk.arm(Fault(0, errno.ENOSPC))
        with pytest.raises(DiskFullError) as refusal:
            memory.put("text")
        disk.disarm()
        assert refusal.value.errno == errno.ENOSPC
        assert refusal.value.path == str(path)
        assert refusal.value.remedy
        assert memory.put("now there is room") == 0


def test_calls_have_names() -> None:
    assert str(Call("sync", "/a/m.mv2")) == "sync (m.mv2)"
