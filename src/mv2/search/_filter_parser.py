"""From a dictionary to a filter; faults are named by their place in it, as ``year.$gte``."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from mv2.errors import FilterError, InvalidArgumentError
from mv2.ingest.times import to_seconds
from mv2.search._filter_nodes import OWN_FIELDS, Every, No, Node, Some, Test
from mv2.search._predicates import (
    COMPARISONS,
    Among,
    Anything,
    Compared,
    ComparedTime,
    Contains,
    Number,
    Starts,
    is_number,
    microseconds,
)
from mv2.storage.facet_builder import SEPARATOR
from mv2.storage.facet_columns import META

MAX_DEPTH: Final = 32
OPERATORS: Final = (
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$contains", "$startswith", "$exists", "$not",
)  # fmt: skip
COMBINATIONS: Final = ("$and", "$or", "$nor", "$not")
_ESCAPE: Final = "metadata."
_NUMERIC: Final = ("timestamp", "id")
_MILLION: Final = 1_000_000


def parse_node(given: Mapping[str, Any], place: str = "", depth: int = 0) -> Node:
    """The node of a whole filter, which stands at ``place`` in a larger one.

    Raises:
        FilterError: it means nothing.
    """
    if not isinstance(given, Mapping):
        fail(place, f"a filter is a dictionary, not {type(given).__name__}", 'Write {"key": value}.')
    if depth > MAX_DEPTH:
        fail(place, f"the filter is nested more than {MAX_DEPTH} deep", "Simplify it.")
    nodes = [_entry(key, value, _join(place, key), depth) for key, value in given.items()]
    return nodes[0] if len(nodes) == 1 else Every(tuple(nodes))


def fail(place: str, message: str, remedy: str | None = None) -> NoReturn:
    """Raise the error of a fault at ``place``."""
    where = f" (at {place})" if place else ""
    raise FilterError(f"{message}{where}", place=place, remedy=remedy)


def _join(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)


def _entry(key: Any, value: Any, place: str, depth: int) -> Node:
    if not isinstance(key, str) or not key:
        fail(place, f"{key!r} is no field", "Fields are named by strings that are not empty.")
    if key == "$not" and isinstance(value, Mapping):
        return No(parse_node(value, place, depth + 1))
    if key in COMBINATIONS:
        return _combined(key, value, place, depth)
    if key.startswith("$"):
        known = key in OPERATORS
        what = f"{key} stands without a field" if known else f"unknown operator {key}"
        fail(place, what, f"Write {{field: {{{key}: …}}}}." if known else _known(COMBINATIONS))
    if SEPARATOR in key:
        fail(place, "the name of a field holds a NUL character")
    field = key if key in OWN_FIELDS else META + (key.removeprefix(_ESCAPE))
    return _condition(field, value, place, depth)


def _known(operators: tuple[str, ...]) -> str:
    return f"The operators are {', '.join(operators)}."


def _combined(key: str, value: Any, place: str, depth: int) -> Node:
    if not isinstance(value, list | tuple) or not value:
        fail(place, f"{key} takes a list of filters that is not empty", f'Write {{"{key}": [{{…}}, {{…}}]}}.')
    nodes = tuple(parse_node(each, f"{place}[{index}]", depth + 1) for index, each in enumerate(value))
    if key == "$and":
        return Every(nodes)
    return Some(nodes) if key == "$or" else No(Some(nodes))


def _condition(field: str, value: Any, place: str, depth: int) -> Node:
    """A field's condition: operators, or a value it must equal."""
    if not isinstance(value, Mapping) or not any(_is_operator(key) for key in value):
        return _equal(field, [value], place)
    nodes: list[Node] = []
    for name, operand in value.items():
        here = _join(place, name)
        if not _is_operator(name) or name not in OPERATORS:
            what = f"unknown operator {name}" if _is_operator(name) else f"{name!r} is no operator"
            fail(here, what, _known(OPERATORS))
        nodes.append(_operator(field, name, operand, here, depth))
    return nodes[0] if len(nodes) == 1 else Every(tuple(nodes))


def _is_operator(key: object) -> bool:
    return isinstance(key, str) and key.startswith("$")


