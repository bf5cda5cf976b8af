"""Words and stems exactly as the lexical index has them.

The index analyses text with tantivy's simple tokenizer (maximal runs of
alphanumeric characters), lower-casing and the English (Porter 2) stemmer. Going
through tantivy costs several times what splitting costs in Python with a cache
of stems, so text whose characters both sides are known to classify alike takes
the short way; anything else goes through tantivy itself.
"""

from __future__ import annotations

import functools
import re
import threading
from typing import TYPE_CHECKING, Final

from mv2._late import late_pattern

if TYPE_CHECKING:
    import tantivy

ENGLISH: Final = "English"
MAX_CACHED: Final = 200_000

_TABLE: Final = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if 48 <= byte <= 57 or 97 <= byte <= 122 else 32
    for byte in range(256)
)
_WORD: Final = re.compile(r"[^\W_]+")
# Characters that are letters for one side only (combining vowels, circled letters) or whose lower case
# depends on its neighbours (sigma) stand outside this set.
_IRREGULAR: Final = late_pattern(
    r"[^\w\s\x00-\x7f\x80-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7\u02c2-\u02c5\u0300-\u0344\u0346-\u0362\u2000-\u206f\u20a0-\u20bf"
    r"\u2190-\u23ff\u2500-\u27bf\u3000-\u3004\u3008-\u3020\ufe00-\ufe0f\uff01-\uff0f\U0001f300-\U0001faff]|[\u03a3\u0130]"
)
_SURROGATE: Final = late_pattern("[\ud800-\udfff]")


class _IrregularWordError(Exception):
    """A word that tantivy does not see as one word."""


class Stems(dict[str, str]):
    """Lower-cased word to stem, filled on demand, bounded."""

    def __missing__(self, word: str) -> str:
        found = analyze(word)
        if len(found) != 1:
            raise _IrregularWordError
        if len(self) >= MAX_CACHED:
            self.clear()
        self[word] = found[0]
        return found[0]


stems: Final = Stems()
_lock: Final = threading.Lock()


def make_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer that the format calls ``memvid_default``."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    return builder.filter(Filter.lowercase()).filter(Filter.stemmer(ENGLISH)).build()


def clean(text: str) -> str:
    """`text` with lone surrogates, which no UTF-8 can hold, replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def analyze(text: str) -> list[str]:
    """Stems of `text` in order, by tantivy itself."""
    # The analyzer is one mutable object: two threads in it at once are an error.
    with _lock:
        return _analyzer().analyze(clean(text))


def tokens(text: str) -> list[str]:
    """Stems of `text` in order, one per word, as the index has them."""
    if is_regular(text):
        try:
            return list(map(stems.__getitem__, words(text)))
        except _IrregularWordError:
            pass
    return analyze(text)


def words(text: str) -> list[str]:
    """Lower-cased words of `text` in order, not stemmed.

    A word whose lower case is no word ("İ" becomes two characters) stays as it is.
    """
    if text.isascii():
        return text.encode().translate(_TABLE).decode().split()
    if _IRREGULAR.search(text) is None:
        return _WORD.findall(text.lower())
    return [_folded(text[start:end], stem) for start, end, stem in _analyzed_spans(text)]


def spans(text: str) -> list[tuple[int, int, str]]:
    """(start, end, stem) of every word, in characters of `text`, end exclusive."""
    if text.isascii() or _IRREGULAR.search(text) is None:
        try:
            return [(m.start(), m.end(), stems[m[0].lower()]) for m in _WORD.finditer(text)]
        except _IrregularWordError:
            pass
    return _analyzed_spans(text)


def _folded(word: str, stem: str) -> str:
    """`word` in lower case, unless that would not be one word with this stem any more."""
    folded = lower(word)
    return folded if analyze(folded) == [stem] else word


def is_regular(text: str) -> bool:
    """Whether Python's idea of a word is tantivy's for every character of `text`."""
    return text.isascii() or _IRREGULAR.search(text) is None


def lower(text: str) -> str:
    """Lower case character by character, so that no character's form depends on its neighbours."""
    return text.lower() if text.isascii() else "".join([character.lower() for character in text])


def _analyzed_spans(text: str) -> list[tuple[int, int, str]]:
    with _lock:
        found = _analyzer().pre_tokenize(clean(text)).tokens
    return [(token.char_offset_from, token.char_offset_to, token.text) for token in found]


@functools.cache
def _analyzer() -> tantivy.TextAnalyzer:
    return make_analyzer()


def ascii_lower(value: str) -> str:
    """Lower case of the ASCII letters only, which is how tags, labels, tracks and uris are indexed."""
    return clean(value.lower() if value.isascii() else value.translate(_ASCII_LOWER))


_ASCII_LOWER: Final = {code: code + 32 for code in range(65, 91)}
