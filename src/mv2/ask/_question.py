"""A question taken apart: what to look for, what it asks for, what it is about."""

from __future__ import annotations

import re
from typing import Final

from mv2._record import dataclass
from mv2.ask._kinds import Kind, kind_of
from mv2.index.lexical import tokens
from mv2.search._words import FUNCTION_WORDS, content_words

# Words that say how to answer, not what about.
_ASKING: Final = frozenset(
    """
    list name enumerate show tell describe explain many much often number count date day year month time kind
    type sort latest newest recent recently current currently now nowadays presently present today compare
    compared comparison difference differences between versus vs better worse reason cause thing things happen
    happened likely different various specific
    """.split()  # noqa: SIM905 (a list of words is read as words)
)
# A question may well begin with a name, but not with one of these.
_STARTERS: Final = FUNCTION_WORDS | _ASKING | {"please", "remind", "find", "give", "say", "write"}
_OPERATOR: Final = re.compile(r"\b(?:AND|OR|NOT)\b")
_MINUS: Final = re.compile(r"(?<!\S)-+(?=\S)")
_FIELD: Final = re.compile(r"(?<!\w)(uri|scope|title|tag|label|track|kind|date):(?=\S)", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_][\w'\u2019-]*|\d[\d.,:/-]*")
# How far before a word the end of the sentence in front of it is looked for (characters).
_BEFORE: Final = 40
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?]\s+)\W*$")
_SIDES: Final = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        r"\b(?:between|compare|comparing)\s+(?P<a>.+?)\s+(?:and|with|to|versus|vs\.?)\s+(?P<b>[^?]+)",
        r"(?P<a>[^?,]+?)\s+(?:versus|vs\.?|compared (?:to|with)|than|differ from)\s+(?P<b>[^?]+)",
        r",\s*(?P<a>[^?,]+?),?\s+or\s+(?P<b>[^?]+)",
    )
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        text: as it was asked.
        query: what is looked for: the question without query syntax.
        kind: what it asks for.
        words: its content words in lower case, by stem, without those that only say how to answer.
        names: stems of the names and numbers among them.
        sides: what a comparison compares, else empty.
    """

    text: str
    query: str
    kind: Kind
    words: dict[str, str]
    names: frozenset[str]
    sides: tuple[str, ...]

    @property
    def wants_many(self) -> bool:
        """Whether the answer is gathered from many frames."""
        return self.kind in ("list", "count")


def read_question(text: str) -> Question:
    """Take a question apart; never fails."""
    query = _OPERATOR.sub(lambda found: found[0].lower(), text)
    query = _FIELD.sub(r"\1 ", _MINUS.sub("", query))
    kind = kind_of(text)
    found = {stem: word for word in content_words(query) for stem in tokens(word)}
    words = {
        stem: word for stem, word in found.items() if not _ASKING & {word, word.removesuffix("s")}
    } or found
    names = frozenset(stem for stem in _names(query) if stem in words)
    return Question(
        text, query if query.strip() else text, kind, words, names, _sides(query) if kind == "compare" else ()
    )


def _names(text: str) -> list[str]:
    """Stems of numbers, and of capitalised words that do not merely begin a sentence."""
    if text.isupper():
        return []
    found: list[str] = []
    for match in _NAME.finditer(text):
        word = match[0]
        begin = max(0, match.start() - _BEFORE)
        first = _SENTENCE_START.search(text[begin : match.start()]) is not None
        if word[0].isdigit() or (word[0].isupper() and not (first and word.lower() in _STARTERS)):
            found += [stem for part in content_words(word) for stem in tokens(part)]
    return found


def _sides(text: str) -> tuple[str, ...]:
    for rule in _SIDES:
        match = rule.search(text)
        if match:
            sides = tuple(" ".join(content_words(match[name])) for name in ("a", "b"))
            if all(sides):
                return sides
    return ()
