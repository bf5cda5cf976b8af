"""An in-memory index over a few frames, evaluated exactly.

It serves the frames that the embedded index does not have yet, and checks hits
of an index that cannot be taken at its word. Scores are BM25 with the constants
of the embedded index, so both kinds of hits can stand in one list.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from mv2.index.lexical import (
    MARKER,
    LexicalReader,
    atoms,
    fold,
    has_unsegmented,
    indexed_text,
    labelled,
    own_text,
    tokens,
    words,
)
from mv2.search._conditions import cut_stems, holds, occurrences, within
from mv2.search._forms import Forms, all_forms, forms, is_one_word, loose_stems, text_ways
from mv2.search._patterns import edits, fuzzy_forms, pattern, usable_distance
from mv2.search.nodes import (
    LEAVES,
    And,
    Field,
    Fuzzy,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefer,
    Prefix,
    Terms,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from mv2.search.source import FrameSource, RecordView

K1: Final = 1.2
B: Final = 0.75
EXTRA_WEIGHT: Final = 0.5
_MAX_COUNT: Final = 1023
Scores = dict[int, float]


def extra_stems(record: RecordView) -> set[str]:
    """Stems of a frame's tags, labels and track, which words match too."""
    return {
        stem
        for value in (*record.tags, *record.labels, record.track or "")
        for stem in tokens(labelled(value))
    }


class Corpus:
    """Postings of some frames; a frame's text never changes, so adding one is for good."""

    def __init__(self) -> None:
        # Postings hold frame_id << 10 | occurrences: one small integer instead of a pair.
        self._content: defaultdict[str, list[int]] = defaultdict(list)
        self._extra: defaultdict[str, list[int]] = defaultdict(list)
        self._stems: dict[int, list[str]] = {}
        self._length = 0

    def __contains__(self, frame_id: int) -> bool:
        return frame_id in self._stems

    def __len__(self) -> int:
        return len(self._stems)

    @property
    def length(self) -> int:
        """Words of all frames together."""
        return self._length

    def frequency(self, stem: str) -> int:
        """Number of frames with the word in text or title."""
        return len(self._content.get(stem, ()))

    def holders(self, universe: Collection[int]) -> dict[str, list[int]]:
        """Stem to the frames of `universe` that have it in text or title."""
        found: dict[str, list[int]] = {}
        for stem, postings in self._content.items():
            ids = [entry >> 10 for entry in postings if entry >> 10 in universe]
            if ids:
                found[stem] = ids
        return found

    @property
    def ids(self) -> Collection[int]:
        return self._stems.keys()

    def add(self, frame_id: int, source: FrameSource) -> None:
        """Read and index a frame that is not here yet."""
        record = source.record(frame_id)
        self.add_parsed(
            frame_id, tokens(indexed_text(source.text(frame_id) or "", record.title)), extra_stems(record)
        )

    def add_parsed(self, frame_id: int, stems: list[str], extra: Iterable[str]) -> None:
        """Index a frame given its stems."""
        self._stems[frame_id] = stems
        self._length += len(stems)
        base = frame_id << 10
        content = self._content
        for stem, count in Counter(stems).items():
            content[stem].append(base | (count if count < _MAX_COUNT else _MAX_COUNT))  # noqa: FURB136 (min is slower)
        for stem in extra:
            self._extra[stem].append(frame_id)

    def without(self, ids: Iterable[int]) -> Corpus:
        """A corpus of the other frames."""
        dropped = set(ids)
        kept = Corpus()
        extra: dict[int, list[str]] = {}
        for stem, holders in self._extra.items():
            for frame_id in holders:
                extra.setdefault(frame_id, []).append(stem)
        for frame_id, stems in self._stems.items():
            if frame_id not in dropped:
                kept.add_parsed(frame_id, stems, extra.get(frame_id, ()))
        return kept

    def evaluate(
        self, node: Node, universe: Collection[int], source: FrameSource, statistics: Statistics
    ) -> Scores:
        """Score of every frame of `universe` (all of them added) that matches `node`."""
        return _Evaluation(self, source, statistics).run(node, universe)


class Statistics:
    """What BM25 needs to know of a collection; alike for all pages of a query.

    Args:
        reader: the index.
        corpus: frames to count beside those of the index; None leaves it at the
            index, whose scores are then met exactly.
    """

    def __init__(self, reader: LexicalReader | None, corpus: Corpus | None = None) -> None:
        self._reader = reader
        self._corpus = corpus
        count = reader.num_docs if reader else 0
        length = reader.mean_length * count if reader and count else 0.0
        if corpus is not None:
            count, length = count + len(corpus), length + corpus.length
        self._count = count
        self.mean_length = max(1.0, length / max(1, count))

    def frequency(self, stem: str) -> int:
        """Number of frames with the word in text or title."""
        count = self._reader.doc_freq("content", stem) if self._reader else 0
        return count + (self._corpus.frequency(stem) if self._corpus is not None else 0)

    def idf(self, stem: str) -> float:
        """Weight of a word of ``content``, larger for rarer ones."""
        count = self.frequency(stem)
        return math.log(1 + max(0.0, self._count - count + 0.5) / (count + 0.5))


