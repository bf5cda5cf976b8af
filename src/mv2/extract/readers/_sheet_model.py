"""Sheets as all kinds of spreadsheets have them: sparse, with what is known of each cell."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple, TypeAlias

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract._values import number_text
from mv2.extract.model import ColumnType, Limits, Value

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


class Cell(NamedTuple):
    """A cell that is shown otherwise than its value says.

    Attributes:
        value: what it holds; dates and times as ISO text.
        shown: what a person sees.
        kind: type that its number format gives it.
        repeat: it is covered by a merged cell and repeats its value.
    """

    value: Value
    shown: str
    kind: ColumnType | None = None
    repeat: bool = False


Item: TypeAlias = str | int | float | bool | Cell
Row: TypeAlias = dict[int, Item]


class Area(NamedTuple):
    """A rectangle of cells; rows and columns count from 1, both ends are inside."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        first = f"{column_letters(self.left)}{self.top}"
        last = f"{column_letters(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"


class Defined(NamedTuple):
    """A table that the workbook itself defines; ``headers`` is 1 if its first row holds the names."""

    name: str
    area: Area
    headers: int = 1


class Note(NamedTuple):
    """A comment on a cell."""

    row: int
    column: int
    text: str
    author: str = ""


@dataclass(slots=True, kw_only=True)
class Sheet:
    """One sheet; ``rows`` holds cells that are not empty, by row and column from 1."""

    name: str
    hidden: bool = False
    rows: dict[int, Row] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    defined: list[Defined] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    uncalculated: int = 0


class Budget:
    """Counts the cells of a sheet and the characters of a workbook, and refuses too many."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._cells = 0
        self._all_cells = 0
        self._chars = 0

    def new_sheet(self) -> None:
        """Cells are counted for each sheet anew."""
        self._cells = 0

    def take(self, cells: int, chars: int) -> None:
        """Count cells and the characters shown in them."""
        self._cells += cells
        self._all_cells += cells
        self._chars += chars
        if self._cells > self.limits.table_cells or self._all_cells > 4 * self.limits.table_cells:
            raise DocumentLimitError(
                f"a sheet has more than {self.limits.table_cells:,} cells, or all have four times as many"
                " (limit table_cells)",
                remedy="raise Limits.table_cells, or split the sheet",
            )
        if self._chars > self.limits.text_chars:
            raise DocumentLimitError(
                f"the sheets hold more than {self.limits.text_chars:,} characters (limit text_chars)",
                remedy="raise Limits.text_chars, or split the workbook",
            )


def value_of(item: Item | None) -> Value:
    """What a cell holds."""
    return item.value if isinstance(item, Cell) else item


def shown_of(item: Item | None) -> str:
    """What a person sees in a cell."""
    if isinstance(item, Cell):
        return item.shown
    if isinstance(item, str):
        return item
    if item is None:
        return ""
    if isinstance(item, bool):
        return "TRUE" if item else "FALSE"
    return general_text(item)


def general_text(number: float) -> str:
    """A number as spreadsheets show it without a format: whole, or 11 characters with a point."""
    if isinstance(number, int):
        return number_text(number)
    if abs(number) >= 1e15 or number == int(number):
        return number_text(number)
    whole = len(str(int(abs(number))))
    places = max(1, 10 - whole)
    if abs(number) < 1e-4:
        return f"{number:.6G}"
    return f"{number:.{places}f}".rstrip("0").rstrip(".")


def plain_number(number: float) -> int | float:
    """Whole numbers as integers, as far as they are exact."""
    return int(number) if abs(number) < 1e15 and number == int(number) else number


def kind_of(item: Item | None) -> ColumnType | None:
    """The type that a cell's number format gives it."""
    return item.kind if isinstance(item, Cell) else None


def column_letters(column: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """1 for ``A``; 0 for what is no column."""
    number = 0
    if not 0 < len(letters) <= 4 or not letters.isascii() or not letters.isalpha():
        return 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def parse_area(text: str) -> Area | None:
    """The cells of ``B2:E14``, ``$B$2`` or ``Sheet1.B2:Sheet1.E14``; None when it says no cells."""
    first, _, last = text.rpartition("!")[2].replace("$", "").partition(":")
    corners = []
    for corner in (first, last or first):
        letters = corner.rpartition(".")[2].rstrip("0123456789")
        digits = corner.rpartition(".")[2][len(letters) :]
        column = column_number(letters)
        if not column or not 0 < len(digits) <= 7:
            return None
        corners.append((int(digits), column))
    (top, left), (bottom, right) = corners
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))
