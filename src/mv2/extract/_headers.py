"""Which row of a table names its columns, and what their names are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise

from mv2._record import dataclass
from mv2.extract._values import common_type, value_text, value_type
from mv2.extract.model import Value

_LOOKED_AT = 60
_DEEPEST = 6
_LONGEST_NAME = 120
_TYPED = frozenset(["integer", "number", "percent", "currency", "boolean", "date", "time", "datetime"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the names of the columns stand.

    Attributes:
        row: index of the first row that holds them; None when no row does.
        count: so many rows, one above the other, make the names.
        confidence: 0 to 1.
    """

    row: int | None
    count: int = 1
    confidence: float = 0.5


def find_header(rows: Sequence[Sequence[Value]], *, expected: bool = False) -> Header:
    """The header among the first rows.

    A row of different words above columns of numbers or dates is one for sure. In a table of
    words alone, the first full row is taken if its words do not occur again below it. Rows above the
    header hold a single cell at most: a title.

    Args:
        expected: such tables have a header as a rule: where nothing speaks against one, there is one.
    """
    head = [list(row) for row in islice(rows, _LOOKED_AT)]
    width = max((_width(row) for row in head), default=0)
    top = 0
    least = 0 if expected else 1
    while top < min(_DEEPEST, len(head) - 1) and _filled(head[top]) <= min(1, width - 1):
        top += 1
    if width == 0 or top >= len(head) - least or _filled(head[top]) == 0:
        return Header(row=None, confidence=0.3)
    groups = _group_rows(head, top, width)
    names = head[top + groups]
    if not _can_name(names, width):
        return Header(row=None, confidence=0.5)
    below = head[top + groups + 1 :]
    columns = [[row[at] if at < len(row) else None for row in below] for at in range(width)]
    typed = [common_type(map(value_type, column)) in _TYPED for column in columns]
    count = groups + 1
    if not below and not expected:
        return Header(row=None, confidence=0.3)
    if any(typed):
        if not any(
            is_typed and _stands_out(_at(names, at), columns[at]) for at, is_typed in enumerate(typed)
        ):
            return Header(row=None, confidence=0.6)
        clear = sum(common_type(map(value_type, column)) != "mixed" for column in columns)
        return Header(row=top, count=count, confidence=0.95 if clear * 2 > width else 0.8)
    recurring = sum(_at(names, at) in column for at, column in enumerate(columns))
    labels = sum(value_text(value).rstrip().endswith(":") for value in names)
    unclear = labels or _filled(names) < width or len(below) < 2 or width == 1
    if recurring or (unclear and not expected):
        return Header(row=None, confidence=0.4)
    return Header(row=top, count=count, confidence=0.6)


def _group_rows(head: Sequence[Sequence[Value]], top: int, width: int) -> int:
    """1 if the row at `top` holds names of groups of columns (repeated side by side) above the names."""
    if top + 2 >= len(head) or width < 3:
        return 0
    upper, lower = head[top], head[top + 1]
    shown = [_at(upper, at) for at in range(width)]
    repeats = sum(one is not None and one == other for one, other in pairwise(shown))
    runs = 1 + sum(one != other for one, other in pairwise(shown))
    words = all(_is_name(value) for value in lower if not _is_empty(value))
    is_group = repeats > 0 and runs > 1 and words and _filled(lower) >= width - 1
    return int(is_group and all(_is_name(value) for value in upper if not _is_empty(value)))


def _can_name(names: Sequence[Value], width: int) -> bool:
    filled = [value for value in names if not _is_empty(value)]
    if len(filled) * 2 < width or not all(_is_name(value) for value in filled):
        return False
    return any(_is_word(value) for value in filled)


def _is_name(value: Value) -> bool:
    """Words; also years, which often head columns."""
    if isinstance(value, str) and _is_word(value):
        return len(value) <= _LONGEST_NAME
    text = value_text(value)
    return len(text) == 4 and text.isdigit() and 1800 <= int(text) <= 2200


def _stands_out(name: Value, column: Sequence[Value]) -> bool:
    """Whether a name is of another kind than the typed cells below it."""
    if _is_word(name):
        return True
    return _is_name(name) and not all(_is_name(value) for value in column if not _is_empty(value))


def _is_word(value: Value) -> bool:
    return isinstance(value, str) and value_type(value) == "text"


def _at(row: Sequence[Value], at: int) -> Value:
    return row[at] if at < len(row) else None


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _filled(row: Sequence[Value]) -> int:
    return sum(not _is_empty(value) for value in row)


def _width(row: Sequence[Value]) -> int:
    return max((at + 1 for at, value in enumerate(row) if not _is_empty(value)), default=0)


def joined_names(rows: Sequence[Sequence[Value]], width: int) -> list[str]:
    """One name a column from header rows one above the other; words that repeat are said once."""
    names = []
    for at in range(width):
        words = [" ".join(value_text(_at(row, at)).split()) for row in rows]
        names.append(" ".join(word for word in dict.fromkeys(words) if word))
    return names


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """`names` with ``column 3`` for those that are empty and ``price (2)`` for those that repeat."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    unique = []
    given = set(names)
    for at, name in enumerate(names, 1):
        base = name or f"column {at}"
        shown, count = base, counts.get(base, 1)
        while shown in taken or (shown in given and shown != name):
            count += 1
            shown = f"{base} ({count})"
        counts[base] = count
        taken.add(shown)
        unique.append(shown)
    return tuple(unique)


def is_made_up(name: str, at: int) -> bool:
    """Whether `name` is what ``unique_names`` gives column `at` (from 1) for want of one."""
    return name.startswith("column ") and name == f"column {at}"
