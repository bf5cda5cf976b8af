"""Corrections: which frames are, when one is about a query, and how it comes to stand on top.

A correction is a frame with the label ``correction`` (``Memvid.correct`` makes them, as
the original engine does). One is about a query when it has one of the query's topics among
its own (its tags), or at least half of the query's content words, but no fewer than two of
them where the query has two or more. So it never comes up for a query that merely shares a
common word with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from mv2.index.lexical import tokens
from mv2.ingest.corrections import BOOST, DEFAULT_BOOST, LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence


__all__ = ["LABEL", "applies", "boost_of", "lift"]

#: Share of the query's content words that a correction without a fitting topic must have.
SHARE: Final = 0.5


def lift(
    hits: Sequence[tuple[float, int]],
    is_correction: Callable[[int], bool],
    boost: Callable[[int], float] = lambda _: DEFAULT_BOOST,
) -> list[tuple[float, int]]:
    """Put corrections above everything else, keeping scores in descending order.

    The score of a correction becomes the best score of the others plus its own times its
    boost, so the strongest comes first; the others keep score and order.

    Args:
        hits: (score, frame id), best first; scores are not negative.
        is_correction: whether a frame is a correction that is about the query.
        boost: its boost, more than 0.
    """
    lifted = [hit for hit in hits if is_correction(hit[1])]
    if not lifted:
        return list(hits)
    chosen = {frame_id for _, frame_id in lifted}
    others = [hit for hit in hits if hit[1] not in chosen]
    top = max((score for score, _ in others), default=0.0)
    raised = [
        (math.nextafter(top, math.inf) + score * boost(frame_id), frame_id) for score, frame_id in lifted
    ]
    raised.sort(key=lambda hit: -hit[0])
    return raised + others


def applies(query_stems: Collection[str], statement: str, topics: Iterable[str] = ()) -> bool:
    """Whether a correction is about a query.

    Args:
        query_stems: stems of the query's content words.
        statement: the text of the correction.
        topics: its topics; one of several words must be in the query with all of them.
    """
    wanted = set(query_stems)
    if not wanted:
        return False
    for topic in topics:
        stems = set(tokens(topic))
        if stems and stems <= wanted:
            return True
    shared = len(wanted.intersection(tokens(statement)))
    return shared >= min(2, len(wanted)) and shared >= SHARE * len(wanted)


def boost_of(metadata: Mapping[str, Any]) -> float:
    """The boost of a correction; the usual one where none is stored or it makes no sense."""
    value = metadata.get(BOOST, DEFAULT_BOOST)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return DEFAULT_BOOST
    if not isinstance(value, int | float) or isinstance(value, bool):
        return DEFAULT_BOOST
    return float(value) if math.isfinite(value) and value > 0 else DEFAULT_BOOST