class _Evaluation:
    """One query over a corpus."""

    def __init__(self, corpus: Corpus, source: FrameSource, statistics: Statistics) -> None:
        self._corpus = corpus
        self._source = source
        self._idf = statistics.idf
        self._mean = statistics.mean_length

    def run(self, node: Node, universe: Collection[int]) -> Scores:
        match node:
            case Terms():
                return self._terms(node, universe)
            case Phrase():
                return self._phrase(node.text, universe)
            case Prefix():
                return self._prefix(node, universe)
            case Wildcard():
                return self._wildcard(node, universe)
            case Fuzzy():
                return self._fuzzy(node, universe)
            case Near():
                return self._near(node, universe)
            case And():
                return self._every(node.children, universe)
            case Or():
                return _sum([self.run(child, universe) for child in node.children])
            case Prefer():
                return self._prefer(node, universe)
            case Not():
                excluded = self.run(node.child, universe)
                return {frame_id: 0.0 for frame_id in universe if frame_id not in excluded}
            case _:
                record = self._source.record
                return {frame_id: 0.0 for frame_id in universe if holds(node, record(frame_id))}

    def _prefer(self, node: Prefer, universe: Collection[int]) -> Scores:
        found = dict(self.run(node.child, universe))
        for wish, weight in node.wishes:
            for frame_id, score in self.run(wish, found.keys()).items():
                found[frame_id] += weight * score
        return found

    def _every(self, children: tuple[Node, ...], universe: Collection[int]) -> Scores:
        # Conditions need the record of each frame: they come last, when few are left.
        found: Scores | None = None
        for child in sorted(children, key=_cost):
            scores = self.run(child, universe if found is None else found.keys())
            found = scores if found is None else {k: v + found[k] for k, v in scores.items()}
            if not found:
                break
        return found or {}

    def _terms(self, node: Terms, universe: Collection[int]) -> Scores:
        if node.any:
            loose = [self._stem(stem, universe) for stem in loose_stems(node.words)]
            characters = [form.character for form in all_forms(node.words)]
            return _sum([*loose, *(self._anywhere(c, universe) for c in characters if c is not None)])
        found: Scores | None = None
        for form in sorted(all_forms(node.words), key=self._rarity):
            scores = self._word(form, universe if found is None else found.keys())
            found = scores if found is None else {k: v + found[k] for k, v in scores.items()}
            if not found:
                break
        return found or {}

    def _rarity(self, form: Forms) -> int:
        """About how many frames have the word."""
        content = self._corpus._content
        return sum(min(len(content.get(stem, ())) for stem in way) for way in form.ways)

    def _word(self, form: Forms, universe: Collection[int]) -> Scores:
        if form.stem is not None:
            return self._stem(form.stem, universe)
        ways = [self._way(way, universe) for way in form.ways]
        if form.character is not None:
            ways.append(self._anywhere(form.character, universe))
        return _best(ways)

    def _way(self, way: tuple[str, ...], universe: Collection[int]) -> Scores:
        if len(way) == 1:
            return self._stem(way[0], universe)
        tagged: Scores | None = None
        for stem in way:
            scores = self._tagged(stem, universe)
            tagged = (
                scores if tagged is None else {k: v + tagged[k] for k, v in scores.items() if k in tagged}
            )
        return _sum([self._sequence(way, universe), tagged or {}])

    def _tagged(self, stem: str, universe: Collection[int]) -> Scores:
        """Frames with the word in tags, labels or track."""
        score = EXTRA_WEIGHT * self._idf(stem)
        return {k: score for k in self._corpus._extra.get(stem, ()) if k in universe}

    def _anywhere(self, character: str, universe: Collection[int]) -> Scores:
        stems = [stem for stem in self._corpus._content if character in stem[:2]]
        return dict.fromkeys({k for stem in stems for k in self._ids(stem) if k in universe}, 1.0)

    def _stem(self, stem: str, universe: Collection[int]) -> Scores:
        corpus = self._corpus
        postings = corpus._content.get(stem, ())
        extra = corpus._extra.get(stem, ())
        if not postings and not extra:
            return {}
        weight = self._idf(stem) * (K1 + 1)
        stems, per_word = corpus._stems, K1 * B / self._mean
        found: Scores = {}
        for entry in postings:
            frame_id = entry >> 10
            if frame_id in universe:
                count = entry & _MAX_COUNT
                found[frame_id] = weight * count / (count + K1 * (1 - B) + per_word * len(stems[frame_id]))
        for frame_id in extra:
            if frame_id in universe:
                found[frame_id] = found.get(frame_id, 0.0) + EXTRA_WEIGHT * weight / (1 + K1)
        return found

    def _phrase(self, text: str, universe: Collection[int]) -> Scores:
        character = forms(text).character
        if character is not None:
            return self._anywhere(character, universe)
        found = _best([self._sequence(way, universe) for way in text_ways(text)])
        if is_one_word(text):
            return found
        # Folded words do not stand in their places in the index: the text tells.
        sequence = atoms(text)
        weight = sum(self._idf(stem) for stem in sequence)
        for frame_id in self._ids(MARKER):
            if frame_id in universe and frame_id not in found:
                count = occurrences(self._atoms(frame_id), sequence)
                if count:
                    found[frame_id] = self._bm25(weight, count, frame_id)
        return found

    def _sequence(self, stems: Sequence[str], universe: Collection[int]) -> Scores:
        """Frames with the stems one after the other."""
        if len(stems) < 2:
            return self._content_only(stems[0], universe) if stems else {}
        holders = sorted((self._ids(stem) for stem in stems), key=len)
        candidates = set(holders[0]).intersection(universe, *holders[1:])
        counts = {frame_id: occurrences(self._corpus._stems[frame_id], stems) for frame_id in candidates}
        weight = sum(self._idf(stem) for stem in stems)
        return {frame_id: self._bm25(weight, count, frame_id) for frame_id, count in counts.items() if count}

    def _content_only(self, stem: str, universe: Collection[int]) -> Scores:
        found = {entry >> 10: entry & _MAX_COUNT for entry in self._corpus._content.get(stem, ())}
        weight = self._idf(stem)
        return {k: self._bm25(weight, count, k) for k, count in found.items() if k in universe}

    def _prefix(self, node: Prefix, universe: Collection[int]) -> Scores:
        start = fold(node.start)
        if has_unsegmented(start):
            return self._terms(Terms((node.start,)), universe)
        found = {k for stem in self._corpus._content if stem.startswith(start) for k in self._ids(stem)}
        unsure = {k for stem in cut_stems(start) for k in self._ids(stem)} - found
        for frame_id in unsure.intersection(universe):
            if any(word.startswith(start) for word in self._words(frame_id)):
                found.add(frame_id)
        return dict.fromkeys(found.intersection(universe), 1.0)

    def _wildcard(self, node: Wildcard, universe: Collection[int]) -> Scores:
        wanted = pattern(node.pattern)
        content = self._corpus._content
        found = {k for stem in content if wanted.matches(stem) for k in self._ids(stem)}
        unsure = {k for stem in content if wanted.may_match(stem) for k in self._ids(stem)} - found
        for frame_id in unsure.intersection(universe):
            if any(wanted.matches(word) for word in self._words(frame_id)):
                found.add(frame_id)
        return dict.fromkeys(found.intersection(universe), 1.0)

    def _fuzzy(self, node: Fuzzy, universe: Collection[int]) -> Scores:
        distance = usable_distance(node.word, node.distance)
        if not distance:
            return self._terms(Terms((node.word,)), universe)
        wanted = fuzzy_forms(node.word)
        like = [
            s for s in self._corpus._content if any(edits(s, form, distance) <= distance for form in wanted)
        ]
        found = dict.fromkeys({k for stem in like for k in self._ids(stem) if k in universe}, 1.0)
        return _sum([found, *(self._content_only(stem, universe) for stem in tokens(fold(node.word))[:1])])

    def _near(self, node: Near, universe: Collection[int]) -> Scores:
        wanted = list(dict.fromkeys(atoms(node.text)))
        if not wanted:
            return {}
        holders = [self._content_only(stem, universe) for stem in wanted]
        candidates = set(holders[0]).intersection(*holders[1:])
        span = len(wanted) + node.gap
        near = [frame_id for frame_id in candidates if within(self._atoms(frame_id), wanted, span)]
        return {frame_id: sum(scores[frame_id] for scores in holders) for frame_id in near}

    def _words(self, frame_id: int) -> list[str]:
        """Words of a frame, folded or not, that patterns are compared with."""
        source = self._source
        return words(indexed_text(source.text(frame_id) or "", source.record(frame_id).title))

    def _atoms(self, frame_id: int) -> list[str]:
        source = self._source
        return atoms(own_text(source.text(frame_id) or "", source.record(frame_id).title))

    def _ids(self, stem: str) -> list[int]:
        return [entry >> 10 for entry in self._corpus._content.get(stem, ())]

    def _bm25(self, idf: float, count: int, frame_id: int) -> float:
        length = len(self._corpus._stems[frame_id])
        return idf * (K1 + 1) * count / (count + K1 * (1 - B + B * length / self._mean))


def _sum(parts: list[Scores]) -> Scores:
    total: Scores = {}
    get: Callable[[int, float], float] = total.get
    for part in parts:
        for frame_id, score in part.items():
            total[frame_id] = get(frame_id, 0.0) + score
    return total


def _best(parts: list[Scores]) -> Scores:
    best = dict(parts[0]) if parts else {}
    for part in parts[1:]:
        for frame_id, score in part.items():
            best[frame_id] = max(score, best.get(frame_id, score))
    return best


def _cost(node: Node) -> int:
    if isinstance(node, LEAVES):
        return 0
    return 2 if isinstance(node, Field) else 1
