"""Product quantisation with 96 parts of four values: the original's PQ96, trained here.

Jégou, Douze, Schmid: "Product quantization for nearest neighbor search", 2011. Each part
of a vector is replaced by the nearest of 256 centroids, found by k-means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mv2.errors import InvalidArgumentError
from mv2.format.manifests import COMPRESSION_PQ96
from mv2.format.vectors import PQ_CENTROIDS, PQ_PARTS, PQ_VALUES, encode_quantised_segment
from mv2.index.vectors.rows import CodedRows, open_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mv2.format._codec import Buffer

    Floats = NDArray[np.float32]

#: The original reads such segments from this many vectors on.
FEWEST: Final = 100
_TRAINING_ROWS: Final = 8192
_ROUNDS: Final = 6
#: So few rows at once stay in the cache, and below what the matrix product spreads over threads.
_BLOCK: Final = 256


def quantise(rows: Buffer, ids: Sequence[int], dimension: int, known: Buffer | None = None) -> bytes:
    """A PQ96 segment.

    Args:
        rows: little-endian float32, one row of ``dimension`` numbers for each id.
        known: such a segment, whose centroids are used and whose rows come first; None trains new ones.

    Raises:
        InvalidArgumentError: vectors of another length than 384, or fewer than 100 of them.
    """
    if dimension != PQ_PARTS * PQ_VALUES or (known is None and len(ids) < FEWEST):
        raise InvalidArgumentError(
            f"{len(ids):,} vectors of {dimension} numbers cannot be stored as PQ96",
            remedy=f"It takes at least {FEWEST} vectors of {PQ_PARTS * PQ_VALUES} numbers.",
        )
    vectors = np.frombuffer(rows, "<f4").reshape(len(ids), PQ_PARTS, PQ_VALUES)
    coded = None if known is None else open_rows(known, COMPRESSION_PQ96)
    if not isinstance(coded, CodedRows):
        books, codes = _trained(vectors)
        return encode_quantised_segment(books.tobytes(), ids, codes.tobytes())
    codes = np.concatenate([coded.codes, _encoded(vectors, coded.books)])
    return encode_quantised_segment(coded.books.tobytes(), [*coded.ids().tolist(), *ids], codes.tobytes())


def _trained(vectors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Centroids (96, 256, 4) of vectors (n, 96, 4), and the codes (n, 96)."""
    random = np.random.default_rng(len(vectors))
    chosen = np.sort(random.permutation(len(vectors))[:_TRAINING_ROWS])
    books = np.empty((PQ_PARTS, PQ_CENTROIDS, PQ_VALUES), "<f4")
    for part in range(PQ_PARTS):
        books[part] = _centroids(np.ascontiguousarray(vectors[chosen, part]), random)
    return books, _encoded(vectors, books)


def _encoded(vectors: Floats, books: Floats) -> NDArray[np.uint8]:
    codes = np.empty((len(vectors), PQ_PARTS), np.uint8)
    for part in range(PQ_PARTS):
        codes[:, part] = _nearest(np.ascontiguousarray(vectors[:, part]), books[part])
    return codes


def _nearest(values: Floats, centroids: Floats) -> NDArray[np.intp]:
    """Index of the nearest centroid of each value (n, 4)."""
    found = np.empty(len(values), np.intp)
    turned = np.ascontiguousarray(-2 * centroids.T)
    squares = np.einsum("ij,ij->i", centroids, centroids)
    for start in range(0, len(values), _BLOCK):
        distances = values[start : start + _BLOCK] @ turned
        distances += squares
        np.argmin(distances, axis=1, out=found[start : start + _BLOCK])
    return found


def _centroids(values: Floats, random: np.random.Generator) -> Floats:
    """256 centroids of the values by k-means; one that nobody is near starts anew at a value."""
    wanted = random.permutation(len(values))[:PQ_CENTROIDS]
    centroids = values[np.resize(wanted, PQ_CENTROIDS)].copy()
    for _ in range(_ROUNDS):
        nearest = _nearest(values, centroids)
        counts = np.bincount(nearest, minlength=PQ_CENTROIDS)
        for axis in range(PQ_VALUES):
            sums = np.bincount(nearest, values[:, axis], PQ_CENTROIDS)
            centroids[:, axis] = sums / np.maximum(counts, 1)
        empty = np.flatnonzero(counts == 0)
        centroids[empty] = values[random.integers(0, len(values), len(empty))]
    return centroids
