"""Carries a memory through everything that must not change what it shows."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any, TypeVar

import mv2
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE, decode_commit_record
from mv2.format.contents import ContentsTail, decode_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

T = TypeVar("T")

_WORDS = ["river", "stone", "winter", "market", "garden", "letter", "window", "captain", "harvest", "lantern"]


def live_through(
    path: Path, build: Callable[[mv2.Memvid], T], check: Callable[[mv2.Memvid, T], object]
) -> None:
    """Build something, and check it at every stage a file goes through.

    The stages: pending in the log, seen by another reader, committed, followed by other
    commits, compacted, closed and opened again for reading and for writing.
    """
    with mv2.open(path) as memory:
        built = build(memory)
        check(memory, built)
        with mv2.open(path, "r") as reader:
            check(reader, built)
        memory.commit()
        check(memory, built)
        memory.put("something else, which came later")
        memory.commit()
        check(memory, built)
        assert memory.vacuum().compacted
        check(memory, built)
    with mv2.open(path, "r") as reader:
        check(reader, built)
        assert reader.verify(deep=True).ok
    with mv2.open(path, "r+") as again:
        check(again, built)


WAYS = ["put", "put_many", "batch"]


def add(memory: mv2.Memvid, way: str, *documents: dict[str, Any]) -> list[int]:
    """Put documents in one of the WAYS; returns their ids."""
    if way == "put_many":
        return memory.put_many(documents)
    if way == "batch":
        with memory.batch():
            return [memory.put(**document) for document in documents]
    return [memory.put(**document) for document in documents]


def long_text(size: int = 5000, seed: object = 0) -> str:
    """Sentences of common words, ``size`` characters long."""
    choose = random.Random(repr(seed))
    text = ""
    while len(text) < size:
        text += " ".join(choose.choice(_WORDS) for _ in range(9)) + ". "
    return text[:size].rstrip().ljust(size, ".")


def found_ids(memory: mv2.Memvid, query: str) -> set[int]:
    """Ids of all documents that a search finds; a chunk counts as its document."""
    hits = memory.find(query, k=1000).hits
    return {hit.frame_id if hit.parent_id is None else hit.parent_id for hit in hits}


def all_frames(memory: mv2.Memvid) -> list[mv2.Frame]:
    """Every frame, whatever its status or role, by id."""
    return [memory.frame(number) for number in range(memory.stats().frame_count)]


def chunks_of(memory: mv2.Memvid, parent: int) -> list[mv2.Frame]:
    """The chunks of a document in order, found without the engine's help."""
    chunks = [frame for frame in all_frames(memory) if frame.parent_id == parent]
    return sorted(chunks, key=lambda chunk: chunk.chunk_index or 0)


def same(first: Any, second: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and _all_same(first.values(), second.values())
    if isinstance(first, list):
        return len(first) == len(second) and _all_same(first, second)
    if isinstance(first, float):
        return repr(first) == repr(second)  # tells 0.0 from -0.0
    return bool(first == second)


def _all_same(first: Iterable[Any], second: Iterable[Any]) -> bool:
    return all(same(a, b) for a, b in zip(first, second, strict=True))


def stored_tail(path: Path) -> ContentsTail:
    """What stands behind the frames in the newest contents of a file, read by the format's rules alone."""
    data = path.read_bytes()
    record = decode_commit_record(data[HEADER_POSITION : HEADER_POSITION + RECORD_SIZE])
    return decode_contents(data[record.contents_offset :][: record.contents_length])[2]


def picture(directory: Path) -> dict[str, bytes | str]:
    """Every name below a directory, and what it holds."""
    return {
        str(place.relative_to(directory)): os.readlink(place) if place.is_symlink() else place.read_bytes()
        for place in sorted(directory.rglob("*"))
        if place.is_symlink() or place.is_file()
    }
