"""What people can call without a memory: filters and dates as text."""

from __future__ import annotations

import datetime as dt

import pytest

import mv2


def test_a_filter_from_text_is_what_find_takes(tmp_path: object) -> None:
    assert mv2.parse_filter("year>=2020") == {"year": {"$gte": 2020}}
    assert mv2.parse_filter("tags=red") == {"tags": {"$eq": "red"}}
    assert mv2.parse_filter(' {"a": {"$in": [1, 2]}}') == {"a": {"$in": [1, 2]}}
    with mv2.open(f"{tmp_path}/a.mv2", embedder="none") as memory:
        memory.put("one", metadata={"year": 2019})
        new = memory.put("two", metadata={"year": 2021})
        hits = memory.find(filter=mv2.parse_filter("year>=2020")).hits
        assert [hit.frame_id for hit in hits] == [new]


@pytest.mark.parametrize("text", ["", "year", "{", '{"a": {"$no": 1}}', "year>=true"])
def test_a_text_that_is_no_filter(text: str) -> None:
    with pytest.raises(mv2.FilterError):
        mv2.parse_filter(text)


def test_the_range_of_a_date() -> None:
    found = mv2.date_range("Q3 2024", tz="UTC")
    assert isinstance(found, mv2.DateRange)
    assert (found.start, found.end, found.grain) == (1719792000, 1727740800, "quarter")
    now = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)
    assert mv2.date_range("yesterday", now=now).start == 1709510400
    with pytest.raises(mv2.DatePhraseError, match="the date 'blorp'"):
        mv2.date_range("blorp")
