"""Places in a period: "first Monday of March", "the last week of 2018", "end of next month", "mid-June"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Final

from mv2.search.dates._dates import count_of, month_name, weekday_name, weekend
from mv2.search.dates._holidays import holiday
from mv2.search.dates._parse import Parse, Part, any_of, ordinal, rule, unit
from mv2.search.dates._patterns import Mapped, Pattern, nth_after, nth_before
from mv2.search.dates._relative import cycle, nth_beside, recurring, this_unit
from mv2.search.dates._units import RANK, Span, floor, shift, span_of


@rule
def nth(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "first Monday of May", "last day of October", "the 2nd last week of 2018"."""
    at = parse.skip(place, "the", "on")
    at = parse.skip(at, "the")
    for number, backwards, after in _position(parse, at):
        named = unit(parse, after)
        if named is not None and parse.word(named[1]) in ("of", "in"):
            yield from _nth_unit(parse, named[0], number, named[1] + 1, backwards=backwards)
        for part, end in any_of(weekday_name, weekend, month_name, holiday)(parse, after):
            if parse.word(end) in ("of", "in"):
                yield from _nth_within(parse, part.pattern, number, end + 1, backwards=backwards)
            elif not backwards:
                yield from nth_beside(parse, part, number, end)
    yield from _first_units(parse, at)


def _position(parse: Parse, place: int) -> Iterator[tuple[int, bool, int]]:
    """(number, counted from the end, place behind)."""
    if parse.word(place) in ("last", "final"):
        yield 1, True, place + 1
        return
    found = ordinal(parse, place)
    if found is None or not 0 < found[0] <= 400:
        return
    after = parse.skip(found[1], "to", "-") if parse.word(found[1] + 1) == "last" else found[1]
    if parse.word(after) == "last":
        yield found[0], True, after + 1
    yield found[0], False, found[1]


def _nth_unit(
    parse: Parse, unit_name: str, number: int, place: int, *, backwards: bool
) -> Iterator[tuple[Part, int]]:
    def change(span: Span) -> Span | None:
        start = floor(span.start, unit_name)
        if start < span.start:  # only whole units count
            start = shift(start, 1, unit_name)
        if backwards:
            # The whole units up to the end of the span.
            start = shift(floor(span.end, unit_name), -number, unit_name)
        else:
            start = shift(start, number - 1, unit_name)
        found = span_of(start, unit_name)
        return found if found.start >= span.start and found.start < span.end else None

    for base, end in container(parse, place):
        if RANK[base.pattern.grain] > RANK[unit_name] or base.kind in ("season", "derived"):
            yield Part(Mapped(base.pattern, unit_name, change), "derived"), end


def _nth_within(
    parse: Parse, pattern: Pattern, number: int, place: int, *, backwards: bool
) -> Iterator[tuple[Part, int]]:
    def change(span: Span) -> Span | None:
        found = nth_before(pattern, span.end, number) if backwards else nth_after(pattern, span.start, number)
        if found is None or not span.start <= found.start < span.end:
            return None
        return found

    for base, end in container(parse, place):
        if RANK[base.pattern.grain] > RANK["day"] or base.kind == "season":
            yield Part(Mapped(base.pattern, pattern.grain, change), "derived"), end


