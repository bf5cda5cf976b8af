"""Dates told from other dates: "last week", "two weeks ago", "the day before yesterday", "end of March"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from mv2.search.dates import _words as w
from mv2.search.dates._dates import (
    WEEKEND,
    count_of,
    month_and_day,
    month_name,
    season_at,
    season_name,
    weekday_name,
    weekend,
)
from mv2.search.dates._holidays import holiday
from mv2.search.dates._parse import Duration, Parse, Part, any_of, duration, rule, unit
from mv2.search.dates._patterns import Fixed, Mapped, Within, nth_after, nth_before
from mv2.search.dates._units import RANK, Span, finer, floor, shift, span_of

# The precision of "in 3 weeks": what a unit is counted in is one step finer than the unit.
_COUNTED_IN: Final = {
    "second": "second",
    "minute": "second",
    "hour": "minute",
    "day": "hour",
    "week": "day",
    "month": "day",
    "quarter": "month",
    "year": "month",
    "decade": "year",
    "century": "year",
}

recurring = any_of(holiday, month_and_day, weekday_name, month_name, season_name, weekend)


def cycle(parse: Parse, unit_name: str, count: int = 0, length: int = 1) -> Fixed:
    """`length` whole units, beginning with the `count`-th from the present one."""
    start = shift(floor(parse.now, unit_name), count, unit_name)
    return Fixed(span_of(start, unit_name, length))


@rule
def present(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "now", "today", "tomorrow", "yesterday"."""
    at = parse.skip(place, "right", "just")
    if parse.word(at) == "now":
        yield Part(Fixed(span_of(parse.now, "second")), "moment", sure=False), at + 1
    for words in (("at", "the", "moment"), ("at", "present"), ("immediately",)):
        if parse.says(place, *words):
            yield Part(Fixed(span_of(parse.now, "second")), "moment", sure=False), place + len(words)
    if parse.says(place, "at", "this", "time"):
        yield Part(cycle(parse, "day"), "today", sure=False), place + 3
    days = {
        "today": 0,
        "todays": 0,
        "tomorrow": 1,
        "tomorrows": 1,
        "tmrw": 1,
        "tmr": 1,
        "yesterday": -1,
        "yesterdays": -1,
    }
    if parse.word(place) in days:
        yield Part(cycle(parse, "day", days[parse.word(place)]), "today"), place + 1


def _direction(parse: Parse, place: int) -> Iterator[tuple[int, int, bool]]:
    """(-1, 0 or 1, place behind, "upcoming" was said): "last", "this", "this past", "next", "the coming"."""
    at = parse.skip(place, "the")
    word = parse.word(at)
    if word == "this" and parse.word(at + 1) in w.LAST | w.NEXT | {"current"}:
        at += 1
        word = parse.word(at)
    if word in w.LAST:
        yield -1, at + 1, False
    elif word in w.NEXT:
        yield 1, at + 1, word == "upcoming"
    elif word in w.THIS:
        yield 0, at + 1, False


