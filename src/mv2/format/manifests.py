"""Manifests: where indexes and tracks are (absolute bytes) and their digests.

Every manifest's ``digest`` is BLAKE3 of its range unless said otherwise. A
range is never to be trusted before its digest was compared: the original
leaves stale ones behind.
"""

from __future__ import annotations

from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING, ClassVar

from mv2._record import dataclass
from mv2.format import _codec as c

if TYPE_CHECKING:
    from typing import Self

EMPTY_MANIFEST_DIGEST = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""Digest of a placeholder of length 0: the index is enabled but empty."""
COMPRESSION_NONE = 0
COMPRESSION_PQ96 = 1
MAX_SEGMENTS = 1_000_000
MAX_TASKS = 1_000_000
MAX_TEXT = 1 << 20
DEFAULT_CAPACITY = 52_428_800
"""Bytes; the only capacity the original accepts without a vendor key."""


class Fixed:
    """A record of fixed width: LAYOUT gives its fields in the order they are declared."""

    __slots__ = ()
    LAYOUT: ClassVar[Struct]

    def encode(self) -> bytes:
        """Return the bytes."""
        names: tuple[str, ...] = self.__slots__
        return self.LAYOUT.pack(*[getattr(self, name) for name in names])

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        return cls(*reader.unpack(cls.LAYOUT))


@dataclass(slots=True)
class SegmentMeta(Fixed):
    """A unit of the early format; always absent in practice."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQ32sIQQ")
    id: int
    frame_start: int
    frame_end: int
    digest: bytes
    compression: int
    offset: int
    length: int


@dataclass(slots=True)
class LexManifest(Fixed):
    """The lexical index of the early format."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQQ32s")
    doc_count: int
    generation: int
    offset: int
    length: int
    digest: bytes


@dataclass(slots=True)
class LexSegment:
    """One embedded file of the lexical index; see ``is_plain_file_name`` before using ``path``."""

    SMALLEST: ClassVar[int] = 56
    path: str
    offset: int
    length: int
    digest: bytes

    def encode(self) -> bytes:
        """Return the bytes."""
        return c.put_text(self.path) + _PLACE.pack(self.offset, self.length, self.digest)

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        return cls(reader.string(MAX_TEXT), *reader.unpack(_PLACE))


_PLACE = Struct("<QQ32s")


@dataclass(slots=True)
class VecManifest:
    """The vector index of a full rebuild. ``model`` is stored in the newer dialect only."""

    vector_count: int
    dimension: int
    offset: int
    length: int
    digest: bytes
    compression_mode: int = COMPRESSION_NONE
    model: str | None = None

    def encode(self, with_model: bool) -> bytes:
        """Return the bytes."""
        fields = _VEC.pack(
            self.vector_count, self.dimension, self.offset, self.length, self.digest, self.compression_mode
        )
        return fields + c.put_optional_text(self.model) if with_model else fields

    @classmethod
    def decode(cls, reader: c.Reader, with_model: bool) -> Self:
        """Read one."""
        manifest = cls(*reader.unpack(_VEC))
        manifest.model = reader.optional_string(MAX_TEXT) if with_model else None
        return manifest


_VEC = Struct("<QIQQ32sI")


@dataclass(slots=True)
class ClipManifest:
    """The image vector index."""

    offset: int
    length: int
    vector_count: int
    dimension: int
    digest: bytes
    model_name: str

    def encode(self) -> bytes:
        """Return the bytes."""
        fields = _CLIP.pack(self.offset, self.length, self.vector_count, self.dimension, self.digest)
        return fields + c.put_text(self.model_name)

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        return cls(*(*reader.unpack(_CLIP), reader.string(MAX_TEXT)))


_CLIP = Struct("<QQQI32s")


@dataclass(slots=True)
class IndexManifests:
    """The four index entries; ``lex_segments`` is the complete set of embedded files."""

    lex: LexManifest | None = None
    lex_segments: list[LexSegment] = field(default_factory=list)
    vec: VecManifest | None = None
    clip: ClipManifest | None = None

    def encode(self, with_model: bool) -> bytes:
        """Return the bytes."""
        return b"".join(
            (
                c.put_optional(self.lex, LexManifest.encode),
                c.put_list(self.lex_segments, LexSegment.encode),
                c.put_optional(self.vec, lambda vec: vec.encode(with_model)),
                c.put_optional(self.clip, ClipManifest.encode),
            )
        )

    @classmethod
    def decode(cls, reader: c.Reader, with_model: bool) -> Self:
        """Read one."""
        return cls(
            reader.option(lambda: LexManifest.decode(reader)),
            reader.sequence(lambda: LexSegment.decode(reader), LexSegment.SMALLEST, MAX_SEGMENTS),
            reader.option(lambda: VecManifest.decode(reader, with_model)),
            reader.option(lambda: ClipManifest.decode(reader)),
        )


@dataclass(slots=True)
class TimeIndexManifest(Fixed):
    """The timeline: active documents by time."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQ32s")
    offset: int
    length: int
    entry_count: int
    digest: bytes


