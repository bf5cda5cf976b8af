"""Where a long text is cut: at the places the original would choose."""

from __future__ import annotations

from mv2.ingest.normalise import normalise

CHUNK_SIZE = 1200
"""Wanted characters in a chunk."""
CHUNK_FROM = 2400
"""Normalised characters from which a text is cut."""
_SENTENCE_ENDS = ".!?"


def needs_chunking(text: str) -> bool:
    """Whether ``text`` is long enough, once normalised, to be cut."""
    return len(text) >= CHUNK_FROM // 20 and len(normalise(text)) >= CHUNK_FROM


def chunk_ranges(text: str, size: int = CHUNK_SIZE) -> list[tuple[int, int]]:
    """Return (start, end) character ranges that follow one another and cover ``text`` exactly.

    A range is about ``size`` long: it ends behind a newline or sentence end close
    to that, may be shorter, and is at most a fifth (or 32) longer.
    """
    slack = max(size // 5, 32)
    ranges: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = _cut(text, start, size, slack)
        ranges.append((start, end))
        start = end
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
