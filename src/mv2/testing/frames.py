"""A memory made of a list, for tests and measurements of search alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mv2.index.lexical import LexicalReader, LexicalWriter, indexed_text
from mv2.search.nodes import Node


@dataclass(slots=True)
class ListFrame:
    """A frame of a `ListSource`; ``body`` is its text."""

    body: str | None = ""
    timestamp: int = 0
    uri: str | None = None
    title: str | None = None
    kind: str | None = None
    track: str | None = None
    tags: Sequence[str] = ()
    labels: Sequence[str] = ()
    role: int = 0
    parent_id: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


class ListSource:
    """A ``FrameSource`` over `frames`; ids are places in the list.

    Args:
        frames: all frames; later changes to the list are seen.
        inactive: ids of deleted frames.
        indexed_count: frames with a smaller id are in `reader`.
        reader: the index of them, or None.
        retired: ids that are inactive but still in the index; None means all inactive ones.
    """

    def __init__(
        self,
        frames: Sequence[ListFrame],
        *,
        inactive: Iterable[int] = (),
        indexed_count: int = 0,
        reader: LexicalReader | None = None,
        retired: Collection[int] | None = None,
    ) -> None:
        self.frames = frames
        self.inactive = set(inactive)
        self.indexed_count = indexed_count
        self.reader = reader
        self._retired = retired

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return len(self.frames)

    @property
    def retired(self) -> Collection[int]:
        """Inactive frames that the index still has."""
        if self._retired is not None:
            return self._retired
        return [frame_id for frame_id in self.inactive if frame_id < self.indexed_count]

    def is_active(self, frame_id: int) -> bool:
        """Whether the frame was not deleted."""
        return frame_id not in self.inactive

    def record(self, frame_id: int) -> ListFrame:
        """The frame."""
        return self.frames[frame_id]

    def text(self, frame_id: int) -> str | None:
        """The frame's text."""
        return self.frames[frame_id].body

    def preview(self, frame_id: int) -> str:
        """The frame's text, empty without any."""
        return self.frames[frame_id].body or ""

    def metadata(self, frame_id: int) -> Mapping[str, Any]:
        """The frame's fields."""
        return self.frames[frame_id].fields

    is_present = True

    @property
    def has_tracks(self) -> bool:
        """Whether any frame has a track."""
        return any(frame.track for frame in self.frames)

    @property
    def has_chunks(self) -> bool:
        """Whether any frame is a chunk."""
        return any(frame.role == 1 for frame in self.frames)

    def documents(self, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        """(timestamp, id) of those that are no chunks."""
        return ((self.frames[k].timestamp, k) for k in ids if self.frames[k].role != 1)

    def outside(self, node: Node) -> dict[int, float]:
        """Nothing: a list has no past."""
        del node
        return {}

    def document_of(self, frame_id: int) -> int:
        """The chunk's document, where it is in the list."""
        frame = self.frames[frame_id]
        parent = frame.parent_id if frame.role == 1 else None
        return frame_id if parent is None or parent >= len(self.frames) else parent

    def place(self, frame_id: int) -> None:
        """Nothing is known of places in a list."""

    def length(self, frame_id: int) -> int:
        """Size of the frame's text in bytes."""
        return len((self.frames[frame_id].body or "").encode(errors="surrogatepass"))

    def kind_of(self, frame_id: int) -> str | None:
        """The frame's kind."""
        return self.frames[frame_id].kind

    def track_of(self, frame_id: int) -> object:
        """The frame's track."""
        return self.frames[frame_id].track

    def neighbours(self, frame_id: int, before: int, after: int) -> list[int]:
        """Active frames next to this one in its track."""
        track = self.frames[frame_id].track
        if track is None:
            return []
        same = [k for k, frame in enumerate(self.frames) if frame.track == track and self.is_active(k)]
        earlier = [k for k in same if k < frame_id]
        return [*(earlier[-before:] if before else []), *[k for k in same if k > frame_id][:after]]

    def corrections(self) -> frozenset[int]:
        """Frames with the label ``correction``."""
        return frozenset(
            k for k, frame in enumerate(self.frames) if "correction" in frame.labels and self.is_active(k)
        )

    def lexical(self) -> LexicalReader | None:
        """The index."""
        return self.reader


def add_frame(writer: LexicalWriter, frame_id: int, frame: ListFrame) -> None:
    """Add `frame` to an index as a memory does."""
    writer.add(
        frame_id,
        indexed_text(frame.body or "", frame.title),
        tags=frame.tags,
        labels=frame.labels,
        track=frame.track,
        uri=frame.uri,
        timestamp=frame.timestamp,
    )


def index_of(frames: Iterable[tuple[int, ListFrame]], **options: int) -> LexicalReader:
    """An opened index of these frames; `options` are those of ``LexicalWriter``."""
    with LexicalWriter(None, **options) as writer:
        for frame_id, frame in frames:
            add_frame(writer, frame_id, frame)
        files = [(file.name, file.read()) for file in writer.commit()]
    return LexicalReader.open(files)
