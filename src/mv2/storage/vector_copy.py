"""The vectors of a compaction: copied, quantised, or stored as float32 again."""

from __future__ import annotations

from mv2.format.catalogue import VecSegmentDescriptor
from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.manifests import COMPRESSION_PQ96, VecManifest
from mv2.format.vectors import decode_vectors
from mv2.storage.appender import Appender
from mv2.storage.base import Base, vector_ranges
from mv2.storage.device import Buffer, File
from mv2.storage.indexing import VectorDeriver
from mv2.storage.vector_block import append_vector_block, keep_vector_block, moved_block, segments_of
from mv2.storage.vector_store import VectorStore
from mv2.types import VectorCompression


class VectorCopier:
    """Copies the vectors of one commit into another file.

    Args:
        tail: of the new commit; names its vectors when ``run`` returns.
        out: writes to ``target``.
        deriver: quantises, and makes what is derived.
        compression: how all of them are to be stored; None leaves each as it is.
    """

    def __init__(
        self,
        base: Base,
        tail: ContentsTail,
        out: Appender,
        target: File,
        deriver: VectorDeriver | None,
        compression: VectorCompression | None,
    ) -> None:
        self._base = base
        self._tail = tail
        self._out = out
        self._target = target
        self._deriver = deriver
        self._compression = compression

    def run(self, build_sequence: int) -> bytes:
        """Write all vectors, in segments as large as they come; returns the place of their block.

        Raises:
            InvalidArgumentError: they cannot be quantised.
            ChecksumError: some of them are damaged.
        """
        sources = vector_ranges(self._tail)
        self._tail.catalogue.vec_segments = []
        self._tail.indexes.vec = None
        self._tail.vec_dialect = "model"
        quantised = [d for d in sources if d.vector_compression == COMPRESSION_PQ96]
        plain = [d for d in sources if d.vector_compression != COMPRESSION_PQ96]
        store = VectorStore(None, self._tail, self._out)
        if self._compression == "pq96" and (plain or len(quantised) > 1):
            self._write_quantised(*self._quantise(plain, quantised))
            same = False
        else:
            kept = quantised[-1] if quantised and self._compression != "none" else None
            for descriptor in sources:
                if descriptor is not kept:
                    self._copy_rows(store, descriptor)
            if kept is not None:  # there is a place for one
                self._write_quantised(self._data(kept), kept.vector_count)
            same = not quantised or (len(quantised) == 1 and kept is sources[-1])
        store.finish(build_sequence)
        self._out.flush()
        pieces = store.pieces()
        if same and pieces == vector_ranges(self._tail):
            block = moved_block(self._base.vector_block, segments_of(self._tail))
            if block is not None:
                return append_vector_block(self._out, block)
        return keep_vector_block(self._out, self._target, None, self._tail, pieces, self._deriver)

    def _data(self, descriptor: VecSegmentDescriptor) -> memoryview:
        return self._base.mapped_verified(
            descriptor.offset, descriptor.length, descriptor.digest, "a vector segment"
        )

    def _copy_rows(self, store: VectorStore, descriptor: VecSegmentDescriptor) -> None:
        segment = decode_vectors(self._data(descriptor), descriptor.vector_compression)
        for row, frame_id in enumerate(segment.ids):
            store.add(frame_id, bytes(segment.row_bytes(row)))

    def _quantise(
        self, plain: list[VecSegmentDescriptor], quantised: list[VecSegmentDescriptor]
    ) -> tuple[bytes, int]:
        """One quantised segment of all vectors, and their number.

        Those that are quantised already keep their codes unless most vectors are not.
        """
        assert self._deriver is not None
        counts = [sum(d.vector_count for d in group) for group in (plain, quantised)]
        known = self._data(quantised[0]) if len(quantised) == 1 and counts[1] >= counts[0] else None
        ids: list[int] = []
        rows: list[Buffer] = []
        for descriptor in plain if known is not None else [*quantised, *plain]:
            segment = decode_vectors(self._data(descriptor), descriptor.vector_compression)
            ids += segment.ids
            rows += [segment.row_bytes(row) for row in range(len(segment))]
        joined = b"".join(rows)
        return self._deriver.compress(joined, ids, len(joined) // (4 * len(ids) or 1), known), sum(counts)

    def _write_quantised(self, data: Buffer, count: int) -> None:
        """Write the quantised vectors where the original looks for them: in the index of its full
        rebuilds, of which there is one.
        """
        self._out.align()
        dimension = self._base.vector_dimension
        self._tail.indexes.vec = VecManifest(
            count, dimension, self._out.append(data), len(data), digest(data), COMPRESSION_PQ96
        )
