"""Sequential writing at the end of a file, in large steps."""

from __future__ import annotations

from mv2.errors import ChecksumError
from mv2.format.checksum import digest
from mv2.storage.device import Buffer, File

_FLUSH_BYTES = 4 << 20
ALIGNMENT = 8


def aligned(position: int) -> int:
    """The next multiple of eight, so that numbers in segments can be mapped."""
    return (position + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


class Appender:
    """Collects buffers and writes them one behind the other from ``start`` on.

    Attributes:
        position: file offset the next buffer gets.
    """

    def __init__(self, file: File, start: int) -> None:
        self._file = file
        self._flushed = start
        self._buffers: list[Buffer] = []
        self._waiting = 0
        self.position = start

    def append(self, data: Buffer) -> int:
        """Add bytes; returns the offset they get. The buffer must not change afterwards."""
        offset = self.position
        if data:
            self._buffers.append(data)
            self._waiting += len(data)
            self.position += len(data)
            if self._waiting >= _FLUSH_BYTES or len(self._buffers) >= 1000:
                self.flush()
        return offset

    def append_zeros(self, count: int) -> None:
        """Leave ``count`` bytes unwritten; behind the end of the file they read as zeros."""
        self.flush()
        self._flushed += count
        self.position += count

    def align(self) -> int:
        """Pad to a multiple of eight; returns the new position."""
        padding = aligned(self.position) - self.position
        if padding:
            self.append(bytes(padding))
        return self.position

    def read_back(self, offset: int, length: int, wanted: bytes) -> bytes:
        """Bytes of the file, those written through here included.

        Raises:
            ChecksumError: they do not match the digest ``wanted``.
        """
        self.flush()
        data = self._file.read(offset, length)
        if len(data) != length or digest(data) != wanted:
            raise ChecksumError("a segment is damaged", path=self._file.path, offset=offset)
        return data

    def flush(self) -> None:
        """Hand everything collected to the file."""
        if self._buffers:
            buffers, self._buffers = self._buffers, []
            self._file.write(self._flushed, buffers)
            self._flushed += self._waiting
            self._waiting = 0
