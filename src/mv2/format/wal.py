"""Records of the embedded log: 48 bytes of head, then the payload.

The original ignores the u32 at byte 12 of the head. We use it to tell how many
records of a group are still to come, and two flags; zero in all other records.
"""

from __future__ import annotations

from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format import metadata as m
from mv2.format.checksum import digest
from mv2.format.manifests import MAX_SEGMENTS, LexSegment

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

RECORD_HEAD = 48
"""Bytes before the payload of a record."""
SENTINEL = bytes(RECORD_HEAD)
"""Stands behind the last record."""
REMAINING_MASK = (1 << 30) - 1
"""Bits of ``reserved`` that count the records of the group still to come."""
FLAG_GROUP_START = 1 << 31
FLAG_SYNCED = 1 << 30
"""All earlier records were on disk when this one was written."""
OP_INSERT = 0
OP_TOMBSTONE = 1
KIND_FRAME = 0
KIND_LEXICAL_BATCH = 1

_HEAD = Struct("<QII32s")
assert _HEAD.size == RECORD_HEAD
_BATCH = Struct("<IQQ32s")
_START = Struct("<Iq")
_MAX_BYTES = 1 << 32


class RecordHead(NamedTuple):
    """Head of a record: ``length`` of the payload in bytes, ``digest`` its BLAKE3."""

    sequence: int
    length: int
    reserved: int
    digest: bytes

    @property
    def is_sentinel(self) -> bool:
        """Whether this is what stands behind the last record."""
        return self.sequence == 0 and self.length == 0


def encode_record(sequence: int, payload: Buffer, remaining: int = 0) -> bytes:
    """Return head and payload; ``remaining`` is the whole reserved field, flags included."""
    return _HEAD.pack(sequence, len(payload), remaining, digest(payload)) + bytes(payload)


def decode_record_head(buf: Buffer, offset: int = 0) -> RecordHead:
    """Decode the 48 bytes at ``offset``; the sentinel decodes too (``is_sentinel``)."""
    c.check_range(buf, offset, offset + RECORD_HEAD)
    return RecordHead._make(_HEAD.unpack_from(buf, offset))


@dataclass(slots=True)
class FrameEntry:
    """A frame to be made, or a deletion (``op``), as the log carries it.

    Attributes:
        timestamp: UTC seconds.
        payload: bytes in their stored encoding (``canonical_encoding``).
        embedding: little-endian float32 values, 4 bytes each, or None.
        parent_sequence: number of the parent's log record.
        target_frame_id: what a deletion deletes.
        supersedes_frame_id: what this frame is a new version of.
        reuse_payload_from: frame whose payload is kept; ``payload`` is empty then.
        source_sha256: BLAKE3 of the source bytes, despite its name.
    """

    timestamp: int
    kind: str | None = None
    track: str | None = None
    payload: bytes = b""
    embedding: bytes | None = None
    uri: str | None = None
    title: str | None = None
    canonical_encoding: int = 0
    canonical_length: int | None = None
    metadata: m.DocMetadata | None = None
    search_text: str | None = None
    tags: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    extra_metadata: dict[str, str] = field(default_factory=dict)
    content_dates: list[str] = field(default_factory=list)
    chunk_manifest: m.TextChunkManifest | None = None
    role: int = 0
    parent_sequence: int | None = None
    chunk_index: int | None = None
    chunk_count: int | None = None
    op: int = OP_INSERT
    target_frame_id: int | None = None
    supersedes_frame_id: int | None = None
    reuse_payload_from: int | None = None
    source_sha256: bytes | None = None
    source_path: str | None = None
    enrichment_state: int = 0


@dataclass(slots=True)
class LexicalBatch:
    """The complete set of embedded lexical files after a flush."""

    generation: int
    doc_count: int
    digest: bytes
    segments: list[LexSegment] = field(default_factory=list)


