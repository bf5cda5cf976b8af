"""JSON and JSON lines: parsed, and written as ``path: value``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from mv2._late import late_pattern
from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract._values import clean, value_text
from mv2.extract.model import Extraction, Limits, ReadOptions, Table, Value
from mv2.extract.readers._data_records import LONGEST_SYMBOL, Records
from mv2.extract.tables import make_table

Json: TypeAlias = Any
_LONGEST_NUMBER = 300
_LONGEST_LINE = 300
_MOST_COLUMNS = 200
_MOST_NAMED = 5
# Comments and commas before a closing bracket; strings are matched so that they are passed over.
_EXTRAS = late_pattern(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*(?:.*?\*/|.*\Z)|,(?=[ \t\r\n]*[\]}])', 16)  # re.DOTALL


class _Pairs(list[tuple[str, Json]]):
    """An object in which a name occurs more than once."""


def read_json(text: str, options: ReadOptions) -> Extraction:
    """One JSON value; comments and trailing commas are tolerated, repeated names are kept."""
    try:
        value = _parse(text)
    except json.JSONDecodeError as error:
        value = _second_try(text, error, options)
        if isinstance(value, Extraction):
            return value
    except RecursionError as error:
        raise _too_deep(options.limits) from error
    records = Records(options.limits)
    tables = list[Table]()
    _write_value(value, records, tables, options.limits)
    return Extraction(
        text=records.builder.text,
        blocks=records.builder.blocks,
        tables=tuple(tables),
        warnings=tuple(records.warnings),
    )


def _second_try(text: str, error: json.JSONDecodeError, options: ReadOptions) -> Json:
    """The value of JSON with comments; an ``Extraction`` if there is one value a line."""
    cleaned = _EXTRAS.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
    try:
        return _parse(cleaned)
    except json.JSONDecodeError:
        pass
    except RecursionError as deep:
        raise _too_deep(options.limits) from deep
    if error.msg == "Extra data" and text[: error.pos].count("\n") == 1:
        return read_json_lines(text, options)
    raise DocumentError(
        f"not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    ) from error


def _parse(text: str) -> Json:
    return json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float)


def _object(pairs: list[tuple[str, Json]]) -> Json:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Pairs(pairs)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_NUMBER else text


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _too_deep(limits: Limits) -> DocumentLimitError:
    return DocumentLimitError(f"the JSON is nested deeper than {limits.depth} levels (limit depth)")


def _items(value: Json) -> list[tuple[str, Json]]:
    return value if isinstance(value, _Pairs) else list(value.items())


def _is_object(value: Json) -> bool:
    return isinstance(value, dict | _Pairs)


def _is_list(value: Json) -> bool:
    return isinstance(value, list) and not isinstance(value, _Pairs)


def _is_list_of_records(value: Json) -> bool:
    """A list in which each element deserves a block of its own."""
    return _is_list(value) and len(value) > 1 and all(_is_object(one) or _is_list(one) for one in value)


def _write_value(value: Json, records: Records, tables: list[Table], limits: Limits) -> None:
    if _is_object(value) and value:
        for key, inner in _items(value):
            _write_member(clean(key), inner, records, tables, limits)
    elif _is_list_of_records(value):
        _write_list("", value, records, tables, limits)
    else:
        records.add("", _lines(value, "", limits))


def _write_member(key: str, value: Json, records: Records, tables: list[Table], limits: Limits) -> None:
    """A key at the top: its lists of records are split, wherever they stand below it."""
    if _is_list_of_records(value):
        _write_list(key, value, records, tables, limits)
        return
    if not _is_object(value) or not any(_is_list_of_records(inner) for _, inner in _items(value)):
        nested = _is_object(value) or _is_list(value)
        records.add(key, _lines(value, key, limits), tight=not nested)
        return
    plain = _Pairs((name, inner) for name, inner in _items(value) if not _is_list_of_records(inner))
    if plain:
        records.add(key, _lines(plain, key, limits))
    for name, inner in _items(value):
        if _is_list_of_records(inner):
            _write_list(f"{key}.{clean(name)}", inner, records, tables, limits)


def _write_list(
    path: str, value: Sequence[Json], records: Records, tables: list[Table], limits: Limits
) -> None:
    records.caption(path)
    path = path[:LONGEST_SYMBOL]
    for at, one in enumerate(value):
        records.add(f"{path}[{at}]", _lines(one, "", limits), rows=(at + 1, at + 1))
    table = _as_table(value, path or None, limits)
    if table is not None:
        tables.append(table)


def _as_table(values: Sequence[Json], name: str | None, limits: Limits) -> Table | None:
    """Flat objects with mostly the same names as a table, else None."""
    columns: dict[str, None] = {}
    for value in values:
        if not isinstance(value, dict) or any(isinstance(inner, dict | list) for inner in value.values()):
            return None
        columns.update(dict.fromkeys(value))
        if len(columns) > _MOST_COLUMNS:
            return None
    cells = sum(len(value) for value in values)
    area = len(values) * len(columns)
    if len(values) < 2 or not columns or cells * 2 < area or area > limits.table_cells:
        return None
    rows: list[list[Value]] = [[clean(column) for column in columns]]
    rows.extend([_cell(value.get(column)) for column in columns] for value in values)
    return make_table(rows, header=0, name=name)


def _cell(value: Json) -> Value:
    return clean(value) if isinstance(value, str) else value


def _lines(value: Json, prefix: str, limits: Limits) -> list[str]:
    """All leaves of a value as ``path: value``, in order, without recursion."""
    lines = list[str]()
    length = 0
    stack: list[tuple[str, Json, int]] = [(prefix, value, 1)]
    while stack:
        path, one, depth = stack.pop()
        if depth > limits.depth:
            raise _too_deep(limits)
        line = _leaf_line(path, one)
        if line is not None:
            lines.append(line)
            length += len(line)
        elif _is_object(one):
            inner = [(f"{path}.{clean(key)}" if path else clean(key), child) for key, child in _items(one)]
            length += sum(len(name) for name, _ in inner)
            stack.extend((name, child, depth + 1) for name, child in reversed(inner))
        else:
            length += len(path) * len(one)
            if length <= limits.text_chars:
                stack.extend((f"{path}[{at}]", one[at], depth + 1) for at in range(len(one) - 1, -1, -1))
        if length > limits.text_chars:
            raise DocumentLimitError(
                f"written out it has more than {limits.text_chars:,} characters (limit text_chars)"
            )
    return lines


def _leaf_line(path: str, value: Json) -> str | None:
    """The line of a value that holds no others, or only a few short ones."""
    if _is_object(value):
        if value:
            return None
        shown = "{}"
    elif _is_list(value):
        if any(isinstance(one, dict | list) for one in value):
            return None
        words = [_shown(one) for one in value]
        shown = ", ".join(words)
        if len(words) > 1 and (len(shown) > _LONGEST_LINE or any("\n" in word for word in words)):
            return None
        shown = shown or "[]"
    else:
        shown = _shown(value)
    return f"{path}: {shown}".rstrip() if path else shown


def _shown(value: Json) -> str:
    if isinstance(value, str):
        return clean(value)
    return "null" if value is None else value_text(value)


def read_json_lines(text: str, options: ReadOptions) -> Extraction:
    """One JSON value a line, each a record; lines that are none are left out with a warning."""
    records = Records(options.limits)
    values = list[Json]()
    bad = list[int]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = _parse(line)
        except (json.JSONDecodeError, RecursionError):
            bad.append(number)
            continue
        values.append(value)
        records.add("", _lines(value, "", options.limits), rows=(number, number), lines=(number, number))
    if bad and not values:
        raise DocumentError(f"none of the {len(bad)} lines is valid JSON, from line {bad[0]} on")
    if bad:
        named = ", ".join(map(str, bad[:_MOST_NAMED])) + (" …" if len(bad) > _MOST_NAMED else "")
        noun = "1 line is" if len(bad) == 1 else f"{len(bad)} lines are"
        records.warnings.append(f"{noun} not valid JSON and left out: {named}")
    table = _as_table(values, None, options.limits)
    return Extraction(
        text=records.builder.text,
        blocks=records.builder.blocks,
        tables=() if table is None else (table,),
        warnings=tuple(records.warnings),
    )
