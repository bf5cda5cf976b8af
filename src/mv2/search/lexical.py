"""`find`: one page of hits from the embedded index and the pending frames together.

Each matching frame appears exactly once over all pages. Order is by score,
or newest first when the query has nothing to score by (``tag:x``; the larger
id first in the same second); pages are
cut from that order, so on an unchanged memory they neither overlap nor skip.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mv2.errors import InvalidArgumentError
from mv2.search._compile import compile_query
from mv2.search._conditions import CHUNK_ROLE, holds
from mv2.search._corpus import Corpus, Statistics
from mv2.search._cursor import MAX_OFFSET, make_cursor, read_cursor
from mv2.search._explain import score_parts
from mv2.search.nodes import During, Field, Node, ranks, reads_text
from mv2.search.pending import Overlay
from mv2.search.query import parse
from mv2.search.snippets import Snippets
from mv2.types import Hit, SearchResult

if TYPE_CHECKING:
    from mv2.index.lexical import LexicalReader
    from mv2.search.source import FrameSource

MAX_PAGE: Final = 100_000
# A total costs a check of every match where the index cannot decide alone; so many are checked at most,
# fewer if their text must be read.
CHECKED_FOR_TOTAL: Final = 100
READ_FOR_TOTAL: Final = 30


def find(
    source: FrameSource,
    query: str,
    *,
    k: int = 10,
    cursor: str | None = None,
    snippet_chars: int = 240,
    explain: bool = False,
    overlay: Overlay | None = None,
) -> SearchResult:
    """Search a memory for `query` (`mv2.search.query` describes the language).

    Args:
        source: the memory.
        query: what to look for.
        k: hits on a page, 1 to 100,000.
        cursor: ``next_cursor`` of the page before; None for the first page.
        snippet_chars: characters a snippet has at most; 0 leaves snippets empty.
        explain: fill ``Hit.scores`` with the part each word has in the score.
        overlay: the cache of pending frames that belongs to the memory; without
            one they are read anew.

    Raises:
        QueryError: the query is empty, or clearly an operator query and malformed.
        CursorError: the cursor is malformed or belongs to another query.
        InvalidArgumentError: `k` or `snippet_chars` is out of range.
        CorruptFileError: the embedded index turns out to be damaged.
    """
    begun = time.perf_counter()
    if not 1 <= k <= MAX_PAGE:
        raise InvalidArgumentError(f"k is {k}, not 1 to {MAX_PAGE:,}")
    if snippet_chars < 0:
        raise InvalidArgumentError(f"snippet_chars is {snippet_chars}, which is negative")
    parsed = parse(query)
    offset = 0 if cursor is None else read_cursor(cursor, query)
    node, relaxed = parsed.root, False
    found = _NOTHING
    overlay = Overlay() if overlay is None else overlay
    if node is not None:
        search = _Search(source, overlay)
        found = search.run(node, offset + k + 1)
        if not found.hits and (loose := parsed.relaxed()) is not None:
            found, node, relaxed = search.run(loose, offset + k + 1), loose, True
    more = len(found.hits) > offset + k and offset + k <= MAX_OFFSET
    page = found.hits[offset : offset + k]
    return SearchResult(
        query=query,
        mode="lex",
        hits=_hits(
            source, node, page, offset, snippet_chars=snippet_chars, explained_by=overlay if explain else None
        ),
        total=found.total,
        total_is_exact=found.exact,
        next_cursor=make_cursor(query, offset + k) if more else None,
        relaxed=relaxed and bool(found.hits),
        took_ms=(time.perf_counter() - begun) * 1e3,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The best matches in order, at least as many as asked for if there are; how many there are in all."""

    hits: list[tuple[float, int]]
    total: int
    exact: bool


_NOTHING: Final = _Found([], 0, True)


