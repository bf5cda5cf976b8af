"""Tokens put together from those of words are the tokens of the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from mv2.models import _word_tokens
from mv2.models._word_tokens import WordTokens, only_within_words
from mv2.models.static import bundled_embedder

PARTS = st.sampled_from(
    [" ", " ", "  ", "a", "the", "ing", "Straße", "日本", "🎉", "\n", "\x00", "▁", "<s>", "</s", "▁▁", ". "]
)  # fmt: skip
TEXTS = st.lists(PARTS, max_size=30).map("".join) | st.text(max_size=40)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    embedder = bundled_embedder()
    assert embedder is not None
    return Tokenizer.from_file(embedder._files.tokenizer)


@given(st.lists(st.lists(TEXTS, max_size=6), min_size=1, max_size=4))
def test_words_have_the_tokens_they_have_in_the_text(tokenizer: Tokenizer, rounds: list[list[str]]) -> None:
    assert only_within_words(tokenizer)
    words = WordTokens(tokenizer)
    for texts in rounds:
        wanted = [e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        assert [ids.tolist() for ids in words.ids(texts)] == wanted


def test_what_is_kept_is_bounded(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_word_tokens, "_MOST_WORDS", 10)
    words = WordTokens(tokenizer)
    for start in range(0, 100, 5):
        words.ids([" ".join(f"w{number}" for number in range(start, start + 5)), "x" * 5000])
        assert len(words._known) <= 15
    assert max(map(len, words._known)) < 10


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("pre_tokenizer", {"type": "Whitespace"}),
        ("normalizer", None),
        ("normalizer", {"type": "Lowercase"}),
        ("model", {"dropout": 0.1}),
        ("model", {"byte_fallback": False}),
        ("vocab", {"a\u2581b": 32000}),
        ("added_tokens", [{"id": 0, "content": "x", "normalized": True, "single_word": False,
                           "lstrip": False, "rstrip": False, "special": False}]),
    ],
)  # fmt: skip
def test_other_tokenizers_are_told_apart(tokenizer: Tokenizer, change: str, value: object) -> None:
    class Changed:
        def to_str(self) -> str:
            import json

            settings = json.loads(tokenizer.to_str())
            if change == "vocab":
                settings["model"]["vocab"].update(value)
            elif change == "model":
                settings["model"].update(value)
            else:
                settings[change] = value
            return json.dumps(settings)

    assert not only_within_words(Changed())  # type: ignore[arg-type]
