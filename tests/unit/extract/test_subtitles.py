"""Subtitles: what is said, and when."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.subtitles import read

SAMPLES = Path(__file__).parents[2] / "samples" / "subtitles"


def open_text(text: str, **options: object) -> Extraction:
    return read(Source(data=text.encode()), ReadOptions(**options))  # type: ignore[arg-type]


def said(found: Extraction) -> list[tuple[str, tuple[float, float] | None]]:
    assert all(block.kind == "record" for block in found.blocks)
    return [(found.text[block.start : block.end], block.seconds) for block in found.blocks]


@pytest.mark.parametrize("ending", ["srt", "vtt", "ass"])
def test_one_talk_in_three_forms(ending: str) -> None:
    """Two of them were written by another program from the first."""
    found = read(Source(data=(SAMPLES / f"talk.{ending}").read_bytes()), ReadOptions())
    assert said(found) == [
        ("Good evening, and welcome to the harbour radio.", (1.0, 5.0)),
        ("- Is the ferry running?\n- It is & it was.", (6.5, 9.0)),
        ("2024 was a windy year.", (70.0, 72.5)),
    ]
    assert found.metadata == {"cues": 4, "duration_seconds": 72.5}


def test_speakers_notes_and_settings_of_webvtt() -> None:
    found = open_text(
        "WEBVTT - Harbour talk\nKind: captions\nLanguage: en-GB\n\nNOTE not\nsaid\n\n"
        "STYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:03.000 align:start position:0%\n<v Ana>Hi <c.yellow>all</c>\n\n"
        "01:00:03.000 --> 01:00:05.000\n<v.loud Bob Ray>Good<01:00:04.000><c> day</c>\n"
    )
    assert said(found) == [("Ana: Hi all", (1.0, 3.0)), ("Bob Ray: Good day", (3603.0, 3605.0))]
    assert (found.title, found.language) == ("Harbour talk", "en-GB")


def test_rolling_captions_are_said_once() -> None:
    found = open_text(
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n \nso<00:00:00.500><c> today</c>\n\n"
        "00:00:02.000 --> 00:00:02.010\nso today\n \n\n"
        "00:00:02.010 --> 00:00:04.000\nso today\nwe<00:00:03.000><c> talk</c>\n\n"
        "00:00:04.000 --> 00:00:04.010\nwe talk\n \n\n00:00:04.010 --> 00:00:06.000\nwe talk\nabout bees.\n"
    )
    assert said(found) == [("so today we talk about bees.", (0.0, 6.0))]


def test_what_is_said_again_later_is_kept() -> None:
    found = open_text("1\n00:00:01,000 --> 00:00:02,000\nNo!\n\n2\n00:00:04,000 --> 00:00:05,000\nNo!\n")
    assert [text for text, _ in said(found)] == ["No!", "No!"]


def test_a_missing_blank_line_and_a_number_that_is_said() -> None:
    found = open_text(
        "1\r\n00:00:01,000 --> 00:00:02,000\r\nHow many?\r\n"
        "2\r\n00:00:02,500 --> 00:00:04,000\r\n1984\r\n\r\n"
    )
    assert [text for text, _ in said(found)] == ["How many?", "1984"]


def test_the_form_of_youtube() -> None:
    found = open_text("0:00:01.000,0:00:02.000\nLine one\nmore\n\n0:00:09.000,0:00:10.000\nLine two\n")
    assert said(found) == [("Line one more", (1.0, 2.0)), ("Line two", (9.0, 10.0))]


def test_old_encodings() -> None:
    data = "1\n00:00:01,000 --> 00:00:02,000\nGrüße an alle, bonne année\n".encode("cp1252")
    assert read(Source(data=data), ReadOptions()).text == "Grüße an alle, bonne année"


@pytest.mark.parametrize("text", ["", "WEBVTT\n", "just text\n", "1\n2\n3\n", "[Script Info]\nTitle: x\n"])
def test_what_has_no_cues(text: str) -> None:
    with pytest.raises(DocumentError, match="no subtitles"):
        open_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "1\n00:00:01,000 --> 00:00:02,500\n" + "<a " * 200_000,
        "1\n00:00:01,000 --> 00:00:02,500\n" + "{" * 300_000,
        "00:00:01,000 --> 00:00:02,500\nx\n" * 50_000,
        "00:00:01,000 --> 00:00:02,500\n" + "x\n" * 200_000,
        "00:00:01,000 --> 00:00:02,500\n\n" * 50_000,
        "9" * 500_000 + " --> ",
    ],
    ids=range(6),
)
def test_hostile_subtitles_are_read_in_time(text: str) -> None:
    start = time.process_time()
    open_text(text + "\n\n00:00:01,000 --> 00:00:02,500\nend")
    assert time.process_time() - start < 3


def test_limits() -> None:
    with pytest.raises(DocumentLimitError, match="text_chars"):
        open_text("1\n00:00:01,000 --> 00:00:02,000\nHi\n" * 10, limits=Limits(text_chars=100))
