"""Names of days and periods: "5 March", "the 15th", "Friday", "Q3", "2024", "the 90s", "winter"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from mv2.search.dates import _words as w
from mv2.search.dates._parse import Parse, Part, cardinal, digits, full_year, ordinal, rule, year
from mv2.search.dates._patterns import Fixed, Pattern, Recurring
from mv2.search.dates._units import Span, shift, span_of


def month_of_year(month: int) -> Recurring:
    return Recurring("year", "month", lambda start: [span_of(start.replace(month=month), "month")])


def day_of_month(number: int) -> Recurring:
    return Recurring("month", "day", lambda start: [span_of(start.replace(day=number), "day")])


def month_day(month: int, number: int) -> Recurring:
    """A day of every year; 29 February only of leap years."""
    return Recurring("year", "day", lambda start: [span_of(start.replace(month=month, day=number), "day")])


def weekday(number: int) -> Recurring:
    return Recurring("week", "day", lambda start: [span_of(shift(start, number, "day"), "day")])


WEEKEND: Final = Recurring(
    "week",
    "hour",
    lambda start: [Span(start + dt.timedelta(days=4, hours=18), start + dt.timedelta(days=7), "hour")],
)


def _season(number: int) -> Recurring:
    """From the equinox or solstice to the next, the day on which either falls in most years included."""
    bounds = ((3, 20, 6, 22), (6, 21, 9, 24), (9, 23, 12, 22), (12, 21, 3, 21))[number]

    def spans(start: dt.datetime) -> list[Span]:
        begin = start.replace(month=bounds[0], day=bounds[1])
        end = start.replace(month=bounds[2], day=bounds[3])
        return [Span(begin, end if end > begin else shift(end, 1, "year"), "day")]

    return Recurring("year", "day", spans)


#: Seasons of the northern hemisphere.
SEASON: Final = tuple(_season(number) for number in range(4))
QUARTER: Final = tuple(
    Recurring("year", "quarter", lambda start, month=month: [span_of(start.replace(month=month), "quarter")])  # type: ignore[misc]
    for month in (1, 4, 7, 10)
)
_HALF: Final = tuple(
    Recurring(
        "year",
        "month",
        lambda start, month=month: [  # type: ignore[misc]
            Span(start.replace(month=month), shift(start.replace(month=month), 6, "month"), "month")
        ],
    )
    for month in (1, 7)
)

# Names of months and days that are other words too.
_DOUBTFUL: Final = frozenset(("may", "march", "mar", "jan", "dec", "sun", "sat", "mon", "wed"))


@rule
def month_name(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    word = parse.word(place)
    if word in w.MONTHS:
        after = parse.skip(place + 1, ".") if len(word) <= 4 else place + 1
        part = Part(month_of_year(w.MONTHS[word]), "month", sure=word not in _DOUBTFUL)
        yield part, after
        if after > place + 1:
            yield part, place + 1


@rule
def weekday_name(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    word = parse.word(place)
    if word in w.WEEKDAYS:
        after = parse.skip(place + 1, ".") if len(word) <= 5 else place + 1
        part = Part(weekday(w.WEEKDAYS[word]), "weekday", sure=word not in _DOUBTFUL, skip_now=True)
        yield part, after
        if after > place + 1:
            yield part, place + 1


def _day_number(parse: Parse, place: int) -> tuple[int, int, bool] | None:
    """(1 to 31, place behind, it is an ordinal)."""
    found = ordinal(parse, place)
    if found is not None:
        return (*found, True) if 1 <= found[0] <= 31 else None
    value = digits(parse, place, 1, 31, longest=2)
    if value is None:
        return None
    # Not the 14 of 14:30, 14h, 14pm, 14-16h and 14.5.
    if parse.glued(place + 1) and (
        parse.word(place + 1) in ("h", "am", "pm", "a", "p")
        or (parse.word(place + 1) in (":", ".") and parse.number(place + 2) and parse.glued(place + 2))
    ):
        return None
    return value, place + 1, False


@rule
def month_and_day(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "5 March", "March 5th", "the fifth of March", "July 13-15", "from 13th to 15th July"."""
    yield from _day_then_month(parse, place)
    for part, after in month_name(parse, place):
        number = _month_number(part)
        at = parse.skip(parse.skip(after, ","), "the")
        first = _day_number(parse, at)
        if first is None:
            continue
        last = _second_day(parse, first[1])
        if last is not None:
            yield _days(number, first[0], last[0]), last[1]
        yield Part(month_day(number, first[0]), "day"), first[1]


