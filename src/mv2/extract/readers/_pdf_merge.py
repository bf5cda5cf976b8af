"""Tables that run over pages become one."""

from __future__ import annotations

from collections.abc import Sequence

from mv2.extract.readers._pdf_grid import FoundTable, continued
from mv2.extract.readers._pdf_text import Piece

__all__ = ["merged_tables"]

_NEAR = 6.0


def merged_tables(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with the parts of each table in one. Notes at the foot of a page come after it."""
    result: list[Piece] = []
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece.table is not None and _goes_on(last, piece):
            assert last.table is not None
            _append(last.table, piece.table)
            last.last_page = piece.last_page
            continue
        result.append(piece)
        if piece.table is not None:
            last = piece
        elif piece.kind != "note":
            last = None
    return result


def _goes_on(upper: Piece, lower: Piece) -> bool:
    one, two = upper.table, lower.table
    if one is None or two is None or lower.page != upper.last_page + 1 or one.mode != two.mode:
        return False
    if len(one.across) != len(two.across):
        return False
    shift = two.across[0] - one.across[0]
    same_place = all(abs(b - a - shift) <= _NEAR for a, b in zip(one.across, two.across, strict=True))
    if _repeated(one, two):
        return True
    return same_place and not two.depth


def _repeated(one: FoundTable, two: FoundTable) -> int:
    """So many rows at the head of `two` are the header of `one` once more."""
    depth = one.depth or 1
    return depth if one.rows[:depth] == two.rows[:depth] and any(one.rows[0]) else 0


def _append(one: FoundTable, two: FoundTable) -> None:
    repeated = _repeated(one, two)
    if repeated and one.depth is None:
        one.depth = repeated
    rows, known = two.rows[repeated:], bool(one.cells and two.cells)
    is_rest = bool(rows) and len(one.rows) > (one.depth or 1) and _is_rest(one.rows[-1], rows[0])
    if is_rest:
        one.rows[-1] = [
            continued(upper, False, lower) if lower else upper
            for upper, lower in zip(one.rows[-1], rows[0], strict=True)
        ]
    if known and rows:
        after = 1 + max(one.cells[-1])
        cells = [[number + after for number in row] for row in two.cells[repeated:]]
        _fill_divided(one, rows, cells)
        one.cells += cells[is_rest:]
    elif not known:
        one.cells = []
    one.rows += rows[is_rest:]
    one.confidence = min(one.confidence, two.confidence)
    one.warnings = tuple(dict.fromkeys([*one.warnings, *two.warnings]))


def _fill_divided(one: FoundTable, rows: list[list[str]], cells: list[list[int]]) -> None:
    """Repeat the text of a cell over several rows that the end of the page divides in the part below it."""
    if len(one.cells) < 2:
        return
    for column, number in enumerate(cells[0]):
        text, last = one.rows[-1][column], one.cells[-1][column]
        if rows[0][column] or not text or one.cells[-2][column] != last:
            continue
        for row, numbers in zip(rows, cells, strict=True):
            if numbers[column] != number:
                break
            row[column], numbers[column] = text, last


def _is_rest(row: Sequence[str], more: Sequence[str]) -> bool:
    """Whether a row is the rest of the one above, cut by the end of the page."""
    pairs = [(upper, lower) for upper, lower in zip(row, more, strict=True) if lower]
    return not more[0] and bool(pairs) and all(upper and lower[0].islower() for upper, lower in pairs)
