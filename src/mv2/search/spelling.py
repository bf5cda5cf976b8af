"""Words that no document has, replaced by ones like them that some have.

A replacement begins with the same letter, or has the first two swapped, and is one
edit away, two for words of eight letters and more (restricted Damerau-Levenshtein
distance). The nearest counts, then swaps and doubled letters before other slips, then
how many documents have it. All edits of a word are looked up in the index where
that is enough; else the terms that begin alike and a few documents with similar
words are looked through, so the work does not grow with the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.index.lexical import analyze, fold, has_unsegmented, own_text, tokens, words
from mv2.search._forms import forms
from mv2.search._patterns import edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mv2.index.lexical import LexicalReader
    from mv2.search.source import FrameSource

MIN_LETTERS: Final = 4
# The edits of a word grow with the square of its length; the index knows no word as long as this.
MAX_LETTERS: Final = 40
LONG_WORD: Final = 8
MAX_WORDS: Final = 8
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_TERMS: Final = 1_500
_DOCUMENTS: Final = 8
_SPELLED: Final = 6
_FIELDS: Final = ("content", "tags", "labels", "track")
_READ: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Candidate:
    stem: str
    distance: int
    slip: bool
    frequency: int

    @property
    def order(self) -> tuple[int, bool, int, str]:
        return self.distance, not self.slip, -self.frequency, self.stem


def suggest(
    asked: Iterable[str],
    reader: LexicalReader | None,
    overlay_terms: Mapping[str, Sequence[int]],
    source: FrameSource,
) -> dict[str, str]:
    """Replacements of those words of `asked` that no document has, as they are spelled in one.

    Args:
        asked: words of a plain query.
        reader: the index; None when there is none.
        overlay_terms: stem to the ids of the pending frames that have it.
        source: reads the documents.
    """
    found: dict[str, str] = {}
    speller = _Speller(reader, overlay_terms, source)
    for word in list(dict.fromkeys(asked))[:MAX_WORDS]:
        better = speller.better(word) if _is_correctable(word) and not speller.knows(word) else None
        if better is not None:
            found[word] = better
    return found


def _is_correctable(word: str) -> bool:
    return MIN_LETTERS <= len(word) <= MAX_LETTERS and word.isalpha() and not has_unsegmented(fold(word))


class _Speller:
    def __init__(
        self, reader: LexicalReader | None, pending: Mapping[str, Sequence[int]], source: FrameSource
    ) -> None:
        self._reader = reader
        self._pending = pending
        self._source = source

    def knows(self, word: str) -> bool:
        """Whether some document has the word."""
        return any(all(map(self._frequency, way)) for way in forms(word).ways)

    def better(self, word: str) -> str | None:
        folded = fold(word)
        most = 2 if len(folded) >= LONG_WORD else 1
        candidates = self._one_edit(folded) if folded.isascii() else {}
        best = self._nearest(candidates, folded, 1)
        # Another form of the right word may be in the documents: "databses" where they say "database".
        return best or self._nearest(self._alike(folded, most), folded, most + 1)

    def _nearest(self, candidates: dict[str, _Candidate], word: str, most: int) -> str | None:
        """The best of `candidates` as a document spells it, at most so many edits from `word`."""
        best: tuple[tuple[int, bool, int, str], str] | None = None
        for candidate in sorted(candidates.values(), key=lambda each: each.order)[:_SPELLED]:
            spelled = self._spelled(candidate.stem, word)
            if spelled is None:
                continue
            distance = edits(fold(spelled), word, most)
            order = (distance, not candidate.slip, -candidate.frequency, spelled)
            if distance <= most and (best is None or order < best[0]):
                best = order, spelled
        return best[1] if best else None

    def _one_edit(self, word: str) -> dict[str, _Candidate]:
        found: dict[str, _Candidate] = {}
        variants = _variants(word)
        for (_, slip), stem in zip(variants, analyze(" ".join(each for each, _ in variants)), strict=True):
            frequency = self._frequency(stem)
            if frequency and (stem not in found or slip):
                found[stem] = _Candidate(stem, 1, slip, frequency)
        return found

    def _alike(self, word: str, most: int) -> dict[str, _Candidate]:
        """Stems like `word` or its stem among those that begin alike, and in documents with similar words."""
        found: dict[str, _Candidate] = {}
        own = "".join(tokens(word)[:1])
        beginnings = {word[:3], word[1] + word[0] + word[2]}
        stems = {stem for stem in self._pending if stem[:1] in word[:2]}
        if self._reader is not None:
            for beginning in beginnings:
                stems.update(s for s, _ in self._reader.terms_with_prefix("content", beginning, _TERMS))
        for stem in stems:
            # A slip may stand where stemming cuts: then the stem is like a beginning of the word.
            forms_ = (own, word, word[: len(stem)], word[: len(stem) + 1])
            distance = min(edits(stem, form, most) for form in forms_)
            if distance <= most and _begins_alike(stem, word):
                found[stem] = _Candidate(stem, distance, False, self._frequency(stem))
        if found:
            return found
        for spelled in self._similar_words(word, own, most):
            stem = "".join(tokens(spelled)[:1])
            distance = edits(spelled, word, most)
            if distance <= most and stem not in found and _begins_alike(spelled, word):
                found[stem] = _Candidate(stem, distance, False, self._frequency(stem))
        return found

    def _similar_words(self, word: str, own: str, most: int) -> set[str]:
        """Words of a few documents that have one like `word`."""
        if self._reader is None:
            return set()
        queries = self._reader.queries
        like = queries.some([queries.like("content", form, most) for form in dict.fromkeys((own, word))])
        found: set[str] = set()
        for _, frame_id in self._reader.search(like, _DOCUMENTS):
            found.update(words(self._text(frame_id)))
        return found

    def _frequency(self, stem: str) -> int:
        count = len(self._pending.get(stem, ()))
        if self._reader is not None:
            count += sum(
                self._reader.doc_freq(field, stem) for field in ("content", "tags", "labels", "track")
            )
        return count

    def _spelled(self, stem: str, word: str) -> str | None:
        """The word with this stem, as a document has it, nearest to `word`; None if none can be read."""
        holders = list(self._pending.get(stem, ()))[:1]
        if self._reader is not None and not holders:
            query = self._reader.queries.term("content", stem)
            holders = [frame_id for _, frame_id in self._reader.search(query, 3)]
        for frame_id in holders:
            typed = words(self._text(frame_id))
            listed = [each for each in typed if stem in (*tokens(each), *tokens(fold(each)))]
            if listed:
                return min(dict.fromkeys(listed), key=lambda each: edits(fold(each), word, len(word)))
        return None

    def _text(self, frame_id: int) -> str:
        """Text, only the start if it is long, and title of a frame."""
        if not 0 <= frame_id < self._source.frame_count:
            return ""
        text, title = self._source.text(frame_id) or "", self._source.record(frame_id).title
        return own_text(text[:_READ], title)


def _variants(word: str) -> list[tuple[str, bool]]:
    """(spelling, whether it is a swap or a letter too many or too few of a pair) one edit from `word`."""
    found: dict[str, bool] = {}
    for at in range(len(word)):
        head, tail = word[:at], word[at:]
        if len(tail) > 1:
            found[head + tail[1] + tail[0] + tail[2:]] = True
        if at:
            found.setdefault(head + tail[1:], tail[0] == head[-1])
            for letter in _LETTERS:
                found.setdefault(head + letter + tail[1:], False)
                found.setdefault(head + letter + tail, letter in (head[-1], tail[0]))
    for letter in _LETTERS:
        found.setdefault(word + letter, letter == word[-1])
    found.pop(word, None)
    return list(found.items())


def _begins_alike(one: str, other: str) -> bool:
    return one[:1] == other[:1] or one[:2] == other[1::-1]
