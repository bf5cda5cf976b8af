"""The values people hold: documents that go in, frames and hits that come out.

Everything here is immutable. Times are whole UTC seconds since 1970 (int),
sizes are bytes, ranges are half open (start included, end excluded).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from mv2._record import dataclass

Mode: TypeAlias = Literal["r", "r+", "a", "x", "w"]
Durability: TypeAlias = Literal["full", "batch", "none"]
LockMode: TypeAlias = Literal["write", "handle"]
CloseMode: TypeAlias = Literal["checkpoint", "lazy", "force-lazy"]
OnConflict: TypeAlias = Literal["version", "keep_both", "error", "skip"]
VectorCompression: TypeAlias = Literal["none", "pq96"]
SearchMode: TypeAlias = Literal["auto", "lex", "vec", "hybrid"]
Fusion: TypeAlias = Literal["weighted", "rrf"]
Cutoff: TypeAlias = Literal["relative", "absolute", "cliff", "elbow", "combined"]
Status: TypeAlias = Literal["active", "superseded", "deleted"]
Role: TypeAlias = Literal["document", "chunk", "image"]
Timestamp: TypeAlias = int | float | str | dt.datetime
FrameRef: TypeAlias = int | str
Vector: TypeAlias = Sequence[float]
Content: TypeAlias = str | bytes | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a piece of a document stands in it. Counts start at 1 and include their end.

    Attributes:
        page, last_page: pages or slides.
        headings: the headings above it, outermost first.
        sheet: name of the sheet.
        rows: rows of the sheet, table or data file.
        lines: lines of the file.
        seconds: (start, end) in a recording.
        symbol: qualified name of the function, class or key.
        range: (start, end) characters of the document's text, end excluded.
    """

    page: int | None = None
    last_page: int | None = None
    headings: tuple[str, ...] = ()
    sheet: str | None = None
    rows: tuple[int, int] | None = None
    lines: tuple[int, int] | None = None
    seconds: tuple[float, float] | None = None
    symbol: str | None = None
    range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file or page that a document was read from.

    Attributes:
        reader: name of the reader that read it.
        mime: its media type.
        sha256: SHA-256 of its bytes, hex.
        size: its bytes.
        modified_ns: its time of modification, nanoseconds since 1970 UTC; None when nobody said.
        url: where it was fetched from.
        fetched_at: when it was fetched, UTC seconds.
        etag, last_modified: what the server calls the version that was fetched.
        part_of: uri of the document that it was inside of: a mail, an archive.
    """

    reader: str | None = None
    mime: str | None = None
    sha256: str | None = None
    size: int | None = None
    modified_ns: int | None = None
    url: str | None = None
    fetched_at: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    part_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a document that is indexed and found by itself.

    Attributes:
        text: what is searched and shown. It ends with the characters ``start`` to ``end`` of the
            document's text; what stands before them is repeated from elsewhere: the header of
            a table, or the overlap with the chunk before.
        start, end: its own characters of the document's text, end excluded. The chunks of a
            document follow one another and cover all of its text.
        kind: ``text``, ``table``, ``code``, ``list`` or ``record``.
        place: where it stands.
    """

    text: str
    start: int
    end: int
    kind: str = "text"
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How text is cut into chunks.

    Attributes:
        size: wanted characters in a chunk.
        overlap: characters of the chunk before that a chunk repeats at its start.
        rule: ``"plain"`` cuts at sentences and lines as the original engine does, ``"structure"`` also
            at headings, paragraphs, lists, tables (their header is repeated) and code, ``"auto"``
            takes structure where a document has some, ``"none"`` keeps every document whole.
        smallest: texts shorter than this are not cut; None means twice ``size``.
    """

    size: int = 1200
    overlap: int = 0
    rule: Literal["auto", "plain", "structure", "none"] = "auto"
    smallest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What goes into a memory; the fields are the arguments of ``Memvid.put``.

    Attributes:
        content: text, bytes, or a path whose bytes are read.
        uri: identity of the document; None makes ``mv2://frames/<id>``.
        title, kind, track: free text, or None.
        tags, labels: exact strings, in order.
        metadata: JSON values by key; types come back as given.
        timestamp: when it happened; None means now.
        embedding: one vector of float32 (d,), or one per chunk (n, d); None lets the memory's
            embedder make them, where it has one.
        embedding_model: name of the model that made ``embedding``; kept, and compared with that
            of the memory's other vectors. It says nothing of vectors that are not given.
        mime: media type; None lets mv2 decide between text and bytes.
        dedup: return the id of an active frame with the same content instead of adding it.
        on_conflict: what to do when an active frame has the uri.
        text: what is searched, where that is not the content itself: the text of a PDF, say.
        chunks: how the text is cut; None lets mv2 decide. They follow one another and cover the text.
        content_dates: dates that the text names, ISO text.
        origin: the file or page it was read from.
    """

    content: Content
    uri: str | None = None
    title: str | None = None
    tags: Sequence[str] = ()
    labels: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timestamp: Timestamp | None = None
    track: str | None = None
    kind: str | None = None
    embedding: Vector | Sequence[Vector] | None = None
    embedding_model: str | None = None
    mime: str | None = None
    source_path: str | None = None
    dedup: bool = False
    on_conflict: OnConflict = "version"
    text: str | None = None
    chunks: Sequence[Chunk] | None = None
    content_dates: Sequence[str] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One stored version of a document, or one chunk of it.

    Attributes:
        id: stable for ever.
        uri, title, kind, track, tags, labels, metadata: as they were given.
        timestamp: when it happened, as the user said.
        put_at: when it was put; None in frames of other engines.
        status: active, superseded (a newer version exists) or deleted.
        role: document, chunk (a slice of a long document) or image.
        parent_id, chunk_index, chunk_count: place of a chunk in its document.
        supersedes, superseded_by: neighbours in the history of versions.
        deleted_at, replaced_at: when the frame stopped being active, or None.
        length: size of the content in bytes.
        mime: media type, if known.
        source_path: where the content came from, if it was a file.
        content_dates: dates found in the text by whoever wrote the frame.
        place: of a chunk, where it stands in its document.
        origin: the file or page that the document was read from.
    """

    id: int
    uri: str | None
    title: str | None
    kind: str | None
    track: str | None
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    metadata: Mapping[str, Any]
    timestamp: int
    put_at: int | None
    status: Status
    role: Role
    parent_id: int | None
    chunk_index: int | None
    chunk_count: int | None
    supersedes: int | None
    superseded_by: int | None
    deleted_at: int | None
    replaced_at: int | None
    length: int
    mime: str | None
    source_path: str | None
    content_dates: tuple[str, ...]
    place: Place | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How hits are ordered and how many are kept; the defaults suit most memories.

    Attributes:
        fusion: how words and vectors are combined: ``"weighted"`` adds normalised scores with
            weights that follow how sharp each side is, ``"rrf"`` adds reciprocal ranks.
        vector_weight: share of the vectors, 0 to 1; None lets the rule choose.
        neighbours: share of their score that frames next to each other in a track lend each
            other, 0 to 1; 0 turns it off.
        time_hints: a question that names a date prefers frames near it, one that asks "when"
            prefers frames that speak of time.
        diversity: 0 to 1; how much a hit is moved down for being like those above it (MMR).
        recency: 0 to 1; how much newer frames are preferred.
        half_life: seconds after which ``recency`` halves.
        corrections: what was stated by ``correct`` stands above what it corrects.
        reranker: orders the first ``rerank_depth`` hits anew.
        cutoff: drop the weak end of the result: ``"relative"`` (below a share of the best),
            ``"absolute"``, ``"cliff"`` (after a steep fall), ``"elbow"``, ``"combined"``.
        min_relevancy: the share, score or fall that ``cutoff`` takes; None takes its usual one.
    """

    fusion: Fusion = "weighted"
    vector_weight: float | None = None
    neighbours: float = 0.2
    time_hints: bool = True
    diversity: float = 0.0
    recency: float = 0.0
    half_life: float = 30 * 86_400.0
    corrections: bool = True
    reranker: Reranker | None = None
    rerank_depth: int = 50
    cutoff: Cutoff | None = None
    min_relevancy: float | None = None


