"""Keeping the vector block of a commit: derived from its vectors, named by the accelerator block.

It is written anew when the vector segments change, and named again when they
do not. A file without it works, slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mv2.errors import ChecksumError, FormatError
from mv2.format.catalogue import VecSegmentDescriptor
from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.footer import FOOTER_MAGIC
from mv2.format.vector_block import PLACE, VectorBlock
from mv2.storage.appender import Appender
from mv2.storage.base import Base, vector_ranges
from mv2.storage.device import File
from mv2.storage.indexing import VectorDeriver, VectorPiece


def segments_of(tail: ContentsTail) -> list[tuple[bytes, int]]:
    """(digest, rows) of the sets of vectors, in order."""
    return [(d.digest, d.vector_count) for d in vector_ranges(tail)]


def keep_vector_block(
    out: Appender,
    file: File,
    base: Base | None,
    tail: ContentsTail,
    pieces: Sequence[VecSegmentDescriptor],
    deriver: VectorDeriver | None,
) -> bytes:
    """Make sure of the block for a commit's vectors; returns its place, empty for none.

    Args:
        pieces: where in ``file`` the rows of the segments stand, in their order.
        deriver: None: nothing is derived.
    """
    segments = segments_of(tail)
    if not segments or deriver is None or sum(rows for _, rows in segments) < deriver.smallest:
        return b""
    if base is not None and base.frame_count and segments == segments_of(base.tail):
        return PLACE.pack(*base.vector_place) if base.vector_place is not None else b""
    known = base.vector_block if base is not None and base.frame_count else None
    out.flush()
    try:
        block = deriver.derive(segments, [_piece(file, descriptor) for descriptor in pieces], known)
    except (ChecksumError, FormatError):
        return b""  # a damaged segment; verify names it
    return b"" if block is None else append_vector_block(out, block)


def append_vector_block(out: Appender, block: VectorBlock) -> bytes:
    """Write a block; returns its place. One that could be taken for a footer is left out."""
    data = block.encode()
    if FOOTER_MAGIC in data:
        return b""
    out.align()
    return PLACE.pack(out.append(data), len(data), digest(data))


def moved_block(known: VectorBlock | None, segments: Sequence[tuple[bytes, int]]) -> VectorBlock | None:
    """The block for the same rows in other segments, None when the number of rows differs."""
    if known is None or len(known) != sum(rows for _, rows in segments):
        return None
    return VectorBlock(
        segments, known.dimension, known.depth_ten, known.depth_hundred, known.trained_rows,
        known.centre, known.total, known.ids, known.checks, known.norms, known.bits,
    )  # fmt: skip


def _piece(file: File, descriptor: VecSegmentDescriptor) -> VectorPiece:
    return VectorPiece(
        descriptor.digest,
        descriptor.vector_count,
        descriptor.dimension,
        descriptor.vector_compression,
        partial(_verified, file, descriptor),
    )


def _verified(file: File, descriptor: VecSegmentDescriptor) -> memoryview:
    data = file.map(descriptor.offset, descriptor.length)
    if len(data) != descriptor.length or digest(data) != descriptor.digest:
        raise ChecksumError("a vector segment is damaged", offset=descriptor.offset)
    return data
