"""Disks that forget: recording file systems on which some syncs do not count.

The engine on top believes every sync it makes; the record says otherwise, so
the power cuts rebuilt from it are those of an engine that leaves the sync out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.testing.events import DirectorySync, Event, Note, Removal, Rename, Sync, Write
from mv2.testing.recording import RecordingFileSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEADER = 4096


class ForgetfulFileSystem(RecordingFileSystem):
    """Drops the events for which ``forgets`` says so, given what happened before."""

    def __init__(self, root: str, forgets: Callable[[Sequence[Event], Event], bool]) -> None:
        super().__init__(root)
        self._forgets = forgets

    def _append(self, event: Event) -> None:
        with self._mutex:
            if not self._forgets(self.record.events, event):
                super()._append(event)


class LateFileSystem(RecordingFileSystem):
    """A sync counts only once the next operation begins: acknowledgements come too early."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._late: list[Sync] = []

    def _append(self, event: Event) -> None:
        with self._mutex:
            if isinstance(event, Sync):
                self._late.append(event)
                return
            if not isinstance(event, Note) or event.kind == "begin":
                late, self._late = self._late, []
                for sync in late:
                    super()._append(sync)
            super()._append(event)


def _last_write(events: Sequence[Event], file: int) -> Write | None:
    for event in reversed(events):
        if isinstance(event, Write) and event.file == file:
            return event
    return None


def log_syncs(events: Sequence[Event], event: Event) -> bool:
    """Syncs that follow an append to the log (of 64 KiB) and nothing else."""
    if not isinstance(event, Sync):
        return False
    last = _last_write(events, event.file)
    return last is not None and HEADER <= last.offset < HEADER + (64 << 10)


def header_syncs(events: Sequence[Event], event: Event) -> bool:
    """Syncs that follow the writing of a header."""
    if not isinstance(event, Sync):
        return False
    last = _last_write(events, event.file)
    return last is not None and last.offset == 0


def data_syncs(events: Sequence[Event], event: Event) -> bool:
    """Syncs that follow writes behind the log."""
    if not isinstance(event, Sync):
        return False
    last = _last_write(events, event.file)
    return last is not None and last.offset >= HEADER + (64 << 10)


def directory_syncs(events: Sequence[Event], event: Event) -> bool:
    """All syncs of a directory."""
    del events
    return isinstance(event, DirectorySync)


def directory_syncs_after_renames(events: Sequence[Event], event: Event) -> bool:
    """Syncs of a directory that make a rename durable."""
    names = [earlier for earlier in events if isinstance(earlier, Rename | Removal | DirectorySync)]
    return isinstance(event, DirectorySync) and any(isinstance(name, Rename) for name in names[-2:])


def file_syncs(events: Sequence[Event], event: Event) -> bool:
    """All syncs of files."""
    del events
    return isinstance(event, Sync)
