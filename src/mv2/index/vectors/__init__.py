"""Search among vectors.

Small sets are scanned exactly. For large ones the signs of the turned, centred
vectors are kept, one bit a number: a scan over the bits finds the rows that
are worth an exact look at the stored numbers. How many those are is estimated
when the bits are made, with queries that are none of the vectors.

This module loads no numpy; ``index`` and the others do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.format._codec import Buffer
    from mv2.format.vector_block import VectorBlock
    from mv2.storage.indexing import VectorPiece

#: Fewer vectors are scanned exactly, and nothing is derived from them: up to here that is as fast.
EXACT_ROWS: Final = 4096


class VectorDerivation:
    """A ``mv2.storage.indexing.VectorDeriver``."""

    smallest = EXACT_ROWS

    def derive(
        self, segments: Sequence[tuple[bytes, int]], pieces: Sequence[VectorPiece], known: VectorBlock | None
    ) -> VectorBlock | None:
        """The block of a commit's vectors; None when they differ in length."""
        from mv2.index.vectors.derive import derive

        return derive(segments, pieces, known)

    def compress(
        self, rows: Buffer, ids: Sequence[int], dimension: int, known: Buffer | None = None
    ) -> bytes:
        """A PQ96 segment of float32 rows; see ``mv2.index.vectors.quantise``."""
        from mv2.index.vectors.quantise import quantise

        return quantise(rows, ids, dimension, known)
