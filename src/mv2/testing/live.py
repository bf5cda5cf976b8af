"""Which bytes of a memory file matter: its live ranges, from the format decoders alone.

``verify`` has to notice a change of any byte in them. Dead space, zero padding
and the unused part of the log are not live.
"""

from __future__ import annotations

from typing import NamedTuple

from mv2.format.accelerator import decode_accelerator
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE, CommitRecord, decode_commit_record
from mv2.format.contents import decode_contents
from mv2.format.footer import FOOTER_SIZE
from mv2.format.frame import decode_frame
from mv2.format.header import FIELDS_SIZE
from mv2.format.vector_block import PLACE
from mv2.format.wal import RECORD_HEAD, decode_record_head
from mv2.testing._random import chooser


class LiveRange(NamedTuple):
    """Bytes ``start`` to ``end`` (excluded) hold a ``kind`` of thing."""

    kind: str
    start: int
    end: int


class Mutation(NamedTuple):
    """The byte at ``offset``, inside a ``kind`` of thing, becomes ``value``."""

    kind: str
    offset: int
    value: int

    def __str__(self) -> str:
        return f"byte {self.offset} ({self.kind}) set to {self.value:#04x}"


def live_ranges(data: bytes) -> list[LiveRange]:
    """The live ranges of a whole file that this engine wrote last."""
    record = decode_commit_record(data[HEADER_POSITION : HEADER_POSITION + RECORD_SIZE])
    start, length = record.contents_offset, record.contents_length
    found = [
        LiveRange("header", 0, FIELDS_SIZE),
        LiveRange("commit record", HEADER_POSITION, HEADER_POSITION + RECORD_SIZE),
        LiveRange("commit record before the contents", start - RECORD_SIZE, start),
        LiveRange("contents", start, start + length),
        LiveRange("footer", start + length, start + length + FOOTER_SIZE),
    ]
    found += _payloads(data[start : start + length])
    found += _indexes(data[start : start + length])
    if record.accelerator_length:
        end = record.accelerator_offset + record.accelerator_length
        found.append(LiveRange("accelerator block", record.accelerator_offset, end))
        block = decode_accelerator(data[record.accelerator_offset : end], record.contents_digest)
        if block.vector_place:
            offset, length, _ = PLACE.unpack(block.vector_place)
            found.append(LiveRange("vector block", offset, offset + length))
    found += _pending_records(data, record)
    return [found_range for found_range in found if found_range.end > found_range.start]


def _payloads(contents: bytes) -> list[LiveRange]:
    head, columns, _ = decode_contents(contents)
    starts = list(columns.starts)
    frames = [decode_frame(contents, starts[i], starts[i + 1]) for i in range(head.frame_count)]
    ranges = {(frame.payload_offset, frame.payload_length) for frame in frames if frame.payload_length}
    return [LiveRange("payload", offset, offset + length) for offset, length in sorted(ranges)]


def _indexes(contents: bytes) -> list[LiveRange]:
    tail = decode_contents(contents)[2]
    found = [("lexical file", each.offset, each.length) for each in tail.catalogue.tantivy_segments]
    found += [("vectors", each.offset, each.length) for each in tail.catalogue.vec_segments]
    if tail.time_index is not None:
        found.append(("time index", tail.time_index.offset, tail.time_index.length))
    if tail.sketch_track is not None:
        found.append(("sketch track", tail.sketch_track.offset, tail.sketch_track.length))
    return [LiveRange(kind, offset, offset + length) for kind, offset, length in found]


def _pending_records(data: bytes, record: CommitRecord) -> list[LiveRange]:
    found = []
    position, end = record.log_offset, record.log_offset + record.log_size
    while position + RECORD_HEAD <= end:
        head = decode_record_head(data, position)
        if head.is_sentinel or head.length == 0:
            break
        if head.sequence > record.checkpoint_sequence:
            found.append(LiveRange("pending record", position, position + RECORD_HEAD + head.length))
        position += RECORD_HEAD + head.length
    return found


def mutations(data: bytes, count: int, seed: int = 0) -> list[Mutation]:
    """``count`` changes of single bytes, spread evenly over the kinds of live ranges."""
    choose = chooser("mutations", seed)
    by_kind: dict[str, list[LiveRange]] = {}
    for found in live_ranges(data):
        by_kind.setdefault(found.kind, []).append(found)
    chosen: dict[tuple[int, int], Mutation] = {}
    for number in range(count * 3):
        kind = list(by_kind)[number % len(by_kind)]
        place = choose.choice(by_kind[kind])
        offset = choose.randrange(place.start, place.end)
        value = data[offset] ^ choose.choice([1, 0x80, 0xFF, choose.randrange(1, 256)])
        chosen[offset, value] = Mutation(kind, offset, value)
        if len(chosen) == count:
            break
    return list(chosen.values())
