"""The words that are indexed beside a text's own."""

from __future__ import annotations

import pytest

from mv2.index.lexical import MARKER, camel_parts, expand, fold, helps, indexed_text, joined, tokens


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Plain", "plain"),
        ("Café naïve Ångström", "cafe naive angstrom"),
        ("cafe\u0301", "cafe"),
        ("Straße ŁÓDŹ Søren Æther", "strasse lodz soren aether"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("İstanbul Diyarbakır", "istanbul diyarbakir"),
        ("мой Ёлка", "мой елка"),
        ("ｆｕｌｌ １２ ﾀﾜｰ", "full 12 タワー"),
        ("ガギ 한국", "ガギ 한국"),
        ("العَرَبِيَّة", "العربية"),
        ("soft\u00adly\u200b", "softly"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_runs_become_pairs() -> None:
    assert expand("東京タワー a 京").split() == ["東京", "京タ", "タワ", "ワー", "a", "京"]


@pytest.mark.parametrize(
    ("compound", "form"),
    [
        ("e-mail", "email"),
        ("O'Brien", "OBrien"),
        ("mother-in-law's", "motherinlaw"),
        ("1,000,000", "1000000"),
        ("1'000.50", "1000.50"),
        ("U.S.A", "USA"),
        ("don't", None),
        ("2024-03-05", None),
        ("3.14", None),
        ("v2", None),
        ("a.very.long.dotted.module.name", None),
        ("ann@example.com", None),
    ],
)
def test_joined_forms(compound: str, form: str | None) -> None:
    assert joined(compound) == form


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("getUserName", ["get", "user", "name"]),
        ("HTTPServer2", ["http", "server"]),
        ("iPhone", ["phone"]),
        ("PDFs", []),
        ("NASA", []),
        ("Plain", []),
        ("x" * 65 + "Yz", []),
    ],
)
def test_camel_parts(word: str, parts: list[str]) -> None:
    assert camel_parts(word) == parts


@pytest.mark.parametrize(
    "text",
    ["", "Plain prose, nothing else. It isn't hard: 3 of 4 say so!", "“Curly” — it’s fine 😀"],
)
def test_plain_text_gets_nothing(text: str) -> None:
    assert helps(text) == ""
    assert indexed_text(text, None) == text


def test_helps_follow_text_and_title() -> None:
    assert indexed_text("e-mail", "Café").split("\n") == ["e-mail", "Café", "Café", f"email cafe {MARKER}"]
    assert MARKER not in helps("e-mail getUserName")
    assert tokens(MARKER) == [MARKER]
