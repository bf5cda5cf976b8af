"""Checks of what a reader process sent: nothing of it is believed.

Whatever is wrong raises ``Wrong``, with a phrase that goes on from "the reader returned".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

from mv2.extract.guard import safe_member_name
from mv2.extract.model import Block, BlockKind, ColumnType, Extraction, Limits, Part, Table
from mv2.types import Place

_KINDS = frozenset(get_args(BlockKind))
_COLUMN_TYPES = frozenset(get_args(ColumnType))
_MODES = frozenset({"native", "lattice", "stream", "delimited"})
_CELLS = frozenset({str, int, float, bool, type(None)})
_MOST_SECONDS = 1 << 40


class Wrong(ValueError):  # noqa: N818 - reads as the sentence it begins
    """Something that no honest reader returns."""


def is_of(
    value: Any, kind: type | tuple[type, ...], what: str, *, none: bool = False, length: int | None = None
) -> Any:
    """The value, if it is of that type; True is no integer here."""
    if value is None and none:
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Wrong(f"a {type(value).__name__} as {what}")
    found: Any = value
    if length is not None and len(found) != length:
        raise Wrong(f"{len(found)} values as {what}")
    return found


def number(value: Any, what: str) -> float:
    """The value, if it is a number that a float can hold."""
    try:
        return float(is_of(value, (int, float), what))
    except OverflowError as error:
        raise Wrong(f"an endless number as {what}") from error


def _text(value: Any, what: str) -> str:
    found: str = is_of(value, str, what)
    return found


def _some_text(value: Any, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _count(value: Any, what: str) -> int:
    found: int = is_of(value, int, what)
    if not 0 <= found < 1 << 53:
        raise Wrong(f"{found} as {what}")
    return found


def _some_count(value: Any, what: str) -> int | None:
    return None if value is None else _count(value, what)


def _time(value: Any, what: str) -> int | None:
    if value is None:
        return None
    found: int = is_of(value, int, what)
    if abs(found) > _MOST_SECONDS:
        raise Wrong(f"{found} as {what}")
    return found


def _counts(value: Any, what: str) -> tuple[int, int]:
    first, last = (_count(one, what) for one in is_of(value, list, what, length=2))
    if last < first:
        raise Wrong(f"{what} from {first} to {last}")
    return first, last


def _seconds(value: Any, what: str) -> tuple[float, float]:
    first, last = (number(one, what) for one in is_of(value, list, what, length=2))
    if not (math.isfinite(first) and math.isfinite(last) and first <= last):
        raise Wrong(f"{what} from {first} to {last}")
    return first, last


def _texts(value: Any, what: str) -> tuple[str, ...]:
    return tuple(_text(one, what) for one in is_of(value, list, what))


def _share(value: Any, what: str) -> float:
    found = number(value, what)
    if not 0 <= found <= 1:
        raise Wrong(f"{found} as {what}")
    return found


def _one_of(allowed: frozenset[str]) -> Callable[[Any, str], Any]:
    def check(value: Any, what: str) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise Wrong(f"{str(value)[:50]!r} as {what}")
        return value

    return check


_Check = Callable[[Any, str], Any]
_BLOCK: dict[str, _Check] = {
    "level": _count,
    "page": _some_count,
    "last_page": _some_count,
    "sheet": _some_text,
    "rows": _counts,
    "lines": _counts,
    "seconds": _seconds,
    "symbol": _some_text,
    "table": _some_count,
    "header": _counts,
}
_PLACE: dict[str, _Check] = {
    "page": _some_count,
    "last_page": _some_count,
    "headings": _texts,
    "sheet": _some_text,
    "rows": _counts,
    "lines": _counts,
    "seconds": _seconds,
    "symbol": _some_text,
    "range": _counts,
}
_TABLE: dict[str, _Check] = {
    "headers": _texts,
    "types": lambda value, what: tuple(_one_of(_COLUMN_TYPES)(one, what) for one in is_of(value, list, what)),
    "name": _some_text,
    "page": _some_count,
    "last_page": _some_count,
    "sheet": _some_text,
    "range": _some_text,
    "confidence": _share,
    "mode": _one_of(_MODES),
    "warnings": _texts,
}
_FACTS: dict[str, _Check] = {
    "exact": lambda value, what: is_of(value, bool, what),
    "title": _some_text,
    "author": _some_text,
    "language": _some_text,
    "subject": _some_text,
    "keywords": _texts,
    "created": _time,
    "modified": _time,
    "pages": _some_count,
    "warnings": _texts,
}


def _checked(stated: Any, checks: dict[str, _Check], what: str) -> dict[str, Any]:
    is_of(stated, dict, what)
    found = {}
    for name, value in stated.items():
        check = checks.get(name)
        if check is None:
            raise Wrong(f"an unknown field {name!r:.50} of a {what}")
        found[name] = check(value, f"{name} of a {what}")
    return found


def _values(stated: Any, what: str, limits: Limits) -> dict[str, Any]:
    """JSON values by name; numbers that JSON has no form for are left empty, as in tables."""
    found: dict[str, Any] = is_of(stated, dict, what)
    level: list[Any] = [found]
    depth = 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise Wrong(f"{what} nested deeper than {limits.depth} (limit depth)")
        below = list[Any]()
        for holder in level:
            for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
                if isinstance(value, dict | list):
                    below.append(value)
                elif isinstance(value, float) and not math.isfinite(value):
                    holder[key] = None
        level = below
    return found


def place_from(stated: Any) -> Place:
    """Where a chunk stands."""
    return Place(**_checked(stated, _PLACE, "place"))


def extraction_from(found: dict[str, Any], raw: bytes, limits: Limits) -> Extraction:
    """The extraction of a reply's ``found`` and the bytes behind the header."""
    size = _count(found.get("text"), "length of the text")
    try:
        text = raw[:size].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("text that is not UTF-8") from error
    if len(text) > limits.text_chars:
        raise Wrong(f"{len(text):,} characters of text (limit text_chars is {limits.text_chars:,})")
    tables = tuple(_table(one, limits) for one in is_of(found.get("tables"), list, "tables"))
    facts = {name: found[name] for name in _FACTS if name in found}
    return Extraction(
        text=text,
        blocks=_blocks(is_of(found.get("blocks"), list, "blocks"), len(text), len(tables)),
        tables=tables,
        parts=_parts(is_of(found.get("parts"), list, "parts"), raw, size, limits),
        metadata=_values(found.get("metadata"), "metadata", limits),
        **_checked(facts, _FACTS, "document"),
    )


