"""Frames: one stored version of a document, or one chunk of it (30 fields).

Frames stand one behind another in the contents, without an index, so their
boundaries are found by walking them. ``scan_frames`` does that for all of
them and keeps the columns that filters and listings need; ``decode_frame``
makes one whole record. Both are written for speed: adjacent fixed fields are
read at once, and the strings are sliced in place.
"""

from __future__ import annotations

from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format import metadata as m
from mv2.format._frame_scan import (
    MAX_FRAMES,
    MIN_FRAME_SIZE,
    NEVER,
    NO_URI,
    FrameColumns,
    scan_frames,
    skip_frame,
    status_offset,
)

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

__all__ = [
    "MAX_FRAMES",
    "MIN_FRAME_SIZE",
    "NEVER",
    "NO_URI",
    "FrameColumns",
    "FrameRecord",
    "decode_frame",
    "encode_frame",
    "scan_frames",
    "skip_frame",
    "status_offset",
]

STATUS_ACTIVE = 0
STATUS_SUPERSEDED = 1
STATUS_DELETED = 2
ROLE_DOCUMENT = 0
ROLE_CHUNK = 1
ROLE_IMAGE = 2
ENCODING_PLAIN = 0
ENCODING_ZSTD = 1
ANCHOR_EXPLICIT = 0
ANCHOR_TIMESTAMP = 1
ANCHOR_METADATA = 2
ANCHOR_CLOCK = 3
"""``anchor_ts`` is the moment the frame was put."""
ENRICHMENT_SEARCHABLE = 0
ENRICHMENT_DONE = 1

_START = Struct("<Qq")
_START_ANCHORED = Struct("<QqBqBI")
_PLACE = Struct("<QQ32s")
_PLAIN_TAIL = Struct("<IBBBIBBB")
_ENCODING_SIZED = Struct("<IBQ")

_start = _START.unpack_from
_start_anchored = _START_ANCHORED.unpack_from
_place = _PLACE.unpack_from
_plain_tail = _PLAIN_TAIL.unpack_from
_encoding_sized = _ENCODING_SIZED.unpack_from
_u32 = c.U32.unpack_from
_pack_u32 = c.U32.pack
# The bytes of no labels, no extra metadata, no dates and no chunk manifest.
_NOTHING_MORE = bytes(25)
_TEXT_SIZE = len(m.PLAIN_TEXT)


@dataclass(slots=True)
class FrameRecord:
    """A frame as it stands in the contents.

    Attributes:
        id: index of the frame in the contents.
        timestamp, anchor_ts: UTC seconds; anchor_source is one of ANCHOR_*.
        payload_offset, payload_length: absolute place of the stored bytes.
        checksum: BLAKE3 of the stored bytes.
        canonical_encoding: ENCODING_*; other numbers mean plain.
        canonical_length: length of the decoded payload in bytes.
        source_sha256: BLAKE3 of the source bytes, despite its name.
        extra_metadata: written sorted by key.
    """

    id: int
    timestamp: int
    anchor_ts: int | None = None
    anchor_source: int | None = None
    kind: str | None = None
    track: str | None = None
    payload_offset: int = 0
    payload_length: int = 0
    checksum: bytes = bytes(32)
    uri: str | None = None
    title: str | None = None
    canonical_encoding: int = ENCODING_PLAIN
    canonical_length: int | None = None
    metadata: m.DocMetadata | None = None
    search_text: str | None = None
    tags: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    extra_metadata: dict[str, str] = field(default_factory=dict)
    content_dates: list[str] = field(default_factory=list)
    chunk_manifest: m.TextChunkManifest | None = None
    role: int = ROLE_DOCUMENT
    parent_id: int | None = None
    chunk_index: int | None = None
    chunk_count: int | None = None
    status: int = STATUS_ACTIVE
    supersedes: int | None = None
    superseded_by: int | None = None
    source_sha256: bytes | None = None
    source_path: str | None = None
    enrichment_state: int = ENRICHMENT_SEARCHABLE


def encode_frame(record: FrameRecord) -> bytes:
    """Return the frame's bytes. LimitError if a list is longer than any reader accepts."""
    r = record
    text = c.put_optional_text
    u64 = c.put_optional_u64
    u32 = c.put_optional_u32
    c.check_lists(r.tags, r.labels, r.content_dates, r.extra_metadata)
    if r.anchor_ts is not None and r.anchor_source is not None:
        start = _START_ANCHORED.pack(r.id, r.timestamp, 1, r.anchor_ts, 1, r.anchor_source)
    else:
        start = _START.pack(r.id, r.timestamp) + c.put_optional_i64(r.anchor_ts) + u32(r.anchor_source)
    if r.labels or r.extra_metadata or r.content_dates or r.chunk_manifest is not None:
        more = b"".join(
            (
                c.put_texts(r.labels),
                c.put_pairs(r.extra_metadata),
                c.put_texts(r.content_dates),
                c.put_optional(r.chunk_manifest, m.encode_chunk_manifest),
            )
        )
    else:
        more = _NOTHING_MORE
    return b"".join(
        (
            start,
            text(r.kind),
            text(r.track),
            _PLACE.pack(r.payload_offset, r.payload_length, r.checksum),
            text(r.uri),
            text(r.title),
            _pack_u32(r.canonical_encoding),
            u64(r.canonical_length),
            c.NONE if r.metadata is None else b"\1" + m.encode_metadata(r.metadata),
            text(r.search_text),
            c.put_texts(r.tags),
            more,
            _encode_tail(r),
        )
    )


