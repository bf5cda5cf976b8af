"""How many rows a scan over sign bits must hand on, estimated with queries that are no stored vectors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mv2.index.vectors.bits import WORD, Counter, sign_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mv2.index.vectors.bits import Floats, Words

#: Queries of each kind: rows held out, rows with noise, means of two rows.
_QUERIES: Final = 48
_SOURCES: Final = 6 * _QUERIES
#: Length of the noise beside that of a row. Its direction is the difference of two rows, so that it has
#: the variance of the collection.
_NOISE: Final = 0.7
_TINY: Final = 1e-12
#: The estimate is made among at most this many rows, and scaled.
MOST_ROWS: Final = 1 << 17
_QUANTILE: Final = 0.99
_MARGIN: Final = 1.4
_LEAST: Final = 128
#: A scan that hands on more than this part of the rows is not worth its while.
USEFUL_SHARE: Final = 5


class DepthEstimate:
    """Collects exact scores of test queries while the rows pass by once more.

    Args:
        count: rows there are.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.step = max(1, -(-count // MOST_ROWS))
        self._random = np.random.default_rng(count)
        sampled = -(-count // self.step)
        #: Rows the queries are made of, ascending.
        self.sources = np.sort(self._random.choice(sampled, _SOURCES, replace=False)) * self.step
        self._queries: Floats = np.empty((0, 0), np.float32)
        self._own: list[int] = []
        self._scores: list[Floats] = []

    def make_queries(self, sources: Floats) -> None:
        """Make the queries of the unit vectors of ``sources``, (rows, d)."""
        mixed = self._random.permutation(len(sources))
        cuts = [_QUERIES * cut for cut in (1, 2, 4, 5)]
        held, noisy, pairs, plus, minus = np.split(sources[mixed], cuts)
        noise = plus - minus
        noise *= _NOISE / np.maximum(np.linalg.norm(noise, axis=1, keepdims=True), _TINY)
        queries = np.concatenate([held, noisy + noise, pairs[::2] + pairs[1::2]])
        lengths = np.linalg.norm(queries, axis=1, keepdims=True)
        self._queries = (queries / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        self._own = (self.sources[mixed[:_QUERIES]] // self.step).tolist()

    def score(self, units: Floats, start: int) -> None:
        """Compare the queries with neighbouring unit vectors, the first of which is row ``start``."""
        self._scores.append(self._queries @ units[-start % self.step :: self.step].T)

    def depths(self, bits: Words, centre: Floats) -> tuple[int, int]:
        """Rows to look at closely for ten and for a hundred hits.

        Args:
            bits: of all rows, (words, rows).
        """
        scores = np.concatenate(self._scores, axis=1)
        sampled = np.ascontiguousarray(bits[:, :: self.step])
        queries = sign_bits(self._queries, centre)
        counter = Counter()
        ranks: tuple[list[Any], list[Any]] = ([], [])
        for number, row in enumerate(scores):
            if number < len(self._own):
                row[self._own[number]] = -np.inf
            best = np.argpartition(-row, 100)[:100]
            best = best[np.argsort(-row[best])]
            distances = counter.distances(list(sampled), queries[:, number])
            below = np.cumsum(np.bincount(distances, minlength=WORD * len(bits) + 1))
            for kept, most in zip(ranks, (10, 100), strict=True):
                kept.append(below[distances[best[:most]]])
        ten, hundred = (self._needed(np.array(kept)) for kept in ranks)
        return max(ten, _LEAST), max(hundred, ten, 4 * _LEAST)

    def _needed(self, ranks: NDArray[Any]) -> int:
        """The depth that would have found nearly all, whichever kind of query is the hardest."""
        kinds = ranks.reshape(3, -1)
        worst = float(np.quantile(kinds, _QUANTILE, axis=1).max())
        return math.ceil(worst * _MARGIN * self.step)


def depth_for(hits: int, ten: int, hundred: int) -> int:
    """Rows to look at closely for that many hits, between and beyond the two estimates."""
    if hits <= 10:
        return ten
    power = min(1.0, max(0.2, math.log10(hundred / ten)))
    return max(math.ceil(ten * math.pow(hits / 10, power)), 4 * hits)
