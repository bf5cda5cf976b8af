"""Putting, updating and deleting: which frames one act adds, replaces and retires."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, Protocol

from mv2.errors import (
    CapacityExceededError,
    DuplicateUriError,
    FrameInactiveError,
    InvalidArgumentError,
    VecDimensionMismatchError,
)
from mv2.format.checksum import digest
from mv2.format.compression import decompress
from mv2.format.frame import ROLE_CHUNK, STATUS_DELETED, FrameRecord
from mv2.format.wal import OP_TOMBSTONE, FrameEntry
from mv2.ingest.documents import (
    MAX_FRAME_BYTES,
    Prepared,
    chunk_uri,
    chunk_vectors,
    optional_text,
    prepare,
    read_texts,
    single_vector,
)
from mv2.ingest.duplicates import ContentFinder
from mv2.ingest.metadata import check_mapping, decode_metadata, encode_metadata
from mv2.ingest.times import now, to_seconds
from mv2.ingest.vectors import vector_values
from mv2.storage.bulk import BulkWriter
from mv2.storage.capacity import capacity_of
from mv2.storage.commit import FLAG_LIMITED
from mv2.storage.own_text import own_search_text
from mv2.storage.reserved import PUT_AT
from mv2.storage.store import Store
from mv2.storage.view import View
from mv2.types import Document, FrameRef, OnConflict, Vector

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


def documents_of(entries: Iterable[FrameEntry]) -> Iterator[Document]:
    """The documents that log entries stand for; chunks are joined into theirs."""
    groups: list[list[FrameEntry]] = []
    for entry in entries:
        if entry.op == OP_TOMBSTONE:
            continue
        if entry.role == ROLE_CHUNK and groups:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    for group in groups:
        head = group[0]
        raw = b"".join(_content_of(entry) for entry in group)
        mime = None if head.metadata is None else head.metadata.mime
        yield Document(
            content=_as_given(raw, mime),
            uri=head.uri,
            title=head.title,
            tags=tuple(head.tags),
            labels=tuple(head.labels),
            metadata=decode_metadata(head.extra_metadata),
            timestamp=head.timestamp,
            track=head.track,
            kind=head.kind,
            embedding=_vectors_of(group),
            mime=mime,
            source_path=head.source_path,
        )


def _as_given(raw: bytes, mime: str | None) -> str | bytes:
    if (mime or "").startswith("text/"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode()
    return raw


def _content_of(entry: FrameEntry) -> bytes:
    if entry.canonical_encoding and entry.payload:
        return decompress(entry.payload, limit=entry.canonical_length or MAX_FRAME_BYTES)
    return entry.payload


def _vectors_of(group: Sequence[FrameEntry]) -> Vector | list[Vector] | None:
    if group[0].embedding is not None:
        return vector_values(group[0].embedding)
    rows: list[Vector] = [vector_values(entry.embedding) for entry in group if entry.embedding is not None]
    return rows or None


def put(store: Store, document: Document) -> int:
    """Add a document; see ``Memvid.put``."""
    prepared = prepare(document)
    with store.turn() as view:
        _check_room(view, prepared, store.size())
        _check_dimension(prepared, lambda: view.vector_dimension)
        if document.dedup:
            found = ContentFinder(view).find(prepared, view.is_active)
            if found is not None:
                return found
        return _place(_LogSink(store, view), prepared)


def put_many(
    store: Store,
    documents: Iterable[Document | Mapping[str, Any]],
    progress: Progress | None,
    batch_size: int | None,
) -> list[int]:
    """Add many documents in one commit (or one per ``batch_size``); see ``Memvid.put_many``."""
    if batch_size is not None and batch_size < 1:
        raise InvalidArgumentError("batch_size must be at least 1")
    total = len(documents) if isinstance(documents, Sequence) else None
    ids: list[int] = []
    source = iter(documents)
    while _put_batch(store, source, batch_size, ids, progress, total):
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
) -> bool:
    """Commit up to ``batch_size`` documents; True when there may be more."""
    first = next(source, _END)
    if first is _END:
        return False
    done: list[int] = []
    with store.bulk() as bulk:
        sink = _BulkSink(bulk)
        limited = capacity_limit(bulk.view) is not None
        value: Any = first
        while value is not _END:
            prepared = prepare(as_document(value))
            sink.dimension = _check_dimension(prepared, sink.vector_dimension) or sink.dimension
            if limited:
                _check_room(bulk.view, prepared, bulk.size())
            done.append(sink.put(prepared))
            if progress is not None and len(done) % 100 == 0:
                progress(len(ids) + len(done), total)
            if batch_size is not None and len(done) >= batch_size:
                break
            value = next(source, _END)
    ids += done
    return value is not _END


class _BulkSink:
    """Documents that go straight into a commit."""

    def __init__(self, bulk: BulkWriter) -> None:
        self._finder: ContentFinder | None = None
        self._bulk = bulk
        self.dimension = 0
        self.active_id_of_uri = bulk.active_id_of_uri
        self.children = bulk.children
        self.role = bulk.role
        self.next_id = bulk.next_id
        self.add = bulk.add

    def vector_dimension(self) -> int:
        """Length of the vectors so far, 0 without any."""
        return self.dimension or self._bulk.view.vector_dimension

    def put(self, prepared: Prepared) -> int:
        if prepared.document.dedup:
            if self._finder is None:
                self._finder = ContentFinder(self._bulk.view)
                for frame_id, content_digest in self._bulk.added_contents():
                    self._finder.added(content_digest, frame_id)
            found = self._finder.find(prepared, self._bulk.is_active)
            if found is not None:
                return found
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


def _check_room(view: View, prepared: Prepared, size: int) -> None:
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


def _check_dimension(prepared: Prepared, dimension_now: Callable[[], int]) -> int:
    """Compare the document's vectors with those before; returns the dimension, 0 without vectors.

    Args:
        dimension_now: asked only when there are vectors, as it may have to read the contents.
    """
    dimension = 0
    for entry in prepared.entries:
        if entry.embedding is not None:
            given = len(entry.embedding) // 4
            dimension = dimension or dimension_now() or given
            if given != dimension:
                raise VecDimensionMismatchError(
                    f"the embedding has {given} numbers, those of the memory have {dimension}",
                    remedy="Use the model that made the others, or another memory.",
                )
    return dimension


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
            retired = tombstones(sink.children(existing), _put_at(head))
    name_chunks(prepared.entries, f"mv2://frames/{sink.next_id()}")
    texts = prepared.texts + [None] * len(retired)
    return sink.add(prepared.entries + retired, texts)[0]


def _put_at(entry: FrameEntry) -> int:
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


# --- update and delete --------------------------------------------------------------


def active_document(view: View, reference: FrameRef, verb: str) -> tuple[int, FrameRecord]:
    """The active document a reference means.

    Raises:
        FrameNotFoundError: nothing has that id or uri.
        FrameInactiveError: it is deleted or superseded.
        InvalidArgumentError: it is a chunk.
    """
    frame_id = view.resolve(reference)
    record = view.record(frame_id)
    if record.role == ROLE_CHUNK:
        raise InvalidArgumentError(
            f"frame {frame_id} is a chunk",
            remedy=f"{verb.capitalize()} its document, frame {record.parent_id}.",
        )
    if not view.is_active(frame_id):
        what = "deleted" if record.status == STATUS_DELETED else f"superseded by frame {record.superseded_by}"
        raise FrameInactiveError(f"frame {frame_id} is {what}", path=view.file.path)
    return frame_id, record


def delete(store: Store, reference: FrameRef) -> None:
    """Delete a document and its chunks; see ``Memvid.delete``."""
    with store.turn() as view:
        frame_id, record = active_document(view, reference, "delete")
        group = tombstones([frame_id, *view.children(frame_id, record)], now())
        store.append(group, [None] * len(group))


_UPDATABLE = frozenset(
    {
        "content",
        "uri",
        "title",
        "tags",
        "labels",
        "metadata",
        "timestamp",
        "track",
        "kind",
        "embedding",
        "mime",
    }
)


def update(store: Store, reference: FrameRef, changes: Mapping[str, Any], *, merge: bool) -> int:
    """Make a successor of a document; see ``Memvid.update``."""
    unknown = set(changes) - _UPDATABLE
    if unknown:
        raise InvalidArgumentError(
            f"update has no field {min(unknown)!r}", remedy=f"Fields: {', '.join(sorted(_UPDATABLE))}."
        )
    with store.turn() as view:
        frame_id, record = active_document(view, reference, "update")
        document = _changed_document(record, changes, merge)
        if document.uri != record.uri:
            _check_uri_free(view, document.uri)
        if "content" in changes:
            if changes["content"] is None:
                raise InvalidArgumentError("content cannot be cleared", remedy="Delete the frame instead.")
            prepared = prepare(document)
        else:
            prepared = _same_content(view, frame_id, record, document, changes)
        _check_room(view, prepared, store.size())
        _check_dimension(prepared, lambda: view.vector_dimension)
        prepared.head.supersedes_frame_id = frame_id
        retired = tombstones(view.children(frame_id, record), _put_at(prepared.head))
        name_chunks(prepared.entries, f"mv2://frames/{view.frame_count}")
        texts = prepared.texts + [None] * len(retired)
        return store.append(prepared.entries + retired, texts)[0]


def _check_uri_free(view: View, uri: str | None) -> None:
    other = None if uri is None else view.active_id_of_uri(uri)
    if other is not None:
        raise DuplicateUriError(
            f"frame {other} has the uri {uri}", remedy="Choose another uri, or delete that frame."
        )


def _changed_document(record: FrameRecord, changes: Mapping[str, Any], merge: bool) -> Document:
    """The document with absent fields as they were and None clearing."""
    metadata = decode_metadata(record.extra_metadata)
    if "metadata" in changes:
        given = check_mapping(changes["metadata"])
        metadata = {**metadata, **given} if merge else dict(given)
    kept_mime = record.metadata.mime if record.metadata is not None and "content" not in changes else None
    conflict: OnConflict = "keep_both"
    return Document(
        content=changes.get("content", b""),
        uri=optional_text(changes.get("uri", record.uri), "uri"),
        title=optional_text(changes.get("title", record.title), "title"),
        tags=read_texts(changes.get("tags", record.tags), "tags"),
        labels=read_texts(changes.get("labels", record.labels), "labels"),
        metadata=metadata,
        timestamp=record.timestamp if changes.get("timestamp") is None else changes["timestamp"],
        track=optional_text(changes.get("track", record.track), "track"),
        kind=optional_text(changes.get("kind", record.kind), "kind"),
        embedding=changes.get("embedding"),
        mime=optional_text(changes.get("mime", kept_mime), "mime"),
        source_path=None if "content" in changes else record.source_path,
        on_conflict=conflict,
    )


def _same_content(
    view: View, frame_id: int, record: FrameRecord, document: Document, changes: Mapping[str, Any]
) -> Prepared:
    """Entries of a successor that keeps the stored bytes, its chunks' too, and its vectors."""
    keep_vectors = "embedding" not in changes
    head = _successor(view, frame_id, record, keep_vector=keep_vectors)
    entries, texts = [head], [view.text(frame_id, record) if head.chunk_manifest is None else None]
    for child in view.children(frame_id, record):
        child_record = view.record(child)
        entry = _successor(view, child, child_record, keep_vector=keep_vectors)
        entry.parent_sequence = 0
        entries.append(entry)
        texts.append(view.text(child, child_record))
    _describe(entries, document)
    prepared = Prepared(entries, texts, b"", document)
    if changes.get("embedding") is not None:
        _give_vectors(prepared, changes["embedding"])
    return prepared


