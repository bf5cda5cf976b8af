"""Recognising content that is there already, under whatever uri."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mv2.errors import CorruptFileError
from mv2.format.checksum import digest
from mv2.ingest.documents import Prepared
from mv2.storage.view import View


class ContentFinder:
    """Finds documents by content in one view; made once per view, and told of additions.

    Candidates are documents of the same length; what decides is their bytes. Long texts,
    kept as chunks, are recognised by the digest that their frame carries.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._by_length: dict[int, list[int]] = {}
        self._by_digest: dict[bytes, list[int]] = {}
        directory = view.base.directory if view.base.frame_count else None
        for frame_id in view.document_ids():
            pending = view.overlay.pending(frame_id)
            if pending is not None:
                length = pending.record.canonical_length or 0
            else:
                assert directory is not None
                length = int(directory.canonical_lengths[frame_id])
            self._by_length.setdefault(length, []).append(frame_id)
        for frame_id in self._by_length.get(0, ()):
            source = view.record(frame_id).source_sha256
            if source is not None:
                self.added(source, frame_id)

    def find(self, prepared: Prepared, is_active: Callable[[int], bool]) -> int | None:
        """The id of a document with the same content that is active now, or None."""
        return next((i for i in self._same(prepared) if is_active(i)), None)

    def _same(self, prepared: Prepared) -> Iterator[int]:
        yield from self._by_digest.get(digest(prepared.raw), ())
        for frame_id in self._by_length.get(len(prepared.raw), ()):
            try:
                if self._view.content(frame_id) == prepared.raw:
                    yield frame_id
            except CorruptFileError:
                continue

    def added(self, content_digest: bytes, frame_id: int) -> None:
        """A document with that content digest (BLAKE3) was added since the view was taken."""
        self._by_digest.setdefault(content_digest, []).append(frame_id)