@rule
def near_unit(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "last week", "next 3 days", "this quarter", "the past couple of months", "next season"."""
    for sign, at, upcoming in _direction(parse, place):
        # "upcoming three weeks" is said of all three and of the third: refused.
        if sign and not upcoming:
            found = count_of(parse, at)
            if found is not None and 0 < found[0] <= 10_000:
                named = unit(parse, found[1])
                if named is not None:
                    yield _several(parse, sign, found[0], named[0]), named[1]
        named = unit(parse, parse.skip(at, "calendar"))
        if named is not None and parse.word(at) not in ("s", "h"):
            yield Part(cycle(parse, named[0], sign), "unit", sure=RANK[named[0]] >= RANK["day"]), named[1]
        if parse.word(at) == "season":
            yield Part(Fixed(season_at(parse.now, sign)), "unit"), at + 1
    yield from _after_next(parse, place)


def _several(parse: Parse, sign: int, count: int, unit_name: str) -> Part:
    return Part(cycle(parse, unit_name, 1 if sign > 0 else -count, count), "unit")


def _after_next(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the week after next", "the month before last"."""
    at = parse.skip(place, "the")
    named = unit(parse, at)
    if named is None:
        return
    for words, count in ((("after", "next"), 2), (("before", "last"), -2)):
        if parse.says(named[1], *words):
            yield Part(cycle(parse, named[0], count), "unit"), named[1] + 2


@rule
def this_unit(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the month" in "the first Monday of the month": the present one."""
    at = parse.skip(place, "the")
    named = unit(parse, at)
    if named is not None and RANK[named[0]] >= RANK["day"]:
        yield Part(cycle(parse, named[0]), "unit", sure=False, latent=True), named[1]


@rule
def near_recurring(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "last Tuesday", "this summer", "next Christmas", "March after next"."""
    for sign, at, _ in _direction(parse, place):
        for part, after in recurring(parse, at):
            found = _occurrence(parse, part, sign)
            if found is not None:
                yield Part(Fixed(found), part.kind), after
    at = parse.skip(place, "the")
    for part, after in recurring(parse, at):
        if parse.says(after, "after", "next"):
            found = nth_after(part.pattern, _past_now(parse, part), 2)
            if found is not None:
                yield Part(Fixed(found), part.kind), after + 2
        if parse.says(after, "before", "last"):
            found = nth_before(part.pattern, parse.now, 2)
            if found is not None:
                yield Part(Fixed(found), part.kind), after + 2


def _past_now(parse: Parse, part: Part) -> dt.datetime:
    return span_of(parse.now, part.pattern.grain).end


def _occurrence(parse: Parse, part: Part, sign: int) -> Span | None:
    if sign < 0:
        return nth_before(part.pattern, parse.now, 1)
    if part.kind == "weekend" and sign > 0:
        return nth_after(WEEKEND, cycle(parse, "week", 1).span.start, 1)
    if sign > 0 or part.skip_now:
        return nth_after(part.pattern, _past_now(parse, part), 1)
    return next(part.pattern.after(parse.now), None)


@rule
def counted_recurring(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "2 Sundays from now", "three Fridays ago", "Monday last"."""
    found = count_of(parse, place)
    if found is not None and 0 < found[0] <= 1000:
        for part, after in recurring(parse, found[1]):
            span = None
            if parse.word(after) == "ago":
                span, end = nth_before(part.pattern, parse.now, found[0]), after + 1
            else:
                end = _from_now(parse, after)
                if end > after:
                    span = nth_after(part.pattern, _past_now(parse, part), found[0])
            if span is not None:
                yield Part(Fixed(span), part.kind), end


def _from_now(parse: Parse, place: int) -> int:
    for words in (("from", "now"), ("hence",), ("from", "today"), ("from", "the", "present")):
        if parse.says(place, *words):
            return place + len(words)
    return place


@rule
def ago(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "two weeks ago", "in 3 days", "half an hour from now"."""
    start = parse.skip(place, "in", "exactly", "about", "around")
    for length, after in duration(parse, start):
        if parse.word(after) in ("ago", "back", "earlier") or parse.says(after, "in", "the", "past"):
            yield _away(parse, length, -1), after + (3 if parse.word(after) == "in" else 1)
            continue
        end = _from_now(parse, after)
        if end > after or parse.word(place) == "in":
            yield _away(parse, length, 1), end


def _away(parse: Parse, length: Duration, sign: int) -> Part:
    """The moment so far away; its `day` is what a time of day may be added to."""
    moment = away(parse, length, sign)
    grain = _COUNTED_IN[length.unit]
    whole = Fixed(span_of(moment, "day"))
    exact = Fixed(span_of(moment, "day" if parse.whole_days and grain == "hour" else grain))
    return Part(exact, "away", day=whole if RANK[grain] > RANK["minute"] else None)


def away(parse: Parse, length: Duration, sign: int) -> dt.datetime:
    """The wall-clock time so far from now; hours and less are counted in elapsed time."""
    coarse = Duration(tuple(count for count in length.counts if RANK[count[1]] >= RANK["day"]))
    fine = [count for count in length.counts if RANK[count[1]] < RANK["day"]]
    moment = coarse.after(parse.now, sign)
    if fine:
        later = Duration(tuple(fine)).after(moment, sign)
        elapsed = later - moment
        moment = later + (parse.zone.offset(_utc(parse, moment, elapsed)) - parse.zone.offset(moment))
    return moment


def _utc(parse: Parse, moment: dt.datetime, elapsed: dt.timedelta) -> dt.datetime:
    """A wall-clock time near `moment` + `elapsed` that is surely on its side of a clock change."""
    guess = moment + elapsed
    turn = parse.zone.offset(guess) - parse.zone.offset(moment)
    return guess + turn


@rule
def duration_from(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "3 days before Christmas", "a week from Tuesday", "15 minutes to noon"."""
    for length, after in duration(parse, place):
        word = parse.word(after)
        if word not in (
            "before",
            "prior",
            "after",
            "from",
            "following",
            "past",
            "to",
            "till",
            "til",
            "until",
        ):
            continue
        sign = 1 if word in ("after", "from", "following", "past") else -1
        if word in ("past", "to", "till", "til", "until") and RANK[length.unit] >= RANK["day"]:
            continue
        at = after + 2 if parse.says(after, "prior", "to") else after + 1
        for base, end in parse.point(at):
            yield _moved(base, length, sign), end


def _moved(base: Part, length: Duration, sign: int) -> Part:
    grain = finer(base.pattern.grain, _COUNTED_IN[length.unit] if length.unit == "hour" else length.unit)

    def change(span: Span) -> Span:
        return span_of(length.after(span.start, sign), grain)

    reach = abs(length.after(dt.datetime(2000, 1, 1)) - dt.datetime(2000, 1, 1)) + dt.timedelta(days=40)  # noqa: DTZ001
    return Part(Mapped(base.pattern, grain, change, reach), "derived", sure=base.sure)


@rule
def beside(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the week before 9 June", "the day after tomorrow", "the weekend of 3 May"."""
    at = parse.skip(place, "the", "that")
    named = unit(parse, at)
    if named is not None:
        yield from _unit_beside(parse, named[0], named[1])
    for part, after in recurring(parse, at):
        if part.kind == "weekend" and parse.word(after) == "of":
            for base, end in parse.point(after + 1):
                yield Part(Within(_unit_of(base, "week", 0), WEEKEND), "derived"), end
        yield from nth_beside(parse, part, 1, after)


_BEFORE: Final = ("before", "preceding")
_AFTER: Final = ("after", "following")


def _unit_beside(parse: Parse, unit_name: str, place: int) -> Iterator[tuple[Part, int]]:
    word = parse.word(place)
    steps = {"of": 0, **dict.fromkeys(_BEFORE, -1), **dict.fromkeys(_AFTER, 1)}
    if word not in steps or (word == "of" and RANK[unit_name] < RANK["week"]):
        return
    for base, end in parse.point(place + 1):
        if RANK[base.pattern.grain] < RANK[unit_name] or (steps[word] and base.pattern.grain == unit_name):
            yield Part(_unit_of(base, unit_name, steps[word]), "derived", sure=base.sure), end


def _unit_of(base: Part, unit_name: str, count: int) -> Mapped:
    def change(span: Span) -> Span:
        return span_of(shift(floor(span.start, unit_name), count, unit_name), unit_name)

    return Mapped(base.pattern, unit_name, change)


def nth_beside(parse: Parse, part: Part, count: int, place: int) -> Iterator[tuple[Part, int]]:
    """The `count`-th Friday before or after a date."""
    word = parse.word(place)
    if word not in (*_BEFORE, *_AFTER):
        return
    pattern = part.pattern

    def change(span: Span) -> Span | None:
        if word in _BEFORE:
            return nth_before(pattern, span.start, count)
        return nth_after(pattern, span.end, count)

    for base, end in parse.point(place + 1):
        yield Part(Mapped(base.pattern, pattern.grain, change), "derived"), end
