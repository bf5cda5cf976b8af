"""Whole documents as values: everything a memory knows of one version of a document.

A memory made of the records of another one, in their order, is its equal: the same ids,
contents, times, versions and vectors (``mv2.ingest.restoring``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field, replace
from itertools import pairwise
from typing import Any, Final

from mv2._record import dataclass
from mv2.format.frame import (
    ROLE_CHUNK,
    STATUS_SUPERSEDED,
    FrameRecord,
)
from mv2.ingest.documents import TEXT_MIME, chunk_uri
from mv2.ingest.frames import make_frame
from mv2.ingest.places import kind_of_chunk, place_of
from mv2.ingest.vectors import vector_values
from mv2.storage.own_text import content_in_chunks, is_extracted
from mv2.storage.past import ABSENT
from mv2.storage.reserved import LATER_MODEL, MODEL, retired_place
from mv2.storage.view import View
from mv2.types import Frame, Origin, Place, Role, Status, Vector

#: What chunks take over of their document, unless ``RecordChunk.own`` says otherwise.
INHERITED: Final = (
    "uri", "title", "kind", "track", "tags", "labels", "metadata", "timestamp", "put_at", "mime",
    "content_dates",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChunk:
    """A piece of a document that is indexed by itself.

    Attributes:
        id: of its frame.
        text: what is searched and shown.
        start, end: its own characters of the document's text, end excluded; ``text`` ends with them.
        kind: ``text``, ``table``, ``code``, ``list`` or ``record``.
        place: where it stands; its ``range`` is None, as start and end say it.
        vector: float32 numbers, or None.
        vector_model: the model that made the vector, where somebody named it.
        own: fields of its frame, by name, that differ from what the chunks of such a document have;
            ``deleted_at`` if it was deleted before its document was.
    """

    id: int
    text: str
    start: int
    end: int
    kind: str = "text"
    place: Place = field(default_factory=Place)
    vector: Vector | None = None
    vector_model: str | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of a document with everything the memory knows of it.

    Attributes:
        id: of its frame.
        uri, title, kind, track, tags, labels, metadata: as they were given.
        timestamp: when it happened, as the user said (UTC seconds).
        put_at: when it was put (UTC seconds); None in frames of other engines.
        status: active, superseded (a newer version exists) or deleted.
        role: document or image; chunk for one whose document is not there.
        supersedes, superseded_by: neighbours in the history of versions.
        deleted_at, replaced_at: when it stopped being active (UTC seconds), or None.
        ended_before: the first id that was not given away yet when it stopped being active.
        mime: media type, if known.
        media: further media data of its frame: size, camera, recording.
        source_path: where the content came from, if it was a file.
        digest: BLAKE3 of the source as its frame notes it, hex, or None.
        content_dates: dates that the text names.
        origin: the file or page it was read from.
        content: the exact bytes that were put.
        text: what is searched, where that is not the content itself; else None.
        chunks: how it is cut; empty for a document of one piece.
        chunk_size: wanted characters in a chunk; 0 where the chunks were given.
        vector: float32 numbers of the document as a whole, or None.
        vector_model: the model that made the vector, where somebody named it.
    """

    id: int
    uri: str | None
    content: bytes
    timestamp: int
    title: str | None = None
    kind: str | None = None
    track: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    put_at: int | None = None
    status: Status = "active"
    role: Role = "document"
    supersedes: int | None = None
    superseded_by: int | None = None
    deleted_at: int | None = None
    replaced_at: int | None = None
    ended_before: int | None = None
    mime: str | None = None
    media: Mapping[str, Any] | None = None
    source_path: str | None = None
    digest: str | None = None
    content_dates: tuple[str, ...] = ()
    origin: Origin | None = None
    text: str | None = None
    chunks: tuple[RecordChunk, ...] = ()
    chunk_size: int = 0
    vector: Vector | None = None
    vector_model: str | None = None

    @property
    def full_text(self) -> str:
        """The document's text: what was extracted, or its content; empty when that is no text."""
        if self.text is not None:
            return self.text
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            return ""


def records_of(
    view: View, *, filter: Mapping[str, Any] | None = None, history: bool = True, vectors: bool = True
) -> Iterator[Record]:
    """The documents of a view in the order of their ids; see ``Memvid.records``."""
    chosen = None if not filter else _chosen(view, filter)
    return _walk(view, chosen, history, vectors)


def _walk(view: View, chosen: bytes | None, history: bool, vectors: bool) -> Iterator[Record]:
    taken: set[int] = set()
    for frame_id in range(view.frame_count):
        status = view.status(frame_id)
        if frame_id in taken:
            taken.discard(frame_id)
            continue
        if status == ABSENT:
            continue
        record = view.record(frame_id)
        children = [child for child in view.children(frame_id, record) if child > frame_id]
        taken.update(children)
        if (chosen is None or chosen[frame_id]) and (history or view.is_active(frame_id)):
            yield _record(view, record, children, vectors)


def _chosen(view: View, filter: Mapping[str, Any]) -> bytes:
    """Which frames are wanted: documents whose newest version passes, with all their versions."""
    from mv2.search.filters import parse_filter

    mask = bytearray(parse_filter(filter).evaluate(view).mask)
    for frame_id in range(view.frame_count - 1, -1, -1):
        if view.status(frame_id) == STATUS_SUPERSEDED and view.role(frame_id) != ROLE_CHUNK:
            newer = view.record(frame_id).superseded_by
            if newer is not None and frame_id < newer < view.frame_count:
                mask[frame_id] = mask[newer]
    return bytes(mask)


