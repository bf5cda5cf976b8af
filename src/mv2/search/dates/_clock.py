"""Times of day: "3:30pm", "15h30", "half past three", "noon", "9-11am", "this evening"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from mv2.search.dates import _words as w
from mv2.search.dates._parse import Parse, Part, TimeOfDay, digits, number_in_words, rule
from mv2.search.dates._patterns import Fixed, Mapped, Recurring
from mv2.search.dates._units import Span, finer, shift, span_of
from mv2.search.dates._zone import ABBREVIATIONS

Half = Literal["am", "pm"]
_DAY: Final = dt.timedelta(days=1)

# How little a time of day says alone: "3pm"; "9a"; "9".
CLEAR: Final = 0
LETTER: Final = 1
BARE: Final = 2

# First hour, hour of the end, and the half of the day that a bare hour in it lies in.
_PARTS: Final[dict[str, tuple[int, int, Half]]] = {
    "early morning": (0, 9, "am"),
    "early in the morning": (0, 9, "am"),
    "late morning": (9, 12, "am"),
    "morning": (0, 12, "am"),
    "mornings": (0, 12, "am"),
    "afternoon": (12, 19, "pm"),
    "after noon": (12, 19, "pm"),
    "late afternoon": (15, 19, "pm"),
    "early evening": (18, 21, "pm"),
    "late evening": (21, 24, "pm"),
    "evening": (18, 24, "pm"),
    "late night": (21, 24, "pm"),
    "night": (18, 24, "pm"),
    "lunch": (12, 14, "pm"),
    "lunchtime": (12, 14, "pm"),
    "lunch time": (12, 14, "pm"),
    "after lunch": (13, 17, "pm"),
    "after school": (15, 21, "pm"),
    "after work": (17, 21, "pm"),
}


def times(moment: TimeOfDay) -> tuple[TimeOfDay, ...]:
    """The one or two times of a day that `moment` may be."""
    if not moment.ambiguous:
        return (moment,)
    hour = moment.hour % 12
    return replace(moment, hour=hour, ambiguous=False), replace(moment, hour=hour + 12, ambiguous=False)


def in_half(moment: TimeOfDay, half: Half) -> TimeOfDay | None:
    """The time before or after noon; None if it is surely in the other half."""
    if moment.ambiguous:
        return replace(moment, hour=moment.hour % 12 + (12 if half == "pm" else 0), ambiguous=False)
    return moment if (moment.hour >= 12) == (half == "pm") else None


def clock_part(moment: TimeOfDay, *, sure: bool = False, latent: bool = False) -> Part:
    """The part of a date that says this time of every day."""

    def spans(day: dt.datetime) -> list[Span]:
        return [
            span_of(day.replace(hour=each.hour, minute=each.minute, second=each.second), moment.grain)
            for each in times(moment)
        ]

    return Part(Recurring("day", moment.grain, spans), "clock", sure=sure, latent=latent, time=moment)


def hours_of_day(start: int, end: int) -> Recurring:
    """The hours from `start` to `end` of every day."""
    return Recurring(
        "day",
        "hour",
        lambda day: [Span(day + dt.timedelta(hours=start), day + dt.timedelta(hours=end), "hour")],
    )


@rule
def time_of_day(parse: Parse, place: int) -> Iterator[tuple[tuple[TimeOfDay, bool, int], int]]:
    """(time, it is surely one, how much it needs others to be one)."""
    at = parse.word(place) in ("at", "@")
    start = place + 1 if at else place
    if parse.word(start) in ("about", "around", "exactly"):
        start += 1
    yield from _relative_minutes(parse, start)
    for moment, after, latent in _plain(parse, start):
        ish = parse.skip(parse.skip(after, "-"), "ish") if parse.word(after) in ("ish", "-") else after
        ish = after if parse.word(ish - 1) == "-" else ish
        ish = parse.skip(ish, "oclock")
        for half, end in _half(parse, ish):
            found = _with_half(moment, half)
            letter = parse.word(ish) == "a" and parse.word(ish + 1) != "m" and parse.word(ish + 2) != "m"
            if found is not None:
                yield (found, True, LETTER if letter and moment.grain == "hour" and not at else CLEAR), end
        clear = at or not latent or ish > after + (parse.word(after) == "ish")
        yield (moment, False, CLEAR if clear else BARE), ish


def _plain(parse: Parse, place: int) -> Iterator[tuple[TimeOfDay, int, bool]]:
    """Time, the place behind it, and whether it is but a number."""
    hour = digits(parse, place, 0, 24, longest=2)
    if hour is not None:
        yield from _with_minutes(parse, place, hour)
    run = parse.word(place)
    if parse.number(place) and len(run) in (3, 4) and int(run[-2:]) < 60 and int(run[:-2]) < 24:
        yield _minutes(int(run[:-2]), int(run[-2:]), run), place + 1, True
    spoken = number_in_words(parse, place)
    if spoken is not None and 0 < spoken[0] <= 12:
        yield from _spoken_minutes(parse, *spoken)
        yield TimeOfDay(spoken[0], ambiguous=True), spoken[1], True
    word = parse.word(place)
    if word in ("noon", "midday"):
        yield TimeOfDay(12), place + 1, False
    elif word == "midnight":
        yield TimeOfDay(0), place + 1, False


def _with_minutes(parse: Parse, place: int, hour: int) -> Iterator[tuple[TimeOfDay, int, bool]]:
    run, sign = parse.word(place), parse.word(place + 1)
    tight = parse.glued(place + 1)
    minute = digits(parse, place + 2, 0, 59, longest=2) if parse.glued(place + 2) else None
    if minute is not None and len(parse.word(place + 2)) != 2:
        minute = None
    if tight and hour < 24 and minute is not None and sign in (":", "h"):
        after = place + 3
        second = digits(parse, after + 1, 0, 59, longest=2) if parse.says(after, ":") else None
        moment = _minutes(hour, minute, "0" if sign == "h" else run)
        if second is not None and sign == ":":
            yield replace(moment, second=second, grain="second"), after + 2, False
        elif not (parse.says(after, ":") and parse.glued(after) and parse.number(after + 1)):
            yield moment, after, False
    if tight and hour < 24 and sign in ("h", "hrs") and minute is None:
        yield TimeOfDay(hour, grain="minute"), place + 2, False
    if 0 < hour < 24:
        loose = digits(parse, place + 1, 0, 59, longest=2)
        at = parse.word(place - 1) in ("at", "@") if place else False
        if at and loose is not None and len(parse.word(place + 1)) == 2 and not tight:
            yield _minutes(hour, loose, run), place + 2, False
        yield TimeOfDay(hour, ambiguous=hour <= 12), place + 1, True


def _minutes(hour: int, minute: int, written: str) -> TimeOfDay:
    """Hours of two digits that begin with 0, and those above 12, are of the 24-hour clock."""
    return TimeOfDay(hour, minute, grain="minute", ambiguous=0 < hour <= 12 and not written.startswith("0"))


def _spoken_minutes(parse: Parse, hour: int, place: int) -> Iterator[tuple[TimeOfDay, int, bool]]:
    """Reads "ten thirty", "twelve oh five"; "two three" is none."""
    at = parse.skip(place, "-") if parse.glued(place) else place
    if parse.word(at) in ("zero", "oh", "o", "ou"):
        after = parse.skip(at + 1, "-")
        last = w.SMALL.get(parse.word(after), 0)
        if 0 < last < 10:
            yield TimeOfDay(hour, last, grain="minute", ambiguous=True), after + 1, False
        return
    found = number_in_words(parse, at)
    if found is not None and 10 <= found[0] < 60:
        yield TimeOfDay(hour, found[0], grain="minute", ambiguous=True), found[1], False


def _half(parse: Parse, place: int) -> Iterator[tuple[Half, int]]:
    """Reads "am", "p.m.", "p", "a m"."""
    word = parse.word(place)
    if word in ("am", "pm"):
        yield ("am" if word == "am" else "pm"), place + 1
        return
    if word not in ("a", "p"):
        return
    half: Half = "am" if word == "a" else "pm"
    dotted = parse.skip(place + 1, ".")
    if parse.word(dotted) == "m":
        yield half, parse.skip(dotted + 1, ".") if dotted > place + 1 else dotted + 1
    elif parse.glued(place):
        if dotted > place + 1:
            yield half, dotted
        yield half, place + 1


def _with_half(moment: TimeOfDay, half: Half) -> TimeOfDay | None:
    if moment.hour > 12 or (moment.hour == 0 and half == "pm"):
        return None
    hour = moment.hour % 12 + (12 if half == "pm" else 0)
    return replace(moment, hour=hour, ambiguous=False)


def _relative_minutes(parse: Parse, place: int) -> Iterator[tuple[tuple[TimeOfDay, bool, int], int]]:
    """Reads "half past three", "a quarter to noon", "20 minutes past 3pm"."""
    found = _minute_count(parse, place)
    if found is None:
        return
    count, after, spelled = found
    word = parse.word(after)
    if word in ("past", "after", "from"):
        sign = 1
    elif word in ("to", "til", "till", "before", "of"):
        sign = -1
    else:
        return
    # "5 after 3" is a time; "5 before 3", "5 from 3" and "5 of 3" mean other things as well.
    if word in ("from", "before", "of") and not spelled:
        return
    for (moment, sure, latent), end in time_of_day(parse, after + 1):
        if moment.grain == "hour" and not (latent and not spelled and not _led(parse, place)):
            total = (moment.hour * 60 + sign * count) % (24 * 60)
            hour = total // 60
            if moment.ambiguous:
                hour = hour % 12 or 12
            yield (
                (
                    TimeOfDay(hour, total % 60, grain="minute", ambiguous=moment.ambiguous),
                    sure or not moment.ambiguous,
                    CLEAR,
                ),
                end,
            )


def _led(parse: Parse, place: int) -> bool:
    return place > 0 and parse.word(place - 1) in ("at", "@")


def _minute_count(parse: Parse, place: int) -> tuple[int, int, bool] | None:
    """(minutes, place behind, they are called minutes)."""
    start = parse.skip(place, "a")
    if parse.word(start) in ("quarter", "half"):
        return (15 if parse.word(start) == "quarter" else 30), start + 1, True
    if start > place:
        return None
    value = digits(parse, place, 1, 59, longest=2)
    after = place + 1
    if value is None:
        spoken = number_in_words(parse, place)
        if spoken is None or not 0 < spoken[0] < 60:
            return None
        value, after = spoken
    named = parse.word(after) in ("minute", "minutes", "min", "mins")
    return value, after + named, named


@rule
def minutes_to(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "15 to noon", before "15 to noon" is read as a span."""
    start = parse.skip(place, "at", "@")
    for (moment, sure, _), after in _relative_minutes(parse, start):
        part = clock_part(moment, sure=sure)
        yield from zoned(parse, part, after)
        yield part, after


