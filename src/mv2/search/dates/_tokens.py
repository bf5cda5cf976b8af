"""Words, numbers and signs of a text, each with its place."""

from __future__ import annotations

import re
from typing import Final

from mv2._record import dataclass

_TOKEN: Final = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
_QUOTES: Final = str.maketrans("", "", "'’")
_DASHES: Final = "-‐‑–—"


@dataclass(frozen=True, slots=True)
class Token:
    """One word (lower case, without apostrophes), run of digits, or sign.

    Attributes:
        text: dashes of any length are "-".
        start, end: its place in the text, in characters.
        glued: nothing stands between it and the token before.
        number: it consists of ASCII digits.
    """

    text: str
    start: int
    end: int
    glued: bool
    number: bool


def tokens(text: str, start: int = 0, most: int = 1 << 30) -> list[Token]:
    """The tokens of `text` from character `start` on, at most `most`."""
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text, start):
        if len(found) >= most:
            break
        raw = match[0]
        number = raw.isascii() and raw.isdigit()
        word = raw if number else raw.lower().translate(_QUOTES)
        if word in _DASHES and word:
            word = "-"
        elif raw in ("’", "′"):
            word = "'"
        found.append(Token(word or raw, match.start(), match.end(), match.start() == end, number))
        end = match.end()
    return found
