"""Our private commit record: 512 bytes, so that one disk sector holds it.

A copy stands in the header block at byte 512 and one right before each
contents. The original ignores both, and zeroes the first when it commits.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format.checksum import digest

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

RECORD_SIZE = 512
HEADER_POSITION = 512
"""Byte of the file at which the header block's copy starts."""
MAGIC = b"MV2COMMT"
VERSION = 1
NO_DIGEST = bytes(32)
"""Stands where there is nothing to digest."""

_SEALED = RECORD_SIZE - 32
_LAYOUT = Struct("<8sHH16s7Q32sQQ32sQQ32s5Q")
_PADDING = bytes(_SEALED - _LAYOUT.size)


@dataclass(slots=True)
class CommitRecord:
    """What one commit made (absolute offsets and sizes in bytes).

    Attributes:
        file_id: 16 random bytes, the same for the life of the file.
        generation: one more than the largest ever seen in the file; not an identity.
        log_offset, log_size: the log region.
        log_used_end: end of the bytes in the region that may be other than zero, counted from its start.
        checkpoint_sequence: last log record contained in these contents.
        contents_offset, contents_length, contents_digest: the contents; BLAKE3 of all of their bytes.
        previous_offset, previous_length, previous_digest: the contents before, or zeros.
        accelerator_offset, accelerator_length, accelerator_digest: the accelerator block, or zeros.
        data_end: the byte after the footer.
        frame_count: all frames; active_count: neither deleted nor superseded.
        document_count: active frames that are documents.
        payload_bytes: stored bytes of all frames, a shared range counted once.
        flags: u16, none defined yet.
    """

    file_id: bytes
    generation: int
    log_offset: int
    log_size: int
    log_used_end: int
    checkpoint_sequence: int
    contents_offset: int
    contents_length: int
    contents_digest: bytes
    previous_offset: int
    previous_length: int
    previous_digest: bytes
    accelerator_offset: int
    accelerator_length: int
    accelerator_digest: bytes
    data_end: int
    frame_count: int
    active_count: int
    document_count: int
    payload_bytes: int
    flags: int = 0


def encode_commit_record(record: CommitRecord) -> bytes:
    """Return the 512 bytes of the record."""
    r = record
    fields = _LAYOUT.pack(
        MAGIC, VERSION, r.flags, r.file_id,
        r.generation, r.log_offset, r.log_size, r.log_used_end, r.checkpoint_sequence,
        r.contents_offset, r.contents_length, r.contents_digest,
        r.previous_offset, r.previous_length, r.previous_digest,
        r.accelerator_offset, r.accelerator_length, r.accelerator_digest,
        r.data_end, r.frame_count, r.active_count, r.document_count, r.payload_bytes,
    )  # fmt: skip
    sealed = fields + _PADDING
    return sealed + digest(sealed)


def decode_commit_record(buf: Buffer) -> CommitRecord:
    """Decode the first 512 bytes of ``buf``; FormatError unless it is whole and of our version."""
    if len(buf) < RECORD_SIZE:
        raise FormatError(f"commit record is cut off after {len(buf)} bytes", offset=len(buf))
    sealed = bytes(buf[:_SEALED])
    magic, version, flags, *fields = _LAYOUT.unpack_from(sealed, 0)
    if magic != MAGIC:
        raise FormatError("no commit record", offset=0)
    if digest(sealed) != buf[_SEALED:RECORD_SIZE]:
        raise FormatError("commit record fails its checksum", offset=_SEALED)
    if version != VERSION:
        raise FormatError(f"commit record version {version} is not known", offset=8)
    if sealed[_LAYOUT.size :] != _PADDING:
        raise FormatError("commit record is not padded with zeros", offset=_LAYOUT.size)
    return CommitRecord(*(*fields, flags))
