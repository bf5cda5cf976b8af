"""The first 80 bytes of the file (the header block is 4096 bytes, see docs/format.md)."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import EncryptedFileError, FormatError, NotAMemoryError, UnsupportedVersionError

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

HEADER_SIZE = 4096
"""Bytes before the log; the header's own fields take the first 80."""
FIELDS_SIZE = 80
MAGIC = b"MV2\0"
CAPSULE_MAGIC = b"MV2E"
VERSION = 0x0201
SPEC_MAJOR = 2
SPEC_MINOR = 1

_LAYOUT = Struct("<4sHBBQQQQQ32s")
assert _LAYOUT.size == FIELDS_SIZE
_MAX_OFFSET = 1 << 63


@dataclass(slots=True)
class Header:
    """Where the log and the contents are (absolute bytes).

    Attributes:
        footer_offset: start of the contents (despite the name).
        wal_offset, wal_size: the log region.
        wal_checkpoint_pos: write head in the region at the last checkpoint; informational.
        wal_sequence: number of the last checkpointed record; larger ones are pending.
        toc_checksum: copy of the contents' own last 32 bytes.
    """

    footer_offset: int
    wal_offset: int
    wal_size: int
    wal_checkpoint_pos: int
    wal_sequence: int
    toc_checksum: bytes


def encode_header(header: Header) -> bytes:
    """Return the 80 bytes of the fields; the caller fills the block up."""
    return _LAYOUT.pack(
        MAGIC,
        VERSION,
        SPEC_MAJOR,
        SPEC_MINOR,
        header.footer_offset,
        header.wal_offset,
        header.wal_size,
        header.wal_checkpoint_pos,
        header.wal_sequence,
        header.toc_checksum,
    )


def decode_header(buf: Buffer) -> Header:
    """Decode the first 80 bytes of ``buf``.

    Raises:
        EncryptedFileError: an encrypted capsule.
        NotAMemoryError: another kind of file.
        UnsupportedVersionError: a memory of another version.
        FormatError: too short, or offsets that cannot be.
    """
    magic = bytes(buf[:4])
    if magic == CAPSULE_MAGIC:
        raise EncryptedFileError("the file is an encrypted capsule", offset=0, remedy="Decrypt it first.")
    if magic != MAGIC[: len(magic)] or not magic:
        raise NotAMemoryError("the file does not start as a memory does", offset=0)
    if len(buf) < FIELDS_SIZE:
        raise FormatError(f"header is cut off after {len(buf)} of {FIELDS_SIZE} bytes", offset=len(buf))
    _, version, major, minor, *fields = _LAYOUT.unpack_from(buf, 0)
    if version != VERSION or (major, minor) != (SPEC_MAJOR, SPEC_MINOR):
        raise UnsupportedVersionError(
            f"version {version:#06x}, specification {major}.{minor}, is not known", offset=4
        )
    header = Header(*fields)
    if not HEADER_SIZE <= header.wal_offset < _MAX_OFFSET:
        raise FormatError(f"log offset {header.wal_offset} is impossible", offset=16)
    if not 0 < header.wal_size < _MAX_OFFSET - header.wal_offset:
        raise FormatError(f"log size {header.wal_size} is impossible", offset=24)
    if header.footer_offset >= _MAX_OFFSET:
        raise FormatError(f"contents offset {header.footer_offset} is impossible", offset=8)
    return header
