"""From a phrase to UTC seconds, and what to say when it is none."""

from __future__ import annotations

import datetime as dt

from mv2.errors import DatePhraseError
from mv2.search.dates import Clock, DateRange
from mv2.search.dates._parse import Lean, Parse
from mv2.search.dates._phrases import Phrase, phrase
from mv2.search.dates._tokens import Token, tokens
from mv2.search.dates._zone import Zone, zone_named

#: Longer texts are no date phrases.
MOST_TOKENS = 40
_EXAMPLES = (
    'Write for example "2024-03-05", "last Tuesday", "two weeks ago", "Q3 2024" or "from May to July 2023"'
)


def local_now(clock: Clock) -> tuple[dt.datetime, Zone]:
    """The present in wall-clock time, and the zone."""
    zone = zone_named(clock.tz, clock.now)
    if clock.now is None:
        return zone.local(dt.datetime.now(dt.UTC)), zone
    return (clock.now if clock.now.tzinfo is None else zone.local(clock.now)), zone


def whole(
    text: str, clock: Clock, *, lean: Lean = "coming", whole_days: bool = False, name: str = ""
) -> DateRange:
    """The range that the whole text names.

    Raises:
        DatePhraseError: it names none.
    """
    now, zone = local_now(clock)
    found = tokens(text, most=MOST_TOKENS + 1)
    count = len(found)
    while count > 1 and found[count - 1].text in (".", "?", "!", ","):
        count -= 1
    parse = Parse(text, found[:count], now, zone, lean, whole_days)
    if count <= MOST_TOKENS:
        for reading, end in phrase(parse, 0):
            named = in_utc(reading, zone, text) if end == count else None
            if named is not None:
                return named
        from mv2.search.dates._fallback import guessed

        guess = guessed(text, now, zone)
        named = None if guess is None else in_utc(guess, zone, text)
        if named is not None:
            return named
    raise _refusal(text, found, parse.furthest, name)


def in_utc(reading: Phrase, zone: Zone, text: str) -> DateRange | None:
    """The range in UTC; None if it is empty or beyond the calendar."""
    try:
        start = None if reading.start is None else zone.seconds(reading.start)
        end = None if reading.end is None else zone.seconds(reading.end)
    except (OverflowError, ValueError):
        return None
    if reading.start is not None and reading.end is not None:
        if reading.start >= reading.end:
            return None
        assert start is not None
        assert end is not None
        # A range inside an hour that the clocks skip or turn back over is as long as it says.
        if start >= end:
            end = start + max(1, round((reading.end - reading.start).total_seconds()))
    return DateRange(start, end, reading.grain, text)


def _refusal(text: str, found: list[Token], furthest: int, name: str) -> DatePhraseError:
    from mv2.search.dates._fallback import installed

    position = found[furthest].start if furthest < len(found) else len(text)
    if not found:
        position = 0
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    remedy = f"{_EXAMPLES}." if installed() else f"{_EXAMPLES}; the extra mv2[dates] understands more."
    where = f"{name} " if name else ""
    return DatePhraseError(
        f"{where}{shown!r} is no date phrase that is understood (from character {position})",
        text=text,
        position=position,
        remedy=remedy,
    )
