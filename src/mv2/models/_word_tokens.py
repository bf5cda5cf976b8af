"""Tokens of texts from the tokens of their words, for tokenizers that never join two words.

A tokenizer in the manner of Llama 2 turns each space into ``▁``, puts one in front, and merges
pairs of tokens by rank over the whole text. Where no token has a ``▁`` behind another character,
no merge ever reaches across the start of a word, so each word has the same tokens wherever it
stands. Words repeat; looking them up costs a tenth of merging them again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

_SPACE: Final = "\u2581"
_JOINED: Final = re.compile(f"[^{_SPACE}]{_SPACE}")
#: Spaces and what follows them, up to the next space.
_PIECES: Final = re.compile(" +[^ ]*")
_NORMALISERS: Final = [
    {"type": "Prepend", "prepend": _SPACE},
    {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE},
]
#: Words kept; beyond that all are given up at once, and the common ones come back.
_MOST_WORDS: Final = 1 << 17
#: Longer pieces (text without spaces) hardly repeat.
_LONGEST_KEPT: Final = 40


def only_within_words(tokenizer: Tokenizer) -> bool:
    """Whether a text's tokens are those of its words, one after the other."""
    settings = json.loads(tokenizer.to_str())
    model, normaliser = settings["model"], settings["normalizer"] or {}
    return (
        model["type"] == "BPE"
        and not model.get("dropout")
        and bool(model.get("byte_fallback"))
        and settings["pre_tokenizer"] is None
        and normaliser.get("normalizers") == _NORMALISERS
        and not any(token["normalized"] for token in settings["added_tokens"])
        and not any(_JOINED.search(token) for token in model["vocab"])
    )


class WordTokens:
    """Remembers the tokens of words. Used by one thread at a time."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        #: Words that are tokens of their own wherever they stand, before anything is normalised.
        self._marks = [token.content for token in tokenizer.get_added_tokens_decoder().values()] + [_SPACE]
        self._known: dict[str, bytes] = {}

    def ids(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """The tokens of each text."""
        import numpy as np

        if len(self._known) > _MOST_WORDS:
            self._known = {}
        words = [None if self._needs_all(text) else _words(text) for text in texts]
        known = self._known
        unknown = {word for listed in words if listed is not None for word in listed} - known.keys()
        known.update(self._encode(unknown))
        others = self._encode({text for text, listed in zip(texts, words, strict=True) if listed is None})
        encoded = [
            others[text] if listed is None else b"".join([known[word] for word in listed])
            for text, listed in zip(texts, words, strict=True)
        ]
        for word in unknown:
            if len(word) > _LONGEST_KEPT:
                del known[word]
        return [np.frombuffer(ids, np.int32) for ids in encoded]

    def _needs_all(self, text: str) -> bool:
        """Whether a text must be looked at as a whole: it holds a mark, or ends in a space."""
        return text.endswith(" ") or any(mark in text for mark in self._marks)

    def _encode(self, texts: Iterable[str]) -> dict[str, bytes]:
        import numpy as np

        listed = list(texts)
        encodings = self._tokenizer.encode_batch_fast(listed, add_special_tokens=False)
        return {
            text: np.array(encoding.ids, np.int32).tobytes()
            for text, encoding in zip(listed, encodings, strict=True)
        }


def _words(text: str) -> list[str]:
    """Words, each without the space before it; further spaces before a word stay with it."""
    if "  " not in text and not text.startswith(" "):
        return text.split(" ") if text else []
    return [piece[1:] for piece in _PIECES.findall(" " + text)]
