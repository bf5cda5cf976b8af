"""What a filter means, said as plainly as it can be: one frame, no columns, no cleverness.

Engines are held to this. It reads the filter's dictionary itself and shares no code with them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from mv2.types import Frame

_OWN = ("uri", "title", "kind", "track", "tags", "labels", "timestamp", "id", "role", "mime")


def plainly_matches(given: Mapping[str, Any], frame: Frame) -> bool:
    """Whether a filter lets a frame pass; the filter must be a valid one."""
    return all(_entry(key, value, frame) for key, value in given.items())


def _entry(key: str, value: Any, frame: Frame) -> bool:
    if key == "$not" and isinstance(value, Mapping):
        return not plainly_matches(value, frame)
    if key == "$and":
        return all(plainly_matches(each, frame) for each in value)
    if key == "$or":
        return any(plainly_matches(each, frame) for each in value)
    if key in ("$nor", "$not"):
        return not any(plainly_matches(each, frame) for each in value)
    values = list(_values(key, frame))
    if isinstance(value, Mapping) and any(name.startswith("$") for name in value):
        return all(_operator(key, name, operand, values) for name, operand in value.items())
    return _equals(key, value, values)


def _values(key: str, frame: Frame) -> Iterator[Any]:
    if key in _OWN:
        value = getattr(frame, key)
        if isinstance(value, tuple):
            value = list(value) or None
        if value is not None:
            yield value
        return
    yield from _walk(dict(frame.metadata), key.removeprefix("metadata.").split("."))


def _walk(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
        return
    inside = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    for one in inside:
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[:count])
            if isinstance(one, dict) and name in one:
                yield from _walk(one[name], parts[count:])


def _operator(key: str, name: str, operand: Any, values: list[Any]) -> bool:
    match name:
        case "$eq":
            return _equals(key, operand, values)
        case "$ne":
            return not _equals(key, operand, values)
        case "$in":
            return any(_equals(key, each, values) for each in operand)
        case "$nin":
            return not any(_equals(key, each, values) for each in operand)
        case "$exists":
            return bool(values) is bool(operand)
        case "$not":
            return not all(_operator(key, inner, each, values) for inner, each in operand.items())
        case "$contains":
            return any(_contains(value, operand) for value in values)
        case "$startswith":
            return any(isinstance(one, str) and one.startswith(operand) for one in _with_members(values))
        case _:
            return any(_compares(key, name, one, operand) for one in _with_members(values))


def _with_members(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield value
        if isinstance(value, list):
            yield from value


def _equals(key: str, operand: Any, values: list[Any]) -> bool:
    if operand is None and not values:
        return True
    if key == "timestamp" and isinstance(operand, str | dt.datetime):
        moment = dt.datetime.fromisoformat(operand) if isinstance(operand, str) else operand
        operand = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    return any(_same(one, operand) for one in _with_members(values))


def _same(value: Any, operand: Any) -> bool:
    if isinstance(operand, dt.datetime):
        return _instant(value) == _instant(operand)
    return _canonical(value) == _canonical(operand)


def _canonical(value: Any) -> str:
    """JSON in which equal values, and only they, look the same."""

    def plain(one: Any) -> Any:
        if isinstance(one, list | tuple):
            return [plain(each) for each in one]
        if isinstance(one, dict):
            return {name: plain(each) for name, each in one.items()}
        return int(one) if isinstance(one, float) and one.is_integer() else one

    return json.dumps(plain(value), sort_keys=True)


def _instant(value: Any) -> dt.datetime | None:
    if isinstance(value, str) and len(value) >= 10 and value[4] == "-":
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return None
    if not isinstance(value, dt.datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, list):
        return any(_same(one, operand) for one in value)
    return isinstance(value, str) and isinstance(operand, str) and operand in value


def _compares(key: str, name: str, value: Any, operand: Any) -> bool:
    if key == "timestamp":
        value = dt.datetime.fromtimestamp(value, dt.UTC)
        operand = dt.datetime.fromisoformat(operand) if isinstance(operand, str) else operand
        if isinstance(operand, int | float):
            operand = dt.datetime.fromtimestamp(operand, dt.UTC)
        operand = operand if operand.tzinfo else operand.replace(tzinfo=dt.UTC)
    elif isinstance(operand, dt.datetime):
        value, operand = _instant(value), _instant(operand)
        if value is None:
            return False
    elif (
        isinstance(operand, str) != isinstance(value, str)
        or not isinstance(value, str | int | float)
        or isinstance(value, bool)
    ):
        return False
    return bool(
        {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}[
            name
        ]
    )
