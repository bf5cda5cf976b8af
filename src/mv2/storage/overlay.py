"""Log entries laid over the contents: pending frames, and changes to older ones."""

from __future__ import annotations

from dataclasses import replace

from mv2._record import dataclass
from mv2.format.checksum import EMPTY, digest
from mv2.format.frame import (
    ANCHOR_CLOCK,
    ANCHOR_TIMESTAMP,
    ROLE_CHUNK,
    STATUS_ACTIVE,
    STATUS_DELETED,
    STATUS_SUPERSEDED,
    FrameRecord,
)
from mv2.format.wal import FrameEntry
from mv2.storage.reserved import DELETED_AT, PUT_AT, REPLACED_AT, RETIRED, retired_text, seconds

OP_INSERT = 0
OP_TOMBSTONE = 1
#: Kind of the frame that holds the id of a damaged log record.
DAMAGED_KIND = "mv2:damaged"


@dataclass(slots=True)
class Change:
    """A frame that stopped being active.

    Attributes:
        status: STATUS_SUPERSEDED or STATUS_DELETED.
        at: when (UTC seconds).
        position: how many frames there were then; of a replaced one, the id of its successor.
        superseded_by: id of the newer version, if there is one.
        generation: number of the commit that holds it, None while it is pending.
    """

    status: int
    at: int
    position: int
    superseded_by: int | None = None
    generation: int | None = None

    def apply(self, record: FrameRecord) -> None:
        """Write the change into a decoded frame."""
        record.status = self.status
        if self.superseded_by is not None:
            record.superseded_by = self.superseded_by
        key = DELETED_AT if self.status == STATUS_DELETED else REPLACED_AT
        place = retired_text(self.position, self.generation)
        record.extra_metadata = {**record.extra_metadata, key: str(self.at), RETIRED: place}


@dataclass(slots=True)
class PendingFrame:
    """A frame that is not in the contents yet.

    Attributes:
        record: as it will stand there; its payload place is not known yet.
        payload: the stored bytes.
        payload_of: id of the frame whose bytes it shares, None when they are its own.
        embedding: little-endian float32 bytes, or None.
        text: text to index when the writer still has it at hand, else None.
    """

    record: FrameRecord
    payload: bytes
    payload_of: int | None = None
    embedding: bytes | None = None
    text: str | None = None


def weight(entry: FrameEntry) -> int:
    """About how many bytes of contents an entry comes to."""
    texts = [entry.uri, entry.title, entry.kind, entry.track, entry.search_text, entry.source_path]
    listed = [*entry.tags, *entry.labels, *entry.content_dates]
    chunks = 0 if entry.chunk_manifest is None else len(entry.chunk_manifest.chunks)
    pairs = sum(len(key) + len(value) + 16 for key, value in entry.extra_metadata.items())
    return 300 + sum(map(len, filter(None, texts))) + sum(len(t) + 8 for t in listed) + pairs + 16 * chunks


