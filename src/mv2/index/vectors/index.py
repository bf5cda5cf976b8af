"""``VectorIndex``: nearest vectors of one commit, read only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mv2.errors import FormatError, VecDimensionMismatchError
from mv2.index.vectors import EXACT_ROWS
from mv2.index.vectors.bits import MOST_WORDS, Counter, nearest, sign_bits, words_for
from mv2.index.vectors.depth import USEFUL_SHARE, depth_for
from mv2.index.vectors.derive import block_of_parts, part_of_rows
from mv2.index.vectors.rows import JoinedRows, Rows, open_rows
from mv2.storage.base import check_whole, vector_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mv2.format.vector_block import VectorBlock
    from mv2.storage.base import Base
    from mv2.storage.frame_set import FrameSet

    Floats = NDArray[np.float32]
    Places = NDArray[np.intp]
    Found = tuple[NDArray[np.int64], Floats]

#: Below this part of the rows, the bits of the allowed ones are gathered before the scan.
_GATHER_SHARE: Final = 4
#: Below this part of the frames, the rows are looked up rather than picked out with a mask.
_SPARSE_SHARE: Final = 8
#: So few rows are looked at directly.
_DIRECT_ROWS: Final = 1024
#: Scores in float32 are right to about this; rows that close to the last hit are looked at again.
_ROUNDING: Final = 4e-6
#: A hit found this late among the rows handed on (as a part of them) means that more are needed.
_LATE: Final = 0.5
_DEEPER: Final = 3
#: As USEFUL_SHARE, for rows that lie apart: reading those costs more.
_FILTERED_SHARE: Final = 3
_FILTERED_MARGIN: Final = 2.5
_WHOLE_MARGIN: Final = 1.25
_LEAST_DEPTH: Final = 384
_MOST_TIES: Final = 4096
#: Scores are compared to this many digits, so that equal vectors tie however they were summed up.
_DIGITS: Final = 7
_NO_SCORES: Final = np.empty(0, np.float32)


def cosines(vectors: Floats, unit: NDArray[np.float64]) -> Floats:
    """Cosine of vectors (m, d) with a unit vector, float32 (m,): summed in float64, row by row, so that
    equal vectors have equal scores wherever they stand.
    """
    numbers = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", numbers, numbers))
    products = np.einsum("ij,j->i", numbers, unit)
    found: Floats = (products / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return found


def unit_vector(query: Any, dimension: int, path: str) -> NDArray[np.float64]:
    """The query (d,) with length one, a zero vector as it is.

    Raises:
        VecDimensionMismatchError: it has another number of values than ``dimension``.
    """
    numbers = np.asarray(query, np.float64)
    if numbers.shape != (dimension,):
        raise VecDimensionMismatchError(
            f"the query's vector has {numbers.size} numbers, the memory's have {dimension}",
            path=path,
            remedy="Embed the query with the model that made the vectors.",
        )
    length = float(np.linalg.norm(numbers))
    return numbers / length if length > 0 else numbers


def best_first(ids: NDArray[np.int64], scores: Floats, k: int) -> Found:
    """The first ``k`` by score, equals by id."""
    order = np.lexsort((ids, -np.round(scores, _DIGITS)))[:k]
    return ids[order], scores[order]


def contenders(scores: Floats, k: int) -> Places:
    """Places of the scores that may be among the ``k`` best when summed exactly, ascending."""
    if len(scores) <= k:
        return np.arange(len(scores))
    last = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= last - _ROUNDING)


class VectorIndex:
    """Cosine similarity among the vectors of a commit. Safe to share between threads.

    Of a frame with several vectors the newest counts. A zero vector scores 0 with everything.
    The file must not be cut shorter while the index is used.
    """

    def __init__(self, base: Base) -> None:
        self._base = base
        self._counter = Counter()
        block = base.vector_block if base.anchor.record is not None else None
        opened = None if block is None else _open_described(base, block)
        if opened is None:
            block, opened = None, _open_verified(base)
        self._rows = opened
        self.dimension = opened.dimension
        if block is not None:
            frames: NDArray[Any] = np.frombuffer(block.ids, np.uint32)
            self._norms: Floats = np.frombuffer(block.norms, np.float32)
        else:
            derived = [part_of_rows(part, checked=False) for part in opened.parts]
            frames = np.concatenate([part.ids for part in derived]) if derived else np.empty(0, np.uint32)
            self._norms = np.concatenate([part.norms for part in derived]) if derived else _NO_SCORES
            if len(frames) >= EXACT_ROWS and words_for(self.dimension) <= MOST_WORDS:
                block = block_of_parts([(b"", len(frames))], derived, self.dimension)
        self._take_over(block, frames)

    def _take_over(self, block: VectorBlock | None, frames: NDArray[Any]) -> None:
        self._block = block
        self._bits = [np.frombuffer(word, np.uint64) for word in block.bits] if block is not None else []
        self._centre = np.frombuffer(block.centre, np.float32) if block is not None else None
        self._frames = frames
        known = frames < self._base.frame_count  # rows of no frame are never found
        size = int(frames[known].max()) + 1 if known.any() else 0
        rows = np.arange(len(frames), dtype=np.int32)
        self._row_of = np.full(size, -1, np.int32)
        self._row_of[frames[known]] = rows[known]  # the last row of a frame stays
        ascending = bool(known.all() and (frames[1:] > frames[:-1]).all())
        #: Rows that are the newest of their frame; None when all are.
        self._newest: NDArray[np.bool_] | None = None
        if not ascending:
            newest = np.zeros(len(frames), np.bool_)
            newest[known] = self._row_of[frames[known]] == rows[known]
            self._newest = None if bool(newest.all()) else newest
        self._count = len(frames) if self._newest is None else int(self._newest.sum())
        #: The first frame, where rows follow frames without gaps: a mask of frames is one of rows then.
        self._first = None
        if ascending and len(frames) and size - int(frames[0]) == len(frames):
            self._first = int(frames[0])

    def __len__(self) -> int:
        """Frames that have a vector."""
        return self._count

    @property
    def ids(self) -> NDArray[np.int64]:
        """Frames that have a vector, int64, ascending."""
        return np.flatnonzero(self._row_of >= 0).astype(np.int64)

    # --- search -------------------------------------------------------------------

    def search(self, query: NDArray[Any], k: int, allowed: FrameSet | None = None) -> Found:
        """The ``k`` nearest frames, or as many as there are.

        Args:
            query: float (d,), of any length but zero to be meaningful.
            allowed: only these frames; None allows all.

        Returns:
            ids int64 (m,) and cosine float32 (m,), best first; equals by id.

        Raises:
            VecDimensionMismatchError: the query has another number of values.
            ChecksumError: a stored vector that had to be read is damaged.
        """
        unit = unit_vector(query, self.dimension, self._base.file.path)
        self._check_file()
        choice = self._choice(allowed)
        count = len(self._frames) if choice is None else choice.count
        if k <= 0 or not count:
            return np.empty(0, np.int64), _NO_SCORES
        short = unit.astype(np.float32)
        if self._bits and bool(short.any()) and count > max(_DIRECT_ROWS, 2 * k):
            found = self._scan(short, unit, k, choice)
            if found is not None:
                return found
        return self._exact(short, unit, k, choice)

    def scores(self, query: NDArray[Any], ids: Sequence[int] | NDArray[np.int64]) -> Floats:
        """Cosine of the query with each frame's vector, float32 (m,); NaN where a frame has none."""
        unit = unit_vector(query, self.dimension, self._base.file.path)
        self._check_file()
        rows = self._rows_of(np.asarray(ids, np.int64))
        found = np.full(len(rows), np.nan, np.float32)
        have = np.flatnonzero(rows >= 0)
        if len(have):
            order = np.argsort(rows[have], kind="stable")
            have = have[order]
            found[have] = self._precise(rows[have], unit)
        return found

    def vector(self, frame_id: int) -> Floats | None:
        """The newest vector of a frame, float32 (d,), or None."""
        row = int(self._rows_of(np.array([frame_id]))[0])
        self._check_file()
        return None if row < 0 else self._rows.take(np.array([row]))[0].astype(np.float32)

    def _check_file(self) -> None:
        check_whole(self._base.file, self._base.anchor.data_end)

    def _rows_of(self, ids: NDArray[np.int64]) -> Places:
        known = (ids >= 0) & (ids < len(self._row_of))
        return (
            np.where(known, self._row_of[np.where(known, ids, 0)], -1) if len(self._row_of) else ids * 0 - 1
        )

    def _choice(self, allowed: FrameSet | None) -> _Choice | None:
        """The rows to search; None for all of them."""
        newest = self._newest
        if allowed is None:
            return None if newest is None else _Choice(self._count, newest)
        mask = np.frombuffer(allowed.mask, np.bool_)
        if np.count_nonzero(mask) * _SPARSE_SHARE < len(self._frames):
            frames = np.flatnonzero(mask[: len(self._row_of)])
            rows = self._row_of[frames]
            rows = rows[rows >= 0]
            rows.sort()  # in order already, but for merged segments
            return _Choice(len(rows), None, rows.astype(np.intp))
        if self._first is not None and len(mask) >= self._first + len(self._frames):
            chosen = mask[self._first : self._first + len(self._frames)]
        else:
            known = self._frames < len(mask)
            chosen = mask[np.where(known, self._frames, 0)] & known if len(mask) else known
            chosen = chosen if newest is None else chosen & newest
        count = int(np.count_nonzero(chosen))
        return None if count == len(self._frames) else _Choice(count, chosen)

    # --- exactly ------------------------------------------------------------------

    def _exact(self, short: Floats, unit: NDArray[np.float64], k: int, choice: _Choice | None) -> Found:
        """The best of some rows, by the stored numbers alone."""
        if choice is None:
            return self._best(self._rows.dot(short) * self._norms, None, unit, k)
        places = choice.places()
        if len(places) * 3 < len(self._frames):
            scores = self._rows.dot(short, places) * self._norms[places]
        else:
            scores = (self._rows.dot(short) * self._norms)[places]
        return self._best(scores, places, unit, k)

    def _best(self, scores: Floats, places: Places | None, unit: NDArray[np.float64], k: int) -> Found:
        """The first ``k`` by exact scores, chosen among rows by their float32 scores."""
        close = contenders(scores, k)
        if len(close) > k + _MOST_TIES:  # nearly all alike: the best by score, then by id
            rows = close if places is None else places[close]
            rounded = np.round(scores[close].astype(np.float64), 5)
            close = np.sort(close[np.lexsort((self._frames[rows], -rounded))[: k + _MOST_TIES]])
        rows = close if places is None else places[close]
        exact = self._precise(rows, unit)
        return best_first(self._frames[rows].astype(np.int64), exact, k)

    def _precise(self, rows: Places, unit: NDArray[np.float64]) -> Floats:
        """Cosine of some rows (ascending), summed in float64."""
        return cosines(self._rows.take(rows), unit)

    # --- by sign bits ---------------------------------------------------------------

    def _depth(self, k: int, count: int) -> int:
        """Rows to look at among ``count`` of all: the best of a part are about the best of more of the whole.

        Where the allowed rows are much alike this is too few, which ``_scan`` notices.
        """
        assert self._block is not None
        ten, hundred = self._block.depth_ten, self._block.depth_hundred
        if count == len(self._frames):
            return depth_for(k, ten, hundred)
        part = count / len(self._frames)
        alike = part * depth_for(math.ceil(k / part), ten, hundred)
        most = _WHOLE_MARGIN * depth_for(k, ten, hundred)
        return max(_LEAST_DEPTH, 4 * k, math.ceil(min(_FILTERED_MARGIN * alike, most)))

    def _scan(self, short: Floats, unit: NDArray[np.float64], k: int, choice: _Choice | None) -> Found | None:
        """The best rows among those whose bits are near; None when an exact scan is as good."""
        assert self._centre is not None
        every = len(self._frames)
        count = every if choice is None else choice.count
        share = USEFUL_SHARE if choice is None else _FILTERED_SHARE
        depth = self._depth(k, count)
        if depth * share >= count:
            return None
        query = sign_bits(short[None, :], self._centre)[:, 0]
        gathered = None
        columns = self._bits
        if choice is not None and count * _GATHER_SHARE < every:
            gathered = choice.places()
            columns = [word[gathered] for word in columns]
        distances = self._counter.distances(columns, query)
        while depth * share < count:
            near = self._near(distances, depth, None if gathered is not None else choice)
            rows = near if gathered is None else gathered[near]
            scores = self._rows.dot(short, rows) * self._norms[rows]
            top = near[np.argpartition(-scores, k)[:k]] if len(scores) > k else near
            late = distances[near] <= distances[top].max()
            if np.count_nonzero(late) <= _LATE * len(near):
                return self._best(scores, rows, unit, k)
            depth *= _DEEPER
        return None

    def _near(self, distances: NDArray[np.uint16], depth: int, choice: _Choice | None) -> Places:
        """The nearest rows by their bits, at least ``depth`` of those that are chosen."""
        width = 64 * len(self._bits)
        if choice is None:
            return nearest(distances, depth, width)
        assert choice.mask is not None
        wanted = depth * len(distances) // choice.count
        near = nearest(distances, min(wanted, len(distances)), width)
        near = near[choice.mask[near]]
        if 2 * len(near) < depth:  # the best are not allowed: the bits tell less of those further away
            depth *= _DEEPER
        while len(near) < depth and wanted < len(distances):
            wanted *= 2
            near = nearest(distances, min(wanted, len(distances)), width)
            near = near[choice.mask[near]]
        return near


