"""Date phrases: "last Tuesday", "Q3 2024", "the week before 9 June 2023", as half-open ranges in a time zone.

    parse_range(text)   the whole text is a date phrase
    find_ranges(text)   date phrases inside a sentence or question
    to_range(value)     the values of since, until and on: a time, or a phrase

What is understood: dates and moments in figures ("2024-03-05", "2024-W05", "2024-03-05T14:00Z", "3/5/2024",
"05.03.2024", "31-Oct-74"), in words ("5 March 2024", "March 5th", "Friday, May 3", "the 90s", "19th
century"), units around the present ("last week", "next 3 days", "this quarter"), distances ("two weeks
ago", "in 3 days", "a week from Tuesday"), places in a period ("first Monday of March", "end of 2012", "the
week before 9 June 2023"), times of day ("3:30pm", "half past three", "tomorrow evening"), holidays, ranges
("from A to B", "between A and B", "A - B") and ranges open on one side ("since A", "before A", "until A").

Where people differ, these rules hold:

- A name that comes again ("Friday", "May", "Christmas", "8am") means the coming one, today's weekday
  excluded. With `to_range` (nearly all times of a memory are past), and in questions in the past tense, it
  is the latest.
- "last" is the latest that is over, "next" the first that has not begun, "this" the present or else the
  coming one. "next weekend" is that of next week; "next Friday" is the coming Friday, "Friday after next"
  the one behind it.
- "last week", "past month" and "last 3 days" are whole calendar units before the present one; "within the
  last 3 days" is counted from now. Weeks begin on Monday.
- "two weeks ago", "in 5 days" are as precise as their unit's parts: a day for weeks and months, a month for
  years, the hour for days; `to_range` and `find_ranges` take the whole day for days.
- "A to B" includes B: its day, or its last hour or minute. "until A" and "through A" include A, "before A"
  and "after A" do not. "3 May for 10 days" includes the tenth day after.
- 3/5/2024 is March 5th (US order) unless only the other order is a date; 5.3.2024 is 5 March. Years of two
  digits are 1950 to 2049. Hours up to 12 without am or pm are the coming ones.
- Beginning, middle and end of a month are its first ten days, the ten after, and the rest; of a year its
  first three months, the next five, the last four; of a week Monday to Wednesday, Thursday, Friday to
  Sunday.
- The morning ends at 12, the afternoon at 19, evening and night are 18 to 24. The weekend begins on Friday
  at 18.
- Seasons are those of the north, from solstice to equinox. Jewish feasts begin on the evening before, and
  that day is their first. A century begins with its year 1 ("19th century": 1801 to 1900).
- What is said in two ways ("upcoming three weeks", "Sunday morning at 12") is refused.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.search.dates._iso import graded, period

if TYPE_CHECKING:
    from mv2.types import Timestamp

__all__ = ["Clock", "DateRange", "find_ranges", "parse_range", "period", "query_range", "to_range"]


@dataclass(frozen=True, slots=True)
class DateRange:
    """start <= time < end.

    Attributes:
        start: UTC seconds, inclusive; None if open.
        end: UTC seconds, exclusive; None if open.
        grain: the precision it was named with: second, minute, hour, day, week, month, quarter, year,
        decade or
            century.
        text: the phrase.
    """

    start: int | None
    end: int | None
    grain: str
    text: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What date phrases are told against.

    Attributes:
        now: the present; None is the moment of asking; without a zone it is wall-clock time in `tz`.
        tz: a zone or its name ("Europe/Paris", "UTC", "+02:00"); None is that of `now`, or else the system's.
    """

    now: dt.datetime | None = None
    tz: dt.tzinfo | str | None = None


def parse_range(text: str, *, now: dt.datetime | None = None, tz: dt.tzinfo | str | None = None) -> DateRange:
    """The range that a date phrase names; the whole text must be one.

    A name that comes again ("Friday") means the coming one. `now` and `tz` are as in `Clock`. With the extra
    `dates` installed, what the grammar does not know is given to dateparser.

    Raises:
        DatePhraseError: it is no date phrase, or lies beyond the calendar.
        InvalidArgumentError: there is no such zone.
    """
    from mv2.search.dates._resolve import whole

    return whole(text, Clock(now, tz))


def find_ranges(
    text: str, *, now: dt.datetime | None = None, tz: dt.tzinfo | str | None = None
) -> list[tuple[int, int, DateRange]]:
    """Date phrases inside a sentence: (first character, character behind, range), from left to right.

    Only what is surely a date: a bare number never is, "may" and "march" only with a preposition, a day or a
    year. A name that comes again means the latest one if the sentence is in the past tense, else the coming
    one. Text behind 2,000 characters is not looked at. No text is an error.
    """
    from mv2.search.dates._gate import may_hold_dates

    if not may_hold_dates(text):
        return []
    from mv2.search.dates._find import found

    return found(text, Clock(now, tz))


def to_range(
    value: Timestamp,
    name: str = "the date",
    *,
    now: dt.datetime | None = None,
    tz: dt.tzinfo | str | None = None,
) -> DateRange:
    """The range of a value of `since`, `until` or `on`.

    Numbers, datetimes and ISO strings are what `mv2.ingest.times` says they are, in UTC (an ISO year, month
    or day is the whole period); any other string is a phrase in the zone. A name that comes again means the
    latest one, and "3 days ago" is the whole day.

    Args:
        value: seconds since 1970, a datetime, an ISO string or a date phrase.
        name: the argument's name, for messages.
        now: as in `Clock`.
        tz: as in `Clock`.

    Raises:
        DatePhraseError: a string that is neither time nor phrase.
        InvalidArgumentError: not a time, or no such zone.
    """
    if isinstance(value, str):
        return _of_text(value, name, Clock(now, tz))
    from mv2.ingest.times import to_seconds

    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        start, end, grain = graded(value.isoformat())
        return DateRange(start, end, grain, value.isoformat())
    start = to_seconds(value, name)
    return DateRange(start, start + 1, "second", str(value))


def _of_text(text: str, name: str, clock: Clock) -> DateRange:
    stripped = text.strip()
    try:
        start, end, grain = graded(stripped)
        return DateRange(start, end, grain, text)
    except (ValueError, OverflowError):
        pass
    from mv2.errors import InvalidArgumentError
    from mv2.ingest.times import to_seconds

    try:
        start = to_seconds(stripped, name)
        return DateRange(start, start + 1, "second", text)
    except InvalidArgumentError:
        pass
    from mv2.search.dates._resolve import whole

    return whole(text, clock, lean="past", whole_days=True, name=name)


def query_range(text: str, clock: Clock) -> tuple[int | None, int | None]:
    """(start, end) in UTC seconds, end exclusive, of a date in a query; None is open.

    ISO dates and moments are in UTC, phrases in the clock's zone; a name that comes again means the latest
    one.

    Raises:
        ValueError: it is neither.
    """
    try:
        return period(text)
    except (ValueError, OverflowError) as error:
        from mv2.errors import DatePhraseError
        from mv2.search.dates._resolve import whole

        try:
            found = whole(text, clock, lean="past", whole_days=True)
        except DatePhraseError as refusal:
            # Of "2023-02-30" the calendar has more to say than the grammar.
            raise (error if text[:4].isdigit() else ValueError(refusal.message)) from None
        return found.start, found.end
