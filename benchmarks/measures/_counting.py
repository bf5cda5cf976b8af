"""A file system for mv2 that counts what is written and synced."""

from __future__ import annotations

from collections.abc import Sequence

from mv2.storage.device import Buffer, File, FileSystem


class Counts:
    """Totals over all files: calls of write, bytes in them, syncs of files and directories."""

    def __init__(self) -> None:
        self.writes = self.written = self.syncs = 0


class CountingFile(File):
    """A file that counts."""

    def __init__(self, descriptor: int, path: str, counts: Counts) -> None:
        super().__init__(descriptor, path)
        self._counts = counts

    def write(self, offset: int, data: Buffer | Sequence[Buffer]) -> None:
        parts = [data] if isinstance(data, bytes | bytearray | memoryview) else data
        self._counts.writes += 1
        self._counts.written += sum(len(part) for part in parts)
        super().write(offset, data)

    def sync(self) -> None:
        self._counts.syncs += 1
        super().sync()


class CountingFileSystem(FileSystem):
    """The real file system, counted."""

    def __init__(self) -> None:
        self.counts = Counts()

    def _make_file(self, descriptor: int, path: str) -> File:
        return CountingFile(descriptor, path, self.counts)

    def sync_directory(self, directory: str) -> None:
        self.counts.syncs += 1
        super().sync_directory(directory)
