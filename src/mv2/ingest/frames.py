"""Frames as people see them: records of the file with names, types and times restored."""

from __future__ import annotations

from typing import Final

from mv2.format.frame import (
    ANCHOR_CLOCK,
    ROLE_CHUNK,
    ROLE_IMAGE,
    STATUS_ACTIVE,
    STATUS_DELETED,
    FrameRecord,
)
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.places import origin_of, place_of
from mv2.storage.own_text import content_in_chunks, is_extracted
from mv2.storage.reserved import DELETED_AT, PUT_AT, REPLACED_AT, mime_of, seconds
from mv2.storage.view import View
from mv2.types import Frame, Role, Status, TimelineEntry

PREVIEW_CHARS: Final = 120


def _status(record: FrameRecord) -> Status:
    if record.status == STATUS_ACTIVE:
        return "active"
    return "deleted" if record.status == STATUS_DELETED else "superseded"


def _role(record: FrameRecord) -> Role:
    if record.role == ROLE_CHUNK:
        return "chunk"
    return "image" if record.role == ROLE_IMAGE else "document"


def _length(view: View, record: FrameRecord) -> int:
    """Bytes of the content; of a long text, of all its chunks."""
    if content_in_chunks(record):
        return sum(view.record(child).canonical_length or 0 for child in view.children(record.id, record))
    if not record.payload_length and record.search_text and not is_extracted(record):
        return len(view.content(record.id, record))
    return record.payload_length if record.canonical_length is None else record.canonical_length


def _document(view: View, record: FrameRecord) -> FrameRecord | None:
    """The document of a chunk."""
    parent = record.parent_id if record.role == ROLE_CHUNK else None
    return None if parent is None or not 0 <= parent < view.frame_count else view.record(parent)


def make_frame(view: View, frame_id: int) -> Frame:
    """The frame with that id, which must exist."""
    record = view.record(frame_id)
    put_at = record.anchor_ts if record.anchor_source == ANCHOR_CLOCK else None
    return Frame(
        id=frame_id,
        uri=record.uri,
        title=record.title,
        kind=record.kind,
        track=record.track,
        tags=tuple(record.tags),
        labels=tuple(record.labels),
        metadata=decode_metadata(record.extra_metadata),
        timestamp=record.timestamp,
        put_at=seconds(record.extra_metadata, PUT_AT) if put_at is None else put_at,
        status=_status(record),
        role=_role(record),
        parent_id=record.parent_id,
        chunk_index=record.chunk_index,
        chunk_count=record.chunk_count,
        supersedes=record.supersedes,
        superseded_by=record.superseded_by,
        deleted_at=seconds(record.extra_metadata, DELETED_AT),
        replaced_at=seconds(record.extra_metadata, REPLACED_AT),
        length=_length(view, record),
        mime=mime_of(None if record.metadata is None else record.metadata.mime, record.extra_metadata),
        source_path=record.source_path,
        content_dates=tuple(record.content_dates),
        place=place_of(record, _document(view, record)),
        origin=origin_of(record.extra_metadata),
    )


def make_timeline_entry(view: View, frame_id: int) -> TimelineEntry:
    """The timeline entry of a document; its preview is the start of its text."""
    record = view.record(frame_id)
    children = view.children(frame_id, record)
    text = (view.text(children[0]) if children else view.text(frame_id, record)) or ""
    return TimelineEntry(
        frame_id=frame_id,
        timestamp=record.timestamp,
        uri=record.uri,
        title=record.title,
        preview=" ".join(text[: PREVIEW_CHARS * 2].split())[:PREVIEW_CHARS],
        chunk_ids=tuple(children),
    )
