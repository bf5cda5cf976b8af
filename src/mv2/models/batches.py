"""Cutting a list of texts into calls that a model takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches(texts: Sequence[str], count: int, chars: int) -> Iterator[slice]:
    """Slices of at most ``count`` texts and ``chars`` characters; a longer text stands alone."""
    start = size = 0
    for place, text in enumerate(texts):
        if place > start and (place - start >= count or size + len(text) > chars):
            yield slice(start, place)
            start, size = place, 0
        size += len(text)
    if start < len(texts):
        yield slice(start, len(texts))