def _successor(view: View, frame_id: int, record: FrameRecord, *, keep_vector: bool) -> FrameEntry:
    pending = view.overlay.pending(frame_id)
    stored = record.payload_length > 0 or (pending is not None and pending.payload_of is not None)
    return FrameEntry(
        timestamp=record.timestamp,
        embedding=view.embedding(frame_id) if keep_vector else None,
        canonical_encoding=record.canonical_encoding,
        canonical_length=record.canonical_length,
        metadata=record.metadata,
        search_text="" if stored or not record.search_text else own_search_text(record),
        content_dates=record.content_dates,
        chunk_manifest=record.chunk_manifest,
        role=record.role,
        chunk_index=record.chunk_index,
        chunk_count=record.chunk_count,
        reuse_payload_from=frame_id if stored else None,
        source_sha256=record.source_sha256,
        source_path=record.source_path,
        enrichment_state=1,
    )


def _describe(entries: Sequence[FrameEntry], document: Document) -> None:
    """Write the document's describing fields into its entries."""
    metadata = encode_metadata(document.metadata)
    metadata[PUT_AT] = str(now())
    pages = len(entries) - 1
    timestamp = to_seconds(document.timestamp) if document.timestamp is not None else now()
    for place, entry in enumerate(entries):
        chunk = place - 1
        entry.timestamp = timestamp
        entry.kind, entry.track = document.kind, document.track
        entry.tags = read_texts(document.tags, "tags")
        entry.labels = read_texts(document.labels, "labels")
        entry.extra_metadata = metadata
        entry.uri, entry.title = document.uri, document.title
        if place:
            entry.uri = None if document.uri is None else chunk_uri(document.uri, chunk)
            entry.title = document.title and f"{document.title} (page {place}/{pages})"
        elif entry.metadata is not None and document.mime != entry.metadata.mime:
            entry.metadata = replace(entry.metadata, mime=document.mime)


def _give_vectors(prepared: Prepared, embedding: Any) -> None:
    if len(prepared.entries) > 1:
        vectors = chunk_vectors(embedding, len(prepared.entries) - 1, prepared.head)
        for entry, vector in zip(prepared.entries[1:], vectors, strict=False):
            entry.embedding = vector
    else:
        prepared.head.embedding = single_vector(embedding)
