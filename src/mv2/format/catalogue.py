"""The segment catalogue: one descriptor for every index segment in the file."""

from __future__ import annotations

from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING, ClassVar, TypeVar

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format.manifests import MAX_SEGMENTS, MAX_TEXT, Fixed

if TYPE_CHECKING:
    from typing import Self

VERSION = 1
KIND_LEXICAL = 0
KIND_VECTOR = 1
KIND_TIME = 2
KIND_TEMPORAL = 3
KIND_TANTIVY = 4

_COMMON = Struct("<QQQ32sQHI")
_SMALLEST = _COMMON.size + 1


@dataclass(slots=True)
class SegmentSpan(Fixed):
    """What a segment covers; both ends are included."""

    LAYOUT: ClassVar[Struct] = Struct("<QQIIQQ")
    frame_start: int
    frame_end: int
    page_start: int
    page_end: int
    token_start: int
    token_end: int


@dataclass(slots=True)
class SegmentCommon:
    """What every descriptor starts with.

    Attributes:
        segment_id: from ``next_segment_id``, never used again.
        offset, length: absolute bytes of the segment; digest: their BLAKE3.
        build_sequence: any number; ours is the checkpoint sequence.
        codec_version: 1 for segments of a parallel commit, else 0.
        compression: 0 none, 1 zstd, 2 lz4.
        span: what the segment covers, or None.
    """

    segment_id: int
    offset: int
    length: int
    digest: bytes
    build_sequence: int = 0
    codec_version: int = 0
    compression: int = 0
    span: SegmentSpan | None = None

    EXTRA: ClassVar[Struct] = Struct("")

    def encode(self) -> bytes:
        """Return the bytes."""
        fields = _COMMON.pack(
            self.segment_id,
            self.offset,
            self.length,
            self.digest,
            self.build_sequence,
            self.codec_version,
            self.compression,
        )
        return fields + c.put_optional(self.span, SegmentSpan.encode) + self._encode_extra()

    def _encode_extra(self) -> bytes:
        # A subclass's slots are its own fields, in the order of EXTRA.
        return self.EXTRA.pack(*[getattr(self, name) for name in type(self).__slots__])

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        fields = reader.unpack(_COMMON)
        if fields[-1] > 2:
            raise FormatError(f"compression {fields[-1]} does not exist", offset=reader.position - 4)
        span = reader.option(lambda: SegmentSpan.decode(reader))
        return cls(*(*fields, span, *cls._decode_extra(reader)))

    @classmethod
    def _decode_extra(cls, reader: c.Reader) -> tuple[int | str, ...]:
        return reader.unpack(cls.EXTRA)


_D = TypeVar("_D", bound=SegmentCommon)


@dataclass(slots=True)
class LexSegmentDescriptor(SegmentCommon):
    """A lexical segment of the early format; duplicates the text, never needed."""

    EXTRA: ClassVar[Struct] = Struct("<Q")
    doc_count: int = 0


@dataclass(slots=True)
class VecSegmentDescriptor(SegmentCommon):
    """Vectors; see ``mv2.format.vectors``."""

    EXTRA: ClassVar[Struct] = Struct("<QII")
    vector_count: int = 0
    dimension: int = 0
    vector_compression: int = 0


@dataclass(slots=True)
class TimeSegmentDescriptor(SegmentCommon):
    """A time index of some frames, chunks included."""

    EXTRA: ClassVar[Struct] = Struct("<Q")
    entry_count: int = 0


@dataclass(slots=True)
class TemporalSegmentDescriptor(SegmentCommon):
    """A part of the temporal track."""

    EXTRA: ClassVar[Struct] = Struct("<QQI")
    entry_count: int = 0
    anchor_count: int = 0
    flags: int = 0


@dataclass(slots=True)
class TantivySegmentDescriptor(SegmentCommon):
    """An embedded lexical file; see ``is_plain_file_name`` before using ``path``."""

    path: str = ""

    def _encode_extra(self) -> bytes:
        return c.put_text(self.path)

    @classmethod
    def _decode_extra(cls, reader: c.Reader) -> tuple[int | str, ...]:
        return (reader.string(MAX_TEXT),)


@dataclass(slots=True)
class IndexSegmentDescriptor(SegmentCommon):
    """A segment of the parallel builder; ``kind`` (KIND_*) stands before the common fields."""

    EXTRA: ClassVar[Struct] = Struct("<QQQQQ")
    doc_count: int = 0
    vector_count: int = 0
    time_entries: int = 0
    bytes_uncompressed: int = 0
    build_micros: int = 0
    kind: int = KIND_LEXICAL

    def encode(self) -> bytes:
        """Return the bytes."""
        return c.U32.pack(self.kind) + SegmentCommon.encode(self)

    def _encode_extra(self) -> bytes:
        return self.EXTRA.pack(
            self.doc_count, self.vector_count, self.time_entries, self.bytes_uncompressed, self.build_micros
        )

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""
        kind = reader.variant(5)
        # Bound by name: a dataclass with slots is a second class, unknown to the bare super().
        descriptor = super(IndexSegmentDescriptor, cls).decode(reader)  # noqa: UP008
        descriptor.kind = kind
        return descriptor


@dataclass(slots=True)
class SegmentCatalogue:
    """All descriptors, by kind."""

    next_segment_id: int = 0
    version: int = VERSION
    lex_enabled: bool = True
    lex_segments: list[LexSegmentDescriptor] = field(default_factory=list)
    vec_segments: list[VecSegmentDescriptor] = field(default_factory=list)
    time_segments: list[TimeSegmentDescriptor] = field(default_factory=list)
    temporal_segments: list[TemporalSegmentDescriptor] = field(default_factory=list)
    tantivy_segments: list[TantivySegmentDescriptor] = field(default_factory=list)
    index_segments: list[IndexSegmentDescriptor] = field(default_factory=list)

    def encode(self) -> bytes:
        """Return the bytes."""
        return b"".join(
            (
                _HEAD.pack(self.next_segment_id, self.version, self.lex_enabled),
                c.put_list(self.lex_segments, SegmentCommon.encode),
                c.put_list(self.vec_segments, SegmentCommon.encode),
                c.put_list(self.time_segments, SegmentCommon.encode),
                c.put_list(self.temporal_segments, SegmentCommon.encode),
                c.put_list(self.tantivy_segments, SegmentCommon.encode),
                c.put_list(self.index_segments, IndexSegmentDescriptor.encode),
            )
        )

    @classmethod
    def decode(cls, reader: c.Reader) -> Self:
        """Read one."""

        def descriptors(kind: type[_D]) -> list[_D]:
            return reader.sequence(lambda: kind.decode(reader), _SMALLEST, MAX_SEGMENTS)

        return cls(
            reader.u64(),
            reader.u32(),
            reader.bool_(),
            descriptors(LexSegmentDescriptor),
            descriptors(VecSegmentDescriptor),
            descriptors(TimeSegmentDescriptor),
            descriptors(TemporalSegmentDescriptor),
            descriptors(TantivySegmentDescriptor),
            descriptors(IndexSegmentDescriptor),
        )


_HEAD = Struct("<QI?")