def _operator(field: str, name: str, operand: Any, place: str, depth: int) -> Node:
    if name == "$not":
        if not isinstance(operand, Mapping) or not operand or not all(map(_is_operator, operand)):
            fail(place, "$not takes a dictionary of operators", 'Write {"$not": {"$gt": 5}}.')
        if depth > MAX_DEPTH:
            fail(place, f"the filter is nested more than {MAX_DEPTH} deep", "Simplify it.")
        return No(_condition(field, operand, place, depth + 1))
    if name in ("$eq", "$ne"):
        equal = _equal(field, [operand], place)
        return equal if name == "$eq" else No(equal)
    if name in ("$in", "$nin"):
        if not isinstance(operand, list | tuple | set | frozenset):
            fail(place, f"{name} takes a list, not {type(operand).__name__}", f'Write {{"{name}": [1, 2]}}.')
        among = _equal(field, list(operand), place)
        return among if name == "$in" else No(among)
    if name == "$exists":
        if not isinstance(operand, bool):
            fail(place, f"$exists takes true or false, not {operand!r}")
        there = Test(field, Anything())
        return there if operand else No(there)
    return Test(field, _ordered(field, name, operand, place) if name in COMPARISONS
                else _text_predicate(field, name, operand, place))  # fmt: skip


def _equal(field: str, operands: list[Any], place: str) -> Node:
    """Equal to one of some values; None also means that the field is not there."""
    checked = [_checked(field, operand, place) for operand in operands]
    among = Test(field, Among.of(checked))
    return Some((among, No(Test(field, Anything())))) if None in checked else among


def _checked(field: str, operand: Any, place: str) -> Any:
    """An operand that values may be equal to."""
    if field in _NUMERIC and operand is not None:
        return _number(field, operand, place)
    _check_json(operand, place, 0)
    return operand


def _check_json(value: Any, place: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        fail(place, f"the value is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                fail(place, f"{key!r} is no key", "Keys are strings.")
            _check_json(item, place, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_json(item, place, depth + 1)
    elif isinstance(value, dt.date) and depth == 0:
        _moment(value, place)
    elif value is not None and type(value) not in (bool, int, float, str):
        fail(
            place,
            f"nothing equals a value of type {type(value).__name__}",
            "Use strings, numbers, booleans, None, dates, lists and dictionaries with string keys.",
        )
    elif isinstance(value, float) and math.isnan(value):
        fail(place, "nothing equals NaN")


def _ordered(field: str, name: str, operand: Any, place: str) -> Compared | ComparedTime:
    if field in _NUMERIC:
        return Compared(name, _number(field, operand, place))
    if isinstance(operand, dt.date):
        return ComparedTime(name, _moment(operand, place))
    if type(operand) is not str and not is_number(operand):
        fail(place, f"{name} takes a number, a string or a date, not {_shown(operand)}")
    if operand != operand:  # noqa: PLR0124 - that is NaN
        fail(place, "nothing compares with NaN")
    return Compared(name, operand)


def _shown(operand: Any) -> str:
    return "None" if operand is None else type(operand).__name__


def _moment(value: dt.date, place: str) -> int:
    try:
        return microseconds(value)
    except (OverflowError, ValueError):
        fail(place, f"{value} is no moment", "Its offset leads beyond the calendar.")


def _number(field: str, operand: Any, place: str) -> Number:
    """A number to compare ids or timestamps with; times may be datetimes or ISO strings."""
    if is_number(operand) and operand == operand:  # noqa: PLR0124 - no NaN
        return operand  # type: ignore[no-any-return]
    if field == "timestamp" and isinstance(operand, dt.date):
        whole, part = divmod(_moment(operand, place), _MILLION)
        return whole + part / _MILLION if part else whole
    if field == "timestamp" and isinstance(operand, str):
        try:
            return _number(field, dt.datetime.fromisoformat(operand.strip()), place)
        except ValueError:
            return _attempt(lambda: to_seconds(operand), place)
    what = "seconds, a datetime or an ISO date" if field == "timestamp" else "a number"
    fail(place, f"{field} compares with {what}, not with {operand!r}")


def _attempt(read: Callable[[], int], place: str) -> int:
    try:
        return read()
    except InvalidArgumentError as error:
        fail(place, error.message, error.remedy)


def _text_predicate(field: str, name: str, operand: Any, place: str) -> Contains | Starts:
    if field in _NUMERIC:
        fail(place, f"{field} is a number, which has no parts", f"Use {', '.join(COMPARISONS)}.")
    if name == "$startswith":
        if not isinstance(operand, str):
            fail(place, f"$startswith takes a string, not {_shown(operand)}")
        return Starts(operand)
    _check_json(operand, place, 0)
    return Contains(operand if isinstance(operand, str) else None, Among.of([operand]))
