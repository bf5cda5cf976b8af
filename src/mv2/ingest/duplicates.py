"""Recognising content that is there already, under whatever uri."""

from __future__ import annotations

from mv2.errors import ChecksumError, FormatError
from mv2.format.checksum import digest
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.documents import Prepared
from mv2.storage.view import View


class ContentFinder:
    """Finds active documents by content in one view; made once per view, and told of additions.

    Candidates are documents of the same length; what decides is their bytes. Long texts,
    kept as chunks, are recognised by the digest that their frame carries.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._by_length: dict[int, list[int]] = {}
        self._by_digest: dict[bytes, int] = {}
        self._added: dict[bytes, int] = {}
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
                self._by_digest[source] = frame_id

    def find(self, prepared: Prepared) -> int | None:
        """The id of an active document with the same content, or None."""
        wanted = digest(prepared.raw)
        found = self._added.get(wanted)
        if found is None and len(prepared.entries) > 1:
            found = self._by_digest.get(wanted)
        if found is not None:
            return found
        for frame_id in self._by_length.get(len(prepared.raw), ()):
            try:
                if self._view.role(frame_id) != ROLE_CHUNK and self._view.content(frame_id) == prepared.raw:
                    return frame_id
            except (ChecksumError, FormatError):
                continue
        return None

    def added(self, prepared: Prepared, frame_id: int) -> None:
        """A document was added since the view was taken."""
        self._added[digest(prepared.raw)] = frame_id
