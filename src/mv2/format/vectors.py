"""Vector segments: little-endian float32 rows, each belonging to a frame.

The uncompressed form is u64 n, then n x (frame id u64, d u64, d x f32). The
quantised form is written on request only. Rows are never copied: a segment is a view of the
bytes it was read from.
"""

from __future__ import annotations

import sys
from array import array
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format.manifests import COMPRESSION_NONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.format._codec import Buffer

MAX_DIMENSION = 1 << 20
MAX_SEGMENT_SIZE = 1 << 32
#: Product quantisation: a vector is cut into parts of a few values, each one of so many centroids.
PQ_PARTS = 96
PQ_CENTROIDS = 256
PQ_VALUES = 4
_BOOK = 8 + 4 * PQ_CENTROIDS * PQ_VALUES
_ENTRY = Struct("<QQ")
_HEAD = 8


@dataclass(slots=True)
class VectorSegment:
    """Vectors of frames.

    Attributes:
        ids: frame ids ('Q'), parallel to the rows; not sorted, may repeat.
        dimension: values in every row; 0 when rows differ (or there are none).
        buffer: bytes that hold the rows.
        first_row_offset, stride: row i starts at ``first_row_offset + i * stride`` in ``buffer``.
        ranges: (offset, dimension) of each row when dimensions differ, else None.
    """

    ids: array[int]
    dimension: int
    buffer: memoryview
    first_row_offset: int
    stride: int
    ranges: list[tuple[int, int]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def row_bytes(self, index: int) -> memoryview:
        """Return the row's little-endian float32 bytes; no copy."""
        if not 0 <= index < len(self.ids):
            raise IndexError(index)
        if self.ranges is not None:
            start, dimension = self.ranges[index]
        else:
            start, dimension = self.first_row_offset + index * self.stride, self.dimension
        return self.buffer[start : start + 4 * dimension]

    def row(self, index: int) -> memoryview[float]:
        """Return the row as float32 values; no copy on little-endian hosts."""
        raw = self.row_bytes(index)
        if sys.byteorder == "big":
            values = array("f", raw.tobytes())
            values.byteswap()
            return memoryview(values)
        return raw.cast("f")


def encode_vector_segment(ids: Sequence[int], rows: Buffer, dimension: int) -> bytes:
    """Return an uncompressed segment.

    ``rows`` holds one row of ``dimension`` little-endian float32 values for each id, in order.
    """
    width = 4 * dimension
    if len(rows) != width * len(ids):
        raise ValueError(f"{len(ids)} rows of {dimension} values need {width * len(ids)} bytes")
    view = memoryview(rows)
    pack = _ENTRY.pack
    parts: list[bytes | memoryview] = [c.U64.pack(len(ids))]
    start = 0
    for ident in ids:
        parts.append(pack(ident, dimension))
        parts.append(view[start : start + width])
        start += width
    return b"".join(parts)


def decode_vector_segment(buf: Buffer, *, limit: int = MAX_SEGMENT_SIZE) -> VectorSegment:
    """Decode an uncompressed segment that is exactly ``buf`` and at most ``limit`` bytes."""
    _check_size(buf, limit)
    reader = c.Reader(buf)
    count = reader.count(_ENTRY.size, limit // _ENTRY.size)
    view = memoryview(buf)
    if count == 0:
        reader.finish()
        return VectorSegment(array("Q"), 0, view, _HEAD, 0)
    body = len(buf) - _HEAD
    _, dimension = _ENTRY.unpack_from(buf, _HEAD)
    stride = _ENTRY.size + 4 * dimension
    if dimension <= MAX_DIMENSION and count * stride == body:
        pairs = Struct(f"<QQ{4 * dimension}x").iter_unpack(view[_HEAD:])
        ids, dimensions = zip(*pairs, strict=True)
        if dimensions.count(dimension) == count:
            return VectorSegment(array("Q", ids), dimension, view, _HEAD + _ENTRY.size, stride)
    return _decode_mixed(reader, count, view)


def _decode_mixed(reader: c.Reader, count: int, view: memoryview) -> VectorSegment:
    ids = array("Q")
    ranges: list[tuple[int, int]] = []
    for _ in range(count):
        ids.append(reader.u64())
        dimension = reader.count(4, MAX_DIMENSION)
        ranges.append((reader.position, dimension))
        reader.position += 4 * dimension
    reader.finish()
    return VectorSegment(ids, 0, view, _HEAD + _ENTRY.size, 0, ranges)


def _check_size(buf: Buffer, limit: int) -> None:
    if len(buf) > limit:
        raise FormatError(f"vector segment of {len(buf)} bytes is larger than {limit}", offset=limit)


def decode_vectors(
    buf: Buffer, compression: int = COMPRESSION_NONE, *, limit: int = MAX_SEGMENT_SIZE
) -> VectorSegment:
    """Decode a segment of any known form: uncompressed first, whatever ``compression`` says.

    Quantised rows come back as the approximations that were stored.
    """
    from mv2.format._vectors_old import decode_hnsw, decode_quantised

    others = (decode_hnsw, decode_quantised)
    first: FormatError | None = None
    for decode in (decode_vector_segment, *(others if compression == COMPRESSION_NONE else others[::-1])):
        try:
            return decode(buf, limit=limit)
        except FormatError as error:
            first = first or error
    assert first is not None
    raise first


@dataclass(slots=True)
class QuantisedLayout:
    """Where things are in a product-quantised segment (bytes).

    Attributes:
        books_offset, book_stride: codebook i holds PQ_CENTROIDS x PQ_VALUES float32 from
            ``books_offset + i * book_stride`` on.
        count: rows.
        rows_offset, row_stride: row i is u64 frame id, u64 PQ_PARTS, PQ_PARTS codes of a byte.
    """

    books_offset: int
    book_stride: int
    count: int
    rows_offset: int
    row_stride: int


def encode_quantised_segment(books: Buffer, ids: Sequence[int], codes: Buffer) -> bytes:
    """Return a product-quantised segment of vectors of PQ_PARTS * PQ_VALUES numbers.

    Args:
        books: little-endian float32, PQ_PARTS x PQ_CENTROIDS x PQ_VALUES.
        codes: PQ_PARTS bytes for each id, in order.
    """
    book, view, rows = _BOOK - 8, memoryview(books).cast("B"), memoryview(codes).cast("B")
    if len(view) != PQ_PARTS * book or len(rows) != PQ_PARTS * len(ids):
        raise ValueError("codebooks or codes have another size")
    parts: list[bytes | memoryview] = [c.U64.pack(PQ_PARTS)]
    for start in range(0, len(view), book):
        parts += (c.U64.pack(PQ_CENTROIDS * PQ_VALUES), view[start : start + book])
    parts += (c.U32.pack(PQ_PARTS * PQ_VALUES), c.U64.pack(len(ids)))
    for place, ident in enumerate(ids):
        parts += (_ENTRY.pack(ident, PQ_PARTS), rows[place * PQ_PARTS : (place + 1) * PQ_PARTS])
    return b"".join(parts)


def quantised_layout(buf: Buffer) -> QuantisedLayout:
    """Return the layout of a product-quantised segment that is exactly ``buf``, as we write it.

    Raises:
        FormatError: it is another form (``decode_vectors`` knows the early one).
    """
    reader = c.Reader(buf)
    books = reader.count(_BOOK, PQ_PARTS)
    start = reader.position
    if books != PQ_PARTS:
        raise FormatError(f"{books} codebooks, not {PQ_PARTS}", offset=0)
    for _ in range(books):
        if reader.u64() != PQ_CENTROIDS * PQ_VALUES:
            raise FormatError("codebook has another size", offset=reader.position - 8)
        reader.raw(_BOOK - 8)
    if reader.u32() != PQ_PARTS * PQ_VALUES:
        raise FormatError("quantiser has another dimension", offset=reader.position - 4)
    stride = _ENTRY.size + PQ_PARTS
    count = reader.count(stride, MAX_SEGMENT_SIZE // stride)
    rows = reader.position
    reader.raw(count * stride)
    reader.finish()
    return QuantisedLayout(start + 8, _BOOK, count, rows, stride)
