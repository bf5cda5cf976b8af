"""The vectors of a memory as one query sees them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from mv2.search.fusion import VECTOR_WEIGHT, Background, background

if TYPE_CHECKING:
    from mv2.search.candidates import Ranked
    from mv2.search.vectors import VectorSearch
    from mv2.storage.frame_set import FrameSet
    from mv2.storage.view import View

#: Frames, spread evenly through the memory, that tell what similarities are usual.
SAMPLED: Final = 128


class BoundVectors:
    """A ``VectorSide`` over a view.

    Args:
        query: little-endian float32 bytes.
        allowed: the only frames that may be hits; None allows every active one.
        weight: share of the sum that vectors of this model usually have.
    """

    def __init__(
        self,
        search: VectorSearch,
        view: View,
        query: bytes,
        allowed: FrameSet | None,
        weight: float = VECTOR_WEIGHT,
    ) -> None:
        self.weight = weight
        self._search = search
        self._view = view
        self._query = np.frombuffer(query, "<f4")
        self._allowed = allowed

    def nearest(self, count: int) -> Ranked:
        ids, scores = self._search.search(self._view, self._query, count, self._allowed)
        return list(zip(scores.tolist(), ids.tolist(), strict=True))

    def similarities(self, frame_ids: list[int]) -> dict[int, float]:
        if not frame_ids:
            return {}
        scores = self._search.scores(self._view, self._query, frame_ids).tolist()
        return {k: score for k, score in zip(frame_ids, scores, strict=True) if not math.isnan(score)}

    def usual(self) -> Background:
        count = self._view.frame_count
        sample = list(range(0, count, max(1, count // SAMPLED)))
        return background(self._search.scores(self._view, self._query, sample).tolist())

    def alike(self, one: int, other: int) -> float:
        a, b = self._search.vector(self._view, one), self._search.vector(self._view, other)
        if a is None or b is None:
            return 0.0
        length = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(a @ b) / length if length else 0.0
