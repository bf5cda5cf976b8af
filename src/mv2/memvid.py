"""``Memvid``, the object people hold. It delegates and decides nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mv2.errors import FrameNotFoundError, InvalidArgumentError
from mv2.ingest.frames import make_frame, make_timeline_entry
from mv2.ingest.times import to_seconds
from mv2.ingest.vectors import vector_values
from mv2.storage.device import FileSystem
from mv2.storage.handle import Options
from mv2.storage.opening import open_store
from mv2.storage.store import Store
from mv2.types import (
    CloseMode,
    Content,
    Document,
    Durability,
    Frame,
    FrameRef,
    LockMode,
    Mode,
    OnConflict,
    SearchMode,
    SearchResult,
    Stats,
    TimelineEntry,
    Timestamp,
    VacuumReport,
    Vector,
    VerifyReport,
)

if TYPE_CHECKING:
    from array import array

    from mv2.format.wal import FrameEntry
    from mv2.search.memory import MemorySearch
    from mv2.storage.indexing import FrameIndexer


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
        embedder: accepted already; every value means none in this version.
        file_system: where file calls go; for tests.

    Raises:
        MemoryNotFoundError, MemoryExistsError, NotAMemoryError, UnsupportedVersionError,
        EncryptedFileError, AuxiliaryFileError, CorruptFileError, LockedError, StorageError.
    """
    del embedder
    _check_choice("durability", durability, ("full", "batch", "none"))
    _check_choice("lock", lock, ("write", "handle"))
    _check_choice("close", close, ("checkpoint", "lazy", "force-lazy"))
    _check_number("lock_timeout", lock_timeout)
    options = Options(
        writable=mode != "r",
        indexer=_make_indexer,
        lost_documents=_lost_documents,
        durability=durability,
        lock=lock,
        lock_timeout=lock_timeout,
        close=close,
        file_system=file_system or FileSystem(),
    )
    return Memvid(open_store(path, mode, options))


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

    def __init__(self, store: Store) -> None:
        self._store = store
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
                mime=mime,
                source_path=source_path,
                dedup=dedup,
                on_conflict=on_conflict,
            ),
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

        return mutations.put_many(self._store, documents, progress, batch_size)

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
        mime: str | None = _ABSENT,
        merge: bool = False,
    ) -> int:
        """Make a new version of a document; returns the new frame's id. The old one stays in the history.

        Fields that are not given stay, None clears. New content without a new embedding
        has none; without new content the stored bytes and vectors are kept.

        Args:
            frame: id or uri of an active document.
            merge: add ``metadata`` to what is there instead of replacing it.

        Raises:
            FrameNotFoundError, FrameInactiveError, DuplicateUriError, and what ``put`` raises.
        """
        given = {
            "content": content, "uri": uri, "title": title, "tags": tags, "labels": labels,
            "metadata": metadata, "timestamp": timestamp, "track": track, "kind": kind,
            "embedding": embedding, "mime": mime,
        }  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not _ABSENT}
        from mv2.ingest import revisions

        return revisions.update(self._store, frame, changes, merge=merge)

    def delete(self, frame: FrameRef) -> None:
        """Delete a document, its chunks with it. It stays in the history.

        Raises:
            FrameNotFoundError: nothing has that id or uri.
            FrameInactiveError: it was deleted or superseded before.
        """
        from mv2.ingest import revisions

        revisions.delete(self._store, frame)

    def commit(self) -> None:
        """Move pending records into frames, and make everything durable."""
        self._store.commit()

    def vacuum(self) -> VacuumReport:
        """Rewrite the file without dead space. Every version and every deleted frame is kept.

        Raises:
            ChecksumError: something live is damaged; the file stays as it is.
        """
        return self._store.vacuum()

    # --- reading ----------------------------------------------------------------------

    def refresh(self) -> None:
        """Take the newest state; a reading handle stays a snapshot until this is called.

        Raises:
            FileReplacedError: the path is gone, or (for a writing handle) names another file.
        """
        self._store.refresh()

    def frame(self, frame: FrameRef) -> Frame:
        """A frame by id, or the newest by uri (an active one before others).

        Raises:
            FrameNotFoundError: there is none.
        """
        view = self._store.view()
        return make_frame(view, view.resolve(frame))

    def content(self, frame: FrameRef) -> bytes:
        """The exact bytes that were put.

        Raises:
            FrameNotFoundError: there is no such frame.
            ChecksumError: its stored bytes are damaged.
        """
        view = self._store.view()
        return view.content(view.resolve(frame))

    def text(self, frame: FrameRef) -> str:
        """The document's own text; empty when the content is not text.

        Raises: as ``content``.
        """
        view = self._store.view()
        return view.text(view.resolve(frame)) or ""

    def embedding(self, frame: FrameRef) -> array[float] | None:
        """The vector stored with a frame: ``array('f')`` of the file's dimension, or None."""
        view = self._store.view()
        data = view.embedding(view.resolve(frame))
        return None if data is None else vector_values(data)

    def frames(self) -> Iterator[Frame]:
        """Active documents in the order they were put (chunks are not listed)."""
        view = self._store.view()
        return (make_frame(view, frame_id) for frame_id in view.document_ids())

    def history(self, uri: str) -> list[Frame]:
        """Every version of a document, oldest first, deleted and superseded ones included.

        Raises:
            FrameNotFoundError: no frame ever had the uri.
        """
        view = self._store.view()
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
    ) -> list[TimelineEntry]:
        """Active documents by timestamp, oldest first.

        Args:
            limit: at most so many; None for all.
            since: inclusive. until: exclusive.
            reverse: newest first.
        """
        if limit is not None:
            _check_number("limit", limit, whole=True)
        view = self._store.view()
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
        query: str,
        *,
        k: int = 10,
        mode: SearchMode = "auto",
        cursor: str | None = None,
        snippet_chars: int = 240,
        explain: bool = False,
    ) -> SearchResult:
        """Search. A question in plain words needs no syntax; see docs/cli.md for the query language.

        Args:
            k: hits on a page.
            mode: ``"lex"`` searches words; ``"auto"`` chooses, and the result says what ran.
            cursor: ``next_cursor`` of the page before.
            snippet_chars: length of a snippet, at most; 0 for none.
            explain: fill ``Hit.scores``.

        Raises:
            QueryError: the query is empty or clearly malformed; its position is named.
            CursorError: the cursor belongs to another query.
        """
        _check_choice("mode", mode, ("auto", "lex"))
        _check_number("k", k, whole=True)
        if self._search is None:
            from mv2.search.memory import MemorySearch

            self._search = MemorySearch()
        return self._search.find(
            self._store.view(), query, k=k, cursor=cursor, snippet_chars=snippet_chars, explain=explain
        )

    def stats(self) -> Stats:
        """Counts and sizes."""
        from mv2.storage.stats import collect_stats

        return collect_stats(self._store)

    def verify(self, deep: bool = False) -> VerifyReport:
        """Check the file: checksums of everything, structure, counts.

        Args:
            deep: also decode every payload, and compare the indexes with the frames.
        """
        from mv2.search.check import check_index
        from mv2.storage.verify import verify_store

        return verify_store(self._store, deep=deep, check_index=check_index)