def _day_then_month(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    between = parse.word(place) in ("from", "between")
    at = parse.skip(place + between, "the")
    first = _day_number(parse, at)
    if first is None:
        return
    last = _second_day(parse, first[1], "and") if between else _second_day(parse, first[1])
    ends = ((last, first), (first, None)) if last is not None else ((first, None),)
    for behind, begin in ends:
        follow = parse.skip(parse.skip(behind[1], "day"), "of")
        for part, after in month_name(parse, parse.skip(follow, "-")):
            number = _month_number(part)
            if begin is not None:
                yield _days(number, begin[0], behind[0]), after
            elif not between:
                yield Part(month_day(number, behind[0]), "day"), after


def _second_day(parse: Parse, place: int, *joins: str) -> tuple[int, int, bool] | None:
    if parse.word(place) not in ("-", "to", "until", "untill", "till", "til", "through", "thru", *joins):
        return None
    return _day_number(parse, parse.skip(place + 1, "the"))


def _month_number(part: Part) -> int:
    return next(part.pattern.after(dt.datetime(2001, 1, 1))).start.month  # noqa: DTZ001


def _days(month: int, first: int, last: int) -> Part:
    def spans(start: dt.datetime) -> list[Span]:
        begin = start.replace(month=month, day=first)
        end = start.replace(month=month, day=last)
        return [Span(begin, shift(end, 1, "day"), "day")] if end > begin else []

    return Part(Recurring("year", "day", spans), "day")


@rule
def bare_day(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the 15th", "24th", "the fifteenth"."""
    at = parse.skip(place, "the")
    found = ordinal(parse, at)
    if found is not None and 1 <= found[0] <= 31 and (at > place or parse.number(at)):
        yield Part(day_of_month(found[0]), "day", sure=False), found[1]
        if parse.word(found[1]) == "day":
            yield Part(day_of_month(found[0]), "day", sure=False), found[1] + 1


@rule
def day_of(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """The "20" of "20 of this month", "the third of last month"; a month must follow."""
    found = _day_number(parse, parse.skip(place, "the"))
    if found is not None and parse.word(found[1]) == "of":
        yield Part(day_of_month(found[0]), "day", sure=False, latent=not found[2]), found[1] + 1


@rule
def year_number(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "2024", "the year 2024", "two thousand four", "'98"."""
    start = parse.skip(place, "the")
    named = parse.word(start) == "year"
    at = start + 1 if named else place
    found = year(parse, at)
    if found is not None and not (
        parse.glued(found[1]) and parse.word(found[1]) in ("s", "th", "st", "nd", "rd")
    ):
        span = span_of(dt.datetime(found[0], 1, 1), "year")  # noqa: DTZ001
        yield Part(Fixed(span), "year", sure=named), found[1]


@rule
def quarter(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "Q3", "third quarter", "first half", "H1", "2024Q3"."""
    at = parse.skip(parse.skip(place, "the"), "-")
    word = parse.word(at)
    if word in ("q", "h") and parse.glued(at + 1):
        number = digits(parse, at + 1, 1, 4 if word == "q" else 2, longest=1)
        if number is not None:
            yield _quarter(number, word == "q"), at + 2
        return
    found = ordinal(parse, at)
    if found is not None and parse.word(found[1]) in ("quarter", "qtr") and 1 <= found[0] <= 4:
        yield _quarter(found[0], True), found[1] + 1
    if word == "last" and parse.word(at + 1) in ("quarter", "qtr") and parse.word(at + 2) == "of":
        yield _quarter(4, True), at + 2
    if found is not None and parse.word(found[1]) == "half" and 1 <= found[0] <= 2:
        yield _quarter(found[0], False), found[1] + 1


def _quarter(number: int, quarter: bool) -> Part:
    if quarter:
        return Part(QUARTER[number - 1], "quarter", sure=False)
    return Part(_HALF[number - 1], "quarter", sure=False, latent=True)


@rule
def week_number(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "week 5" of the ISO calendar."""
    at = parse.skip(place, "calendar", "iso")
    if parse.word(at) not in ("week", "wk"):
        return
    number = digits(parse, parse.skip(at + 1, "number", "no"), 1, 53, longest=2)
    if number is not None:
        after = parse.skip(at + 1, "number", "no") + 1

        def spans(start: dt.datetime) -> list[Span]:
            return [span_of(dt.datetime.fromisocalendar(start.year, number, 1), "week")]

        yield Part(Recurring("year", "week", spans), "isoweek", sure=False, latent=True), after


@rule
def age(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the 90s", "the 1990s", "the nineties", "the 19th century"."""
    at = parse.skip(place, "the")
    word = parse.word(at)
    tick = parse.skip(at, "'")
    run = parse.word(tick)
    if parse.number(tick) and parse.glued(tick + 1) and parse.word(tick + 1) == "s" and run.endswith("0"):
        if len(run) == 2:
            yield _decade(full_year(int(run)) if int(run) >= 20 else 2000 + int(run)), tick + 2
        elif len(run) == 4:
            yield _decade(int(run), hundred=run.endswith("00")), tick + 2
    elif word in w.DECADES:
        yield _decade(1900 + w.DECADES[word] if w.DECADES[word] > 20 else 2020), at + 1
    elif word in ("nineteen", "eighteen", "twenty") and parse.word(parse.skip(at + 1, "-")) in w.DECADES:
        after = parse.skip(at + 1, "-")
        yield (
            _decade(
                {"nineteen": 1900, "eighteen": 1800, "twenty": 2000}[word] + w.DECADES[parse.word(after)]
            ),
            after + 1,
        )
    found = ordinal(parse, at)
    if found is not None and parse.word(parse.skip(found[1], "-")) == "century" and 1 <= found[0] <= 99:
        start = dt.datetime((found[0] - 1) * 100 + 1, 1, 1)  # noqa: DTZ001
        yield Part(Fixed(span_of(start, "century")), "age"), parse.skip(found[1], "-") + 1


def _decade(start: int, *, hundred: bool = False) -> Part:
    """Reads "the 1990s"; "the 1900s" are a hundred years."""
    begin = dt.datetime(start, 1, 1)  # noqa: DTZ001
    if hundred:
        return Part(Fixed(Span(begin, shift(begin, 100, "year"), "century")), "age")
    return Part(Fixed(span_of(begin, "decade")), "age")


@rule
def season_name(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    at = parse.skip(place, "the")
    if parse.word(at) in w.SEASONS:
        yield Part(SEASON[w.SEASONS[parse.word(at)]], "season", sure=False), at + 1


@rule
def weekend(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    at = parse.skip(place, "the")
    if parse.word(at) in ("weekend", "weekends", "wkend"):
        yield Part(WEEKEND, "weekend", sure=False), at + 1
    elif parse.word(at) == "week" and parse.word(parse.skip(at + 1, "-")) in ("end", "ends"):
        yield Part(WEEKEND, "weekend", sure=False), parse.skip(at + 1, "-") + 1


def season_at(moment: dt.datetime, count: int) -> Span:
    """The season that holds `moment`, or the `count`-th from it; ends where the next begins."""
    starts = ((3, 20), (6, 21), (9, 23), (12, 21))
    turns = Recurring(
        "year", "day", lambda start: [span_of(start.replace(month=m, day=d), "day") for m, d in starts]
    )
    begun = Fixed(span_of(moment, "day"))
    last = next(span for span in turns.before(begun.span.end))
    found = last.start
    if count > 0:
        for span in list(_take(turns, last.end, count)):
            found = span.start
    elif count < 0:
        before = turns.before(last.start)
        for _ in range(-count):
            found = next(before).start
    follow = next(span.start for span in turns.after(shift(found, 1, "day")) if span.start > found)
    return Span(found, follow, "day")


def _take(pattern: Pattern, moment: dt.datetime, count: int) -> Iterator[Span]:
    spans = pattern.after(moment)
    for _ in range(count):
        yield next(spans)


def count_of(parse: Parse, place: int) -> tuple[int, int] | None:
    """Reads "2", "two", "few", "couple of"."""
    at = parse.skip(place, "a")
    if parse.word(at) in ("few", "several"):
        return 3, at + 1
    if parse.word(at) in ("couple", "pair"):
        return 2, parse.skip(at + 1, "of")
    return cardinal(parse, place) if at == place else None
