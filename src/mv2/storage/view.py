"""A consistent picture of a memory: the contents of one commit, with the log laid over.

Ids are 0 to ``frame_count`` - 1; the first ``base.frame_count`` of them stand in
the contents, the rest are pending.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from mv2.errors import ChecksumError, CorruptFileError, FrameNotFoundError
from mv2.format.checksum import digest
from mv2.format.compression import decompress
from mv2.format.frame import (
    ENCODING_ZSTD,
    ROLE_CHUNK,
    ROLE_DOCUMENT,
    STATUS_ACTIVE,
    STATUS_DELETED,
    STATUS_SUPERSEDED,
    FrameRecord,
)
from mv2.storage.base import Base
from mv2.storage.device import File
from mv2.storage.directory import pack_state
from mv2.storage.frame_set import FrameSet
from mv2.storage.overlay import Overlay, PendingFrame
from mv2.storage.own_text import content_in_chunks, is_extracted, own_search_text, text_in_chunks

if TYPE_CHECKING:
    from mv2.storage.facets import Facets

#: A frame's content never decodes to more than this (docs/format.md, "Limits").
MAX_CONTENT = 256 << 20
_ACTIVE_CHUNK = pack_state(STATUS_ACTIVE, ROLE_CHUNK)
_STATUS = bytes(state & 15 for state in range(256))
_ACTIVE_MASK = bytes(state & 15 == STATUS_ACTIVE for state in range(256))


class View:
    """Reads frames of one state of the file; never changes anything."""

    #: Whether it shows an earlier state than the file's newest.
    is_past = False

    def __init__(self, file: File, base: Base, overlay: Overlay) -> None:
        self.file = file
        self.base = base
        self.overlay = overlay
        #: Ids are 0 to this, exclusive; frames that come later are not of this view.
        self.frame_count = overlay.next_id

    @property
    def indexed_count(self) -> int:
        """Frames with a smaller id are in the embedded index, the rest are pending."""
        return self.base.frame_count

    def check_id(self, frame_id: int) -> None:
        """Raise FrameNotFoundError unless the id exists."""
        if not 0 <= frame_id < self.frame_count:
            raise FrameNotFoundError(
                f"there is no frame {frame_id}",
                path=self.file.path,
                remedy=f"The memory has frames 0 to {self.frame_count - 1}."
                if self.frame_count
                else "It is empty.",
            )

    def record(self, frame_id: int) -> FrameRecord:
        """The frame's record, changes applied; the payload place of a pending one is not set."""
        pending = self.overlay.pending(frame_id)
        if pending is not None:
            return pending.record
        self.check_id(frame_id)
        record = self.base.record(frame_id)
        change = self.overlay.changes.get(frame_id)
        if change is not None:
            change.apply(record)
        return record

    def status(self, frame_id: int) -> int:
        pending = self.overlay.pending(frame_id)
        if pending is not None:
            return pending.record.status
        change = self.overlay.changes.get(frame_id)
        return self.base.status(frame_id) if change is None else change.status

    def is_active(self, frame_id: int) -> bool:
        """Neither deleted nor superseded; a chunk only as long as its document is active
        (the original deletes documents without their chunks).
        """
        if self.status(frame_id) != STATUS_ACTIVE:
            return False
        if self.role(frame_id) != ROLE_CHUNK:
            return True
        parent = self.parent(frame_id)
        return parent is None or not 0 <= parent < self.frame_count or self.status(parent) == STATUS_ACTIVE

    @cached_property
    def states(self) -> bytes:
        """A byte a frame: STATUS_* in the low four bits, ROLE_* in the high four."""
        stored = self.base.frame_count
        states = bytearray(self.base.directory.states) if stored else bytearray()
        for frame_id, change in list(self.overlay.changes.items()):
            if states[frame_id] & 15 == STATUS_ACTIVE:
                states[frame_id] = states[frame_id] & 0xF0 | change.status
        for pending in self.overlay.frames[: self.frame_count - stored]:
            states.append(pack_state(pending.record.status, pending.record.role))
        return bytes(states)

    def active(self) -> FrameSet:
        """The active frames, chunks included; its size is ``frame_count``."""
        return self._active

    @cached_property
    def _active(self) -> FrameSet:
        states, stored = self.states, self.base.frame_count
        mask = bytearray(states.translate(_ACTIVE_MASK))
        chunks = self.base.chunks if stored and _ACTIVE_CHUNK in states else {}
        for parent, children in chunks.items():
            if parent < len(states) and states[parent] & 15 != STATUS_ACTIVE:
                for child in children:
                    mask[child : child + 1] = bytes(len(mask[child : child + 1]))
        for pending in self.overlay.frames[: max(0, len(states) - stored)]:
            owner = pending.record.parent_id
            if pending.record.role == ROLE_CHUNK and owner is not None and owner < len(states):
                mask[pending.record.id] &= states[owner] & 15 == STATUS_ACTIVE
        return FrameSet(bytes(mask))

    def status_counts(self) -> tuple[int, int, int]:
        """How many frames are active (chunks of what is not among them), superseded and deleted."""
        statuses = self.states.translate(_STATUS)
        active, superseded, deleted = map(statuses.count, (STATUS_ACTIVE, STATUS_SUPERSEDED, STATUS_DELETED))
        return active, superseded, deleted

    def role(self, frame_id: int) -> int:
        pending = self.overlay.pending(frame_id)
        return self.base.role(frame_id) if pending is None else pending.record.role

    def timestamp(self, frame_id: int) -> int:
        pending = self.overlay.pending(frame_id)
        return self.base.directory.timestamps[frame_id] if pending is None else pending.record.timestamp

    # --- content ------------------------------------------------------------------

    def payload(self, frame_id: int) -> bytes:
        """The stored bytes, verified.

        Raises:
            ChecksumError: they are damaged.
        """
        pending = self.overlay.pending(frame_id)
        if pending is not None:
            if pending.payload_of is not None:
                return self.payload(pending.payload_of)
            return pending.payload
        return self.stored_bytes(self.base.record(frame_id))

    def stored_bytes(self, record: FrameRecord) -> bytes:
        """The stored bytes of a frame in the contents, verified."""
        length = record.payload_length
        if length == 0:
            return b""
        if length > MAX_CONTENT:
            raise CorruptFileError(f"frame {record.id} claims {length} bytes", path=self.file.path)
        data = self.file.read(record.payload_offset, length)
        if len(data) != length or digest(data) != record.checksum:
            raise ChecksumError(
                f"the content of frame {record.id} is damaged",
                path=self.file.path,
                offset=record.payload_offset,
                remedy="Restore it from a copy; the other frames are not affected.",
            )
        return data

    def content(self, frame_id: int, record: FrameRecord | None = None) -> bytes:
        """The exact bytes that were put; of a long text, its chunks joined."""
        record = self.record(frame_id) if record is None else record
        if content_in_chunks(record):
            return b"".join(self.content(child) for child in self.children(frame_id, record))
        raw = self._decoded(frame_id, record)
        if not raw and record.search_text and not is_extracted(record):
            text = own_search_text(record)
            return (text or "").encode()
        return raw

    def _decoded(self, frame_id: int, record: FrameRecord) -> bytes:
        pending = self.overlay.pending(frame_id)
        data = self.stored_bytes(record) if pending is None else self.payload(frame_id)
        if data and record.canonical_encoding & 0xFF == ENCODING_ZSTD:
            limit = record.canonical_length or MAX_CONTENT
            return decompress(data, limit=min(limit, MAX_CONTENT))
        return data

    def text(self, frame_id: int, record: FrameRecord | None = None) -> str | None:
        """The document's own text, None when the content is not text and nothing was extracted."""
        record = self.record(frame_id) if record is None else record
        if text_in_chunks(record):
            return "".join(self._chunk_texts(frame_id, record))
        if is_extracted(record):
            return record.search_text or ""
        raw = self._decoded(frame_id, record)
        if raw or not record.search_text:
            try:
                return raw.decode()
            except UnicodeDecodeError:
                pass
        return own_search_text(record)

    def _chunk_texts(self, frame_id: int, record: FrameRecord) -> Iterator[str]:
        """The texts of a document's chunks, without what they repeat of each other."""
        manifest = record.chunk_manifest
        ranges = manifest.chunks if manifest is not None and is_extracted(record) else ()
        for place, child in enumerate(self.children(frame_id, record)):
            text = self.text(child) or ""
            if place < len(ranges):
                start, end = ranges[place]
                text = text[max(0, len(text) - (end - start)) :]
            yield text

    def children(self, frame_id: int, record: FrameRecord | None = None) -> list[int]:
        """Ids of a document's chunks in order; of the given version, active or not."""
        record = self.record(frame_id) if record is None else record
        wanted = record.chunk_count
        if not wanted and record.chunk_manifest is not None:
            wanted = len(record.chunk_manifest.chunks)
        if not wanted or record.role == ROLE_CHUNK:
            return []
        run = range(frame_id + 1, min(frame_id + 1 + wanted, self.frame_count))
        found = [child for child in run if self.parent(child) == frame_id]
        if len(found) < wanted:
            found = [child for child in range(self.frame_count) if self.parent(child) == frame_id]
        return found

    def parent(self, frame_id: int) -> int | None:
        """The document of a chunk."""
        pending = self.overlay.pending(frame_id)
        return self.base.parent(frame_id) if pending is None else pending.record.parent_id

    # --- lookup -------------------------------------------------------------------

    def ids_of_uri(self, uri: str) -> list[int]:
        """Every frame with that uri, oldest first, whatever its status."""
        found = self.base.ids_of_uri(uri) if self.base.frame_count else []
        return found + self.overlay.uris.get(uri, [])

    def active_id_of_uri(self, uri: str) -> int | None:
        """The newest active frame with that uri; a document before any chunk."""
        active = [frame_id for frame_id in self.ids_of_uri(uri) if self.is_active(frame_id)]
        return self._best(active)

    def _best(self, frame_ids: list[int]) -> int | None:
        """The newest of some frames; a document before any chunk."""
        documents = [frame_id for frame_id in frame_ids if self.role(frame_id) != ROLE_CHUNK]
        return max(documents or frame_ids, default=None)

    def resolve(self, reference: int | str) -> int:
        """The id a reference means: an id, or the newest active frame of a uri, else its newest one.

        Raises:
            FrameNotFoundError: there is none.
        """
        if not isinstance(reference, str):
            frame_id = whole_number(reference)
            if frame_id is None:
                raise FrameNotFoundError(
                    f"{reference!r} is neither a frame id nor a uri", path=self.file.path
                )
            self.check_id(frame_id)
            return frame_id
        found = self.active_id_of_uri(reference)
        if found is None:
            found = self._best(self.ids_of_uri(reference))
        if found is None:
            raise FrameNotFoundError(f"no frame has the uri {reference}", path=self.file.path)
        return found

    # --- listings -----------------------------------------------------------------

    def active_ids(self) -> Iterator[int]:
        """Ids of active frames, ascending, chunks included."""
        return (frame_id for frame_id in range(self.frame_count) if self.is_active(frame_id))

    def document_ids(self) -> Iterator[int]:
        """Ids of active frames that are not chunks, ascending."""
        return (i for i in self.active_ids() if self.role(i) != ROLE_CHUNK)

    def timeline_ids(self, since: int | None, until: int | None, reverse: bool) -> Iterator[int]:
        """Ids of active documents by (timestamp, id); ``since`` inclusive, ``until`` exclusive."""
        pending = [(f.record.timestamp, f.record.id) for f in self.overlay.frames if _listed(f)]
        return self._merged_timeline(pending, self.overlay.changes.__contains__, since, until, reverse)

    def _merged_timeline(
        self,
        extra: Iterable[tuple[int, int]],
        hidden: Callable[[int], bool],
        since: int | None,
        until: int | None,
        reverse: bool,
    ) -> Iterator[int]:
        """The stored timeline without what is hidden, and extra (timestamp, id) pairs in their places."""
        times, ids = self.base.timeline() if self.base.frame_count else ((), ())
        low = 0 if since is None else bisect_left(times, since)
        high = len(times) if until is None else bisect_left(times, until)
        pending = sorted(
            pair
            for pair in extra
            if (since is None or pair[0] >= since) and (until is None or pair[0] < until)
        )
        places: Iterator[int] = iter(range(high - 1, low - 1, -1)) if reverse else iter(range(low, high))
        if reverse:
            pending.reverse()
        at = 0
        for place in places:
            key = (times[place], ids[place])
            while at < len(pending) and (pending[at] > key if reverse else pending[at] < key):
                yield pending[at][1]
                at += 1
            if not hidden(ids[place]):
                yield ids[place]
        for _, frame_id in pending[at:]:
            yield frame_id

    # --- facets -------------------------------------------------------------------

    def facets(self) -> Facets:
        """What filters and neighbours need to know of each frame, without reading it."""
        from mv2.storage.facets import Facets

        return Facets(self)

    # --- vectors ------------------------------------------------------------------

    def embedding(self, frame_id: int) -> bytes | None:
        """The stored vector of a frame, little-endian float32 bytes, or None."""
        pending = self.overlay.pending(frame_id)
        if pending is not None:
            return pending.embedding
        return self.base.embedding(frame_id)

    @property
    def vector_dimension(self) -> int:
        """Length of the file's vectors, 0 when it has none."""
        if self.overlay.vector_dimension:
            return self.overlay.vector_dimension
        return self.base.vector_dimension if self.base.frame_count else 0


def whole_number(value: object) -> int | None:
    """The int of anything that counts as one, numpy's included; None for others, and for bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    return operator.index(value)


def _listed(frame: PendingFrame) -> bool:
    return frame.record.status == STATUS_ACTIVE and frame.record.role == ROLE_DOCUMENT
