"""Deriving the vector block: anew, or what is known with the new rows behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from mv2.errors import FormatError
from mv2.format.vector_block import VectorBlock
from mv2.index.vectors.bits import MOST_WORDS, sign_bits, words_for
from mv2.index.vectors.depth import USEFUL_SHARE, DepthEstimate
from mv2.index.vectors.rows import Rows, open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mv2.format._codec import Buffer
    from mv2.storage.indexing import VectorPiece

    Floats = NDArray[np.float32]

_BLOCK: Final = 8192
#: Bits are made anew when there are this many times as many rows …
_GROWTH: Final = 2
#: … or when the centre has moved by this part of the variance around it.
_DRIFT: Final = 0.05


class _Part(NamedTuple):
    """Rows of one piece, verified, and what is known of them."""

    rows: Rows
    ids: NDArray[np.uint32]
    checks: NDArray[np.uint64]
    norms: Floats


def inverse_norms(vectors: Floats) -> Floats:
    """One over the length of each vector (m, d), 0 for a vector too short or too long for float32."""
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    usable = np.isfinite(squares) & (squares > np.float32(1e-30))
    return np.where(usable, 1 / np.sqrt(np.where(usable, squares, 1)), 0).astype(np.float32)


def derive(
    segments: Sequence[tuple[bytes, int]], pieces: Sequence[VectorPiece], known: VectorBlock | None
) -> VectorBlock | None:
    """The block of the vectors of a commit; see ``VectorDeriver.derive``."""
    dimensions = {piece.dimension for piece in pieces if piece.count}
    if len(dimensions) != 1 or words_for(max(dimensions)) > MOST_WORDS or not max(dimensions):
        return None
    dimension = dimensions.pop()
    if known is not None and known.dimension != dimension:
        known = None
    places = _known_places(known)
    total = sum(rows for _, rows in segments)
    if known is not None and total < _GROWTH * known.trained_rows:
        block = _extended(segments, pieces, known, places, dimension)
        if block is not None:
            return block
    parts = []
    for piece in pieces:
        place = places.get(piece.digest)
        part = _new_part(piece, dimension) if place is None else _known_part(piece, known, place)
        if part is None:
            return None
        parts.append(part)
    return block_of_parts(segments, parts, dimension)


def _known_places(known: VectorBlock | None) -> dict[bytes, slice]:
    places: dict[bytes, slice] = {}
    start = 0
    for segment, rows in known.segments if known is not None else ():
        places[segment] = slice(start, start + rows)
        start += rows
    return places


def _new_part(piece: VectorPiece, dimension: int) -> _Part | None:
    rows = open_rows(piece.verified(), piece.compression)
    if len(rows) != piece.count or (len(rows) and rows.dimension != dimension):
        return None
    return part_of_rows(rows)


def part_of_rows(rows: Rows, *, checked: bool = True) -> _Part:
    """What is derived from verified rows.

    Args:
        checked: make a check of each row, too.
    """
    ids = rows.ids()
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < 1 << 32:
        raise FormatError("a vector belongs to no frame")
    norms = [inverse_norms(block) for _, block in _blocks(rows)]
    checks = np.array(rows.checks(0, len(rows)) if checked else [0] * len(rows), np.uint64)
    joined = np.concatenate(norms) if norms else np.empty(0, np.float32)
    return _Part(rows, ids.astype(np.uint32), checks, joined)


def _known_part(piece: VectorPiece, known: VectorBlock | None, place: slice) -> _Part | None:
    assert known is not None
    rows = open_rows(piece.verified(), piece.compression)
    if len(rows) != place.stop - place.start:
        return None
    return _Part(
        rows,
        np.frombuffer(known.ids, np.uint32)[place],
        np.frombuffer(known.checks, np.uint64)[place],
        np.frombuffer(known.norms, np.float32)[place],
    )


def _blocks(rows: Rows) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(rows), _BLOCK):
        yield start, rows.block(start, min(start + _BLOCK, len(rows)))


def _units(parts: Sequence[_Part]) -> Iterator[tuple[int, Floats]]:
    """(first row, unit vectors), in blocks."""
    first = 0
    for part in parts:
        for start, block in _blocks(part.rows):
            yield first + start, block * part.norms[start : start + len(block), None]
        first += len(part.rows)


def block_of_parts(
    segments: Sequence[tuple[bytes, int]], parts: Sequence[_Part], dimension: int
) -> VectorBlock:
    """A block made anew: centre, bits and depths of all rows."""
    count = sum(len(part.rows) for part in parts)
    estimate = DepthEstimate(count)
    total = np.zeros(dimension)
    sources = []
    for start, units in _units(parts):
        total += units.sum(axis=0, dtype=np.float64)
        low, high = np.searchsorted(estimate.sources, (start, start + len(units)))
        sources.append(units[estimate.sources[low:high] - start])
    centre = (total / count).astype(np.float32)
    estimate.make_queries(np.concatenate(sources))
    bits = np.empty((words_for(dimension), count), np.uint64)
    for start, units in _units(parts):
        bits[:, start : start + len(units)] = sign_bits(units, centre)
        estimate.score(units, start)
    ten, hundred = estimate.depths(bits, centre)
    useful = ten * USEFUL_SHARE < count
    return VectorBlock(
        segments, dimension, ten, hundred, count, _raw(centre), _raw(total),
        _raw(*(part.ids for part in parts)), _raw(*(part.checks for part in parts)),
        _raw(*(part.norms for part in parts)), [_raw(word) for word in bits] if useful else [],
    )  # fmt: skip


def _raw(*arrays: NDArray[Any]) -> memoryview:
    joined: NDArray[Any] = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    raw: Any = np.ascontiguousarray(joined).view(np.uint8)
    return memoryview(raw) if len(joined) else memoryview(b"")


def _extended(
    segments: Sequence[tuple[bytes, int]],
    pieces: Sequence[VectorPiece],
    known: VectorBlock,
    places: dict[bytes, slice],
    dimension: int,
) -> VectorBlock | None:
    """The known block with the rows of new pieces; None when it must be made anew."""
    centre = np.frombuffer(known.centre, np.float32)
    total = np.array(np.frombuffer(known.total, np.float64))
    ids: list[Buffer] = []
    checks: list[Buffer] = []
    norms: list[Buffer] = []
    bits: list[list[Buffer]] = [[] for _ in known.bits]
    for piece in pieces:
        place = places.get(piece.digest)
        if place is None:
            part = _new_part(piece, dimension)
            if part is None:
                return None
            for _, units in _units([part]):
                total += units.sum(axis=0, dtype=np.float64)
                if bits:
                    for kept, word in zip(bits, sign_bits(units, centre), strict=True):
                        kept.append(_raw(word))
            ids.append(_raw(part.ids))
            checks.append(_raw(part.checks))
            norms.append(_raw(part.norms))
        else:
            ids.append(_slice(known.ids, place, 4))
            checks.append(_slice(known.checks, place, 8))
            norms.append(_slice(known.norms, place, 4))
            for kept, stored in zip(bits, known.bits, strict=True):
                kept.append(_slice(stored, place, 8))
    count = sum(rows for _, rows in segments)
    if len(b"".join(ids)) != 4 * count or _has_drifted(centre, total / count):
        return None
    return VectorBlock(
        segments, dimension, known.depth_ten, known.depth_hundred, known.trained_rows, _raw(centre),
        _raw(total), b"".join(ids), b"".join(checks), b"".join(norms), [b"".join(kept) for kept in bits],
    )  # fmt: skip


def _slice(column: Buffer, place: slice, width: int) -> memoryview:
    return memoryview(column).cast("B")[place.start * width : place.stop * width]


def _has_drifted(centre: Floats, mean: NDArray[np.float64]) -> bool:
    """Whether the mean has moved so far from the centre that bits say less than they could."""
    moved = mean - centre
    return float(moved @ moved) > _DRIFT * max(1e-9, 1 - float(mean @ mean))
