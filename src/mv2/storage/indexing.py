"""What storage needs of the indexes, which live a layer above.

Storage embeds the lexical index's files and says which frames come and go, and
keeps what was derived from vectors beside them; it never looks inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from mv2._record import dataclass
from mv2.format._codec import Buffer
from mv2.format.frame import FrameRecord
from mv2.format.vector_block import VectorBlock


class IndexFile(Protocol):
    """One file of the index; its name never means other bytes, but for the two ``.json`` lists."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self) -> bytes: ...


class FrameIndexer(Protocol):
    """Collects changes to the index and hands over its files."""

    def add(self, record: FrameRecord, text: str) -> None:
        """Index a frame under its id."""

    def remove(self, frame_id: int) -> None:
        """Take a frame out, also one added since the last commit."""

    def commit(self) -> Sequence[IndexFile]:
        """Make the changes final; returns the complete set of files, by name."""

    def close(self) -> None:
        """Give back what is held; safe to call twice."""


#: Makes an indexer from the embedded files (None: an empty index). The flag says that
#: many frames will be added at once.
IndexerFactory: TypeAlias = Callable[["list[tuple[str, bytes]] | None", bool], FrameIndexer]


@dataclass(frozen=True, slots=True)
class VectorPiece:
    """Rows that stand in a vector segment of the file, now or before it was merged with others.

    Attributes:
        digest: BLAKE3 of the segment.
        count, dimension: its rows, and the numbers in each.
        compression: COMPRESSION_* it was written with.
        verified: its bytes, or a ChecksumError.
    """

    digest: bytes
    count: int
    dimension: int
    compression: int
    verified: Callable[[], Buffer]


class VectorDeriver(Protocol):
    """Makes what a scan over many vectors needs."""

    @property
    def smallest(self) -> int:
        """Files with fewer vectors need nothing derived."""

    def derive(
        self,
        segments: Sequence[tuple[bytes, int]],
        pieces: Sequence[VectorPiece],
        known: VectorBlock | None,
    ) -> VectorBlock | None:
        """The block for the segments (digest, rows) of a commit, None when there can be none.

        Args:
            pieces: what the segments consist of, in their order.
            known: the block of the commit before; its rows are taken over where the segment they
                were in is one of the pieces.
        """

    def compress(self, rows: Buffer, ids: Sequence[int], dimension: int, known: Buffer | None) -> bytes:
        """A PQ96 segment of little-endian float32 rows, behind those of the segment ``known``.

        Raises:
            InvalidArgumentError: vectors of that dimension, or so few of them, cannot be compressed.
        """
