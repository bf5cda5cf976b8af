"""Dates put together of parts: "Friday, May 3 at 8am", "Sunday of next week", "Easter in a year"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from mv2.search.dates import _clock, _dates, _figures, _places, _relative
from mv2.search.dates import _words as w
from mv2.search.dates._holidays import holiday
from mv2.search.dates._parse import DEEPEST, Parse, Part, any_of, rule
from mv2.search.dates._patterns import Fixed, Pattern, Recurring, Within, nth_after
from mv2.search.dates._units import FIRST, RANK, floor, span_of

_MOST_PARTS = 6

atom = any_of(
    _clock.minutes_to,
    _clock.clock_span,
    _figures.written,
    _places.nth,
    _relative.duration_from,
    _relative.beside,
    _places.closest,
    _places.edge,
    _relative.counted_recurring,
    _relative.near_unit,
    _relative.near_recurring,
    _relative.ago,
    holiday,
    _dates.month_and_day,
    _dates.quarter,
    _dates.age,
    _dates.week_number,
    _relative.present,
    _clock.part_of_day,
    _clock.clock,
    _dates.weekday_name,
    _dates.month_name,
    _dates.year_number,
    _dates.season_name,
    _dates.weekend,
    _dates.day_of,
    _dates.bare_day,
    _relative.this_unit,
)


@rule
def point(parse: Parse, place: int) -> Iterator[tuple[Part, int]]:
    """A date of one or several parts, the longest first."""
    if parse.depth >= DEEPEST:
        return
    parse.depth += 1
    try:
        found = sorted(_sequences(parse, place), key=lambda one: -one[1])
    finally:
        parse.depth -= 1
    for parts, after in found:
        whole = combined(parts)
        if whole is not None:
            yield whole, after


def _sequences(parse: Parse, place: int) -> list[tuple[tuple[Part, ...], int]]:
    """Runs of parts that may be one date, of one part and more."""
    runs: list[tuple[tuple[Part, ...], int]] = []
    todo: list[tuple[tuple[Part, ...], int]] = [((), place)]
    for _ in range(_MOST_PARTS):
        following: list[tuple[tuple[Part, ...], int]] = []
        for parts, at in todo:
            for start in _starts(parse, at, first=not parts):
                following += [
                    ((*parts, part), after)
                    for part, after in atom(parse, start)
                    if all(may_join(part, other) for other in parts)
                ]
        runs += following
        todo = following[:40]
        if not todo:
            break
    return runs


def _starts(parse: Parse, place: int, *, first: bool) -> list[int]:
    """Where a part may begin: here, or behind words that join or fill."""
    starts = [place]
    words = w.FILLERS if first else w.JOINS
    at = place
    for _ in range(3):
        if parse.word(at) not in words:
            break
        at += 1
        starts.append(at)
    return starts


# Kinds that say the same thing in another way.
_SAME = {
    "weekday": "weekday",
    "today": "today",
    "isoweek": "week",
    "age": "year",
    "weekend": "weekday",
}


def may_join(one: Part, other: Part) -> bool:
    """The two say different things about one date."""
    if one.kind in ("derived", "edge") and other.kind in ("derived", "edge"):
        return False
    return _SAME.get(one.kind, one.kind) != _SAME.get(other.kind, other.kind)


def combined(parts: tuple[Part, ...]) -> Part | None:
    """What the parts mean together; None if they mean nothing."""
    if len(parts) == 1:
        return _alone(parts[0])
    kinds = {part.kind for part in parts}
    bare = [part for part in parts if part.latent and part.kind == "clock"]
    if bare and not kinds & {"today", "daypart"}:
        return None
    if any(part.latent and part.kind == "day" for part in parts) and not kinds & {"unit", "month"}:
        return None
    if any(part.latent and part.kind in ("isoweek", "quarter") for part in parts) and not kinds & {
        "year",
        "unit",
    }:
        return None
    if any(part.latent and part.kind == "unit" for part in parts) and "day" not in kinds:
        return None
    joined = _times(parts)
    if joined is None:
        return None
    distant = [part for part in joined if part.kind == "away"]
    if distant:
        return _at_distance(joined, distant[0])
    sure = any(part.sure for part in parts) or _completes(kinds)
    if len(joined) == 1:
        return replace(joined[0], sure=sure, latent=False)
    ordered = sorted(joined, key=_breadth)
    pattern = ordered[0].pattern
    for part in ordered[1:]:
        pattern = Within(pattern, part.pattern)
    time = next((part for part in joined if part.kind == "clock"), None)
    if time is not None:
        return replace(time, pattern=pattern, sure=sure, latent=False, time=None)
    return Part(pattern, ordered[-1].kind, sure=sure, zoned=any(part.zoned for part in joined))


def _completes(kinds: set[str]) -> bool:
    """Kinds of which none would do in a sentence, but these together."""
    return (
        bool(kinds & {"month", "day", "weekday", "quarter", "season", "unit", "holiday", "isoweek"})
        and len(kinds) > 1
    )


def _alone(part: Part) -> Part | None:
    if part.kind == "clock":
        return None if part.latent else part
    if part.kind == "isoweek" or (part.kind == "day" and part.latent):
        return None
    if part.kind == "daypart" and part.day is not None:
        return replace(part, pattern=Within(part.day, part.pattern))
    if part.kind == "unit" and part.latent:
        return None
    return part


def _times(parts: tuple[Part, ...]) -> list[Part] | None:
    """The parts, with time of day and part of the day made one."""
    daypart = next((part for part in parts if part.kind == "daypart"), None)
    if daypart is None:
        return list(parts)
    found = [part for part in parts if part.kind not in ("daypart", "clock")]
    if daypart.day is not None:
        if any(part.kind in ("today", "day", "weekday") for part in found):
            return None
        found.append(Part(daypart.day, "today"))
    clock = next((part for part in parts if part.kind == "clock"), None)
    if clock is None:
        return [*found, daypart]
    if clock.time is None or clock.zoned or daypart.half is None:
        return [*found, daypart, clock]
    if clock.time.ambiguous and clock.time.hour == 12 and daypart.pattern != _clock.hours_of_day(12, 19):
        # Twelve in the morning or at night: midnight, but of which day?
        named = next(daypart.pattern.after(dt.datetime(2001, 1, 1)), None)  # noqa: DTZ001
        if named is None or named.start.hour not in (12, 13):
            return None
    exact = _clock.in_half(clock.time, daypart.half)
    if exact is None:
        return None
    return [*found, replace(_clock.clock_part(exact, sure=clock.sure), zoned=clock.zoned)]


def _breadth(part: Part) -> tuple[int, int, int]:
    """Broad parts first, of equally broad ones the rarest, so that each lies within the one before."""
    last = {"daypart": 1, "clock": 2}.get(part.kind, 0)
    rare = RANK[part.pattern.unit] if isinstance(part.pattern, Recurring) else len(RANK)
    return last, -_days(part), -rare


def _days(part: Part) -> int:
    if part.kind in ("season", "weekend"):
        return RANK["quarter"] * 10 - 5 if part.kind == "season" else RANK["day"] * 10 + 5
    if isinstance(part.pattern, Fixed):
        span = part.pattern.span
        length = (span.end - span.start).days
        return (RANK["day"] if 0 < length < 7 else RANK[span.grain]) * 10 + 1
    return RANK[part.pattern.grain] * 10


def _at_distance(parts: list[Part], distant: Part) -> Part | None:
    """Reads "in 5 days at 6pm": that day; "Christmas in a year": the first from then on."""
    others = [part for part in parts if part is not distant]
    if all(part.kind in ("clock", "daypart") for part in others):
        if distant.day is None:
            return None
        pattern: Pattern = distant.day
        for part in sorted(others, key=_breadth):
            pattern = Within(pattern, part.pattern)
        return replace(others[-1], pattern=pattern, latent=False, time=None, sure=True)
    span = next(iter(distant.pattern.after(FIRST)))
    if len(others) == 1 and others[0].kind == "today":
        return Part(Within(others[0].pattern, distant.pattern), "away")
    ordered = sorted(others, key=_breadth)
    if any(isinstance(part.pattern, Fixed) for part in others):
        return None
    pattern = ordered[0].pattern
    for part in ordered[1:]:
        pattern = Within(pattern, part.pattern)
    start = span_of(span.start, "day").start
    if isinstance(pattern, Recurring) and pattern.unit == "week":
        start = floor(start, "week")
    found = nth_after(pattern, start, 1)
    return None if found is None else Part(Fixed(found), ordered[-1].kind)
