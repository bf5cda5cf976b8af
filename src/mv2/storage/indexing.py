"""What storage needs of the lexical index, which lives a layer above.

Storage embeds the index's files and says which frames come and go; it never
looks inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from mv2.format.frame import FrameRecord


class IndexFile(Protocol):
    """One file of the index; its name never means other bytes, but for the two ``.json`` lists."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self) -> bytes: ...


class FrameIndexer(Protocol):
    """Collects changes to the index and hands over its files."""

    def add(self, record: FrameRecord, text: str) -> None:
        """Index a frame under its id."""

    def remove(self, frame_id: int) -> None:
        """Take a frame out, also one added since the last commit."""

    def commit(self) -> Sequence[IndexFile]:
        """Make the changes final; returns the complete set of files, by name."""

    def close(self) -> None:
        """Give back what is held; safe to call twice."""


#: Makes an indexer from the embedded files (None: an empty index). The flag says that
#: many frames will be added at once.
IndexerFactory: TypeAlias = Callable[["list[tuple[str, bytes]] | None", bool], FrameIndexer]
