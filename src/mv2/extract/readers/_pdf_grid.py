"""What the ways of finding a table have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from mv2.extract.readers._pdf_layout import Line, joined, lines_of, segments_of
from mv2.extract.readers._pdf_raw import Word

__all__ = ["FoundTable", "cell_text", "continued", "header_depth"]


class FoundTable:
    """A table on one page, before it is known whether it goes on over the next.

    Attributes:
        rows: texts of all cells, the header among them.
        depth: so many rows at its head name the columns; 0 if none does, None if that is to be found out.
        across: x positions that part the columns, outer ones included.
        sizes: number of characters by size in points.
        cells: a number for each cell of ``rows``, the same for those that are one; empty where not known.
    """

    __slots__ = ("across", "cells", "confidence", "depth", "mode", "rows", "sizes", "warnings")

    def __init__(
        self,
        rows: list[list[str]],
        depth: int | None,
        across: list[float],
        words: Iterable[Word],
        mode: Literal["lattice", "stream"],
        confidence: float,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.rows, self.depth, self.across = rows, depth, across
        self.mode, self.confidence, self.warnings = mode, confidence, warnings
        self.cells: list[list[int]] = []
        self.sizes: Counter[float] = Counter()
        for word in words:
            self.sizes[word.style.size] += len(word.text)


def cell_text(words: Sequence[Word]) -> str:
    """The words of a cell as one line of text."""
    text = ""
    hyphen = False
    for line in lines_of(segments_of(words)):
        if isinstance(line, Line):
            text = continued(text, hyphen, " ".join(line.text.split()))
            hyphen = line.hyphen
    return text


def continued(text: str, hyphen: bool, more: str) -> str:
    """Text with its next line; a word that was broken between them is whole again."""
    if not text:
        return more
    if hyphen and text.endswith("-"):
        return text + more if more[:1].isupper() or more[:1].isdigit() else text[:-1] + more
    return joined([text, more])


def header_depth(rows: Sequence[Sequence[str]], bold: Sequence[Sequence[bool]]) -> int | None:
    """So many rows at the head are bold while the one below is not; None if that says nothing."""
    heads = 0
    for texts, marks in zip(rows, bold, strict=True):
        filled = [mark for text, mark in zip(texts, marks, strict=True) if text]
        if not filled or not all(filled):
            break
        heads += 1
    if not 0 < heads <= 3 or heads >= len(rows):
        return None
    first = rows[heads - 1]
    return heads if len({text for text in first if text}) > 1 else None
