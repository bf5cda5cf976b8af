"""Normal form, cutting to bytes, and chunks."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.extract.normalise import normalise, truncate_to_bytes
from mv2.extract.plain import chunk_ranges, needs_chunking

CONTAINER = Path(__file__).parents[2] / "fixtures" / "container"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, as it is.", "plain text, as it is."),
        ("two\nlines", "two\nlines"),
        ("", ""),
        (" \t\n ", ""),
        ("  outer  spaces  ", "outer spaces"),
        ("a\r\nb\rc\n\n\nd", "a\nb\nc\nd"),
        ("a \n b", "a\nb"),
        ("tab\there", "tab here"),
        ("bell\x07 and\x00 null", "bell and null"),
        ("ﬁne ２", "fine 2"),
        ("no\u00a0break", "no break"),
        ("e\u0301", "é"),
        ("\x7f", ""),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text(alphabet=st.sampled_from(" \n\t\rab.\x00\u00a0é\u2028ﬁ\x85\x1c")))
def test_normal_form_is_stable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "  " not in once
    assert once == once.strip()


@given(st.text(alphabet=st.sampled_from("aé\u0301👍🏽\u200d👩🇦🇧漢")), st.integers(0, 40))
def test_cutting_to_bytes(text: str, limit: int) -> None:
    cut = truncate_to_bytes(text, limit)
    assert text.startswith(cut)
    assert len(cut.encode()) <= limit
    if len(text.encode()) <= limit:
        assert cut == text


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abcdef", 3, "abc"),
        ("aé", 2, "a"),
        ("ae\u0301x", 3, "a"),
        ("a👩\u200d🚀x", 9, "a"),
        ("👍🏽", 5, ""),
        ("🇫🇷🇩🇪", 8, "🇫🇷"),
        ("🇫🇷🇩🇪", 12, "🇫🇷"),
    ],
)
def test_letters_stay_whole(text: str, limit: int, expected: str) -> None:
    assert truncate_to_bytes(text, limit) == expected


def test_chunks_of_the_original() -> None:
    source = (CONTAINER / "long_doc.source.txt").read_text()
    frames = json.loads((CONTAINER / "long_doc.json").read_text())["frames"]
    assert needs_chunking(source)
    text = normalise(source)
    ranges = chunk_ranges(text)
    assert [list(one) for one in ranges] == frames[0]["chunk_manifest"]["chunks"]
    for (start, end), chunk in zip(ranges, frames[1:], strict=True):
        assert normalise(text[start:end]) == chunk["search_text"]


@given(st.text(max_size=600), st.integers(1, 90))
def test_chunks_cover_the_text(text: str, size: int) -> None:
    ranges = chunk_ranges(text, size)
    assert "".join(text[start:end] for start, end in ranges) == text
    assert all(0 < end - start <= size + max(size // 5, 32) for start, end in ranges)
    assert all(one[1] == two[0] for one, two in itertools.pairwise(ranges))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("x" * 1200, 1200),
        ("x" * 2000, 1200),
        ("x" * 1250 + "\n" + "y" * 1000, 1251),
        ("x" * 1100 + "\n" + "y" * 400 + "." + "z" * 900, 1101),
        ("x" * 900 + ". " + "y" * 350 + "\n" + "z" * 900, 1253),
        ("x" * 1300 + "." + "y" * 1200, 1301),
        ("x" * 1300 + " " + "y" * 1200, 1301),
        ("x" * 100 + " " + "y" * 2400, 101),
        ("x" * 1439 + "\n" + "y" * 1200, 1440),
        ("x" * 1440 + "\n" + "y" * 1200, 1200),
    ],
)
def test_where_the_cut_falls(text: str, first: int) -> None:
    assert chunk_ranges(text)[0] == (0, first)


def test_needs_chunking() -> None:
    assert not needs_chunking("x" * 2399)
    assert needs_chunking("x" * 2400)
    assert not needs_chunking(" " * 5000)
    assert needs_chunking("\ufdfa" * 200)  # eighteen characters each, once normalised


def test_chunking_is_quick_on_texts_without_breaks() -> None:
    text = "".join(random.Random(1).choices("abcdef", k=2_000_000))
    assert len(chunk_ranges(text)) == -(-len(text) // 1200)