def _record(view: View, record: FrameRecord, children: Sequence[int], vectors: bool) -> Record:
    frame = make_frame(view, record.id)
    content = view.content(record.id, record)
    stored = record.extra_metadata
    place = retired_place(stored)
    row = view.embedding(record.id) if vectors else None
    kids = [view.record(child) for child in children]
    chunks = _chunks(view, record, frame, kids, vectors)
    return Record(
        id=frame.id,
        uri=frame.uri,
        content=content,
        timestamp=frame.timestamp,
        title=frame.title,
        kind=frame.kind,
        track=frame.track,
        tags=frame.tags,
        labels=frame.labels,
        metadata=frame.metadata,
        put_at=frame.put_at,
        status=frame.status,
        role=frame.role,
        supersedes=frame.supersedes,
        superseded_by=frame.superseded_by if frame.status != "active" else None,
        deleted_at=frame.deleted_at,
        replaced_at=frame.replaced_at,
        ended_before=None if place is None else place[0],
        mime=frame.mime,
        media=_media(record),
        source_path=frame.source_path,
        digest=None if record.source_sha256 is None else record.source_sha256.hex(),
        content_dates=frame.content_dates,
        origin=frame.origin,
        text=_other_text(view, record, content, chunks),
        chunks=chunks,
        chunk_size=record.chunk_manifest.chunk_chars if chunks and record.chunk_manifest else 0,
        vector=None if row is None else vector_values(row),
        vector_model=None if row is None else stored.get(MODEL, stored.get(LATER_MODEL)),
    )


def _other_text(view: View, record: FrameRecord, content: bytes, chunks: Sequence[RecordChunk]) -> str | None:
    """The text of a document where its content is not that text."""
    if content_in_chunks(record):
        return None
    if is_extracted(record):
        return view.text(record.id, record)
    if chunks:  # of another engine: what is searched stands in the chunks
        text = "".join(chunk.text[len(chunk.text) - (chunk.end - chunk.start) :] for chunk in chunks)
        return None if text.encode() == content else text
    try:
        content.decode()
    except UnicodeDecodeError:
        return view.text(record.id, record)
    return None


def _media(record: FrameRecord) -> dict[str, Any] | None:
    """What the format's own field knows besides the media type."""
    if record.metadata is None:
        return None
    values = {name: value for name, value in asdict(record.metadata).items() if value is not None}
    values.pop("mime", None)
    return values or None


# --- chunks ---------------------------------------------------------------------------


def _chunks(
    view: View, parent: FrameRecord, document: Frame, children: Sequence[FrameRecord], vectors: bool
) -> tuple[RecordChunk, ...]:
    texts = [view.text(child.id, child) or "" for child in children]
    usual = _inherited(document) if children else {}
    found = []
    for index, (child, (start, end)) in enumerate(zip(children, _ranges(parent, texts), strict=True)):
        row = view.embedding(child.id) if vectors else None
        place, stored = place_of(child, None), child.extra_metadata
        found.append(
            RecordChunk(
                id=child.id,
                text=texts[index],
                start=start,
                end=end,
                kind=kind_of_chunk(stored),
                place=Place() if place is None else replace(place, range=None),
                vector=None if row is None else vector_values(row),
                vector_model=None if row is None else stored.get(MODEL, stored.get(LATER_MODEL)),
                own=_own_fields(view, document, child, usual | _named(document, index, len(children))),
            )
        )
    return tuple(found)


def _ranges(parent: FrameRecord, texts: Sequence[str]) -> Sequence[tuple[int, int]]:
    """Where the texts of chunks stand: as the plan says, or one behind the other if it does not fit."""
    manifest = parent.chunk_manifest
    if manifest is not None and len(manifest.chunks) == len(texts):
        at, fits = 0, True
        for (start, end), text in zip(manifest.chunks, texts, strict=True):
            fits = fits and start == at and 0 < end - start <= len(text)
            at = end
        if fits and (is_extracted(parent) or at == sum(map(len, texts))):
            return manifest.chunks
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return list(pairwise(ends))


def _own_fields(view: View, document: Frame, record: FrameRecord, usual: Mapping[str, Any]) -> dict[str, Any]:
    """In which fields a chunk is not as the chunks of its document are."""
    chunk = make_frame(view, record.id)
    own = {name: getattr(chunk, name) for name in INHERITED if getattr(chunk, name) != usual[name]}
    if chunk.status != "active" and document.status == "active":
        own["deleted_at"] = chunk.deleted_at
    return own


def _inherited(document: Frame) -> dict[str, Any]:
    """What the chunks of a document take over, as ``prepare`` gives it to them."""
    return {
        "kind": document.kind,
        "track": document.track,
        "tags": document.tags,
        "labels": document.labels,
        "metadata": document.metadata,
        "timestamp": document.timestamp,
        "put_at": document.put_at,
        "mime": document.mime or TEXT_MIME,
        "content_dates": (),
    }


def _named(document: Frame, index: int, count: int) -> dict[str, Any]:
    """Uri and title of a chunk."""
    return {
        "uri": None if document.uri is None else chunk_uri(document.uri, index),
        "title": document.title and f"{document.title} (page {index + 1}/{count})",
    }
