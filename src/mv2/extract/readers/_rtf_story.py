"""Paragraphs and tables of an RTF document, of one of its notes, or of a text box."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from mv2._record import dataclass
from mv2.extract.model import Limits, ReadOptions
from mv2.extract.readers._office import DEEPEST_NESTING, Cells, Draft, Spread, marked
from mv2.extract.readers._office_lines import Sink

Merge = Literal["", "first", "more"]
_EDGE = 40
"""Edges of cells that differ by less (twentieths of a point) are one."""
_MOST_CELLS_IN_ROW = 1_000
_LOOKED_AT = 200
_HANGING = re.compile(r"([•·▪◦‣○●■□\uf0b7–*-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlIVXL]{1,6})[.)])[ ]*\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Properties of paragraphs, as far as they matter.

    Attributes:
        in_table: nesting of the table it stands in, 0 for none.
        outline: 1 to 6 of a heading, 0 for body text, None if it is not said.
        style: number of its style.
        list_level: level from 0 of a list item, list_id the list; None for none.
        left, first: indents of the paragraph and, beyond that, of its first line.
        breaks_page: it begins a page.
    """

    in_table: int = 0
    outline: int | None = None
    style: int = 0
    list_level: int = 0
    list_id: int | None = None
    left: int = 0
    first: int = 0
    breaks_page: bool = False


@dataclass(slots=True)
class CellShape:
    """How a cell lies in its row: its right edge, and whether it continues another."""

    edge: int
    down: Merge = ""
    across: Merge = ""


