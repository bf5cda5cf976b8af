"""Neighbours: frames next to each other in a track share a part of their scores.

In a conversation the answer often stands beside the words that were asked for.
A hit lends a share of its score to the frame before it and the one after it, and
all frames of a track gain a share of what its best three have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mv2.search.source import FrameSource

LENDERS: Final = 128
_BEST_OF_TRACK: Final = 3


def lend(
    scores: Mapping[int, float], source: FrameSource, share: float, allowed: bytes | None
) -> tuple[dict[int, float], dict[int, float]]:
    """What each frame gains from (its neighbours, its track), frames without a score of their own included.

    Args:
        scores: from 0 up, by frame.
        share: part of its score that a frame lends to each neighbour, and its track to each frame.
        allowed: mask of the frames that may be hits; None for all.
    """
    lenders = sorted(scores, key=lambda k: (-scores[k], k))[:LENDERS]
    beside: dict[int, float] = {}
    for frame_id in lenders:
        for other in source.neighbours(frame_id, 1, 1):
            if allowed is None or allowed[other]:
                beside[other] = beside.get(other, 0.0) + share * scores[frame_id]
    members: dict[object, list[float]] = {}
    track: dict[int, object] = {}
    for frame_id in (*lenders, *(k for k in beside if k not in scores)):
        code = source.track_of(frame_id)
        if code is not None:
            track[frame_id] = code
            members.setdefault(code, []).append(scores.get(frame_id, 0.0))
    best = {code: sum(sorted(values)[-_BEST_OF_TRACK:]) / _BEST_OF_TRACK for code, values in members.items()}
    return beside, {frame_id: share * best[code] for frame_id, code in track.items()}
