"""``ask``: look up a question, choose passages, and answer from them."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mv2._record import dataclass
from mv2.ask._confidence import SUPPORTED, confidence
from mv2.ask._evidence import gather
from mv2.ask._extract import NOT_FOUND, choose_sentences, extract
from mv2.ask._passages import choose_passages, number
from mv2.ask._question import read_question
from mv2.ask._retrieve import Memory, retrieve
from mv2.errors import InvalidArgumentError
from mv2.types import Answer, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mv2.ask._evidence import Evidence
    from mv2.ask._passages import Piece
    from mv2.ask._question import Question
    from mv2.ask._retrieve import Retrieved
    from mv2.types import SearchMode

__all__ = ["Asking", "Memory", "ask"]

_NOTHING_FOUND = "NOT FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How to answer; the fields are arguments of ``Memvid.ask``."""

    k: int = 8
    mode: SearchMode = "auto"
    model: Any = None
    context_only: bool = False
    token_budget: int = 2000
    min_confidence: float | None = None
    prompt: Prompt | None = None
    on_token: Callable[[str], object] | None = None
    find_options: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)


def ask(memory: Memory, question: str, asking: Asking) -> Answer:
    """Answer a question from a memory; see ``Memvid.ask``."""
    begun = time.perf_counter()
    _check(question, asking)
    model = _model(asking)
    asked = read_question(question)
    found = retrieve(memory, asked, k=asking.k, mode=asking.mode, options=asking.find_options)
    evidence = gather(asked, found.candidates, found.weights)
    limit = max(asking.k, 12) * (3 if asked.wants_many else 1)
    pieces = choose_passages(evidence, budget=asking.token_budget, limit=limit)
    work = _Work(asked, found, evidence, pieces, asking)
    if asking.context_only:
        made = work.context()
    elif model is None:
        made = work.extractive()
    else:
        made = work.modelled(model)
    return Answer(
        question=question,
        hits=found.hits,
        mode=found.mode,
        kind=asked.kind,
        took_ms=(time.perf_counter() - begun) * 1e3,
        **made,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """A question looked up, to be answered in one of three ways."""

    question: Question
    found: Retrieved
    evidence: Sequence[Evidence]
    pieces: Sequence[Piece]
    asking: Asking

    def context(self) -> dict[str, Any]:
        """Passages, and no answer."""
        sure = self.sure(self.chosen())
        return {
            **_EMPTY,
            "found": self.is_enough(sure),
            "passages": tuple(number(self.pieces)),
            "confidence": sure,
        }

    def extractive(self) -> dict[str, Any]:
        """The memory's own sentences."""
        chosen = self.chosen()
        sure = self.sure(chosen)
        if not chosen or not self.is_enough(sure):
            return {**_EMPTY, "text": NOT_FOUND, "passages": tuple(number(self.pieces)), "confidence": sure}
        first = list({item.candidate.frame_id: item.candidate for item in chosen}.values())
        passages = number(self.pieces, first)
        text, citations = extract(self.question, chosen, passages)
        return {
            **_EMPTY, "text": text, "found": True, "citations": citations, "passages": tuple(passages),
            "confidence": sure,
        }  # fmt: skip

    def modelled(self, model: Any) -> dict[str, Any]:
        """What a language model makes of the passages; without any it is not asked."""
        from mv2.ask._grounding import check
        from mv2.ask._prompt import messages

        passages = number(self.pieces)
        support = self.sure(self.chosen())
        if not passages or support < (self.asking.min_confidence or 0.0):
            return {
                **_EMPTY, "text": NOT_FOUND, "passages": tuple(passages), "model": model.name,
                "confidence": support,
            }  # fmt: skip
        asked = messages(self.asking.prompt or Prompt(), self.question.text, passages)
        reply = model.complete(asked, self.asking.on_token)
        made = {**_EMPTY, "passages": tuple(passages), "model": model.name, "usage": reply.usage}
        if _says_not_found(reply.text):
            return {**made, "text": NOT_FOUND, "grounding": 0.0}
        checked = check(reply.text, passages)
        cited = {citation.frame_id for citation in checked.citations}
        support = self.sure([item for item in self.evidence if item.candidate.frame_id in cited])
        return {
            **made, "text": checked.text, "found": True, "citations": checked.citations,
            "grounding": checked.score, "warnings": checked.warnings,
            "confidence": (support + checked.score) / 2,
        }  # fmt: skip

    def chosen(self) -> list[Evidence]:
        """The sentences of an answer, from frames that a passage was taken from."""
        frames = {piece.candidate.frame_id: piece for piece in self.pieces}
        within = [
            item
            for item in self.evidence
            if (piece := frames.get(item.candidate.frame_id)) is not None
            and piece.start <= item.span[0]
            and item.span[1] <= piece.end
        ]
        return choose_sentences(self.question, within)

    def sure(self, chosen: Sequence[Evidence]) -> float:
        """Confidence that the sentences answer the question."""
        return confidence(self.question, chosen, self.found.weights)

    def is_enough(self, sure: float) -> bool:
        least = self.asking.min_confidence
        return sure >= (SUPPORTED if least is None else least)


_EMPTY: dict[str, Any] = {
    "text": "", "found": False, "citations": (), "passages": (), "confidence": 0.0, "grounding": None,
    "model": None, "usage": None, "warnings": (),
}  # fmt: skip


def _says_not_found(text: str) -> bool:
    return text.strip().strip("\"'.*`").upper().startswith(_NOTHING_FOUND) or not text.strip()


def _model(asking: Asking) -> Any:
    given = [name for name, value in asking.model_options.items() if value is not None]
    if asking.on_token is not None:
        given.append("on_token")
    if asking.prompt is not None:
        given.append("prompt")
        from mv2.ask._prompt import check_prompt

        check_prompt(asking.prompt)
    if asking.model is None:
        if given:
            raise InvalidArgumentError(
                f"{given[0]} has no effect without a model", remedy='Give model="provider:name" too.'
            )
        return None
    if asking.context_only:
        raise InvalidArgumentError("context_only asks no model", remedy="Leave out one of the two.")
    from mv2.models.language import make_model

    return make_model(asking.model, **asking.model_options)


def _check(question: str, asking: Asking) -> None:
    if not isinstance(question, str) or not question.strip():
        raise InvalidArgumentError("the question is empty", remedy="Ask something.")
    for name, least in (("k", 1), ("token_budget", 1)):
        value = getattr(asking, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InvalidArgumentError(f"{name} {value!r} is not a whole number from {least} on")
    least_sure = asking.min_confidence
    if least_sure is not None and not 0 <= least_sure <= 1:
        raise InvalidArgumentError(f"min_confidence {least_sure!r} is not between 0 and 1")
