"""Frames that a view of the past has and the embedded index does not.

The index holds what was active at the last commit. What was deleted or replaced
before, and what is still in the log, is read and split into words here when a question
about the past first needs it, and kept as long as the commit is the newest.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from mv2.search._corpus import Corpus, Scores, Statistics
from mv2.search.pending import SPLIT_PER_QUERY, searchable_text, text_test
from mv2.storage.frame_set import FrameSet
from mv2.storage.overlay import Overlay as LogOverlay
from mv2.storage.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.index.lexical import LexicalReader
    from mv2.search.nodes import Node
    from mv2.search.source import FrameSource
    from mv2.storage.base import Base


def retired_then(view: View) -> FrameSet:
    """The active frames of a view that the embedded index of its commit does not hold: in the present
    those of the log, in the past also those that were deleted or replaced before the commit.
    """
    indexed = _indexed(view)[: view.frame_count]
    return view.active() - FrameSet(indexed.ljust(view.frame_count, b"\0"))


class RetiredCorpus:
    """Searches the frames of a view that its index lacks. Safe to share between threads.

    What it has split into words is shared by all views of the same commit.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._stored = _words_of(view.base)
        self._pending = _words_of(view.overlay)
        self._lacking: tuple[bool, list[tuple[_Words, list[int]]]] | None = None

    def search(self, node: Node, source: FrameSource, reader: LexicalReader | None) -> Scores:
        """Score of every frame of ``retired_then`` that matches; without an index, of every active one.

        Scores are BM25 with the statistics of the index, as those of its own hits are.

        Args:
            source: reads frames of this view.
            reader: the index of the view's commit.
        """
        groups = self._groups(indexed=reader is not None)
        if not groups:
            return {}
        if reader is not None and reader.num_docs:
            statistics = Statistics(reader)
        else:  # no hits of an index have to be met: the frames here tell how rare a word is
            words, ids = max(groups, key=lambda group: len(group[1]))
            statistics = Statistics(None, words.only(ids, source))
        scores: Scores = {}
        for words, ids in groups:
            scores |= words.search(node, ids, source, statistics)
        return scores

    def _groups(self, *, indexed: bool) -> list[tuple[_Words, list[int]]]:
        """The frames to search, by where their words are kept."""
        if self._lacking is None or self._lacking[0] != indexed:
            wanted = retired_then(self._view) if indexed else self._view.active()
            ids, stored = list(wanted), self._view.indexed_count
            place = bisect_left(ids, stored)
            groups = [(self._stored, ids[:place]), (self._pending, ids[place:])]
            self._lacking = indexed, [group for group in groups if group[1]]
        return self._lacking[1]


class _Words:
    """Frames split into words when they are needed: those that may match, and a few more with every
    query, so that text is not looked through for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[int, str] = {}
        self.corpus: Final = Corpus()

    def __len__(self) -> int:
        return len(self.corpus)

    def only(self, ids: Iterable[int], source: FrameSource) -> Corpus:
        """A corpus of these frames and no others."""
        wanted = set(ids)
        with self._lock:
            for frame_id in wanted:
                self._add(frame_id, source)
            return self.corpus.without(set(self.corpus.ids) - wanted)

    def search(self, node: Node, ids: list[int], source: FrameSource, statistics: Statistics) -> Scores:
        """Score of every one of these frames that matches."""
        with self._lock:
            known = self.corpus.ids
            waiting = [frame_id for frame_id in ids if frame_id not in known]
            for frame_id in waiting[:SPLIT_PER_QUERY]:
                self._add(frame_id, source)
            may_match = text_test(node)
            for frame_id in waiting[SPLIT_PER_QUERY:]:
                text = self._texts.get(frame_id)
                if text is None:
                    text = self._texts[frame_id] = searchable_text(frame_id, source)
                if may_match(text):
                    self._add(frame_id, source)
            universe = set(ids).intersection(known)
            return self.corpus.evaluate(node, universe, source, statistics)

    def _add(self, frame_id: int, source: FrameSource) -> None:
        self._texts.pop(frame_id, None)
        if frame_id not in self.corpus:
            self.corpus.add(frame_id, source)


# By the commit or the log that they are of: both are made anew when frames could become others.
_words: WeakKeyDictionary[Any, _Words] = WeakKeyDictionary()
_indexed_of: WeakKeyDictionary[Base, bytes] = WeakKeyDictionary()
_lock = threading.Lock()


def _words_of(owner: Base | LogOverlay) -> _Words:
    with _lock:
        found = _words.get(owner)
        if found is None:
            found = _words[owner] = _Words()
        return found


def _indexed(view: View) -> bytes:
    """Mask of the frames that the index of the view's commit holds."""
    base = view.base
    with _lock:
        found = _indexed_of.get(base)
        if found is None:
            committed = View(view.file, base, LogOverlay(base.frame_count))
            found = _indexed_of[base] = committed.active().mask
        return found
