"""Tables of a page: which hold data, and the grid of their cells."""

from __future__ import annotations

from mv2.errors import DocumentLimitError
from mv2.extract.model import Limits, Table
from mv2.extract.readers._html_inline import in_gutter, inline_text
from mv2.extract.readers._html_tree import Node
from mv2.extract.tables import make_table

_WIDEST_SPAN = 1_000
_LONG_CELL = 400
_CELLS = frozenset(["td", "th"])
_INNER_BLOCKS = frozenset(["table", "h1", "h2", "h3", "h4", "form", "article", "section", "pre"])
_ROW_GROUPS = frozenset(["thead", "tbody", "tfoot"])


def table_rows(table: Node) -> list[tuple[Node, bool]]:
    """The visible rows of a table, with whether each stands in its head; feet come last."""
    rows, feet = list[tuple[Node, bool]](), list[tuple[Node, bool]]()
    for child in table.elements():
        if child.hidden:
            continue
        if child.tag == "tr":
            rows.append((child, False))
        elif child.tag in _ROW_GROUPS:
            inner = [
                (row, child.tag == "thead") for row in child.elements() if row.tag == "tr" and not row.hidden
            ]
            (feet if child.tag == "tfoot" else rows).extend(inner)
    return rows + feet


def holds_data(table: Node, rows: list[tuple[Node, bool]]) -> bool:
    """Whether a table is one of data, and not a means to place things on the page."""
    if table.get("role") in {"presentation", "none"} or len(rows) == 0:
        return False
    widths = [[cell for cell in row.elements() if cell.tag in _CELLS] for row, _ in rows]
    cells = [cell for row in widths for cell in row]
    if max(map(len, widths)) < 2 or any(in_gutter(cell) for cell in cells):
        return False
    marked = any(cell.tag == "th" for cell in cells) or any(one.tag == "caption" for one in table.elements())
    if _has_inner_blocks(table, len(cells) // 4 if marked else 0):
        return False
    if marked:
        return True
    if len(rows) < 2:
        return False
    even = sum(1 for row in widths if len(row) == len(widths[0]) or any("colspan" in c.attrs for c in row))
    filled = [cell for cell in cells if cell.chars]
    return (
        even * 10 >= len(rows) * 9
        and len(filled) * 2 >= len(cells)
        and all(cell.chars <= _LONG_CELL for cell in cells)
    )


def _has_inner_blocks(table: Node, most: int) -> bool:
    """Whether there are more than ``most``; stops at the first one too many."""
    found = 0
    for one in table.walk():
        found += one is not table and one.tag in _INNER_BLOCKS
        if found > most:
            return True
    return False


def data_table(table: Node, rows: list[tuple[Node, bool]], limits: Limits) -> Table:
    """The table with its caption and header; merged cells repeat their value.

    Raises:
        DocumentLimitError: more cells than ``limits.table_cells``.
    """
    caption = next((one for one in table.elements() if one.tag == "caption" and not one.hidden), None)
    grid = _grid([row for row, _ in rows], limits)
    heads = 0
    for row, in_head in rows:
        if not in_head and not _all_names(row):
            break
        heads += 1
    name = inline_text(caption) if caption is not None else ""
    if 0 < heads < len(grid):
        return make_table(grid, header=0, header_rows=heads, name=name or None)
    if _names_rows(rows):
        return make_table(grid, header=None, name=name or None)
    return make_table(grid, name=name or None)


def _all_names(row: Node) -> bool:
    cells = [cell for cell in row.elements() if cell.tag in _CELLS]
    return bool(cells) and all(cell.tag == "th" and cell.get("scope") != "row" for cell in cells)


def _names_rows(rows: list[tuple[Node, bool]]) -> bool:
    """Whether every row starts with its own name and has no other: a list of properties."""
    for row, _ in rows:
        cells = [cell.tag for cell in row.elements() if cell.tag in _CELLS]
        if cells[:1] != ["th"] or "th" in cells[1:]:
            return False
    return True


def _grid(rows: list[Node], limits: Limits) -> list[list[str]]:
    """Cells by place. Those of rows that end early are missing at the right."""
    grid = [list[str]() for _ in rows]
    hanging: dict[int, tuple[int, str]] = {}
    spent = chars = 0
    for index, row in enumerate(rows):
        line = grid[index]
        ahead: dict[int, tuple[int, str]] = {}
        _take_hanging(line, hanging, ahead)
        for cell in row.elements():
            if cell.tag not in _CELLS or cell.hidden:
                continue
            text = inline_text(cell)
            down = _span(cell, "rowspan", len(rows) - index)
            for _ in range(_span(cell, "colspan", _WIDEST_SPAN)):
                if down > 1:
                    ahead[len(line)] = (down - 1, text)
                line.append(text)
                spent += 1
                chars += len(text)
            if chars > limits.text_chars:
                raise DocumentLimitError(f"a table repeats more than {limits.text_chars:,} characters")
            if spent > limits.table_cells:
                raise DocumentLimitError(
                    f"a table has more than {limits.table_cells:,} cells (limit table_cells)"
                )
            _take_hanging(line, hanging, ahead)
        for column in sorted(column for column in hanging if column >= len(line)):
            line.extend([""] * (column - len(line)))
            _take_hanging(line, hanging, ahead)
        spent += len(ahead)
        chars += sum(len(text) for _, text in ahead.values())
        hanging = ahead
    return grid


def _take_hanging(
    line: list[str], hanging: dict[int, tuple[int, str]], ahead: dict[int, tuple[int, str]]
) -> None:
    """Fill the next places that cells of rows above reach down to."""
    while (found := hanging.get(len(line))) is not None:
        left, text = found
        if left > 1:
            ahead[len(line)] = (left - 1, text)
        line.append(text)


def _span(cell: Node, name: str, most: int) -> int:
    stated = cell.get(name)
    if not stated.isascii() or not stated.isdigit():
        return 1
    wanted = int(stated[:6])
    if wanted == 0:
        return most if name == "rowspan" else 1
    return max(1, min(wanted, most))
