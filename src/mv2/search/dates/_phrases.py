"""Whole phrases: a date, or a range between dates, resolved against the present."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mv2._record import dataclass
from mv2.search.dates import _words as w
from mv2.search.dates._parse import Parse, Part, duration, rule
from mv2.search.dates._patterns import Pattern, anchored
from mv2.search.dates._places import container
from mv2.search.dates._points import point
from mv2.search.dates._relative import away
from mv2.search.dates._units import FIRST, RANK, Span, finer, floor, shift, span_of


@dataclass(frozen=True, slots=True)
class Phrase:
    """start <= time < end in wall-clock time; None is open."""

    start: dt.datetime | None
    end: dt.datetime | None
    grain: str
    sure: bool = True


@rule
def phrase(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Every reading of a phrase that begins here, the likeliest first."""
    yield from _for_duration(parse, place)
    for part, after in point(parse, place):
        span = resolve(parse, part)
        if span is not None:
            yield Phrase(span.start, span.end, span.grain, part.sure), _trail(parse, after)
    for reading in (_between, _open, _to_date, _within, _from_to):
        yield from reading(parse, place)


def resolve(parse: Parse, part: Part) -> Span | None:
    """The span that is meant: the coming one, or with `lean` past the latest that has begun."""
    return _choose(parse, part.pattern, skip_now=part.skip_now)


def _choose(parse: Parse, pattern: Pattern, *, skip_now: bool) -> Span | None:
    now = parse.now
    if anchored(pattern) and (parse.lean == "past" or next(pattern.after(now), None) is None):
        return next(pattern.after(FIRST), None)
    if parse.lean == "past":
        begun = None
        for span in pattern.after(now):
            if span.start > now:
                break
            begun = span
        return begun or next(pattern.before(now), None) or next(pattern.after(now), None)
    for span in pattern.after(now):
        if skip_now and span.start <= now:
            continue
        return span
    return next(pattern.before(now), None)


def _trail(parse: Parse, place: int) -> int:
    while parse.word(place) in w.TRAILERS or (parse.word(place) == "-" and parse.word(place + 1) == "ish"):
        place += 1
    if parse.says(place, "or", "so"):
        place += 2
    return place


_TO: Final = ("-", "to", "until", "untill", "till", "til", "through", "thru")


def _between(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "from A to B", "A - B", "between A and B", "later than A but before B": B is included."""
    word = parse.word(place)
    led = word in ("from", "between", "since")
    after_first: tuple[str, ...] = ("and",) if word == "between" else _TO
    at = place + led
    if word == "after" or parse.says(place, "later", "than"):
        at, after_first = place + (1 if word == "after" else 2), ("but", "and")
    for first, middle in point(parse, at):
        if parse.word(middle) not in after_first:
            continue
        follow = parse.skip(middle + 1, "before", "until", "up")
        for last, end in point(parse, follow):
            found = _range(parse, first, last)
            if found is not None:
                sure = (first.sure or last.sure) or led
                yield Phrase(*found, sure), _trail(parse, end)


def _range(parse: Parse, first: Part, last: Part) -> tuple[dt.datetime, dt.datetime, str] | None:
    span = resolve(parse, first)
    if span is None:
        return None
    close = next((one for one in last.pattern.after(span.start) if one.start >= span.start), None)
    if close is None:
        return None
    grain = finer(span.grain, close.grain)
    end = close.end
    if RANK[close.grain] <= RANK["hour"] and first.kind == last.kind == "clock":
        end = shift(close.start, 1, grain)
    return (span.start, end, grain) if span.start < end else None


def _from_to(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "from Monday on", "from 2019"."""
    if parse.word(place) != "from":
        return
    for part, after in point(parse, place + 1):
        span = resolve(parse, part)
        if span is not None:
            # In a sentence "from Monday" alone is as often said of Monday itself.
            end = parse.skip(after, "on", "onwards", "onward")
            yield Phrase(span.start, None, span.grain, part.sure and end > after), end


def _for_duration(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "from 3 May for 10 days", "for 2 hours from noon": the end itself is included."""
    for part, after in point(parse, parse.skip(place, "from")):
        if parse.word(after) == "for":
            for length, end in duration(parse, after + 1):
                yield from _lasting(parse, part, length.after, length.unit, end)
    if parse.word(place) == "for":
        for length, after in duration(parse, place + 1):
            at = parse.skip(after, "starting", "beginning")
            if parse.word(at) in ("from", "on", "at"):
                for part, end in point(parse, at + 1):
                    yield from _lasting(parse, part, length.after, length.unit, end)


def _lasting(parse: Parse, part: Part, later, unit: str, place: int) -> Iterator[tuple[Phrase, int]]:  # type: ignore[no-untyped-def]
    span = resolve(parse, part)
    if span is not None:
        grain = finer(span.grain, unit)
        yield Phrase(span.start, shift(later(span.start), 1, grain), grain, part.sure), place


def _open(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "since A", "after A", "before A", "until A", "by A"."""
    word = parse.word(place)
    if word not in ("since", "after", "before", "until", "untill", "till", "til", "by", "through", "up"):
        return
    at = parse.skip(place + 1, "to", "until") if word == "up" else place + 1
    if word == "up" and at == place + 1:
        return
    for part, behind in container(parse, at):
        after = behind
        span = (
            _choose(replace(parse, lean="past"), part.pattern, skip_now=False)
            if word == "since"
            else resolve(parse, part)
        )
        if span is None:
            continue
        if word == "since":
            for words in (("until", "now"), ("till", "now"), ("onwards",)):
                if parse.says(after, *words):
                    after += len(words)
            yield Phrase(span.start, None, span.grain, part.sure), after
        elif word == "after":
            yield Phrase(span.end, None, span.grain, part.sure), after
        elif word == "before":
            yield Phrase(None, span.start, span.grain, part.sure), after
        elif word == "by":
            end = span.start if part.kind in ("clock", "moment") else span.end
            now = floor(parse.now, "second")
            if end > now:
                yield Phrase(now, end, "second", part.sure), after
        else:
            yield Phrase(None, span.end, span.grain, part.sure), after


def _to_date(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "year to date", "this month so far", "YTD"."""
    at = parse.skip(place, "the", "this")
    units = {"ytd": "year", "mtd": "month", "qtd": "quarter"}
    word = parse.word(at)
    end = 0
    if word in units:
        unit, end = units[word], at + 1
    else:
        unit = w.UNIT_WORDS.get(word, "")
        if parse.says(at + 1, "to", "date") or parse.says(at + 1, "so", "far"):
            end = at + 3
    if unit and end and RANK[unit] >= RANK["day"]:
        now = span_of(parse.now, "second")
        yield Phrase(floor(parse.now, unit), now.end, "second"), end


def _within(parse: Parse, place: int) -> Iterator[tuple[Phrase, int]]:
    """Reads "within 3 days", "within the last 2 hours": elapsed time up to or from now."""
    if parse.word(place) != "within":
        return
    at = parse.skip(place + 1, "the")
    past = parse.word(at) in w.LAST
    at = at + 1 if parse.word(at) in w.LAST | w.NEXT else at
    now = floor(parse.now, "second")
    for length, after in duration(parse, at):
        other = away(parse, length, -1 if past else 1)
        if RANK[length.unit] >= RANK["week"] and not past:
            other = floor(other, "day")
        other = floor(other, "second")
        ends = (other, shift(now, 1, "second")) if past else (now, other)
        if ends[0] < ends[1]:
            yield Phrase(*ends, "second"), after
