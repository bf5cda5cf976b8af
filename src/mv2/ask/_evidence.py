"""How well sentences support an answer to a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.ask._features import fit
from mv2.ask._sentences import sentences, speaker, speech_start
from mv2.index.lexical import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mv2.ask._question import Question
    from mv2.ask._retrieve import Candidate

#: What a word of the question counts for, by where it stands: in the sentence itself; in the name of
#: who says it or the title; elsewhere in the frame; in the frames beside it.
_IN_SENTENCE: Final = 1.0
_IN_HEAD: Final = 0.9
_IN_FRAME: Final = 0.6
_AROUND: Final = 0.3
#: A sentence shorter than this (characters) says little.
_SHORT: Final = 25


@dataclass(slots=True)
class Evidence:
    """A sentence that may be part of the answer.

    Attributes:
        span: where it stands in the candidate's text.
        stems: the stems of its words.
        shares: what each content word of the question counts for, by stem: 1 where it stands in the sentence.
        cover: the weighted mean of that, 0 to 1.
        named: whether its frame has one of the names in the question, or there are none.
        fit: whether it has what the question asks for: 1 fully, less for second best, 0 not.
        asks: it is a question itself.
        score: what sentences are chosen by.
    """

    candidate: Candidate
    span: tuple[int, int]
    stems: frozenset[str]
    shares: Mapping[str, float]
    cover: float
    named: bool
    fit: float
    asks: bool
    score: float

    @property
    def text(self) -> str:
        """The sentence."""
        return self.candidate.text[self.span[0] : self.span[1]]


def gather(
    question: Question, candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> list[Evidence]:
    """Every sentence of the candidates, the best first.

    A sentence's score is 0.6 of its cover, 0.2 of the cover it has alone and half of its
    frame's score, and up to 0.2 more for holding what the question asks for; a sentence that
    itself asks loses 0.3, one whose frame has none of the question's names 0.15. Corrections
    stand above everything else.
    """
    found = [item for candidate in candidates for item in _of_candidate(question, candidate, weights)]
    found.sort(key=lambda item: -item.score)
    return found


def _of_candidate(question: Question, candidate: Candidate, weights: Mapping[str, float]) -> list[Evidence]:
    text = candidate.text
    total = sum(weights.values()) or 1.0
    around = _shares_around(candidate, weights)
    named = not question.names or any(around.get(stem, 0.0) > _AROUND for stem in question.names)
    begin = speech_start(text)
    found = []
    for start, end in sentences(text, begin):
        stems = frozenset(tokens(text[start:end]))
        own = sum(weight for stem, weight in weights.items() if stem in stems) / total
        here = {stem: _IN_SENTENCE if stem in stems else around.get(stem, 0.0) for stem in weights}
        cover = sum(weights[stem] * share for stem, share in here.items()) / total
        sentence = text[start:end]
        asks = sentence.endswith(("?", "\uff1f"))
        item = Evidence(
            candidate, (start, end), stems, here, cover, named, fit(question.kind, sentence), asks, 0.0
        )
        item.score = _score(item, own)
        found.append(item)
    return found


def _shares_around(candidate: Candidate, weights: Mapping[str, float]) -> dict[str, float]:
    """What each word of the question counts for that stands around the sentences."""
    text = candidate.text
    places = (
        (_AROUND, {stem for other in candidate.around for stem in tokens(other)}),
        (_IN_FRAME, {stem for part in (text, *candidate.tags) for stem in tokens(part)}),
        (_IN_HEAD, {stem for part in (candidate.title, speaker(text)) for stem in tokens(part or "")}),
    )
    return {stem: share for share, stems in places for stem in stems if stem in weights}


def _score(item: Evidence, own: float) -> float:
    score = 0.6 * item.cover + 0.2 * own + 0.5 * item.candidate.score + 0.2 * item.fit
    if item.asks:
        score -= 0.3
    if not item.named:
        score -= 0.15
    if item.span[1] - item.span[0] < _SHORT:
        score -= 0.05
    return score + (1.0 if item.candidate.correction else 0.0)
