"""Frames that match a query, best first: the embedded index and the frames it lacks together.

Order is by score, or newest first when the query has nothing to score by
(``tag:x``; the larger id first in the same second). In a query of plain words
the frames with all words come first, then those with any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.index.lexical import lower
from mv2.search._compile import compile_query
from mv2.search._conditions import CHUNK_ROLE, holds
from mv2.search._corpus import Corpus, Statistics
from mv2.search.nodes import During, Field, Node, Query, ranks, reads_text

if TYPE_CHECKING:
    from tantivy import Query as IndexQuery

    from mv2.index.lexical import LexicalReader
    from mv2.search.pending import Overlay
    from mv2.search.source import FrameSource
    from mv2.storage.frame_set import FrameSet

# A total costs a check of every match where the index cannot decide alone; so many are checked at most,
# fewer if their text must be read.
CHECKED_FOR_TOTAL: Final = 100
READ_FOR_TOTAL: Final = 30
# So few allowed frames are looked up one by one; among more, the hits are looked through.
FEW_ALLOWED: Final = 64

Ranked = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """The best matches in order, at least as many as asked for if there are.

    Attributes:
        hits: (score, frame id).
        total: how many match in all; a lower bound unless `exact`.
        complete: how many of `hits`, from the first on, have all words of a plain query.
    """

    hits: Ranked
    total: int
    exact: bool
    complete: int = 0


NOTHING: Final = Found([], 0, True)


class Candidates:
    """Matches of queries in one view of a memory.

    Args:
        overlay: the cache of pending frames that belongs to the memory.
        allowed: the only frames that may match; None allows every active one.
    """

    def __init__(self, source: FrameSource, overlay: Overlay, allowed: FrameSet | None = None) -> None:
        self._source = source
        self._overlay = overlay
        self._allowed = allowed
        self._mask = None if allowed is None else allowed.mask
        self._reader: LexicalReader | None = source.lexical()
        self._checked: dict[int, bool] = {}
        # Nothing was retired since the index was written, so all that it holds is active.
        trusted = self._reader is not None and self._reader.trusted
        self._all_active = trusted and source.is_present and not source.retired

    def plain(self, query: Query, need: int) -> Found:
        """The best `need` matches of a query; of plain words, those with all of them first."""
        if query.root is None or (self._mask is not None and not self._allowed):
            return NOTHING
        loose = query.relaxed()
        if loose is None:
            found = self.run(query.root, need)
            return Found(found.hits, found.total, found.exact, len(found.hits))
        every = self.run(query.root, need)
        if len(every.hits) >= need:
            return Found(every.hits, *self._count(loose, every), complete=len(every.hits))
        some = self.run(loose, need + len(every.hits))
        first = {frame_id for _, frame_id in every.hits}
        rest = [hit for hit in some.hits if hit[1] not in first]
        return Found([*every.hits, *rest], some.total, some.exact, len(every.hits))

    def run(self, node: Node, need: int) -> Found:
        """The best `need` matches of `node`, newest first if there is nothing to score by."""
        self._checked = {}
        newest = not ranks(node)
        pending = self._pending(node, newest)
        if self._reader is None:
            return Found(pending, len(pending), True)
        indexed = self._indexed(self._reader, node, need, newest)
        merged = [*indexed.hits, *pending]
        if pending and newest:
            merged.sort(reverse=True)
        elif pending:
            # The sort is stable, so equal scores keep the index's own order, which never changes.
            merged.sort(key=_first, reverse=True)
        return Found(merged, indexed.total + len(pending), indexed.exact)

    def holds(self, node: Node, frame_id: int) -> bool:
        """Whether an active frame matches `node`, told from its record and text."""
        if isinstance(node, Field) and node.name == "kind":
            kind = self._source.kind_of(frame_id)
            return kind is not None and lower(kind) == lower(node.value)
        if isinstance(node, Field | During):
            return holds(node, self._source.record(frame_id))
        corpus = Corpus()
        if reads_text(node):
            corpus.add(frame_id, self._source)
        return bool(corpus.evaluate(node, (frame_id,), self._source, _ANY_STATISTICS))

    def _count(self, node: Node, every: Found) -> tuple[int, bool]:
        """(matches of `node`, whether that is exact), given those with all words."""
        pending = self._pending(node, newest=False)
        if self._reader is None:
            return len(pending), True
        plan = compile_query(node, self._reader)
        if self._mask is not None or not self._reader.trusted or plan.rest is not None:
            return max(every.total, len(pending)), False
        return self._reader.count(plan.query) - self._gone(self._reader, plan.query) + len(pending), True

    def _pending(self, node: Node, newest: bool) -> Ranked:
        if self._source.is_present:
            scores = self._overlay.search(node, self._source, self._reader)
        else:
            scores = self._source.outside(node)
        if (mask := self._mask) is not None:
            scores = {k: score for k, score in scores.items() if mask[k]}
        if not newest:
            return sorted(((score, k) for k, score in scores.items()), key=lambda hit: (-hit[0], hit[1]))
        records = ((k, self._source.record(k)) for k in scores)
        listed: Ranked = [(r.timestamp, k) for k, r in records if r.role != CHUNK_ROLE]
        return sorted(listed, reverse=True)

    def _indexed(self, reader: LexicalReader, node: Node, need: int, newest: bool) -> Found:
        if newest and not (reader.trusted and reader.sorted_by_time):
            return self._listed(node)
        plan = compile_query(node, reader)
        rest = plan.rest if reader.trusted else node
        query, limit = plan.query, self._first_limit(need, checks=rest is not None or newest)
        if self._allowed is not None and len(self._allowed) <= FEW_ALLOWED:
            query = reader.queries.frames_among(query, self._allowed)
        while True:
            hits, count = reader.top(query, limit, newest=newest)
            certain = limit >= count
            if newest and not certain:
                # The index orders equal times in its own way: none of the last time is certain yet.
                hits = [hit for hit in hits if hit[0] > hits[-1][0]]
            if newest:
                hits.sort(reverse=True)
            kept = self._first_standing(hits, need, rest, newest)
            if len(kept) >= need or certain:
                break
            limit = min(4 * limit, count)
        if len(kept) < need:
            return Found(kept, len(kept), True)
        total, exact = self._total(reader, query, count, kept, rest, newest)
        return Found(kept, total, exact)

    def _first_limit(self, need: int, *, checks: bool) -> int:
        """How many index entries to look at first, so that `need` of them are likely to stand."""
        limit = 4 * need if checks else need + min(len(self._source.retired), 64)
        if self._allowed is not None and len(self._allowed) > FEW_ALLOWED:
            share = len(self._allowed) / max(1, self._source.frame_count)
            limit = max(limit, int(1.3 * need / share) + 32)
        return limit

    def _total(
        self,
        reader: LexicalReader,
        query: IndexQuery,
        count: int,
        kept: Ranked,
        rest: Node | None,
        newest: bool,
    ) -> tuple[int, bool]:
        checked = rest is not None or newest or self._mask is not None or not self._source.is_present
        if not checked:
            return count - self._gone(reader, query), True
        if count > (READ_FOR_TOTAL if rest is not None and reads_text(rest) else CHECKED_FOR_TOTAL):
            return len(kept), False
        every, _ = reader.top(query, count, newest=newest)
        return len(self._first_standing(every, count, rest, newest)), True

    def _gone(self, reader: LexicalReader, query: IndexQuery) -> int:
        """Matches in the index that are no longer active."""
        retired = self._source.retired
        return reader.count(reader.queries.frames_among(query, retired)) if retired else 0

    def _first_standing(self, hits: Ranked, need: int, rest: Node | None, newest: bool) -> Ranked:
        """The first `need` of `hits` that are matches."""
        kept: Ranked = []
        for hit in hits:
            if self._stands(hit[1], rest, newest):
                kept.append(hit)
                if len(kept) == need:
                    break
        return kept

    def _listed(self, node: Node) -> Found:
        """Matches in order of time from the records alone, for an index that cannot tell."""
        count = min(self._source.indexed_count, self._source.frame_count)
        ids = [k for k in range(count) if self._stands(k, node, newest=True)]
        hits: Ranked = [(self._source.record(k).timestamp, k) for k in ids]
        return Found(sorted(hits, reverse=True), len(hits), True)

    def _stands(self, frame_id: int, rest: Node | None, newest: bool) -> bool:
        """Whether a hit of the index is one."""
        source = self._source
        if frame_id >= source.indexed_count or frame_id >= source.frame_count:
            return False
        if self._mask is not None and not self._mask[frame_id]:
            return False
        if not self._all_active and not source.is_active(frame_id):
            return False
        if rest is None and not newest:
            return True
        known = self._checked.get(frame_id)
        if known is None:
            known = self._checked[frame_id] = self._check(frame_id, rest, newest)
        return known

    def _check(self, frame_id: int, rest: Node | None, newest: bool) -> bool:
        # A list of documents has no use for their chunks, which carry the same tags.
        if newest and self._source.has_chunks and self._source.record(frame_id).role == CHUNK_ROLE:
            return False
        return rest is None or self.holds(rest, frame_id)


_ANY_STATISTICS: Final = Statistics(None)


def _first(hit: tuple[float, int]) -> float:
    return hit[0]
