"""Updating and deleting: new versions that keep what did not change, and the end of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mv2.errors import DuplicateUriError, FrameInactiveError, InvalidArgumentError
from mv2.format.frame import ROLE_CHUNK, STATUS_DELETED, FrameRecord
from mv2.format.metadata import DocMetadata
from mv2.format.wal import FrameEntry
from mv2.ingest.documents import (
    LONG_VALUE,
    TEXT_MIME,
    FoundMetadata,
    Prepared,
    chunk_uri,
    chunk_vectors,
    found_keys,
    name_given_vectors,
    name_model,
    optional_text,
    prepare,
    read_texts,
    single_vector,
)
from mv2.ingest.embedding import (
    embed_documents,
    embedder_for,
    fit_vectors,
    has_vectors,
    wanted,
)
from mv2.ingest.inside import PARTS, inside
from mv2.ingest.metadata import check_mapping, decode_metadata, encode_metadata
from mv2.ingest.mutations import check_room, name_chunks, put_at, tombstones
from mv2.ingest.times import now, to_seconds
from mv2.models.slot import EmbedderSlot
from mv2.storage.own_text import is_extracted, own_search_text
from mv2.storage.reserved import EXTRACTED, MIME, MODEL, ORIGIN, PLACE, PUT_AT, mime_of
from mv2.storage.store import Store
from mv2.storage.view import View
from mv2.types import Document, FrameRef, OnConflict

if TYPE_CHECKING:
    from mv2.models.text_embedder import TextEmbedder


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
        by = "" if record.superseded_by is None else f" by frame {record.superseded_by}"
        what = "deleted" if record.status == STATUS_DELETED else f"superseded{by}"
        raise FrameInactiveError(f"frame {frame_id} is {what}", path=view.file.path)
    return frame_id, record


def delete(store: Store, reference: FrameRef) -> None:
    """Delete a document, its chunks and what is inside of it; see ``Memvid.delete``."""
    with store.turn() as view:
        frame_id, _ = active_document(view, reference, "delete")
        group = tombstones(_with_chunks(view, [frame_id, *inside(view, frame_id)]), now())
        store.append(group, [None] * len(group))


def _with_chunks(view: View, frame_ids: Iterable[int]) -> list[int]:
    return [i for frame_id in frame_ids for i in (frame_id, *view.children(frame_id))]


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
        "embedding_model",
        "mime",
        "text",
        "chunks",
        "content_dates",
        "origin",
        "source_path",
    }
)


def update(
    store: Store,
    reference: FrameRef,
    changes: Mapping[str, Any],
    *,
    merge: bool,
    slot: EmbedderSlot | None = None,
) -> int:
    """Make a successor of a document; see ``Memvid.update``."""
    unknown = set(changes) - _UPDATABLE
    if unknown:
        raise InvalidArgumentError(
            f"update has no field {min(unknown)!r}", remedy=f"Fields: {', '.join(sorted(_UPDATABLE))}."
        )
    if "embedding_model" in changes and changes.get("embedding") is None:
        raise InvalidArgumentError(
            "embedding_model is given without an embedding", remedy="It names the model of given vectors."
        )
    if "content" not in changes and not {"text", "chunks"}.isdisjoint(changes):
        raise InvalidArgumentError(
            "text or chunks are given without content", remedy="They are of new content: give it too."
        )
    made = _MadeVectors(store, reference, changes, slot)
    with store.turn() as view:
        frame_id, record = active_document(view, reference, "update")
        document = _changed_document(view, frame_id, record, changes, merge)
        if document.uri != record.uri:
            _check_uri_free(view, document.uri)
        if "content" in changes:
            if changes["content"] is None:
                raise InvalidArgumentError("content cannot be cleared", remedy="Delete the frame instead.")
            prepared = prepare(document)
            made.give(prepared)
        else:
            prepared = _same_content(view, frame_id, record, document, changes)
        check_room(view, prepared, store.size())
        fit_vectors(prepared, view, made.embedder)
        prepared.head.supersedes_frame_id = frame_id
        doomed = view.children(frame_id, record)
        if "content" in changes:
            doomed += _with_chunks(view, inside(view, frame_id))
        retired = tombstones(doomed, put_at(prepared.head))
        name_chunks(prepared.entries, f"mv2://frames/{view.frame_count}")
        texts = prepared.texts + [None] * len(retired)
        return store.append(prepared.entries + retired, texts)[0]


class _MadeVectors:
    """Vectors for new content, made before the turn to write, so that others need not wait for them."""

    def __init__(
        self, store: Store, reference: FrameRef, changes: Mapping[str, Any], slot: EmbedderSlot | None
    ) -> None:
        self.embedder: TextEmbedder | None = None
        self._rows: dict[str | None, bytes | None] = {}
        content = changes.get("content")
        if content is None or changes.get("embedding") is not None or slot is None or slot.get() is None:
            return
        view = store.view()
        title = changes["title"] if "title" in changes else view.record(view.resolve(reference)).title
        text, chunks = changes.get("text"), changes.get("chunks")
        prepared = prepare(Document(content=content, title=title, text=text, chunks=chunks))
        if store.writable and wanted(prepared):
            self.embedder = embedder_for(slot, view)
        if self.embedder is not None:
            embed_documents([prepared], self.embedder)
            entries = zip(prepared.texts, prepared.entries, strict=True)
            self._rows = {text: entry.embedding for text, entry in entries}

    def give(self, prepared: Prepared) -> None:
        """Give a document its vectors."""
        if self.embedder is None or has_vectors(prepared):
            return
        for place in wanted(prepared):
            entry = prepared.entries[place]
            entry.embedding = self._rows.get(prepared.texts[place])
            if entry.embedding is not None and self.embedder.name is not None:
                name_model(entry, self.embedder.name)


def _check_uri_free(view: View, uri: str | None) -> None:
    other = None if uri is None else view.active_id_of_uri(uri)
    if other is not None:
        raise DuplicateUriError(
            f"frame {other} has the uri {uri}", remedy="Choose another uri, or delete that frame."
        )


def _changed_document(
    view: View, frame_id: int, record: FrameRecord, changes: Mapping[str, Any], merge: bool
) -> Document:
    """The document with absent fields as they were and None clearing."""
    metadata = decode_metadata(record.extra_metadata)
    if "content" in changes:
        metadata.pop(PARTS, None)  # those of the content that goes
    given: Mapping[str, Any] = {}
    if "metadata" in changes:
        given = check_mapping(changes["metadata"])
        parts = {PARTS: metadata[PARTS]} if PARTS in metadata and inside(view, frame_id) else {}
        metadata = metadata if merge else parts
    whole_only = _not_in_chunks(view, frame_id, record)
    found = {key: value for key, value in metadata.items() if key in whole_only}
    others = {key: value for key, value in metadata.items() if key not in found}
    metadata = FoundMetadata(found, {**others, **given})
    stored_mime = None if record.metadata is None else record.metadata.mime
    kept_mime = None if "content" in changes else mime_of(stored_mime, record.extra_metadata)
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
        embedding_model=changes.get("embedding_model"),
        mime=optional_text(changes.get("mime", kept_mime), "mime"),
        source_path=changes.get("source_path", None if "content" in changes else record.source_path),
        on_conflict=conflict,
        text=changes.get("text"),
        chunks=changes.get("chunks"),
        content_dates=changes.get("content_dates", ()),
        origin=changes.get("origin"),
    )


def _not_in_chunks(view: View, frame_id: int, record: FrameRecord) -> set[str]:
    """Keys of metadata that a document has and its chunks do not carry, long as they are."""
    chunk = next(iter(view.children(frame_id, record)), None)
    if chunk is None:
        return set()
    carried = view.record(chunk).extra_metadata
    return {key for key, value in record.extra_metadata.items() if len(value) > LONG_VALUE} - carried.keys()


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
        name_given_vectors(prepared)
    return prepared


def _successor(view: View, frame_id: int, record: FrameRecord, *, keep_vector: bool) -> FrameEntry:
    pending = view.overlay.pending(frame_id)
    stored = record.payload_length > 0 or (pending is not None and pending.payload_of is not None)
    kept = (EXTRACTED, MIME, ORIGIN, PLACE, MODEL) if keep_vector else (EXTRACTED, MIME, ORIGIN, PLACE)
    own_text = record.search_text and (is_extracted(record) or not stored)
    return FrameEntry(
        timestamp=record.timestamp,
        extra_metadata={key: record.extra_metadata[key] for key in kept if key in record.extra_metadata},
        embedding=view.embedding(frame_id) if keep_vector else None,
        canonical_encoding=record.canonical_encoding,
        canonical_length=record.canonical_length,
        metadata=record.metadata,
        search_text=own_search_text(record) if own_text else "",
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
    metadata = encode_metadata(document.metadata, document.track)
    metadata[PUT_AT] = str(now())
    found = found_keys(document.metadata)
    in_chunks = {key: value for key, value in metadata.items() if key not in found}
    pages = len(entries) - 1
    timestamp = to_seconds(document.timestamp) if document.timestamp is not None else now()
    for place, entry in enumerate(entries):
        chunk = place - 1
        entry.timestamp = timestamp
        entry.kind, entry.track = document.kind, document.track
        entry.tags = read_texts(document.tags, "tags")
        entry.labels = read_texts(document.labels, "labels")
        described = in_chunks if place else metadata
        entry.extra_metadata = {**entry.extra_metadata, **described}  # the model of a kept vector
        entry.uri, entry.title = document.uri, document.title
        if place:
            entry.uri = None if document.uri is None else chunk_uri(document.uri, chunk)
            entry.title = document.title and f"{document.title} (page {place}/{pages})"
    _describe_mime(entries, document.mime)


def _describe_mime(entries: Sequence[FrameEntry], mime: str | None) -> None:
    """Write a media type that changed into a document and its chunks, as ``prepare`` does."""
    head = entries[0]
    stored = None if head.metadata is None else head.metadata.mime
    if mime == mime_of(stored, head.extra_metadata):
        return
    is_text = stored == TEXT_MIME and ORIGIN in head.extra_metadata and EXTRACTED not in head.extra_metadata
    for place, entry in enumerate(entries):
        entry.extra_metadata.pop(MIME, None)
        beside = place > 0 or is_text
        if not beside:
            entry.metadata = replace(entry.metadata or DocMetadata(), mime=mime)
        elif mime is not None and mime != TEXT_MIME:
            entry.extra_metadata[MIME] = mime


def _give_vectors(prepared: Prepared, embedding: Any) -> None:
    if len(prepared.entries) > 1:
        vectors = chunk_vectors(embedding, len(prepared.entries) - 1, prepared.head)
        for entry, vector in zip(prepared.entries[1:], vectors, strict=False):
            entry.embedding = vector
    else:
        prepared.head.embedding = single_vector(embedding)
