"""Putting: which frames one act adds, replaces and retires."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from mv2.ingest.documents import Prepared, chunk_uri, prepare_whole
from mv2.ingest.duplicates import ContentFinder
from mv2.ingest.embedding import (
    WINDOW_TEXTS,
    BulkEmbedding,
    FileVectors,
    embed_documents,
    embedder_for,
    fit_vectors,
    has_vectors,
    wanted,
)
from mv2.ingest.inside import inside, left_over
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
    from mv2.format.frame import FrameRecord
    from mv2.models.text_embedder import TextEmbedder

_END: Final = object()
Progress = Callable[[int, "int | None"], object]
_DOCUMENT_FIELDS = frozenset(field.name for field in fields(Document))


class _Sink(Protocol):
    """Where documents go: a group of the log, or a commit in the making."""

    replaced: list[int]

    def active_id_of_uri(self, uri: str) -> int | None: ...
    def children(self, frame_id: int) -> list[int]: ...
    def role(self, frame_id: int) -> int: ...
    def next_id(self) -> int: ...
    def add(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]: ...


class _GroupSink:
    """Collects one group of the log. Used inside a turn."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._added: list[FrameEntry] = []
        self._newest: dict[str, int] = {}
        self.entries: list[FrameEntry] = []
        self.texts: list[str | None] = []
        self.replaced: list[int] = []

    def active_id_of_uri(self, uri: str) -> int | None:
        found = self._newest.get(uri)
        return self._view.active_id_of_uri(uri) if found is None else found

    def record(self, frame_id: int) -> FrameRecord | FrameEntry:
        place = frame_id - self._view.frame_count
        return self._view.record(frame_id) if place < 0 else self._added[place]

    def children(self, frame_id: int) -> list[int]:
        place = frame_id - self._view.frame_count
        if place < 0:
            return self._view.children(frame_id)
        return list(range(frame_id + 1, frame_id + 1 + (self._added[place].chunk_count or 0)))

    def role(self, frame_id: int) -> int:
        return self._view.role(frame_id) if frame_id < self._view.frame_count else self.record(frame_id).role

    def next_id(self) -> int:
        return self._view.frame_count + len(self._added)

    def add(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        first, start = self.next_id(), len(self.entries)
        for entry in entries:
            if entry.parent_sequence is not None:
                entry.parent_sequence += start
            if entry.op != OP_TOMBSTONE:
                self._added.append(entry)
        if entries[0].uri is not None:
            self._newest[entries[0].uri] = first
        self.entries += entries
        self.texts += texts
        return list(range(first, self.next_id()))

    def retire(self, frame_ids: Iterable[int]) -> None:
        """Delete documents with their chunks."""
        doomed = [i for frame_id in frame_ids for i in (frame_id, *self.children(frame_id))]
        self.entries += tombstones(doomed, now())
        self.texts += [None] * len(doomed)


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


def put(store: Store, documents: Sequence[Document], slot: EmbedderSlot | None = None) -> int:
    """Add a document, and behind it those of what is inside of it; see ``Memvid.put``."""
    whole = prepare_whole(documents)
    embedder = embed_new(store, [whole], slot)
    return put_group(store, [whole], embedder)[0]


def embed_new(
    store: Store, wholes: Sequence[Sequence[Prepared]], slot: EmbedderSlot | None
) -> TextEmbedder | None:
    """Embed what a put will add, before the turn to write, so that others need not wait for the model.

    Returns:
        What made the vectors; None where nothing did.
    """
    if slot is None or slot.get() is None or not store.writable:
        return None
    view, finder = store.view(), None
    todo: list[Prepared] = []
    for whole in wholes:
        if any(wanted(prepared) for prepared in whole):
            finder = finder or ContentFinder(view)
            todo += [] if _is_known(whole[0], view, finder) else whole
    embedder = embedder_for(slot, view) if todo else None
    if embedder is not None:
        for start in range(0, len(todo), WINDOW_TEXTS):
            embed_documents(todo[start : start + WINDOW_TEXTS], embedder)
    return embedder


def _is_known(prepared: Prepared, view: View, finder: ContentFinder) -> bool:
    """Whether a put would only return the id of what is there."""
    document = prepared.document
    if document.dedup and finder.find(prepared, view.is_active) is not None:
        return True
    if document.on_conflict != "skip" or document.uri is None:
        return False
    return view.active_id_of_uri(document.uri) is not None


def put_group(
    store: Store, wholes: Sequence[Sequence[Prepared]], embedder: TextEmbedder | None = None
) -> list[int]:
    """Add documents, each with those inside of it, as one group of the log; returns the id of each.

    Args:
        embedder: what made vectors that were not given.
    """
    ids: list[int] = []
    with store.turn() as view:
        sink, vectors = _GroupSink(view), None
        finder = ContentFinder(view)
        size = store.size()
        for whole in wholes:
            main = whole[0]
            known = finder.find(main, view.is_active) if main.document.dedup else None
            for prepared in () if known is not None else whole:
                check_room(view, prepared, size)
                size += sum(len(entry.payload) for entry in prepared.entries)
                if has_vectors(prepared):
                    fit_vectors(prepared, view, embedder)
                    vectors = vectors or FileVectors.of(view)
                    vectors.take(prepared)
                next_id = sink.next_id()
                frame_id = _place(sink, prepared)
                if prepared is main:
                    known = frame_id
                    if frame_id < next_id:
                        break
            assert known is not None
            ids.append(known)
        kept = {entry.uri for entry in sink.entries}
        sink.retire(left_over(sink, sink.replaced, kept))
        if sink.entries:
            store.append(sink.entries, sink.texts)
    return ids


def put_many(
    store: Store,
    documents: Iterable[Sequence[Document]],
    progress: Progress | None,
    batch_size: int | None,
    slot: EmbedderSlot | None = None,
    total: int | None = None,
) -> list[int]:
    """Add many documents in one commit (or one per ``batch_size``); see ``Memvid.put_many``.

    Args:
        documents: each with those of what is inside of it behind it.
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
    source: Iterator[Sequence[Document]],
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
    done = put_prepared(store, chain.from_iterable(map(prepare_whole, values)), slot, seen)
    ids += done
    return len(done) == batch_size


def put_prepared(
    store: Store,
    documents: Iterable[Prepared],
    slot: EmbedderSlot | None,
    progress: Callable[[int], object] | None = None,
    kept: Collection[str | None] = (),
    retired: Iterable[int] = (),
) -> list[int]:
    """Add prepared documents in one commit; returns the frame id of each that is not inside of another.

    Args:
        documents: asked for while the turn to write is held.
        progress: called after every hundred of them.
        kept: uris of documents that stay, although new versions do not have them inside any more.
        retired: further documents to delete, with what is inside of them. Like ``kept`` looked at in the end.
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
            frame_id = sink.put(prepared, embedding.embedder)
            if prepared.outer is not None:
                continue
            done.append(frame_id)
            if progress is not None and len(done) % 100 == 0:
                progress(len(done))
        sink.finish(kept, retired)
    return done


class _BulkSink:
    """Documents that go straight into a commit."""

    def __init__(self, bulk: BulkWriter) -> None:
        self._finder: ContentFinder | None = None
        self._bulk = bulk
        self._put: set[str | None] = set()
        self.replaced: list[int] = []
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
        if prepared.outer is not None:
            return prepared.outer.known is True
        document = prepared.document
        prepared.known = self._twin(prepared) is not None or (
            document.on_conflict == "skip"
            and document.uri is not None
            and self.active_id_of_uri(document.uri) is not None
        )
        return prepared.known

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
        """The id of the document, or of what is there in its stead."""
        outer = prepared.outer
        if outer is not None and outer.known and outer.frame_id is not None:
            return outer.frame_id
        found = self._twin(prepared)
        if found is not None:
            prepared.known, prepared.frame_id = True, found
            return found
        if embedder is not None and wanted(prepared) and not self.knows(prepared):
            embed_documents([prepared], embedder)  # it was known when its lot was embedded
            self.vectors.take(prepared)
        next_id = self.next_id()
        frame_id = _place(self, prepared)
        prepared.known, prepared.frame_id = frame_id < next_id, frame_id
        self._put.add(prepared.head.uri)
        if self._finder is not None:
            self._finder.added(digest(prepared.raw), frame_id)
        return frame_id

    def finish(self, kept: Collection[str | None], retired: Iterable[int]) -> None:
        """Delete what is to go, and what was inside of replaced documents and is no longer."""
        kept = self._put.union(kept)
        for frame_id in chain(
            left_over(self._bulk, self.replaced, kept),
            (i for doomed in retired for i in (doomed, *inside(self._bulk, doomed))),
        ):
            if self._bulk.is_active(frame_id):
                group = tombstones([frame_id, *self._bulk.children(frame_id)], now())
                self._bulk.add(group, [None] * len(group))


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
            sink.replaced.append(existing)
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
