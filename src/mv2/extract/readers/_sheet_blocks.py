"""Where the tables of a sheet are, and what stands around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from mv2._record import dataclass
from mv2.extract._headers import find_header
from mv2.extract._values import value_type
from mv2.extract.model import Table, Value
from mv2.extract.readers._sheet_model import (
    Area,
    Budget,
    Cell,
    Defined,
    Item,
    Row,
    Sheet,
    kind_of,
    shown_of,
    value_of,
)
from mv2.extract.tables import make_table

_SURE = 0.75
_SAMPLE = 60
_SMALL_AREA = 10_000
_SPARSEST = 30
_NOTE_LENGTH = 30
_LONGEST_NAME = 200

Line: TypeAlias = tuple[int, Row]


class Text(NamedTuple):
    """Cells that are no table, one line a row; ``title`` if they stand right above one."""

    top: int
    left: int
    bottom: int
    lines: list[str]
    title: bool = False


class Grid(NamedTuple):
    """A table, the cells of its rows as shown, and the numbers of its first and last row of data."""

    top: int
    left: int
    table: Table
    shown: list[list[str]]
    first_row: int
    last_row: int


Piece: TypeAlias = Text | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hidden:
    """Rows and columns that are left out; a gap that is hidden parts nothing."""

    rows: list[int]
    columns: list[int]

    def row_gap(self, one: int, other: int) -> int:
        return other - one - 1 - (bisect_left(self.rows, other) - bisect_right(self.rows, one))

    def column_gap(self, one: int, other: int) -> int:
        return other - one - 1 - (bisect_left(self.columns, other) - bisect_right(self.columns, one))


def find_pieces(sheet: Sheet, budget: Budget, *, with_hidden: bool) -> tuple[list[Piece], list[str]]:
    """The tables and other cells of a sheet in reading order, and warnings. Empties ``sheet.rows``."""
    warnings = list[str]()
    if not _fill_merged(sheet, budget):
        warnings.append(f"sheet {sheet.name!r}: not all merged cells were repeated")
    hidden = _Hidden(rows=[], columns=[])
    if not with_hidden:
        hidden = _leave_out(sheet, warnings)
    pieces: list[Piece] = []
    numbers = sorted(sheet.rows)
    visits = budget.limits.table_cells
    for at, defined in enumerate(sheet.defined):
        lines, visited = _taken_lines(sheet, defined.area, numbers)
        visits -= visited
        if lines:
            pieces.append(_defined_grid(lines, defined, sheet.name, budget))
        if visits < 0:
            warnings.append(f"sheet {sheet.name!r}: only {at + 1} defined tables were looked at")
            break
    lines = sorted(item for item in sheet.rows.items() if item[1])
    sheet.rows = {}
    for part in _parts(lines, hidden):
        pieces.extend(_read_part(part, sheet.name))
    pieces.sort(key=lambda piece: (piece.top, piece.left))
    return pieces, warnings


def _fill_merged(sheet: Sheet, budget: Budget) -> bool:
    """Repeat merged cells where rows exist; False if there is too much to repeat."""
    numbers = sorted(sheet.rows)
    widest = max((max(row) for row in sheet.rows.values() if row), default=0)
    left = budget.limits.table_cells
    for area in sheet.merged:
        item = sheet.rows.get(area.top, {}).get(area.left)
        if item is None:
            continue
        copy = Cell(value_of(item), shown_of(item), kind_of(item), repeat=True)
        right = min(area.right, widest)
        for at in range(bisect_left(numbers, area.top), bisect_right(numbers, area.bottom)):
            row = sheet.rows[numbers[at]]
            left -= right - area.left + 1
            if left < 0:
                return False
            for column in range(area.left, right + 1):
                if column not in row:
                    row[column] = copy
                    budget.take(1, len(copy.shown))
    return True


def _leave_out(sheet: Sheet, warnings: list[str]) -> _Hidden:
    rows = [number for number in sheet.hidden_rows if sheet.rows.pop(number, None)]
    if rows:
        warnings.append(f"sheet {sheet.name!r}: {_counted(len(rows), 'hidden row')} left out")
    used = {column for row in sheet.rows.values() for column in row}
    ranges = sorted(sheet.hidden_columns)
    starts = [first for first, _ in ranges]
    reach = list[int]()
    for _, last in ranges:
        reach.append(max(last, reach[-1]) if reach else last)

    def is_hidden(column: int) -> bool:
        at = bisect_right(starts, column) - 1
        return at >= 0 and reach[at] >= column

    gone = {column for column in used if is_hidden(column)}
    if gone:
        warnings.append(f"sheet {sheet.name!r}: {_counted(len(gone), 'hidden column')} left out")
        for row in sheet.rows.values():
            for column in gone.intersection(row):
                del row[column]
    columns = {column for column in range(1, max(used, default=0) + 1) if is_hidden(column)}
    return _Hidden(rows=sorted(sheet.hidden_rows), columns=sorted(columns))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _taken_lines(sheet: Sheet, area: Area, numbers: Sequence[int]) -> tuple[list[Line], int]:
    """The rows of an area, whose cells are taken out of the sheet, and how many cells were looked at."""
    lines: list[Line] = []
    visited = 1
    for at in range(bisect_left(numbers, area.top), bisect_right(numbers, area.bottom)):
        row = sheet.rows.get(numbers[at], {})
        visited += len(row) + 1
        taken = {column: row.pop(column) for column in list(row) if area.left <= column <= area.right}
        if taken:
            lines.append((numbers[at], taken))
    return lines, visited


def _defined_grid(lines: Sequence[Line], defined: Defined, sheet: str, budget: Budget) -> Grid:
    """The grid of a table that the workbook defines."""
    columns = _columns(lines)
    budget.take(len(lines) * len(columns) - sum(len(row) for _, row in lines), 0)
    has_header = defined.headers > 0 and lines[0][0] == defined.area.top
    return _grid(lines, columns, defined.name, sheet, header=0 if has_header else None)


def _parts(lines: Sequence[Line], hidden: _Hidden) -> list[list[Line]]:
    """Groups of rows that belong together: parted by empty rows, then empty columns, then rows."""
    parts = list[list[Line]]()
    above = _Above([])
    for group, gap in _row_groups(lines, hidden):
        if parts and gap == 1 and above.goes_on(group):
            parts[-1].extend(group)
        else:
            parts.append(group)
            above = _Above(group)
    return [
        rows
        for part in parts
        for side in _sides(part, hidden)
        for rows in ([side] if side is part else [one for one, _ in _row_groups(side, hidden)])
    ]


def _row_groups(lines: Sequence[Line], hidden: _Hidden) -> list[tuple[list[Line], int]]:
    """Rows without an empty one between them, and how many empty rows stand before each group."""
    groups: list[tuple[list[Line], int]] = []
    for line in lines:
        gap = hidden.row_gap(groups[-1][0][-1][0], line[0]) if groups else 0
        if groups and gap == 0:
            groups[-1][0].append(line)
        else:
            groups.append(([line], gap))
    return groups


class _Above:
    """The start of a part, to tell whether rows below a single empty row are more of it."""

    def __init__(self, part: list[Line]) -> None:
        self._part = part
        self._known = 0
        self._columns: list[int] = []
        self._is_table = False

    def goes_on(self, group: Sequence[Line]) -> bool:
        """Whether `group` has the columns of the table above it, numbers among its cells, and no header."""
        self._look()
        below = _columns(group[:_SAMPLE])
        if not self._is_table or _own_cells(group[0][1]) < 2:
            return False
        if below[0] < self._columns[0] or below[-1] > self._columns[-1]:
            return False
        if len(group) > 1 and find_header(_dense(group[:_SAMPLE], below)).row is not None:
            return False
        return any(value_type(value_of(item)) not in {"text", "empty"} for item in group[0][1].values())

    def _look(self) -> None:
        count = min(len(self._part), _SAMPLE)
        if count == self._known:
            return
        self._known = count
        self._columns = _columns(self._part[:_SAMPLE])
        header = find_header(_dense(_without_titles(self._part[:_SAMPLE]), self._columns))
        sure = header.row is not None and header.confidence >= _SURE
        self._is_table = sure and len(self._columns) > 1


def _sides(part: list[Line], hidden: _Hidden) -> list[list[Line]]:
    """The part, cut at empty columns if that leaves at least one table."""
    columns = _columns(part)
    runs: dict[int, int] = {}
    run = 0
    for at, column in enumerate(columns):
        if at and hidden.column_gap(columns[at - 1], column):
            run += 1
        runs[column] = run
    if run == 0:
        return [part]
    sides = [list[Line]() for _ in range(run + 1)]
    for number, row in part:
        split: dict[int, Row] = {}
        for column, item in row.items():
            split.setdefault(runs[column], {})[column] = item
        for one, cells in split.items():
            sides[one].append((number, cells))
    return sides if any(_is_wide(side) for side in sides) else [part]


def _is_wide(side: Sequence[Line]) -> bool:
    return sum(len(row) >= 2 for _, row in side) >= 2


def _columns(lines: Sequence[Line]) -> list[int]:
    return sorted({column for _, row in lines for column in row})


def _own_cells(row: Row) -> int:
    return sum(not (isinstance(item, Cell) and item.repeat) for item in row.values())


def _is_title(row: Row) -> bool:
    return _own_cells(row) <= 1


def _without_titles(part: Sequence[Line]) -> Sequence[Line]:
    start = 0
    while start < len(part) - 1 and _is_title(part[start][1]):
        start += 1
    return part[start:]


def _dense(lines: Sequence[Line], columns: Sequence[int]) -> list[list[Value]]:
    return [[value_of(row.get(column)) for column in columns] for _, row in lines]


def _read_part(part: list[Line], sheet: str) -> list[Piece]:
    body = list(_without_titles(part)) if len(_columns(part)) > 1 else part
    above, below = part[: len(part) - len(body)], list[Line]()
    while len(body) > 2 and _is_note(body[-1][1], body):
        below.insert(0, body.pop())
    columns = _columns(body)
    cells = sum(len(row) for _, row in body)
    is_dense = len(body) * len(columns) <= max(_SMALL_AREA, _SPARSEST * cells)
    is_text = _is_form(body, columns) if len(columns) > 1 else not _is_list(body, columns)
    if len(body) < 2 or not is_dense or is_text:
        return [_text(part)]
    header = find_header(_dense(body[:_SAMPLE], columns))
    start = header.row or 0
    title = _text([*above, *body[:start]], title=True) if above or start else None
    name = sheet
    if title is not None and len(title.lines) <= 2:
        name = " ".join(" ".join(title.lines).split())[:_LONGEST_NAME] or sheet
    grid = _grid(
        body[start:],
        columns,
        name,
        sheet,
        header=None if header.row is None else 0,
        header_rows=header.count,
        confidence=header.confidence,
    )
    pieces: list[Piece] = [grid] if title is None else [title, grid]
    return [*pieces, _text(below)] if below else pieces


def _is_note(row: Row, body: Sequence[Line]) -> bool:
    """Whether a row below a table is a remark: one long text at its left edge."""
    if _own_cells(row) != 1:
        return False
    column = min(row)
    value = value_of(row[column])
    is_left = column <= min(min(cells) for _, cells in body[:2])
    return is_left and isinstance(value, str) and (len(value) > _NOTE_LENGTH or value[:1] in "*¹†")


def _is_form(body: Sequence[Line], columns: Sequence[int]) -> bool:
    """Whether rows are labels, each followed by what it labels: ``Phone:``, ``0170 1234``."""
    labels = (value_of(row.get(columns[0])) for _, row in body)
    return sum(str(label).rstrip().endswith(":") for label in labels) * 2 > len(body)


def _is_list(body: Sequence[Line], columns: Sequence[int]) -> bool:
    """Whether a single column is a name above values."""
    found = find_header(_dense(body[:_SAMPLE], columns))
    return len(body) > 2 and found.row == 0 and found.confidence > _SURE


def _text(lines: Sequence[Line], *, title: bool = False) -> Text:
    shown = [_line_text(row) for _, row in lines]
    left = min(min(row) for _, row in lines)
    return Text(lines[0][0], left, lines[-1][0], [line for line in shown if line], title)


def _line_text(row: Row) -> str:
    cells = [row[column] for column in sorted(row)]
    words = [shown_of(item).strip() for item in cells if not (isinstance(item, Cell) and item.repeat)]
    words = [word for word in words if word]
    if len(words) == 1:
        return words[0]
    parts = list[str]()
    for word in words:
        if parts:
            parts.append(" " if parts[-1].endswith(":") else " | ")
        parts.append(" ".join(word.split()))
    return "".join(parts)


def _grid(
    lines: Sequence[Line],
    columns: Sequence[int],
    name: str,
    sheet: str,
    *,
    header: int | None,
    header_rows: int = 1,
    confidence: float = 1.0,
) -> Grid:
    area = Area(lines[0][0], columns[0], lines[-1][0], columns[-1])
    items: list[list[Item | None]] = [[row.get(column) for column in columns] for _, row in lines]
    table = make_table(
        [[value_of(item) for item in row] for row in items],
        header=header,
        header_rows=header_rows,
        name=name,
        sheet=sheet,
        range=str(area),
        confidence=confidence,
        kinds=[[kind_of(item) for item in row] for row in items],
    )
    start = header_rows if header is not None else 0
    body = lines[start:]
    shown = [[shown_of(item) for item in row[: len(table.headers)]] for row in items[start:]]
    first, last = (body[0][0], body[-1][0]) if body else (area.bottom + 1, area.bottom)
    return Grid(area.top, area.left, table, shown, first, last)
