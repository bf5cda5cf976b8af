"""The best passage of a document, and where the query's words stand in it.

A snippet is an exact piece of the document's own text: nothing is added to it
(no dots at the ends) and white space inside it is kept; white space at its ends
is left out. It begins and ends at the edge of a word, unless one word alone is
longer than the snippet may be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mv2.index.lexical import is_regular, spans, stems, tokens
from mv2.search._conditions import begins, needle, prefix_needle
from mv2.search.nodes import Node, Phrase, Prefix, text_leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PER_WORD: Final = 50
MAX_SCANNED: Final = 4_000_000
_REST_OF_WORD: Final = re.compile(r"[^\W_]*")
_SENTENCE_END: Final = re.compile(r"[.!?:]\s+|\n")

Span = tuple[int, int]


class Snippets:
    """Cuts snippets for one query.

    Args:
        node: the query; words that are negated are not highlighted. None highlights nothing.
        width: characters a snippet has at most; 0 makes all snippets empty.
    """

    def __init__(self, node: Node | None, width: int) -> None:
        self._width = width
        self._stems: dict[str, str] = {}
        self._starts: list[str] = []
        for leaf in text_leaves(node) if node is not None else ():
            if isinstance(leaf, Prefix):
                self._starts.append(leaf.start)
                continue
            for word in (leaf.text,) if isinstance(leaf, Phrase) else leaf.words:
                self._stems.update((stem, needle(stem)) for stem in tokens(word))

    def cut(self, text: str) -> tuple[str, tuple[Span, ...]]:
        """(snippet, ranges of matching words in it as (start, end), end exclusive)."""
        if self._width <= 0 or not text:
            return "", ()
        found = self._find(text[:MAX_SCANNED])
        first, last, _ = _densest(found, self._width)
        begin, end = _edges(text, first, min(last, first + self._width), self._width)
        inside = tuple((a - begin, b - begin) for a, b, _ in found if a >= begin and b <= end)
        return text[begin:end], inside

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, which) of matching words in order."""
        if not is_regular(text):
            return self._find_slowly(text)
        lowered = text.lower()
        found: dict[int, tuple[int, int, str]] = {}
        for stem, part in self._stems.items():
            for begin, end, word in _words_with(lowered, part):
                if _stem_of(word) == stem:
                    found[begin] = (begin, end, stem)
        for start in self._starts:
            for begin, end, word in _words_with(lowered, prefix_needle(start) or start[0]):
                if begins(word, _stem_of(word), start):
                    found.setdefault(begin, (begin, end, start))
        return sorted(found.values())

    def _find_slowly(self, text: str) -> list[tuple[int, int, str]]:
        found = []
        for begin, end, stem in spans(text[: MAX_SCANNED // 40]):
            start = next((s for s in self._starts if begins(text[begin:end].lower(), stem, s)), None)
            if stem in self._stems or start is not None:
                found.append((begin, end, stem))
        return found


def _stem_of(word: str) -> str:
    found = stems.get(word)
    if found is None:
        parts = tokens(word)
        return parts[0] if len(parts) == 1 else ""
    return found


def _words_with(lowered: str, part: str) -> list[tuple[int, int, str]]:
    """(start, end, word) of words that begin with `part`, the first few of them."""
    found: list[tuple[int, int, str]] = []
    size = len(part)
    at = lowered.find(part)
    while at >= 0:
        if at and lowered[at - 1].isalnum():
            at = lowered.find(part, at + 1)
            continue
        rest = _REST_OF_WORD.match(lowered, at + size)
        end = rest.end() if rest else at + size
        found.append((at, end, lowered[at:end]))
        if len(found) >= MAX_PER_WORD:
            break
        at = lowered.find(part, end)
    return found


def _densest(found: Sequence[tuple[int, int, str]], width: int) -> tuple[int, int, int]:
    """(start, end, value) of the window with the most different words, then the most words."""
    best = (0, 0, 0)
    counts: dict[str, int] = {}
    left = 0
    for right, (_, end, which) in enumerate(found):
        counts[which] = counts.get(which, 0) + 1
        while left < right and end - found[left][0] > width:
            gone = found[left][2]
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
            left += 1
        value = len(counts) * 1000 + (right - left + 1)
        if value > best[2]:
            best = (found[left][0], end, value)
    return best


def _edges(text: str, first: int, last: int, width: int) -> Span:
    """Widen first..last to at most `width` characters, at word edges, from a sentence's start if near."""
    spare = max(0, width - (last - first))
    low = max(0, first - spare)
    begin = _opening(text, low, first, spare)
    end = min(len(text), begin + width)
    if end < len(text):
        end = _closing(text, max(last, begin), end)
    if end == len(text) and end - begin < width:
        begin = _word_start(text, max(0, end - width), begin)
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    return begin, end


def _opening(text: str, low: int, first: int, spare: int) -> int:
    """Where to begin, low <= result <= first: a sentence's start, or a third of the spare room before."""
    if low == 0 and first <= spare // 2:
        return 0
    near = max(low, first - spare // 2)
    sentence = None
    for match in _SENTENCE_END.finditer(text, near, first):
        sentence = match.end()
        break
    if sentence is not None and sentence <= first:
        return sentence
    return _word_start(text, max(low, first - spare // 3), first)


def _word_start(text: str, begin: int, first: int) -> int:
    """The first place from `begin` on, and not after `first`, that is not inside a word."""
    while 0 < begin < first and text[begin].isalnum() and text[begin - 1].isalnum():
        begin += 1
    return begin


def _closing(text: str, last: int, end: int) -> int:
    """The last place before or at `end`, and not before `last`, that is not inside a word."""
    at = end
    while at > last and text[at].isalnum() and text[at - 1].isalnum():
        at -= 1
    return at if at > last or not text[end - 1].isalnum() else max(at, last) or end
