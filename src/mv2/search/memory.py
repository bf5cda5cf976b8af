"""Search over a view of the file: which sides run, and what a handle keeps between searches."""

from __future__ import annotations

import datetime as dt
import threading
import time
import zlib
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import EmbeddingFailedError, VecDimensionMismatchError, VecIndexDisabledError
from mv2.index.frames import FrameIndex
from mv2.index.lexical import LexicalReader, tokens
from mv2.ingest.embedding import FileVectors, check_model, embedder_for
from mv2.ingest.vectors import vector_bytes
from mv2.search.corrections import LABEL
from mv2.search.engine import USUAL, Choice, Outcome, VectorSide, find
from mv2.search.fusion import VECTOR_WEIGHT
from mv2.search.hits import make_hits
from mv2.search.pending import Overlay
from mv2.search.view_source import ViewSource
from mv2.storage.vector_model import vector_model
from mv2.types import Ranking, SearchMode, SearchResult

if TYPE_CHECKING:
    from mv2.models.slot import EmbedderSlot
    from mv2.search.dates import Clock
    from mv2.search.vectors import VectorSearch
    from mv2.storage.frame_set import FrameSet
    from mv2.storage.overlay import Overlay as LogOverlay
    from mv2.storage.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one search is asked for.

    Attributes:
        vector: the query as little-endian float32 bytes, where the caller gave it.
        vector_model: the model that made it, where the caller says so.
        slot: the embedder of the handle, which makes it from the words otherwise.
        allowed: the only frames that may be hits; None allows every active one.
        tz: the time zone of dates in words; None means the system's.
        fingerprint: what makes the result another one beside the query; cursors are bound to it.
    """

    query: str
    k: int = 10
    mode: SearchMode = "auto"
    vector: bytes | None = None
    vector_model: str | None = None
    slot: EmbedderSlot | None = None
    allowed: FrameSet | None = None
    ranking: Ranking | None = None
    cursor: str | None = None
    snippet_chars: int = 240
    context: int = 0
    fragments: int = 1
    passages: bool = False
    tz: str | dt.tzinfo | None = None
    explain: bool = False
    fingerprint: str = ""


class MemorySearch:
    """The search of one handle: its opened index, and its cache of pending frames."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: LexicalReader | None = None
        self._reader_key: tuple[bytes, int] | None = None
        self._pending = Overlay()
        self._pending_of: LogOverlay | None = None
        self._corrections = _Corrections()
        self._vectors: VectorSearch | None = None

    def find(self, view: View, request: Request) -> SearchResult:
        """See ``Memvid.find``."""
        source, pending = self.source(view)
        return find(
            source,
            request.query,
            k=request.k,
            choice=self._choose(view, request),
            allowed=request.allowed,
            ranking=request.ranking or USUAL,
            cursor=request.cursor,
            snippet_chars=request.snippet_chars,
            context=request.context,
            fragments=request.fragments,
            passages=request.passages,
            clock=_clock(request.tz),
            explain=request.explain,
            overlay=pending,
        )

    def similar(
        self,
        view: View,
        frame_id: int,
        *,
        k: int,
        allowed: FrameSet | None,
        snippet_chars: int,
        versions: bool,
    ) -> SearchResult:
        """See ``Memvid.similar``."""
        from mv2.search.similar import similar

        begun = time.perf_counter()
        source, pending = self.source(view)
        found = similar(source, pending, self.vectors, frame_id, k, allowed, versions=versions)
        outcome = Outcome(found.hits, len(found.hits), False, mode=found.mode, node=found.node)
        hits = make_hits(
            source, outcome, found.hits, 0, snippet_chars=snippet_chars, context=0, explained_by=None
        )
        return SearchResult(
            query="",
            mode=found.mode,
            hits=hits,
            total=len(hits),
            total_is_exact=len(hits) < k,
            next_cursor=None,
            relaxed=False,
            took_ms=(time.perf_counter() - begun) * 1e3,
            reason="by its vector" if found.mode == "vec" else "by its most telling words",
        )

    @property
    def vectors(self) -> VectorSearch:
        """The vector search of the handle, made when it is first needed."""
        from mv2.search.vectors import VectorSearch

        with self._lock:
            if self._vectors is None:
                self._vectors = VectorSearch()
            return self._vectors

    def source(self, view: View) -> tuple[ViewSource, Overlay]:
        """The view as search reads it, and the cache of pending frames that belongs to it."""
        reader = self._open_reader(view)
        if view.is_past:
            from mv2.search.past import RetiredCorpus

            lacking = RetiredCorpus(view)
            past = ViewSource(
                view, reader, self._corrections.of, lambda node, source: lacking.search(node, source, reader)
            )
            return past, Overlay()
        with self._lock:
            if self._pending_of is not view.overlay:
                # Another log, or one from which something was taken back.
                self._pending, self._pending_of = Overlay(), view.overlay
                self._corrections.forget_pending()
            pending = self._pending
        return ViewSource(view, reader, self._corrections.of), pending

    def close(self) -> None:
        with self._lock:
            reader, self._reader = self._reader, None
            self._reader_key = None
            vectors, self._vectors = self._vectors, None
        if reader is not None:
            reader.close()
        if vectors is not None:
            vectors.close()

    def _choose(self, view: View, request: Request) -> Choice:
        """Which sides run, by the mode asked for and what the memory and the handle have.

        Raises:
            VecIndexDisabledError: vectors are asked for, and the memory has none.
            EmbeddingFailedError: vectors are asked for, and nothing can make the query's.
            ModelMismatchError, VecDimensionMismatchError: the query is of another model.
        """
        mode, words = request.mode, request.mode != "vec"
        mark = f"{mode} {request.fingerprint}"
        if mode == "lex":
            return Choice(reason="words only, as asked for", fingerprint=mark)
        if not view.vector_dimension:
            if mode != "auto" or request.vector is not None:
                raise VecIndexDisabledError(
                    "this memory has no vectors",
                    path=view.file.path,
                    remedy="Put documents with an embedder or with embedding=..., or search with mode='lex'.",
                )
            return Choice(reason="words only: the memory has no vectors", fingerprint=mark)
        if request.vector is not None:
            return self._given(view, request, words, mark)
        if not request.query.strip():
            return Choice(reason="filter only", fingerprint=mark)
        embedder = embedder_for(request.slot, view)
        if embedder is None:
            model = vector_model(view)
            lacking = f"no embedder here makes vectors of {model}" if model else "there is no embedder here"
            if mode != "auto":
                raise EmbeddingFailedError(
                    lacking,
                    remedy="Open with embedder=..., install mv2[embed], or give vector=...",
                )
            return Choice(reason=f"words only: {lacking}", fingerprint=mark)

        def side(text: str) -> VectorSide | None:
            if not text.strip():
                return None
            vector = vector_bytes(embedder.embed_query(text), "query")
            return self._bound(view, vector, request.allowed, embedder.vector_weight)

        named = f"vectors of {embedder.label}"
        return Choice(words, side, f"words and {named}" if words else f"{named} only, as asked for", mark)

    def _given(self, view: View, request: Request, words: bool, mark: str) -> Choice:
        """The vector that came with the query."""
        vector = request.vector
        assert vector is not None, "the caller looks"
        others = FileVectors.of(view)
        if len(vector) // 4 != others.dimension:
            raise VecDimensionMismatchError(
                f"the vector has {len(vector) // 4} numbers, those of the memory have {others.dimension}",
                path=view.file.path,
                remedy="Make the query's vector with the model that made the others.",
            )
        check_model(request.vector_model, others.model)
        words = words and bool(request.query.strip())
        return Choice(
            words,
            lambda _: self._bound(view, vector, request.allowed),
            "words and the given vector" if words else "the given vector only",
            f"{mark} {zlib.crc32(vector)}",
        )

    def _bound(
        self, view: View, vector: bytes, allowed: FrameSet | None, weight: float | None = None
    ) -> VectorSide:
        from mv2.search.vector_side import BoundVectors

        usual = VECTOR_WEIGHT if weight is None else weight
        return BoundVectors(self.vectors, view, vector, allowed, usual)

    def _open_reader(self, view: View) -> LexicalReader | None:
        """The index of the view's commit, opened once."""
        base = view.base
        if not base.frame_count:
            return None
        key = (base.anchor.contents_digest, base.anchor.generation)
        with self._lock:
            if self._reader_key != key:
                files = base.lexical_files()
                self._reader = LexicalReader.open(
                    files if files is not None else _rebuilt(view), trusted=True
                )
                self._reader_key = key
            return self._reader


