"""The best passage of a document, and where the query's words stand in it.

A snippet is an exact piece of the document's own text: nothing is added to it
(no dots at the ends) and white space inside it is kept; white space at its ends
is left out. It begins and ends at the edge of a word, unless one word alone is
longer than the snippet may be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.index.lexical import (
    atoms,
    compounds,
    expand,
    fold,
    folded_words,
    has_unsegmented,
    is_regular,
    lower,
    spans,
    stems,
    straight,
    tokens,
)
from mv2.search._conditions import begins, needle, prefix_needle
from mv2.search._forms import forms, text_ways
from mv2.search._patterns import edits, fuzzy_forms, pattern, usable_distance
from mv2.search.nodes import Fuzzy, Leaf, Near, Node, Phrase, Prefix, Terms, Wildcard, text_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_PER_WORD: Final = 50
MAX_SCANNED: Final = 4_000_000
_REST_OF_WORD: Final = re.compile(r"[^\W_]*")
_WORD: Final = re.compile(r"[^\W_]+")
_SENTENCE_ENDS: Final = (". ", "? ", "! ", "\n")

Span = tuple[int, int]
# (start, end, which word of the query)
Found = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text.

    Attributes:
        text: the piece itself.
        highlights: ranges of matching words in it, in characters, end exclusive.
        start, end: where it stands in the whole text, in characters, end exclusive.
    """

    text: str
    highlights: tuple[Span, ...]
    start: int
    end: int


