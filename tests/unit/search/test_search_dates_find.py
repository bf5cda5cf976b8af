"""Date phrases inside sentences: what is a date, and what only looks like one."""

from __future__ import annotations

import datetime as dt

import pytest

from mv2.search.dates import find_ranges
from mv2.search.dates._gate import may_hold_dates
from mv2.search.dates._holidays import names

# A Wednesday.
NOW = dt.datetime(2024, 6, 12, 15, 20, tzinfo=dt.UTC)


def found(text: str) -> list[tuple[str, str | None, str | None]]:
    def day(seconds: int | None) -> str | None:
        return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()

    return [(text[start:end], day(one.start), day(one.end)) for start, end, one in find_ranges(text, now=NOW)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where was Jo last Tuesday?", [("last Tuesday", "2024-06-11", "2024-06-12")]),
        ("Which books did I read in May?", [("in May", "2024-05-01", "2024-06-01")]),
        ("What is planned in May?", [("in May", "2025-05-01", "2025-06-01")]),
        ("Who called on Monday?", [("Monday", "2024-06-10", "2024-06-11")]),
        ("What will happen on Monday?", [("Monday", "2024-06-17", "2024-06-18")]),
        ("Did it rain 3 days ago?", [("3 days ago", "2024-06-09", "2024-06-10")]),
        ("Revenue of Q3 2023, please", [("Q3 2023", "2023-07-01", "2023-10-01")]),
        ("what was said in 2021?", [("in 2021", "2021-01-01", "2022-01-01")]),
        ("what changed since 2021?", [("since 2021", "2021-01-01", None)]),
        ("notes from yesterday", [("yesterday", "2024-06-11", "2024-06-12")]),
        ("week of 9 June 2023, she left", [("week of 9 June 2023", "2023-06-05", "2023-06-12")]),
        (
            "between 2 May 2023 and 4 June 2023 or last week?",
            [
                ("between 2 May 2023 and 4 June 2023", "2023-05-02", "2023-06-05"),
                ("last week", "2024-06-03", "2024-06-10"),
            ],
        ),
        ("(2024-03-05) is the day", [("2024-03-05", "2024-03-05", "2024-03-06")]),
        ("What did we give her for Christmas?", [("Christmas", "2023-12-25", "2023-12-26")]),
        ("how were the 90s?", [("the 90s", "1990-01-01", "2000-01-01")]),
    ],
)  # fmt: skip
def test_dates_are_found_where_they_stand(
    text: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        "you may go",
        "May I come in?",
        "one second please, in a minute",
        "march on the capital",
        "I want 5",
        "it costs 2019 dollars",
        "page 1984",
        "spring water",
        "drink it in spring water",
        "a fall from the roof",
        "he sat in the sun",
        "the sun, the moon",
        "will you wed me?",
        "the second time",
        "first things first",
        "the last one to leave",
        "next to the house",
        "now or never",
        "day after day",
        "every Monday",
        "in the morning I run",
        "at 10 I sleep",
        "version 3.12.4 of it",
        "call 555-123-4567",
        "3/4 of a mile",
        "see report-2024-03-05.pdf",
        "room 12:30",
        "half of them",
        "the week",
        "years of work",
        "how many days does it take?",
        "monday.com is a site",
        "1 2 3 4",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert found(text) == []


def test_places_are_characters_of_the_text() -> None:
    text = "İstanbul — “yesterday”, naïve 🎉 last\u00a0week’s end"
    places = [(text[start:end], one.text) for start, end, one in find_ranges(text, now=NOW)]
    assert places[0] == ("yesterday", "yesterday")
    assert all(piece == named for piece, named in places)
    assert len(places) == 2


def test_long_texts_are_looked_at_so_far_and_no_further() -> None:
    assert len(find_ranges("yesterday " * 20_000, now=NOW)) <= 150
    assert find_ranges("x" * 3_000 + " yesterday", now=NOW) == []


@pytest.mark.parametrize("name", sorted(names()))
def test_no_holiday_is_stopped_at_the_gate(name: str) -> None:
    assert may_hold_dates(name)


@pytest.mark.parametrize("text", ["", "what is the capital of France?", "où est-ce", "東京", "don't panic"])
def test_the_gate_is_closed_to_plain_questions(text: str) -> None:
    assert not may_hold_dates(text)


def test_holidays_have_proper_names() -> None:
    assert all(name == " ".join(name.split()).lower() and name for name in names())
    assert not any(sign in name for name in names() for sign in "'’-|")