@rule
def clock(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """A time of day, or a span of it, with its zone."""
    for (moment, sure, latent), after in time_of_day(parse, place):
        part = clock_part(moment, sure=sure, latent=latent != CLEAR)
        if not latent or moment.grain == "minute" or parse.word(place) in ("at", "@"):
            yield from zoned(parse, part, after)
        yield part, after


@rule
def clock_span(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "9-11am", "3:30 to 6 PM", "between 1 and 2:30pm"; the end is the whole last hour or minute."""
    start = place
    start = parse.skip(parse.skip(start, "in"), "between") if parse.word(start) == "in" else start
    start = start if start > place else parse.skip(place, "from", "between")
    for (first, sure, vague), middle in time_of_day(parse, start):
        joins = ("and",) if parse.word(start - 1) == "between" and start > place else ()
        follow = middle + (
            parse.word(middle) in ("-", "to", "until", "untill", "till", "til", "through", *joins)
        )
        if follow == middle:
            continue
        for (last, certain, loose), end in time_of_day(parse, follow):
            if BARE in (vague, loose) and (min(vague, loose) != CLEAR or first.hour > 12):
                continue
            part = _between(first, last, sure=sure or certain)
            yield from zoned(parse, part, end)
            yield part, end


def _between(first: TimeOfDay, last: TimeOfDay, *, sure: bool) -> Part:
    grain = finer(first.grain, last.grain)
    firsts = times(first)
    if first.ambiguous and not last.ambiguous:
        # "9-11am", "11-1pm": the nearest beginning before the end.
        close = [each for each in firsts if _of_day(each) < _of_day(last)]
        firsts = (close[-1],) if close else firsts[1:]

    def spans(day: dt.datetime) -> list[Span]:
        found = []
        for each in firsts:
            start = day + _of_day(each)
            ends = [day + _of_day(one) + _DAY * later for later in (0, 1) for one in times(last)]
            found.append(Span(start, shift(next(end for end in ends if end > start), 1, grain), grain))
        return found

    return Part(Recurring("day", grain, spans), "clock", sure=sure)


def _of_day(moment: TimeOfDay) -> dt.timedelta:
    return dt.timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def zoned(parse: Parse, part: Part, place: int) -> Iterator[tuple[Part, int]]:
    """The part in the time zone that is named behind it."""
    start = parse.skip(place, "(")
    minutes = ABBREVIATIONS.get(parse.word(start))
    if minutes is None:
        return
    end = start + 1
    if parse.word(start) in ("utc", "gmt") and parse.word(end) in ("+", "-") and parse.glued(end):
        hours = digits(parse, end + 1, 0, 14, longest=2)
        if hours is not None:
            minutes, end = (hours if parse.word(end) == "+" else -hours) * 60, end + 2
    if start > place:
        if parse.word(end) != ")":
            return
        end += 1
    yield replace(part, zoned=True, sure=True, latent=False, pattern=in_zone(parse, part, minutes)), end


def in_zone(parse: Parse, part: Part, minutes: int) -> Mapped:
    """The spans `part` names on a clock that is `minutes` ahead of UTC."""
    grain = finer("minute", part.pattern.grain)

    def moved(span: Span) -> Span:
        by = parse.zone.offset(span.start) - dt.timedelta(minutes=minutes)
        if part.pattern.grain == "hour" and part.time is not None:
            return Span(span.start + by, span.start + by + dt.timedelta(minutes=1), grain)
        return Span(span.start + by, span.end + by, grain)

    return Mapped(part.pattern, grain, moved, reach=dt.timedelta(days=2))


@rule
def part_of_day(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "morning", "late in the evening"; with its day: "tonight", "this morning", "last night"."""
    yield from _tonight(parse, place)
    word = parse.word(place)
    if word == "this":
        for part, after in _named(parse, place + 1):
            today = Fixed(span_of(parse.now, "day"))
            yield replace(part, day=today, sure=True), after
    late = word == "late"
    at = place + 1 if late else place
    if parse.word(at) == "last" and parse.word(at + 1) == "night":
        yesterday = Fixed(span_of(shift(parse.now, -1, "day"), "day"))
        yield replace(_hours("late night" if late else "night"), day=yesterday, sure=True), at + 2
    yield from _named(parse, place)


def _tonight(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    word = parse.word(place)
    late = word == "late"
    at = place + late
    if parse.word(at) in ("tonight", "tonights"):
        today = Fixed(span_of(parse.now, "day"))
        behind = parse.word(at + 1) == "late"
        hours = _hours("late night" if late or behind else "night")
        yield replace(hours, day=today, sure=True), at + 1 + behind


def _named(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    for length in (4, 3, 2, 1):
        name = " ".join(parse.word(place + offset) for offset in range(length))
        if name in _PARTS:
            yield _hours(name), place + length
            return


def _hours(name: str) -> Part:
    start, end, half = _PARTS[name]
    return Part(hours_of_day(start, end), "daypart", sure=False, half=half)