class _Search:
    """One query against one view of a memory."""

    def __init__(self, source: FrameSource, overlay: Overlay) -> None:
        self._source = source
        self._overlay = overlay
        self._reader: LexicalReader | None = source.lexical()
        self._checked: dict[int, bool] = {}

    def run(self, node: Node, need: int) -> _Found:
        """The best `need` matches, newest first if there is nothing to score by."""
        self._checked = {}
        newest = not ranks(node)
        pending = self._pending(node, newest)
        if self._reader is None:
            return _Found(pending, len(pending), True)
        indexed = self._indexed(self._reader, node, need, newest)
        merged = [*indexed.hits, *pending]
        if pending and newest:
            merged.sort(reverse=True)
        elif pending:
            # The sort is stable, so equal scores keep the index's own order, which never changes.
            merged.sort(key=_first, reverse=True)
        return _Found(merged, indexed.total + len(pending), indexed.exact)

    def _pending(self, node: Node, newest: bool) -> list[tuple[float, int]]:
        scores = self._overlay.search(node, self._source, self._reader)
        if not newest:
            return sorted(((score, k) for k, score in scores.items()), key=lambda hit: (-hit[0], hit[1]))
        records = ((k, self._source.record(k)) for k in scores)
        listed: list[tuple[float, int]] = [(r.timestamp, k) for k, r in records if r.role != CHUNK_ROLE]
        return sorted(listed, reverse=True)

    def _indexed(self, reader: LexicalReader, node: Node, need: int, newest: bool) -> _Found:
        if newest and not (reader.trusted and reader.sorted_by_time):
            return self._listed(node)
        plan = compile_query(node, reader)
        rest = plan.rest if reader.trusted else node
        retired = self._source.retired
        checks = rest is not None or newest
        limit = 4 * need if checks else need + min(len(retired), 64)
        while True:
            hits, count = reader.top(plan.query, limit, newest=newest)
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
            return _Found(kept, len(kept), True)
        if not checks:
            gone = (
                reader.count(reader.queries.every([plan.query, reader.queries.frames(retired)]))
                if retired
                else 0
            )
            return _Found(kept, count - gone, True)
        if count > (READ_FOR_TOTAL if rest is not None and reads_text(rest) else CHECKED_FOR_TOTAL):
            return _Found(kept, len(kept), False)
        every, _ = reader.top(plan.query, count, newest=newest)
        return _Found(kept, len(self._first_standing(every, count, rest, newest)), True)

    def _first_standing(
        self, hits: list[tuple[float, int]], need: int, rest: Node | None, newest: bool
    ) -> list[tuple[float, int]]:
        """The first `need` of `hits` that are matches."""
        kept: list[tuple[float, int]] = []
        for hit in hits:
            if self._stands(hit[1], rest, newest):
                kept.append(hit)
                if len(kept) == need:
                    break
        return kept

    def _listed(self, node: Node) -> _Found:
        """Matches in order of time from the records alone, for an index that cannot tell."""
        count = min(self._source.indexed_count, self._source.frame_count)
        ids = [k for k in range(count) if self._stands(k, node, newest=True)]
        hits: list[tuple[float, int]] = [(self._source.record(k).timestamp, k) for k in ids]
        return _Found(sorted(hits, reverse=True), len(hits), True)

    def _stands(self, frame_id: int, rest: Node | None, newest: bool) -> bool:
        """Whether a hit of the index is one."""
        source = self._source
        if (
            frame_id >= source.indexed_count
            or frame_id >= source.frame_count
            or not source.is_active(frame_id)
        ):
            return False
        if rest is None and not newest:
            return True
        known = self._checked.get(frame_id)
        if known is None:
            known = self._checked[frame_id] = self._check(frame_id, rest, newest)
        return known

    def _check(self, frame_id: int, rest: Node | None, newest: bool) -> bool:
        # A list of documents has no use for their chunks, which carry the same tags.
        if newest and self._source.record(frame_id).role == CHUNK_ROLE:
            return False
        if rest is None:
            return True
        if isinstance(rest, Field | During):
            return holds(rest, self._source.record(frame_id))
        corpus = Corpus()
        if reads_text(rest):
            corpus.add(frame_id, self._source)
        return bool(corpus.evaluate(rest, (frame_id,), self._source, _ANY_STATISTICS))


_ANY_STATISTICS: Final = Statistics(None)


def _first(hit: tuple[float, int]) -> float:
    return hit[0]


def _hits(
    source: FrameSource,
    node: Node | None,
    page: list[tuple[float, int]],
    offset: int,
    *,
    snippet_chars: int,
    explained_by: Overlay | None,
) -> tuple[Hit, ...]:
    snippets = Snippets(node, snippet_chars)
    scored = node is not None and ranks(node)
    hits = []
    for rank, (score, frame_id) in enumerate(page, offset + 1):
        record = source.record(frame_id)
        snippet, highlights = snippets.cut(source.preview(frame_id)) if snippet_chars else ("", ())
        hits.append(
            Hit(
                frame_id=frame_id,
                uri=record.uri,
                title=record.title,
                score=score if scored else 0.0,
                rank=rank,
                snippet=snippet,
                highlights=highlights,
                tags=tuple(record.tags),
                labels=tuple(record.labels),
                track=record.track,
                timestamp=record.timestamp,
                metadata=source.metadata(frame_id),
                parent_id=record.parent_id,
                scores=_parts(source, explained_by, node, frame_id, score),
            )
        )
    return tuple(hits)


def _parts(
    source: FrameSource, overlay: Overlay | None, node: Node | None, frame_id: int, score: float
) -> dict[str, float]:
    if overlay is None or node is None or not ranks(node):
        return {}
    return score_parts(source, overlay, node, frame_id, score)
