"""Telling words, and dates that a text names."""

from __future__ import annotations

import time

import pytest

from mv2.extract.terms import dates_in, telling_words

LETTER = """Harbour survey

The harbour of Port Ellen was surveyed in spring. Ada Lovelace measured the depth of the harbour at
every pier, and the piers were found to be sound. The invoices for the survey went to the council;
one invoice is still open. However, everything considered, the committee thought that Ada Lovelace
had understood the currents around Port Ellen better than the older charts did.
"""


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Signed 2024-03-05.", ["2024-03-05"]),
        ("at 2024-03-05T10:00:00Z", ["2024-03-05"]),
        ("on 5 March 2024 and on March 6, 2024", ["2024-03-05", "2024-03-06"]),
        ("the 1st of May, 2023", ["2023-05-01"]),
        ("Mar. 3rd 2021; Sept 12, 2020", ["2021-03-03", "2020-09-12"]),
        ("am 05.03.2024 und am 5. März 2024 und 7.4.2024", ["2024-03-05", "2024-04-07"]),
        ("le 1er juillet 2022, el 3 de mayo de 2021", ["2022-07-01", "2021-05-03"]),
        ("25/12/2023 and 12/25/2022 and 4/4/2021", ["2023-12-25", "2022-12-25", "2021-04-04"]),
        ("2024/3/5", ["2024-03-05"]),
        ("in March 2024, janvier 2023", ["2024-03", "2023-01"]),
        ("May 5–7, 2024; 5-7 June 2024", ["2024-05-05", "2024-05-07", "2024-06-05", "2024-06-07"]),
        ("2024年3月5日", ["2024-03-05"]),
        ("2024-03-05, then 2024-03-05 again", ["2024-03-05"]),
        ("Due:2024-03-05,2024-03-06;(2024-03-07)", ["2024-03-05", "2024-03-06", "2024-03-07"]),
    ],
)
def test_dates_that_are_named(text: str, dates: list[str]) -> None:
    assert dates_in(text) == dates


@pytest.mark.parametrize(
    "text",
    [
        "3/5/2024",
        "tomorrow, last week, in 3 days, next March",
        "2024-02-30, 31.04.2024, 2024-13-01",
        "version 1.2.2024 and v3.4.2021",
        "192.168.10.2024 and 10.12.2019.1",
        "call 555-01-2024-17 or +49 12.03.2024",
        "ISBN 978-3-16-148410-0, 3-12-2004-5",
        "you may 2024 times; they march 2000 miles",
        "file-2024-03-05-1.txt",
        "12:2024-03-05",
        "ratio 1/2/3, 10/2024, 5.3.24, 2024",
        "the 45 May 2024th",
        "part 2024-03-0512",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert dates_in(text) == []


def test_dates_are_limited() -> None:
    text = " ".join(f"{year}-01-01" for year in range(1900, 2100))
    assert len(dates_in(text)) == 100
    assert dates_in(text, limit=2) == ["1900-01-01", "1901-01-01"]


def test_names_and_frequent_words_tell() -> None:
    words = telling_words(LETTER)
    assert {"harbour", "ada lovelace", "port ellen", "survey", "invoice", "pier"} >= set(words[:4])
    assert {"ada lovelace", "port ellen", "harbour"} <= set(words)
    assert not {"ada", "lovelace", "invoices", "however", "everything", "understood", "considered"} & set(
        words
    )


def test_words_are_counted_without_plural() -> None:
    words = telling_words("One lantern here. Two lanterns there. More lanterns.", 3)
    assert words == ["lanterns"]


def test_long_texts_need_more_than_one_mention() -> None:
    filler = "They said that it was so and that they would do it again. " * 60
    words = telling_words(filler + "The turbine failed. A turbine is loud. Zanzibar was mentioned.")
    assert words == ["turbine"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (
            "Die Deutsche Bahn und die Fahrgäste: Die Deutsche Bahn sagt den Fahrgästen nichts.",
            "deutsche bahn",
        ),
        ("L'horloge de la gare, et puis l'horloge du port.", "horloge"),
        ("La bodega vende vino. En la bodega hay vino blanco.", "bodega"),
        ("Договор подписан. Этот договор действует, и договор хранится.", "договор"),
    ],
)
def test_other_languages(text: str, word: str) -> None:
    assert word in telling_words(text)


def test_addresses_and_marks_tell_nothing() -> None:
    text = "See https://example.org/longword/longword and me@longword.example. " * 3
    assert telling_words(text) == []


def test_nothing_to_tell() -> None:
    assert telling_words("") == []
    assert telling_words("and the of it was 12 34") == []
    assert len(telling_words(LETTER, 2)) == 2


@pytest.mark.parametrize(
    "piece", ["a", "A ", "A b ", "1.", "1/", "2024-", "May ", "1 May ", "é'", "@", "x@x ", "-"]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    started = time.process_time()
    telling_words(text)
    dates_in(text)
    assert time.process_time() - started < 5
