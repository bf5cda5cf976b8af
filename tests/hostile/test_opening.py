"""Things that are not a healthy memory are opened.

Whatever stands at the path, opening it works or raises one of mv2's own errors
that says what it is; it never hangs, never eats the machine's memory, never
changes what it refuses, and never leaves a file behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.errors import (
    AuxiliaryFileError,
    CorruptFileError,
    EncryptedFileError,
    MemoryExistsError,
    MemoryNotFoundError,
    NotAMemoryError,
    UnsupportedVersionError,
)
from mv2.testing.ceilings import limited_memory
from mv2.testing.check import scratch_directory
from mv2.testing.faults import FaultFileSystem
from mv2.testing.observe import observe, unique_text
from mv2.testing.stage import quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODES = ["r", "r+", "a"]
FORBIDDEN = ["{}-wal", "{}-shm", "{}-lock", "{}-journal", ".{}.wal", ".{}.shm", ".{}.lock", ".{}.journal"]


@pytest.fixture
def memory_file(tmp_path: Path) -> Path:
    path = tmp_path / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        memory.put("hello world", uri="mv2://one")
        memory.put(unique_text(1, 3000))
    return path


def _refused(path: Path, mode: str, kind: type[mv2.Error]) -> mv2.Error:
    """Open, expecting a refusal that changes nothing."""
    directory = path.parent
    before = {p.name: p.read_bytes() for p in directory.iterdir() if p.is_file()}
    with pytest.raises(kind) as refusal:
        mv2.open(path, mode, embedder="none").close()
    assert {p.name: p.read_bytes() for p in directory.iterdir() if p.is_file()} == before
    assert refusal.value.path is not None
    return refusal.value


@pytest.mark.parametrize("mode", MODES)
class TestNotAMemory:
    def test_a_directory(self, tmp_path: Path, mode: str) -> None:
        (tmp_path / "d").mkdir()
        _refused(tmp_path / "d", mode, mv2.Error)

    @pytest.mark.parametrize(
        "content",
        [
            b"Dear diary,\n" * 500,
            b"PK\x03\x04" + bytes(5000),
            b"SQLite format 3\0" + bytes(4080),
            b"MV2",
            b"M",
            bytes(8192),
        ],
        ids=["text", "zip", "sqlite", "three bytes", "one byte", "zeros"],
    )
    def test_other_files(self, tmp_path: Path, mode: str, content: bytes) -> None:
        path = tmp_path / "f.mv2"
        path.write_bytes(content)
        _refused(path, mode, NotAMemoryError if len(content) > 3 else CorruptFileError)

    def test_a_capsule(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / "f.mv2"
        path.write_bytes(b"MV2E" + bytes(6000))
        _refused(path, mode, EncryptedFileError)

    @pytest.mark.parametrize("position", [4, 5, 6, 7])
    def test_another_version(self, memory_file: Path, mode: str, position: int) -> None:
        data = bytearray(memory_file.read_bytes())
        data[position] += 1
        memory_file.write_bytes(data)
        error = _refused(memory_file, mode, UnsupportedVersionError)
        assert "version" in str(error)

    def test_a_pipe(self, tmp_path: Path, mode: str) -> None:
        os.mkfifo(tmp_path / "p")
        with pytest.raises(NotAMemoryError):
            mv2.open(tmp_path / "p", mode, embedder="none")

    @pytest.mark.timeout(20)
    def test_a_file_that_says_it_was_replaced(self, tmp_path: Path, mode: str) -> None:
        """What a compaction leaves of the old file must not send whoever opens it in circles."""
        path = tmp_path / "f.mv2"
        path.write_bytes(b"MV2\xffGONE" + bytes(9000))
        _refused(path, mode, CorruptFileError)

    def test_noise(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / "f.mv2"
        path.write_bytes(os.urandom(256 << 10))
        started = time.monotonic()
        _refused(path, mode, NotAMemoryError)
        assert time.monotonic() - started < 1

    @pytest.mark.parametrize("name", FORBIDDEN)
    def test_a_forbidden_file_beside_it(self, memory_file: Path, mode: str, name: str) -> None:
        other = memory_file.parent / name.format(memory_file.name)
        other.write_bytes(b"x")
        error = _refused(memory_file, mode, AuxiliaryFileError)
        assert other.name in str(error)
        other.unlink()
        mv2.open(memory_file, mode, embedder="none").close()


class TestEmptyAndMissing:
    @pytest.mark.parametrize("mode", ["r", "r+"])
    def test_missing(self, tmp_path: Path, mode: str) -> None:
        _refused(tmp_path / "none.mv2", mode, MemoryNotFoundError)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("mode", ["a", "x", "w"])
    def test_a_missing_directory(self, tmp_path: Path, mode: str) -> None:
        with pytest.raises(mv2.Error):
            mv2.open(tmp_path / "none" / "m.mv2", mode, embedder="none")

    def test_an_empty_file_becomes_a_memory(self, tmp_path: Path) -> None:
        """What ``mkstemp`` and ``touch`` leave: nobody's data is at stake."""
        path = tmp_path / "m.mv2"
        path.touch()
        _refused(path, "r", NotAMemoryError)
        with mv2.open(path, "a", embedder="none") as memory:
            memory.put("first")
        with mv2.open(path, "r", embedder="none") as memory:
            assert memory.text(0) == "first"
        assert os.listdir(tmp_path) == [path.name]

    def test_x_refuses_whatever_is_there(self, tmp_path: Path, memory_file: Path) -> None:
        _refused(memory_file, "x", MemoryExistsError)
        (tmp_path / "empty").touch()
        _refused(tmp_path / "empty", "x", MemoryExistsError)

    def test_an_unknown_mode(self, tmp_path: Path) -> None:
        with pytest.raises(mv2.errors.InvalidArgumentError):
            mv2.open(tmp_path / "m.mv2", "rw", embedder="none")  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []


