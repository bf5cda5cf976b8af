"""How much a commit holds, and how much its ticket allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mv2._record import dataclass
from mv2.format.commit_record import RECORD_SIZE
from mv2.format.contents import ContentsTail
from mv2.format.footer import FOOTER_SIZE
from mv2.storage.base import Base

#: Issuer of the ticket every new file has, which sets no limit.
FREE_ISSUER = "free-tier"


def capacity_of(tail: ContentsTail) -> int | None:
    """Bytes the file may have by the ticket a user applied to it, None for no limit."""
    ticket = tail.ticket
    limited = ticket.capacity_bytes > 0 and (ticket.verified or ticket.issuer != FREE_ISSUER)
    return ticket.capacity_bytes if limited else None


def payload_bytes(base: Base) -> int:
    """Stored bytes of all contents of a commit; shared ranges count once."""
    if base.anchor.record is not None:
        return base.anchor.record.payload_bytes
    scanned = base.scanned()
    places = zip(scanned.payload_offsets, scanned.payload_lengths, strict=True)
    return sum({offset: length for offset, length in places if length}.values())


def live_bytes(base: Base) -> int:
    """Bytes of the file that a compaction would keep."""
    anchor, tail = base.anchor, base.tail
    ranges = {(m.offset, m.length) for m in _manifests(tail)}
    total = anchor.log_offset + anchor.log_size + payload_bytes(base) + sum(length for _, length in ranges)
    record = anchor.record
    if record is not None:
        total += record.accelerator_length + RECORD_SIZE
        place = base.vector_place
        total += 0 if place is None else place[1]
    return total + anchor.contents_length + FOOTER_SIZE


def _manifests(tail: ContentsTail) -> Iterable[_Ranged]:
    """Everything in a tail that has a place in the file."""
    indexes, catalogue = tail.indexes, tail.catalogue
    single = [
        indexes.lex, indexes.vec, indexes.clip, tail.time_index, tail.temporal_track,
        tail.memories_track, tail.logic_mesh, tail.sketch_track,
    ]  # fmt: skip
    yield from (manifest for manifest in single if manifest is not None)
    if tail.replay_manifest is not None:
        yield _Place(tail.replay_manifest.segment_offset, tail.replay_manifest.segment_size)
    yield from indexes.lex_segments
    for group in (
        catalogue.lex_segments, catalogue.vec_segments, catalogue.time_segments,
        catalogue.temporal_segments, catalogue.tantivy_segments, catalogue.index_segments,
    ):  # fmt: skip
        yield from group


class _Ranged(Protocol):
    """Something that has a place in the file."""

    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
