"""The contents (table of contents): version, segments, all frames, then the tail.

``decode_contents_head``, ``scan_frames`` and ``decode_contents_tail`` follow
one another over one buffer. Between head and tail frames can be copied as
bytes, so a writer never decodes what did not change.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mv2._record import dataclass
from mv2.errors import ChecksumError, FormatError
from mv2.format import _codec as c
from mv2.format.catalogue import SegmentCatalogue
from mv2.format.checksum import hasher
from mv2.format.frame import MAX_FRAMES, MIN_FRAME_SIZE, FrameColumns, scan_frames
from mv2.format.manifests import (
    MAX_SEGMENTS,
    EnrichmentQueue,
    IndexManifests,
    MemoriesManifest,
    MemoryBinding,
    MeshManifest,
    ReplayManifest,
    SegmentMeta,
    SketchManifest,
    TemporalManifest,
    TicketRef,
    TimeIndexManifest,
)

if TYPE_CHECKING:
    from blake3 import blake3

    from mv2.format._codec import Buffer

CHECKSUM_SIZE = 32
MAX_CONTENTS_SIZE = 512 << 20
MAX_VERSION = 32
_ZEROS = bytes(CHECKSUM_SIZE)

Layout = Literal["current", "v2", "v1"]
VecDialect = Literal["model", "plain"]


class ContentsHead(NamedTuple):
    """What stands before the frames; ``frames_start`` is an offset in the contents."""

    version: int
    segments: list[SegmentMeta]
    frame_count: int
    frames_start: int


@dataclass(slots=True)
class ContentsTail:
    """What stands behind the frames.

    Attributes:
        merkle_root: zeros; never computed nor checked by anyone.
        contents_checksum: the last 32 bytes; not written by ``encode_contents_tail``.
        layout: which of the three known layouts was read.
        vec_dialect: whether a vector manifest ends with its model; "model" if there is none.
    """

    indexes: IndexManifests = field(default_factory=IndexManifests)
    time_index: TimeIndexManifest | None = None
    temporal_track: TemporalManifest | None = None
    memories_track: MemoriesManifest | None = None
    logic_mesh: MeshManifest | None = None
    sketch_track: SketchManifest | None = None
    catalogue: SegmentCatalogue = field(default_factory=SegmentCatalogue)
    ticket: TicketRef = field(default_factory=TicketRef)
    memory_binding: MemoryBinding | None = None
    replay_manifest: ReplayManifest | None = None
    enrichment_queue: EnrichmentQueue = field(default_factory=EnrichmentQueue)
    merkle_root: bytes = _ZEROS
    contents_checksum: bytes = _ZEROS
    layout: Layout = "current"
    vec_dialect: VecDialect = "model"


def fresh_tail() -> ContentsTail:
    """Return the tail of a new file."""
    return ContentsTail()


def decode_contents_head(buf: Buffer, limit: int | None = None) -> ContentsHead:
    """Decode what stands before the frames in ``buf[:limit]``.

    The frame count is checked against ``limit``, so ``buf`` may hold only the
    start of the contents as long as ``limit`` is not larger than ``len(buf)``;
    counts are then checked against what is there.
    """
    reader = c.Reader(buf, 0, len(buf) if limit is None else limit)
    version = reader.u64()
    if version > MAX_VERSION:
        raise FormatError(f"contents version {version} is not known", offset=0)
    segments = reader.sequence(lambda: SegmentMeta.decode(reader), SegmentMeta.LAYOUT.size, MAX_SEGMENTS)
    count = reader.count(MIN_FRAME_SIZE, MAX_FRAMES)
    return ContentsHead(version, segments, count, reader.position)


def encode_contents_head(version: int, segments: list[SegmentMeta], frame_count: int) -> bytes:
    """Return the bytes that stand before the frames."""
    return b"".join((c.U64.pack(version), c.put_list(segments, SegmentMeta.encode), c.U64.pack(frame_count)))


# The order tried: most files first. In every layout the manifest of vectors may have a model or not.
_LAYOUTS: tuple[tuple[Layout, VecDialect], ...] = (
    ("current", "model"),
    ("current", "plain"),
    ("v2", "model"),
    ("v2", "plain"),
    ("v1", "model"),
    ("v1", "plain"),
)


def decode_contents_tail(buf: Buffer, start: int, end: int) -> ContentsTail:
    """Decode ``buf[start:end]``: everything from behind the last frame to the last byte.

    Nothing in the file says which layout it has, so each is tried, and only one
    that ends exactly at ``end`` is accepted.
    """
    c.check_range(buf, start, end)
    first: FormatError | None = None
    for layout, dialect in _LAYOUTS:
        reader = c.Reader(buf, start, end)
        try:
            tail = _decode_tail(reader, layout, dialect)
            reader.finish()
        except FormatError as error:
            first = first or error
        else:
            return tail
    assert first is not None
    raise first


def _decode_tail(r: c.Reader, layout: Layout, dialect: VecDialect) -> ContentsTail:
    tail = ContentsTail(layout=layout)
    tail.indexes = IndexManifests.decode(r, dialect == "model")
    if tail.indexes.vec is not None:
        tail.vec_dialect = dialect
    tail.time_index = r.option(lambda: TimeIndexManifest.decode(r))
    tail.temporal_track = r.option(lambda: TemporalManifest.decode(r))
    if layout != "v1":
        tail.memories_track = r.option(lambda: MemoriesManifest.decode(r))
        tail.logic_mesh = r.option(lambda: MeshManifest.decode(r))
    if layout == "current":
        tail.sketch_track = r.option(lambda: SketchManifest.decode(r))
    tail.catalogue = SegmentCatalogue.decode(r)
    tail.ticket = TicketRef.decode(r)
    tail.memory_binding = r.option(lambda: MemoryBinding.decode(r))
    if layout == "current":
        tail.replay_manifest = r.option(lambda: ReplayManifest.decode(r))
        tail.enrichment_queue = EnrichmentQueue.decode(r)
    tail.merkle_root = r.hash32()
    tail.contents_checksum = r.hash32()
    return tail


def encode_contents_tail(tail: ContentsTail) -> bytes:
    """Return the tail without its last 32 bytes, the contents' checksum.

    The layout is always the current one; a vector manifest keeps its dialect.
    """
    return b"".join(
        (
            tail.indexes.encode(tail.vec_dialect == "model"),
            c.put_optional(tail.time_index, TimeIndexManifest.encode),
            c.put_optional(tail.temporal_track, TemporalManifest.encode),
            c.put_optional(tail.memories_track, MemoriesManifest.encode),
            c.put_optional(tail.logic_mesh, MeshManifest.encode),
            c.put_optional(tail.sketch_track, SketchManifest.encode),
            tail.catalogue.encode(),
            tail.ticket.encode(),
            c.put_optional(tail.memory_binding, MemoryBinding.encode),
            c.put_optional(tail.replay_manifest, ReplayManifest.encode),
            tail.enrichment_queue.encode(),
            tail.merkle_root,
        )
    )


def contents_checksum(everything_before: blake3) -> bytes:
    """Return the contents' last 32 bytes: BLAKE3 of all bytes before them and 32 zero bytes.

    ``everything_before`` is a hash of the contents without those 32 bytes; it is not changed.
    """
    state = everything_before.copy()
    state.update(_ZEROS)
    return state.digest()


def verify_contents_checksum(buf: Buffer) -> bool:
    """Whether the last 32 bytes of the whole contents are their checksum."""
    if len(buf) < CHECKSUM_SIZE:
        return False
    view = memoryview(buf)
    state = hasher()
    state.update(view[:-CHECKSUM_SIZE])
    return contents_checksum(state) == view[-CHECKSUM_SIZE:]


def decode_contents(buf: Buffer) -> tuple[ContentsHead, FrameColumns, ContentsTail]:
    """Decode the whole contents.

    Raises:
        FormatError: larger than 512 MiB, or not decodable.
        ChecksumError: the contents' own checksum is wrong.
    """
    if len(buf) > MAX_CONTENTS_SIZE:
        raise FormatError(f"contents of {len(buf)} bytes are too large", offset=MAX_CONTENTS_SIZE)
    if not verify_contents_checksum(buf):
        raise ChecksumError("the contents fail their checksum", offset=max(len(buf) - CHECKSUM_SIZE, 0))
    head = decode_contents_head(buf)
    columns = scan_frames(buf, head.frames_start, head.frame_count, len(buf))
    return head, columns, decode_contents_tail(buf, columns.end, len(buf))
