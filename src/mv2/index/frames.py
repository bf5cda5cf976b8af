"""Frames in the lexical index: what storage's commits feed it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.index.lexical import LexicalWriter, indexed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.format.frame import FrameRecord
    from mv2.storage.indexing import IndexFile

_BULK_HEAP = 50_000_000
_SMALL_HEAP = 15_000_000


class FrameIndex:
    """A ``mv2.storage.indexing.FrameIndexer`` over the embedded tantivy index."""

    def __init__(self, files: list[tuple[str, bytes]] | None, bulk: bool) -> None:
        self._writer = LexicalWriter(files, heap_bytes=_BULK_HEAP if bulk else _SMALL_HEAP)

    def add(self, record: FrameRecord, text: str) -> None:
        """Index a frame under its text and its title."""
        self._writer.add(
            record.id,
            indexed_text(text, record.title),
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

    def close(self) -> None:
        self._writer.close()
