"""Vectors in a commit: one uncompressed segment per commit, merged when they become many."""

from __future__ import annotations

from mv2.errors import ChecksumError, FormatError, LimitError, VecDimensionMismatchError
from mv2.format.catalogue import VecSegmentDescriptor
from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.manifests import COMPRESSION_NONE, COMPRESSION_PQ96, VecManifest
from mv2.format.vectors import MAX_SEGMENT_SIZE, decode_vectors, encode_vector_segment, quantised_layout
from mv2.storage.appender import Appender
from mv2.storage.base import Base, vector_ranges

#: Rows are written out when this many bytes wait, so that bulk loads stay small in memory.
_FLUSH_BYTES = 16 << 20
#: More segments than this are merged, smallest first.
MAX_SEGMENTS = 16
_MERGE_COUNT = 9
_MERGE_BYTES = 256 << 20


class VectorStore:
    """Collects the vectors of a commit and keeps the catalogue's list of segments short."""

    def __init__(self, base: Base | None, tail: ContentsTail, out: Appender) -> None:
        self._base = base
        self._tail = tail
        self._out = out
        self._ids: list[int] = []
        self._rows = bytearray()
        self._dimension = 0 if base is None else base.vector_dimension
        self._merged: dict[int, list[VecSegmentDescriptor]] = {}

    def add(self, frame_id: int, row: bytes) -> None:
        """Keep the vector of a frame, little-endian float32 bytes.

        Raises:
            VecDimensionMismatchError: its length differs from the vectors before.
        """
        dimension = len(row) // 4
        if self._dimension and dimension != self._dimension:
            raise VecDimensionMismatchError(
                f"the vector of frame {frame_id} has {dimension} numbers, the others {self._dimension}"
            )
        self._dimension = dimension
        self._ids.append(frame_id)
        self._rows += row
        if len(self._rows) >= _FLUSH_BYTES:
            self._write()

    def pieces(self) -> list[VecSegmentDescriptor]:
        """What the sets of vectors were merged of, the others as they are, in the order of their rows."""
        return [
            piece
            for descriptor in vector_ranges(self._tail)
            for piece in self._merged.get(descriptor.segment_id, [descriptor])
        ]

    def finish(self, build_sequence: int) -> None:
        """Write what waits; take over the original's whole index; merge when there are many segments."""
        self._write()
        self._take_over_whole_index()
        catalogue = self._tail.catalogue
        while len(catalogue.vec_segments) > MAX_SEGMENTS and self._merge_smallest():
            pass
        for descriptor in catalogue.vec_segments:
            descriptor.build_sequence = build_sequence

    def _write(self) -> None:
        if self._ids:
            self._append(encode_vector_segment(self._ids, self._rows, self._dimension), len(self._ids))
            self._ids, self._rows = [], bytearray()

    def _append(self, data: bytes, count: int) -> None:
        catalogue = self._tail.catalogue
        self._out.align()
        descriptor = VecSegmentDescriptor(
            catalogue.next_segment_id,
            self._out.append(data),
            len(data),
            digest(data),
            codec_version=1,
            vector_count=count,
            dimension=self._dimension,
            vector_compression=COMPRESSION_NONE,
        )
        catalogue.next_segment_id += 1
        catalogue.vec_segments.append(descriptor)

    def _take_over_whole_index(self) -> None:
        """Turn the one index of an original's full rebuild into a segment, which every reader finds.

        Quantised vectors stay: the original finds those nowhere else.

        A manifest that points at other bytes (the original leaves such behind) is dropped.
        """
        manifest = self._tail.indexes.vec
        if manifest is None or self._base is None:
            return
        if manifest.compression_mode == COMPRESSION_PQ96 and self._is_quantised(manifest):
            return
        self._tail.indexes.vec = None
        self._tail.vec_dialect = "model"
        if not manifest.length:
            return
        try:
            data = self._base.read_verified(
                manifest.offset, manifest.length, manifest.digest, "the vector index"
            )
            segment = decode_vectors(data, manifest.compression_mode)
        except (ChecksumError, FormatError):
            return
        have = {i for s in self._base.tail.catalogue.vec_segments for i in self._segment_ids(s)}
        rows = [(i, bytes(segment.row_bytes(n))) for n, i in enumerate(segment.ids) if i not in have]
        if rows and segment.dimension:
            self._dimension = self._dimension or segment.dimension
            body = encode_vector_segment(
                [i for i, _ in rows], b"".join(r for _, r in rows), segment.dimension
            )
            self._append(body, len(rows))

    def _is_quantised(self, manifest: VecManifest) -> bool:
        """Whether a manifest names quantised vectors indeed; what we committed is taken at its word."""
        assert self._base is not None
        if self._base.anchor.record is not None:
            return True
        try:
            data = self._base.read_verified(
                manifest.offset, manifest.length, manifest.digest, "the vector index"
            )
            return quantised_layout(data).count == manifest.vector_count
        except (ChecksumError, FormatError):
            return False

    def _segment_ids(self, descriptor: VecSegmentDescriptor) -> list[int]:
        assert self._base is not None
        try:
            data = self._base.read_verified(
                descriptor.offset, descriptor.length, descriptor.digest, "a segment"
            )
            return list(decode_vectors(data, descriptor.vector_compression).ids)
        except (ChecksumError, FormatError):
            return []

    def _merge_smallest(self) -> bool:
        """Make one segment of the smallest few; False when they cannot be merged."""
        catalogue = self._tail.catalogue
        self._out.flush()
        chosen = []
        total = 0
        for descriptor in sorted(catalogue.vec_segments, key=lambda d: d.length):
            fits = total + descriptor.length <= _MERGE_BYTES
            if (
                descriptor.vector_compression == COMPRESSION_NONE
                and descriptor.dimension == self._dimension
                and fits
            ):
                chosen.append(descriptor)
                total += descriptor.length
            if len(chosen) == _MERGE_COUNT:
                break
        if len(chosen) < 2:
            return False
        count = sum(d.vector_count for d in chosen)
        chosen.sort(key=lambda d: d.segment_id)
        rows = [self._out.read_back(d.offset, d.length, d.digest)[8:] for d in chosen]
        merged = b"".join([count.to_bytes(8, "little"), *rows])
        if len(merged) > MAX_SEGMENT_SIZE:
            raise LimitError(f"a vector segment of {len(merged)} bytes is too large")
        ids = {d.segment_id for d in chosen}
        catalogue.vec_segments = [d for d in catalogue.vec_segments if d.segment_id not in ids]
        pieces = [piece for d in chosen for piece in self._merged.pop(d.segment_id, [d])]
        self._append(merged, count)
        self._merged[catalogue.vec_segments[-1].segment_id] = pieces
        return True
