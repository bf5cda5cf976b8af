"""Dates in figures: "2024-03-05", "2024-W05", "3/5/24", "05.03.2024", "31-Oct-74", "2024-03-05T14:00Z"."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator
from typing import Final

from mv2.search.dates import _words as w
from mv2.search.dates._dates import month_day
from mv2.search.dates._parse import Parse, Part, full_year, rule
from mv2.search.dates._patterns import Fixed
from mv2.search.dates._units import span_of

_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"\s?([Zz]|[+-]\d{2}:?(?:\d{2})?)?(?![\w:])"
)
_WEEK: Final = re.compile(r"(\d{4})-?[Ww](\d{2})(?:-?([1-7]))?(?![\w-])")
_NUMERIC: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})(?![\w-])"), "ymd"),
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?![\w-])"), "ymd"),
    (re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?![\w/])"), "ymd"),
    (re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})(?![\w])"), "ymd"),
    (re.compile(r"(\d{4})[-/](\d{2})(?![\w/-])"), "ym"),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?!\w)"), "dmy"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\w/])"), "mdy"),
    (re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})(?![\w-])"), "mdy"),
    (re.compile(r"(\d{1,2})[/.-](\d{4})(?![\w/-])"), "my"),
    (re.compile(r"(\d{1,2})[/-](\d{1,2})(?![\w/-]|[.:]\d)"), "md"),
)
_COMPACT: Final = re.compile(r"(\d{1,2})[-/. ]?([A-Za-z]{3,9})[-/. ]?(\d{4}|\d{2})(?![\w-])")


def day(start: dt.datetime) -> Part:
    return Part(Fixed(span_of(start, "day")), "day")


@rule
def written(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Dates and moments in figures."""
    if not parse.number(place) or (place and parse.glued(place) and parse.word(place - 1) in (".", "/", "-")):
        return
    start = parse.tokens[place].start
    for pattern, read in ((_MOMENT, _moment), (_WEEK, _iso_week), (_COMPACT, _compact)):
        match = pattern.match(parse.text, start)
        if match is not None:
            yield from _read(parse, place, match, read)
    for pattern, order in _NUMERIC:
        match = pattern.match(parse.text, start)
        if match is not None:
            yield from _read(parse, place, match, functools.partial(_numeric, order))


def _read(
    parse: Parse,
    place: int,
    match: re.Match[str],
    read: Callable[[Parse, re.Match[str]], Part | None],
) -> Iterator[tuple[Part, int]]:
    after = parse.behind(place, match.end())
    if after is None:
        return
    try:
        part = read(parse, match)
    except (ValueError, OverflowError):  # no such date
        return
    if part is not None:
        yield part, after


def _moment(parse: Parse, match: re.Match[str]) -> Part:
    grain = "minute" if match[4] is None else "second"
    local = dt.datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3]}:{match[4] or '00'}")
    if match[5] is not None:
        hours = match[5].upper()
        hours = "+00:00" if hours == "Z" else hours if len(hours) > 3 else f"{hours}:00"
        local = parse.zone.local(dt.datetime.fromisoformat(local.isoformat() + hours))
    return Part(Fixed(span_of(local, grain)), "moment")


def _iso_week(_: Parse, match: re.Match[str]) -> Part:
    start = dt.datetime.fromisocalendar(int(match[1]), int(match[2]), int(match[3] or 1))
    return Part(Fixed(span_of(start, "day" if match[3] else "week")), "day" if match[3] else "week")


def _compact(_: Parse, match: re.Match[str]) -> Part | None:
    month = w.MONTHS.get(match[2].lower())
    if month is None:
        return None
    of_year = int(match[3]) if len(match[3]) == 4 else full_year(int(match[3]))
    return day(dt.datetime(of_year, month, int(match[1])))  # noqa: DTZ001


def _numeric(order: str, _: Parse, match: re.Match[str]) -> Part | None:
    found = dict(zip(order, match.groups(), strict=True))
    if order in ("ym", "my"):
        return Part(Fixed(span_of(dt.datetime(int(found["y"]), int(found["m"]), 1), "month")), "month")  # noqa: DTZ001
    month, of_month = int(found["m"]), int(found["d"])
    if order == "md":
        return Part(month_day(month, of_month), "day", sure=False) if 1 <= month <= 12 else None
    if order == "mdy" and month > 12:
        month, of_month = of_month, month
    of_year = int(found["y"]) if len(found["y"]) == 4 else full_year(int(found["y"]))
    return day(dt.datetime(of_year, month, of_month))  # noqa: DTZ001
