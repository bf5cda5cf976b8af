"""The vector block: what a scan over many vectors needs, derived from them and always rebuildable.

It stands somewhere before an accelerator block, which names its place and
digest, and describes the vector segments of one catalogue, in its order. One
row stands for one stored vector. Layout, little-endian, every array aligned
to eight bytes:

    8s magic, u16 version, u16 segments, u32 dimension, u64 rows, u32 words,
    u32 depth for ten hits, u32 depth for a hundred, u64 rows when it was trained
    segments x (32s digest, u64 rows)
    centre      f32 x dimension     mean of the unit vectors when it was trained
    total       f64 x dimension     sum of the unit vectors
    ids         u32 x rows          frame of each row
    checks      u64 x rows          first bytes of BLAKE3 of the row's entry in its segment, 0 for none
    norms       f32 x rows          one over the length of the vector, 0 for a zero vector
    bits        words x u64 x rows  word after word; sign bits of the turned, centred unit vectors

``words`` is one for every 64 numbers, begun ones included, or 0 where bits would not help. How vectors
are turned is up to whoever derives the block.
"""

from __future__ import annotations

import sys
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format._codec import Buffer, Reader
from mv2.format.vectors import MAX_DIMENSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAGIC = b"MV2VECTS"
VERSION = 1
PLACE = Struct("<QQ32s")
"""Where a block is (bytes), its length, its digest: an item of the accelerator block."""
_HEAD = Struct("<8sHHIQIIIQ4x")
_SEGMENT = Struct("<32sQ")
_ALIGN = 8
MAX_ROWS = 1 << 31


@dataclass(slots=True)
class VectorBlock:
    """A decoded block; arrays are views of its bytes, not copied.

    Attributes:
        segments: (digest, rows) of each vector segment, in the catalogue's order.
        dimension: numbers in every vector.
        depth_ten, depth_hundred: rows to look at closely for that many hits.
        trained_rows: rows there were when centre and depths were made.
        centre: 'f', total: 'd', ids: 'I', checks: 'Q', norms: 'f'.
        bits: one 'Q' view of all rows for each word; empty where bits do not help.
    """

    segments: Sequence[tuple[bytes, int]]
    dimension: int
    depth_ten: int
    depth_hundred: int
    trained_rows: int
    centre: Buffer
    total: Buffer
    ids: Buffer
    checks: Buffer
    norms: Buffer
    bits: Sequence[Buffer]

    def __len__(self) -> int:
        return sum(rows for _, rows in self.segments)

    def encode(self) -> bytes:
        """Return the bytes. Only little-endian hosts write blocks."""
        if sys.byteorder != "little":
            raise FormatError("vector blocks are for little-endian hosts", offset=0)
        head = _HEAD.pack(
            MAGIC, VERSION, len(self.segments), self.dimension, len(self), len(self.bits),
            self.depth_ten, self.depth_hundred, self.trained_rows,
        )  # fmt: skip
        table = [_SEGMENT.pack(*segment) for segment in self.segments]
        arrays = (self.centre, self.total, self.ids, self.checks, self.norms, *self.bits)
        return b"".join((head, *table, *_padded(arrays)))


def _padded(arrays: Iterable[Buffer]) -> Iterable[Buffer]:
    for items in arrays:
        raw = memoryview(items).cast("B")
        yield raw
        yield bytes(-len(raw) % _ALIGN)


def decode_vector_block(buf: Buffer) -> VectorBlock:
    """Return views of the block that is exactly ``buf``.

    Raises:
        FormatError: it is damaged, of another version, or the host is big-endian: derive it anew.
    """
    if sys.byteorder != "little":
        raise FormatError("vector blocks are for little-endian hosts", offset=0)
    reader = Reader(buf)
    magic, version, count, dimension, rows, words, ten, hundred, trained = reader.unpack(_HEAD)
    if magic != MAGIC or version != VERSION:
        raise FormatError("no vector block, or one of another version", offset=0)
    if not 0 < dimension <= MAX_DIMENSION or rows > MAX_ROWS or words not in (0, -(-dimension // 64)):
        raise FormatError(f"vector block of {rows} rows of {dimension} numbers in {words} words", offset=8)
    if not 0 < ten <= hundred:
        raise FormatError(f"vector block with depths of {ten} and {hundred} rows", offset=8)
    segments: list[tuple[bytes, int]] = [reader.unpack(_SEGMENT) for _ in range(count)]
    if sum(length for _, length in segments) != rows:
        raise FormatError("vector block counts its rows differently", offset=_HEAD.size)
    view = memoryview(buf)

    def items(code: str, width: int, number: int) -> memoryview:
        start = reader.position
        end = start + width * number
        if end > len(view):
            raise FormatError("vector block is too short", offset=start)
        reader.position = end + -end % _ALIGN
        return view[start:end].cast(code)  # type: ignore[call-overload,no-any-return]

    centre, total = items("f", 4, dimension), items("d", 8, dimension)
    ids, checks, norms = items("I", 4, rows), items("Q", 8, rows), items("f", 4, rows)
    bits = [items("Q", 8, rows) for _ in range(words)]
    if reader.position != len(view):
        raise FormatError("vector block has bytes left over", offset=reader.position)
    return VectorBlock(segments, dimension, ten, hundred, trained, centre, total, ids, checks, norms, bits)


def row_check(entry: Buffer) -> int:
    """The check of one row: of its whole entry in an uncompressed segment (id, dimension, numbers)."""
    from mv2.format.checksum import digest

    return int.from_bytes(digest(entry)[:8], "little") or 1
