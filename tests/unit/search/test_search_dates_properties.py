"""Date phrases: days in every way of writing them, in zones with clock changes; no text breaks anything."""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo

from hypothesis import given, settings
from hypothesis import strategies as st

from mv2.errors import DatePhraseError
from mv2.search.dates import Clock, DateRange, find_ranges, parse_range, query_range, to_range
from mv2.search.dates._words import GATE, NEXT, ORDINALS, SMALL

NOW = dt.datetime(2024, 6, 12, 15, 20)  # noqa: DTZ001
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
days = st.dates(dt.date(1901, 1, 1), dt.date(2199, 12, 31))
# Clock changes happen on these, in one zone or another.
TURNS = ["2024-03-31", "2024-10-27", "2024-03-10", "2018-11-04", "2018-02-18"]
turns = st.sampled_from([dt.date.fromisoformat(day) for day in TURNS])
zones = st.sampled_from(ZONES)


def midnight(day: dt.date, zone: str) -> int:
    """The first second of a day: where clocks skip midnight, the moment they do."""
    moment = dt.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(zone))
    return (moment - EPOCH) // dt.timedelta(seconds=1)


def ordinal(number: int) -> str:
    suffix = "th" if 11 <= number <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def ways(day: dt.date) -> list[str]:
    month, short = day.strftime("%B"), day.strftime("%b")
    return [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.day} {month} {day.year}",
        f"{day.day}-{short}-{day.year}",
        f"{month} {day.day}, {day.year}",
        f"the {ordinal(day.day)} of {month.upper()} {day.year}",
        f"{short}. {ordinal(day.day)} {day.year}",
        f"{day.strftime('%A')}, {day.day} {short} {day.year}",
        day.strftime("%G-W%V-%u"),
    ]


@given(days | turns, zones, st.data())
def test_a_day_is_itself_in_every_way_of_writing_it(day: dt.date, zone: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(ways(day)))
    found = parse_range(text, now=NOW, tz=zone)
    follow = day + dt.timedelta(days=1)
    assert (found.start, found.end, found.grain) == (midnight(day, zone), midnight(follow, zone), "day"), text


@given(days | turns, zones)
def test_months_quarters_and_years_follow_each_other_without_a_gap(day: dt.date, zone: str) -> None:
    first = day.replace(day=1)
    follow = (first + dt.timedelta(days=31)).replace(day=1)
    for text in (first.strftime("%Y-%m"), first.strftime("%B %Y"), first.strftime("%b of %Y")):
        found = parse_range(text, now=NOW, tz=zone)
        assert (found.start, found.end) == (midnight(first, zone), midnight(follow, zone)), text
    year = [midnight(dt.date(each, 1, 1), zone) for each in (day.year, day.year + 1)]
    assert [*spanned(parse_range(str(day.year), now=NOW, tz=zone))] == year
    quarters = [spanned(parse_range(f"Q{n} {day.year}", now=NOW, tz=zone)) for n in (1, 2, 3, 4)]
    assert [quarters[0][0], quarters[3][1]] == year
    assert all(one[1] == other[0] for one, other in itertools.pairwise(quarters))


def spanned(found: DateRange) -> tuple[int, int]:
    assert found.start is not None
    assert found.end is not None
    return found.start, found.end


@given(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2150, 1, 1)), zones)  # noqa: DTZ001
def test_what_is_near_the_present_is_so_at_every_present(now: dt.datetime, zone: str) -> None:
    def named(text: str) -> tuple[int, int]:
        return spanned(parse_range(text, now=now, tz=zone))

    present = (now.replace(tzinfo=zoneinfo.ZoneInfo(zone)) - EPOCH) // dt.timedelta(seconds=1)
    for unit in ("day", "week", "month", "quarter", "year", "decade", "century"):
        last, this, following = (named(f"{word} {unit}") for word in ("last", "this", "next"))
        assert last[1] == this[0] <= present < this[1] == following[0]
        assert named(f"past 3 {'centuries' if unit == 'century' else unit + 's'}")[1] == this[0]
    for name in ("Friday", "August", "Christmas", "the 15th"):
        assert named(f"last {name}")[1] <= present if name != "the 15th" else True
        coming = named(name)
        assert coming[1] > present
        value = to_range(name, "since", now=now, tz=zone)
        assert value.start is not None
        assert value.start <= present


OTHERS = (
    "the of in on at to from between and - , . / : before after since until by for within ago last this pm "
    "am a p "
    "2024 5 15th 90s 3:30 2024-03-05 end early middle o'clock GMT ( ) ' closest"
)
WORDS = st.sampled_from(sorted({*GATE, *SMALL, *ORDINALS, *NEXT, *OTHERS.split()}))
phrases = st.lists(WORDS, max_size=14)
texts = st.one_of(st.text(max_size=60), phrases.map(" ".join), phrases.map("".join))


@settings(max_examples=100, deadline=None)
@given(texts, zones, st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)))  # noqa: DTZ001
def test_no_text_at_no_time_breaks_the_search(text: str, zone: str, now: dt.datetime) -> None:
    end = 0
    for start, stop, found in find_ranges(text, now=now, tz=zone):
        assert end <= start < stop <= len(text)
        assert found.text == text[start:stop]
        assert found.start is None or found.end is None or found.start < found.end
        end = stop


@settings(max_examples=100, deadline=None)
@given(texts, zones, st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)))  # noqa: DTZ001
def test_a_phrase_is_a_range_or_refused(text: str, zone: str, now: dt.datetime) -> None:
    for read in (
        lambda: parse_range(text, now=now, tz=zone),
        lambda: to_range(f"{text} x", "on", now=now, tz=zone),
    ):
        try:
            found = read()
        except DatePhraseError:
            pass
        else:
            assert found.start is None or found.end is None or found.start < found.end
            assert found.start is not None or found.end is not None
    try:
        begin, stop = query_range(text, Clock(now, zone))
    except (ValueError, OverflowError):
        return
    assert begin is None or stop is None or begin < stop
