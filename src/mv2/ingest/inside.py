"""Documents that were made of what is inside of others: attachments, members, tables and their rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from mv2.errors import DocumentLimitError
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.places import origin_of

if TYPE_CHECKING:
    from mv2.extract.model import Limits
    from mv2.format.frame import FrameRecord
    from mv2.format.wal import FrameEntry

#: The metadata key under which a document lists the uris of what is inside of it.
PARTS: Final = "parts"
_TABLES: Final = "mv2://tables/"
#: Begins the uris of what is inside of documents that have no uri of their own.
_NAMELESS: Final = "mv2://inside/"
#: All that is inside of a file, at all depths, may be so many times what may be directly inside of it.
_MORE_MEMBERS: Final = 10
_MORE_BYTES: Final = 2
#: The format has no room for more.
_MOST_ROWS: Final = 1_000_000


class Inside:
    """What is inside of one file, at all depths: uris that no two share, and bounds for all of it.

    Attributes:
        kept: uris of the documents made of it.
    """

    def __init__(self, limits: Limits) -> None:
        self._documents = _MORE_MEMBERS * limits.members
        self._bytes = _MORE_BYTES * limits.expanded_bytes
        self._taken: dict[str, int] = {}
        self.kept: set[str | None] = set()

    def take(self, uri: str, size: int, is_taken: Callable[[str], bool] = lambda _: False) -> str:
        """The uri for a document; another one where it is taken.

        Args:
            size: bytes of the document.
            is_taken: tells more uris that are.

        Raises:
            DocumentLimitError: a file cannot have so much inside.
        """
        self._documents -= 1
        self._bytes -= size
        if self._documents < 0 or self._bytes < 0:
            what = "limit members" if self._documents < 0 else "limit expanded_bytes"
            raise DocumentLimitError(f"the file it is inside of has too much inside, at all depths ({what})")
        found = uri
        while found in self._taken or is_taken(found):
            self._taken[uri] = self._taken.get(uri, 1) + 1
            found = f"{uri} ({self._taken[uri]})"
        self._taken[found] = 1
        return found


class Frames(Protocol):
    """Frames by id and uri: those of a memory, or those and others that are being added."""

    def record(self, frame_id: int) -> Any: ...
    def active_id_of_uri(self, uri: str) -> int | None: ...


def source_of(uri: str | None, name: str) -> str:
    """What the uris of all that is inside of a document begin with: its uri, else one of its own.

    Args:
        name: that of its file.
    """
    return uri or f"{_NAMELESS}{os.urandom(8).hex()}/{name}"


def table_uri(table_id: str) -> str:
    """The uri of the document that describes a table."""
    return _TABLES + table_id


def row_uri(table_id: str, number: int) -> str:
    """The uri of a row of a table; ``number`` counts from 1."""
    return f"{_TABLES}{table_id}/row/{number}"


def table_frames(frames: Frames, of: str) -> list[int]:
    """The active frames of a table: the one that describes it, then its rows."""
    return [frame_id for _, frame_id in _table(frames, of)]


def _table(frames: Frames, of: str) -> Iterator[tuple[str, int]]:
    described = frames.active_id_of_uri(table_uri(of))
    if described is None:
        return
    yield table_uri(of), described
    count = decode_metadata(frames.record(described).extra_metadata).get("n_rows")
    least = min(count, _MOST_ROWS) if isinstance(count, int) else 0
    number = 1
    while (row := frames.active_id_of_uri(row_uri(of, number))) is not None or number < least:
        if row is not None:
            yield row_uri(of, number), row
        number += 1


def listed(record: FrameRecord | FrameEntry) -> list[str]:
    """The uris under which a document lists what is inside of it."""
    if PARTS not in record.extra_metadata:
        return []
    uris = decode_metadata({PARTS: record.extra_metadata[PARTS]})[PARTS]
    return [uri for uri in uris if isinstance(uri, str)] if isinstance(uris, list) else []


def inside(frames: Frames, frame_id: int, kept: Collection[str | None] = ()) -> list[int]:
    """Active documents that were made of what is inside of a document, and inside of these.

    Others are not among them, whatever the document lists: it may be of anybody's making.

    Args:
        kept: uris of documents to leave out, with what is inside of them.
    """
    found: list[int] = []
    seen: set[int] = {frame_id}
    waiting = [frame_id]
    while waiting:
        outer = frames.record(waiting.pop())
        for uri, inner in _frames_of(frames, listed(outer), kept):
            if uri not in kept and inner not in seen and _is_of(frames.record(inner), outer):
                seen.add(inner)
                found.append(inner)
                waiting.append(inner)
    return found


def left_over(frames: Frames, replaced: Iterable[int], kept: Collection[str | None]) -> list[int]:
    """Documents that were inside of replaced ones and are no longer.

    Args:
        kept: uris of those that are.
    """
    return list(dict.fromkeys(inner for old in replaced for inner in inside(frames, old, kept)))


def _frames_of(
    frames: Frames, uris: Iterable[str], kept: Collection[str | None]
) -> Iterator[tuple[str, int]]:
    for uri in uris:
        if uri.startswith(_TABLES):
            yield from _table(frames, uri.removeprefix(_TABLES))  # of one that is kept, rows may be gone
        elif uri not in kept and (frame_id := frames.active_id_of_uri(uri)) is not None:
            yield uri, frame_id


def _is_of(inner: FrameRecord | FrameEntry, outer: FrameRecord | FrameEntry) -> bool:
    origin = origin_of(inner.extra_metadata)
    part_of = None if origin is None else origin.part_of
    if part_of is None:
        return False
    return part_of == outer.uri or part_of.startswith(_NAMELESS)
