"""What search needs to see of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mv2.index.lexical import LexicalReader
    from mv2.search.nodes import Node
    from mv2.types import Place


class RecordView(Protocol):
    """The fields of a frame's record that search reads; times are UTC seconds."""

    @property
    def timestamp(self) -> int:
        """When it happened, UTC seconds."""
        ...

    @property
    def uri(self) -> str | None:
        """Identity of the document."""
        ...

    @property
    def title(self) -> str | None:
        """Its title."""
        ...

    @property
    def kind(self) -> str | None:
        """Its kind."""
        ...

    @property
    def track(self) -> str | None:
        """Its track."""
        ...

    @property
    def tags(self) -> Sequence[str]:
        """Its tags."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """Its labels."""
        ...

    @property
    def role(self) -> int:
        """1 for a chunk, another number for a document."""
        ...

    @property
    def parent_id(self) -> int | None:
        """The document of a chunk."""
        ...


class FrameSource(Protocol):
    """A consistent view of a memory that does not change while a search runs."""

    @property
    def frame_count(self) -> int:
        """Ids are 0 to this, exclusive."""
        ...

    @property
    def indexed_count(self) -> int:
        """Active frames with a smaller id are in the embedded index, the rest are pending."""
        ...

    @property
    def retired(self) -> Collection[int]:
        """Ids below `indexed_count` that are no longer active but still in the embedded
        index: deleted or replaced since it was written.
        """
        ...

    def is_active(self, frame_id: int) -> bool:
        """Whether the frame is neither deleted nor superseded; ids are in range."""
        ...

    def record(self, frame_id: int) -> RecordView:
        """The frame's record; called for hits of a page and where a filter needs it."""
        ...

    def text(self, frame_id: int) -> str | None:
        """The frame's own text, decoded, as the index was given it; None if it has none.

        A document that is stored as chunks has none of its own.
        """
        ...

    def preview(self, frame_id: int) -> str:
        """Text to cut a snippet from: the frame's own, else the start of its document's."""
        ...

    def metadata(self, frame_id: int) -> Mapping[str, Any]:
        """The user's metadata."""
        ...

    def place(self, frame_id: int) -> Place | None:
        """Where a chunk stands in its document, where that is known."""
        ...

    @property
    def is_present(self) -> bool:
        """False for a view of the past, in which other frames are active than in the index."""
        ...

    @property
    def has_tracks(self) -> bool:
        """Whether any frame has a track."""
        ...

    @property
    def has_chunks(self) -> bool:
        """Whether any frame is a slice of a document."""
        ...

    def documents(self, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        """(timestamp, id) of those that are no chunks, without reading their records."""
        ...

    def outside(self, node: Node) -> dict[int, float]:
        """Scores of the matching frames of a past view that the index does not hold."""
        ...

    def document_of(self, frame_id: int) -> int:
        """The document that a chunk is a slice of; the frame itself when it is no chunk."""
        ...

    def length(self, frame_id: int) -> int:
        """About the size of the frame's text in bytes, without reading it."""
        ...

    def kind_of(self, frame_id: int) -> str | None:
        """The frame's kind, without reading the frame."""
        ...

    def track_of(self, frame_id: int) -> object:
        """Something that is equal for frames of one track, None for a frame without."""
        ...

    def neighbours(self, frame_id: int, before: int, after: int) -> list[int]:
        """Up to so many active documents next to a frame in its track, ascending; none without a track."""
        ...

    def corrections(self) -> frozenset[int]:
        """Active frames that correct others."""
        ...

    def lexical(self) -> LexicalReader | None:
        """The embedded index; None when there is none, and every frame is searched as pending."""
        ...