class _Choice:
    """Some of the rows.

    Args:
        count: how many.
        mask: True for each of them; None when ``rows`` is given.
        rows: their numbers, ascending; found out when needed.
    """

    def __init__(self, count: int, mask: NDArray[np.bool_] | None, rows: Places | None = None) -> None:
        self.count = count
        self.mask = mask
        self._rows = rows

    def places(self) -> Places:
        """Their numbers, ascending."""
        if self._rows is None:
            assert self.mask is not None
            self._rows = np.flatnonzero(self.mask)
        return self._rows


def _open_described(base: Base, block: VectorBlock) -> JoinedRows | None:
    """The rows a block describes, each verified when it is read; None when they do not fit it."""
    descriptors = vector_ranges(base.tail)
    parts = []
    for descriptor in descriptors:
        place = descriptor.offset, descriptor.length
        try:
            if descriptor.vector_compression:
                data = base.mapped_verified(*place, descriptor.digest, "a vector segment")
            else:
                data = base.file.map(*place)
            rows = open_rows(data, descriptor.vector_compression)
        except FormatError:
            return None
        if len(rows) != descriptor.vector_count or (len(rows) and rows.dimension != block.dimension):
            return None
        parts.append(rows)

    def verify() -> None:
        for one in descriptors:
            base.mapped_verified(one.offset, one.length, one.digest, "a vector segment")

    filled = [part for part in parts if len(part)]
    return JoinedRows(filled, base.file.path, np.frombuffer(block.checks, np.uint64), verify)


def _open_verified(base: Base) -> JoinedRows:
    """All rows of a file without a block. In files the original wrote last, what does not decode, and
    what has another length than the newest, is left out.
    """
    parts: list[Rows] = []
    for data, compression in base.vector_data():
        try:
            rows = open_rows(data, compression)
            if len(rows):
                rows.ids()  # makes sure that the rows are alike
                parts.append(rows)
        except FormatError:
            if base.anchor.record is not None:
                raise
    return JoinedRows([part for part in parts if part.dimension == parts[-1].dimension], base.file.path)