def encode_frame_entry(entry: FrameEntry) -> bytes:
    """Return the payload of a record. LimitError if a list is longer than any reader accepts."""
    e = entry
    text = c.put_optional_text
    c.check_lists(e.tags, e.labels, e.content_dates, e.extra_metadata)
    if e.embedding is None:
        embedding = c.NONE
    else:
        if len(e.embedding) % 4:
            raise ValueError("an embedding is 4 bytes for each value")
        embedding = b"\1" + c.U64.pack(len(e.embedding) // 4) + e.embedding
    return b"".join(
        (
            _START.pack(KIND_FRAME, e.timestamp),
            text(e.kind),
            text(e.track),
            c.U64.pack(len(e.payload)),
            e.payload,
            embedding,
            text(e.uri),
            text(e.title),
            c.U32.pack(e.canonical_encoding),
            c.put_optional_u64(e.canonical_length),
            c.put_optional(e.metadata, m.encode_metadata),
            text(e.search_text),
            c.put_texts(e.tags),
            c.put_texts(e.labels),
            c.put_pairs(e.extra_metadata),
            c.put_texts(e.content_dates),
            c.put_optional(e.chunk_manifest, m.encode_chunk_manifest),
            _encode_links(e),
            text(e.source_path),
            c.U32.pack(e.enrichment_state),
        )
    )


def _encode_links(e: FrameEntry) -> bytes:
    """Return the fields from the role to the source checksum."""
    return b"".join(
        (
            c.U32.pack(e.role),
            c.put_optional_u64(e.parent_sequence),
            c.put_optional_u32(e.chunk_index),
            c.put_optional_u32(e.chunk_count),
            c.U32.pack(e.op),
            c.put_optional_u64(e.target_frame_id),
            c.put_optional_u64(e.supersedes_frame_id),
            c.put_optional_u64(e.reuse_payload_from),
            c.NONE if e.source_sha256 is None else b"\1" + e.source_sha256,
        )
    )


def encode_lexical_batch(batch: LexicalBatch) -> bytes:
    """Return the payload of a record."""
    head = _BATCH.pack(KIND_LEXICAL_BATCH, batch.generation, batch.doc_count, batch.digest)
    return head + c.put_list(batch.segments, LexSegment.encode)


def decode_wal_payload(buf: Buffer, start: int = 0, end: int | None = None) -> FrameEntry | LexicalBatch:
    """Decode the payload that is exactly ``buf[start:end]``.

    Payloads of old files lack the leading kind; they are tried last.
    """
    if end is None:
        end = len(buf)
    try:
        reader = c.Reader(buf, start, end)
        if reader.variant(2) == KIND_LEXICAL_BATCH:
            return _decode_batch(reader)
        return _decode_entry(buf, reader.position, end)
    except FormatError as error:
        try:
            return _decode_entry(buf, start, end)
        except FormatError:
            raise error from None


def _decode_batch(reader: c.Reader) -> LexicalBatch:
    batch = LexicalBatch(reader.u64(), reader.u64(), reader.hash32())
    batch.segments = reader.sequence(lambda: LexSegment.decode(reader), LexSegment.SMALLEST, MAX_SEGMENTS)
    reader.finish()
    return batch


def _decode_entry(buf: Buffer, start: int, end: int) -> FrameEntry:
    reader = c.Reader(buf, start, end)
    try:
        return _decode_fields(reader)
    except UnicodeDecodeError:
        raise FormatError("string is not UTF-8", offset=reader.position) from None
    except c.DECODE_ERRORS as error:
        raise FormatError(f"log entry does not decode: {error}", offset=reader.position) from None


def _decode_fields(r: c.Reader) -> FrameEntry:
    buf, end = r.buffer, r.end

    def text() -> str | None:
        value, r.position = c.optional_text_at(buf, r.position, end)
        return value

    def texts() -> list[str]:
        value, r.position = c.texts_at(buf, r.position, end)
        return value

    def pairs() -> dict[str, str]:
        value, r.position = c.pairs_at(buf, r.position, end)
        return value

    entry = FrameEntry(
        timestamp=r.i64(),
        kind=text(),
        track=text(),
        payload=r.bytes_(_MAX_BYTES),
        embedding=r.option(lambda: r.raw(4 * r.count(4, _MAX_BYTES))),
        uri=text(),
        title=text(),
        canonical_encoding=r.u32(),
        canonical_length=r.option(r.u64),
        metadata=r.option(lambda: m.decode_metadata(r)),
        search_text=text(),
        tags=texts(),
        labels=texts(),
        extra_metadata=pairs(),
        content_dates=texts(),
        chunk_manifest=r.option(lambda: m.decode_chunk_manifest(r)),
        role=r.variant(3),
        parent_sequence=r.option(r.u64),
        chunk_index=r.option(r.u32),
        chunk_count=r.option(r.u32),
        op=r.variant(2),
        target_frame_id=r.option(r.u64),
        supersedes_frame_id=r.option(r.u64),
        reuse_payload_from=r.option(r.u64),
        source_sha256=r.option(r.hash32),
        source_path=text(),
        enrichment_state=r.variant(2),
    )
    r.finish()
    return entry
