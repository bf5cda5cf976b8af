"""``Memvid``, the object people hold. It delegates and decides nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mv2.errors import FrameNotFoundError, InvalidArgumentError
from mv2.index.vectors import VectorDerivation
from mv2.ingest.frames import make_frame, make_timeline_entry
from mv2.ingest.times import now, to_seconds
from mv2.ingest.vectors import vector_bytes, vector_values
from mv2.models.slot import EmbedderSlot
from mv2.storage.device import FileSystem
from mv2.storage.handle import Options
from mv2.storage.opening import open_store
from mv2.storage.store import Store
from mv2.types import (
    Answer,
    CloseMode,
    Commit,
    Content,
    Diff,
    Document,
    Durability,
    Frame,
    FrameRef,
    LockMode,
    Mode,
    Moment,
    OnConflict,
    Prompt,
    Ranking,
    SearchMode,
    SearchResult,
    Stats,
    TimelineEntry,
    Timestamp,
    VacuumReport,
    Vector,
    VectorCompression,
    VerifyReport,
)

if TYPE_CHECKING:
    from array import array

    from mv2.format.wal import FrameEntry
    from mv2.search.memory import MemorySearch
    from mv2.storage.indexing import FrameIndexer
    from mv2.storage.view import View


class _Absent:
    """Stands for an argument that was not given, where None means something."""

    def __repr__(self) -> str:
        return "..."


_ABSENT: Any = _Absent()


def _lost_documents(entries: list[FrameEntry]) -> Iterable[Document]:
    from mv2.ingest.unsaved import documents_of

    return documents_of(entries)


def _make_indexer(files: list[tuple[str, bytes]] | None, bulk: bool) -> FrameIndexer:
    from mv2.index.frames import FrameIndex

    return FrameIndex(files, bulk)


def open_memory(
    path: str | os.PathLike[str],
    mode: Mode = "a",
    *,
    durability: Durability = "full",
    lock: LockMode = "write",
    lock_timeout: float = 0.25,
    close: CloseMode = "checkpoint",
    embedder: Any = "default",
    file_system: FileSystem | None = None,
) -> Memvid:
    """Open a memory.

    Args:
        path: the ``.mv2`` file.
        mode: ``"r"`` read-only, ``"r+"`` must exist, ``"a"`` create if missing, ``"x"`` must
            not exist, ``"w"`` replace (atomically, and only if nobody writes to it).
        durability: ``"full"`` syncs each put before it returns, ``"batch"`` at most 100 ms
            later, ``"none"`` only at commit and close.
        lock: ``"write"`` takes turns with other writers, ``"handle"`` keeps them out.
        lock_timeout: seconds to wait for other writers.
        close: ``"checkpoint"`` leaves nothing pending in the log at close; ``"lazy"`` leaves
            it there, which is quicker, and is refused for files that the original engine
            would damage then (``"force-lazy"``: not refused).
        embedder: what turns texts into vectors. ``"default"`` is the offline model of the extra
            ``embed`` where that is installed (or what the environment variable MV2_EMBEDDER names),
            and steps aside in memories with vectors of others; ``"none"`` is none; a name such as
            ``"openai:text-embedding-3-small"`` or a folder, and any object with ``embed(texts)``,
            is used for everything (see ``resolve_embedder``). Nothing is loaded before it is needed.
        file_system: where file calls go; for tests.

    Raises:
        MemoryNotFoundError, MemoryExistsError, NotAMemoryError, UnsupportedVersionError,
        EncryptedFileError, AuxiliaryFileError, CorruptFileError, LockedError, StorageError.
    """
    _check_choice("durability", durability, ("full", "batch", "none"))
    _check_choice("lock", lock, ("write", "handle"))
    _check_choice("close", close, ("checkpoint", "lazy", "force-lazy"))
    _check_number("lock_timeout", lock_timeout)
    options = Options(
        writable=mode != "r",
        indexer=_make_indexer,
        deriver=VectorDerivation(),
        lost_documents=_lost_documents,
        durability=durability,
        lock=lock,
        lock_timeout=lock_timeout,
        close=close,
        file_system=file_system or FileSystem(),
        clock=now,
    )
    slot = EmbedderSlot(embedder)
    if not isinstance(embedder, str) or embedder != "default":
        slot.get()  # a name that means nothing is told here
    return Memvid(open_store(path, mode, options), slot)


def _check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InvalidArgumentError(f"{name} {value!r} is unknown", remedy=f"Use one of {', '.join(choices)}.")


def _check_number(name: str, value: object, *, whole: bool = False) -> None:
    """Refuse what is no number from 0 on."""
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not value >= 0:
        raise InvalidArgumentError(f"{name} {value!r} is not a number from 0 on")


class Memvid:
    """One memory, open. Made by ``mv2.open``; a context manager; safe to share between threads.

    An exception inside ``with`` keeps everything that was acknowledged. After ``fork`` the
    child must open the memory again.
    """

    def __init__(self, store: Store, embedder: EmbedderSlot | None = None) -> None:
        self._store = store
        self._embedder = embedder
        self._search: MemorySearch | None = None

    # --- the original's four ways in ------------------------------------------------

    @classmethod
    def create(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Create a memory; never overwrites one (MemoryExistsError)."""
        return open_memory(path, "x", **options)

    @classmethod
    def open(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Open an existing memory for writing, with no other writer beside it."""
        return open_memory(path, "r+", **{"lock": "handle", **options})

    @classmethod
    def open_read_only(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Open an existing memory for reading; needs no write permission and never writes."""
        return open_memory(path, "r", **options)

    @classmethod
    def try_open(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """As ``open``, but fails at once when another process has the file (LockedError)."""
        return open_memory(path, "r+", **{"lock": "handle", "lock_timeout": 0.0, **options})

    # --- the handle -------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The file, links resolved."""
        return self._store.path

    @property
    def closed(self) -> bool:
        return self._store.closed

    @property
    def read_only(self) -> bool:
        return not self._store.writable

    def close(self) -> None:
        """Finish what is pending and let go of the file. Safe to call twice.

        Raises:
            PoisonedError: with ``durability="batch"``, a sync behind the last puts had failed.
        """
        if self._store.closed:
            return
        try:
            self._store.close()
        finally:
            if self._search is not None:
                self._search.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "read-only" if self.read_only else "open"
        return f"<mv2.Memvid {self.path!r} {state}>"

    # --- writing ----------------------------------------------------------------------

    def put(
        self,
        content: Content,
        *,
        uri: str | None = None,
        title: str | None = None,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        timestamp: Timestamp | None = None,
        track: str | None = None,
        kind: str | None = None,
        embedding: Vector | Sequence[Vector] | None = None,
        embedding_model: str | None = None,
        mime: str | None = None,
        source_path: str | None = None,
        dedup: bool = False,
        on_conflict: OnConflict = "version",
    ) -> int:
        """Add a document and return its frame id; the arguments are the fields of ``Document``.

        When it returns, the document is as durable as ``durability`` says, and ``find``
        finds it. Long text is kept as chunks, whose ids follow the returned one.

        Args:
            on_conflict: what an active frame with the same uri means: ``"version"`` supersedes
                it, ``"keep_both"`` adds beside it, ``"error"`` raises DuplicateUriError,
                ``"skip"`` returns its id.
            dedup: return the id of an active document with the same content, whatever its uri.

        Raises:
            InvalidArgumentError: and its kinds, for values that cannot be stored.
            LockedError: others kept the turn for ``lock_timeout`` seconds.
            CapacityExceededError, ReadOnlyError, ClosedError, PoisonedError, StorageError.
        """
        from mv2.ingest import mutations

        return mutations.put(
            self._store,
            Document(
                content=content,
                uri=uri,
                title=title,
                tags=tags,
                labels=labels,
                metadata={} if metadata is None else metadata,
                timestamp=timestamp,
                track=track,
                kind=kind,
                embedding=embedding,
                embedding_model=embedding_model,
                mime=mime,
                source_path=source_path,
                dedup=dedup,
                on_conflict=on_conflict,
            ),
            self._embedder,
        )

    def put_many(
        self,
        documents: Iterable[Document | Mapping[str, Any]],
        *,
        progress: Callable[[int, int | None], object] | None = None,
        batch_size: int | None = None,
    ) -> list[int]:
        """Add many documents quickly; returns the frame id of each.

        All of them become one commit: when an exception leaves the call (one of the iterable
        too), none of them is kept. The turn to write is held meanwhile.

        Args:
            documents: ``Document`` objects, or dictionaries with the same names.
            progress: called now and then with (documents done, total or None).
            batch_size: commit after every so many documents instead, which then stay.
        """
        from mv2.ingest import mutations

        return mutations.put_many(self._store, documents, progress, batch_size, self._embedder)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Everything put, updated or deleted inside is kept or lost together, with one sync.

        An exception inside rolls all of it back. The turn to write is held meanwhile.
        """
        with self._store.batch():
            yield

    def update(
        self,
        frame: FrameRef,
        *,
        content: Content = _ABSENT,
        uri: str | None = _ABSENT,
        title: str | None = _ABSENT,
        tags: Sequence[str] | None = _ABSENT,
        labels: Sequence[str] | None = _ABSENT,
        metadata: Mapping[str, Any] | None = _ABSENT,
        timestamp: Timestamp | None = _ABSENT,
        track: str | None = _ABSENT,
        kind: str | None = _ABSENT,
        embedding: Vector | Sequence[Vector] | None = _ABSENT,
        embedding_model: str = _ABSENT,
        mime: str | None = _ABSENT,
        merge: bool = False,
    ) -> int:
        """Make a new version of a document; returns the new frame's id. The old one stays in the history.

        Fields that are not given stay, None clears. New content without a new embedding gets
        one from the memory's embedder, or has none; without new content the stored bytes and
        vectors are kept.

        Args:
            frame: id or uri of an active document.
            merge: add ``metadata`` to what is there instead of replacing it.

        Raises:
            FrameNotFoundError, FrameInactiveError, DuplicateUriError, and what ``put`` raises.
        """
        given = {
            "content": content, "uri": uri, "title": title, "tags": tags, "labels": labels,
            "metadata": metadata, "timestamp": timestamp, "track": track, "kind": kind,
            "embedding": embedding, "embedding_model": embedding_model, "mime": mime,
        }  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not _ABSENT}
        from mv2.ingest import revisions

        return revisions.update(self._store, frame, changes, merge=merge, slot=self._embedder)

    def delete(self, frame: FrameRef) -> None:
        """Delete a document, its chunks with it. It stays in the history.

        Raises:
            FrameNotFoundError: nothing has that id or uri.
            FrameInactiveError: it was deleted or superseded before.
        """
        from mv2.ingest import revisions

        revisions.delete(self._store, frame)

    def correct(
        self,
        statement: str,
        *,
        topics: Sequence[str] = (),
        boost: float = 2.0,
        source: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> int:
        """State what is true instead of what the memory holds; returns the frame's id.

        ``find`` and ``ask`` put a correction above everything else where it is about the query:
        one of its topics is in the query, or half of the query's content words are in it.
        The same statement again makes a new version of it.

        Args:
            topics: what it is about, where its own words do not say so; kept as its tags.
            boost: above 0; which correction comes first when several fit.
            source: who says so, kept as metadata ``memvid.correction.source``.

        Raises: as ``put``.
        """
        from mv2.ingest import mutations
        from mv2.ingest.corrections import correction

        document = correction(statement, topics=topics, boost=boost, source=source, timestamp=timestamp)
        return mutations.put(self._store, document, self._embedder)

    def embed(self, *, progress: Callable[[int, int], object] | None = None) -> int:
        """Embed what has text and no vector yet; returns how many vectors were added.

        Ids and versions stay as they are. Active frames only; up to 10,000 vectors share a
        commit, so an interrupt loses no more than those.

        Args:
            progress: called now and then with (texts done, texts in all).

        Raises:
            InvalidArgumentError: the memory has no embedder.
            ModelMismatchError, VecDimensionMismatchError: it has vectors of another model.
            EmbeddingFailedError: the model failed.
        """
        from mv2.ingest.backfill import embed_missing

        return embed_missing(self._store, self._embedder, progress)

    def commit(self) -> None:
        """Move pending records into frames, and make everything durable."""
        self._store.commit()

    def vacuum(self, *, vector_compression: VectorCompression | None = None) -> VacuumReport:
        """Rewrite the file without dead space. Every version and every deleted frame is kept.

        Args:
            vector_compression: ``"pq96"`` stores all vectors as 96 codes of a byte each, in the
                original's form: a sixteenth of the space, and approximations of the numbers from
                then on. ``"none"`` stores them as float32 (what was lost stays lost). None keeps
                each as it is; vectors that come later are always stored as float32.

        Raises:
            ChecksumError: something live is damaged; the file stays as it is.
            InvalidArgumentError: the vectors cannot be compressed: not of 384 numbers, or fewer
                than 100 of them.
        """
        if vector_compression is not None:
            _check_choice("vector_compression", vector_compression, ("none", "pq96"))
        return self._store.vacuum(vector_compression)

    # --- reading ----------------------------------------------------------------------
    # `as_of`, `as_of_frame` and `as_of_commit` show the memory as it was, frames that were deleted
    # or replaced later included; at most one of them. `_view_at` says what each means.

    def _view_at(
        self,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> View:
        """The newest state, or one of the past.

        Args:
            as_of: all that had happened up to this second, inclusive (a time as ``put`` takes it).
            as_of_frame: right after the frame with this id was put, its chunks included.
            as_of_commit: as that commit left it; one of ``commits()``, or its number.

        Raises:
            InvalidArgumentError: more than one is given, or one is not what it must be.
            FrameNotFoundError, CommitNotFoundError: there is no such frame or commit.
        """
        view = self._store.view()
        if as_of is None and as_of_frame is None and as_of_commit is None:
            return view
        from mv2.ingest.moments import view_then

        return view_then(view, as_of, as_of_frame, as_of_commit)

    def commits(self) -> list[Commit]:
        """The commits that ``as_of_commit`` and ``diff`` can go back to, oldest first.

        A memory keeps some thousands of them; of more, every second of the older ones is forgotten.
        After the original engine has written, those are left whose traces it did not overwrite.
        """
        from mv2.storage.history import commit_points

        points = commit_points(self._store.view().base)
        return [Commit(number=p.number, at=p.at, frame_count=p.frame_count) for p in points]

    def diff(self, a: Moment, b: Moment | None = None) -> Diff:
        """What was added, replaced and removed between two points of the past; documents only.

        Several versions in between make one pair; so does a document that was deleted and put
        again under its uri. Frames are shown as they were at the point they belong to. The
        earlier of the two points counts as before, in whatever order they are given.

        Args:
            a, b: a ``Commit`` or its number (int), or a time (datetime, date or ISO string);
                None for now.

        Raises:
            InvalidArgumentError: not one of these.
            CommitNotFoundError: there is no such commit.
        """
        from mv2.ingest.differences import diff

        return diff(self._store.view(), a, b)

    def refresh(self) -> None:
        """Take the newest state; a reading handle stays a snapshot until this is called.

        Raises:
            FileReplacedError: the path is gone, or (for a writing handle) names another file.
        """
        self._store.refresh()

    def frame(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Frame:
        """A frame by id, or the newest by uri (an active one before others).

        Raises:
            FrameNotFoundError: there is none.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return make_frame(view, view.resolve(frame))

    def content(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> bytes:
        """The exact bytes that were put.

        Raises:
            FrameNotFoundError: there is no such frame.
            ChecksumError: its stored bytes are damaged.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return view.content(view.resolve(frame))

    def text(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> str:
        """The document's own text; empty when the content is not text.

        Raises: as ``content``.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return view.text(view.resolve(frame)) or ""

    def embedding(self, frame: FrameRef) -> array[float] | None:
        """The vector stored with a frame: ``array('f')`` of the file's dimension, or None."""
        view = self._store.view()
        data = view.embedding(view.resolve(frame))
        return None if data is None else vector_values(data)

    def frames(
        self,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Iterator[Frame]:
        """Active documents in the order they were put (chunks are not listed)."""
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return (make_frame(view, frame_id) for frame_id in view.document_ids())

    def history(
        self,
        uri: str,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> list[Frame]:
        """Every version of a document, oldest first, deleted and superseded ones included.

        Raises:
            FrameNotFoundError: no frame ever had the uri.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        ids = view.ids_of_uri(uri) if isinstance(uri, str) else []
        if not ids:
            raise FrameNotFoundError(f"no frame has the uri {uri!r}", path=self.path)
        return [make_frame(view, frame_id) for frame_id in ids]

    def timeline(
        self,
        *,
        limit: int | None = 100,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        reverse: bool = False,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> list[TimelineEntry]:
        """Active documents by timestamp, oldest first.

        Args:
            limit: at most so many; None for all.
            since: inclusive. until: exclusive.
            reverse: newest first.
        """
        if limit is not None:
            _check_number("limit", limit, whole=True)
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        low = None if since is None else to_seconds(since, "since")
        high = None if until is None else to_seconds(until, "until")
        entries: list[TimelineEntry] = []
        for frame_id in view.timeline_ids(low, high, reverse):
            if limit is not None and len(entries) >= limit:
                break
            entries.append(make_timeline_entry(view, frame_id))
        return entries

    def find(
        self,
        query: str = "",
        *,
        k: int = 10,
        mode: SearchMode = "auto",
        vector: Vector | None = None,
        embedding_model: str | None = None,
        filter: Mapping[str, Any] | None = None,
        scope: str | None = None,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        ranking: Ranking | None = None,
        cursor: str | None = None,
        snippet_chars: int = 240,
        context: int = 0,
        passages: bool = False,
        tz: str | dt.tzinfo | None = None,
        explain: bool = False,
    ) -> SearchResult:
        """Search. A question in plain words needs no syntax; see docs/cli.md for the query language.

        Args:
            query: what to look for; may be empty with a vector, or with a filter, which then
                lists what passes it, newest first.
            k: hits on a page.
            mode: ``"lex"`` searches words, ``"vec"`` vectors, ``"hybrid"`` both; ``"auto"`` takes both
                where the memory has vectors and the query's can be made, and the result says what ran.
            vector: the query's vector, shape (d,), instead of one made from its words.
            embedding_model: the model that made ``vector``; refused if the memory has vectors of another.
            filter: conditions on metadata and fields, such as ``{"lang": "en", "year": {"$gte": 2020}}``.
            scope: beginning of the uri, case-sensitive.
            since: inclusive. until: exclusive. A time, or a phrase such as ``"two weeks ago"``,
                which means the start of what it names.
            as_of, as_of_frame, as_of_commit: search the memory as it was then.
            ranking: how hits are ordered and cut off.
            cursor: ``next_cursor`` of the page before.
            snippet_chars: length of a snippet, at most; 0 for none.
            context: frames on each side of a hit in its track to return with it.
            passages: every matching chunk of a long document is a hit, not its best one only.
            tz: the time zone of dates in words, such as ``"Europe/Paris"``; None means the system's.
            explain: fill ``Hit.scores``, ``Hit.matched`` and ``Hit.rules``.

        Raises:
            QueryError: the query is empty or clearly malformed; its position is named.
            FilterError: the filter is malformed; the place in it is named.
            CursorError: the cursor belongs to another query.
            VecIndexDisabledError: vectors are asked for, and the memory has none.
            EmbeddingFailedError, ModelMismatchError, VecDimensionMismatchError: the query's vector
                cannot be made, or does not fit the memory's.
        """
        _check_choice("mode", mode, ("auto", "lex", "vec", "hybrid"))
        _check_number("k", k, whole=True)
        _check_number("snippet_chars", snippet_chars, whole=True)
        _check_number("context", context, whole=True)
        from mv2.search.memory import MemorySearch, Request
        from mv2.search.selection import selected

        if self._search is None:
            self._search = MemorySearch()
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        allowed, mark = selected(view, filter=filter, scope=scope, since=since, until=until, tz=tz)
        request = Request(
            query=query,
            k=k,
            mode=mode,
            vector=None if vector is None else vector_bytes(vector, "vector"),
            vector_model=embedding_model,
            slot=self._embedder,
            allowed=allowed,
            ranking=ranking,
            cursor=cursor,
            snippet_chars=snippet_chars,
            context=context,
            passages=passages,
            tz=tz,
            explain=explain,
            fingerprint=f"{mark} {as_of} {as_of_frame} {as_of_commit} {passages} {tz} {ranking or ''}",
        )
        return self._search.find(view, request)

    def ask(
        self,
        question: str,
        *,
        k: int = 8,
        mode: SearchMode = "auto",
        model: Any = None,
        context_only: bool = False,
        filter: Mapping[str, Any] | None = None,
        scope: str | None = None,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        ranking: Ranking | None = None,
        tz: str | dt.tzinfo | None = None,
        token_budget: int = 2000,
        min_confidence: float | None = None,
        prompt: Prompt | None = None,
        on_token: Callable[[str], object] | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float | None = None,
        retries: int | None = None,
    ) -> Answer:
        """Answer a question from this memory, with the passages the answer rests on.

        Without a model the answer is made of the memory's own sentences, and says so plainly
        when the memory does not support one.

        Args:
            k: hits that are wanted; lists, counts and comparisons look at more.
            model: ``"provider:model"`` (openai, ollama, anthropic, gemini, groq, mistral, nvidia,
                openrouter, xai), the name of a model at ``base_url``, an object with
                ``complete(messages)``, or a callable that takes the messages and returns text.
            context_only: choose passages, but give no answer.
            filter, scope, since, until, as_of, as_of_frame, as_of_commit, ranking, tz: as in ``find``.
            token_budget: tokens of all passages together, four characters counted as one.
            min_confidence: below it nothing counts as found, and no model is asked; None takes
                0.35 without a model and 0 with one.
            prompt: what the model is told, instead of the usual.
            on_token: called with each piece of the model's text as it comes, before it is checked.
            base_url, api_key: where the model is; the key may come from the environment.
            temperature: None asks for 0. max_tokens: of the model's answer, at most.
            timeout: seconds without a byte before a call counts as failed; None: 60.
            retries: calls after the first one; None: 4.

        Raises:
            ModelFailedError: the model gave no answer; ``status`` is the service's HTTP status.
            ApiKeyRequiredError: the provider needs a key, and there is none.
            InvalidArgumentError: the question is empty, or options do not fit together.
        """
        from mv2.ask.answers import Asking, Memory, ask

        asking = Asking(
            k=k,
            mode=mode,
            model=model,
            context_only=context_only,
            token_budget=token_budget,
            min_confidence=min_confidence,
            prompt=prompt,
            on_token=on_token,
            find_options={
                "filter": filter, "scope": scope, "since": since, "until": until, "as_of": as_of,
                "as_of_frame": as_of_frame, "as_of_commit": as_of_commit, "ranking": ranking, "tz": tz,
            },
            model_options={
                "base_url": base_url, "api_key": api_key, "temperature": temperature,
                "max_tokens": max_tokens, "timeout": timeout, "retries": retries,
            },
        )  # fmt: skip
        memory = Memory(self.find, self.text, self.frame, self._store.view().frame_count)
        return ask(memory, question, asking)

    def stats(
        self,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Stats:
        """Counts and sizes.

        Of the past, the numbers of frames and documents and the first and last timestamp are those
        of that time; everything else is of the file as it is now.
        """
        from mv2.storage.stats import collect_stats

        return collect_stats(self._store, self._view_at(as_of, as_of_frame, as_of_commit))

    def verify(self, deep: bool = False) -> VerifyReport:
        """Check the file: checksums of everything, structure, counts.

        Args:
            deep: also decode every payload, and compare the indexes with the frames.
        """
        from mv2.search.check import check_index
        from mv2.storage.verify import verify_store

        return verify_store(self._store, deep=deep, check_index=check_index)
