"""The best passage of a document, and where the query's words stand in it.

A snippet is an exact piece of the document's own text: nothing is added to it
(no dots at the ends) and white space inside it is kept; white space at its ends
is left out. It begins and ends at the edge of a word, unless one word alone is
longer than the snippet may be.
"""

from __future__ import annotations

import re
from typing import Final

from mv2.index.lexical import is_regular, spans, stems, tokens
from mv2.search._conditions import begins, needle, prefix_needle
from mv2.search.nodes import Node, Phrase, Prefix, text_leaves

MAX_PER_WORD: Final = 50
MAX_SCANNED: Final = 4_000_000
_REST_OF_WORD: Final = re.compile(r"[^\W_]*")
_SENTENCE_ENDS: Final = (". ", "? ", "! ", "\n")

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
        first, last = _densest(found, self._width)
        begin, end = _edges(text, first, min(last, first + self._width), self._width)
        snippet = text[begin:end].rstrip()
        end = begin + len(snippet)
        snippet = snippet.lstrip()
        begin = end - len(snippet)
        inside = [(a - begin, b - begin) for a, b, _ in found if a >= begin and b <= end]
        return snippet, tuple(inside)

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
    find, rest = lowered.find, _REST_OF_WORD.match
    at = find(part)
    while at >= 0:
        end = rest(lowered, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at == 0 or not lowered[at - 1].isalnum():
            found.append((at, end, lowered[at:end]))
            if len(found) >= MAX_PER_WORD:
                break
        at = find(part, end)
    return found


def _densest(found: list[tuple[int, int, str]], width: int) -> Span:
    """(start, end) of the window with the most different words, then the most words."""
    if len(found) < 2:
        return found[0][:2] if found else (0, 0)
    best, best_value = found[0][:2], 0
    counts: dict[str, int] = {}
    left = 0
    for right, (_, end, which) in enumerate(found):
        counts[which] = counts.get(which, 0) + 1
        while end - found[left][0] > width and left < right:
            gone = found[left][2]
            if counts[gone] == 1:
                del counts[gone]
            else:
                counts[gone] -= 1
            left += 1
        value = len(counts) * 1000 + right - left
        if value > best_value:
            best, best_value = (found[left][0], end), value
    return best


def _edges(text: str, first: int, last: int, width: int) -> Span:
    """Widen first..last to at most `width` characters, from a sentence's start if one is near."""
    size = len(text)
    if size <= width:
        return 0, size
    reach = (width - (last - first)) // 2
    begin = _opening(text, first, reach) if reach < first else 0
    end = begin + width
    if end >= size:
        # There is room to spare: show more of what stands before.
        return _word_start(text, size - width, begin), size
    return begin, _word_end(text, max(last, begin), end)


def _opening(text: str, first: int, reach: int) -> int:
    """Where to begin so that at most `reach` characters stand before `first`."""
    near = first - reach
    sentence = max(text.rfind(mark, near, first) for mark in _SENTENCE_ENDS)
    if sentence >= 0:
        return sentence + 1
    return _word_start(text, near + reach // 3, first)


def _word_start(text: str, begin: int, latest: int) -> int:
    """The first place from `begin` on, but not after `latest`, that is not inside a word."""
    if begin <= 0 or not (text[begin].isalnum() and text[begin - 1].isalnum()):
        return max(begin, 0)
    space = text.find(" ", begin, latest)
    stop = space if space >= 0 else latest
    while begin < stop and text[begin].isalnum():
        begin += 1
    return begin


def _word_end(text: str, earliest: int, end: int) -> int:
    """The last place up to `end`, not before `earliest`, that is not inside a word; else `end`."""
    at = end
    while at > earliest and text[at].isalnum() and text[at - 1].isalnum():
        at -= 1
    # Nothing but one word: it is cut.
    whole = at == earliest and (at == 0 or not text[at - 1].isalnum() or text[at].isalnum())
    return end if whole and at < end else at