class Overlay:
    """What pending log entries add to a contents of ``base_count`` frames."""

    def __init__(self, base_count: int) -> None:
        self.base_count = base_count
        self.frames: list[PendingFrame] = []
        self.changes: dict[int, Change] = {}
        self.uris: dict[str, list[int]] = {}
        self.vector_dimension = 0
        self.weight = 0
        #: Whether a frame in it is a slice of a document.
        self.has_chunks = False
        self._ids: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.frames or self.changes)

    @property
    def next_id(self) -> int:
        return self.base_count + len(self.frames)

    def copy(self) -> Overlay:
        """An overlay of its own with the same content; frames are shared and never changed in place."""
        other = Overlay(self.base_count)
        other.frames = list(self.frames)
        other.changes = dict(self.changes)
        other.uris = {uri: list(ids) for uri, ids in self.uris.items()}
        other.vector_dimension, other.weight = self.vector_dimension, self.weight
        other.has_chunks = self.has_chunks
        other._ids = dict(self._ids)
        return other

    def pending(self, frame_id: int) -> PendingFrame | None:
        """The pending frame with that id, or None when the contents hold it."""
        index = frame_id - self.base_count
        return self.frames[index] if 0 <= index < len(self.frames) else None

    def apply(self, sequence: int, entry: FrameEntry, *, text: str | None = None) -> int | None:
        """Lay one entry over; returns the new frame's id, None for a tombstone."""
        if entry.op == OP_TOMBSTONE:
            if entry.target_frame_id is not None and entry.target_frame_id < self.next_id:
                self._change(entry.target_frame_id, Change(STATUS_DELETED, entry.timestamp, self.next_id))
            return None
        frame_id = self.next_id
        self.weight += weight(entry)
        self._ids[sequence] = frame_id
        pending = self._pending_frame(frame_id, entry)
        pending.text = text
        self.frames.append(pending)
        self.has_chunks = self.has_chunks or pending.record.role == ROLE_CHUNK
        if entry.embedding is not None:
            self.vector_dimension = len(entry.embedding) // 4
        uri = pending.record.uri
        if uri is not None:
            self.uris.setdefault(uri, []).append(frame_id)
        older = entry.supersedes_frame_id
        if older is not None and older < frame_id:
            put_at = pending.record.anchor_ts
            at = entry.timestamp if put_at is None else put_at
            self._change(older, Change(STATUS_SUPERSEDED, at, frame_id, superseded_by=frame_id))
        return frame_id

    def apply_damaged(self, sequence: int) -> int:
        """Hold the id of a record that was acknowledged and cannot be read any more."""
        frame_id = self.next_id
        self._ids[sequence] = frame_id
        record = FrameRecord(
            id=frame_id,
            timestamp=0,
            kind=DAMAGED_KIND,
            checksum=EMPTY,
            uri=f"mv2://damaged/{sequence}",
            canonical_length=0,
            status=STATUS_DELETED,
            enrichment_state=1,
        )
        self.frames.append(PendingFrame(record, b""))
        return frame_id

    def _pending_frame(self, frame_id: int, entry: FrameEntry) -> PendingFrame:
        put_at = seconds(entry.extra_metadata, PUT_AT)
        metadata = entry.extra_metadata
        if put_at is not None:
            metadata = {key: value for key, value in metadata.items() if key != PUT_AT}
        payload = entry.payload
        record = FrameRecord(
            id=frame_id,
            timestamp=entry.timestamp,
            anchor_ts=entry.timestamp if put_at is None else put_at,
            anchor_source=ANCHOR_TIMESTAMP if put_at is None else ANCHOR_CLOCK,
            kind=entry.kind,
            track=entry.track,
            payload_length=len(payload),
            checksum=digest(payload) if payload else EMPTY,
            uri=entry.uri if entry.uri is not None else f"mv2://frames/{frame_id}",
            title=entry.title,
            canonical_encoding=entry.canonical_encoding,
            canonical_length=entry.canonical_length,
            metadata=entry.metadata,
            search_text=entry.search_text or None,
            tags=entry.tags,
            labels=entry.labels,
            extra_metadata=metadata,
            content_dates=entry.content_dates,
            chunk_manifest=entry.chunk_manifest,
            role=entry.role,
            parent_id=self._parent(entry),
            chunk_index=entry.chunk_index,
            chunk_count=entry.chunk_count,
            status=STATUS_ACTIVE,
            supersedes=entry.supersedes_frame_id,
            source_sha256=entry.source_sha256,
            source_path=entry.source_path,
            enrichment_state=entry.enrichment_state,
        )
        return PendingFrame(record, payload, entry.reuse_payload_from, entry.embedding)

    def _parent(self, entry: FrameEntry) -> int | None:
        if entry.parent_sequence is not None:
            found = self._ids.get(entry.parent_sequence)
            if found is not None:
                return found
        if entry.role != ROLE_CHUNK:
            return None
        for pending in reversed(self.frames):  # as the original does when the sequence is unknown
            if pending.record.role != ROLE_CHUNK and pending.record.chunk_manifest is not None:
                return pending.record.id
        return None

    def _change(self, frame_id: int, change: Change) -> None:
        """Record that a frame stopped being active; the first cause and time stay."""
        pending = self.pending(frame_id)
        if pending is not None:
            if pending.record.status == STATUS_ACTIVE:
                record = replace(pending.record)
                change.apply(record)
                self.frames[frame_id - self.base_count] = replace(pending, record=record)
            return
        self.changes.setdefault(frame_id, change)
