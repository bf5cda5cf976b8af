"""Writing an index to be embedded."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any, Final

from mv2._record import dataclass
from mv2.errors import ClosedError, InvalidArgumentError
from mv2.index import _schema as schema
from mv2.index._analysis import ascii_lower, clean
from mv2.index._files import materialise
from mv2.index._helps import labelled
from mv2.index._queries import Queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import tantivy

    from mv2.index._workdir import Buffer

MIN_HEAP: Final = 15_000_000
DEFAULT_HEAP: Final = 40_000_000
_U64: Final = 2**64
_I64: Final = 2**63


@dataclass(frozen=True, slots=True)
class LexicalFile:
    """A file of the index after a commit; it can be read until the next commit or close.

    Attributes:
        name: plain file name, the one to embed it under.
        path: where it is now.
        size: bytes.
    """

    name: str
    path: str
    size: int

    def read(self) -> bytes:
        """The whole contents."""
        with open(self.path, "rb") as file:
            return file.read()


class LexicalWriter:
    """Changes to an index, visible when `commit` lists its files. One thread at a time.

    Args:
        files: the files of the index to change; None begins an empty one.
        heap_bytes: memory for documents that are not yet on disk, for all threads together.
        threads: indexing threads; two make bulk loads faster and leave more segments.

    Raises:
        CorruptFileError, DiskFullError, StorageError: as `LexicalReader.open`.
    """

    def __init__(
        self, files: Iterable[tuple[str, Buffer]] | None, *, heap_bytes: int = DEFAULT_HEAP, threads: int = 1
    ) -> None:
        listed = schema.seed() if files is None else files
        self._directory, _ = materialise(listed, room=max(heap_bytes, 64 << 20))
        self._heap = max(heap_bytes, MIN_HEAP * threads)
        self._threads = threads
        self._writer: tantivy.IndexWriter | None = None
        self._closed = False
        try:
            self._index = schema.open_index(self._directory.path)
            # Only the writer reads here: without this a thread would poll for changes.
            self._index.config_reader("manual")
            self._queries = Queries(self._index.schema)
            self._count()
        except BaseException:
            self._directory.remove()
            raise

    @property
    def num_docs(self) -> int:
        """Documents in the index as of the last commit."""
        return self._num_docs

    @property
    def num_segments(self) -> int:
        """Segments of the index as of the last commit."""
        return self._num_segments

    def add(
        self,
        frame_id: int,
        text: str,
        *,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        track: str | None = None,
        uri: str | None = None,
        timestamp: int = 0,
    ) -> None:
        """Add the document of a frame; `text` is its `indexed_text` and may be empty.

        Every active frame is to be added, with text or without: searches by field
        alone (``tag:x``) read the index only. A frame that is already there stands
        twice afterwards: delete it first.
        """
        from tantivy import Document

        if not 0 <= frame_id < _U64 or not -_I64 <= timestamp < _I64:
            raise InvalidArgumentError(f"frame {frame_id}: its id or its time {timestamp} passes 64 bits")
        document = Document()
        # A value of a wrong type would end tantivy's thread, not this call.
        document.add_text(schema.CONTENT, clean(text))
        for tag in tags:
            document.add_text(schema.TAGS, clean(labelled(ascii_lower(tag))))
        for label in labels:
            document.add_text(schema.LABELS, clean(labelled(ascii_lower(label))))
        if track:
            document.add_text(schema.TRACK, clean(labelled(ascii_lower(track))))
        if uri:
            document.add_text(schema.URI, clean(ascii_lower(uri)))
        document.add_integer(schema.TIMESTAMP, timestamp)
        document.add_unsigned(schema.FRAME_ID, frame_id)
        self._open_writer().add_document(document)

    def delete(self, frame_id: int) -> None:
        """Remove every document of a frame that was added before, committed or not."""
        # Deleting by term does nothing, silently, on an unsigned field.
        self._open_writer().delete_documents_by_query(self._queries.frames([frame_id]))

    def commit(self) -> list[LexicalFile]:
        """Make everything since the last commit part of the index, and list all its files by name."""
        writer, self._writer = self._open_writer(), None
        try:
            writer.commit()
            writer.garbage_collect_files()
        finally:
            writer.wait_merging_threads()
        self._drop_garbage()
        self._count()
        return self.files()

    def files(self) -> list[LexicalFile]:
        """The files as of the last commit, sorted by name."""
        with os.scandir(self._directory.path) as entries:
            listed = [
                LexicalFile(entry.name, entry.path, entry.stat().st_size)
                for entry in entries
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".tantivy-")
            ]
        return sorted(listed, key=lambda file: file.name)

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.rollback()
            writer.wait_merging_threads()

    def close(self) -> None:
        """Forget what was not committed and remove the directory. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(Exception):
            self.rollback()
        self._directory.remove()

    def __enter__(self) -> LexicalWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._closed:
            raise ClosedError("the lexical writer was closed")
        if self._writer is None:
            self._writer = self._index.writer(self._heap, self._threads)
        return self._writer

    def _segments(self) -> list[dict[str, Any]]:
        with open(os.path.join(self._directory.path, schema.META), "rb") as file:
            segments: list[dict[str, Any]] = json.loads(file.read())["segments"]
        return segments

    def _count(self) -> None:
        segments = self._segments()
        dead = [segment["deletes"]["num_deleted_docs"] for segment in segments if segment.get("deletes")]
        self._num_segments: int = len(segments)
        self._num_docs: int = sum(segment["max_doc"] for segment in segments) - sum(dead)

    def _drop_garbage(self) -> None:
        """Delete files of segments that were merged away; the list tantivy keeps follows."""
        living = {schema.META, schema.MANAGED}
        for segment in self._segments():
            stem = segment["segment_id"].replace("-", "")
            living.update(
                f"{stem}.{ending}" for ending in ("fast", "fieldnorm", "idx", "pos", "store", "term")
            )
            if segment.get("deletes"):
                living.add(f"{stem}.{segment['deletes']['opstamp']}.del")
        for file in self.files():
            if file.name not in living:
                os.unlink(file.path)
        self._directory.replace(schema.MANAGED, schema.managed_list(file.name for file in self.files()))
