"""Suites to inherit: what every file system, and every memory on it, must hold.

class TestMyDisk(FileSystemContract):
    def make(self, directory): return MyFileSystem(directory)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pytest

from mv2.errors import MemoryExistsError, MemoryNotFoundError, StorageError
from mv2.storage.device import FileSystem
from mv2.testing._random import SEED
from mv2.testing.check import run_cuts, run_repeated_cuts
from mv2.testing.recording import RecordingFileSystem
from mv2.testing.scenarios import SCENARIOS, play

if TYPE_CHECKING:
    from pathlib import Path


class FileSystemContract:
    """What the engine expects of a ``FileSystem``; override ``make``."""

    def make(self, directory: str) -> FileSystem:
        """The file system under test, for files in ``directory``."""
        del directory
        return FileSystem()

    def test_bytes_come_back(self, tmp_path: Path) -> None:
        """Writes name their offset, gaps read as zeros, reads stop at the end."""
        path = str(tmp_path / "f")
        file = self.make(str(tmp_path)).open_file(path, writable=True, create=True)
        file.write(2, b"abc")
        file.write(7, [b"de", memoryview(b"f")])
        assert file.read(0, 100) == b"\0\0abc\0\0def"
        assert file.read(3, 2) == b"bc"
        assert file.read(50, 4) == b""
        assert file.size() == 10
        file.sync()
        file.close()
        assert file.closed

    def test_resize_cuts_and_fills_with_zeros(self, tmp_path: Path) -> None:
        """What was cut off does not come back."""
        file = self.make(str(tmp_path)).open_file(str(tmp_path / "f"), writable=True, create=True)
        file.write(0, b"abcdef")
        file.resize(2)
        file.resize(5)
        assert file.read(0, 10) == b"ab\0\0\0"
        file.close()

    def test_names(self, tmp_path: Path) -> None:
        """Rename replaces, link refuses, unlink forgives, a file keeps its identity."""
        disk = self.make(str(tmp_path))
        one, two, three = (str(tmp_path / name) for name in ("one", "two", "three"))
        for path in (one, two):
            file = disk.open_file(path, writable=True, create=True, exclusive=True)
            file.write(0, path.encode())
            file.close()
        first = disk.status(one)
        assert first is not None
        disk.rename(one, two)
        renamed = disk.status(two)
        assert renamed is not None
        assert renamed.identity == first.identity
        assert disk.status(one) is None
        disk.link(two, three)
        with pytest.raises(MemoryExistsError):
            disk.link(two, three)
        assert sorted(disk.names(str(tmp_path))) == ["three", "two"]
        disk.unlink(three)
        disk.unlink(three)
        disk.sync_directory(str(tmp_path))
        assert disk.names(str(tmp_path)) == ["two"]

    def test_refusals_are_typed(self, tmp_path: Path) -> None:
        """Missing, present and impossible files raise mv2's own errors."""
        disk = self.make(str(tmp_path))
        path = str(tmp_path / "f")
        with pytest.raises(MemoryNotFoundError):
            disk.open_file(path, writable=False)
        disk.open_file(path, writable=True, create=True).close()
        with pytest.raises(MemoryExistsError):
            disk.open_file(path, writable=True, create=True, exclusive=True)
        with pytest.raises(StorageError):
            disk.rename(str(tmp_path / "none"), path)
        file = disk.open_file(path, writable=False)
        with pytest.raises(StorageError):
            file.write(0, b"x")
        file.close()


class CrashContract:
    """No power cut loses anything acknowledged, or leaves anything half there.

    Attributes:
        states: about how many states to try in all (short stories have fewer than their
            share); ``MV2_CRASH_STATES`` overrides it.
        seed: decides which ones.
    """

    states: ClassVar[int] = int(os.environ.get("MV2_CRASH_STATES", "500"))
    seed: ClassVar[int] = SEED

    def make(self, directory: str) -> RecordingFileSystem:
        """The recording file system to play on."""
        return RecordingFileSystem(directory)

    @pytest.mark.parametrize("scenario", list(SCENARIOS))
    def test_power_cut(self, scenario: str) -> None:
        """Power goes once."""
        story = play(scenario, self.make)
        outcome = run_cuts(story, limit=max(4, self.states // 8), seed=self.seed)
        assert outcome.states >= 4
        assert not outcome.failures, str(outcome)

    @pytest.mark.parametrize("scenario", ["wraps", "compaction", "changes", "chunked"])
    def test_power_cut_while_recovering(self, scenario: str) -> None:
        """Power goes again while the memory is opened for the first time."""
        story = play(scenario, self.make)
        outcome = run_repeated_cuts(story, limit=max(4, self.states // 20), seed=self.seed)
        assert outcome.states >= 4
        assert not outcome.failures, str(outcome)