def _blocks(rows: list[Any], length: int, tables: int) -> tuple[Block, ...]:
    blocks = list[Block]()
    reached = 0
    for row in rows:
        if not isinstance(row, list) or len(row) not in {3, 4}:
            raise Wrong("a block that is none")
        kind, start, end = row[:3]
        _one_of(_KINDS)(kind, "kind of a block")
        if not (type(start) is type(end) is int and reached <= start <= end <= length):
            raise Wrong(
                f"a block from {start!r} to {end!r} behind one that ends at {reached}, in {length} characters"
            )
        more = _checked(row[3], _BLOCK, "block") if len(row) == 4 else {}
        header = more.get("header")
        if header is not None and not start <= header[0] <= header[1] <= end:
            raise Wrong("a block with a header outside of it")
        table = more.get("table")
        if table is not None and table >= tables:
            raise Wrong(f"a block for table {table} of {tables}")
        reached = end
        blocks.append(Block(kind=kind, start=start, end=end, **more))
    return tuple(blocks)


def _table(stated: Any, limits: Limits) -> Table:
    is_of(stated, dict, "table")
    rows = is_of(stated.pop("rows", None), list, "rows of a table")
    facts = _checked(stated, _TABLE, "table")
    headers = is_of(facts.get("headers"), tuple, "headers of a table")
    width = len(headers)
    if width * len(rows) > limits.table_cells:
        raise Wrong(f"a table of {width * len(rows):,} cells (limit table_cells is {limits.table_cells:,})")
    if facts.get("types") and len(facts["types"]) != width:
        raise Wrong(f"{len(facts['types'])} types of {width} columns")
    if len(set(headers)) != width:
        raise Wrong("a table with headers that are not unique")
    for row in rows:
        if type(row) is not list or len(row) != width or not _CELLS.issuperset(map(type, row)):
            raise Wrong(f"a row that does not fit the {width} headers of its table")
    return Table(rows=tuple(map(tuple, rows)), **facts)


def _parts(rows: list[Any], raw: bytes, start: int, limits: Limits) -> tuple[Part, ...]:
    if len(rows) > limits.members:
        raise Wrong(f"{len(rows):,} parts (limit members is {limits.members:,})")
    parts = list[Part]()
    for row in rows:
        name, size, mime, modified, metadata = is_of(row, list, "part", length=5)
        end = start + _count(size, "length of a part")
        if end > len(raw):
            raise Wrong("a part that is cut off")
        parts.append(
            Part(
                name=safe_member_name(_text(name, "name of a part")),
                data=raw[start:end],
                mime=_some_text(mime, "media type of a part"),
                modified=_time(modified, "time of a part"),
                metadata=_values(metadata, "metadata of a part", limits),
            )
        )
        start = end
    if start != len(raw):
        raise Wrong("bytes that belong to nothing")
    return tuple(parts)
