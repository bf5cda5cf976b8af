"""The contents of one commit, read on first use: frames stay encoded until asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mv2.errors import ChecksumError, CorruptFileError, FormatError
from mv2.format.accelerator import decode_accelerator
from mv2.format.catalogue import VecSegmentDescriptor
from mv2.format.checksum import digest
from mv2.format.contents import (
    CHECKSUM_SIZE,
    MAX_CONTENTS_SIZE,
    ContentsHead,
    ContentsTail,
    decode_contents_head,
    decode_contents_tail,
)
from mv2.format.frame import (
    ROLE_CHUNK,
    ROLE_DOCUMENT,
    STATUS_ACTIVE,
    FrameColumns,
    FrameRecord,
    decode_frame,
    scan_frames,
)
from mv2.format.time_index import decode_time_index
from mv2.format.vector_block import PLACE, VectorBlock, decode_vector_block
from mv2.format.vectors import MAX_SEGMENT_SIZE, VectorSegment, decode_vectors
from mv2.storage.commit import Anchor
from mv2.storage.device import File
from mv2.storage.directory import Directory, from_accelerator, from_scan, pack_state

if TYPE_CHECKING:
    from mv2.storage.facets import StoredFacets


class Base:
    """Frames, indexes and tracks as one commit left them. Immutable.

    Raises, from the first use on:
        ChecksumError: the contents do not match their digest.
        FormatError: they do not decode.
    """

    def __init__(self, file: File, anchor: Anchor) -> None:
        self.file = file
        self.anchor = anchor

    @cached_property
    def has_chunks(self) -> bool:
        """Whether any frame, active or not, is a slice of a document."""
        states = bytes(self.directory.states)
        return any(pack_state(status, ROLE_CHUNK) in states for status in range(16))

    @cached_property
    def contents(self) -> bytes:
        """The encoded contents, verified."""
        anchor = self.anchor
        if not 0 < anchor.contents_length <= MAX_CONTENTS_SIZE:
            raise FormatError(
                f"contents of {anchor.contents_length} bytes are impossible",
                path=self.file.path,
                offset=anchor.contents_offset,
            )
        data = self.file.read(anchor.contents_offset, anchor.contents_length)
        if len(data) != anchor.contents_length or digest(data) != anchor.contents_digest:
            raise ChecksumError(
                "the contents are damaged", path=self.file.path, offset=anchor.contents_offset,
                remedy="Open the memory again: an earlier commit may be readable.",
            )  # fmt: skip
        return data

    @cached_property
    def head(self) -> ContentsHead:
        return decode_contents_head(self.contents)

    @cached_property
    def directory(self) -> Directory:
        """Columns by frame id: from the accelerator block, else from a walk over the contents."""
        stored = self._stored_directory()
        return from_scan(self.contents, self.scanned()) if stored is None else stored

    def _stored_directory(self) -> Directory | None:
        """The accelerator block's directory, or None when there is none that can be trusted."""
        record = self.anchor.record
        if record is None or not 0 < record.accelerator_length <= MAX_CONTENTS_SIZE:
            return None
        data = self.file.read(record.accelerator_offset, record.accelerator_length)
        if digest(data) != record.accelerator_digest:
            return None
        try:
            directory = from_accelerator(decode_accelerator(data, self.anchor.contents_digest))
        except FormatError:
            return None
        starts, count = directory.starts, self.head.frame_count
        if len(directory) != count or starts[0] != self.head.frames_start:
            return None
        return directory if starts[count] <= len(self.contents) - CHECKSUM_SIZE else None

    def scanned(self) -> FrameColumns:
        """The columns of a walk over the contents, payload places included."""
        return scan_frames(self.contents, self.head.frames_start, self.head.frame_count, len(self.contents))

    @cached_property
    def tail(self) -> ContentsTail:
        """Manifests, catalogue and ticket; shared, so never change it: decode a fresh one."""
        return self.fresh_tail()

    def fresh_tail(self) -> ContentsTail:
        """A tail of one's own, to be changed and encoded."""
        return decode_contents_tail(
            self.contents, self.directory.starts[self.frame_count], len(self.contents)
        )

    @cached_property
    def frame_count(self) -> int:
        record = self.anchor.record
        return self.head.frame_count if record is None else record.frame_count

    def load(self) -> None:
        """Verify and decode everything that opening promises: contents, directory, tail."""
        if self.head.frame_count != self.frame_count:
            raise FormatError("contents and commit record count frames differently", path=self.file.path)
        self.tail  # noqa: B018  (decodes it)

    # --- frames -------------------------------------------------------------------

    def encoded(self, frame_id: int) -> memoryview:
        """The encoded frame."""
        starts = self.directory.starts
        return memoryview(self.contents)[starts[frame_id] : starts[frame_id + 1]]

    def record(self, frame_id: int) -> FrameRecord:
        starts = self.directory.starts
        return decode_frame(self.contents, starts[frame_id], starts[frame_id + 1])

    def status(self, frame_id: int) -> int:
        return self.directory.status(frame_id)

    def role(self, frame_id: int) -> int:
        return self.directory.role(frame_id)

    def parent(self, frame_id: int) -> int | None:
        return self.directory.parent(frame_id)

    @cached_property
    def chunks(self) -> dict[int, list[int]]:
        """Ids of chunks, ascending, by the id of their document."""
        found: dict[int, list[int]] = {}
        for frame_id, state in enumerate(self.directory.states):
            parent = self.directory.parent(frame_id) if state >> 4 == ROLE_CHUNK else None
            if parent is not None:
                found.setdefault(parent, []).append(frame_id)
        return found

    def active_ids(self) -> Iterator[int]:
        """Ids of frames that were active at this commit, ascending."""
        return (i for i, state in enumerate(self.directory.states) if state & 15 == STATUS_ACTIVE)

    # --- uris ---------------------------------------------------------------------

    def ids_of_uri(self, uri: str) -> list[int]:
        """Every frame with that uri, ascending."""
        found = self.directory.uris.find(uri)
        return [i for i in found if i < self.frame_count and self.record(i).uri == uri]

    @cached_property
    def derived(self) -> dict[str, Any]:
        """What other layers made of this commit and keep with it, by name."""
        return {}

    # --- facets -------------------------------------------------------------------

    @cached_property
    def facets(self) -> StoredFacets:
        """What filters need of the frames: as stored, or made from the frames."""
        from mv2.storage.facets import load_facets

        return load_facets(self)

    # --- contents of documents ------------------------------------------------------

    @cached_property
    def length_bytes(self) -> bytes:
        """The column of decoded lengths as bytes, four a frame in the host's order."""
        return bytes(memoryview(self.directory.canonical_lengths).cast("B"))

    @cached_property
    def source_digests(self) -> dict[bytes, list[int]]:
        """Frames that carry the digest of their whole content (long documents do), by digest."""
        found: dict[bytes, list[int]] = {}
        for frame_id, length in enumerate(self.directory.canonical_lengths):
            if length == 0 and self.role(frame_id) == ROLE_DOCUMENT:
                source = self.record(frame_id).source_sha256
                if source is not None:
                    found.setdefault(source, []).append(frame_id)
        return found

    # --- indexes ------------------------------------------------------------------

    def read_verified(self, offset: int, length: int, wanted: bytes, what: str) -> bytes:
        """A range of the file.

        Raises:
            ChecksumError: it does not match its digest.
        """
        data = self.file.read(offset, length) if 0 < length <= self.file.size() else b""
        if len(data) != length or digest(data) != wanted:
            raise ChecksumError(f"{what} is damaged", path=self.file.path, offset=offset)
        return data

    def timeline(self) -> tuple[Sequence[int], Sequence[int]]:
        """Timestamps and ids of active documents, sorted; rebuilt when the stored index is damaged."""
        return self._timeline

    @cached_property
    def _timeline(self) -> tuple[Sequence[int], Sequence[int]]:
        manifest = self.tail.time_index
        if manifest is not None and self.anchor.record is not None:
            try:
                data = self.read_verified(manifest.offset, manifest.length, manifest.digest, "the time index")
                return decode_time_index(data)
            except (ChecksumError, FormatError):
                pass
        directory = self.directory
        pairs = sorted(
            (directory.timestamps[i], i) for i in self.active_ids() if directory.role(i) == ROLE_DOCUMENT
        )
        return array("q", [t for t, _ in pairs]), array("q", [i for _, i in pairs])

    def lexical_files(self) -> list[tuple[str, bytes]] | None:
        """The embedded lexical index, name and bytes; None when it cannot be trusted.

        Only an index that we wrote is trusted: the original's holds frames twice
        and under wrong ids, and misses some.

        Raises nothing: a damaged file means the index is rebuilt from the frames.
        """
        segments = self.tail.indexes.lex_segments
        if self.anchor.record is None or not segments:
            return None
        try:
            return [(s.path, self.read_verified(s.offset, s.length, s.digest, s.path)) for s in segments]
        except ChecksumError:
            return None

    # --- vectors ------------------------------------------------------------------

    def mapped_verified(self, offset: int, length: int, wanted: bytes, what: str) -> memoryview:
        """As ``read_verified``, mapped where it is large."""
        data = self.file.map(offset, length) if 0 < length <= self.file.size() else memoryview(b"")
        if len(data) != length or digest(data) != wanted:
            raise ChecksumError(f"{what} is damaged", path=self.file.path, offset=offset)
        return data

    @property
    def vector_place(self) -> tuple[int, int, bytes] | None:
        """Offset, length (bytes) and digest of the vector block, None without one."""
        place = self.directory.vector_place if self.frame_count else b""
        if len(place) != PLACE.size:
            return None
        offset, length, wanted = PLACE.unpack(place)
        return (offset, length, wanted) if 0 < length <= MAX_SEGMENT_SIZE else None

    @cached_property
    def vector_block(self) -> VectorBlock | None:
        """What was derived from the vector segments; None when it is damaged or of other segments."""
        place = self.vector_place
        if place is None:
            return None
        try:
            block = decode_vector_block(self.mapped_verified(*place, "the vector block"))
        except (ChecksumError, FormatError):
            return None
        listed = [(d.digest, d.vector_count) for d in vector_ranges(self.tail)]
        return block if list(block.segments) == listed else None

    def vector_data(self) -> list[tuple[memoryview, int]]:
        """Bytes and compression of every set of vectors.

        In files the original wrote last, sets that fail their digest are left out: it
        leaves manifests that point at overwritten bytes.

        Raises:
            ChecksumError: a set that we wrote is damaged.
        """
        found = []
        for place in vector_ranges(self.tail):
            try:
                data = self.mapped_verified(place.offset, place.length, place.digest, "a vector segment")
                found.append((data, place.vector_compression))
            except ChecksumError:
                if self.anchor.record is not None:
                    raise
        return found

    @cached_property
    def vector_segments(self) -> list[VectorSegment]:
        """Every set of vectors, oldest first; see ``vector_data``.

        Raises:
            ChecksumError, FormatError: a set that we wrote is damaged.
        """
        found = []
        for data, compression in self.vector_data():
            try:
                found.append(decode_vectors(data, compression))
            except FormatError:
                if self.anchor.record is not None:
                    raise
        return found

    @cached_property
    def _vector_places(self) -> dict[int, tuple[VectorSegment, int]]:
        return {
            frame_id: (segment, row)
            for segment in self.vector_segments
            for row, frame_id in enumerate(segment.ids)
        }

    def embedding(self, frame_id: int) -> bytes | None:
        """The newest stored vector of a frame, little-endian float32 bytes."""
        place = self._vector_places.get(frame_id)
        check_whole(self.file, self.anchor.data_end)
        return None if place is None else bytes(place[0].row_bytes(place[1]))

    @property
    def vector_dimension(self) -> int:
        """Length of the vectors, 0 without any."""
        for descriptor in self.tail.catalogue.vec_segments:
            if descriptor.vector_count:
                return descriptor.dimension
        manifest = self.tail.indexes.vec
        return manifest.dimension if manifest is not None and manifest.vector_count else 0

    @property
    def vector_count(self) -> int:
        """Stored vectors; in files the original wrote last, those that can be read."""
        if self.anchor.record is None:
            return sum(len(segment) for segment in self.vector_segments)
        return sum(d.vector_count for d in vector_ranges(self.tail))


def check_whole(file: File, end: int) -> None:
    """Refuse to look into a map whose file was cut off: the process would die of it.

    Args:
        end: of the commit that the map belongs to, in bytes.

    Raises:
        CorruptFileError: the file is shorter.
    """
    if not file.closed and file.size() < end:
        raise CorruptFileError("the file was cut off while it was open", path=file.path, offset=end)


def vector_ranges(tail: ContentsTail) -> list[VecSegmentDescriptor]:
    """Every set of vectors a contents names: the segments, then the index of a full rebuild, which is
    where quantised vectors stand.
    """
    ranges = list(tail.catalogue.vec_segments)
    index = tail.indexes.vec
    if index is not None and index.length:
        ranges.append(
            VecSegmentDescriptor(
                -1,
                index.offset,
                index.length,
                index.digest,
                vector_count=index.vector_count,
                dimension=index.dimension,
                vector_compression=index.compression_mode,
            )
        )
    return ranges