class TestSymbolicLinks:
    @pytest.mark.parametrize("mode", MODES)
    def test_to_a_memory(self, tmp_path: Path, memory_file: Path, mode: str) -> None:
        """The link stays a link, also when compaction renames a new file into place."""
        place = tmp_path / "elsewhere"
        place.mkdir()
        link = place / "link.mv2"
        link.symlink_to(memory_file)
        with mv2.open(link, mode, embedder="none") as memory:
            assert memory.text("mv2://one") == "hello world"
            if mode != "r":
                memory.delete("mv2://one")
                memory.vacuum()
                memory.put("after")
        assert link.is_symlink()
        assert os.listdir(place) == ["link.mv2"]
        with mv2.open(memory_file, "r", embedder="none") as memory:
            assert (memory.find("after").total == 1) == (mode != "r")

    def test_dangling(self, tmp_path: Path) -> None:
        link = tmp_path / "link.mv2"
        link.symlink_to(tmp_path / "target.mv2")
        with pytest.raises(MemoryNotFoundError):
            mv2.open(link, "r", embedder="none")
        with mv2.open(link, "a", embedder="none") as memory:
            memory.put("through the link")
        assert link.is_symlink()
        assert (tmp_path / "target.mv2").stat().st_size > 4096

    def test_in_a_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        for mode in (*MODES, "x", "w"):
            with pytest.raises(mv2.Error):
                mv2.open(tmp_path / "a", mode, embedder="none").close()


class TestReadOnly:
    @pytest.mark.parametrize("pending", [False, True])
    def test_reading_makes_no_changing_call(self, tmp_path: Path, pending: bool) -> None:
        """Root may write anything, so the calls themselves are watched."""
        path = tmp_path / "m.mv2"
        with mv2.open(path, close="lazy" if pending else "checkpoint", embedder="none") as memory:
            number = memory.put(unique_text(1, 300))
            memory.put(unique_text(2, 4000))
        path.chmod(0o444)
        before, stamp = path.read_bytes(), path.stat().st_mtime_ns
        disk = FaultFileSystem()
        with mv2.open(path, "r", file_system=disk, embedder="none") as memory:
            assert (memory.stats().pending_count > 0) == pending
            observe(memory)
            assert memory.find("uniq000001000").total == 1
            assert memory.verify(deep=True).ok
            memory.refresh()
            with pytest.raises(mv2.errors.ReadOnlyError):
                memory.put("no")
            with pytest.raises(mv2.errors.ReadOnlyError):
                memory.delete(number)
            with pytest.raises(mv2.errors.ReadOnlyError):
                memory.vacuum()
        assert disk.changes() == []
        assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, stamp)
        assert os.listdir(tmp_path) == [path.name]

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
    def test_as_somebody_who_may_not_write(self) -> None:
        """Mode 0444 in a directory that may not be written: reading works, writing says why not."""
        with tempfile.TemporaryDirectory(dir=scratch_directory()) as directory:
            path = os.path.join(directory, "m.mv2")
            with mv2.open(path, embedder="none") as memory:
                memory.put("hello world")
                assert memory.find("hello").total == 1, "everything is imported before the user changes"
            os.chmod(path, 0o444)
            os.chmod(directory, 0o555)
            assert _as_nobody(lambda: _read_only_story(path)) == "hello world, found, PermissionError"


def _read_only_story(path: str) -> str:
    with mv2.open(path, "r", embedder="none") as memory:
        text, total = memory.text(0), memory.find("hello").total
    try:
        mv2.open(path, "r+", embedder="none").close()
    except mv2.errors.StorageError as error:
        refusal = "PermissionError" if error.errno == errno.EACCES else str(error)
    except PermissionError:
        refusal = "PermissionError"
    else:
        refusal = "opened for writing"
    return f"{text}, {'found' if total == 1 else 'not found'}, {refusal}"


def _as_nobody(story: Callable[[], str]) -> str:
    """Run ``story`` in a child process that is nobody, with a temporary directory of its own."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as own:
        os.chmod(own, 0o777)
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                tempfile.tempdir = own
                os.environ["XDG_STATE_HOME"] = own
                answer = story()
            except BaseException as error:  # noqa: BLE001 - told to the parent
                answer = repr(error)
            os.write(writing, answer.encode())
            os._exit(0)
        os.waitpid(child, 0)
    os.close(writing)
    with open(reading, "rb") as stream:
        return stream.read().decode()


@pytest.mark.parametrize("field", [8, 16, 24, 32, 40])
def test_huge_numbers_in_the_header_do_not_reserve_memory(memory_file: Path, field: int) -> None:
    data = bytearray(memory_file.read_bytes())
    for value in (0xFF, 0x7F, 0x10):
        data[field : field + 8] = b"\xff" * 7 + bytes([value])
        data[512:1024] = bytes(512)
        memory_file.write_bytes(data)
        with contextlib.suppress(mv2.Error), quiet(), limited_memory(300):
            mv2.open(memory_file, "r", embedder="none").close()
