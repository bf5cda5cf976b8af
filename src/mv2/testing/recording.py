"""A file system that does everything for real and writes down what it did.

    record = RecordingFileSystem(directory)
    memory = mv2.open(path, file_system=record)
    ...
    for state in power_cuts(record.record): ...

Only files under the directory given are recorded; other paths pass through.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from mv2.storage.device import Buffer, File, FileIdentity, FileSystem
from mv2.testing.events import (
    DirectorySync,
    Entry,
    Event,
    Note,
    Record,
    Removal,
    Rename,
    Resize,
    Sync,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class RecordingFile(File):
    """A file whose writes, resizes and syncs are recorded under ``number``."""

    def __init__(self, descriptor: int, path: str, owner: RecordingFileSystem, number: int) -> None:
        super().__init__(descriptor, path)
        self._owner = owner
        self._number = number

    def write(self, offset: int, data: Buffer | Sequence[Buffer]) -> None:
        """Record, then write."""
        buffers = [data] if isinstance(data, bytes | bytearray | memoryview) else list(data)
        joined = b"".join(bytes(part) for part in buffers)
        with self._owner._mutex:
            self._owner._append(Write(self._number, offset, joined))
            super().write(offset, joined)

    def sync(self) -> None:
        """Sync, then record."""
        with self._owner._mutex:  # a write of another thread is before or after, never during
            super().sync()
            self._owner._append(Sync(self._number))

    def resize(self, size: int) -> None:
        """Record, then resize."""
        with self._owner._mutex:
            self._owner._append(Resize(self._number, size))
            super().resize(size)


class RecordingFileSystem(FileSystem):
    """The real file system with a record of every change under ``root``.

    What stands in ``root`` when the object is made counts as durable.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.record = Record()
        self._numbers: dict[FileIdentity, int] = {}
        self._next = 0
        self._mutex = threading.RLock()
        for here, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(here, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    self._adopt(path)

    def begin(self, number: int) -> None:
        """Note that the program starts operation ``number``."""
        self._append(Note("begin", number))

    def done(self, number: int) -> None:
        """Note that operation ``number`` was acknowledged to its caller."""
        self._append(Note("done", number))

    def open_file(
        self, path: str, *, writable: bool, create: bool = False, exclusive: bool = False, mode: int = 0o666
    ) -> File:
        """Open; a file that was not there is recorded as a new name."""
        name = self._name(path)
        if name is None:
            return super().open_file(path, writable=writable, create=create, exclusive=exclusive, mode=mode)
        with self._mutex:
            existed = os.path.exists(path)
            plain = super().open_file(path, writable=writable, create=create, exclusive=exclusive, mode=mode)
            identity = plain.identity()
            if not existed:
                self._numbers[identity] = self._take_number()
                self._append(Entry(name, self._numbers[identity]))
            elif identity not in self._numbers:
                self._adopt(path)
            file = RecordingFile(plain.fileno(), path, self, self._numbers[identity])
            plain._descriptor = -1
            return file

    def rename(self, source: str, target: str) -> None:
        """Rename, then record."""
        with self._mutex:
            number = self._number_of(source)
            super().rename(source, target)
            old, new = self._name(source), self._name(target)
            if old is not None and new is not None:
                self._append(Rename(old, new, number))

    def link(self, source: str, target: str) -> None:
        """Link, then record."""
        with self._mutex:
            number = self._number_of(source)
            super().link(source, target)
            name = self._name(target)
            if name is not None:
                self._append(Entry(name, number))

    def unlink(self, path: str) -> None:
        """Remove, then record."""
        with self._mutex:
            existed = os.path.lexists(path)
            super().unlink(path)
            name = self._name(path)
            if existed and name is not None:
                self._append(Removal(name))

    def sync_directory(self, directory: str) -> None:
        """Sync, then record."""
        super().sync_directory(directory)
        name = self._name(directory or ".")
        if name is not None:
            self._append(DirectorySync("" if name == "." else name))

    def _append(self, event: Event) -> None:
        with self._mutex:
            self.record.events.append(event)

    def _take_number(self) -> int:
        self._next += 1
        return self._next

    def _adopt(self, path: str) -> None:
        """Count a file that was there before as durable as it is now."""
        status = self.status(path)
        name = self._name(path)
        assert status is not None
        assert name is not None
        if status.identity not in self._numbers:
            number = self._numbers[status.identity] = self._take_number()
            with open(path, "rb") as stream:
                self.record.contents[number] = stream.read()
        self.record.names[name] = self._numbers[status.identity]

    def _number_of(self, path: str) -> int:
        status = self.status(path)
        return -1 if status is None else self._numbers.get(status.identity, -1)

    def _name(self, path: str) -> str | None:
        """``path`` relative to the root (its last part is not followed), or None outside of it."""
        full = os.path.abspath(path)
        if full != self.root:
            full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
        relative = os.path.relpath(full, self.root)
        return None if relative.startswith("..") else relative
