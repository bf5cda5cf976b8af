"""A memory as a few dozen lines of Python know it, and the comparison of the real one with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mv2.errors import FrameNotFoundError
from mv2.testing.observe import unique_word

if TYPE_CHECKING:
    from mv2.memvid import Memvid

URIS = ["mv2://a", "mv2://b", "mv2://c"]
DAY = 86_400


@dataclass
class Doc:
    """What the model knows of one frame that is a document."""

    id: int
    uri: str
    content: bytes
    number: int | None
    timestamp: int
    title: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    supersedes: int | None = None
    chunks: int = 0


class Model:
    """The truth: documents by frame id, in order of their ids."""

    def __init__(self) -> None:
        self.docs: dict[int, Doc] = {}
        self.count = 0

    def active(self) -> list[Doc]:
        """Documents that are neither deleted nor replaced."""
        return [doc for doc in self.docs.values() if doc.status == "active"]

    def newest(self, uri: str) -> Doc | None:
        """The active document a uri means."""
        found = [doc for doc in self.active() if doc.uri == uri]
        return found[-1] if found else None

    def add(self, doc: Doc) -> None:
        """A document was put; its chunks have the ids behind it."""
        assert doc.id == self.count, f"the next id is {self.count}, the engine gave {doc.id}"
        self.docs[doc.id] = doc
        self.count += 1 + doc.chunks

    def replace(self, old: Doc, new: Doc) -> None:
        """A document was put in the place of another."""
        old.status, new.supersedes = "superseded", old.id
        self.add(new)


def compare_search(memory: Memvid, model: Model, doc: Doc) -> None:
    """The unique word of a document is found where it should be; snippets hold its text only."""
    assert doc.number is not None
    holders = {d.id for d in model.active() if d.number == doc.number}
    hits = memory.find(unique_word(doc.number)).hits
    found = {hit.parent_id if hit.parent_id is not None else hit.frame_id for hit in hits}
    assert found == holders, f"word of document {doc.id} ({doc.status})"
    for hit in hits:
        assert (
            hit.snippet in " ".join(doc.content.decode().split())
            or hit.snippet.strip("… ") in doc.content.decode()
        )


def compare_document(memory: Memvid, model: Model, doc: Doc) -> None:
    """One document and its chunks, field by field."""
    frame = memory.frame(doc.id)
    assert (frame.uri, frame.status, frame.title) == (doc.uri, doc.status, doc.title)
    assert (frame.tags, frame.timestamp) == (doc.tags, doc.timestamp)
    assert dict(frame.metadata) == doc.metadata
    assert [type(value) for value in frame.metadata.values()] == [
        type(doc.metadata[key]) for key in frame.metadata
    ]
    assert frame.supersedes == doc.supersedes
    newer: list[int | None] = [other.id for other in model.docs.values() if other.supersedes == doc.id]
    assert [frame.superseded_by] == (newer or [None])
    assert (frame.deleted_at is None) == (doc.status != "deleted")
    assert memory.content(doc.id) == doc.content
    assert frame.length == len(doc.content)
    if doc.number is not None:
        assert memory.text(doc.id) == doc.content.decode()
    for index in range(doc.chunks):
        chunk = memory.frame(doc.id + 1 + index)
        assert (chunk.role, chunk.parent_id, chunk.chunk_index) == ("chunk", doc.id, index)
        assert (chunk.status == "active") == (doc.status == "active")


def compare(memory: Memvid, model: Model) -> None:
    """Everything a handle shows against everything the model knows."""
    for doc in model.docs.values():
        compare_document(memory, model, doc)
    active = sorted(doc.id for doc in model.active())
    assert sorted(frame.id for frame in memory.frames() if frame.role == "document") == active
    ordered = [doc.id for doc in sorted(model.active(), key=lambda doc: (doc.timestamp, doc.id))]
    limit = len(ordered) + 1
    assert [entry.frame_id for entry in memory.timeline(limit=limit)] == ordered
    assert [entry.frame_id for entry in memory.timeline(limit=limit, reverse=True)] == ordered[::-1]
    middle = [
        doc.id
        for doc in sorted(model.active(), key=lambda d: (d.timestamp, d.id))
        if -DAY <= doc.timestamp < DAY
    ]
    assert [entry.frame_id for entry in memory.timeline(limit=limit, since=-DAY, until=DAY)] == middle
    for uri in URIS:
        versions = [doc.id for doc in model.docs.values() if doc.uri == uri]
        try:
            history = [frame.id for frame in memory.history(uri)]
        except FrameNotFoundError:
            history = []
        assert sorted(history) == versions
        newest = model.newest(uri)
        if newest is not None:
            assert memory.frame(uri).id == newest.id
            assert memory.text(uri) == newest.content.decode()