def _first_units(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the first three days of May", "the last two weeks of 2019"."""
    word = parse.word(place)
    found = count_of(parse, place + 1) if word in ("first", "last") else None
    named = None if found is None else unit(parse, found[1])
    if found is None or named is None or parse.word(named[1]) not in ("of", "in") or not 0 < found[0] < 400:
        return
    count, unit_name = found[0], named[0]

    def change(span: Span) -> Span | None:
        if word == "first":
            chosen = Span(span.start, shift(span.start, count, unit_name), unit_name)
        else:
            chosen = Span(shift(span.end, -count, unit_name), span.end, unit_name)
        return chosen if chosen.start >= span.start and chosen.end <= span.end else None

    for base, end in container(parse, named[1] + 1):
        if RANK[base.pattern.grain] > RANK[unit_name]:
            yield Part(Mapped(base.pattern, unit_name, change), "derived"), end


def container(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """A period that something lies in; "the month" is the present one."""
    yield from parse.point(place)
    yield from this_unit(parse, place)


@rule
def closest(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the closest Monday to 5 October", "the 2nd nearest Christmas to today"."""
    at = parse.skip(place, "the")
    found = ordinal(parse, at)
    number, at = found if found is not None else (1, at)
    if parse.word(at) not in ("closest", "nearest") or not 0 < number <= 50:
        return
    for part, after in recurring(parse, at + 1):
        if parse.word(after) != "to":
            continue
        pattern = part.pattern

        def change(span: Span, pattern: Pattern = pattern) -> Span | None:
            near = [*islice(pattern.after(span.start), number), *islice(pattern.before(span.start), number)]
            near.sort(key=lambda one: abs(one.start - span.start))
            return near[number - 1] if len(near) >= number else None

        for base, end in parse.point(after + 1):
            yield Part(Mapped(base.pattern, pattern.grain, change), "derived"), end


_EDGES: Final = {
    "beginning": "early",
    "start": "early",
    "early": "early",
    "middle": "middle",
    "mid": "middle",
    "end": "late",
    "late": "late",
}
_LETTERS: Final = {
    "bom": ("early", "month"),
    "boy": ("early", "year"),
    "eom": ("late", "month"),
    "eoy": ("late", "year"),
}


@rule
def edge(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """Reads "the end of March", "early 2019", "mid-June", "EOM", "the first half of next year"."""
    at = parse.skip(place, "the")
    word = parse.word(at)
    if word in _LETTERS:
        which, unit_name = _LETTERS[word]
        yield _edge(Part(cycle(parse, unit_name), "unit"), which), at + 1
        return
    found = ordinal(parse, at)
    if found is not None and parse.word(found[1]) == "half" and found[0] in (1, 2):
        after = parse.skip(found[1] + 1, "of")
        for base, end in container(parse, after) if after > found[1] + 1 else ():
            yield _half(base, found[0]), end
    at = parse.skip(at, "very")
    at = at + 1 if parse.word(at) in ("latter", "later") else at
    which = _EDGES.get(parse.word(at), "late" if parse.word(at) == "part" else "")
    if not which:
        return
    close = parse.word(at) in ("early", "late", "mid")
    after = (
        parse.skip(parse.skip(at + 1, "part"), "of", "in", "-")
        if not close
        else parse.skip(at + 1, "in", "-")
    )
    if not close and after == at + 1:
        return
    for base, end in container(parse, after):
        if (close and base.latent) or base.kind in ("clock", "daypart", "moment"):
            continue
        if base.pattern.grain in _CUTS and RANK[base.pattern.grain] > RANK["day"]:
            yield _edge(base, which), end


# Where the early and the late part of a unit end and begin, and what these are counted in.
_CUTS: Final = {
    "week": (3, 4, "day"),
    "month": (10, 20, "day"),
    "quarter": (1, 2, "month"),
    "year": (3, 8, "month"),
    "decade": (3, 7, "year"),
    "century": (30, 70, "year"),
}


def _edge(base: Part, which: str) -> Part:
    first, second, counted_in = _CUTS[base.pattern.grain]

    def change(span: Span) -> Span:
        if which == "early":
            return Span(span.start, shift(span.start, first, counted_in), counted_in)
        late = shift(span.start, second, counted_in)
        if which == "late":
            return Span(late, span.end, counted_in)
        return Span(shift(span.start, first, counted_in), late, counted_in)

    return Part(
        Mapped(base.pattern, counted_in, change),
        "edge",
        sure=base.sure or not base.latent,
        end=which == "late",
    )


def _half(base: Part, which: int) -> Part:
    grain = {"week": "day", "month": "day", "quarter": "day"}.get(base.pattern.grain, "month")

    def change(span: Span) -> Span:
        middle = floor(span.start + (span.end - span.start) / 2, "day")
        if grain == "month":
            middle = floor(middle + dt.timedelta(days=2), "month")
        return Span(span.start, middle, grain) if which == 1 else Span(middle, span.end, grain)

    return Part(Mapped(base.pattern, grain, change), "edge", sure=base.sure)
