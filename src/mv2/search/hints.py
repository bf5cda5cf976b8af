"""Hints of time: what a question says about when, and how new a frame is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from mv2._late import late_pattern

TIME_BONUS: Final = 0.1
_REACH: Final = 7 * 86_400
_WHEN: Final = late_pattern(
    r"\s*(?:when|how (?:long|old|often|soon|recently)|since when|(?:in |on |at )?(?:what|which) "
    r"(?:year|date|day|month|week|time))\b",
    re.IGNORECASE,
)
_TIME_WORDS: Final = late_pattern(
    r"\b(?:yesterday|today|tonight|tomorrow|ago|last|next|recently|since|weekend|weeks?|months?|years?|days?"
    r"|this (?:morning|afternoon|evening)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march"
    r"|april|june|july|august|september|october|november|december|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
#: Hits whose text is looked at for time words.
LOOKED_AT: Final = 64

Range = tuple[int | None, int | None]


def asks_when(question: str) -> bool:
    """Whether the question wants a time for an answer."""
    return _WHEN.match(question) is not None


def speaks_of_time(text: str) -> bool:
    """Whether the text has words of time."""
    return _TIME_WORDS.search(text) is not None


def nearness(timestamp: int, ranges: Iterable[Range]) -> float:
    """1 for a time inside one of the half-open ranges, less within a week of it, else 0."""
    best = 0.0
    for start, end in ranges:
        if start is not None and timestamp < start:
            gap = start - timestamp
        elif end is not None and timestamp >= end:
            gap = timestamp - end
        else:
            return 1.0
        best = max(best, 1.0 - gap / _REACH)
    return best


def freshness(timestamps: Sequence[int], half_life: float) -> list[float]:
    """1 for the newest of the times, halving with every `half_life` seconds before it."""
    newest = max(timestamps, default=0)
    return [0.5 ** ((newest - moment) / half_life) for moment in timestamps]


def time_gains(
    question: str,
    ranges: Sequence[Range],
    frames: Sequence[int],
    timestamp: Callable[[int], int],
    text: Callable[[int], str],
) -> dict[int, float]:
    """What each of `frames` (best first) gains for its time, at most twice ``TIME_BONUS``."""
    gains: dict[int, float] = {}
    if asks_when(question):
        for frame_id in frames[:LOOKED_AT]:
            if speaks_of_time(text(frame_id)):
                gains[frame_id] = TIME_BONUS
    if ranges:
        for frame_id in frames:
            near = nearness(timestamp(frame_id), ranges)
            if near:
                gains[frame_id] = gains.get(frame_id, 0.0) + TIME_BONUS * near
    return gains