@runtime_checkable
class Reranker(Protocol):
    """Orders texts by how well each answers a query."""

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One score a text, in the order of `texts`; larger is better."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A frame that stands near a hit in its track.

    Attributes:
        offset: places from the hit; negative before it.
        text: its text, shortened.
    """

    frame_id: int
    offset: int
    timestamp: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """One of several passages of a hit.

    Attributes:
        text: part of the document's own text.
        highlights: matched ranges in ``text``, as (start, end) characters.
        range: where it stands in the frame's text, as (start, end) characters.
    """

    text: str
    highlights: tuple[tuple[int, int], ...]
    range: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result.

    Attributes:
        snippet: part of the document's own text, nothing else.
        highlights: matched ranges in ``snippet``, as (start, end) characters.
        range: where the snippet stands in the frame's text, as (start, end) characters.
        frame_id: the frame that matched: a document, or the best chunk of a long one.
        uri, title: of the document, also when the hit is a chunk of it.
        score: larger is better; comparable within one result only.
        rank: 1 for the best hit of the whole result, across pages.
        parent_id: the document's frame when the hit is a chunk, else None.
        place: of a chunk, where it stands in its document: page, headings, rows, lines.
        scores: with ``explain``, what the score is made of: ``words``, ``vector``, ``all_words``,
            ``neighbours``, ``track``, ``time``, ``recency`` and ``correction`` add up to it, and
            ``lexical`` (BM25), ``lexical:<word>``, ``similarity`` (cosine) say where they come from.
        matched: with ``explain``, the words of the query that the frame has.
        rules: with ``explain``, the rules that moved it, by name.
        fragments: with ``fragments`` above 1, the best passages in the order of the text; ``snippet``
            is the best one of them.
        neighbours: with ``context``, the frames around it in its track, in order.
    """

    frame_id: int
    uri: str | None
    title: str | None
    score: float
    rank: int
    snippet: str
    highlights: tuple[tuple[int, int], ...]
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    track: str | None
    timestamp: int
    metadata: Mapping[str, Any]
    range: tuple[int, int] = (0, 0)
    parent_id: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    matched: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fragments: tuple[Fragment, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A page of hits.

    Attributes:
        mode: the kind of search that ran: ``"lex"``, ``"vec"`` or ``"hybrid"``.
        reason: why that one, in words.
        total: number of matching frames; a lower bound unless ``total_is_exact``.
        next_cursor: pass to ``find`` for the next page; None on the last page.
        relaxed: True when no document has all words and any of them was enough.
        did_you_mean: the query with words that no document has replaced by ones like them,
            which is what was searched for then; None if nothing was replaced.
        took_ms: wall time in milliseconds.
    """

    query: str
    mode: str
    hits: tuple[Hit, ...]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    relaxed: bool
    took_ms: float
    reason: str = ""
    did_you_mean: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Documents that are the same, or nearly.

    Attributes:
        frame_ids: two or more active documents, ascending.
        similarity: of the weakest link that holds the group together: share of common three-word
            shingles, 1.0 when all have the same content.
    """

    frame_ids: tuple[int, ...]
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A point in a memory's past that ``as_of_commit`` and ``diff`` take.

    Attributes:
        number: its generation.
        at: when it was made, UTC seconds; None when nobody noted it.
        frame_count: frames there were then.
    """

    number: int
    at: int | None
    frame_count: int


Moment: TypeAlias = Commit | int | str | dt.datetime
"""A point of the past as ``diff`` takes it: a commit, the number of one, or a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What changed between two points of a memory's past; chunks are not listed.

    Attributes:
        added: documents that are active later and had no active version before.
        replaced: (before, after) of documents that got a newer version.
        removed: documents that were active before and have no active version later.
    """

    added: tuple[Frame, ...]
    replaced: tuple[tuple[Frame, Frame], ...]
    removed: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A document on the timeline; ``preview`` is the start of its text."""

    frame_id: int
    timestamp: int
    uri: str | None
    title: str | None
    preview: str
    chunk_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts and sizes of a memory (bytes).

    Attributes:
        frame_count: every frame ever written, chunks and deleted ones included.
        active_frame_count: frames that are neither deleted nor superseded.
        document_count: active frames that are documents (not chunks).
        pending_count: log records not yet moved into frames.
        size_bytes: size of the file.
        live_bytes, dead_bytes: what a vacuum keeps, and what it gives back.
        payload_bytes: stored size of all contents; logical_bytes: their real size.
        log_bytes: size of the log region; log_used_bytes: the part in use.
        vector_count, vector_dimension: stored vectors (dimension 0: none).
        vector_model: name of the model that made them; None when nobody said.
        generation: number of the last commit.
    """

    path: str
    frame_count: int
    active_frame_count: int
    document_count: int
    deleted_frame_count: int
    superseded_frame_count: int
    pending_count: int
    size_bytes: int
    live_bytes: int
    dead_bytes: int
    payload_bytes: int
    logical_bytes: int
    contents_bytes: int
    lexical_bytes: int
    vector_bytes: int
    log_bytes: int
    log_used_bytes: int
    vector_count: int
    vector_dimension: int
    first_timestamp: int | None
    last_timestamp: int | None
    generation: int
    read_only: bool
    vector_model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something ``verify`` found.

    Attributes:
        code: stable snake_case name.
        severity: ``"error"`` makes the report not ok; ``"warning"`` and ``"info"`` do not.
        message: what is wrong, and what it means for the user.
        offset: position in the file in bytes, if it has one.
        frame_id: the frame concerned, if one is.
    """

    code: str
    severity: Literal["info", "warning", "error"]
    message: str
    offset: int | None = None
    frame_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Result of ``verify``: ``ok`` is True when no finding is an error."""

    path: str
    ok: bool
    deep: bool
    findings: tuple[Finding, ...]
    frames_checked: int
    bytes_checked: int
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """A process that has a memory open for writing.

    Attributes:
        pid: process id.
        command: its command line, shortened; empty when unknown.
        since: when it opened the memory (UTC seconds), or None.
        has_turn: True when it is writing at this moment, None when unknown.
    """

    pid: int
    command: str
    since: int | None
    has_turn: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumReport:
    """What ``vacuum`` did: sizes of the file in bytes before and after."""

    compacted: bool
    size_before: int
    size_after: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a frame's text that an answer may rest on.

    Attributes:
        number: what ``[1]`` in an answer means.
        frame_id: the frame (a chunk of a long document, where it is one).
        range: where it stands in the frame's text, as (start, end) characters.
        text: exactly that piece of the text.
        score: how useful it is for the question, 0 to 1.
        correction: it was stated by ``correct``.
    """

    number: int
    frame_id: int
    uri: str | None
    title: str | None
    timestamp: int
    range: tuple[int, int]
    text: str
    score: float
    correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a ``[number]`` in an answer points to.

    Attributes:
        number: the number of the passage.
        frame_id: the frame (a chunk of a long document, where it is one).
        range: where ``quote`` stands in the frame's text, as (start, end) characters.
        quote: exactly that piece of the text.
        supported: False when the claim it stands behind shares no content word with the passage.
    """

    number: int
    frame_id: int
    uri: str | None
    title: str | None
    timestamp: int
    range: tuple[int, int]
    quote: str
    supported: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a language model read and wrote, as its service counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a language model is told.

    Attributes:
        system: its standing instructions.
        template: the question's message; ``{question}`` and ``{passages}`` are put in. The
            passages bring their own fence, and the sentence that says that they are data.
    """

    system: str = (
        "You answer questions from the passages of a memory, and from nothing else. "
        "Behind each statement write the number of the passage it rests on, like [1]. "
        "Give names, numbers and dates exactly as the passages do. "
        "Where passages contradict each other, a correction counts more than what it corrects, and newer "
        "more than older. Answer in a few plain sentences, in the language of the question. "
        "If the passages do not hold the answer, write exactly NOT FOUND and nothing else."
    )
    template: str = "{passages}\n\nQuestion: {question}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What ``ask`` found out.

    Attributes:
        text: the answer with ``[number]`` behind what a passage supports; a plain sentence
            saying so when nothing was found; empty with ``context_only``.
        found: whether the memory answers the question.
        citations: the passages that ``text`` names, in order of their first mention.
        passages: everything that the answer could rest on, by number.
        hits: the search results, best first.
        confidence: 0 to 1; how well the memory supports an answer: with words alone the weighted share of
            the question's content words that the best sentence and its frame have.
        grounding: with a model, the share of the answer's sentences that the passages support.
        mode: the kind of search that ran.
        kind: what the question was taken to ask for: "when", "who", "count", "list" …
        model: name of the language model; None without one.
        usage: tokens it used, where it says so.
        warnings: what is wrong with the answer: citations that do not exist or do not fit.
        took_ms: wall time in milliseconds.
    """

    question: str
    text: str
    found: bool
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    hits: tuple[Hit, ...]
    confidence: float
    grounding: float | None
    mode: str
    kind: str
    model: str | None
    usage: Usage | None
    warnings: tuple[str, ...]
    took_ms: float

    @property
    def context(self) -> str:
        """The passages as one text, each behind its number, title and day (UTC)."""
        parts = []
        for passage in self.passages:
            day = dt.datetime.fromtimestamp(passage.timestamp, dt.UTC).date() if _has_day(passage) else ""
            head = " \u00b7 ".join(str(part) for part in (passage.title or passage.uri, day) if part)
            parts.append(f"[{passage.number}] {head}\n{passage.text}")
        return "\n\n".join(parts)


def _has_day(passage: Passage) -> bool:
    """Python's calendar ends in the year 9999, and begins in 1."""
    return -62_135_596_800 <= passage.timestamp < 253_402_300_800
