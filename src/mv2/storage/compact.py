"""Compaction: every live byte into a new file, renamed over the old one.

The order is the promise: copy, sync, lock the new file, rename, sync the
directory, and only then is anything acknowledged into it.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from mv2.errors import ChecksumError
from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.frame import STATUS_ACTIVE
from mv2.format.header import HEADER_SIZE
from mv2.format.manifests import LexSegment
from mv2.storage.appender import Appender
from mv2.storage.assemble import Assembly
from mv2.storage.base import Base
from mv2.storage.checkpoint import CommitIdentity, anchor_of, append_contents
from mv2.storage.commit import Anchor, encode_header_page
from mv2.storage.device import File
from mv2.storage.indexing import VectorDeriver
from mv2.storage.sketch_track import append_track
from mv2.storage.vector_copy import VectorCopier
from mv2.types import VectorCompression

LOG_OFFSET = HEADER_SIZE
SMALLEST_LOG = 64 << 10
LARGEST_LOG = 64 << 20
#: The log is about this part of the live bytes, so that a commit's cost is spread over many puts.
LOG_SHARE = 6
#: A file is compacted when its dead bytes exceed its live ones by a quarter, at most 8 MB, and this.
DEAD_MARGIN = 128 << 10
MOST_MARGIN = 8_000_000 - DEAD_MARGIN
#: After a bulk load, when they exceed this part of the live bytes.
BULK_DEAD_SHARE = 10
_BLOCK = 1 << 20
_PLACE = Struct("<Q")
_LENGTH = Struct("<Q")


def wanted_log_size(live_bytes: int) -> int:
    """Size of the log region for a file with that many live bytes; a multiple of 64 KiB."""
    size = live_bytes // LOG_SHARE // SMALLEST_LOG * SMALLEST_LOG
    return max(SMALLEST_LOG, min(size, LARGEST_LOG))


class RelocatedBase(Base):
    """A commit whose payloads stand elsewhere; everything else is as it was."""

    def __init__(self, base: Base, contents: bytes) -> None:
        super().__init__(base.file, base.anchor)
        self.__dict__.update(contents=contents, head=base.head, directory=base.directory)


class _BlockReader:
    """Reads neighbouring ranges with few calls."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._start = 0
        self._block = b""

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``; fewer at the end of the file."""
        at = offset - self._start
        if at < 0 or at + length > len(self._block):
            self._start, self._block = offset, self._file.read(offset, max(length, _BLOCK))
            at = 0
        return self._block[at : at + length]


def payload_place(buf: bytearray, start: int) -> int:
    """Where in an encoded frame its payload offset stands: behind two numbers and four options."""
    at = start + 16
    at += 9 if buf[at] else 1  # anchor time
    at += 5 if buf[at] else 1  # anchor source
    for _ in range(2):  # kind, track
        at += 9 + _LENGTH.unpack_from(buf, at + 1)[0] if buf[at] else 1
    return at


class Compactor:
    """Copies one commit into an empty file.

    Args:
        base: the commit; nothing may be pending.
        target: an empty file opened for writing.
        deriver: makes what is derived from vectors, and compresses them.
        vector_compression: how all vectors are to be written; None leaves each as it is.
    """

    def __init__(
        self,
        base: Base,
        target: File,
        deriver: VectorDeriver | None = None,
        vector_compression: VectorCompression | None = None,
    ) -> None:
        self._base = base
        self._target = target
        self._deriver = deriver
        self._compression = vector_compression
        self._out = Appender(target, LOG_OFFSET)
        self._tail: ContentsTail = base.fresh_tail()
        self._places: dict[bytes, tuple[int, bool]] = {}
        self._reader = _BlockReader(base.file)
        self._payload_bytes = 0

    def run(self, identity: CommitIdentity) -> Anchor:
        """Write the whole new file and sync it; the rename is the caller's.

        Raises:
            ChecksumError: a live range is damaged; the old file stays as it is.
            StorageError: the new file could not be written.
        """
        log = identity.log
        self._target.resize(log.offset + log.size)
        self._target.write(log.offset, bytes(log.size))  # written, so that appends need no new blocks
        self._out = Appender(self._target, log.offset + log.size)
        append_track(self._out, self._tail, self._base.frame_count)
        assembly = self._copy_frames()
        vectors = VectorCopier(
            self._base, self._tail, self._out, self._target, self._deriver, self._compression
        )
        vector_place = vectors.run(identity.checkpoint_sequence)
        self._copy_lexical(identity.checkpoint_sequence)
        self._copy_tracks()
        record, checksum = append_contents(
            self._out, assembly, self._tail, identity, None, self._payload_bytes, vector_place
        )
        self._target.write(0, encode_header_page(record, checksum))
        self._target.sync()
        return anchor_of(record)

    # --- live ranges --------------------------------------------------------------

    def _copy_frames(self) -> Assembly:
        """Copy every payload, old versions and deleted frames included, in id order.

        The encoded frames stay as they are but for the eight bytes of the payload's place.
        """
        base = self._base
        contents = bytearray(base.contents)
        scanned = base.scanned()
        starts, offsets, lengths = scanned.starts, scanned.payload_offsets, scanned.payload_lengths
        for frame_id in range(base.frame_count):
            place = payload_place(contents, starts[frame_id])
            length = lengths[frame_id]
            checksum = bytes(contents[place + 16 : place + 48])
            active = scanned.status[frame_id] == STATUS_ACTIVE
            _PLACE.pack_into(
                contents, place, self._payload(frame_id, offsets[frame_id], length, checksum, active)
            )
        return Assembly(RelocatedBase(base, bytes(contents)))

    def _payload(self, frame_id: int, offset: int, length: int, checksum: bytes, active: bool) -> int:
        """The new place of a payload. Equal ones are kept once, unless two active frames have them."""
        if length == 0:
            return self._out.position
        known = self._places.get(checksum)
        if known is not None and not (active and known[1]):
            self._places[checksum] = known[0], active or known[1]
            return known[0]
        data = self._reader.read(offset, length)
        if digest(data) != checksum:
            raise ChecksumError(
                f"the content of frame {frame_id} is damaged", path=self._base.file.path, offset=offset
            )
        place = self._out.append(data)
        self._places[checksum] = place, active
        self._payload_bytes += length
        return place

    def _copy_range(self, offset: int, length: int, wanted: bytes, what: str) -> int:
        self._out.align()
        return self._out.append(self._base.read_verified(offset, length, wanted, what))

    def _copy_lexical(self, build_sequence: int) -> None:
        tail = self._tail
        for descriptor in tail.catalogue.tantivy_segments:
            descriptor.offset = self._copy_range(
                descriptor.offset, descriptor.length, descriptor.digest, descriptor.path
            )
            descriptor.build_sequence = build_sequence
        tail.indexes.lex_segments = [
            LexSegment(d.path, d.offset, d.length, d.digest) for d in tail.catalogue.tantivy_segments
        ]

    def _copy_tracks(self) -> None:
        """Tracks of other layers, byte for byte. One that is damaged already is left out."""
        tail = self._tail
        for name in ("memories_track", "logic_mesh"):
            manifest: Any = getattr(tail, name)
            if manifest is not None:
                try:
                    manifest.offset = self._copy_range(
                        manifest.offset, manifest.length, manifest.digest, name
                    )
                except ChecksumError:
                    setattr(tail, name, None)
        clip = tail.indexes.clip
        if clip is not None and clip.length:
            clip.offset = self._copy_unchecked(clip.offset, clip.length)
        if tail.temporal_track is not None:  # its digest is taken with a field of it zeroed
            tail.temporal_track.offset = self._copy_unchecked(
                tail.temporal_track.offset, tail.temporal_track.length
            )
        for descriptor in tail.catalogue.temporal_segments:
            descriptor.offset = self._copy_unchecked(descriptor.offset, descriptor.length)
        replay = tail.replay_manifest
        if replay is not None:
            replay.segment_offset = self._copy_unchecked(replay.segment_offset, replay.segment_size)

    def _copy_unchecked(self, offset: int, length: int) -> int:
        """Copy a range that carries no digest of its plain bytes."""
        self._out.align()
        data = self._base.file.read(offset, length)
        return self._out.append(data + bytes(length - len(data)))
