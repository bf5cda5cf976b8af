"""Documents written straight into a commit, without the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mv2._record import dataclass
from mv2.format.checksum import EMPTY, digest
from mv2.format.compression import decompress
from mv2.format.frame import ENCODING_ZSTD, ROLE_CHUNK, STATUS_ACTIVE, STATUS_DELETED, FrameRecord
from mv2.format.wal import FrameEntry
from mv2.storage.checkpoint import CommitWriter
from mv2.storage.overlay import Change, Overlay
from mv2.storage.reserved import DELETED_AT, LATER_MODEL, REPLACED_AT, RETIRED, retired_place, retired_text
from mv2.storage.view import View


@dataclass(frozen=True, slots=True)
class End:
    """How a frame stopped being active before it came into this memory.

    Attributes:
        status: STATUS_SUPERSEDED or STATUS_DELETED.
        at: when (UTC seconds), None when nobody noted it.
        position: how many frames there were then, None when nobody noted it.
        superseded_by: id of the newer version, if there is one.
    """

    status: int
    at: int | None
    position: int | None
    superseded_by: int | None = None

    def apply(self, record: FrameRecord) -> None:
        """Write the end into a frame that is being added."""
        record.status = self.status
        record.superseded_by = self.superseded_by
        key = DELETED_AT if self.status == STATUS_DELETED else REPLACED_AT
        noted = {} if self.at is None else {key: str(self.at)}
        if self.position is not None:
            noted[RETIRED] = retired_text(self.position, None)
        record.extra_metadata = {**record.extra_metadata, **noted}


class BulkWriter:
    """Adds groups to a commit in the making; nothing is visible before it is finished.

    Attributes:
        frame_count: frames and deletions added so far.
    """

    def __init__(self, writer: CommitWriter, view: View) -> None:
        self._writer = writer
        self._view = view
        self._uris: dict[str, int] = {}
        self.frame_count = 0

    @property
    def view(self) -> View:
        """The memory as it was before."""
        return self._view

    def active_id_of_uri(self, uri: str) -> int | None:
        """The newest active frame with that uri, those added here included."""
        found = self._uris.get(uri)
        return self._view.active_id_of_uri(uri) if found is None else found

    def size(self) -> int:
        """Bytes the file has come to so far."""
        return self._writer.size()

    def next_id(self) -> int:
        """The id of the next frame."""
        return self._writer.assembly.frame_count

    def is_active(self, frame_id: int) -> bool:
        """Whether a frame is active now, also one added here."""
        return self._writer.assembly.record(frame_id).status == STATUS_ACTIVE

    def added_contents(self) -> Iterator[tuple[int, bytes]]:
        """(id, BLAKE3 of the content) of the documents added so far."""
        for frame_id in range(self._view.frame_count, self.next_id()):
            record = self._writer.assembly.record(frame_id)
            if record.role == ROLE_CHUNK:
                continue
            if record.source_sha256 is not None:
                yield frame_id, record.source_sha256
            elif record.canonical_length:
                stored = self._writer.stored_bytes(record)
                zstd = record.canonical_encoding == ENCODING_ZSTD
                yield frame_id, digest(decompress(stored, limit=record.canonical_length) if zstd else stored)
            else:
                yield frame_id, EMPTY

    def role(self, frame_id: int) -> int:
        """The role of a frame, also of one added here."""
        if frame_id < self._view.frame_count:
            return self._view.role(frame_id)
        return self._writer.assembly.record(frame_id).role

    def children(self, frame_id: int) -> list[int]:
        """Ids of a document's chunks, also of one added here."""
        if frame_id < self._view.frame_count:
            return self._view.children(frame_id)
        count = self._writer.assembly.record(frame_id).chunk_count or 0
        return list(range(frame_id + 1, frame_id + 1 + count))

    def give_vector(self, frame_id: int, row: bytes) -> None:
        """Store a vector (little-endian float32 bytes) of a frame that was there before and has none.

        Raises:
            VecDimensionMismatchError: its length differs from the other vectors'.
        """
        self._writer.give_vector(frame_id, row)
        self.frame_count += 1

    def name_vector_model(self, frame_id: int, model: str) -> None:
        """Note in a frame which model made the vectors that were given."""
        record = self._writer.assembly.record(frame_id)
        record.extra_metadata = {**record.extra_metadata, LATER_MODEL: model}
        self._writer.assembly.replace(record)

    def add(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        """Add a group; see ``Store.append``. Returns the ids of its inserts."""
        step = Overlay(self._writer.assembly.frame_count)
        for place, (entry, text) in enumerate(zip(entries, texts, strict=True)):
            step.apply(place, entry, text=text)
        for frame_id, change in step.changes.items():
            self._writer.change(frame_id, change)
        for frame in step.frames:
            self._writer.add(frame, frame.text or "")
        if step.frames and step.frames[0].record.uri is not None:
            self._uris[step.frames[0].record.uri] = step.frames[0].record.id
        self.frame_count += len(entries)
        return [frame.record.id for frame in step.frames]

    # --- documents with a past --------------------------------------------------------

    def record(self, frame_id: int) -> FrameRecord:
        """A frame as it stands now, also one added here."""
        return self._writer.assembly.record(frame_id)

    def add_past(
        self,
        entries: Sequence[FrameEntry],
        texts: Sequence[str | None],
        *,
        supersedes: int | None = None,
        ends: Sequence[End | None] = (),
    ) -> list[int]:
        """Add a group of inserts that may have ended already; nothing else changes.

        Args:
            supersedes: what the first one is a version of; it is not retired here.
            ends: of each entry; none for all that are active.
        """
        step = Overlay(self._writer.assembly.frame_count)
        for place, (entry, text) in enumerate(zip(entries, texts, strict=True)):
            step.apply(place, entry, text=text)
        step.frames[0].record.supersedes = supersedes
        for frame, end in zip(step.frames, ends, strict=False):
            if end is not None:
                end.apply(frame.record)
        for frame in step.frames:
            self._writer.add(frame, frame.text or "")
        self.frame_count += len(entries)
        return [frame.record.id for frame in step.frames]

    def retire(self, frame_id: int, change: Change) -> None:
        """Let an active frame stop being active."""
        self._writer.change(frame_id, change)
        self.frame_count += 1

    def correct_end(self, frame_id: int, position: int | None, superseded_by: int | None) -> None:
        """Give the end of a frame added here its place in this memory."""
        record = self._writer.assembly.record(frame_id)
        record.superseded_by = superseded_by
        place = retired_place(record.extra_metadata)
        if place is not None and position is not None:
            text = retired_text(position, place[1])
            record.extra_metadata = {**record.extra_metadata, RETIRED: text}
        self._writer.assembly.replace(record)
