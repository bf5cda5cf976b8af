"""The ways in which a word of a query may stand in a document.

A word is one unit of a query as it was typed, signs inside it included:
"e-mail", "o'brien", "getUserName", "3.14", "東京タワー". Each way is a sequence of
stems, one after the other; one way is enough.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.index.lexical import camel_parts, expand, fold, has_unsegmented, joined, straight, tokens
from mv2.search._words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION: Final = late_pattern(r"v?[0-9]+(?:\.[0-9]+)+", re.IGNORECASE)
# Parts of addresses and of contractions that tell nothing alone.
_EMPTY_PARTS: Final = frozenset("http https www com org net html mv2 s t d m ll re ve".split())  # noqa: SIM905
_MAX_CACHED: Final = 4096


@dataclass(frozen=True, slots=True)
class Forms:
    """What to look for.

    Attributes:
        ways: sequences of stems; a document has the word if it has one of them.
        loose: stems that count one by one when any word of the query is enough.
        character: the word, if it is one character of a script written without spaces, which
            is found wherever it stands.
    """

    ways: tuple[tuple[str, ...], ...]
    loose: tuple[str, ...]
    character: str | None = None

    @property
    def stem(self) -> str | None:
        """The only stem to look for, if that is all."""
        only = self.character is None and len(self.ways) == 1 and len(self.ways[0]) == 1
        return self.ways[0][0] if only else None


@functools.lru_cache(_MAX_CACHED)
def forms(word: str) -> Forms:
    """The forms of one word; no ways if nothing in it could be looked for."""
    if word.isascii() and word.isalnum() and not camel_parts(word):
        stems = tuple(tokens(word))
        return Forms((stems,), stems)
    folded = fold(word)
    character = folded if len(folded) == 1 and has_unsegmented(folded) else None
    ways = [way for way in dict.fromkeys(tuple(tokens(form)) for form in _spellings(word)) if way]
    return Forms(tuple(ways), _loose(ways), character)


def all_forms(words: Iterable[str]) -> list[Forms]:
    """Forms of several words, each once, without those that hold nothing to look for."""
    found = dict.fromkeys(forms(word) for word in words)
    return [each for each in found if each.ways]


def loose_stems(words: Iterable[str]) -> list[str]:
    """The stems that count one by one of several words, each once, in order."""
    return list(dict.fromkeys(stem for word in words for stem in forms(word).loose))


def text_ways(text: str) -> list[tuple[str, ...]]:
    """The sequences of stems that a phrase may stand as in the index: folded, and as it is."""
    found = (tuple(tokens(form)) for form in (expand(fold(text)), text))
    return [way for way in dict.fromkeys(found) if way]


def is_one_word(text: str) -> bool:
    """Whether a phrase is one word to the index, so that finding it takes no look at the text."""
    folded = fold(text).strip()
    if not has_unsegmented(folded):
        return all(len(way) == 1 for way in text_ways(text))
    return all(map(has_unsegmented, folded))


def _spellings(word: str) -> list[str]:
    plain = straight(word)
    found = [expand(fold(word)), word]
    if (form := joined(plain)) is not None:
        found.append(fold(form))
    if parts := camel_parts(word):
        found.append(" ".join(parts))
    if _VERSION.fullmatch(word):
        found.append(word[1:] if word[0] in "vV" else f"v{word}")
    return found


def _loose(ways: list[tuple[str, ...]]) -> tuple[str, ...]:
    stems = dict.fromkeys(stem for way in ways for stem in way)
    telling = tuple(stem for stem in stems if len(stem) > 1 and stem not in _EMPTY_PARTS)
    telling = tuple(stem for stem in telling if stem not in FUNCTION_WORDS) or telling
    return telling or tuple(stems)
