"""Documents written straight into a commit, without the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mv2.format.checksum import EMPTY, digest
from mv2.format.compression import decompress
from mv2.format.frame import ENCODING_ZSTD, ROLE_CHUNK, STATUS_ACTIVE
from mv2.format.wal import FrameEntry
from mv2.storage.checkpoint import CommitWriter
from mv2.storage.overlay import Overlay
from mv2.storage.reserved import LATER_MODEL
from mv2.storage.view import View


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
