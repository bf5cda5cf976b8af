"""Sign bits of vectors: making them, and counting how many differ from a query's.

A vector is centred and turned before its signs are taken, so that every bit
says about as much as any other, even where few dimensions carry most of the
variance. Turning is two rounds of: flip signs, mix within blocks (a Hadamard
matrix), with a permutation between. It is fixed by the number of words alone.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from mv2.format.checksum import hasher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Words = NDArray[np.uint64]

WORD: Final = 64
_LARGEST_BLOCK: Final = 256
#: Distances are counted in 16 bits.
MOST_WORDS: Final = 512


class _Turning(NamedTuple):
    flips: tuple[Floats, Floats]
    places: NDArray[np.intp]
    mixer: Floats


def words_for(dimension: int) -> int:
    """64-bit words that the bits of a vector take."""
    return -(-dimension // WORD)


@functools.lru_cache(maxsize=8)
def _turning(words: int) -> _Turning:
    width = WORD * words
    block = min(width & -width, _LARGEST_BLOCK)
    seed = hasher()
    seed.update(b"mv2 vector bits, version 1")
    noise = seed.digest(10 * width)
    flips = np.frombuffer(noise, np.uint8, 2 * width).astype(np.float32) % 2 * 2 - 1
    places = np.argsort(np.frombuffer(noise, "<u8", width, 2 * width), kind="stable")
    mixer = np.ones((1, 1), np.float32)
    while len(mixer) < block:
        mixer = np.block([[mixer, mixer], [mixer, -mixer]])
    return _Turning((flips[:width], flips[width:]), places, mixer / np.float32(block**0.5))


def turned(vectors: Floats, words: int) -> Floats:
    """Vectors (m, d) float32 in another orthogonal basis, padded with zeros first: (m, 64 * words)."""
    turning = _turning(words)
    wide = np.zeros((len(vectors), WORD * words), np.float32)
    wide[:, : vectors.shape[1]] = vectors
    block = len(turning.mixer)
    for number, flip in enumerate(turning.flips):
        if number:
            wide = wide[:, turning.places]
        wide *= flip
        wide = (wide.reshape(-1, block) @ turning.mixer).reshape(wide.shape)
    return wide


def sign_bits(units: Floats, centre: Floats) -> Words:
    """Bits of unit vectors (m, d): uint64 (words, m), word after word."""
    words = words_for(units.shape[1])
    signs = np.packbits(turned(units - centre, words) > 0, axis=1, bitorder="little")
    return np.ascontiguousarray(signs.view("<u8").T)


class Counter:
    """Counts differing bits; its scratch space is kept for the next query of the same thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def distances(self, columns: Sequence[Words], query: Words) -> NDArray[np.uint16]:
        """Bits in which each row differs from the query: uint16 (rows,), valid until the next call.

        Args:
            columns: one uint64 (rows,) for each word.
            query: uint64 (words,).
        """
        differing, counts, total = self._scratch(len(columns[0]))
        for place, column in enumerate(columns):
            np.bitwise_xor(column, query[place], out=differing)
            np.bitwise_count(differing, out=counts)
            if place:
                np.add(total, counts, out=total)
            else:
                total[:] = counts
        found: NDArray[np.uint16] = total
        return found

    def _scratch(self, rows: int) -> tuple[Any, Any, Any]:
        have = getattr(self._local, "arrays", None)
        if have is None or len(have[0]) < rows:
            have = np.empty(rows, np.uint64), np.empty(rows, np.uint8), np.empty(rows, np.uint16)
            self._local.arrays = have
        return have[0][:rows], have[1][:rows], have[2][:rows]


def nearest(distances: NDArray[np.uint16], depth: int, bits: int) -> NDArray[np.intp]:
    """Rows with the smallest distances, ascending by row: at least ``depth`` of them if there are as
    many, and all rows of every distance that is included.

    The limit is found in a sample, so that no full sort or histogram is needed.
    """
    step = max(1, min(16, len(distances) // 4096))
    counts = np.cumsum(np.bincount(distances[::step], minlength=bits + 1)) * step
    limit = int(np.searchsorted(counts, depth + depth // 8))
    while True:
        found = np.flatnonzero(distances <= min(limit, bits))
        if len(found) >= min(depth, len(distances)) or limit >= bits:
            return found
        limit += 1