@dataclass(slots=True)
class TemporalManifest(Fixed):
    """``digest`` covers the track with its own checksum field zeroed."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQQ32sI")
    offset: int
    length: int
    entry_count: int
    anchor_count: int
    digest: bytes
    flags: int


@dataclass(slots=True)
class MemoriesManifest(Fixed):
    """The track of memory cards."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQQ32s")
    offset: int
    length: int
    card_count: int
    entity_count: int
    digest: bytes


@dataclass(slots=True)
class MeshManifest(Fixed):
    """The track of entities and links."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQQ32s")
    offset: int
    length: int
    node_count: int
    edge_count: int
    digest: bytes


@dataclass(slots=True)
class SketchManifest(Fixed):
    """``entry_size`` is 32, 64 or 96 bytes."""

    LAYOUT: ClassVar[Struct] = Struct("<QQQHI32s")
    offset: int
    length: int
    entry_count: int
    entry_size: int
    flags: int
    digest: bytes


@dataclass(slots=True)
class ReplayManifest(Fixed):
    """Recorded sessions; the only manifest without a digest."""

    LAYOUT: ClassVar[Struct] = Struct("<QQIQI")
    segment_offset: int
    segment_size: int
    session_count: int
    total_actions: int
    version: int


@dataclass(slots=True)
class TicketRef:
    """The ticket in force; a new file's says nothing and limits nothing in this engine."""

    issuer: str = "free-tier"
    seq_no: int = 1
    expires_in_secs: int = 0
    capacity_bytes: int = DEFAULT_CAPACITY
    verified: bool = False

    def encode(self) -> bytes:
        """Return the bytes."""
        fields = _TICKET.pack(self.seq_no, self.expires_in_secs, self.capacity_bytes, self.verified)
        return c.put_text(self.issuer) + fields

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        return cls(reader.string(MAX_TEXT), reader.i64(), reader.u64(), reader.u64(), reader.bool_())


_TICKET = Struct("<qQQ?")


@dataclass(slots=True)
class MemoryBinding:
    """A binding to a hosted memory. ``id`` is 16 bytes, ``bound_at`` an RFC 3339 string."""

    id: bytes
    name: str
    bound_at: str
    api_url: str

    def encode(self) -> bytes:
        """Return the bytes."""
        texts = (c.put_text(self.name), c.put_text(self.bound_at), c.put_text(self.api_url))
        return b"".join((c.put_bytes(self.id), *texts))

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        ident = reader.bytes_(16)
        return cls(ident, reader.string(MAX_TEXT), reader.string(MAX_TEXT), reader.string(MAX_TEXT))


@dataclass(slots=True)
class EnrichmentTask(Fixed):
    """A frame that waits for enrichment; ``created_at`` in UTC seconds."""

    LAYOUT: ClassVar[Struct] = Struct("<QQII")
    frame_id: int
    created_at: int
    chunks_done: int
    chunks_total: int


@dataclass(slots=True)
class EnrichmentQueue:
    """Tasks the original has not done; carried along."""

    tasks: list[EnrichmentTask] = field(default_factory=list)
    updated_at: int = 0

    def encode(self) -> bytes:
        """Return the bytes."""
        return c.put_list(self.tasks, EnrichmentTask.encode) + c.U64.pack(self.updated_at)

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        size = EnrichmentTask.LAYOUT.size
        return cls(reader.sequence(lambda: EnrichmentTask.decode(reader), size, MAX_TASKS), reader.u64())
