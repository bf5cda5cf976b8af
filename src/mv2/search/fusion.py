"""Words and vectors in one order.

Both sides are brought to 0..1 and added. What each side weighs is decided for
every query from two things that can be seen without knowing the right answer:

* *sharpness of the words*: the best hit's score beside what all words of the
  query together could reach. Words that no document has make it small, and then
  the vectors count more.
* *agreement*: how far above the usual similarity (in standard deviations) the
  vectors put the documents that the words found. A model that knows nothing of
  the language puts them nowhere in particular, and then it counts little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from mv2._record import dataclass

# Chosen to be gentle: the order of hits changes little within 0.2 to 0.35 (docs/design.md, "Ranking").
VECTOR_WEIGHT: Final = 0.25
# Times the weight, where the words reach little of the query.
LONE_FACTOR: Final = 1.2
# Similarities lie close together: a power above 1 tells the best from the many that are near.
VECTOR_POWER: Final = 1.5
RRF_CONSTANT: Final = 60.0
_SHARP_FROM, _SHARP_TO = 0.3, 0.75
_AGREES_TO: Final = 0.8
_LEAST: Final = 0.1
_ALIKE: Final = 1e-6
_AGREEMENT_HITS: Final = 10


@dataclass(frozen=True, slots=True)
class Background:
    """Similarities that frames in general have to a query: mean and standard deviation."""

    mean: float
    deviation: float


def background(similarities: Sequence[float]) -> Background:
    """Of a sample of frames; NaN (a frame without vector) does not count."""
    values = [value for value in similarities if not math.isnan(value)]
    if not values:
        return Background(0.0, 1.0)
    mean = math.fsum(values) / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return Background(mean, math.sqrt(spread) or 1.0)


def lexical_parts(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores from 0 to 1, the best being 1."""
    best = max(scores.values(), default=0.0)
    return {frame_id: score / best for frame_id, score in scores.items()} if best > 0 else dict(scores)


def vector_parts(similarities: Mapping[int, float], usual: Background) -> dict[int, float]:
    """0 for what is no more similar than frames in general, 1 for the best, and a power between."""
    known = {frame_id: value for frame_id, value in similarities.items() if not math.isnan(value)}
    best = max(known.values(), default=0.0)
    span = best - usual.mean
    if span <= _ALIKE:
        return {frame_id: float(value >= best - _ALIKE) for frame_id, value in known.items()}
    return {
        frame_id: max(0.0, (value - usual.mean) / span) ** VECTOR_POWER for frame_id, value in known.items()
    }


def vector_weight(
    lexical: Sequence[tuple[float, int]],
    ideal: float,
    similarities: Mapping[int, float],
    usual: Background,
    weight: float = VECTOR_WEIGHT,
) -> float:
    """Share of the vectors in the sum, 0 to 1.

    Args:
        lexical: (score, frame id), best first.
        ideal: score of a document that has every word of the query once.
        similarities: cosine by frame, of the first hits of `lexical` at least.
        weight: what vectors weigh that agree with sharp words; less for models that know little
            beyond the words themselves.
    """
    if not lexical:
        return 1.0
    sharpness = _ramp(lexical[0][0] / ideal if ideal > 0 else 1.0, _SHARP_FROM, _SHARP_TO)
    seen = [similarities[k] for _, k in lexical[:_AGREEMENT_HITS] if k in similarities]
    seen = [value for value in seen if not math.isnan(value)]
    agreement = (math.fsum(seen) / len(seen) - usual.mean) / usual.deviation if seen else 0.0
    trusted = max(_LEAST, _ramp(agreement, 0.0, _AGREES_TO))
    return sharpness * weight * trusted + (1 - sharpness) * LONE_FACTOR * weight


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def weighted_sum(
    lexical: Mapping[int, float], vector: Mapping[int, float], weight: float
) -> dict[int, float]:
    """(1 - `weight`) of one side and `weight` of the other, for every frame of either."""
    total = {frame_id: (1 - weight) * part for frame_id, part in lexical.items()}
    for frame_id, part in vector.items():
        total[frame_id] = total.get(frame_id, 0.0) + weight * part
    return total


def reciprocal_ranks(lists: Sequence[Sequence[int]], constant: float = RRF_CONSTANT) -> dict[int, float]:
    """Sum of 1 / (`constant` + rank) over the lists (Cormack, Clarke and Buettcher, 2009)."""
    total: dict[int, float] = {}
    for listed in lists:
        for rank, frame_id in enumerate(listed, 1):
            total[frame_id] = total.get(frame_id, 0.0) + 1.0 / (constant + rank)
    return total
