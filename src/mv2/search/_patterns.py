"""Wildcards and misspellings against the stems of an index.

The index knows stems, a pattern means words. Stemming cuts the end of a word and
changes at most the last character of what is left, so the stems of the words that
match a pattern match the pattern itself, or one of its beginnings.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from mv2.index.lexical import fold, tokens

MAX_PATTERN: Final = 64
MAX_DISTANCE: Final = 2
# What the last character of a cut word may turn into.
CHANGED: Final = "eily"
_IRREGULAR: Final = {"dying": "die", "lying": "lie", "tying": "tie"}


class Pattern:
    """A wildcard pattern.

    Attributes:
        certain: regular expression of stems whose words match.
        unsure: one of more stems that a matching word may have; its text tells.
    """

    def __init__(self, text: str) -> None:
        folded = fold(text)
        self.certain = _expression(folded)
        self.unsure = "|".join(dict.fromkeys(_cuts(folded)))
        self._word = re.compile(self.certain)
        self._cut = re.compile(self.unsure)

    def matches(self, word: str) -> bool:
        """Whether a word or stem (folded) matches."""
        return self._word.fullmatch(word) is not None

    def may_match(self, stem: str) -> bool:
        """Whether a word with this stem may match although the stem does not."""
        return self._cut.fullmatch(stem) is not None


@functools.lru_cache(256)
def pattern(text: str) -> Pattern:
    """The pattern of a ``Wildcard`` node."""
    return Pattern(text)


def _expression(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in text)


def _cuts(text: str) -> list[str]:
    leading = text[:1] in ("*", "?")
    needed = 2 if leading else 1
    open_end = text.find("*", 1)
    head = text if open_end < 0 else text[:open_end]
    found = [_expression(head) + ".*"] if open_end > 0 else []
    for size in range(1, len(head) + 1):
        piece = head[:size]
        if sum(c not in "*?" for c in piece) >= needed:
            found.append(_expression(piece))
            if piece[-1] != "*":
                found.append(f"{_expression(piece[:-1])}[{CHANGED}]")
    whole = re.compile(_expression(text))
    return [*found, *(stem for word, stem in _IRREGULAR.items() if whole.fullmatch(word))]


def fuzzy_forms(word: str) -> tuple[str, ...]:
    """What the stems of an index are compared with for a misspelt word: its stem, and it itself."""
    folded = fold(word)
    return tuple(dict.fromkeys([*tokens(folded)[:1], folded]))


def usable_distance(word: str, distance: int) -> int:
    """`distance`, less for short words: everything is like a word of two letters."""
    size = len(fold(word))
    return 0 if size < 3 else min(distance, 1) if size < 5 else min(distance, MAX_DISTANCE)


def edits(one: str, other: str, most: int) -> int:
    """Edits between two words, a swap of neighbours being one; `most` + 1 if there are more.

    The restricted edit distance: nothing is edited twice.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row = row, [i]
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b))
            if before and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before = above
    return min(row[-1], most + 1)
