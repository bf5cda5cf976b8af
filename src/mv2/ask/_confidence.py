"""How well a memory supports an answer.

Confidence is the best cover among the sentences of the answer: the share of the question's
content words, each weighing log(1 + N / (1 + n)) where n of the memory's N frames have it, and
half as much again for names and numbers. A word counts in full where it stands in the
sentence, 0.9 in the name of who says it or in the title, 0.6 elsewhere in the frame and 0.3 in the
frames beside it. The sentences of a comparison count together. If a frame has none of the names in
the question, all of that counts 0.6: it is about somebody else. Where vectors were searched,
(c - m) / (1 - m) counts instead if that is more: c is the cosine of question and frame, m the
middle one of the 24 largest. With a model, confidence is the mean of all that and of the answer's
grounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mv2.ask._evidence import Evidence
    from mv2.ask._question import Question

#: Below this nothing is said to be found, without a model. See benchmarks/retrieval/answers.py.
SUPPORTED: Final = 0.35
_ABOUT_OTHERS: Final = 0.6


def confidence(question: Question, chosen: Sequence[Evidence], weights: Mapping[str, float]) -> float:
    """Confidence that the chosen sentences answer the question, 0 to 1."""
    sure = max((_support(item) for item in chosen), default=0.0)
    if not question.sides or not chosen:
        return sure
    total = sum(weights.values()) or 1.0
    together = sum(weight * max(item.shares[stem] for item in chosen) for stem, weight in weights.items())
    return min(1.0, max(sure, together / total))


def _support(item: Evidence) -> float:
    cover = item.cover if item.named else _ABOUT_OTHERS * item.cover
    return min(1.0, max(cover, item.candidate.gain))
