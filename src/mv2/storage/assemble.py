"""Assembling a contents: unchanged frames as bytes, new and changed ones encoded.

Listing, directory and indexes are made from one list of frames, so they
cannot disagree.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from mv2.errors import LimitError
from mv2.format.accelerator import uri_hash
from mv2.format.checksum import hasher
from mv2.format.contents import (
    MAX_CONTENTS_SIZE,
    ContentsTail,
    contents_checksum,
    encode_contents_head,
    encode_contents_tail,
)
from mv2.format.frame import (
    MAX_FRAMES,
    ROLE_CHUNK,
    ROLE_DOCUMENT,
    STATUS_ACTIVE,
    FrameRecord,
    decode_frame,
    encode_frame,
)
from mv2.format.time_index import encode_time_arrays
from mv2.storage.base import Base
from mv2.storage.device import Buffer
from mv2.storage.directory import Directory, add_record, joined, merged_uris, moved_starts, pack_state
from mv2.storage.facet_builder import FacetBuilder
from mv2.storage.overlay import Change
from mv2.storage.reserved import mime_of


class Assembly:
    """The frame list of a commit in the making.

    Args:
        base: the commit it continues, None for a new file.
    """

    def __init__(self, base: Base | None) -> None:
        self.base = base
        self.base_count = 0 if base is None else base.frame_count
        self._encoded = bytearray()
        self._ends = array("Q")
        self._added = Directory()
        self._uris: list[tuple[int, int]] = []
        self._facets: FacetBuilder | None = None
        self._patched: dict[int, bytes] = {}
        self._deactivated: set[int] = set()

    @property
    def frame_count(self) -> int:
        return self.base_count + len(self._ends)

    def add(self, record: FrameRecord) -> None:
        """Append a frame; its id must be ``frame_count``.

        Raises:
            LimitError: the format holds no more frames.
        """
        if record.id != self.frame_count:
            raise AssertionError(f"frame {record.id} cannot be number {self.frame_count}")
        check_ceilings(self.frame_count + 1, 0)
        self._encoded += encode_frame(record)
        self._ends.append(len(self._encoded))
        add_record(self._added, record)
        if self._facets is None:
            self._facets = self._facet_builder()
        mime = mime_of(None if record.metadata is None else record.metadata.mime, record.extra_metadata)
        self._facets.add(record.id, record, mime, record.extra_metadata)
        if record.uri is not None:
            self._uris.append((uri_hash(record.uri.encode()), record.id))

    def _facet_builder(self) -> FacetBuilder:
        return FacetBuilder(self.base.facets.block if self.base is not None and self.base_count else None)

    def record(self, frame_id: int) -> FrameRecord:
        """A frame of the list as it stands now."""
        patched = self._patched.get(frame_id)
        if patched is not None:
            return decode_frame(patched, 0, len(patched))
        if frame_id < self.base_count:
            assert self.base is not None
            return self.base.record(frame_id)
        start, end = self._added_range(frame_id)
        return decode_frame(self._encoded, start, end)

    def change(self, frame_id: int, change: Change) -> bool:
        """Let a frame stop being active; False when it was not."""
        record = self.record(frame_id)
        if record.status != STATUS_ACTIVE:
            return False
        change.apply(record)
        self.replace(record)
        self._deactivated.add(frame_id)
        return True

    def replace(self, record: FrameRecord) -> None:
        """Put another encoding in the place of a frame."""
        self._patched[record.id] = encode_frame(record)
        if record.id >= self.base_count:
            self._added.states[record.id - self.base_count] = pack_state(record.status, record.role)

    def _added_range(self, frame_id: int) -> tuple[int, int]:
        index = frame_id - self.base_count
        return (self._ends[index - 1] if index else 0), self._ends[index]

    # --- encoded runs ---------------------------------------------------------------

    def _runs(self) -> Iterator[Buffer]:
        """The encoded frames in order, unchanged neighbours in one piece."""
        place = 0
        for frame_id in sorted(self._patched):
            yield from self._unchanged(place, frame_id)
            yield self._patched[frame_id]
            place = frame_id + 1
        yield from self._unchanged(place, self.frame_count)

    def _unchanged(self, first: int, end: int) -> Iterator[Buffer]:
        if self.base is not None and first < min(end, self.base_count):
            starts = self.base.directory.starts
            yield memoryview(self.base.contents)[starts[first] : starts[min(end, self.base_count)]]
        low, high = max(first, self.base_count), end
        if low < high:
            start, _ = self._added_range(low)
            _, stop = self._added_range(high - 1)
            yield memoryview(self._encoded)[start:stop]

    def encode(self, tail: ContentsTail) -> tuple[list[Buffer], int, bytes, bytes]:
        """The whole contents: (buffers, length in bytes, digest, checksum field).

        Raises:
            LimitError: larger than the format allows.
        """
        head = encode_contents_head(0, [], self.frame_count)
        buffers: list[Buffer] = [head, *self._runs(), encode_contents_tail(tail)]
        state = hasher()
        for buffer in buffers:
            state.update(buffer)
        checksum = contents_checksum(state)
        state.update(checksum)
        buffers.append(checksum)
        length = sum(map(len, buffers))
        check_ceilings(self.frame_count, length)
        return buffers, length, state.digest(), checksum

    # --- columns --------------------------------------------------------------------

    def directory(self) -> Directory:
        """The directory of all frames, offsets counted from the start of the contents."""
        base = self.base.directory if self.base is not None else Directory()
        count, added = self.base_count, self._added
        result = Directory(
            starts=self._starts(),
            timestamps=joined("q", base.timestamps, count, added.timestamps),
            put_times=joined("q", base.put_times, count, added.put_times),
            states=joined("B", base.states, count, added.states),
            parents=joined("I", base.parents, count, added.parents),
            canonical_lengths=joined("I", base.canonical_lengths, count, added.canonical_lengths),
            uris=merged_uris(base.uris, self._uris),
            facets=(self._facets or self._facet_builder()).finish(self.frame_count),
        )
        for frame_id in self._patched:
            record = self.record(frame_id)
            result.states[frame_id] = pack_state(record.status, record.role)
        return result

    def _starts(self) -> array[int]:
        first = len(encode_contents_head(0, [], 0))
        if self.base is None:
            starts = array("I", [first])
        else:
            starts = joined("I", self.base.directory.starts, self.base_count + 1, ())
            if starts[0] != first:  # a foreign contents with early segments in front
                shift = first - starts[0]
                starts = array("I", [start + shift for start in starts])
        end = starts[-1]
        starts.extend(end + stop for stop in self._ends)
        return (
            moved_starts(starts, {i: len(encoded) for i, encoded in self._patched.items()})
            if self._patched
            else starts
        )

    def time_index(self) -> tuple[bytes, int]:
        """The encoded time index, and its number of entries: active documents only."""
        added = self._added
        fresh = [
            (added.timestamps[i], self.base_count + i)
            for i in range(len(added.timestamps))
            if added.states[i] == pack_state(STATUS_ACTIVE, ROLE_DOCUMENT)
        ]
        fresh.sort()
        times: Sequence[int] = ()
        ids: Sequence[int] = ()
        if self.base is not None and self.base_count:
            times, ids = self.base.timeline()
        gone = {i for i in self._deactivated if i < self.base_count}
        in_order = not fresh or not times or (times[-1], ids[-1]) <= fresh[0]
        if gone or not in_order:
            pairs = [(t, i) for t, i in zip(times, ids, strict=True) if i not in gone]
            pairs += fresh
            pairs.sort()
            return _encode_pairs(array("q", [t for t, _ in pairs]), array("q", [i for _, i in pairs]))
        all_times, all_ids = array("q", times), array("q", ids)
        all_times.extend([t for t, _ in fresh])
        all_ids.extend([i for _, i in fresh])
        return _encode_pairs(all_times, all_ids)


def _encode_pairs(times: array[int], ids: array[int]) -> tuple[bytes, int]:
    return encode_time_arrays(times, ids), len(ids)


def count_states(directory: Directory) -> tuple[int, int]:
    """(active frames, active documents) of a directory."""
    states = bytes(directory.states)
    by_role = [states.count(pack_state(STATUS_ACTIVE, role)) for role in range(16)]
    return sum(by_role), sum(by_role) - by_role[ROLE_CHUNK]


def check_ceilings(frame_count: int, size: int) -> None:
    """Refuse more than the format holds; ``size`` is the length of the contents in bytes.

    Raises:
        LimitError: too many frames, or too large contents.
    """
    if frame_count > MAX_FRAMES:
        raise LimitError(f"a memory holds at most {MAX_FRAMES:,} frames", remedy="Start a second file.")
    if size > MAX_CONTENTS_SIZE:
        raise LimitError(
            f"the contents would have {size:,} bytes, more than the {MAX_CONTENTS_SIZE:,} possible",
            remedy="Start a second file, or store less metadata with each document.",
        )
