"""``find``: one page of hits, whatever ran to get them.

A search for keywords in a memory of long documents is answered by the index alone.
Everything else goes over a *head*: the first ``HEAD`` frames that words and vectors
find, ordered anew by fusion, neighbours, hints of time, corrections and the options
of ``Ranking``. Behind the head follow the other matches in the order of the index, then
in the order of the vectors. Head and tail depend on the query alone, so pages neither
overlap nor skip on an unchanged memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Protocol

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError
from mv2.search import fusion
from mv2.search._cursor import MAX_OFFSET, make_cursor, read_cursor
from mv2.search.candidates import NOTHING, Candidates, Found, Ranked
from mv2.search.head import Head, best_first
from mv2.search.hits import make_hits
from mv2.search.lengths import length_weight, mean_length, reweighted
from mv2.search.nodes import And, Node, Query, Terms, ranks
from mv2.search.pending import Overlay
from mv2.search.query import parse
from mv2.search.question import ask_twice, is_question, without_phrases
from mv2.search.reorder import kept_count
from mv2.types import Ranking, SearchResult

if TYPE_CHECKING:
    from mv2.search.dates import Clock
    from mv2.search.source import FrameSource
    from mv2.storage.frame_set import FrameSet

MAX_PAGE: Final = 100_000
HEAD: Final = 256
# Of each side, where words and vectors come together.
FUSED_HEAD: Final = 96
# A word of the query adds at most this many times its weight: K1 + 1 from the text, half of it from each
# of tags, labels and track.
_MOST_OF_A_WORD: Final = 5.5
# Of English text, its spaces included.
BYTES_A_WORD: Final = 6
# More than neighbours, track and hints of time add together.
_ALL_WORDS: Final = 2.0


class VectorSide(Protocol):
    """The vectors of a memory as one query sees them."""

    @property
    def weight(self) -> float:
        """Share of the sum that vectors of this model usually have."""
        ...

    def nearest(self, count: int) -> Ranked:
        """(cosine, frame id) of the most similar frames that may be hits, best first."""
        ...

    def similarities(self, frame_ids: list[int]) -> dict[int, float]:
        """Cosine to the query of each frame that has a vector."""
        ...

    def usual(self) -> fusion.Background:
        """Similarities of frames in general."""
        ...

    def alike(self, one: int, other: int) -> float:
        """Cosine of two frames, 0 where one has no vector."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to run, and why: decided where the file and the embedder are known.

    Attributes:
        words: whether the index is asked.
        vectors: makes the other side from the words of the query; None if it does not run.
    """

    words: bool = True
    vectors: Callable[[str], VectorSide | None] | None = None
    reason: str = "words only"
    fingerprint: str = ""


WORDS_ONLY: Final = Choice()
USUAL: Final = Ranking()


@dataclass(slots=True)
class Outcome:
    """Everything that ran, ready to be cut into pages."""

    ordered: Ranked
    total: int
    exact: bool
    mode: str = "lex"
    relaxed: bool = False
    node: Node | None = None
    reason: str = ""
    did_you_mean: str | None = None
    parts: dict[str, dict[int, float]] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)


def find(
    source: FrameSource,
    query: str,
    *,
    k: int = 10,
    choice: Choice = WORDS_ONLY,
    allowed: FrameSet | None = None,
    ranking: Ranking = USUAL,
    cursor: str | None = None,
    snippet_chars: int = 240,
    context: int = 0,
    fragments: int = 1,
    passages: bool = False,
    clock: Clock | None = None,
    explain: bool = False,
    overlay: Overlay | None = None,
) -> SearchResult:
    """Search a memory for `query` (`mv2.search.query` describes the language).

    Args:
        source: the memory.
        query: what to look for; may be empty when vectors or `allowed` say it.
        k: hits on a page, 1 to 100,000.
        choice: which sides run.
        allowed: the only frames that may be hits; None allows every active one.
        cursor: ``next_cursor`` of the page before; None for the first page.
        snippet_chars: characters a snippet has at most; 0 leaves snippets empty.
        context: frames on each side of a hit in its track to return with it.
        clock: what dates in words are counted from; None means now, in the system's time zone.
        fragments: passages of a hit to cut, each of at most `snippet_chars`.
        passages: every matching chunk of a long document is a hit, not its best one only.
        explain: fill ``Hit.scores``, ``matched`` and ``rules``.
        overlay: the cache of pending frames that belongs to the memory; without
            one they are read anew.

    Raises:
        QueryError: the query is empty, or clearly an operator query and malformed.
        CursorError: the cursor is malformed or belongs to another query.
        InvalidArgumentError: a number is out of range.
        CorruptFileError: the embedded index turns out to be damaged.
    """
    begun = time.perf_counter()
    _check(k, snippet_chars, context, fragments)
    listing = not query.strip() and (choice.vectors is not None or allowed is not None)
    parsed = Query(query, None, plain=True) if listing else parse(query, clock=clock)
    key = f"{query}\0{choice.fingerprint}"
    offset = 0 if cursor is None else read_cursor(cursor, key)
    overlay = Overlay() if overlay is None else overlay
    search = _Search(source, overlay, allowed, ranking, clock)
    # Where a result ends must not depend on the page that is asked for.
    need = offset + k + 1 if ranking.cutoff is None else max(offset + k + 1, HEAD)
    outcome = search.run(parsed, choice, need)
    # A list without anything to rank by has documents only.
    ranked = outcome.mode != "list" and (parsed.root is None or ranks(parsed.root))
    if ranked and not passages and source.has_chunks:
        outcome = _by_document(source, search, parsed, choice, outcome, need)
    ordered = outcome.ordered
    if ranking.cutoff is not None and outcome.mode != "list":
        kept = kept_count([score for score, _ in ordered[:HEAD]], ranking.cutoff, ranking.min_relevancy)
        ordered, outcome.total, outcome.exact = ordered[:kept], kept, True
    more = len(ordered) > offset + k and offset + k <= MAX_OFFSET
    hits = make_hits(
        source,
        outcome,
        ordered[offset : offset + k],
        offset,
        snippet_chars=snippet_chars,
        context=context,
        fragments=fragments,
        explained_by=overlay if explain else None,
    )
    return SearchResult(
        query=query,
        mode="lex" if outcome.mode == "list" else outcome.mode,
        hits=hits,
        total=outcome.total,
        total_is_exact=outcome.exact,
        next_cursor=make_cursor(key, offset + k) if more else None,
        relaxed=outcome.relaxed and bool(ordered),
        took_ms=(time.perf_counter() - begun) * 1e3,
        reason=outcome.reason,
        did_you_mean=outcome.did_you_mean,
    )


def _by_document(
    source: FrameSource, search: _Search, query: Query, choice: Choice, outcome: Outcome, need: int
) -> Outcome:
    """The outcome with one hit a document, as many of them as are needed if there are."""
    asked = need
    while True:
        best: dict[int, tuple[float, int]] = {}
        seen = 0
        for hit in outcome.ordered:
            best.setdefault(source.document_of(hit[1]), hit)
            seen += 1
            if len(best) >= need:
                break
        cut = len(outcome.ordered) >= asked
        if len(best) >= need or not cut:
            break
        asked *= 4
        outcome = search.run(query, choice, asked)
    outcome.exact = outcome.exact and seen == outcome.total
    outcome.total = len(best)
    outcome.ordered = list(best.values())
    return outcome


def _check(k: int, snippet_chars: int, context: int, fragments: int) -> None:
    if not 1 <= k <= MAX_PAGE:
        raise InvalidArgumentError(f"k is {k}, not 1 to {MAX_PAGE:,}")
    if snippet_chars < 0:
        raise InvalidArgumentError(f"snippet_chars is {snippet_chars}, which is negative")
    if not 0 <= context <= 100:
        raise InvalidArgumentError(f"context is {context}, not 0 to 100")
    if not 1 <= fragments <= 100:
        raise InvalidArgumentError(f"fragments is {fragments}, not 1 to 100")


class _Search:
    """One query against one view of a memory."""

    def __init__(
        self,
        source: FrameSource,
        overlay: Overlay,
        allowed: FrameSet | None,
        ranking: Ranking,
        clock: Clock | None,
    ) -> None:
        self._source = source
        self._overlay = overlay
        self._allowed = allowed
        self._ranking = ranking
        self._clock = clock
        self._candidates = Candidates(source, overlay, allowed)

    def run(self, query: Query, choice: Choice, need: int) -> Outcome:
        if query.root is None and choice.vectors is None and not query.text.strip():
            return self._listed()
        side = self._side(query, choice)
        if query.root is None and side is None:
            return Outcome([], 0, True, node=None, reason=choice.reason)
        if side is None and not self._needs_head(query):
            return self._index_order(query, choice, need)
        if side is not None and not (choice.words and query.root is not None) and not self._moves_vectors():
            return self._vector_order(query, choice, side, need)
        outcome = self._headed(query, choice, side, need)
        if outcome.ordered or not query.plain:
            return outcome
        return self._loosened(query, choice, need) or outcome

    # --- without a head -----------------------------------------------------------

    def _listed(self) -> Outcome:
        """Allowed documents, newest first."""
        assert self._allowed is not None, "an empty query is refused without a filter"
        ordered: Ranked = sorted(self._source.documents(self._allowed), reverse=True)
        return Outcome(ordered, len(ordered), True, mode="list", reason="filter only")

    def _index_order(self, query: Query, choice: Choice, need: int) -> Outcome:
        found = self._candidates.plain(query, need)
        if not found.hits and query.plain and (again := self._loosened(query, choice, need)) is not None:
            return again
        outcome = self._outcome(query, found, choice)
        outcome.ordered = found.hits
        if query.relaxed() is not None and found.hits:
            cap = _MOST_OF_A_WORD * self._ideal(query)
            outcome.parts["words"] = {frame_id: score / cap for score, frame_id in found.hits}
            outcome.parts["all_words"] = dict.fromkeys((k for _, k in found.hits[: found.complete]), 1.0)
            outcome.ordered = [
                (score / cap + (place < found.complete), frame_id)
                for place, (score, frame_id) in enumerate(found.hits)
            ]
        return outcome

    def _vector_order(self, query: Query, choice: Choice, side: VectorSide, need: int) -> Outcome:
        """The nearest frames as they are; their score is the cosine."""
        near = self._near(query, choice, side, need)
        # Cosines that are equal but for rounding stand in the order of ids.
        lowest = accumulate((score for score, _ in near), min)
        return Outcome(
            [(score, frame_id) for score, (_, frame_id) in zip(lowest, near, strict=True)],
            len(near),
            len(near) < need or not query.plain,
            mode="vec",
            node=query.relaxed() or query.root,
            reason=choice.reason,
            parts={"similarity": {k: score for score, k in near}},
        )

    def _outcome(self, query: Query, found: Found, choice: Choice) -> Outcome:
        loose = query.relaxed()
        relaxed = loose is not None and not found.complete
        return Outcome(
            [],
            found.total,
            found.exact,
            relaxed=relaxed,
            node=loose or query.root,
            reason=choice.reason,
            parts={"lexical": {k: score for score, k in found.hits}} if query.root is not None else {},
            rules=["any word"] if relaxed else [],
        )

    def _loosened(self, query: Query, choice: Choice, need: int) -> Outcome | None:
        """What a plain query finds that found nothing: other spellings, then phrases as words."""
        outcome = self._respelled(query, choice, need)
        loose = without_phrases(query) if outcome is None else None
        if loose is not None:
            outcome = self.run(loose, choice, need)
            outcome.relaxed = True
            outcome.rules.append("phrases as words")
        return outcome if outcome is not None and outcome.ordered else None

    def _respelled(self, query: Query, choice: Choice, need: int) -> Outcome | None:
        """The same with words that no document has replaced by ones like them."""
        from mv2.search.respelling import respelled

        text = respelled(query, self._source, self._overlay)
        if text is None:
            return None
        outcome = self.run(parse(text, clock=self._clock), choice, need)
        outcome.did_you_mean = text
        return outcome if outcome.ordered else None

    # --- with one -----------------------------------------------------------------

    def _needs_head(self, query: Query) -> bool:
        if query.root is None or not ranks(query.root):
            return False
        ranking = self._ranking
        asked_for = ranking.recency or ranking.diversity or ranking.reranker
        return bool(
            asked_for
            or is_question(query)
            or (ranking.neighbours and self._source.has_tracks)
            or (ranking.corrections and self._source.corrections())
            or self._b() is not None
        )

    def _moves_vectors(self) -> bool:
        """Whether anything but their similarity moves the hits of a search by vectors alone."""
        ranking = self._ranking
        return bool(
            ranking.recency
            or ranking.diversity
            or ranking.reranker
            or (ranking.neighbours and self._source.has_tracks)
            or (ranking.corrections and self._source.corrections())
        )

    def _near(self, query: Query, choice: Choice, side: VectorSide, count: int) -> Ranked:
        """The nearest frames that fulfil what the query demands beside its words."""
        if not query.plain and choice.words:
            return []  # operators say exactly what may be found; vectors only order it
        if not query.plain and query.root is not None:
            matching = self._candidates.run(query.root, self._source.frame_count).hits
            return best_first(side.similarities([k for _, k in matching]))
        conditions = _conditions(query)
        depth = count
        known: dict[int, bool] = {}
        while True:
            near = side.nearest(depth)
            if conditions is None:
                return near
            for _, frame_id in near:
                if frame_id not in known:
                    known[frame_id] = self._candidates.holds(conditions, frame_id)
            kept = [hit for hit in near if known[hit[1]]]
            if len(kept) >= count or len(near) < depth:
                return kept
            depth *= 4

    def _side(self, query: Query, choice: Choice) -> VectorSide | None:
        if choice.vectors is None or (query.root is not None and not ranks(query.root)):
            return None
        return choice.vectors(query.words or query.text)

    def _headed(self, query: Query, choice: Choice, side: VectorSide | None, need: int) -> Outcome:
        size = HEAD if side is None else FUSED_HEAD
        depth = size if need <= size else need + 2 * size
        found, added = NOTHING, list[str]()
        if choice.words and query.root is not None:
            found, added = self._words(query, depth, size)
        lexical = self._length_aware(found.hits[:size])
        near = self._near(query, choice, side, depth) if side is not None else []
        outcome = self._outcome(query, found, choice)
        if added:
            outcome.rules.append("feedback: " + ", ".join(added))
        outcome.mode = (
            "lex" if side is None else "hybrid" if choice.words and query.root is not None else "vec"
        )
        head = Head(self._source, query, self._ranking, self._allowed, outcome, self._clock)
        if side is None:
            complete = {k for _, k in found.hits[: found.complete]}
            head.words_only(lexical, complete if found.complete < len(found.hits) else set(), _ALL_WORDS)
        else:
            head.fused(lexical, near[:size], side, self._ideal(query))
        if is_question(query):
            outcome.rules.append("question")
        ordered = head.finish(side, may_enter=self._may_enter(query, side))
        outcome.ordered = self._with_tail(ordered, found.hits[size:], near[size:])
        self._count_hybrid(outcome, found, near, depth, side)
        return outcome

    def _may_enter(self, query: Query, side: VectorSide | None) -> bool:
        """Whether neighbours without a word of the query may be hits."""
        plain = query.plain and _conditions(query) is None
        return plain and (side is not None or is_question(query))

    def _words(self, query: Query, depth: int, size: int) -> tuple[Found, list[str]]:
        loose = query.relaxed()
        if loose is None or not is_question(query):
            return self._candidates.plain(query, depth), []
        assert query.root is not None, "a question has words"
        idf = self._overlay.statistics(self._source, self._source.lexical()).idf
        found, added = ask_twice(self._candidates, query, loose, self._source, idf, depth)
        every = self._candidates.run(query.root, size)
        first = {k for _, k in every.hits[:size]}
        # All words first, both parts in the order of the question; the head does not depend on `depth`.
        hits = [hit for hit in found.hits[:size] if hit[1] in first]
        complete = len(hits)
        hits += [hit for hit in found.hits[:size] if hit[1] not in first]
        return Found([*hits, *found.hits[size:]], found.total, found.exact, complete), added

    def _length_aware(self, hits: Ranked) -> Ranked:
        b = self._b()
        return hits if b is None else reweighted(hits, self._source, b, mean_length(self._source))

    def _b(self) -> float | None:
        """The length weight that suits the memory, None where it is the index's own."""
        reader = self._source.lexical()
        words = mean_length(self._source) / BYTES_A_WORD if reader is None else reader.mean_length
        b = length_weight(words)
        return b if b < length_weight(1e9) else None

    def _ideal(self, query: Query) -> float:
        """Score of a document that has every word of the query once and is of mean length."""
        statistics = self._overlay.statistics(self._source, self._source.lexical())
        return sum(statistics.idf(stem) for stem in query.stems()) or 1.0

    def _with_tail(self, ordered: Ranked, lexical: Ranked, near: Ranked) -> Ranked:
        seen = {frame_id for _, frame_id in ordered}
        tail = [frame_id for _, frame_id in [*lexical, *near] if frame_id not in seen]
        lowest = ordered[-1][0] if ordered else 1.0
        for place, frame_id in enumerate(dict.fromkeys(tail), 1):
            ordered.append((lowest / (1 + place), frame_id))
        return ordered

    def _count_hybrid(
        self, outcome: Outcome, found: Found, near: Ranked, depth: int, side: VectorSide | None
    ) -> None:
        if side is not None:
            whole = found.exact and len(found.hits) < depth and len(near) < depth
            outcome.total = max(found.total, len(outcome.ordered))
            outcome.exact = whole and outcome.total == len(outcome.ordered)
        elif len(outcome.ordered) > len(found.hits):
            # Neighbours and corrections have entered; they may match further down as well.
            outcome.exact = found.exact and len(found.hits) >= found.total
            outcome.total = max(outcome.total, len(outcome.ordered))


def _conditions(query: Query) -> Node | None:
    """What a plain query demands beside its words."""
    parts = query.root.children if isinstance(query.root, And) else (query.root,)
    kept = tuple(part for part in parts if part is not None and not isinstance(part, Terms))
    return None if not kept else kept[0] if len(kept) == 1 else And(kept)


__all__ = ["HEAD", "Choice", "Outcome", "VectorSide", "best_first", "find"]