def _clock(tz: str | dt.tzinfo | None) -> Clock | None:
    if tz is None:
        return None
    from mv2.search.dates import Clock

    return Clock(tz=tz)


class _Corrections:
    """The frames of a memory that correct others: few, and looked for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: LexicalReader | None = None
        self._indexed: frozenset[int] = frozenset()
        self._pending: set[int] = set()
        self._next = 0

    def forget_pending(self) -> None:
        """Begin anew with the frames of the log."""
        with self._lock:
            self._pending, self._next = set(), 0

    def of(self, source: ViewSource) -> frozenset[int]:
        """Those active in the view."""
        with self._lock:
            reader = source.lexical()
            if reader is not self._reader:
                self._reader = reader
                self._indexed = frozenset() if reader is None else _labelled(reader)
            start = source.indexed_count if reader is not None else 0
            for frame_id in range(max(start, self._next), source.frame_count):
                if LABEL in source.record(frame_id).labels:
                    self._pending.add(frame_id)
            self._next = max(self._next, source.frame_count)
            found = self._indexed | self._pending
        if not found:
            return found if isinstance(found, frozenset) else frozenset()
        return frozenset(
            k
            for k in found
            if k < source.frame_count and source.is_active(k) and LABEL in source.record(k).labels
        )


def _labelled(reader: LexicalReader) -> frozenset[int]:
    """Frames whose labels have the word; whether it is a label of its own, the record tells."""
    query = reader.queries.term("labels", tokens(LABEL)[0])
    count = reader.count(query)
    return frozenset(frame_id for _, frame_id in reader.top(query, count)[0]) if count else frozenset()


def _rebuilt(view: View) -> list[tuple[str, bytes]]:
    """Index files made from the frames, where the stored ones are missing, damaged or not ours."""
    from mv2.storage.committer import index_everything
    from mv2.storage.overlay import Overlay as LogOverlay
    from mv2.storage.view import View as StorageView

    committed = StorageView(view.file, view.base, LogOverlay(view.base.frame_count))
    index = FrameIndex(None, True)
    try:
        index_everything(committed, index)
        return [(file.name, file.read()) for file in index.commit()]
    finally:
        index.close()
