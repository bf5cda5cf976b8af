"""Frames in the lexical index: what storage's commits feed it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.format.frame import ROLE_CHUNK
from mv2.index.lexical import LexicalWriter, indexed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.format.frame import FrameRecord
    from mv2.storage.indexing import IndexFile

_BULK_THREADS = 2
_BULK_HEAP = 40_000_000
_SMALL_HEAP = 15_000_000


class FrameIndex:
    """A ``mv2.storage.indexing.FrameIndexer`` over the embedded tantivy index."""

    def __init__(self, files: list[tuple[str, bytes]] | None, bulk: bool) -> None:
        heap, threads = (_BULK_HEAP, _BULK_THREADS) if bulk else (_SMALL_HEAP, 1)
        self._writer = LexicalWriter(files, heap_bytes=heap, threads=threads)

    def add(self, record: FrameRecord, text: str) -> None:
        """Index a frame; the parent of chunks is found by its fields only, as its chunks carry the words."""
        is_parent = record.chunk_manifest is not None and record.role != ROLE_CHUNK
        self._writer.add(
            record.id,
            text if is_parent else indexed_text(text, record.title),
            tags=record.tags,
            labels=record.labels,
            track=record.track,
            uri=record.uri,
            timestamp=record.timestamp,
        )

    def remove(self, frame_id: int) -> None:
        self._writer.delete(frame_id)

    def commit(self) -> Sequence[IndexFile]:
        return self._writer.commit()

    def rollback(self) -> None:
        self._writer.rollback()

    def close(self) -> None:
        self._writer.close()
