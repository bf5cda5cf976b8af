"""Whether a model's answer says what the passages say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.ask._extract import day
from mv2.ask._sentences import sentences
from mv2.index.lexical import tokens
from mv2.search._words import content_words
from mv2.types import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.types import Passage

#: Share of a sentence's content words that the passages must have.
_SHARE: Final = 0.5
_CITED: Final = re.compile(r"[ \t]{0,8}\[\s*(\d{1,9}(?:\s*(?:[,;]|-|\u2013)\s*\d{1,9})*)\s*\]")
_RANGE: Final = re.compile(r"(\d+)\s*(?:-|\u2013)\s*(\d+)")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_LONGEST_RANGE: Final = 50


@dataclass(frozen=True, slots=True)
class Checked:
    """A model's answer after the check.

    Attributes:
        text: the answer, without citations of passages that do not exist.
        citations: in order of first mention.
        score: share of the sentences that the passages support, 0 to 1; 0 without sentences.
        warnings: what was wrong, in words.
    """

    text: str
    citations: tuple[Citation, ...]
    score: float
    warnings: tuple[str, ...]


def check(text: str, passages: Sequence[Passage]) -> Checked:
    """Check what a model wrote against the passages.

    A sentence is supported when the passages it cites (or all, if it cites none) have at least
    half of its content words and all of its numbers. The day of a passage counts as part of it.
    """
    by_number = {passage.number: passage for passage in passages}
    kept, unknown = _without_unknown(text, set(by_number))
    warnings = [f"[{number}] names no passage and was left out" for number in unknown]
    facts = {number: _Facts.of(passage) for number, passage in by_number.items()}
    citations: dict[int, Citation] = {}
    supported: list[bool] = []
    for start, end in _claims(kept):
        cited = list(dict.fromkeys(_numbers_cited(kept[start:end])))
        claim = _Facts.of_text(_CITED.sub("", kept[start:end]))
        sources = [facts[number] for number in cited] or list(facts.values())
        if claim.words or claim.numbers:
            supported.append(_supports(sources, claim))
        for number in cited:
            fits = not claim.words or bool(claim.words & facts[number].words)
            if not fits:
                warnings.append(f"[{number}] shares no word with what it stands behind")
            known = citations.get(number)
            if known is None:
                citations[number] = _citation(by_number[number], claim.words, fits=fits)
            elif fits and not known.supported:
                citations[number] = _citation(by_number[number], claim.words, fits=True)
    score = sum(supported) / len(supported) if supported else 0.0
    return Checked(kept, tuple(citations.values()), score, tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Facts:
    """Stems of content words, and numbers."""

    words: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, passage: Passage) -> _Facts:
        date = day(passage.timestamp)
        month = int(date[5:7]) if re.fullmatch(r"\d{4}-\d\d-\d\d", date) else 0
        name = _MONTHS[month - 1] if month else ""
        return cls.of_text(f"{passage.title or ''}\n{passage.text}\n{date.replace('-', ' ')} {name}")

    @classmethod
    def of_text(cls, text: str) -> _Facts:
        words = frozenset(stem for word in content_words(text) for stem in tokens(word))
        return cls(
            frozenset(stem for stem in words if not stem.isdigit()),
            frozenset(_plain(number) for number in _NUMBER.findall(text)),
        )


def _supports(sources: Sequence[_Facts], claim: _Facts) -> bool:
    words = {word for source in sources for word in source.words}
    numbers = {number for source in sources for number in source.numbers}
    return claim.numbers <= numbers and len(claim.words & words) >= _SHARE * len(claim.words)


def _plain(number: str) -> str:
    """A number without grouping, and without zeros that say nothing."""
    whole = re.sub(r",(?=\d{3}(?:\D|$))", "", number).lstrip("0")
    return whole or "0"


def _claims(text: str) -> list[tuple[int, int]]:
    """Sentences, with the citations that stand behind their full stop."""
    found: list[tuple[int, int]] = []
    for start, end in sentences(text):
        only = _CITED.match(text, start)
        begin = start
        while found and only is not None:
            found[-1] = (found[-1][0], only.end())
            begin = only.end()
            only = _CITED.match(text, begin)
        if text[begin:end].strip():
            found.append((begin, end))
    return found


def _numbers_cited(text: str) -> list[int]:
    return [number for match in _CITED.finditer(text) for number in _expand(match[1])]


def _expand(marks: str) -> list[int]:
    """The numbers of "1, 3-5"."""
    found: list[int] = []
    for mark in re.split(r"[,;]", marks):
        ends = _RANGE.search(mark)
        if ends is None:
            found.append(int(mark))
        else:
            first, last = int(ends[1]), int(ends[2])
            found += range(first, min(last, first + _LONGEST_RANGE) + 1)
    return found


def _without_unknown(text: str, known: set[int]) -> tuple[str, list[int]]:
    """The text with the citations that exist, one pair of brackets each; and the others."""
    unknown: list[int] = []

    def kept(match: re.Match[str]) -> str:
        numbers = _expand(match[1])
        unknown.extend(number for number in numbers if number not in known and number not in unknown)
        marks = "".join(f"[{number}]" for number in dict.fromkeys(numbers) if number in known)
        space = match[0][: len(match[0]) - len(match[0].lstrip())]
        return space + marks if marks else ""

    return _CITED.sub(kept, text).strip(), unknown


def _citation(passage: Passage, words: frozenset[str], *, fits: bool) -> Citation:
    """A citation that quotes the sentence of the passage that is nearest to the claim."""
    spans = sentences(passage.text) or [(0, len(passage.text))]
    start, end = max(spans, key=lambda span: len(words.intersection(tokens(passage.text[span[0] : span[1]]))))
    return Citation(
        number=passage.number,
        frame_id=passage.frame_id,
        uri=passage.uri,
        title=passage.title,
        timestamp=passage.timestamp,
        range=(passage.range[0] + start, passage.range[0] + end),
        quote=passage.text[start:end],
        supported=fits,
    )