_NOTHING: Final = Snippet("", (), 0, 0)


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
        self._runs: list[str] = []
        self._tests: list[Callable[[str], bool]] = []
        for leaf in text_leaves(node) if node is not None else ():
            self._take(leaf)

    def best(self, text: str) -> Snippet:
        """The passage with the most different words of the query."""
        if self._width <= 0 or not text:
            return _NOTHING
        return self._passage(text, 0, len(text), self._find(text[:MAX_SCANNED]))

    def cut(self, text: str) -> tuple[str, tuple[Span, ...]]:
        """(snippet, ranges of matching words in it as (start, end), end exclusive)."""
        found = self.best(text)
        return found.text, found.highlights

    def cut_with_range(self, text: str) -> tuple[str, tuple[Span, ...], Span]:
        """As `cut`, and where the snippet stands in `text`."""
        found = self.best(text)
        return found.text, found.highlights, (found.start, found.end)

    def cut_many(self, text: str, count: int) -> list[Snippet]:
        """Up to `count` passages with words of the query, apart from each other, in the order of the text.

        One passage, the beginning, where no word stands in the text.
        """
        if self._width <= 0 or not text or count < 1:
            return []
        found = self._find(text[:MAX_SCANNED])
        cut = [self._passage(text, 0, len(text), found)]
        gaps = [(0, cut[0].start), (cut[0].end, len(text))]
        while len(cut) < count:
            inside = [(gap, [f for f in found if f[0] >= gap[0] and f[1] <= gap[1]]) for gap in gaps]
            gap, left = max(inside, key=lambda each: len({which for _, _, which in each[1]}))
            if not left:
                break
            passage = self._passage(text, *gap, left)
            cut.append(passage)
            gaps.remove(gap)
            gaps += [(gap[0], passage.start), (passage.end, gap[1])]
        return sorted(cut, key=lambda each: each.start)

    def _take(self, leaf: Leaf) -> None:
        match leaf:
            case Prefix():
                self._starts.append(fold(leaf.start))
            case Wildcard():
                self._tests.append(pattern(leaf.pattern).matches)
            case Fuzzy():
                self._tests.append(_like(leaf))
            case Terms():
                for word in leaf.words:
                    self._add_word(word)
            case Phrase() | Near():
                for way in (atoms(leaf.text), *text_ways(leaf.text)):
                    self._add_stems(way)
                self._runs += [run for run in fold(leaf.text).split() if has_unsegmented(run)]

    def _add_word(self, word: str) -> None:
        form = forms(word)
        for way in form.ways:
            self._add_stems(way)
        folded = fold(word)
        if has_unsegmented(folded):
            self._runs.append(folded)

    def _add_stems(self, found: Iterable[str]) -> None:
        self._stems.update((stem, needle(stem)) for stem in found)

    def _passage(self, text: str, low: int, high: int, found: list[Found]) -> Snippet:
        """The best passage within text[low:high]; `found` are the words that stand there."""
        part = text[low:high] if high - low < len(text) else text
        first, last = _densest(found, self._width) if found else (low, low)
        first, last = first - low, last - low
        begin, end = _edges(part, first, min(last, first + self._width), self._width)
        snippet = part[begin:end].rstrip()
        end = begin + len(snippet)
        snippet = snippet.lstrip()
        begin, end = low + end - len(snippet), low + end
        inside = [(a - begin, b - begin) for a, b, _ in found if a >= begin and b <= end]
        return Snippet(snippet, tuple(inside), begin, end)

    def _find(self, text: str) -> list[Found]:
        """Matching words in order."""
        regular = is_regular(text)
        lowered = text.lower() if regular else lower(text)
        if len(lowered) != len(text):
            lowered = text
        found = self._literal(lowered) if regular else self._spans(text)
        if self._tests:
            words_ = ((m.start(), m.end(), m[0]) for m in _WORD.finditer(lowered))
            found += [(a, b, "~") for a, b, word in words_ if self._passes(word)]
        if self._runs:
            found += self._unsegmented(lowered)
        if not found or self._stems.keys() - {which for _, _, which in found} or not text.isascii():
            found += self._helped(text)
        return _apart(found)

    def _literal(self, lowered: str) -> list[Found]:
        found: list[Found] = []
        for stem, part in self._stems.items():
            for begin, end, word in _words_with(lowered, part):
                if _stem_of(word) == stem:
                    found.append((begin, end, stem))
        for start in self._starts:
            for begin, end, word in _words_with(lowered, prefix_needle(start) or start[:1]):
                if begins(word, _stem_of(word), start):
                    found.append((begin, end, start))
        return found

    def _spans(self, text: str) -> list[Found]:
        found = []
        for begin, end, stem in spans(text[: MAX_SCANNED // 40]):
            start = next((s for s in self._starts if begins(fold(text[begin:end]), stem, s)), None)
            if stem in self._stems or start is not None:
                found.append((begin, end, stem))
        return found

    def _passes(self, word: str) -> bool:
        forms_ = {word, fold(word), _stem_of(word)}
        return any(test(form) for test in self._tests for form in forms_ if form)

    def _unsegmented(self, lowered: str) -> list[Found]:
        """Where words of scripts without spaces stand; pairs of their characters where they do not."""
        found: list[Found] = []
        for run in self._runs:
            whole = _places(lowered, run)
            pieces = [run[at : at + 2] for at in range(len(run) - 1)] if not whole else []
            found += whole
            found += _joined([place for piece in pieces for place in _places(lowered, piece)])
        return found

    def _helped(self, text: str) -> list[Found]:
        """Words that are found by another form than the text has: "e-mail" by "email", "café" by "cafe"."""
        found: list[Found] = []
        for begin, end, form in (*compounds(straight(text)), *folded_words(text)):
            stems_ = tokens(expand(form)) if not form.isascii() else tokens(form)
            which = next((stem for stem in stems_ if stem in self._stems), None)
            if which is None and any(form.startswith(start) for start in self._starts):
                which = form
            if which is None and self._tests and any(self._passes(stem) for stem in (form, *stems_)):
                which = "~"
            if which is not None and not any(has_unsegmented(c) for c in text[begin : begin + 1]):
                found.append((begin, end, which))
        return found


def _like(leaf: Fuzzy) -> Callable[[str], bool]:
    distance = usable_distance(leaf.word, leaf.distance)
    wanted = fuzzy_forms(leaf.word)
    return lambda word: any(edits(word, form, distance) <= distance for form in wanted)


def _apart(found: list[Found]) -> list[Found]:
    """The same in order; of overlapping ones the first, and the longest of those that begin together."""
    if len(found) < 2:
        return found
    found.sort(key=lambda each: (each[0], -each[1]))
    kept = [found[0]]
    for each in found[1:]:
        if each[0] >= kept[-1][1]:
            kept.append(each)
    return kept


def _places(lowered: str, part: str) -> list[Found]:
    found: list[Found] = []
    at = lowered.find(part)
    while at >= 0 and len(found) < MAX_PER_WORD:
        found.append((at, at + len(part), part))
        at = lowered.find(part, at + len(part))
    return found


def _joined(found: list[Found]) -> list[Found]:
    """Pieces that touch or overlap as one."""
    joined: list[Found] = []
    for begin, end, which in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), joined[-1][2])
        else:
            joined.append((begin, end, which))
    return joined


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
