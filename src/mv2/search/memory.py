"""Search over a view of the file: the adapter between storage and the search engine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mv2.errors import CorruptFileError
from mv2.format.frame import ROLE_CHUNK
from mv2.index.frames import FrameIndex
from mv2.index.lexical import LexicalReader
from mv2.ingest.metadata import decode_metadata
from mv2.search.lexical import find
from mv2.search.pending import Overlay

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mv2.format.frame import FrameRecord
    from mv2.storage.overlay import Overlay as LogOverlay
    from mv2.storage.view import View
    from mv2.types import SearchResult


class ViewSource:
    """A ``FrameSource`` over a view."""

    def __init__(self, view: View, reader: LexicalReader | None) -> None:
        self._view = view
        self._reader = reader
        self.frame_count = view.frame_count
        self.indexed_count = view.indexed_count
        self.is_active = view.is_active
        self._records: dict[int, FrameRecord] = {}

    @property
    def retired(self) -> Collection[int]:
        return self._view.overlay.changes

    def record(self, frame_id: int) -> FrameRecord:
        found = self._records.get(frame_id)
        if found is None:
            found = self._records[frame_id] = self._view.record(frame_id)
        return found

    def text(self, frame_id: int) -> str | None:
        record = self.record(frame_id)
        if record.chunk_manifest is not None and record.role != ROLE_CHUNK and not record.payload_length:
            return None
        try:
            return self._view.text(frame_id, record)
        except CorruptFileError:
            return None  # one damaged document stands in nobody's way; reading it raises

    def preview(self, frame_id: int) -> str:
        text = self.text(frame_id)
        if text is None:
            first = next(iter(self._view.children(frame_id, self.record(frame_id))), None)
            text = None if first is None else self.text(first)
        return text or ""

    def metadata(self, frame_id: int) -> Mapping[str, Any]:
        return decode_metadata(self.record(frame_id).extra_metadata)

    def lexical(self) -> LexicalReader | None:
        return self._reader


class MemorySearch:
    """The search of one handle: its opened index, and its cache of pending frames."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: LexicalReader | None = None
        self._reader_key: tuple[bytes, int] | None = None
        self._pending = Overlay()
        self._pending_of: LogOverlay | None = None

    def find(
        self, view: View, query: str, *, k: int, cursor: str | None, snippet_chars: int, explain: bool
    ) -> SearchResult:
        """See ``Memvid.find``."""
        source = ViewSource(view, self._open_reader(view))
        with self._lock:
            if (
                self._pending_of is not view.overlay
            ):  # another log, or one from which something was taken back
                self._pending, self._pending_of = Overlay(), view.overlay
            pending = self._pending
        return find(
            source,
            query,
            k=k,
            cursor=cursor,
            snippet_chars=snippet_chars,
            explain=explain,
            overlay=pending,
        )

    def close(self) -> None:
        with self._lock:
            reader, self._reader = self._reader, None
            self._reader_key = None
        if reader is not None:
            reader.close()

    def _open_reader(self, view: View) -> LexicalReader | None:
        """The index of the view's commit, opened once."""
        base = view.base
        if not base.frame_count:
            return None
        key = (base.anchor.contents_digest, base.anchor.generation)
        with self._lock:
            if self._reader_key != key:
                files = base.lexical_files()
                self._reader = LexicalReader.open(
                    files if files is not None else _rebuilt(view), trusted=True
                )
                self._reader_key = key
            return self._reader


def _rebuilt(view: View) -> list[tuple[str, bytes]]:
    """Index files made from the frames, where the stored ones are missing, damaged or not ours."""
    from mv2.storage.committer import index_everything
    from mv2.storage.overlay import Overlay as LogOverlay
    from mv2.storage.view import View as StorageView

    committed = StorageView(view.file, view.base, LogOverlay(view.base.frame_count))
    index = FrameIndex(None, True)
    try:
        index_everything(committed, index)
        return [(file.name, file.read()) for file in index.commit()]
    finally:
        index.close()
