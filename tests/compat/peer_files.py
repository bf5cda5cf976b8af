"""Files that the original writes, each with the story of what is in it.

The ids in a story are frame ids. The original's ``put_many`` answers with log
sequences (known_defects.PUT_MANY_RETURNS_LOG_SEQUENCES), so those are counted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenarios import EPOCH, long_text, note, unique_word, unit_vector
from stories import Entry, Story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peer import Peer

DEFAULT_LABEL = "text"  # what its put makes of none


class PeerAuthor:
    """Puts documents through the original and keeps the story."""

    def __init__(self, peer: Peer, path: Path, story: Story | None = None) -> None:
        self.peer = peer
        self.path = path
        self.story = story or Story()

    def create(self, *, enable_vec: bool = False) -> None:
        self.peer.call("create", path=self.path, enable_vec=enable_vec)

    def reopen(self) -> None:
        self.close()
        self.peer.call("open", path=self.path, read_only=False)

    def close(self) -> Story:
        self.peer.call("close")
        return self.story

    def put(self, content: str, **fields: Any) -> Entry:
        entry = Entry(frame_id=-1, content=content, **fields)
        entry.labels = entry.labels or (DEFAULT_LABEL,)
        entry.frame_id = self.peer.call("put", document=_request(entry))
        self.story.entries.append(entry)
        return entry

    def put_many(self, entries: list[Entry]) -> None:
        self.peer.call(
            "put_many",
            documents=[_request(entry) for entry in entries],
            embeddings=[entry.vector for entry in entries] if entries[0].vector else None,
            timeout=120,
        )
        first = self.peer.call("stats")["frame_count"] - len(entries)
        for position, entry in enumerate(entries):
            entry.frame_id = first + position
            # known_defects.PUT_MANY_DROPS_TIMESTAMPS
            entry.timestamp = self.peer.call("frame", uri=entry.known_uri)["timestamp"]
        self.story.entries.extend(entries)

    def remove(self, entry: Entry) -> None:
        self.peer.call("remove", frame_id=entry.frame_id)
        entry.active = False


def _request(entry: Entry) -> dict[str, Any]:
    request: dict[str, Any] = {
        "text": entry.content,
        "tags": list(entry.tags),
        "label": entry.labels[0] if entry.labels else None,
        "labels": list(entry.labels[1:]),
        "metadata": dict(entry.metadata),
        "timestamp": entry.timestamp,
        "kind": entry.kind,
        "track": entry.track,
        "uri": entry.uri,
        "title": entry.title,
    }
    return {name: value for name, value in request.items() if value is not None}


def _few_texts(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    author.put(
        **note(
            1,
            kind="note",
            track="geo",
            tags=("water", "stone"),
            labels=("travel",),
            metadata={"lang": "en", "year": 2023, "ratio": 1.5, "deep": {"a": [1, None]}},
            timestamp=EPOCH + 500,
        )
    )
    author.put(**note(2, timestamp=EPOCH + 100))
    author.put(**note(3, uri=None, timestamp=EPOCH + 100))
    return author.close()


def _long_text(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    author.put(**note(1))
    word = unique_word(2)
    author.put(
        long_text(word), uri="mv2://books/mill", title="The mill", tags=("book",), word=word, chunked=True
    )
    author.put(**note(3))
    return author.close()


def _vectors(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create(enable_vec=True)
    author.put(**note(0))
    author.put_many(
        [Entry(frame_id=-1, **note(number, vector=unit_vector(number))) for number in range(1, 9)]
    )
    author.reopen()
    author.put_many([Entry(frame_id=-1, **note(9, vector=unit_vector(9)))])
    return author.close()


def _removed(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    entries = [author.put(**note(number)) for number in range(4)]
    author.remove(entries[1])
    author.reopen()
    author.put(**note(7))
    author.remove(entries[0])
    return author.close()


def _same_uri_twice(peer: Peer, path: Path) -> Story:
    """The original keeps both active; lookup by uri gives the newest."""
    author = PeerAuthor(peer, path)
    author.create()
    author.put(**note(1, uri="mv2://same"))
    author.put(**note(2, uri="mv2://same"))
    return author.close()


def _several_commits(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    for number in range(4):
        author.put(**note(number))
        author.reopen()
    return author.close()


def _unicode(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    author.put(
        "Старый мореплаватель видел северное сияние 🦀.",
        uri="mv2://слова/1",
        title="Слово 🦀",
        tags=("мир",),
        metadata={"ключ": "значение"},
        word="мореплаватель",
    )
    return author.close()


def _empty(peer: Peer, path: Path) -> Story:
    author = PeerAuthor(peer, path)
    author.create()
    return author.close()


PEER_FILES: dict[str, Callable[[Peer, Path], Story]] = {
    "few_texts": _few_texts,
    "long_text": _long_text,
    "vectors": _vectors,
    "removed": _removed,
    "same_uri_twice": _same_uri_twice,
    "several_commits": _several_commits,
    "unicode": _unicode,
    "empty": _empty,
}
