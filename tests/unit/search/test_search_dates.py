"""Date phrases: what they mean, where people differ, what is refused."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
import types

import pytest

from mv2.errors import DatePhraseError, InvalidArgumentError
from mv2.search.dates import Clock, DateRange, parse_range, query_range, to_range

# A Wednesday.
NOW = dt.datetime(2024, 6, 12, 15, 20, 40)  # noqa: DTZ001


def local(found: DateRange) -> tuple[str | None, str | None]:
    def text(seconds: int | None) -> str | None:
        if seconds is None:
            return None
        moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)  # noqa: DTZ001
        return moment.isoformat(sep=" ").removesuffix(":00").removesuffix(" 00:00")

    return text(found.start), text(found.end)


def meaning(text: str, now: dt.datetime = NOW) -> tuple[str | None, str | None]:
    return local(parse_range(text, now=now, tz="UTC"))


FIGURES = [
    ("2024-03-05", "2024-03-05", "2024-03-06", "day"),
    ("2024-03", "2024-03-01", "2024-04-01", "month"),
    ("2024", "2024-01-01", "2025-01-01", "year"),
    ("2024-W05", "2024-01-29", "2024-02-05", "week"),
    ("2024-W05-3", "2024-01-31", "2024-02-01", "day"),
    ("2024-03-05T14:00:07Z", "2024-03-05 14:00:07", "2024-03-05 14:00:08", "second"),
    ("2024-03-05T14:00+02:00", "2024-03-05 12:00", "2024-03-05 12:01", "minute"),
    ("2024-03-05 14:00", "2024-03-05 14:00", "2024-03-05 14:01", "minute"),
    ("03/05/2024", "2024-03-05", "2024-03-06", "day"),
    ("25/12/2023", "2023-12-25", "2023-12-26", "day"),
    ("05.03.2024", "2024-03-05", "2024-03-06", "day"),
    ("7/4/86", "1986-07-04", "1986-07-05", "day"),
    ("09-Nov-1989", "1989-11-09", "1989-11-10", "day"),
    ("8/2023", "2023-08-01", "2023-09-01", "month"),
]
NAMED = [
    ("5 March 2024", "2024-03-05", "2024-03-06", "day"),
    ("March 5th, 2024", "2024-03-05", "2024-03-06", "day"),
    ("the twenty-first of April 2022", "2022-04-21", "2022-04-22", "day"),
    ("Sept. 3, 2021", "2021-09-03", "2021-09-04", "day"),
    ("Friday 13th", "2024-09-13", "2024-09-14", "day"),
    ("August", "2024-08-01", "2024-09-01", "month"),
    ("June", "2024-06-01", "2024-07-01", "month"),
    ("Dec '19", "2019-12-01", "2020-01-01", "month"),
    ("nineteen eighty-four", "1984-01-01", "1985-01-01", "year"),
    ("Q2 2023", "2023-04-01", "2023-07-01", "quarter"),
    ("second quarter of last year", "2023-04-01", "2023-07-01", "quarter"),
    ("H2 2022", "2022-07-01", "2023-01-01", "month"),
    ("week 10 of 2023", "2023-03-06", "2023-03-13", "week"),
    ("the 80s", "1980-01-01", "1990-01-01", "decade"),
    ("the 1920s", "1920-01-01", "1930-01-01", "decade"),
    ("18th century", "1701-01-01", "1801-01-01", "century"),
    ("summer 2023", "2023-06-21", "2023-09-24", "day"),
    ("Feb 29", "2028-02-29", "2028-03-01", "day"),
]
NEAR = [
    ("today", "2024-06-12", "2024-06-13", "day"),
    ("yesterday", "2024-06-11", "2024-06-12", "day"),
    ("the day before yesterday", "2024-06-10", "2024-06-11", "day"),
    ("Wednesday", "2024-06-19", "2024-06-20", "day"),
    ("Friday", "2024-06-14", "2024-06-15", "day"),
    ("last Friday", "2024-06-07", "2024-06-08", "day"),
    ("this Friday", "2024-06-14", "2024-06-15", "day"),
    ("next Friday", "2024-06-14", "2024-06-15", "day"),
    ("Friday after next", "2024-06-21", "2024-06-22", "day"),
    ("last week", "2024-06-03", "2024-06-10", "week"),
    ("this weekend", "2024-06-14 18:00", "2024-06-17", "hour"),
    ("next weekend", "2024-06-21 18:00", "2024-06-24", "hour"),
    ("last quarter", "2024-01-01", "2024-04-01", "quarter"),
    ("last summer", "2023-06-21", "2023-09-24", "day"),
    ("last decade", "2010-01-01", "2020-01-01", "decade"),
    ("this century", "2001-01-01", "2101-01-01", "century"),
    ("past four days", "2024-06-08", "2024-06-12", "day"),
    ("next couple of weeks", "2024-06-17", "2024-07-01", "week"),
    ("the month after next", "2024-08-01", "2024-09-01", "month"),
    ("the year before last", "2022-01-01", "2023-01-01", "year"),
    ("three weeks ago", "2024-05-22", "2024-05-23", "day"),
    ("a fortnight ago", "2024-05-29 15:00", "2024-05-29 16:00", "hour"),
    ("5 years ago", "2019-06-01", "2019-07-01", "month"),
    ("in 45 minutes", "2024-06-12 16:05:40", "2024-06-12 16:05:41", "second"),
    ("an hour and a half ago", "2024-06-12 13:50:40", "2024-06-12 13:50:41", "second"),
    ("three Fridays ago", "2024-05-24", "2024-05-25", "day"),
    ("Friday in two weeks", "2024-06-28", "2024-06-29", "day"),
    ("Thursday two weeks ago", "2024-05-30", "2024-05-31", "day"),
    ("Christmas two years ago", "2022-12-25", "2022-12-26", "day"),
    ("within 4 hours", "2024-06-12 15:20:40", "2024-06-12 19:20:40", "second"),
    ("within the last 4 hours", "2024-06-12 11:20:40", "2024-06-12 15:20:41", "second"),
    ("year to date", "2024-01-01", "2024-06-12 15:20:41", "second"),
]
PLACES = [
    ("end of last month", "2024-05-21", "2024-06-01", "day"),
    ("the middle of August", "2024-08-11", "2024-08-21", "day"),
    ("early 2015", "2015-01-01", "2015-04-01", "month"),
    ("late last year", "2023-09-01", "2024-01-01", "month"),
    ("start of the week", "2024-06-10", "2024-06-13", "day"),
    ("first half of 2021", "2021-01-01", "2021-07-01", "month"),
    ("the week before 20 September 2023", "2023-09-11", "2023-09-18", "week"),
    ("the week of 20 September 2023", "2023-09-18", "2023-09-25", "week"),
    ("the month after January 2023", "2023-02-01", "2023-03-01", "month"),
    ("the weekend before 20 September 2023", "2023-09-15 18:00", "2023-09-18", "hour"),
    ("two days before 1 March 2024", "2024-02-28", "2024-02-29", "day"),
    ("second Thursday of next month", "2024-07-11", "2024-07-12", "day"),
    ("last Sunday of October 2022", "2022-10-30", "2022-10-31", "day"),
    ("the last week of November 2022", "2022-11-21", "2022-11-28", "week"),
    ("the first ten days of 2022", "2022-01-01", "2022-01-11", "day"),
    ("the 3rd of the month", "2024-06-03", "2024-06-04", "day"),
    ("the nearest Sunday to 5 July 2022", "2022-07-03", "2022-07-04", "day"),
]
CLOCK = [
    ("tomorrow at 6pm", "2024-06-13 18:00", "2024-06-13 19:00", "hour"),
    ("4:45", "2024-06-12 16:45", "2024-06-12 16:46", "minute"),
    ("04:45", "2024-06-13 04:45", "2024-06-13 04:46", "minute"),
    ("half past seven", "2024-06-12 19:30", "2024-06-12 19:31", "minute"),
    ("ten to noon", "2024-06-13 11:50", "2024-06-13 11:51", "minute"),
    ("7 tonight", "2024-06-12 19:00", "2024-06-12 20:00", "hour"),
    ("this morning", "2024-06-12", "2024-06-12 12:00", "hour"),
    ("last night", "2024-06-11 18:00", "2024-06-12", "hour"),
    ("9am on the 3rd", "2024-07-03 09:00", "2024-07-03 10:00", "hour"),
    ("yesterday at noon", "2024-06-11 12:00", "2024-06-11 13:00", "hour"),
    ("in 10 days at 4pm", "2024-06-22 16:00", "2024-06-22 17:00", "hour"),
    ("Friday 10-11am", "2024-06-14 10:00", "2024-06-14 12:00", "hour"),
    ("6pm EST", "2024-06-12 23:00", "2024-06-12 23:01", "minute"),
]
FEASTS = [
    ("Easter 2024", "2024-03-31", "2024-04-01", "day"),
    ("Orthodox Easter 2024", "2024-05-05", "2024-05-06", "day"),
    ("Thanksgiving 2022", "2022-11-24", "2022-11-25", "day"),
    ("last Labor Day", "2023-09-04", "2023-09-05", "day"),
    ("New Year's Eve", "2024-12-31", "2025-01-01", "day"),
    ("Passover 2024", "2024-04-22", "2024-05-01", "day"),
    ("Hanukkah 2024", "2024-12-25", "2025-01-02", "day"),
    ("Ramadan 2024", "2024-03-11", "2024-04-10", "day"),
    ("Eid al-Fitr 2023", "2023-04-21", "2023-04-22", "day"),
    ("Chinese New Year 2023", "2023-01-22", "2023-01-23", "day"),
    ("Lunar New Year 2034", "2034-02-19", "2034-02-20", "day"),
    ("Diwali 2023", "2023-11-12", "2023-11-13", "day"),
    ("Holi 2024", "2024-03-25", "2024-03-26", "day"),
    ("the Friday before Christmas 2023", "2023-12-22", "2023-12-23", "day"),
]
RANGES = [
    ("from Monday to Thursday", "2024-06-17", "2024-06-21", "day"),
    ("between 2 May 2023 and 4 June 2023", "2023-05-02", "2023-06-05", "day"),
    ("2017 - 2019", "2017-01-01", "2020-01-01", "year"),
    ("October 5-9, 2022", "2022-10-05", "2022-10-10", "day"),
    ("5th to 9th of October 2022", "2022-10-05", "2022-10-10", "day"),
    ("since Monday", "2024-06-10", None, "day"),
    ("from 2021 onwards", "2021-01-01", None, "year"),
    ("before 2020", None, "2020-01-01", "year"),
    ("until 2020", None, "2021-01-01", "year"),
    ("after 5 March 2024", "2024-03-06", None, "day"),
    ("by Friday", "2024-06-12 15:20:40", "2024-06-15", "second"),
    ("3 May for 10 days", "2025-05-03", "2025-05-14", "day"),
]


@pytest.mark.parametrize(
    ("text", "start", "end", "grain"), [*FIGURES, *NAMED, *NEAR, *PLACES, *CLOCK, *FEASTS, *RANGES]
)
def test_phrases_mean_what_people_mean(text: str, start: str | None, end: str | None, grain: str) -> None:
    found = parse_range(text, now=NOW, tz="UTC")
    assert (*local(found), found.grain, found.text) == (start, end, grain, text)


@pytest.mark.parametrize("text", ["LAST  week", " last week ", "last week.", "the last week", "last\nweek"])
def test_case_space_and_punctuation_do_not_matter(text: str) -> None:
    assert meaning(text) == ("2024-06-03", "2024-06-10")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "5",
        "two",
        "second",
        "gibberish",
        "the other day",
        "last Tuesday of",
        "30 February",
        "Monday 30 February",
        "2023-02-30",
        "2023-13",
        "13/13/2023",
        "2023-W54",
        "25:00",
        "upcoming three weeks",
        "Sunday morning at 12",
        "in 99999 centuries",
        "9000 years ago",
        "last " * 200 + "week",
        "end of " * 60 + "May",
        "١٢",
    ],
)
def test_what_is_no_date_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(DatePhraseError) as caught:
        parse_range(text, now=NOW, tz="UTC")
    assert caught.value.text == text
    assert 0 <= caught.value.position <= len(text)
    assert "2024-03-05" in (caught.value.remedy or "")


def test_a_refusal_names_the_position_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dateparser", None)
    monkeypatch.setattr("mv2.search.dates._fallback.installed", lambda: False)
    with pytest.raises(DatePhraseError, match=r"from character 12.*mv2\[dates\]"):
        parse_range("last Friday blue", now=NOW)


def test_names_that_come_again_lean_to_the_past_in_values() -> None:
    def value(text: str) -> tuple[str | None, str | None]:
        return local(to_range(text, "since", now=NOW, tz="UTC"))

    assert value("Friday") == ("2024-06-07", "2024-06-08")
    assert value("Wednesday") == ("2024-06-12", "2024-06-13")
    assert value("August") == ("2023-08-01", "2023-09-01")
    assert value("Christmas") == ("2023-12-25", "2023-12-26")
    assert value("3 days ago") == ("2024-06-09", "2024-06-10")
    assert value("next Friday") == ("2024-06-14", "2024-06-15")


def test_values_that_are_times_are_what_they_are_elsewhere() -> None:
    def value(given: object) -> tuple[int | None, int | None]:
        found = to_range(given, "until", now=NOW, tz="Asia/Tokyo")  # type: ignore[arg-type]
        return found.start, found.end

    assert value(100) == value(100.9) == value("100") == (100, 101)
    assert value(dt.datetime(1970, 1, 1, 1)) == (3600, 3601)  # noqa: DTZ001
    assert value(dt.date(1970, 1, 2)) == value("1970-01-02") == (86_400, 172_800)
    assert value("1970-01-01T01:00:00") == value("1970-01-01T02:00:00+01:00") == (3600, 3601)
    assert value("1970") == (0, 365 * 86_400)
    assert value("2 January 1970") == (86_400 - 9 * 3600, 172_800 - 9 * 3600)
    for wrong in (None, True, [], float("nan")):
        with pytest.raises(InvalidArgumentError, match="until"):
            value(wrong)
    with pytest.raises(DatePhraseError, match="until 'soonish'"):
        value("soonish")


def test_dates_of_queries() -> None:
    clock = Clock(NOW, "Asia/Tokyo")
    assert query_range("1970-01-02", clock) == (86_400, 172_800)
    start, end = query_range("yesterday", clock)
    assert (start, end) == (1718031600, 1718118000)
    assert query_range("since yesterday", clock) == (1718031600, None)
    with pytest.raises(ValueError, match=r"day is out of range|must be in"):
        query_range("2023-02-30", clock)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "+05:45", "UTC-3"])
def test_zones_by_name_and_offset(zone: str) -> None:
    found = parse_range("2024-01-15", tz=zone)
    assert found.start is not None
    assert found.end == found.start + 86_400
    offset = {"Europe/Paris": 60, "America/New_York": -300, "UTC-3": -180}.get(zone, 345)
    assert found.start == 1705276800 - offset * 60


def test_the_zone_of_now_is_used_and_an_unknown_one_refused() -> None:
    now = NOW.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))
    assert parse_range("today", now=now) == parse_range("today", now=NOW, tz="+09:00")
    assert parse_range("today", now=now, tz="-09:00").start == 1718182800 - 86_400
    for wrong in ("Mars/Olympus", "", "../etc"):
        with pytest.raises(InvalidArgumentError, match="time zone"):
            parse_range("today", tz=wrong)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the process cannot be set")
def test_the_zone_of_the_system_with_its_clock_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        here = [parse_range(text, now=NOW) for text in ("2024-01-15", "2024-03-10", "July 2024", "in 3 days")]
        zone = [
            parse_range(text, now=NOW, tz="America/New_York")
            for text in ("2024-01-15", "2024-03-10", "July 2024", "in 3 days")
        ]
        assert here == zone
    finally:
        monkeypatch.undo()
        time.tzset()


def test_days_of_23_and_25_hours_and_hours_that_do_not_exist() -> None:
    def length(text: str, now: dt.datetime = NOW) -> int:
        found = parse_range(text, now=now, tz="Europe/Berlin")
        assert found.start is not None
        assert found.end is not None
        return found.end - found.start

    assert length("2024-03-31") == 23 * 3600
    assert length("2024-10-27") == 25 * 3600
    assert length("2:30am on 31 March 2024") == 60
    assert length("2am on 31 March 2024") == 3600
    before = dt.datetime(2024, 3, 31, 1, 30)  # noqa: DTZ001
    start = parse_range("in 2 hours", now=before, tz="Europe/Berlin").start
    assert start == 1711845000 + 2 * 3600


def test_the_extra_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Parser:
        def __init__(self, settings: dict[str, object]) -> None:
            self.base = settings["RELATIVE_BASE"]

        def get_date_data(self, text: str) -> object:
            asked.append(text)
            moment = None if text == "blah blah" else self.base - dt.timedelta(days=1)  # type: ignore[operator]
            return types.SimpleNamespace(date_obj=moment, period="day")

    package, module = types.ModuleType("dateparser"), types.ModuleType("dateparser.date")
    module.DateDataParser = Parser  # type: ignore[attr-defined]
    package.date = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dateparser", package)
    monkeypatch.setitem(sys.modules, "dateparser.date", module)
    monkeypatch.setattr("mv2.search.dates._fallback.installed", lambda: True)
    assert meaning("hier") == ("2024-06-11", "2024-06-12")
    with pytest.raises(DatePhraseError) as caught:
        parse_range("blah blah", now=NOW)
    assert "mv2[dates]" not in str(caught.value)
    # What the grammar understands, and what it refuses on purpose, is not given away.
    assert meaning("yesterday") == ("2024-06-11", "2024-06-12")
    with pytest.raises(DatePhraseError):
        parse_range("upcoming three weeks", now=NOW)
    assert asked == ["hier", "blah blah"]


def test_the_grammar_is_not_loaded_for_iso_dates_and_plain_questions() -> None:
    code = (
        "import sys; from mv2.search.dates import find_ranges, period, to_range\n"
        "find_ranges('what is the capital of France?'); period('2024-03'); to_range('2024', 'on')\n"
        "assert not [name for name in sys.modules if name.startswith('mv2.search.dates._parse')]\n"
        "find_ranges('what happened yesterday?')\n"
        "assert 'mv2.search.dates._parse' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
