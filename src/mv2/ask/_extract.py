"""An answer made of the memory's own sentences, without a model."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from mv2.ask._features import has_date
from mv2.ask._sentences import speaker
from mv2.search._words import FUNCTION_WORDS
from mv2.types import Citation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mv2.ask._evidence import Evidence
    from mv2.ask._question import Question
    from mv2.types import Passage

NOT_FOUND: Final = "Nothing in this memory answers that."
_SENTENCES: Final = 3
_ITEMS: Final = 8
#: A further sentence needs this share of the best one's score.
_NEAR: Final = 0.75
_NEAR_IN_LISTS: Final = 0.65
#: Two sentences with this share of their words in common say the same.
_SAME: Final = 0.7


def choose_sentences(question: Question, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The sentences of the answer, best first: at most 3, or 8 for lists and counts; no questions.

    When a correction is about the question, the best one alone answers it, unless a list or a
    comparison was asked for.
    """
    pool = [item for item in evidence if not item.asks]
    gathers = question.wants_many or question.kind == "compare"
    if not gathers and pool and pool[0].candidate.correction:
        pool = [item for item in pool if item.candidate is pool[0].candidate]
    if question.kind == "when" and any(item.fit for item in pool[:1]):
        pool = [item for item in pool if item.fit]
    most, near = (_ITEMS, _NEAR_IN_LISTS) if question.wants_many else (_SENTENCES, _NEAR)
    chosen = _best_of_each_side(question, pool)
    least = near * max((item.score for item in pool[:1]), default=0.0)
    for item in pool:
        if len(chosen) >= most or item.score < least:
            break
        if not any(_alike(question, item, other) for other in chosen):
            chosen.append(item)
    return chosen


def extract(
    question: Question, chosen: Sequence[Evidence], passages: Sequence[Passage]
) -> tuple[str, tuple[Citation, ...]]:
    """The text of an answer, and its citations in order: one of each passage that it names."""
    numbers: Mapping[int, int] = {passage.frame_id: passage.number for passage in passages}
    parts, citations, cited = [], [], set()
    for item in chosen:
        number = numbers[item.candidate.frame_id]
        parts.append(f"{_told(question, item)} [{number}]")
        if number not in cited:
            cited.add(number)
            citations.append(_citation(item, number))
    return " ".join(parts), tuple(citations)


def _told(question: Question, item: Evidence) -> str:
    """A sentence as it is told: who says it in front, its day behind when that was asked for."""
    text = " ".join(item.text.split())
    who = speaker(item.candidate.text)
    text = f"{who}: {text}" if who else text
    if question.kind == "when" and not has_date(item.text):
        text = f"{text} (noted {day(item.candidate.timestamp)})"
    return text


def day(timestamp: int) -> str:
    """The day of a time (UTC) as YYYY-MM-DD; the number itself outside Python's calendar."""
    try:
        return dt.datetime.fromtimestamp(timestamp, dt.UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return str(timestamp)


def _citation(item: Evidence, number: int) -> Citation:
    candidate = item.candidate
    start, end = item.span
    return Citation(
        number=number,
        frame_id=candidate.frame_id,
        uri=candidate.uri,
        title=candidate.title,
        timestamp=candidate.timestamp,
        range=(candidate.start + start, candidate.start + end),
        quote=item.text,
    )


def _best_of_each_side(question: Question, pool: Sequence[Evidence]) -> list[Evidence]:
    """For a comparison, the best sentence about each thing compared."""
    from mv2.index.lexical import tokens

    chosen: list[Evidence] = []
    for side in question.sides:
        stems = set(tokens(side))
        ranked = sorted(pool, key=lambda item: -len(stems & item.stems))
        if ranked and stems & ranked[0].stems and ranked[0] not in chosen:
            chosen.append(ranked[0])
    return chosen


def _alike(question: Question, one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say the same beside what the question says already."""
    known = FUNCTION_WORDS | question.words.keys()
    first, second = one.stems - known, other.stems - known
    return len(first & second) >= _SAME * len(first | second)