def _encode_tail(r: FrameRecord) -> bytes:
    """Return the fields from the role on."""
    if r.parent_id is r.chunk_index is r.chunk_count is r.supersedes is r.superseded_by is None:
        links = _PLAIN_TAIL.pack(r.role, 0, 0, 0, r.status, 0, 0, r.source_sha256 is not None)
    else:
        links = b"".join(
            (
                _pack_u32(r.role),
                c.put_optional_u64(r.parent_id),
                c.put_optional_u32(r.chunk_index),
                c.put_optional_u32(r.chunk_count),
                _pack_u32(r.status),
                c.put_optional_u64(r.supersedes),
                c.put_optional_u64(r.superseded_by),
                c.NONE if r.source_sha256 is None else b"\1",
            )
        )
    path = c.put_optional_text(r.source_path)
    return b"".join((links, r.source_sha256 or b"", path, _pack_u32(r.enrichment_state)))


def decode_frame(buf: Buffer, start: int, end: int) -> FrameRecord:
    """Decode the frame that is exactly ``buf[start:end]``."""
    c.check_range(buf, start, end)
    try:
        record, position = _decode(buf, start, end)
    except c.DECODE_ERRORS as error:
        raise FormatError(f"frame does not decode: {error}", offset=start) from None
    if position != end:
        raise FormatError(f"frame ends at {position}, not at {end}", offset=position)
    return record


def _decode(buf: Buffer, p: int, end: int) -> tuple[FrameRecord, int]:
    # Positions only grow, so the final comparison with ``end`` covers the fixed fields too.
    text_at = c.optional_text_at
    ident, timestamp, anchor, source, p = _anchors_at(buf, p, end)
    kind, p = text_at(buf, p, end)
    track, p = text_at(buf, p, end)
    offset, length, checksum = _place(buf, p)
    uri, p = text_at(buf, p + 48, end)
    title, p = text_at(buf, p, end)
    encoding, tag, canonical = _encoding_sized(buf, p)
    if tag == 1:
        p += 13
    elif tag == 0:
        canonical = None
        p += 5
    else:
        raise FormatError(f"option tag {tag} is neither 0 nor 1", offset=p + 4)
    meta = None
    if buf[p : p + _TEXT_SIZE] == m.PLAIN_TEXT:
        meta = m.plain_text()
        p += _TEXT_SIZE
    elif buf[p]:
        reader = c.Reader(buf, p, end)
        meta = reader.option(lambda: m.decode_metadata(reader))
        p = reader.position
    else:
        p += 1
    search_text, p = text_at(buf, p, end)
    tags, p = c.texts_at(buf, p, end)
    if buf[p : p + 25] == _NOTHING_MORE:
        labels: list[str] = []
        extra: dict[str, str] = {}
        dates: list[str] = []
        manifest = None
        p += 25
    else:
        labels, p = c.texts_at(buf, p, end)
        extra, p = c.pairs_at(buf, p, end)
        dates, p = c.texts_at(buf, p, end)
        reader = c.Reader(buf, p, end)
        manifest = reader.option(lambda: m.decode_chunk_manifest(reader))
        p = reader.position
    role, parent, index, count, status, supersedes, superseded_by, p = _links_at(buf, p, end)
    sha = None
    if buf[p]:
        sha = bytes(buf[p + 1 : p + 33])
        p += 33
    else:
        p += 1
    path, p = text_at(buf, p, end)
    (enrichment,) = _u32(buf, p)
    if enrichment > ENRICHMENT_DONE:
        raise FormatError(f"enrichment state {enrichment} does not exist", offset=p)
    return FrameRecord(
        ident, timestamp, anchor, source, kind, track, offset, length, checksum, uri, title, encoding,
        canonical, meta, search_text, tags, labels, extra, dates, manifest, role, parent, index, count,
        status, supersedes, superseded_by, sha, path, enrichment,
    ), p + 4  # fmt: skip


def _anchors_at(buf: Buffer, p: int, end: int) -> tuple[int, int, int | None, int | None, int]:
    """Return id, timestamp, anchor_ts, anchor_source and the position behind them."""
    if buf[p + 16] == 1 and buf[p + 25] == 1:
        ident, timestamp, _, anchor, _, source = _start_anchored(buf, p)
        if source > ANCHOR_CLOCK:
            raise FormatError(f"anchor source {source} does not exist", offset=p + 26)
        return ident, timestamp, anchor, source, p + 30
    ident, timestamp = _start(buf, p)
    reader = c.Reader(buf, p + 16, end)
    anchor = reader.option(reader.i64)
    source = reader.option(lambda: reader.variant(4))
    return ident, timestamp, anchor, source, reader.position


_Links = tuple[int, int | None, int | None, int | None, int, int | None, int | None, int]


def _links_at(buf: Buffer, p: int, end: int) -> _Links:
    """Return role … superseded_by and the position of the source checksum's option tag."""
    role, a, b, d, status, e, f, g = _plain_tail(buf, p)
    if not (a or b or d or e or f) and g < 2 and role < 3 and status < 3:
        return role, None, None, None, status, None, None, p + 13
    reader = c.Reader(buf, p, end)
    role = reader.variant(3)
    parent = reader.option(reader.u64)
    index = reader.option(reader.u32)
    count = reader.option(reader.u32)
    status = reader.variant(3)
    supersedes = reader.option(reader.u64)
    superseded_by = reader.option(reader.u64)
    position = reader.position
    reader.bool_()
    return role, parent, index, count, status, supersedes, superseded_by, position
