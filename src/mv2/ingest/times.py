"""Times as people give them, and the whole UTC seconds the file holds."""

from __future__ import annotations

import datetime as dt
import math
import operator
import time

from mv2.errors import InvalidArgumentError
from mv2.types import Timestamp

_SMALLEST, _LARGEST = -(1 << 62), 1 << 62


def now() -> int:
    """The present moment in whole UTC seconds."""
    return int(time.time())


def to_seconds(value: Timestamp, name: str = "timestamp") -> int:
    """Whole UTC seconds of an int, float, datetime (naive means UTC) or ISO 8601 string.

    Fractions are cut towards the past, so that order is kept.

    Raises:
        InvalidArgumentError: not a time, or beyond the range of the file.
    """
    if isinstance(value, bool):
        raise _not_a_time(value, name)
    if isinstance(value, int):
        seconds = value
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _not_a_time(value, name)
        seconds = math.floor(value)
    elif isinstance(value, dt.datetime):
        seconds = _datetime_seconds(value)
    elif isinstance(value, dt.date):
        seconds = _datetime_seconds(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    elif hasattr(value, "__index__"):  # numpy's integers
        seconds = operator.index(value)
    elif isinstance(value, str):
        seconds = _parse(value, name)
    else:
        raise _not_a_time(value, name)
    if not _SMALLEST <= seconds <= _LARGEST:
        raise _not_a_time(value, name)
    return seconds


def _datetime_seconds(moment: dt.datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return delta.days * 86_400 + delta.seconds


def _parse(text: str, name: str) -> int:
    stripped = text.strip()
    try:
        return _datetime_seconds(dt.datetime.fromisoformat(stripped))
    except ValueError:
        pass
    try:
        return to_seconds(float(stripped) if "." in stripped else int(stripped), name)
    except ValueError as error:
        raise _not_a_time(text, name) from error


def _not_a_time(value: object, name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{name} {value!r} is not a time",
        remedy="Give seconds since 1970, a datetime, or an ISO string such as 2024-03-05T14:00:00Z.",
    )
