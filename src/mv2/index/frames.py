"""Frames in the lexical index: what storage's commits feed it with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mv2.errors import Error, StorageError
from mv2.index.lexical import LexicalWriter, indexed_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mv2.format.frame import FrameRecord
    from mv2.storage.indexing import IndexFile

_BULK_HEAP = 50_000_000
_SMALL_HEAP = 15_000_000


@contextlib.contextmanager
def _typed_errors() -> Iterator[None]:
    """What tantivy and the temporary directory raise, as an error of ours."""
    try:
        yield
    except (ValueError, OSError) as error:
        if isinstance(error, Error):
            raise
        raise StorageError(
            f"the full-text index cannot be written: {error}",
            errno=getattr(error, "errno", None),
            remedy="Look at the free space, and at who cleans the folder for temporary files.",
        ) from error


class FrameIndex:
    """A ``mv2.storage.indexing.FrameIndexer`` over the embedded tantivy index."""

    def __init__(self, files: list[tuple[str, bytes]] | None, bulk: bool) -> None:
        with _typed_errors():
            self._writer = LexicalWriter(files, heap_bytes=_BULK_HEAP if bulk else _SMALL_HEAP)

    def add(self, record: FrameRecord, text: str) -> None:
        """Index a frame under its text and its title."""
        try:
            self._writer.add(
                record.id,
                indexed_text(text, record.title),
                tags=record.tags,
                labels=record.labels,
                track=record.track,
                uri=record.uri,
                timestamp=record.timestamp,
            )
        except (ValueError, OSError):
            with _typed_errors():
                raise

    def remove(self, frame_id: int) -> None:
        with _typed_errors():
            self._writer.delete(frame_id)

    def commit(self) -> Sequence[IndexFile]:
        with _typed_errors():
            return self._writer.commit()

    def close(self) -> None:
        self._writer.close()
