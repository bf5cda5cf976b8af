"""Recognising content that is there already, under whatever uri."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from mv2.errors import CorruptFileError
from mv2.format.accelerator import MAX_LENGTH
from mv2.format.checksum import digest
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.documents import Prepared
from mv2.storage.view import View


class ContentFinder:
    """Finds documents by content in one view, and among those it is told of.

    Candidates are documents of the same length; what decides is their bytes. Long texts,
    kept as chunks, are recognised by the digest that their frame carries.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._added: dict[bytes, list[int]] = {}

    def added(self, content_digest: bytes, frame_id: int) -> None:
        """A document with that content digest (BLAKE3) was added since the view was taken."""
        self._added.setdefault(content_digest, []).append(frame_id)

    def find(self, prepared: Prepared, is_active: Callable[[int], bool]) -> int | None:
        """The id of a document with the same content that is active now, or None."""
        wanted = digest(prepared.raw)
        in_chunks = len(prepared.entries) > 1
        candidates = self._chunked(wanted) if in_chunks else self._of_length(len(prepared.raw))
        for frame_id in self._added.get(wanted, ()):
            if is_active(frame_id):
                return frame_id
        for frame_id in candidates:
            if is_active(frame_id) and (in_chunks or self._has_content(frame_id, prepared.raw)):
                return frame_id
        return None

    def _has_content(self, frame_id: int, raw: bytes) -> bool:
        try:
            return self._view.role(frame_id) != ROLE_CHUNK and self._view.content(frame_id) == raw
        except CorruptFileError:
            return False

    def _chunked(self, wanted: bytes) -> Iterator[int]:
        """Long documents with that digest."""
        if self._view.base.frame_count:
            yield from self._view.base.source_digests.get(wanted, ())
        for frame in self._view.overlay.frames:
            if frame.record.source_sha256 == wanted:
                yield frame.record.id

    def _of_length(self, length: int) -> Iterator[int]:
        """Frames whose content has that many bytes; the column is searched as bytes, which is quick."""
        if self._view.base.frame_count:
            column = self._view.base.length_bytes
            pattern = min(length, MAX_LENGTH).to_bytes(4, sys.byteorder)
            place = column.find(pattern)
            while place >= 0:
                if place % 4 == 0:
                    yield place // 4
                place = column.find(pattern, place + 1)
        for frame in self._view.overlay.frames:
            if frame.record.canonical_length == length:
                yield frame.record.id
