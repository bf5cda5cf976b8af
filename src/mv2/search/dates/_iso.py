"""ISO years, months, days and RFC 3339 instants: the periods in UTC that they stand for."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_PERIOD: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def period(text: str) -> tuple[int, int]:
    """(start, end) in UTC seconds, end exclusive, of a year, month, day or RFC 3339 instant.

    An instant is one second long; without an offset it is UTC.

    Raises:
        ValueError: it is none of these, or no such date exists.
    """
    start, end, _ = graded(text)
    return start, end


def graded(text: str) -> tuple[int, int, str]:
    """`period` with the grain that was written: year, month, day or second."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return (*_instant(text), "second")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    start = dt.datetime(year, month or 1, day or 1, tzinfo=dt.UTC)
    begin = _seconds(start)
    if day is not None:
        return begin, begin + 86_400, "day"
    grain = "year" if month is None else "month"
    if month is not None and month < 12:
        return begin, _seconds(start.replace(month=month + 1)), grain
    if year == dt.MAXYEAR:
        return begin, _seconds(dt.datetime(year, 12, 31, tzinfo=dt.UTC)) + 86_400, grain
    return begin, _seconds(dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC)), grain


def _instant(text: str) -> tuple[int, int]:
    if len(text) < 13 or text[10] not in "Tt ":
        raise ValueError(f"{text!r} is no date")
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    begin = _seconds(moment)
    return begin, begin + 1


def _seconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(seconds=1)
