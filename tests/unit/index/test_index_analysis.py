"""Words and stems must be the index's own, whichever way they are found."""

import sys
import unicodedata

import pytest

from mv2.index import _analysis
from mv2.index.lexical import ascii_lower, is_regular, lower, spans, tokens, words


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("", []),
        ("  \t\n", []),
        ("Running QUICKLY, machines!", ["run", "quick", "machin"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("snake_case 3.14 a1b2", ["snake", "case", "3", "14", "a1b2"]),
        ("naïve Übung ΣΊΣΥΦΟΣ", ["naïv", "übung", "σίσυφοσ"]),
        ("don't", ["don", "t"]),
        ("東京タワー 😀 x", ["東京タワー", "x"]),
        ("हिन्दी", None),
        ("Ⓐ 🅰 İstanbul", None),
    ],
)
def test_tokens_are_those_of_the_index(text: str, stems: list[str] | None) -> None:
    assert tokens(text) == _analysis.analyze(text)
    if stems is not None:
        assert tokens(text) == stems


def test_every_character_is_classified_as_the_index_does() -> None:
    """Each character that takes the short way stands between two letters, and joins them or not."""
    points = [chr(p) for p in range(sys.maxunicode + 1) if not 0xD800 <= p <= 0xDFFF and is_regular(chr(p))]
    assert len(points) > 100_000
    for start in range(0, len(points), 500):
        text = " ".join(f"Q{point}Z" for point in points[start : start + 500])
        assert tokens(text) == _analysis.analyze(text), [
            f"U+{ord(p):04X} {unicodedata.name(p, '?')}"
            for p in points[start : start + 500]
            if tokens(f"Q{p}Z") != _analysis.analyze(f"Q{p}Z")
        ]


def test_lone_surrogates_do_no_harm() -> None:
    assert tokens("a\ud800b c") == ["a", "b", "c"]
    assert words("a\udfffb") == ["a", "b"]


def test_spans_point_at_the_words() -> None:
    for text in ("Héllo Wörlds, 😀 running", "plain Words here", "हिन्दी running"):
        for start, end, stem in spans(text):
            assert tokens(text[start:end]) == [stem]
        assert [stem for _, _, stem in spans(text)] == tokens(text)


def test_lower_keeps_to_single_characters() -> None:
    assert lower("ΟΔΟΣ Σ") == "οδοσ σ"
    assert ascii_lower("ÀBC") == "Àbc"


def test_the_cache_of_stems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_analysis, "MAX_CACHED", 10)
    cache = _analysis.Stems()
    for number in range(100):
        assert cache[f"running{number}"] == f"running{number}"
    assert len(cache) <= 10
