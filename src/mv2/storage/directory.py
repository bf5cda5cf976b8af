"""The frame directory: where each frame's bytes are, and the columns that listings need.

It comes from the accelerator block, or from a walk over the contents when
there is none; both look the same from outside.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from mv2._record import dataclass
from mv2.format._codec import Buffer
from mv2.format.accelerator import (
    KIND_CANONICAL_LENGTHS,
    KIND_COMMITS,
    KIND_FACETS,
    KIND_PARENTS,
    KIND_PUT_TIMES,
    KIND_STARTS,
    KIND_STATES,
    KIND_TIMESTAMPS,
    KIND_URI_HASHES,
    KIND_URI_IDS,
    KIND_VECTOR_PLACE,
    MAX_LENGTH,
    NO_PARENT,
    AcceleratorView,
    UriIndex,
    encode_columns,
    make_uri_index,
    uri_pairs,
)
from mv2.format.frame import ANCHOR_CLOCK, FrameColumns, FrameRecord

#: Put time of a frame whose moment of putting nobody noted.
NO_PUT_TIME = -(1 << 63)
Column: TypeAlias = "array[int] | memoryview"


def pack_state(status: int, role: int) -> int:
    """Status in the low four bits, role in the high four."""
    return status | role << 4


@dataclass(slots=True)
class Directory:
    """Columns by frame id.

    Attributes:
        starts: 'I', offsets in the contents, one entry more than frames.
        timestamps, put_times: 'q', UTC seconds; NO_PUT_TIME where unknown.
        states: 'B', see ``pack_state``.
        parents: 'I', NO_PARENT for none.
        canonical_lengths: 'I', decoded bytes, MAX_LENGTH for that or more.
        uris: frames by hash of their uri.
        commits: encoded points of the past (``mv2.storage.history``), empty when nobody kept
            them; the frames say nothing of them.
        vector_place: where the vector block is (``mv2.storage.vector_block``); empty without one.
        facets: encoded (``mv2.format.facets``); empty where they must be made from the frames.
    """

    starts: Column = field(default_factory=lambda: array("I"))
    timestamps: Column = field(default_factory=lambda: array("q"))
    put_times: Column = field(default_factory=lambda: array("q"))
    states: Column = field(default_factory=lambda: array("B"))
    parents: Column = field(default_factory=lambda: array("I"))
    canonical_lengths: Column = field(default_factory=lambda: array("I"))
    uris: UriIndex = field(default_factory=lambda: make_uri_index(()))
    vector_place: bytes = b""
    commits: bytes = b""
    facets: Buffer = b""

    def __len__(self) -> int:
        return len(self.timestamps)

    def status(self, frame_id: int) -> int:
        return int(self.states[frame_id]) & 15

    def role(self, frame_id: int) -> int:
        return int(self.states[frame_id]) >> 4

    def parent(self, frame_id: int) -> int | None:
        parent = int(self.parents[frame_id])
        return None if parent == NO_PARENT else parent

    def encode(self, contents_digest: bytes) -> bytes:
        """The accelerator block for the contents with that digest."""
        columns = [
            (KIND_STARTS, self.starts),
            (KIND_TIMESTAMPS, self.timestamps),
            (KIND_PUT_TIMES, self.put_times),
            (KIND_STATES, bytes(self.states)),
            (KIND_PARENTS, self.parents),
            (KIND_CANONICAL_LENGTHS, self.canonical_lengths),
            (KIND_URI_HASHES, self.uris.hashes),
            (KIND_URI_IDS, self.uris.ids),
        ]
        if self.commits:
            columns.append((KIND_COMMITS, self.commits))
        if self.facets:
            columns.append((KIND_FACETS, bytes(self.facets)))
        if self.vector_place:
            columns.append((KIND_VECTOR_PLACE, self.vector_place))
        as_arrays = [(kind, c if isinstance(c, bytes) else _as_array(c)) for kind, c in columns]
        return encode_columns(contents_digest, len(self), as_arrays)


def _as_array(column: Column) -> array[int]:
    return column if isinstance(column, array) else array(column.format, column)


def from_accelerator(view: AcceleratorView) -> Directory:
    """The directory as the accelerator block holds it; nothing is copied."""
    return Directory(
        view.starts,
        view.timestamps,
        view.put_times,
        view.states,
        view.parents,
        view.canonical_lengths,
        view.uris,
        commits=view.commits,
        vector_place=view.vector_place,
        facets=view.facets,
    )


def from_scan(contents: bytes, scanned: FrameColumns) -> Directory:
    """The directory of a walk over the contents."""
    return Directory(
        starts=array("I", scanned.starts),
        timestamps=scanned.timestamps,
        put_times=scanned.put_times,
        states=array("B", bytes(map(pack_state, scanned.status, scanned.roles))),
        parents=array("I", [p if 0 <= p < NO_PARENT else NO_PARENT for p in scanned.parents]),
        canonical_lengths=array("I", [min(n, MAX_LENGTH) for n in scanned.canonical_lengths]),
        uris=make_uri_index(uri_pairs(contents, scanned)),
    )


def add_record(directory: Directory, record: FrameRecord) -> None:
    """Append a frame's columns; not its start nor its uri."""
    known = record.anchor_source == ANCHOR_CLOCK and record.anchor_ts is not None
    length = record.payload_length if record.canonical_length is None else record.canonical_length
    for column, value in (
        (directory.timestamps, record.timestamp),
        (directory.put_times, record.anchor_ts if known else NO_PUT_TIME),
        (directory.states, pack_state(record.status, record.role)),
        (directory.parents, NO_PARENT if record.parent_id is None else record.parent_id),
        (directory.canonical_lengths, min(length, MAX_LENGTH)),
    ):
        column.append(value)  # type: ignore[union-attr, arg-type]


def joined(code: str, stored: Column, count: int, added: Iterable[int]) -> array[int]:
    """A new array: the first ``count`` stored numbers, then the added ones."""
    result = array(code)
    if isinstance(stored, memoryview) and stored.format == code:
        result.frombytes(stored[:count].tobytes())
    else:
        result.extend(stored[:count])
    result.extend(added)
    return result


def merged_uris(stored: UriIndex | None, added: Sequence[tuple[int, int]]) -> UriIndex:
    """An index of the stored (hash, id) pairs and the added ones."""
    if stored is None or not len(stored.ids):
        return make_uri_index(added)
    if not added:
        return stored
    pairs = list(zip(stored.hashes, stored.ids, strict=True))
    pairs += added
    return make_uri_index(pairs)


def moved_starts(starts: array[int], lengths: Mapping[int, int]) -> array[int]:
    """The starts after the frames in ``lengths`` (id: new length in bytes) changed their size."""
    moved = array("I")
    delta, place = 0, 0
    for frame_id, length in sorted(lengths.items()):
        moved.extend(_shifted(starts[place : frame_id + 1], delta))
        delta += length - (starts[frame_id + 1] - starts[frame_id])
        place = frame_id + 1
    moved.extend(_shifted(starts[place:], delta))
    return moved


def _shifted(starts: array[int], delta: int) -> array[int]:
    return array("I", [start + delta for start in starts]) if delta else starts
