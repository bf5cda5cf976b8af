"""Where a long text without structure is cut: at the places the original would choose."""

from __future__ import annotations

from mv2.extract.normalise import normalise

CHUNK_SIZE = 1200
"""Wanted characters in a chunk."""
CHUNK_FROM = 2400
"""Normalised characters from which a text is cut."""
_SENTENCE_ENDS = ".!?"
_MOST_EXPANSION = 20
"""Normalising makes a text at most so many times longer (one character can become eighteen)."""


def needs_chunking(text: str, smallest: int = CHUNK_FROM) -> bool:
    """Whether ``text`` has ``smallest`` characters or more, once normalised."""
    return len(text) >= smallest // _MOST_EXPANSION and len(normalise(text)) >= smallest


def slack_of(size: int) -> int:
    """How many characters a chunk may be longer than ``size``."""
    return max(size // 5, 32)


def chunk_ranges(text: str, size: int = CHUNK_SIZE, *, first: int | None = None) -> list[tuple[int, int]]:
    """Return (start, end) character ranges that follow one another and cover ``text`` exactly.

    A range is about ``size`` long, the first one about ``first``: it ends behind a newline or
    sentence end close to that, may be shorter, and is at most a fifth (or 32) longer.
    """
    ranges: list[tuple[int, int]] = []
    start, wanted = 0, size if first is None else first
    while start < len(text):
        end = _cut(text, start, wanted, slack_of(wanted))
        ranges.append((start, end))
        start, wanted = end, size
    return ranges


def _cut(text: str, start: int, size: int, slack: int) -> int:
    """Return the end of the chunk that starts at ``start``."""
    target = start + size
    if target >= len(text):
        return len(text)
    stop = min(target + slack, len(text))
    newline = text.find("\n", target, stop)
    if newline >= 0:
        return newline + 1
    before = max(text.rfind(mark, start, target) for mark in "\n" + _SENTENCE_ENDS)
    if before >= 0:
        return before + 1
    ends = [found for mark in _SENTENCE_ENDS if (found := text.find(mark, target, stop)) >= 0]
    if ends:
        return min(ends) + 1
    for place in range(target, stop):
        if text[place].isspace():
            return place + 1
    for place in range(target - 1, start - 1, -1):
        if text[place].isspace():
            return place + 1
    return target
