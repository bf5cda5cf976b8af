"""A commit: payloads, indexes, contents and footer appended, then the header.

Nothing before the old end of the file is overwritten but the header, and that
only after everything else is on the medium. Until the header is written the
old commit holds, whatever happens.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable
from dataclasses import replace

from mv2._record import dataclass
from mv2.errors import CeilingWarning, StorageError
from mv2.format.catalogue import TantivySegmentDescriptor
from mv2.format.checksum import digest
from mv2.format.commit_record import RECORD_SIZE, CommitRecord, encode_commit_record
from mv2.format.contents import MAX_CONTENTS_SIZE, ContentsTail, fresh_tail
from mv2.format.footer import FOOTER_SIZE, Footer, encode_footer
from mv2.format.frame import MAX_FRAMES, STATUS_ACTIVE, FrameRecord
from mv2.format.manifests import LexSegment, TimeIndexManifest
from mv2.storage.appender import Appender, aligned
from mv2.storage.assemble import Assembly, count_states
from mv2.storage.base import Base
from mv2.storage.capacity import capacity_of, payload_bytes
from mv2.storage.commit import FLAG_FRAGILE, FLAG_LIMITED, Anchor, encode_header_page
from mv2.storage.device import File
from mv2.storage.history import CommitPoint, with_point
from mv2.storage.indexing import FrameIndexer, IndexFile, VectorDeriver
from mv2.storage.overlay import Change, PendingFrame
from mv2.storage.reserved import committed_by
from mv2.storage.sketch_track import SketchPlacer
from mv2.storage.vector_block import keep_vector_block
from mv2.storage.vector_store import VectorStore

_CEILING_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class LogPlace:
    """The log region a commit names, and the end of its used part."""

    offset: int
    size: int
    used_end: int


class HeaderUncertainError(Exception):
    """The header write or a sync failed: which commit the medium holds is unknown."""

    def __init__(self, cause: StorageError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class CommitWriter:
    """Builds one commit behind the current end of ``file``.

    Args:
        base: the commit it continues, None for a new file.
        start: first byte that is free to be written.
        indexer: the lexical index, in the state of ``base``.
        deriver: makes what is derived from vectors.
    """

    def __init__(
        self,
        file: File,
        base: Base | None,
        start: int,
        indexer: FrameIndexer,
        deriver: VectorDeriver | None = None,
    ) -> None:
        self._file = file
        self._base = base
        self._old_size = file.size()
        self._out = Appender(file, aligned(start))
        self._indexer = indexer
        self._deriver = deriver
        self._tail = fresh_tail() if base is None else base.fresh_tail()
        self._vectors = VectorStore(base, self._tail, self._out)
        self.assembly = Assembly(base)
        self._sketch = SketchPlacer(self._out, self.assembly, self._tail)
        self._payload_bytes = 0 if base is None else payload_bytes(base)
        self._generation = 1 if base is None else base.anchor.generation + 1
        #: The header was, or may have been, written: the outcome is on the medium's side.
        self.header_touched = False
        self.header = b""

    # --- frames -------------------------------------------------------------------

    def add(self, pending: PendingFrame, text: str) -> None:
        """Append a frame: its payload, its vector, its place in the index and the list.

        Args:
            text: the text to index, empty for a frame without any.
        """
        record = pending.record
        record.extra_metadata = committed_by(record.extra_metadata, self._generation)
        if pending.payload_of is not None:
            source = self._sketch.share(pending.payload_of)
            record.payload_offset = source.payload_offset
            record.payload_length = source.payload_length
            record.checksum = source.checksum
            record.canonical_encoding = source.canonical_encoding
            record.canonical_length = source.canonical_length
        else:
            record.payload_offset = self._sketch.write_payload(record.id, pending.payload)
            self._payload_bytes += len(pending.payload)
        self.assembly.add(record)
        if pending.embedding is not None:
            self._vectors.add(record.id, pending.embedding)
        if record.status == STATUS_ACTIVE:
            self._indexer.add(record, text)

    def give_vector(self, frame_id: int, row: bytes) -> None:
        """Store a vector of a frame that has none."""
        self._vectors.add(frame_id, row)

    def size(self) -> int:
        """Bytes the file has come to so far."""
        return self._out.position

    def stored_bytes(self, record: FrameRecord) -> bytes:
        """The payload of a frame added here."""
        return self._sketch.read_back(record)

    def change(self, frame_id: int, change: Change) -> None:
        """Let a frame stop being active."""
        if self.assembly.change(frame_id, replace(change, generation=self._generation)):
            self._indexer.remove(frame_id)

    # --- the commit ---------------------------------------------------------------

    def finish(self, identity: CommitIdentity) -> Anchor:
        """Write everything and commit.

        Raises:
            StorageError: something before the header could not be written; call ``abandon``.
            HeaderUncertainError: the outcome is unknown; the handle must not write again.
        """
        if identity.generation != self._generation:
            raise AssertionError(f"commit {identity.generation} was begun as number {self._generation}")
        self._payload_bytes += self._sketch.finish()
        self._vectors.finish(identity.checkpoint_sequence)
        vector_place = keep_vector_block(
            self._out, self._file, self._base, self._tail, self._vectors.pieces(), self._deriver
        )
        self._write_lexical(self._indexer.commit(), identity.checkpoint_sequence)
        previous = None if self._base is None else self._base.anchor
        record, checksum = append_contents(
            self._out, self.assembly, self._tail, identity, previous, self._payload_bytes, vector_place
        )
        _warn_near_ceilings(self._file.path, record)
        return self._commit(record, checksum)

    def _commit(self, record: CommitRecord, checksum: bytes) -> Anchor:
        """Sync what was appended, then write and sync the header: from then on it holds."""
        page = encode_header_page(record, checksum)
        try:
            self._file.sync()
            self.header_touched = True
            self._file.write(0, page)
            self._file.sync()
        except StorageError as error:
            raise HeaderUncertainError(error) from error
        self.header = page
        return anchor_of(record)

    def abandon(self) -> None:
        """Give back the space of an unfinished commit; the old one still holds.

        Does nothing to the file once the header may name the new commit.
        """
        if not self.header_touched:
            with contextlib.suppress(StorageError):
                self._file.resize(self._old_size)

    # --- parts --------------------------------------------------------------------

    def _write_lexical(self, files: Iterable[IndexFile], sequence: int) -> None:
        """Embed the index's files; those that are in the file already are only named again."""
        tail = self._tail
        known = {d.path: d for d in tail.catalogue.tantivy_segments} if self._index_is_ours() else {}
        descriptors = []
        for file in files:
            descriptor = known.get(file.name)
            if descriptor is None or descriptor.length != file.size or file.name.endswith(".json"):
                data = file.read()
                descriptor = TantivySegmentDescriptor(
                    tail.catalogue.next_segment_id,
                    self._out.append(data),
                    len(data),
                    digest(data),
                    path=file.name,
                )
                tail.catalogue.next_segment_id += 1
            descriptor.build_sequence = sequence
            descriptors.append(descriptor)
        tail.catalogue.tantivy_segments = descriptors
        tail.indexes.lex_segments = [LexSegment(d.path, d.offset, d.length, d.digest) for d in descriptors]
        tail.indexes.lex = None
        # Copies of the text and of the indexes that the original's parallel commits leave behind.
        tail.catalogue.lex_segments = []
        tail.catalogue.time_segments = []
        tail.catalogue.index_segments = []

    def _index_is_ours(self) -> bool:
        return self._base is not None and self._base.anchor.record is not None


