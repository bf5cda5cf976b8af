"""Orders that are made of an order: diversity, and where a result ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from mv2.types import Cutoff

Ranked = list[tuple[float, int]]
# What the strategies take when nothing is given: a share of the best, a score, a fall, a sensitivity.
USUAL: Final[dict[str, float]] = {
    "relative": 0.5,
    "absolute": 0.3,
    "cliff": 0.4,
    "elbow": 1.0,
    "combined": 0.5,
}


def diverse(hits: Ranked, similarity: Callable[[int, int], float], amount: float) -> Ranked:
    """Maximal marginal relevance (Carbonell and Goldstein, 1998) over hits with scores.

    Args:
        similarity: of two frames, from 0 to 1.
        amount: 0 keeps the order, 1 looks at differences only.
    """
    if not hits or amount <= 0:
        return hits
    best = hits[0][0] or 1.0
    waiting = list(hits)
    chosen: Ranked = []
    nearest = dict.fromkeys((frame_id for _, frame_id in hits), 0.0)
    while waiting:
        place = max(
            range(len(waiting)),
            key=lambda n: ((1 - amount) * waiting[n][0] / best - amount * nearest[waiting[n][1]], -n),
        )
        score, frame_id = waiting.pop(place)
        chosen.append((score, frame_id))
        for _, other in waiting:
            nearest[other] = max(nearest[other], similarity(frame_id, other))
    # Scores follow the new order, so that they never rise along it.
    ordered = sorted((score for score, _ in hits), reverse=True)
    return [(score, frame_id) for score, (_, frame_id) in zip(ordered, chosen, strict=True)]


def kept_count(scores: Sequence[float], cutoff: Cutoff, limit: float | None = None) -> int:
    """How many of the scores (best first) stand before the cut; at least one of any.

    ``relative``: at least `limit` times the best. ``absolute``: at least `limit` after scaling to
    0..1. ``cliff``: before the first fall by more than `limit` of the score before. ``elbow``: up to the
    point farthest from the straight line between the first and the last. ``combined``: the first
    cut of relative, absolute (0.3) and cliff (0.4).
    """
    if len(scores) < 2:
        return len(scores)
    if cutoff == "elbow":
        return _elbow(scores, USUAL["elbow"] if limit is None else limit)
    if cutoff == "combined":
        first = USUAL["combined"] if limit is None else limit
        return min(
            _cut(scores, "relative", first),
            *(_cut(scores, name, USUAL[name]) for name in ("absolute", "cliff")),
        )
    return _cut(scores, cutoff, USUAL[cutoff] if limit is None else limit)


def _cut(scores: Sequence[float], name: str, limit: float) -> int:
    best, last = scores[0], scores[-1]
    for place in range(1, len(scores)):
        score, before = scores[place], scores[place - 1]
        if name == "relative":
            over = score < limit * best
        elif name == "absolute":
            over = best > last and (score - last) / (best - last) < limit
        else:
            over = before > 0 and (before - score) / before > limit
        if over:
            return place
    return len(scores)


def _elbow(scores: Sequence[float], sensitivity: float) -> int:
    best, last, size = scores[0], scores[-1], len(scores)
    if size < 3 or best <= last:
        return size
    distances = []
    for place, score in enumerate(scores):
        across, up = place / (size - 1), (score - last) / (best - last)
        distances.append((1 - across - up) * (1 + sensitivity * (1 - across)))
    place = max(range(size), key=distances.__getitem__)
    return place + 1 if distances[place] > 0.05 * sensitivity else size
