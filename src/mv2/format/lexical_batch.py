"""Rules for the embedded files of the lexical index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.format.checksum import hasher
from mv2.format.wal import LexicalBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.format.manifests import LexSegment

MAX_NAME = 255
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def is_plain_file_name(name: str) -> bool:
    """Whether ``name`` can only be a file right inside a directory, on any system.

    Everything else in a file must be refused: the names come from the file.
    """
    return 0 < len(name) <= MAX_NAME and name not in {".", ".."} and _ALLOWED.issuperset(name)


def batch_digest(segments: Iterable[LexSegment]) -> bytes:
    """Return BLAKE3 over digest and name of each file, in the order of the names."""
    state = hasher()
    for segment in sorted(segments, key=lambda one: one.path.encode()):
        state.update(segment.digest + segment.path.encode())
    return state.digest()


def lexical_batch(generation: int, doc_count: int, segments: Iterable[LexSegment]) -> LexicalBatch:
    """Return the log record's payload for a complete set of files."""
    ordered = sorted(segments, key=lambda one: one.path.encode())
    return LexicalBatch(generation, doc_count, batch_digest(ordered), ordered)
