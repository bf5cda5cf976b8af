"""What changes a memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mv2.facade.handle import ABSENT, Handle, check_choice
from mv2.types import (
    Chunk,
    Chunking,
    Content,
    Document,
    FrameRef,
    OnConflict,
    Origin,
    Timestamp,
    VacuumReport,
    Vector,
    VectorCompression,
)

if TYPE_CHECKING:
    from mv2.extract.model import ReadOptions

#: Characters of a text from which its structure may matter.
STRUCTURED_FROM: Final = 2400


class Writing(Handle):
    """Putting, revising and removing."""

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
        text: str | None = None,
        chunks: Sequence[Chunk] | None = None,
        content_dates: Sequence[str] = (),
        origin: Origin | None = None,
        chunking: Chunking | None = None,
        reading: ReadOptions | None = None,
    ) -> int:
        """Add a document and return its frame id; the arguments are the fields of ``Document``.

        When it returns, the document is as durable as ``durability`` says, and ``find``
        finds it. Long text is kept as chunks, whose ids follow the returned one.

        Of a path the file is read: its text, structure, title and facts are taken from it by the
        reader of its kind, in another process. Its bytes are kept as they are. What cannot be
        read is an error; to keep bytes without reading them, give the bytes.

        Args:
            chunking: how long text is cut; None cuts plain text where the original engine does, and
                documents with headings, tables or code at those.
            reading: how a file is read. Bytes are read like a file where this is given; their
                ``source_path`` names them.
            on_conflict: what an active frame with the same uri means: ``"version"`` supersedes
                it, ``"keep_both"`` adds beside it, ``"error"`` raises DuplicateUriError,
                ``"skip"`` returns its id.
            dedup: return the id of an active document with the same content, whatever its uri.

        Raises:
            InvalidArgumentError: and its kinds, for values that cannot be stored.
            DocumentError: and its kinds: the file cannot be read.
            MissingExtraError: its reader needs something that is not installed.
            LockedError: others kept the turn for ``lock_timeout`` seconds.
            CapacityExceededError, ReadOnlyError, ClosedError, PoisonedError, StorageError.
        """
        from mv2.ingest import mutations

        document = Document(
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
            text=text,
            chunks=chunks,
            content_dates=content_dates,
            origin=origin,
        )
        return mutations.put(self._store, self._expanded(document, reading, chunking), self._embedder)

    def put_many(
        self,
        documents: Iterable[Document | Mapping[str, Any]],
        *,
        progress: Callable[[int, int | None], object] | None = None,
        batch_size: int | None = None,
        chunking: Chunking | None = None,
        reading: ReadOptions | None = None,
    ) -> list[int]:
        """Add many documents quickly; returns the frame id of each.

        All of them become one commit: when an exception leaves the call (one of the iterable
        too), none of them is kept. The turn to write is held meanwhile.

        Args:
            documents: ``Document`` objects, or dictionaries with the same names.
            progress: called now and then with (documents done, total or None).
            batch_size: commit after every so many documents instead, which then stay.
            chunking, reading: as in ``put``.
        """
        from mv2.ingest import mutations

        total = len(documents) if isinstance(documents, Sequence) else None
        whole = (self._expanded(mutations.as_document(value), reading, chunking) for value in documents)
        return mutations.put_many(self._store, whole, progress, batch_size, self._embedder, total)

    def _expanded(
        self, document: Document, reading: ReadOptions | None, chunking: Chunking | None
    ) -> list[Document]:
        """The documents that one stands for: what is in a file, or given text as it is cut."""
        content = document.content
        is_file = isinstance(content, os.PathLike) or (
            reading is not None and isinstance(content, bytes | bytearray | memoryview)
        )
        if is_file and document.text is None and document.chunks is None:
            self._check_writable()
            return self._reading_documents(reading, chunking).expand(document)
        if chunking is None and (not isinstance(content, str) or len(content) < STRUCTURED_FROM):
            return [document]
        from mv2.ingest.reading import with_chunks

        return [with_chunks(document, chunking)]

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
        content: Content = ABSENT,
        uri: str | None = ABSENT,
        title: str | None = ABSENT,
        tags: Sequence[str] | None = ABSENT,
        labels: Sequence[str] | None = ABSENT,
        metadata: Mapping[str, Any] | None = ABSENT,
        timestamp: Timestamp | None = ABSENT,
        track: str | None = ABSENT,
        kind: str | None = ABSENT,
        embedding: Vector | Sequence[Vector] | None = ABSENT,
        embedding_model: str = ABSENT,
        mime: str | None = ABSENT,
        text: str | None = ABSENT,
        chunks: Sequence[Chunk] | None = ABSENT,
        merge: bool = False,
        chunking: Chunking | None = None,
        reading: ReadOptions | None = None,
    ) -> int:
        """Make a new version of a document; returns the new frame's id. The old one stays in the history.

        Fields that are not given stay, None clears. New content without a new embedding gets
        one from the memory's embedder, or has none; what was inside of the old content (tables,
        attachments) goes with it. Without new content the stored bytes and vectors are kept.

        Args:
            frame: id or uri of an active document.
            text, chunks: of new content, as in ``put``.
            merge: add ``metadata`` to what is there instead of replacing it.
            chunking, reading: as in ``put``. Of a file its content is taken, not what it says of itself.

        Raises:
            FrameNotFoundError, FrameInactiveError, DuplicateUriError, and what ``put`` raises.
        """
        given = {
            "content": content, "uri": uri, "title": title, "tags": tags, "labels": labels,
            "metadata": metadata, "timestamp": timestamp, "track": track, "kind": kind,
            "embedding": embedding, "embedding_model": embedding_model, "mime": mime,
            "text": text, "chunks": chunks,
        }  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not ABSENT}
        if content is not ABSENT and content is not None:
            self._expand_changes(changes, reading, chunking)
        from mv2.ingest import revisions

        return revisions.update(self._store, frame, changes, merge=merge, slot=self._embedder)

    def _expand_changes(
        self, changes: dict[str, Any], reading: ReadOptions | None, chunking: Chunking | None
    ) -> None:
        """Put what is in a file, or text as it is cut, in the place of the content given."""
        names = ("content", "text", "chunks", "mime")
        given = Document(**{name: changes[name] for name in names if name in changes})
        made = self._expanded(given, reading, chunking)[0]
        if made is given:
            return
        new = {name: getattr(made, name) for name in (*names, "content_dates", "origin", "source_path")}
        changes |= {name: value for name, value in new.items() if value is not None}

    def delete(self, frame: FrameRef) -> None:
        """Delete a document, with its chunks and what was inside of it (tables, attachments, members).

        All of them stay in the history.

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
        return mutations.put(self._store, [document], self._embedder)

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
            check_choice("vector_compression", vector_compression, ("none", "pq96"))
        return self._store.vacuum(vector_compression)
