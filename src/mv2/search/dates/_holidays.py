"""Holidays by name, as a rule of the grammar."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from typing import Final

from mv2.search.dates import _words as w
from mv2.search.dates._feasts import FEASTS, Days
from mv2.search.dates._parse import Parse, Part, rule
from mv2.search.dates._patterns import Recurring
from mv2.search.dates._units import Span

_LONGEST: Final = 6
# Names that are other words too.
_DOUBTFUL: Final = frozenset(
    (
        "eid",
        "lent",
        "advent",
        "holi",
        "tet",
        "new year",
        "new years",
        "ascension",
        "easter day",
        "patriot day",
    )
)


@functools.cache
def names() -> dict[str, Days]:
    """Every name, with its days."""
    return {name: days for days, listed in FEASTS for name in listed.split("|")}


def _spans(days: Days) -> Callable[[dt.datetime], list[Span]]:
    @functools.lru_cache(512)
    def spans(start: dt.datetime) -> list[Span]:
        found = []
        for date, length in days(start.year):
            begin = dt.datetime(date.year, date.month, date.day)  # noqa: DTZ001
            found.append(Span(begin, begin + dt.timedelta(days=length), "day"))
        return found

    return spans


@functools.cache
def pattern(name: str) -> Recurring:
    return Recurring("year", "day", _spans(names()[name]))


@rule
def holiday(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """The longest name of a holiday that stands here."""
    start = parse.skip(place, "the")
    words: list[str] = []
    ends: list[int] = []
    at = start
    while len(words) < _LONGEST and at < len(parse.tokens):
        word = parse.word(at)
        if word == "-" and words and parse.glued(at) and parse.glued(at + 1):
            at += 1
            continue
        if word == "." and words and words[-1] == "st":
            at += 1
            continue
        number = w.WEEKDAYS.get(word)
        words.append("st" if word == "saint" else word if number is None else w.WEEKDAY_NAMES[number])
        at += 1
        ends.append(at)
    for length in range(len(words), 0, -1):
        for first in (["the", *words[:length]] if start > place else [], words[:length]):
            name = " ".join(first)
            if name in names():
                yield Part(pattern(name), "holiday", sure=name not in _DOUBTFUL), ends[length - 1]
                return
