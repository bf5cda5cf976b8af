"""Vector forms that are read but never written: the original's graph and product quantisation."""

from __future__ import annotations

from array import array
from struct import Struct
from typing import TYPE_CHECKING

from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format.vectors import MAX_DIMENSION, MAX_SEGMENT_SIZE, VectorSegment, _check_size

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

_MAX_ITEMS = 1 << 32
_ZERO_NODE = 8 + 32 * 8
_LAYER_NODE = 8 + 8 + 8 + 16 * 8
_PARTS = 96
_CENTROIDS = 256
_VALUES = 4
_ID_AND_COUNT = Struct("<QQ")


def decode_hnsw(buf: Buffer, *, limit: int = MAX_SEGMENT_SIZE) -> VectorSegment:
    """Read ids and rows out of a stored graph; the graph itself is passed over."""
    _check_size(buf, limit)
    reader = c.Reader(buf)
    nodes = reader.count(_ZERO_NODE, _MAX_ITEMS)
    _pass_nodes(reader, nodes, _ZERO_NODE, 0, 32)
    count = reader.count(8, _MAX_ITEMS)
    start = reader.position
    dimension = reader.count(4, MAX_DIMENSION) if count else 0
    stride = 8 + 4 * dimension
    if count * stride > len(buf) - start:
        raise FormatError(f"{count} rows of {dimension} values do not fit", offset=start)
    raw = memoryview(buf)[start : start + count * stride]
    if any(found != dimension for (found,) in Struct(f"<Q{4 * dimension}x").iter_unpack(raw)):
        raise FormatError("rows of a graph differ in dimension", offset=start)
    reader.position = start + count * stride
    for _ in range(reader.count(8, _MAX_ITEMS)):
        _pass_nodes(reader, reader.count(_LAYER_NODE, _MAX_ITEMS), _LAYER_NODE, 16, 16)
    reader.raw(32)
    reader.u64()
    if reader.u64() != count:
        raise FormatError("graph has another number of ids than of rows", offset=reader.position - 8)
    ids = array("Q", [ident for (ident,) in c.U64.iter_unpack(reader.raw(8 * count))])
    if reader.u32() != dimension and count:
        raise FormatError("graph has another dimension than its rows", offset=reader.position - 4)
    reader.finish()
    return VectorSegment(ids, dimension, memoryview(buf), start + 8, stride)


def _pass_nodes(reader: c.Reader, count: int, size: int, head: int, neighbours: int) -> None:
    """Move behind ``count`` nodes, whose neighbour counts must be what the width says."""
    start = reader.position
    reader.position = start + count * size
    layout = Struct(f"<{head}xQ{8 * neighbours}x")
    for (found,) in layout.iter_unpack(memoryview(reader.buffer)[start : reader.position]):
        if found != neighbours:
            raise FormatError(f"node has {found} neighbours, not {neighbours}", offset=start)


def decode_quantised(buf: Buffer, *, limit: int = MAX_SEGMENT_SIZE) -> VectorSegment:
    """Read a product-quantised segment (96 parts of 4 values); an early form lacks the dimension."""
    try:
        return _decode_quantised(buf, limit, True)
    except FormatError:
        return _decode_quantised(buf, limit, False)


def _decode_quantised(buf: Buffer, limit: int, with_dimension: bool) -> VectorSegment:
    _check_size(buf, limit)
    reader = c.Reader(buf)
    if reader.u64() != _PARTS:
        raise FormatError(f"not {_PARTS} codebooks", offset=0)
    books: list[list[bytes]] = []
    for _ in range(_PARTS):
        if reader.u64() != _CENTROIDS * _VALUES:
            raise FormatError("codebook has another size", offset=reader.position - 8)
        raw = reader.raw(_CENTROIDS * _VALUES * 4)
        books.append([raw[i : i + 4 * _VALUES] for i in range(0, len(raw), 4 * _VALUES)])
    if with_dimension and reader.u32() != _PARTS * _VALUES:
        raise FormatError("quantiser has another dimension", offset=reader.position - 4)
    count = reader.count(_ID_AND_COUNT.size + _PARTS, min(_MAX_ITEMS, limit // (4 * _PARTS * _VALUES)))
    ids = array("Q")
    rows = bytearray()
    for _ in range(count):
        ident, size = reader.unpack(_ID_AND_COUNT)
        if size != _PARTS:
            raise FormatError(f"row has {size} codes, not {_PARTS}", offset=reader.position - 8)
        ids.append(ident)
        rows += b"".join([book[code] for book, code in zip(books, reader.raw(_PARTS), strict=True)])
    reader.finish()
    dimension = _PARTS * _VALUES
    return VectorSegment(ids, dimension, memoryview(bytes(rows)), 0, 4 * dimension)
