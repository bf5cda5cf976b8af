"""Search by vector over a view: the committed index, and what is still in the log."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mv2.errors import VecIndexDisabledError
from mv2.index.vectors.derive import inverse_norms
from mv2.index.vectors.index import VectorIndex, best_first, contenders, cosines, unit_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mv2.storage.frame_set import FrameSet
    from mv2.storage.overlay import Overlay
    from mv2.storage.view import View

    Floats = NDArray[np.float32]
    Ids = NDArray[np.int64]

_FIRST_ROOM: Final = 64


class VectorSearch:
    """The vector search of one handle: its opened index, and its cache of pending vectors.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: VectorIndex | None = None
        self._key: tuple[bytes, int] | None = None
        self._pending: _PendingVectors | None = None

    def search(self, view: View, query: Any, k: int, allowed: FrameSet | None = None) -> tuple[Ids, Floats]:
        """The ``k`` nearest active frames, chunks included, or as many as there are.

        Args:
            query: numbers (d,), of any length.
            allowed: the only frames that may be found, of ``view.frame_count``; None for all.

        Returns:
            ids int64 (m,) and cosine float32 (m,), best first, equals by id.

        Raises:
            VecIndexDisabledError: the memory has no vectors.
            VecDimensionMismatchError: the query has another number of values than they.
            ChecksumError: a stored vector is damaged.
        """
        index, pending, unit = self._bind(view, query)
        active = view.active()
        chosen = active
        if allowed is not None:
            chosen = allowed if len(active) == active.size else allowed & active
        parts = []
        if index is not None and len(index):
            parts.append(index.search(unit, k, chosen))
        if pending is not None:
            parts.append(pending.search(unit, k, chosen, view.frame_count))
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        ids, scores = (np.concatenate(column) for column in zip(*parts, strict=True))
        return best_first(ids, scores, k)

    def scores(self, view: View, query: Any, ids: Sequence[int] | Ids) -> Floats:
        """Cosine of the query with each frame's vector, float32 (m,); NaN where a frame has none.

        Raises: as ``search``.
        """
        index, pending, unit = self._bind(view, query)
        wanted = np.asarray(ids, np.int64)
        found = np.full(len(wanted), np.nan, np.float32)
        if index is not None and len(index):
            found = index.scores(unit, wanted)
        if pending is not None:
            pending.fill(found, unit, wanted, view.frame_count)
        return found

    def vector(self, view: View, frame_id: int) -> Floats | None:
        """The newest vector of a frame, float32 (d,), or None."""
        frame = view.overlay.pending(frame_id)
        if frame is not None:
            return None if frame.embedding is None else np.frombuffer(frame.embedding, "<f4")
        index = self._opened(view)
        return None if index is None or not len(index) else index.vector(frame_id)

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._index = self._key = self._pending = None

    def _bind(
        self, view: View, query: Any
    ) -> tuple[VectorIndex | None, _PendingVectors | None, NDArray[np.float64]]:
        dimension = view.vector_dimension
        if not dimension:
            raise VecIndexDisabledError(
                "the memory has no vectors",
                path=view.file.path,
                remedy='Put documents with an embedding, or search with mode="lex".',
            )
        unit = unit_vector(query, dimension, view.file.path)
        index = self._opened(view)
        if index is not None and index.dimension != dimension:
            index = None  # what another engine left; the newest vectors count
        return index, self._pending_of(view, dimension), unit

    def _opened(self, view: View) -> VectorIndex | None:
        """The index of the view's commit, opened once; None without vectors there."""
        base = view.base
        if not base.frame_count or not base.vector_dimension:
            return None
        key = base.anchor.contents_digest, base.anchor.generation
        with self._lock:
            if self._key != key:
                self._index, self._key = VectorIndex(base), key
            return self._index

    def _pending_of(self, view: View, dimension: int) -> _PendingVectors | None:
        if not view.overlay.vector_dimension:
            return None
        with self._lock:
            pending = self._pending
            if pending is None or pending.overlay is not view.overlay:
                pending = self._pending = _PendingVectors(view.overlay, dimension)
            pending.catch_up()
            return pending


class _PendingVectors:
    """The vectors of one overlay, collected as it grows; a frame's vector never changes."""

    def __init__(self, overlay: Overlay, dimension: int) -> None:
        self.overlay = overlay
        self._dimension = dimension
        self._seen = 0
        #: Replaced by larger arrays, never written where a search may read.
        self._ids: Ids = np.empty(_FIRST_ROOM, np.int64)
        self._rows: Floats = np.empty((_FIRST_ROOM, dimension), np.float32)
        self._norms: Floats = np.empty(_FIRST_ROOM, np.float32)
        self._count = 0

    def catch_up(self) -> None:
        """Add the frames that came since the last call."""
        frames = self.overlay.frames
        while self._seen < len(frames):
            frame = frames[self._seen]
            self._seen += 1
            data = frame.embedding
            if data is None or len(data) != 4 * self._dimension:
                continue
            if self._count == len(self._ids):
                self._ids = np.concatenate([self._ids, np.empty_like(self._ids)])
                self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
                self._norms = np.concatenate([self._norms, np.empty_like(self._norms)])
            self._ids[self._count] = frame.record.id
            self._rows[self._count] = np.frombuffer(data, "<f4")
            self._norms[self._count] = inverse_norms(self._rows[self._count : self._count + 1])[0]
            self._count += 1

    def _before(self, frame_count: int) -> tuple[Ids, Floats]:
        """The frames of a view, ascending, and their vectors."""
        count, ids, rows = self._count, self._ids, self._rows
        count = int(np.searchsorted(ids[:count], frame_count))
        return ids[:count], rows[:count]

    def search(
        self, unit: NDArray[np.float64], k: int, allowed: FrameSet, frame_count: int
    ) -> tuple[Ids, Floats]:
        """The best of the allowed frames."""
        ids, rows = self._before(frame_count)
        chosen = np.flatnonzero(np.frombuffer(allowed.mask, np.bool_)[ids])
        rough = np.vecdot(rows, unit.astype(np.float32)) * self._norms[: len(ids)]
        chosen = chosen[contenders(rough[chosen], k)]
        return best_first(ids[chosen], cosines(rows[chosen], unit), k)

    def fill(self, found: Floats, unit: NDArray[np.float64], wanted: Ids, frame_count: int) -> None:
        """Write the scores of the pending ones among some frames."""
        ids, rows = self._before(frame_count)
        if not len(ids):
            return
        places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
        have = np.flatnonzero(ids[places] == wanted)
        found[have] = cosines(rows[places[have]], unit)
