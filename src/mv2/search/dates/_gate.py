"""A quick look at whether a text can hold a date at all, before the grammar is loaded."""

from __future__ import annotations

import re
from typing import Final

from mv2.search.dates._words import GATE

_WORDS: Final = re.compile(r"[a-z]{2,}|[0-9]").findall


def may_hold_dates(text: str) -> bool:
    """Whether a digit or a word of a date stands in the text."""
    found = _WORDS(text.lower())
    return not GATE.isdisjoint(found)
