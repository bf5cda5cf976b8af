"""Filters as people type them: JSON, or ``key=value``, ``year>=2020``, ``title~=part``."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from mv2.errors import FilterError
from mv2.search._filter_nodes import OWN_FIELDS
from mv2.search.filters import Filter, parse_filter

_FORM: Final = re.compile(r"\s*([^=<>!~^]+?)\s*(!=|>=|<=|~=|\^=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_OPERATORS: Final = {
    "=": "$eq", "!=": "$ne", ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte",
    "~=": "$contains", "^=": "$startswith",
}  # fmt: skip
_TEXTUAL: Final = frozenset(OWN_FIELDS) - {"timestamp", "id"}


def parse_filter_text(text: str) -> Filter:
    """The filter that a text means; see `filter_of_text`."""
    return parse_filter(filter_of_text(text))


def filter_of_text(text: str) -> dict[str, Any]:
    """The filter that a text means, as ``find`` takes it.

    A text that begins with ``{`` is JSON. Any other is one condition: a key, one of
    ``= != > >= < <= ~= ^=`` (contains, begins with) and a value. The value is JSON if it
    can be (``2020``, ``true``, ``["a"]``, ``"2020"`` for the string), else a string as it
    stands; for the frame's own texts, as ``tags``, it always is a string, without quotes around it.

    Raises:
        FilterError: it means nothing; the error names the character, or the place in the filter.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        given = _json(text)
        parse_filter(given)
        return given
    form = _FORM.fullmatch(text)
    if form is None:
        at = len(text) - len(text.lstrip())
        raise FilterError(
            f"{text!r} is no condition (at character {at})",
            place=f"character {at}",
            remedy="Write key=value, key>=3, key!=x, key~=part, key^=beginning, or a filter in JSON.",
        )
    key, sign, value = form.groups()
    name = _OPERATORS[sign]
    condition = {key: {name: _value(key, name, value)}}
    parse_filter(condition)
    return condition


def _json(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)  # it begins with a brace
    except json.JSONDecodeError as error:
        raise FilterError(
            f"the filter is not JSON: {error.msg} (at character {error.pos})",
            place=f"character {error.pos}",
            remedy='Write {"key": "value"}, with double quotes.',
        ) from error
    except RecursionError:
        raise FilterError("the filter is nested too deep", remedy="Simplify it.") from None
    return found


def _value(key: str, name: str, text: str) -> Any:
    if text.startswith('"') or key not in _TEXTUAL:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if name != "$startswith" or isinstance(value, str):
            return value
    return text
