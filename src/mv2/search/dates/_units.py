"""Calendar arithmetic on wall-clock times: spans of a unit, the unit a time lies in, steps of a unit."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final

from mv2._record import dataclass

#: From fine to coarse.
UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century")
RANK: Final = {unit: rank for rank, unit in enumerate(UNITS)}
#: The end of the calendar, used as an exclusive end.
LAST: Final = dt.datetime.max  # noqa: DTZ901
FIRST: Final = dt.datetime.min  # noqa: DTZ901
_STEPS: Final = {
    "second": dt.timedelta(seconds=1),
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(days=7),
}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}


@dataclass(frozen=True, slots=True)
class Span:
    """start <= time < end in wall-clock time, and the precision it was named with."""

    start: dt.datetime
    end: dt.datetime
    grain: str


def floor(moment: dt.datetime, unit: str) -> dt.datetime:
    """The beginning of the `unit` that `moment` lies in; weeks begin on Monday, centuries with year 1."""
    if unit == "second":
        return moment.replace(microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    if unit == "day":
        return day
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    year = day.year
    if unit == "decade":
        year = max(1, year // 10 * 10)
    elif unit == "century":
        year = (year - 1) // 100 * 100 + 1
    return day.replace(year=year, month=1, day=1)


def shift(moment: dt.datetime, count: int, unit: str) -> dt.datetime:
    """`count` units later (earlier if negative); a day that the month does not have becomes its last.

    Raises:
        OverflowError: beyond the calendar.
    """
    if unit in _STEPS:
        return moment + _STEPS[unit] * count
    year, month = divmod(moment.year * 12 + moment.month - 1 + _MONTHS[unit] * count, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError("beyond the calendar")
    return moment.replace(
        year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1])
    )


def span_of(moment: dt.datetime, unit: str, count: int = 1) -> Span:
    """`count` whole units from the one that `moment` lies in."""
    start = floor(moment, unit)
    try:
        # The first decade of the calendar has nine years.
        end = shift(start, count, unit) if unit != "decade" else floor(shift(start, count, unit), unit)
    except OverflowError:
        end = LAST
    return Span(start, end, unit)


def finer(one: str, other: str) -> str:
    """The more precise of two grains."""
    return one if RANK[one] <= RANK[other] else other