@dataclass(frozen=True, slots=True)
class CommitIdentity:
    """What tells a commit from others: file, number, last log sequence it holds, its log,
    and when it is made (UTC seconds).
    """

    file_id: bytes
    generation: int
    checkpoint_sequence: int
    log: LogPlace
    at: int


def append_contents(
    out: Appender,
    assembly: Assembly,
    tail: ContentsTail,
    identity: CommitIdentity,
    previous: Anchor | None,
    stored_bytes: int,
    vector_place: bytes,
) -> tuple[CommitRecord, bytes]:
    """Append time index, accelerator, commit record, contents and footer.

    Returns the record and the contents' checksum field, which the header repeats.
    """
    _append_time_index(out, assembly, tail)
    directory = assembly.directory()
    directory.vector_place = vector_place
    directory.commits = with_point(
        assembly.base, CommitPoint(identity.generation, identity.at, assembly.frame_count)
    )
    buffers, length, contents_digest, checksum = assembly.encode(tail)
    accelerator = directory.encode(contents_digest)
    accelerator_offset = out.align()
    out.append(accelerator)
    contents_offset = out.align() + RECORD_SIZE
    active, documents = count_states(directory)
    record = CommitRecord(
        file_id=identity.file_id,
        generation=identity.generation,
        log_offset=identity.log.offset,
        log_size=identity.log.size,
        log_used_end=identity.log.used_end,
        checkpoint_sequence=identity.checkpoint_sequence,
        contents_offset=contents_offset,
        contents_length=length,
        contents_digest=contents_digest,
        previous_offset=0 if previous is None else previous.contents_offset,
        previous_length=0 if previous is None else previous.contents_length,
        previous_digest=bytes(32) if previous is None else previous.contents_digest,
        accelerator_offset=accelerator_offset,
        accelerator_length=len(accelerator),
        accelerator_digest=digest(accelerator),
        data_end=contents_offset + length + FOOTER_SIZE,
        frame_count=assembly.frame_count,
        active_count=active,
        document_count=documents,
        payload_bytes=stored_bytes,
        flags=_flags(tail),
    )
    out.append(encode_commit_record(record))
    for buffer in buffers:
        out.append(buffer)
    out.append(encode_footer(Footer(length, contents_digest, identity.generation)))
    out.flush()
    return record, checksum


def _flags(tail: ContentsTail) -> int:
    fragile = tail.catalogue.vec_segments or tail.indexes.vec or tail.memories_track or tail.logic_mesh
    return (FLAG_FRAGILE if fragile else 0) | (0 if capacity_of(tail) is None else FLAG_LIMITED)


def _append_time_index(out: Appender, assembly: Assembly, tail: ContentsTail) -> None:
    data, count = assembly.time_index()
    out.align()
    tail.time_index = TimeIndexManifest(out.append(data), len(data), count, digest(data))


def anchor_of(record: CommitRecord) -> Anchor:
    """The anchor of a commit that was just written."""
    return Anchor(
        source="header",
        record=record,
        contents_offset=record.contents_offset,
        contents_length=record.contents_length,
        contents_digest=record.contents_digest,
        log_offset=record.log_offset,
        log_size=record.log_size,
        log_used_end=record.log_used_end,
        checkpoint_sequence=record.checkpoint_sequence,
        generation=record.generation,
        data_end=record.data_end,
    )


def _warn_near_ceilings(path: str, record: CommitRecord) -> None:
    for have, most, what in (
        (record.frame_count, MAX_FRAMES, "frames"),
        (record.contents_length, MAX_CONTENTS_SIZE, "bytes of contents"),
    ):
        if have > most * _CEILING_SHARE:
            warnings.warn(
                f"{path} has {have:,} of at most {most:,} {what}; start a second file soon",
                CeilingWarning,
                stacklevel=2,
            )
