"""The date field of the query language with phrases."""

from __future__ import annotations

import datetime as dt

import pytest

from mv2.errors import QueryError
from mv2.search.dates import Clock
from mv2.search.nodes import During, Node
from mv2.search.query import parse


def day(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


# A Wednesday.
CLOCK = Clock(dt.datetime(2024, 6, 12, 15, 20, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("date:yesterday", "2024-06-11", "2024-06-12"),
        ('date:"last week"', "2024-06-03", "2024-06-10"),
        ("date:“last week”", "2024-06-03", "2024-06-10"),
        ('date:"Q3 2023"', "2023-07-01", "2023-10-01"),
        ('date:"2023-07"', "2023-07-01", "2023-08-01"),
        ("date:friday", "2024-06-07", "2024-06-08"),
        ("date:2024-W05", "2024-01-29", "2024-02-05"),
        ('date:"3 days ago"', "2024-06-09", "2024-06-10"),
        ('date:"since March 2024"', "2024-03-01", None),
        ('date:[2024-01 TO "last week"]', "2024-01-01", "2024-06-10"),
        ('date:["two weeks ago" TO *]', "2024-05-29", None),
        ("date:[two weeks ago TO *]", "2024-05-29", None),
        ("date:[* TO yesterday]", None, "2024-06-12"),
        ('date:["May 2023" to "June 2023"]', "2023-05-01", "2023-07-01"),
    ],
)
def test_phrases_stand_where_dates_do(text: str, start: str | None, end: str | None) -> None:
    node: Node = During(start and day(start), end and day(end))
    assert parse(text, clock=CLOCK).root == node


def test_phrases_are_in_the_zone_of_the_clock_and_iso_dates_in_utc() -> None:
    clock = Clock(CLOCK.now, "America/New_York")
    assert parse("date:2024-06-11", clock=clock).root == During(day("2024-06-11"), day("2024-06-12"))
    east = 4 * 3600
    expected = During(day("2024-06-11") + east, day("2024-06-12") + east)
    assert parse("date:yesterday", clock=clock).root == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("date:soon", 0),
        ('x date:"some day"', 2),
        ('date:"last week', 5),
        ('date:["last week" TO "two weeks ago"]', 0),
        ('date:["last week]', 6),
        ("date:[soon TO *]", 0),
        ('date:""', 0),
    ],
)
def test_what_is_no_date_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, clock=CLOCK)
    assert caught.value.position == position
    assert "date:" in (caught.value.remedy or "") or "quote" in caught.value.message


def test_without_a_clock_the_present_is_meant() -> None:
    node = parse("date:today").root
    assert isinstance(node, During)
    assert node.start is not None
    assert node.end is not None
    assert node.start - 1 <= dt.datetime.now(dt.UTC).timestamp() <= node.end + 1
