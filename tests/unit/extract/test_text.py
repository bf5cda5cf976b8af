"""Plain text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.errors import DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.text import read

SAMPLES = Path(__file__).parents[2] / "samples" / "text"


def read_bytes(data: bytes) -> Extraction:
    return read(Source(data=data, name="a.txt"), ReadOptions())


def read_sample(name: str) -> Extraction:
    return read_bytes((SAMPLES / name).read_bytes())


@given(st.text(alphabet=st.characters(blacklist_characters="\x00\ufeff", blacklist_categories=["Cs"])))
def test_utf8_is_exact(text: str) -> None:
    extraction = read_bytes(text.encode())
    assert extraction.text == text
    assert extraction.exact
    assert extraction.warnings == ()


@given(st.binary(max_size=200))
def test_exact_means_the_same_bytes(data: bytes) -> None:
    extraction = read_bytes(data)
    assert extraction.exact == (extraction.text.encode() == data)


def test_latin1_is_decoded_and_said() -> None:
    extraction = read_sample("latin1.txt")
    assert "säte Möhren" in extraction.text
    assert not extraction.exact
    assert extraction.warnings == (f"decoded as {extraction.metadata['encoding']}",)


def test_decoded_text_knows_its_lines() -> None:
    block = read_bytes("\n\nLiebe Käthe,\n\nder Zaun ist grün.\n".encode("latin-1")).blocks[0]
    assert block.lines == (3, 5)
    assert read_bytes("für".encode("utf-16")).blocks[0].lines == (1, 1)


def test_utf16_is_decoded_by_its_mark() -> None:
    extraction = read_sample("utf16.txt")
    assert extraction.text == "Brücke über den Fluß\r\n"
    assert not extraction.exact
    assert extraction.metadata["encoding"].startswith("utf-16")


def test_byte_order_mark_is_no_text() -> None:
    extraction = read_bytes(b"\xef\xbb\xbfhello")
    assert extraction.text == "hello"
    assert not extraction.exact
    assert extraction.warnings == ()


def test_broken_characters_are_counted() -> None:
    extraction = read_bytes("größere Bäume über den Flüssen. ".encode() * 40 + b"\xc3(")
    assert extraction.text.endswith("\ufffd(")
    assert not extraction.exact
    assert extraction.warnings == ("1 character could not be decoded",)


def test_length_is_limited() -> None:
    with pytest.raises(DocumentLimitError, match="text_chars"):
        read(Source(data=b"x" * 11), ReadOptions(limits=Limits(text_chars=10)))


def test_form_feeds_are_page_breaks() -> None:
    extraction = read_sample("pages.txt")
    assert extraction.exact
    assert extraction.pages == 4
    shown = [(block.page, extraction.text[block.start : block.end]) for block in extraction.blocks]
    assert shown == [
        (1, "First page of the minutes."),
        (2, "Second page.\nThe vote was 5 to 3."),
        (4, "Fourth page, after an empty one."),
    ]


@pytest.mark.parametrize("text", ["", "a\nb", "\f", "\fonly one page\f"])
def test_texts_without_pages(text: str) -> None:
    extraction = read_bytes(text.encode())
    assert extraction.pages is None or extraction.pages > 1
    assert extraction.text == text
