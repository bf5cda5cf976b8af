"""Blocks made into pieces that are small enough for a chunk, cut where it hurts least."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import TypeAlias

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.model import Block
from mv2.extract.plain import chunk_ranges, slack_of

Range: TypeAlias = tuple[int, int]
Cut: TypeAlias = Callable[[str, int, int, int, int], list[Range]]

CODE_SIZES = 4
"""Code is kept whole up to so many times the wanted size."""
_CODE_PART_SIZES = 2
_HEADER_SIZES = 2
"""A table's header is repeated only if it is not longer than so many times the wanted size."""
_ITEM = late_pattern(r"^[ \t]*(?:[-*+•◦▪‣–]|\(?(?:\d{1,9}|[A-Za-z])[.)])[ \t]", re.MULTILINE)
_BLANK_LINE = late_pattern(r"^[ \t\r\f\v]*\n(?=[^\n]*\S)", re.MULTILINE)


@dataclass(slots=True)
class Piece:
    """A block, or a part of a large one. Pieces follow one another and cover the text.

    Attributes:
        start, end: its characters, with the white space up to the next piece.
        block: what it is (a part of).
        rows: the rows of the block that it holds.
        header: characters to repeat before it, as it continues a table.
        continues: it is not the first part of its block.
    """

    start: int
    end: int
    block: Block
    rows: tuple[int, int] | None = None
    header: Range | None = None
    continues: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start


def whole_pieces(text: str, blocks: Iterable[Block]) -> list[Piece]:
    """One piece a block, and one for each stretch of text that no block claims.

    Blocks that overlap those before them, or lie outside the text, are left out.
    """
    found: list[Block] = []
    reached = 0
    for block in blocks:
        start, end = max(block.start, 0), min(block.end, len(text))
        if start < reached or end <= start:
            continue
        _add_unclaimed(found, text, reached, start)
        found.append(block)
        reached = end
    _add_unclaimed(found, text, reached, len(text))
    if not found:
        return [Piece(0, len(text), Block(kind="paragraph", start=0, end=len(text)))] if text else []
    borders = [0, *(block.start for block in found[1:]), len(text)]
    return [
        Piece(start, end, block, block.rows)
        for block, (start, end) in zip(found, pairwise(borders), strict=True)
    ]


def _add_unclaimed(found: list[Block], text: str, start: int, end: int) -> None:
    gap = text[start:end]
    if gap and not gap.isspace():
        start += len(gap) - len(gap.lstrip())
        found.append(Block(kind="paragraph", start=start, end=start + len(gap.strip())))


def split_piece(text: str, piece: Piece, first: int, size: int) -> list[Piece]:
    """Return ``piece`` in parts of about ``size`` characters, the first one of about ``first``.

    A part is at most a fifth longer, apart from code, which has a bound of its own.
    """
    kind = piece.block.kind
    whole = CODE_SIZES * size if kind == "code" else first + slack_of(first)
    if piece.length <= whole:
        return [piece]
    if kind == "table":
        return _table_parts(text, piece, first, size)
    cut = _CUTS.get(kind, _by_sentences)
    ranges = cut(text, piece.start, piece.end, first, size)
    return [
        Piece(start, end, piece.block, piece.rows, continues=start > piece.start) for start, end in ranges
    ]


def _by_sentences(text: str, start: int, end: int, first: int, size: int) -> list[Range]:
    ranges = chunk_ranges(text[start:end], size, first=first)
    return [(start + one, start + other) for one, other in ranges]


def _by_lines(text: str, start: int, end: int, first: int, size: int) -> list[Range]:
    return _packed(text, start, end, _inner_lines(text, start, end), first, size, _by_sentences)


def _by_items(text: str, start: int, end: int, first: int, size: int) -> list[Range]:
    if _ITEM.search(text, start, end) is None:
        return _by_lines(text, start, end, first, size)
    items = (found.start() for found in _ITEM.finditer(text, start + 1, end))
    return _packed(text, start, end, items, first, size, _by_lines)


def _by_blank_lines(text: str, start: int, end: int, first: int, size: int) -> list[Range]:
    wanted = _CODE_PART_SIZES * size
    cuts = (found.end() for found in _BLANK_LINE.finditer(text, start + 1, end))
    return _packed(text, start, end, cuts, min(first, wanted), wanted, _by_lines)


_CUTS: dict[str, Cut] = {"list": _by_items, "record": _by_lines, "code": _by_blank_lines}


def _packed(
    text: str, start: int, end: int, cuts: Iterable[int], first: int, size: int, cut: Cut
) -> list[Range]:
    """Join what lies between ``cuts`` up to ``size``; what is too long by itself goes through ``cut``."""
    ranges: list[Range] = []
    begin, wanted = start, first
    for here, there in pairwise(chain((start,), cuts, (end,))):
        if begin < here and there - begin > wanted:
            ranges.append((begin, here))
            begin, wanted = here, size
        if there - begin > wanted + slack_of(wanted):
            parts = cut(text, begin, there, wanted, size)
            ranges.extend(parts[:-1])
            begin, wanted = parts[-1][0], size
    ranges.append((begin, end))
    return ranges


def _inner_lines(text: str, start: int, end: int) -> Iterator[int]:
    """Starts of the lines that begin between ``start`` and ``end``."""
    place = text.find("\n", start, end)
    while 0 <= place < end - 1:
        yield place + 1
        place = text.find("\n", place + 1, end)


def _table_parts(text: str, piece: Piece, first: int, size: int) -> list[Piece]:
    """Parts of whole rows; those behind the first one repeat the header."""
    header = _usable_header(piece)
    body = piece.start if header is None else header[1]
    if text[body : body + 1] == "\n" and body > piece.start:
        body += 1
    lines = array("q")
    if body < piece.block.end:
        lines.append(body)
        lines.extend(_inner_lines(text, body, piece.block.end))
    repeated = None if header is None or header[1] - header[0] > _HEADER_SIZES * size else header
    taken = 0 if repeated is None else repeated[1] - repeated[0] + 1
    room = max(size - taken, size // 2, 1)
    ranges = _packed(text, piece.start, piece.end, lines[1:], first, room, _by_sentences)
    first_row = _number_of_first_row(piece.block, len(lines))
    return [
        Piece(
            start,
            end,
            piece.block,
            piece.rows if first_row is None else _rows_in(start, end, lines, first_row),
            header=repeated if start > piece.start else None,
            continues=start > piece.start,
        )
        for start, end in ranges
    ]


def _usable_header(piece: Piece) -> Range | None:
    header = piece.block.header
    if header is None or not piece.start <= header[0] < header[1] <= piece.end:
        return None
    return header


def _number_of_first_row(block: Block, lines: int) -> int | None:
    """The row on the first line behind the header, None where lines and rows do not match."""
    if block.rows is None:
        return None
    count = block.rows[1] - block.rows[0] + 1
    if count == lines:
        return block.rows[0]
    return block.rows[0] + 1 if block.header is not None and count == lines + 1 else None


def _rows_in(start: int, end: int, lines: Sequence[int], first_row: int) -> tuple[int, int]:
    first = max(bisect_right(lines, start) - 1, 0)
    last = max(bisect_left(lines, end) - 1, first)
    return first_row + first, first_row + last
