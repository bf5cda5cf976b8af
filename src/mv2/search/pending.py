"""Frames that the embedded index does not have yet.

A frame is split into stems once and stays here until a checkpoint moves it into
the index. A process that opens a memory with many pending frames would pay for
all of them before its first answer; instead their text is scanned for the
words, only those that may match are split, and a few more with every query.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from mv2.index.lexical import LexicalReader, atoms, fold, indexed_text, labelled, lower
from mv2.search._conditions import needle, prefix_needle
from mv2.search._corpus import Corpus, Scores, Statistics
from mv2.search._forms import all_forms, loose_stems, text_ways
from mv2.search.nodes import And, Near, Node, Or, Phrase, Prefer, Prefix, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mv2.search.source import FrameSource

SPLIT_PER_QUERY: Final = 64
SPLIT_FOR_SPELLING: Final = 500


class Overlay:
    """Cache of pending frames of one memory, kept by whoever holds the handle.

    It fits every view of the same memory, in any order. Safe to share between
    threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start = 0
        self._next = 0
        self._corpus = Corpus()
        self._unsplit: dict[int, str | None] = {}

    def discard(self, from_id: int = 0) -> None:
        """Forget frames from `from_id` on: a rollback has taken them back."""
        with self._lock:
            if from_id < self._next:
                self._reset(self._start)

    def search(self, node: Node, source: FrameSource, reader: LexicalReader | None) -> Scores:
        """Score of every active pending frame that matches `node`."""
        start = source.indexed_count if reader is not None else 0
        end = source.frame_count
        if start >= end:
            return {}
        with self._lock:
            self._follow(source, start, end)
            # A large index knows the words' frequencies well enough, and then it does not matter
            # which frames are split already: pages must not differ by what was asked before.
            if reader is not None and reader.num_docs >= end - start:
                self._split(self._candidates(node, source), source)
                statistics = Statistics(reader)
            else:
                self._split(list(self._unsplit), source)
                statistics = Statistics(reader, self._corpus)
            active = source.is_active
            universe = {k for k in self._corpus.ids if start <= k < end and active(k)}
            return self._corpus.evaluate(node, universe, source, statistics)

    def statistics(self, source: FrameSource, reader: LexicalReader | None) -> Statistics:
        """What `search` scores with."""
        start = source.indexed_count if reader is not None else 0
        end = source.frame_count
        if reader is not None and reader.num_docs >= end - start:
            return Statistics(reader)
        with self._lock:
            self._follow(source, start, end)
            self._split(list(self._unsplit), source)
            return Statistics(reader, self._corpus)

    def holders(self, source: FrameSource, reader: LexicalReader | None) -> dict[str, list[int]]:
        """Stem to the active pending frames that have it, of those that are split and some more."""
        start = source.indexed_count if reader is not None else 0
        with self._lock:
            self._follow(source, start, source.frame_count)
            self._split(list(self._unsplit)[:SPLIT_FOR_SPELLING], source)
            active = source.is_active
            universe = {k for k in self._corpus.ids if start <= k < source.frame_count and active(k)}
            return self._corpus.holders(universe)

    def _reset(self, start: int) -> None:
        self._start = self._next = start
        self._corpus = Corpus()
        self._unsplit = {}

    def _follow(self, source: FrameSource, start: int, end: int) -> None:
        """Take in frames start..end-1, and let go of earlier ones."""
        if start < self._start or start > self._next:
            self._reset(start)
        elif start > self._start:
            self._drop_before(start)
        for frame_id in range(self._next, end):
            if source.is_active(frame_id):
                self._unsplit[frame_id] = None
        self._next = max(self._next, end)

    def _drop_before(self, start: int) -> None:
        old, waiting, following = self._corpus, self._unsplit, self._next
        self._reset(start)
        self._next = following
        self._unsplit = {k: text for k, text in waiting.items() if k >= start}
        self._corpus = old.without(k for k in list(old.ids) if k < start)

    def _candidates(self, node: Node, source: FrameSource) -> list[int]:
        """Unsplit frames that may match, and a few that are split because their turn has come."""
        waiting = list(self._unsplit)
        if len(waiting) <= SPLIT_PER_QUERY:
            return waiting
        may_match = text_test(node)
        chosen, others = waiting[:SPLIT_PER_QUERY], waiting[SPLIT_PER_QUERY:]
        for frame_id in others:
            text = self._unsplit[frame_id]
            if text is None:
                text = self._unsplit[frame_id] = searchable_text(frame_id, source)
            if may_match(text):
                chosen.append(frame_id)
        return chosen

    def _split(self, chosen: list[int], source: FrameSource) -> None:
        for frame_id in chosen:
            del self._unsplit[frame_id]
            self._corpus.add(frame_id, source)


def searchable_text(frame_id: int, source: FrameSource) -> str:
    """Everything of a frame that words can match, in lower case."""
    record = source.record(frame_id)
    text = indexed_text(source.text(frame_id) or "", record.title)
    return lower("\n".join((text, *map(labelled, (*record.tags, *record.labels, record.track or "")))))


def text_test(node: Node) -> Callable[[str], bool]:
    """A test of whether a text may match `node`; never wrong in saying no."""
    match node:
        case Terms():
            if node.any:
                loose = [_has_way([(stem,)]) for stem in loose_stems(node.words)]
                return lambda text: any(test(text) for test in loose)
            return _both([_has_way(form.ways) for form in all_forms(node.words)])
        case Phrase():
            return _has_way([atoms(node.text), *text_ways(node.text)])
        case Near():
            return _has_way([atoms(node.text)])
        case Prefix():
            start = prefix_needle(fold(node.start))
            return lambda text: start in text
        case Prefer():
            return text_test(node.child)
        case And():
            return _both([text_test(child) for child in node.children])
        case Or():
            tests = [text_test(child) for child in node.children]
            return lambda text: any(test(text) for test in tests)
        case _:
            return lambda _: True


def _has_way(ways: Iterable[Sequence[str]]) -> Callable[[str], bool]:
    """A test of whether a text may have all stems of one of `ways`."""
    # Outside ASCII the lower case of one letter is not one letter everywhere.
    needles = [[needle(stem) for stem in way if stem.isascii()] for way in ways]
    if len(needles) == 1 and len(needles[0]) == 1:
        only = needles[0][0]
        return lambda text: only in text
    return lambda text: any(all(part in text for part in way) for way in needles)


def _both(tests: list[Callable[[str], bool]]) -> Callable[[str], bool]:
    return lambda text: all(test(text) for test in tests)
