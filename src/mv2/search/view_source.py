"""A view of the file as search reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mv2.errors import CorruptFileError
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.places import place_of
from mv2.storage.own_text import is_extracted, text_in_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from mv2.format.frame import FrameRecord
    from mv2.index.lexical import LexicalReader
    from mv2.search.nodes import Node
    from mv2.storage.view import View
    from mv2.types import Place


#: Contents of fewer bytes are taken for text when lengths are compared, extracted or not.
_SURELY_TEXT: Final = 4096


class ViewSource:
    """A ``FrameSource`` over a view.

    Args:
        corrections: finds the frames that correct others; asked when they are needed.
        outside: scores of frames that only a view of the past has; None in the present.
    """

    def __init__(
        self,
        view: View,
        reader: LexicalReader | None,
        corrections: Callable[[ViewSource], frozenset[int]],
        outside: Callable[[Node, ViewSource], dict[int, float]] | None = None,
    ) -> None:
        self.view = view
        self._reader = reader
        self._corrections = corrections
        self._outside = outside
        self.frame_count = view.frame_count
        self.indexed_count = view.indexed_count
        self.is_active = view.is_active
        self.is_present = outside is None
        self._records: dict[int, FrameRecord] = {}
        self._facets = view.facets()
        self._lengths = view.base.directory.canonical_lengths
        self._states = view.base.directory.states

    @property
    def retired(self) -> Collection[int]:
        return self.view.overlay.changes

    def record(self, frame_id: int) -> FrameRecord:
        found = self._records.get(frame_id)
        if found is None:
            found = self._records[frame_id] = self.view.record(frame_id)
        return found

    def text(self, frame_id: int) -> str | None:
        record = self.record(frame_id)
        if text_in_chunks(record):
            return None
        try:
            return self.view.text(frame_id, record)
        except CorruptFileError:
            return None  # one damaged document stands in nobody's way; reading it raises

    def preview(self, frame_id: int) -> str:
        text = self.text(frame_id)
        if text is None:
            first = next(iter(self.view.children(frame_id, self.record(frame_id))), None)
            text = None if first is None else self.text(first)
        return text or ""

    def metadata(self, frame_id: int) -> Mapping[str, Any]:
        return decode_metadata(self.record(frame_id).extra_metadata)

    def place(self, frame_id: int) -> Place | None:
        return place_of(self.record(frame_id), self.record(self.document_of(frame_id)))

    def document_of(self, frame_id: int) -> int:
        if frame_id < self.indexed_count and self._states[frame_id] >> 4 != ROLE_CHUNK:
            return frame_id
        if self.view.role(frame_id) != ROLE_CHUNK:
            return frame_id
        parent = self.view.parent(frame_id)
        return frame_id if parent is None or not 0 <= parent < self.frame_count else parent

    def length(self, frame_id: int) -> int:
        if frame_id < self.indexed_count:
            size = int(self._lengths[frame_id])
            if size < _SURELY_TEXT:
                return size
        record = self.record(frame_id)
        if is_extracted(record):
            return len(record.search_text or "")
        return record.canonical_length or record.payload_length

    @property
    def has_tracks(self) -> bool:
        return len(self._facets.codes("track").names) > 1

    @property
    def has_chunks(self) -> bool:
        view = self.view
        return view.overlay.has_chunks or (self.indexed_count > 0 and view.base.has_chunks)

    def documents(self, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        view = self.view
        return ((view.timestamp(k), k) for k in ids if view.role(k) != ROLE_CHUNK)

    def kind_of(self, frame_id: int) -> str | None:
        return self._facets.codes("kind").name(frame_id)

    def track_of(self, frame_id: int) -> object:
        return self._facets.codes("track").code(frame_id) or None

    def neighbours(self, frame_id: int, before: int, after: int) -> list[int]:
        return self._facets.track_neighbours(frame_id, before, after)

    def corrections(self) -> frozenset[int]:
        return self._corrections(self)

    def outside(self, node: Node) -> dict[int, float]:
        return {} if self._outside is None else self._outside(node, self)

    def lexical(self) -> LexicalReader | None:
        return self._reader
