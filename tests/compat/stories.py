"""What a test knows about a file: the documents that went in and what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Vector = tuple[float, ...]


@dataclass(kw_only=True)
class Entry:
    """One version of a document, as it was put.

    Attributes:
        word: a word that no other document of the file has, or None where the content is no text.
        vector: the embedding of the document, or None.
        chunk_vectors: embeddings of its chunks, in order.
        chunked: whether the text is long enough to be split.
        active: False when the frame was deleted or replaced.
    """

    frame_id: int
    content: str | bytes
    uri: str | None = None
    title: str | None = None
    kind: str | None = None
    track: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    timestamp: int = 1_700_000_000
    word: str | None = None
    vector: Vector | None = None
    chunk_vectors: tuple[Vector, ...] = ()
    chunked: bool = False
    active: bool = True

    @property
    def data(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content

    @property
    def known_uri(self) -> str:
        return self.uri or f"mv2://frames/{self.frame_id}"


@dataclass
class Story:
    """All entries of a file, in the order of their frames."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def active(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.active]

    @property
    def words(self) -> list[str]:
        return [entry.word for entry in self.entries if entry.word]

    @property
    def timeline(self) -> list[int]:
        """Ids in the order of (timestamp, id)."""
        return [e.frame_id for e in sorted(self.active, key=lambda e: (e.timestamp, e.frame_id))]

    @property
    def has_vectors(self) -> bool:
        return any(entry.vector or entry.chunk_vectors for entry in self.active)

    def owner_of(self, word: str) -> set[int]:
        """The active document with that word, as a set of none or one."""
        return {entry.frame_id for entry in self.active if entry.word == word}

    def deletable(self) -> Entry | None:
        """An active short document that is not the only one."""
        short = [entry for entry in self.active if not entry.chunked]
        return short[0] if len(short) > 1 else None


def decoded_metadata(extra: dict[str, str]) -> dict[str, Any]:
    """User metadata as the original shows it: JSON text by key; our reserved keys left out."""
    return {key: json.loads(value) for key, value in extra.items() if not key.startswith("mv2:")}
