"""The state of one parse, and the numbers, ordinals, years and durations that the rules are made of.

A rule is a function of (parse, place) giving every reading that begins at that token, the likeliest first,
each with the place behind it. Readings of a rule at a place are kept, so nothing is read twice.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias, TypeVar

from mv2.search.dates import _words as w
from mv2.search.dates._patterns import Pattern
from mv2.search.dates._tokens import Token
from mv2.search.dates._units import RANK, shift
from mv2.search.dates._zone import Zone

T = TypeVar("T")
Readings: TypeAlias = list[tuple[T, int]]
Rule: TypeAlias = "Callable[[Parse, int], Readings[T]]"
Lean = Literal["coming", "past"]

#: Rules that hold dates inside dates ("the end of the week before ...") go so deep.
DEEPEST: Final = 5
MOST_READINGS: Final = 12


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Hour, minute and second; `ambiguous` if it is either before or after noon."""

    hour: int
    minute: int = 0
    second: int = 0
    grain: str = "hour"
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a date.

    Attributes:
        pattern: its spans.
        kind: what it says: "year", "month", "day", ...; a date has one of each at most.
        sure: it would be a date in the middle of a sentence too.
        latent: it means a time only together with others ("7" in "7 tomorrow").
        half: a part of the day that tells which half a time of day lies in.
        time: the time of day, if that is what it is.
        day: the day without the part of the day ("tonight").
        skip_now: the span that holds the present is not meant (bare "Tuesday", said on a Tuesday).
        zoned: a time zone was named.
        end: the span is the end of a period, and "by" it means by the end of the period.
    """

    pattern: Pattern
    kind: str
    sure: bool = True
    latent: bool = False
    half: Literal["am", "pm"] | None = None
    time: TimeOfDay | None = None
    day: Pattern | None = None
    skip_now: bool = False
    zoned: bool = False
    end: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """Counts of units, the coarsest first."""

    counts: tuple[tuple[int, str], ...]

    @property
    def unit(self) -> str:
        """The finest unit."""
        return min((unit for _, unit in self.counts), key=RANK.__getitem__)

    def after(self, moment: dt.datetime, sign: int = 1) -> dt.datetime:
        for count, unit in self.counts:
            moment = shift(moment, sign * count, unit)
        return moment


@dataclass
class Parse:
    """Tokens, the present, and what was read so far.

    Attributes:
        now: the present in wall-clock time.
        lean: which occurrence a bare "Friday" means.
        whole_days: "three days ago" is a day, not the hour three days back.
    """

    text: str
    tokens: list[Token]
    now: dt.datetime
    zone: Zone
    lean: Lean = "coming"
    whole_days: bool = False
    depth: int = 0
    furthest: int = 0
    memo: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def point(self, place: int) -> Readings[Part]:
        """Dates that begin here (the rules for parts of dates need them, and they need these rules)."""
        from mv2.search.dates._points import point

        return point(self, place)

    def word(self, place: int) -> str:
        return self.tokens[place].text if place < len(self.tokens) else ""

    def number(self, place: int) -> bool:
        return place < len(self.tokens) and self.tokens[place].number

    def glued(self, place: int) -> bool:
        """The token touches the one before."""
        return place < len(self.tokens) and self.tokens[place].glued

    def behind(self, place: int, character: int) -> int | None:
        """The token after `place` that begins at or after this character, if the one before it ends there."""
        while place < len(self.tokens) and self.tokens[place].end < character:
            place += 1
        return place + 1 if place < len(self.tokens) and self.tokens[place].end == character else None

    def says(self, place: int, *words: str) -> bool:
        return all(self.word(place + offset) == word for offset, word in enumerate(words))

    def skip(self, place: int, *words: str) -> int:
        """Behind one of `words`, if it stands here."""
        return place + 1 if self.word(place) in words and place < len(self.tokens) else place


def rule(read: Callable[[Parse, int], Iterable[tuple[T, int]]]) -> Rule[T]:
    """A rule whose readings are remembered; of very many the first are kept."""

    @functools.wraps(read)
    def remembered(parse: Parse, place: int) -> Readings[T]:
        if place >= len(parse.tokens):
            return []
        key = (read, place, parse.depth)
        found = parse.memo.get(key)
        if found is None:
            parse.memo[key] = []  # what begins with itself does not begin
            found = parse.memo[key] = _first(read(parse, place))
            for _, end in found:
                parse.furthest = max(parse.furthest, end)
        return found

    return remembered


def _first(readings: Iterable[tuple[T, int]]) -> Readings[T]:
    found: Readings[T] = []
    try:
        for reading in readings:
            found.append(reading)
            if len(found) >= MOST_READINGS:
                break
    except (OverflowError, ValueError):  # beyond the calendar, or no such day
        pass
    return found


def any_of(*rules: Rule[T]) -> Rule[T]:
    """The readings of each rule in turn."""

    def readings(parse: Parse, place: int) -> Readings[T]:
        return [reading for one in rules for reading in one(parse, place)]

    return readings


def digits(parse: Parse, place: int, low: int, high: int, longest: int = 4) -> int | None:
    """The number written in digits here, if it lies in low..high."""
    if not parse.number(place) or len(parse.word(place)) > longest:
        return None
    value = int(parse.word(place))
    return value if low <= value <= high else None


def number_in_words(parse: Parse, place: int) -> tuple[int, int] | None:
    """A number below 100,000 in words: "three", "twenty-one", "two thousand and five"."""
    found = _hundreds(parse, place)
    if found is None:
        return None
    value, place = found
    if parse.word(place) == "thousand" and 0 < value < 100:
        value, place = value * 1000, place + 1
        after = place + 1 if parse.word(place) == "and" else place
        rest = _hundreds(parse, after)
        if rest is not None and rest[0]:
            return value + rest[0], rest[1]
    return value, place


def _hundreds(parse: Parse, place: int) -> tuple[int, int] | None:
    found = _below_hundred(parse, place)
    if found is None:
        return None
    value, place = found
    if parse.word(place) == "hundred" and 0 < value < 100:
        value, place = value * 100, place + 1
        after = place + 1 if parse.word(place) == "and" else place
        rest = _below_hundred(parse, after)
        if rest is not None and rest[0]:
            return value + rest[0], rest[1]
    return value, place


def _below_hundred(parse: Parse, place: int) -> tuple[int, int] | None:
    word = parse.word(place)
    if word in w.SMALL:
        return w.SMALL[word], place + 1
    if word not in w.TENS:
        return None
    after = place + 1
    if parse.word(after) == "-" and parse.glued(after):
        after += 1
    unit = w.SMALL.get(parse.word(after), 0)
    return (w.TENS[word] + unit, after + 1) if 0 < unit < 10 else (w.TENS[word], place + 1)


def cardinal(parse: Parse, place: int) -> tuple[int, int] | None:
    """A whole number in digits or words."""
    if parse.number(place) and len(parse.word(place)) <= 5:
        return int(parse.word(place)), place + 1
    return number_in_words(parse, place)


def ordinal(parse: Parse, place: int) -> tuple[int, int] | None:
    """Reads "3rd", "third", "twenty-first", up to the hundredth."""
    word = parse.word(place)
    if parse.number(place):
        suffix = parse.word(place + 1)
        if suffix in ("st", "nd", "rd", "th") and parse.glued(place + 1) and len(word) <= 3:
            return int(word), place + 2
        return None
    if word in w.ORDINALS:
        return w.ORDINALS[word], place + 1
    if word in w.TENTHS:
        return w.TENTHS[word], place + 1
    if word in w.TENS:
        after = place + 1
        if parse.word(after) == "-" and parse.glued(after):
            after += 1
        unit = w.ORDINALS.get(parse.word(after), 0)
        if 0 < unit < 10:
            return w.TENS[word] + unit, after + 1
    return None


def year(parse: Parse, place: int) -> tuple[int, int] | None:
    """A year of four digits or in words ("two thousand eighteen", "nineteen ninety-nine")."""
    if parse.number(place):
        if len(parse.word(place)) == 4 and 1000 <= int(parse.word(place)) < 3000:
            return int(parse.word(place)), place + 1
        return None
    if parse.word(place) == "'" and parse.number(place + 1) and parse.glued(place + 1):
        if len(parse.word(place + 1)) == 2:
            return full_year(int(parse.word(place + 1))), place + 2
        return None
    found = number_in_words(parse, place)
    if found is None:
        return None
    value, after = found
    if 1900 <= value < 3000:
        return found
    if 10 < value < 30:
        rest = _below_hundred(parse, after)
        if rest is not None and rest[0] >= 10:
            return value * 100 + rest[0], rest[1]
    return None


def full_year(two_digits: int) -> int:
    """1950 to 2049."""
    return two_digits + (1900 if two_digits >= 50 else 2000)


def amount(parse: Parse, place: int) -> Iterator[tuple[Fraction, int]]:
    """How many units: a number, "a", "a couple of", "few", "half a", "1 1/2", "two and a half"."""
    word = parse.word(place)
    if word in ("a", "an", "the") and parse.word(place + 1) in ("couple", "pair", "few"):
        word, place = parse.word(place + 1), place + 1
    if word in ("couple", "pair", "few"):
        after = parse.skip(place + 1, "of")
        yield Fraction(3 if word == "few" else 2), parse.skip(after, "more")
        return
    if word == "half":
        yield Fraction(1, 2), parse.skip(place + 1, "a", "an")
        return
    if word in ("a", "an"):
        if parse.word(place + 1) == "half":
            yield Fraction(1, 2), place + 2
        if parse.word(place + 1) == "quarter" and parse.word(place + 2) == "of":
            yield Fraction(1, 4), parse.skip(place + 3, "a", "an")
        yield Fraction(1), place + 1
        return
    if parse.number(place) and parse.word(place + 1) in ("/", ".") and parse.glued(place + 1):
        yield from _fraction(parse, place)
        return
    found = cardinal(parse, place)
    if found is not None:
        yield from _with_rest(parse, *found)


def _fraction(parse: Parse, place: int) -> Iterator[tuple[Fraction, int]]:
    if not parse.number(place + 2) or not parse.glued(place + 2) or len(parse.word(place + 2)) > 4:
        return
    over, under = parse.word(place), parse.word(place + 2)
    if len(over) > 5:
        return
    if parse.word(place + 1) == ".":
        yield Fraction(f"{over}.{under}"), place + 3
    elif int(under):
        yield Fraction(int(over), int(under)), parse.skip(parse.skip(place + 3, "of"), "a", "an")


def _with_rest(parse: Parse, value: int, place: int) -> Iterator[tuple[Fraction, int]]:
    after = place + 1 if parse.word(place) == "-" else place
    if value == 3 and parse.word(after) == "quarters" and parse.word(after + 1) == "of":
        yield Fraction(3, 4), parse.skip(after + 2, "a", "an")
    if parse.says(place, "and", "a", "half"):
        yield value + Fraction(1, 2), place + 3
    yield Fraction(value), parse.skip(place, "more", "additional")


_SMALLER: Final = {
    "minute": (60, "second"),
    "hour": (60, "minute"),
    "day": (24, "hour"),
    "week": (7, "day"),
    "quarter": (3, "month"),
    "year": (12, "month"),
    "decade": (10, "year"),
    "century": (100, "year"),
}


def counted(value: Fraction, unit: str) -> tuple[int, str] | None:
    """A whole count of this unit or the next smaller ones; None where there is none."""
    while value.denominator != 1:
        if unit not in _SMALLER:
            return None
        times, unit = _SMALLER[unit]
        value *= times
    return (int(value), unit) if value <= 100_000 else None


def unit(parse: Parse, place: int) -> tuple[str, int] | None:
    """A unit of the calendar, singular or plural."""
    found = w.UNIT_WORDS.get(parse.word(place))
    return (
        None if found is None else (found, parse.skip(place + 1, ".") if _short(parse, place) else place + 1)
    )


def _short(parse: Parse, place: int) -> bool:
    return parse.word(place) in ("sec", "min", "hr", "wk", "yr", "mth", "qtr") and parse.glued(place + 1)


@rule
def duration(parse: Parse, place: int) -> Iterator[tuple[Duration, int]]:
    """Reads "three weeks", "half an hour", "an hour and a half", "1 year and 2 months", "a fortnight"."""
    for first, after in _one_duration(parse, place):
        follow = parse.skip(parse.skip(after, ","), "and")
        if parse.says(after, "and", "a", "half"):
            half = counted(first[0] + Fraction(1, 2), first[1])
            if half is not None:
                yield Duration((half,)), after + 3
        for rest, end in _one_duration(parse, follow) if parse.word(follow) not in ("a", "an") else ():
            if RANK[rest[1]] < RANK[first[1]]:
                yield Duration((first, rest)), end
        yield Duration((first,)), after


def _one_duration(parse: Parse, place: int) -> Iterator[tuple[tuple[int, str], int]]:
    for value, after in amount(parse, place):
        at = after + 1 if parse.word(after) == "-" and parse.glued(after) else after
        if parse.word(at) in ("fortnight", "fortnights"):
            found = counted(value * 14, "day")
            if found is not None:
                yield found, at + 1
        if parse.word(at) == "'" and parse.glued(at) and value.denominator == 1:
            yield (int(value), "minute"), at + 1
        named = unit(parse, at)
        if named is not None:
            found = counted(value, named[0])
            if found is not None:
                yield found, named[1]
