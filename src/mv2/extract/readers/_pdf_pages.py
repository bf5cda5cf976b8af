"""One page of a PDF, ready to be put together with the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from mv2.extract.readers._pdf_grid import FoundTable
from mv2.extract.readers._pdf_info import Field
from mv2.extract.readers._pdf_lattice import ruled_tables
from mv2.extract.readers._pdf_layout import Box, Line, lines_of, reading_order, segments_of
from mv2.extract.readers._pdf_raw import RawPage, Style, Word
from mv2.extract.readers._pdf_stream import aligned_tables

__all__ = ["PageContent", "content_of"]

_FEWEST_CHARACTERS = 16
_LARGE_PICTURE = 0.4


class PageContent:
    """What a person reads on a page.

    Attributes:
        number: counts from 1.
        height: in points.
        cells: how many cells its ruled tables have.
        groups: lines and tables, by column, in the order in which they are read.
        turned: lines that are not upright.
        remarks: comments of reviewers.
        is_scan: a picture fills it and it has no text.
        is_crowded: too much is drawn on it to look for ruled tables.
    """

    __slots__ = ("cells", "groups", "height", "is_crowded", "is_scan", "number", "remarks", "turned")

    def __init__(self, number: int, raw: RawPage, groups: list[list[Line | Box]]) -> None:
        self.number, self.height, self.groups = number, raw.height, groups
        self.turned = raw.turned
        self.cells = 0
        self.remarks: list[str] = []
        self.is_scan = raw.characters < _FEWEST_CHARACTERS and raw.picture_share >= _LARGE_PICTURE
        self.is_crowded = raw.crowded

    def lines(self) -> Iterator[Line]:
        """Lines outside of tables."""
        for group in self.groups:
            for item in group:
                if isinstance(item, Line):
                    yield item


def content_of(number: int, raw: RawPage, fields: Sequence[Field], cells: int) -> PageContent:
    """Bring a page into reading order and find its tables.

    Args:
        cells: how many cells those may have.
    """
    for field in fields:
        raw.words.extend(_field_words(field, raw))
    tables, words = ruled_tables(raw, cells)
    groups: list[list[Line | Box]] = []
    dots = sorted((y, x) for x, y in raw.dots)
    for group in reading_order([*segments_of(words), *tables]):
        lines = aligned_tables(lines_of(group), raw.level)
        for line in lines:
            if isinstance(line, Line):
                line.dot = _has_dot(line, dots)
                line.words = ()
        groups.append(lines)
    content = PageContent(number, raw, groups)
    content.cells = sum(
        len(box.content.rows) * len(box.content.rows[0])
        for box in tables
        if isinstance(box.content, FoundTable)
    )
    return content


def _has_dot(line: Line, dots: Sequence[tuple[float, float]]) -> bool:
    first, end = bisect_left(dots, (line.y - 0.75 * line.size,)), bisect_left(dots, (line.y,))
    return any(line.x0 - 2.5 * line.size <= x < line.x0 for _, x in dots[first : min(end, first + 50)])


def _field_words(field: Field, raw: RawPage) -> Iterator[Word]:
    """The text of a field as words at its place."""
    left, bottom, right, top = field.box
    x0, y0 = raw.frame(left, bottom)
    x1, y1 = raw.frame(right, top)
    x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    rows = field.shown.splitlines()[:1_000]
    size = max(4.0, min(12.0, (y1 - y0) / max(1, len(rows)) * 0.8))
    style = Style(round(size, 1), False, False, 0)
    for at, row in enumerate(rows):
        words = row.split()
        pitch = min(0.5 * size, (x1 - x0) / max(1, len(row)))
        x, y = x0, y1 - (y1 - y0) / 2 + size * 0.35 + (at - (len(rows) - 1) / 2) * size * 1.2
        for word in words:
            yield Word(word, x, x + pitch * len(word), y, style, -1, -1, False)
            x += pitch * (len(word) + 1)
