"""Putting: which frames one act adds, replaces and retires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from mv2.errors import (
    CapacityExceededError,
    DuplicateUriError,
    InvalidArgumentError,
)
from mv2.format.checksum import digest
from mv2.format.frame import ROLE_CHUNK
from mv2.format.wal import OP_TOMBSTONE, FrameEntry
from mv2.ingest.documents import (
    Prepared,
    chunk_uri,
    prepare,
)
from mv2.ingest.duplicates import ContentFinder
from mv2.ingest.embedding import (
    BulkEmbedding,
    FileVectors,
    embed_documents,
    embedder_for,
    fit_vectors,
    has_vectors,
    wanted,
)
from mv2.ingest.times import now
from mv2.models.slot import EmbedderSlot
from mv2.storage.bulk import BulkWriter
from mv2.storage.capacity import capacity_of
from mv2.storage.commit import FLAG_LIMITED
from mv2.storage.reserved import PUT_AT
from mv2.storage.store import Store
from mv2.storage.view import View
from mv2.types import Document

if TYPE_CHECKING:
    from mv2.models.text_embedder import TextEmbedder

_END: Final = object()
Progress = Callable[[int, "int | None"], object]
_DOCUMENT_FIELDS = frozenset(field.name for field in fields(Document))


class _Sink(Protocol):
    """Where groups go: the log, or a commit in the making."""

    def active_id_of_uri(self, uri: str) -> int | None: ...
    def children(self, frame_id: int) -> list[int]: ...
    def role(self, frame_id: int) -> int: ...
    def next_id(self) -> int: ...
    def add(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]: ...


class _LogSink:
    """Groups that go through the log, one acknowledgement each. Used inside a turn."""

    def __init__(self, store: Store, view: View) -> None:
        self._store = store
        self._view = view
        self.active_id_of_uri = view.active_id_of_uri
        self.children = view.children
        self.role = view.role

    def next_id(self) -> int:
        return self._view.frame_count

    def add(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        return self._store.append(entries, texts)


def as_document(value: Document | Mapping[str, Any]) -> Document:
    """A document as given, or made of a dictionary with the names of ``Document``'s fields.

    Raises:
        InvalidArgumentError: something else, or a name that does not exist.
    """
    if isinstance(value, Document):
        return value
    if not isinstance(value, Mapping):
        raise InvalidArgumentError(
            f"{type(value).__name__} is not a document",
            remedy="Give mv2.Document or a dict with at least content.",
        )
    unknown = set(value) - _DOCUMENT_FIELDS
    if unknown or "content" not in value:
        what = f"unknown field {min(unknown, key=str)!r}" if unknown else "no field 'content'"
        raise InvalidArgumentError(
            f"the document has {what}", remedy=f"Fields: {', '.join(sorted(_DOCUMENT_FIELDS))}."
        )
    return Document(**value)


def put(store: Store, document: Document, slot: EmbedderSlot | None = None) -> int:
    """Add a document; see ``Memvid.put``."""
    prepared = prepare(document)
    embedder = None
    if slot is not None and slot.get() is not None and store.writable and wanted(prepared):
        view = store.view()  # before the turn, so that others need not wait for the model
        embedder = None if _is_known(prepared, view) else embedder_for(slot, view)
        if embedder is not None:
            embed_documents([prepared], embedder)
    with store.turn() as view:
        check_room(view, prepared, store.size())
        fit_vectors(prepared, view, embedder)
        if document.dedup:
            found = ContentFinder(view).find(prepared, view.is_active)
            if found is not None:
                return found
        return _place(_LogSink(store, view), prepared)


def _is_known(prepared: Prepared, view: View) -> bool:
    """Whether a put would only return the id of what is there."""
    document = prepared.document
    if document.dedup and ContentFinder(view).find(prepared, view.is_active) is not None:
        return True
    if document.on_conflict != "skip" or document.uri is None:
        return False
    return view.active_id_of_uri(document.uri) is not None


def put_many(
    store: Store,
    documents: Iterable[Document | Mapping[str, Any]],
    progress: Progress | None,
    batch_size: int | None,
    slot: EmbedderSlot | None = None,
    total: int | None = None,
) -> list[int]:
    """Add many documents in one commit (or one per ``batch_size``); see ``Memvid.put_many``.

    Args:
        total: how many there will be, where that is known.
    """
    if batch_size is not None and batch_size < 1:
        raise InvalidArgumentError("batch_size must be at least 1")
    ids: list[int] = []
    source = iter(documents)
    while _put_batch(store, source, batch_size, ids, progress, total, slot):
        pass
    if progress is not None:
        progress(len(ids), len(ids))
    return ids


def _put_batch(
    store: Store,
    source: Iterator[Document | Mapping[str, Any]],
    batch_size: int | None,
    ids: list[int],
    progress: Progress | None,
    total: int | None,
    slot: EmbedderSlot | None,
) -> bool:
    """Commit up to ``batch_size`` documents; True when there may be more."""
    first = next(source, _END)
    if first is _END:
        return False
    values: Iterator[Any] = islice(chain([first], source), batch_size)
    seen = None if progress is None else lambda done: progress(len(ids) + done, total)
    done = put_prepared(store, (prepare(as_document(value)) for value in values), slot, seen)
    ids += done
    return len(done) == batch_size


def put_prepared(
    store: Store,
    documents: Iterable[Prepared],
    slot: EmbedderSlot | None,
    progress: Callable[[int], object] | None = None,
    retired: Callable[[View], Iterable[int]] | None = None,
) -> list[int]:
    """Add prepared documents in one commit; returns the frame id of each.

    Args:
        progress: called after every hundred of them.
        retired: further documents to delete in the same commit, given the memory as it was before.
    """
    done: list[int] = []
    with store.bulk() as bulk:
        sink = _BulkSink(bulk)
        limited = capacity_limit(bulk.view) is not None
        embedding = BulkEmbedding(slot, bulk.view, sink.knows)
        for prepared in embedding.embed(documents):
            if has_vectors(prepared):
                sink.vectors.take(prepared)
            if limited:
                check_room(bulk.view, prepared, bulk.size())
            done.append(sink.put(prepared, embedding.embedder))
            if progress is not None and len(done) % 100 == 0:
                progress(len(done))
        for frame_id in () if retired is None else retired(bulk.view):
            group = tombstones([frame_id, *bulk.children(frame_id)], now())
            bulk.add(group, [None] * len(group))
    return done


class _BulkSink:
    """Documents that go straight into a commit."""

    def __init__(self, bulk: BulkWriter) -> None:
        self._finder: ContentFinder | None = None
        self._bulk = bulk
        self.active_id_of_uri = bulk.active_id_of_uri
        self.children = bulk.children
        self.role = bulk.role
        self.next_id = bulk.next_id
        self.add = bulk.add

    @cached_property
    def vectors(self) -> FileVectors:
        """The vectors so far."""
        return FileVectors.of(self._bulk.view)

    def knows(self, prepared: Prepared) -> bool:
        """Whether putting a document would only return the id of what is there."""
        if self._twin(prepared) is not None:
            return True
        document = prepared.document
        return (
            document.on_conflict == "skip"
            and document.uri is not None
            and self.active_id_of_uri(document.uri) is not None
        )

    def _twin(self, prepared: Prepared) -> int | None:
        """The active document with the same content, where the document asks for it."""
        if not prepared.document.dedup:
            return None
        if self._finder is None:
            self._finder = ContentFinder(self._bulk.view)
            for frame_id, content_digest in self._bulk.added_contents():
                self._finder.added(content_digest, frame_id)
        return self._finder.find(prepared, self._bulk.is_active)

    def put(self, prepared: Prepared, embedder: TextEmbedder | None) -> int:
        found = self._twin(prepared)
        if found is not None:
            return found
        if embedder is not None and wanted(prepared) and not self.knows(prepared):
            embed_documents([prepared], embedder)  # it was known when its lot was embedded
            self.vectors.take(prepared)
        frame_id = _place(self, prepared)
        if self._finder is not None:
            self._finder.added(digest(prepared.raw), frame_id)
        return frame_id


def capacity_limit(view: View) -> int | None:
    """Bytes the ticket allows, None for no limit; costs nothing where there is none."""
    record = view.base.anchor.record
    if record is not None and not record.flags & FLAG_LIMITED:
        return None
    return capacity_of(view.base.tail)


def check_room(view: View, prepared: Prepared, size: int) -> None:
    """Refuse a document beyond the ticket; ``size`` is what the file has come to so far, in bytes."""
    limit = capacity_limit(view)
    if limit is None:
        return
    size += sum(len(entry.payload) for entry in prepared.entries)
    if size > limit:
        raise CapacityExceededError(
            f"the memory would have {size:,} bytes, and its ticket allows {limit:,}",
            path=view.file.path,
            remedy="Vacuum it, or apply a larger ticket.",
        )


def _place(sink: _Sink, prepared: Prepared) -> int:
    """Add a prepared document, minding frames that have its uri."""
    head, document = prepared.head, prepared.document
    retired: list[FrameEntry] = []
    existing = None if head.uri is None else sink.active_id_of_uri(head.uri)
    if existing is not None and sink.role(existing) != ROLE_CHUNK:
        if document.on_conflict == "skip":
            return existing
        if document.on_conflict == "error":
            raise DuplicateUriError(
                f"frame {existing} has the uri {head.uri}",
                remedy='Choose another uri, or on_conflict="version", "keep_both" or "skip".',
            )
        if document.on_conflict == "version":
            head.supersedes_frame_id = existing
            retired = tombstones(sink.children(existing), put_at(head))
    name_chunks(prepared.entries, f"mv2://frames/{sink.next_id()}")
    texts = prepared.texts + [None] * len(retired)
    return sink.add(prepared.entries + retired, texts)[0]


def put_at(entry: FrameEntry) -> int:
    """The moment of the put that an entry carries (UTC seconds)."""
    return int(entry.extra_metadata[PUT_AT])


def name_chunks(entries: Sequence[FrameEntry], uri: str) -> None:
    """Give the chunks of a document without a uri the names they have in the file."""
    for entry in entries[1:]:
        if entry.uri is None and entry.chunk_index is not None:
            entry.uri = chunk_uri(uri, entry.chunk_index)


def tombstones(frame_ids: Iterable[int], at: int) -> list[FrameEntry]:
    """Entries that delete frames at a moment (UTC seconds)."""
    return [
        FrameEntry(timestamp=at, op=OP_TOMBSTONE, target_frame_id=i, enrichment_state=1) for i in frame_ids
    ]
