"""An in-memory index over a few frames, evaluated exactly.

It serves the frames that the embedded index does not have yet, and checks hits
of an index that cannot be taken at its word. Scores are BM25 with the constants
of the embedded index, so both kinds of hits can stand in one list.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from mv2.index.lexical import LexicalReader, indexed_text, tokens, words
from mv2.search._conditions import cut_stems, holds, occurrences
from mv2.search.nodes import And, Field, Node, Not, Or, Phrase, Prefix, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mv2.search.source import FrameSource, RecordView

K1: Final = 1.2
B: Final = 0.75
EXTRA_WEIGHT: Final = 0.5
_MAX_COUNT: Final = 1023
Scores = dict[int, float]


def extra_stems(record: RecordView) -> set[str]:
    """Stems of a frame's tags, labels and track, which words match too."""
    return {stem for value in (*record.tags, *record.labels, record.track or "") for stem in tokens(value)}


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

    def idf(self, stem: str) -> float:
        """Weight of a word of ``content``, larger for rarer ones."""
        count = self._reader.doc_freq("content", stem) if self._reader else 0
        if self._corpus is not None:
            count += self._corpus.frequency(stem)
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
                return self._phrase(tokens(node.text), universe)
            case Prefix():
                return self._prefix(node.start, universe)
            case And():
                return self._every(node.children, universe)
            case Or():
                return _sum([self.run(child, universe) for child in node.children])
            case Not():
                excluded = self.run(node.child, universe)
                return {frame_id: 0.0 for frame_id in universe if frame_id not in excluded}
            case _:
                record = self._source.record
                return {frame_id: 0.0 for frame_id in universe if holds(node, record(frame_id))}

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
        stems = list(dict.fromkeys(stem for word in node.words for stem in tokens(word)))
        if node.any:
            return _sum([self._stem(stem, universe) for stem in stems])
        found: Scores | None = None
        for stem in sorted(stems, key=lambda stem: len(self._corpus._content.get(stem, ()))):
            scores = self._stem(stem, universe if found is None else found.keys())
            found = scores if found is None else {k: v + found[k] for k, v in scores.items()}
            if not found:
                break
        return found or {}

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

    def _phrase(self, stems: list[str], universe: Collection[int]) -> Scores:
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

    def _prefix(self, start: str, universe: Collection[int]) -> Scores:
        found = {k for stem in self._corpus._content if stem.startswith(start) for k in self._ids(stem)}
        unsure = {k for stem in cut_stems(start) for k in self._ids(stem)} - found
        found.update(k for k in unsure.intersection(universe) if self._has_beginning(k, start))
        return dict.fromkeys(found.intersection(universe), 1.0)

    def _has_beginning(self, frame_id: int, start: str) -> bool:
        text = indexed_text(self._source.text(frame_id) or "", self._source.record(frame_id).title)
        return any(word.startswith(start) for word in words(text))

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


def _cost(node: Node) -> int:
    if isinstance(node, Terms | Phrase | Prefix):
        return 0
    return 2 if isinstance(node, Field) else 1
