"""Power cuts.

A memory is worth nothing if the note of an hour ago is gone after a dead
battery. Everything that writes is played on a recording file system; then every
state that a power cut could have left, before each sync and after each
acknowledgement, is opened and compared with what had been promised by then.

``MV2_CRASH_STATES=5000`` tries more states than the default run.
"""

from __future__ import annotations

from mv2.testing.contracts import CrashContract, FileSystemContract
from mv2.testing.recording import RecordingFileSystem


class TestPowerCuts(CrashContract):
    """The engine as it is shipped."""


class TestRecordingFileSystem(FileSystemContract):
    """The recording disk is a disk."""

    def make(self, directory: str) -> RecordingFileSystem:
        return RecordingFileSystem(directory)


class TestRealFileSystem(FileSystemContract):
    """The disk the engine uses by default."""