class _Grid:
    """A table while it is read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.row: list[str] = []
        self.rows: list[tuple[list[str], list[CellShape]]] = []
        self.header_rows = 0
        self.inside: list[_Grid] = []

    def end_cell(self) -> None:
        if len(self.row) < _MOST_CELLS_IN_ROW:
            self.row.append("\n".join(self.lines))
        self.lines = []

    def end_row(self, shapes: list[CellShape], *, header: bool) -> None:
        if any(line.strip() for line in self.lines):
            self.end_cell()
        self.lines = []
        if header and self.header_rows == len(self.rows):
            self.header_rows += 1
        self.rows.append((self.row, shapes[: len(self.row)]))
        self.row = []

    def cells(self, limits: Limits, spread: Spread) -> Cells:
        cells = Cells(limits, spread)
        columns = _columns([shapes for _, shapes in self.rows])
        for row, shapes in self.rows:
            cells.new_row()
            left = 0
            above = cells.rows[-2] if len(cells.rows) > 1 else []
            for at, text in enumerate(row):
                shape = shapes[at] if at < len(shapes) else CellShape(0)
                right = max(columns.get(shape.edge, 0), left + 1)
                line = cells.rows[-1]
                shown = text
                if shape.down == "more" and not text and len(line) < len(above):
                    shown = above[len(line)]
                continues = shape.across == "more" and not text and bool(line)
                if continues:
                    shown = line[-1]
                cells.put(shown, columns=right - left, continues=continues)
                left = right
        cells.header_rows = self.header_rows
        return cells


def _columns(rows: list[list[CellShape]]) -> dict[int, int]:
    """The number of the column that ends at each edge, from 1."""
    edges = sorted({shape.edge for shapes in rows for shape in shapes})
    columns: dict[int, int] = {}
    number, last = 0, None
    for edge in edges:
        if last is None or edge - last > _EDGE:
            number += 1
            last = edge
        columns[edge] = number
    return columns


class Story:
    """A run of paragraphs.

    Args:
        spread: of the document.
        outline: tells the level of a heading from the number of its style.
    """

    def __init__(
        self, sink: Sink, options: ReadOptions, spread: Spread, outline: Callable[[int], int]
    ) -> None:
        self.sink = sink
        self.pages: int | None = None
        self.label: str | None = None
        self.later: list[Callable[[Sink], None]] = []
        self._options = options
        self._spread = spread
        self._outline = outline
        self._parts: list[tuple[str, str]] = []
        self._grids: list[_Grid] = []
        self._indents: list[int] = []
        self._breaks_inside = 0
        self._visible = False

    def add(self, text: str, change: str = "") -> None:
        """Text of the current paragraph; ``change`` is ``inserted``, ``deleted`` or empty."""
        self._parts.append((text, change))
        self._visible = self._visible or not text.isspace()

    def replace(self, at: int, text: str) -> None:
        """Another text for a piece of the current paragraph."""
        if at < len(self._parts):
            self._parts[at] = (text, self._parts[at][1])

    @property
    def length(self) -> int:
        """Pieces of the current paragraph."""
        return len(self._parts)

    def text(self, start: int) -> str:
        """The beginning of the current paragraph from a piece on."""
        return "".join(text[:_LOOKED_AT] for text, _ in self._parts[start : start + _LOOKED_AT])

    def turn_page(self) -> None:
        """A page ends here."""
        if self.pages is None:
            return
        if self._visible:
            self._breaks_inside += 1
            self._parts.append(("\n", ""))
        else:
            self.pages += 1

    def end_paragraph(self, form: Paragraph) -> None:
        """The paragraph ends, with these properties."""
        text, label = self._shown(), self.label
        self._parts, self.label, self._visible = [], None, False
        if form.in_table:
            if label and text.strip():
                text = f"{_plain(label)} {text}"
            if text.strip():
                self._grid(form.in_table).lines.append(text.strip())
            return
        self._end_tables()
        if self.pages is not None:
            self.pages += form.breaks_page and bool(text.strip())
            self._at(self.pages)
            self.pages += self._breaks_inside
        place = {}
        if self._breaks_inside and self.pages is not None:
            place["last_page"] = self.pages
        self._breaks_inside = 0
        self._write(text, label, form, place)
        self._at(self.pages)
        self._release()

    def end_cell(self, form: Paragraph, level: int) -> None:
        """A cell of a table ends, and its last paragraph with it."""
        self.end_paragraph(_in_table(form, level))
        grid = self._grid(level)
        while len(self._grids) > level:
            inner = self._grids.pop()
            if inner.rows:
                grid.inside.append(inner)
        grid.end_cell()

    def end_row(self, shapes: list[CellShape], level: int, *, header: bool) -> None:
        """A row ends; its shapes may be stated before or behind its cells."""
        self._grid(level).end_row(shapes, header=header)

    def end(self, form: Paragraph) -> None:
        """The story ends."""
        if self._parts:
            self.end_paragraph(form)
        self._end_tables()
        self._release()

    def _shown(self) -> str:
        shown: list[str] = []
        at = 0
        while at < len(self._parts):
            change = self._parts[at][1]
            start = at
            while at < len(self._parts) and self._parts[at][1] == change:
                at += 1
            text = "".join(text for text, _ in self._parts[start:at])
            if change == "inserted" and self._options.revisions == "marked":
                text = marked(text, "inserted")
            elif change == "deleted" and self._options.revisions == "marked":
                text = marked(text, "deleted")
            shown.append(text)
        return "".join(shown)

    def _write(self, text: str, label: str | None, form: Paragraph, place: dict[str, int]) -> None:
        level = self._outline(form.style) if form.outline is None else form.outline
        hanging = _HANGING.match(text) if form.first < 0 and label is None else None
        if level:
            number = _plain(label or "")
            numbered = number not in {"", "-"} and text.strip()
            self.sink.heading(f"{number} {text}" if numbered else text, level, **place)
        elif label is not None or form.list_id:
            self.sink.item(text, form.list_level + 1, _plain(label or "-"), **place)
            self._indents = []
            return
        elif hanging:
            self.sink.item(text[hanging.end() :], self._depth(form.left), _plain(hanging.group(1)), **place)
            return
        else:
            self.sink.add("paragraph", text, **place)
        if text.strip():
            self._indents = []

    def _depth(self, left: int) -> int:
        """Depth of a list item that only its indent tells."""
        while self._indents and self._indents[-1] > left:
            self._indents.pop()
        if not self._indents or self._indents[-1] < left:
            self._indents.append(left)
        return len(self._indents)

    def _grid(self, level: int) -> _Grid:
        while len(self._grids) < min(level, DEEPEST_NESTING):
            self._grids.append(_Grid())
        return self._grids[min(level, DEEPEST_NESTING) - 1]

    def _end_tables(self) -> None:
        grids, self._grids = self._grids, []
        for grid in grids:
            self._write_grid(grid)
        if grids:
            self._release()

    def _write_grid(self, grid: _Grid) -> None:
        waiting = [grid]
        while waiting:
            one = waiting.pop()
            left = one.lines if one.rows else [*one.row, *one.lines]
            if len(one.rows) == 1 and len(one.rows[0][0]) == 1:
                left = [one.rows[0][0][0], *left]
            elif one.rows:
                self.sink.table(one.cells(self._options.limits, self._spread))
            for line in left:
                self.sink.add("paragraph", line)
            waiting.extend(reversed(one.inside))

    def _release(self) -> None:
        """Write notes and boxes behind the paragraph or table that refers to them."""
        later, self.later = self.later, []
        for write in later:
            write(self.sink)

    def _at(self, page: int | None) -> None:
        if isinstance(self.sink, Draft):
            self.sink.at_page(page)


def _plain(label: str) -> str:
    """A number as it is, any bullet as ``-``."""
    label = " ".join(label.split())
    return label if any(char.isalnum() for char in label) else "-" if label else ""


def _in_table(form: Paragraph, level: int) -> Paragraph:
    return Paragraph(
        in_table=level, style=form.style, list_level=form.list_level, list_id=form.list_id, outline=0
    )
