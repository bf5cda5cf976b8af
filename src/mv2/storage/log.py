"""The embedded log: scanning it into whole groups, and appending to it.

What must stay true:

- A record counts only if its sequence is the one expected, so bytes of an
  older use of the region are never taken for new records.
- Records are laid over a contents only if the first one is that contents'
  checkpoint sequence plus one.
- A group (batch, chunked document) is shown whole or not at all.
- 48 zero bytes always follow the last record.
- A bad record is *damage* when a later record proves that it had been synced
  (``FLAG_SYNCED`` on the first record of a later group); otherwise it is the
  torn end of an unfinished write, and so is everything behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import field

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format.checksum import digest
from mv2.format.header import HEADER_SIZE
from mv2.format.wal import (
    FLAG_GROUP_START,
    FLAG_SYNCED,
    RECORD_HEAD,
    REMAINING_MASK,
    SENTINEL,
    FrameEntry,
    LexicalBatch,
    decode_record_head,
    decode_wal_payload,
    encode_record,
)
from mv2.storage.device import File

_READ_STEP = 1 << 16
_SEQUENCE = struct.Struct("<Q")
_LARGEST = (1 << 64) - 1


@dataclass(slots=True)
class LogRecord:
    """One record of the log; ``entry`` is None when it was damaged beyond reading."""

    sequence: int
    entry: FrameEntry | LexicalBatch | None


@dataclass(slots=True)
class LogScan:
    """What a stretch of the log holds.

    Attributes:
        records: records of complete groups, in order.
        head: where the next append goes, bytes from the start of the region.
        next_sequence: sequence the next record gets.
        unfinished: bytes behind ``head`` belong to a write that was cut short.
        unbound: the records do not continue the contents (a gap), so none is shown.
        damaged: sequences of records that were acknowledged and are unreadable.
    """

    head: int
    next_sequence: int
    records: list[LogRecord] = field(default_factory=list)
    unfinished: bool = False
    unbound: bool = False
    damaged: list[int] = field(default_factory=list)


class LogRegion:
    """The log of one open file, read as far as needed and kept as bytes."""

    def __init__(self, file: File, offset: int, size: int) -> None:
        self.file = file
        self.offset = offset
        self.size = size

    def read(self, position: int, length: int) -> bytes:
        """Bytes of the region, ``position`` counted from its start."""
        return self.file.read(self.offset + position, max(0, min(length, self.size - position)))

    def read_until_sentinel(self, position: int) -> bytes:
        """The region from ``position`` to the first step that ends in zeros, or to its end."""
        parts: list[bytes] = []
        step = RECORD_HEAD
        while position < self.size:
            data = self.read(position, step)
            if not data:
                break
            parts.append(data)
            position += len(data)
            if not any(data[-RECORD_HEAD:]):
                break
            step = _READ_STEP if len(parts) == 1 else min(step * 2, 1 << 22)
        return b"".join(parts)

    def read_all(self, position: int) -> bytes:
        """The region from ``position`` to its end."""
        return self.read(position, self.size - position)


def first_pending(region: LogRegion, checkpoint_sequence: int, *, by_original: bool) -> int | None:
    """Where the first record behind the checkpoint would stand, None when nothing can be pending.

    We start again at the beginning after every checkpoint and wipe the region, so an obsolete
    first record means that nothing was appended since. The original goes on behind the obsolete
    records; of those only the heads are looked at.
    """
    position, last = 0, 0
    while position + RECORD_HEAD <= region.size:
        head = decode_record_head(region.read(position, RECORD_HEAD))
        if head.is_sentinel or head.length == 0 or head.sequence > checkpoint_sequence:
            break
        if not by_original:
            return None
        if (last and head.sequence != last + 1) or position + RECORD_HEAD + head.length > region.size:
            break
        last = head.sequence
        position += RECORD_HEAD + head.length
    return position


def scan(region: LogRegion, position: int, expected: int, *, synced_by_default: bool) -> LogScan:
    """Read the records from ``position`` on; the first must have sequence ``expected``.

    Args:
        synced_by_default: records count as synced one by one, without our marks,
            as in logs of the original engine.
    """
    data = region.read_until_sentinel(position)
    result = _parse(data, position, expected, region.size, synced_by_default)
    if result is not None:
        return result
    data = region.read_all(position)  # a bad record: what follows decides, so look at all of it
    first = _read_record(data, 0, expected + 1, _LARGEST)
    if first is not None:
        return LogScan(head=position, next_sequence=first.record.sequence + 1, unbound=True, unfinished=True)
    return _parse_damaged(data, position, expected, synced_by_default)


def _parse(
    data: bytes, position: int, expected: int, region_size: int, synced_by_default: bool
) -> LogScan | None:
    """Parse records that are all good; None when one is bad and its successors must be asked."""
    result = LogScan(head=position, next_sequence=expected)
    group: list[LogRecord] = []
    at = 0
    while at + RECORD_HEAD <= len(data):
        head = decode_record_head(data, at)
        if head.is_sentinel:
            break
        if head.sequence != expected:
            if not group and head.sequence < expected:
                return result  # the end of an older use of the region
            return None
        end = at + RECORD_HEAD + head.length
        if head.length == 0 or position + end > region_size or end > len(data):
            return None
        body = data[at + RECORD_HEAD : end]
        if digest(body) != head.digest:
            return None
        try:
            group.append(LogRecord(expected, decode_wal_payload(body)))
        except FormatError:
            return None
        expected += 1
        at = end
        if head.reserved & REMAINING_MASK == 0 or synced_by_default:
            result.records += group
            group = []
            result.head, result.next_sequence = position + at, expected
    result.unfinished = bool(group)
    return result


@dataclass(slots=True)
class _Found:
    """A record that reads well, found while looking behind a bad one."""

    record: LogRecord
    reserved: int
    start: int
    end: int


def _read_record(data: bytes, at: int, low: int, high: int) -> _Found | None:
    if at + RECORD_HEAD > len(data):
        return None
    head = decode_record_head(data, at)
    end = at + RECORD_HEAD + head.length
    if not low <= head.sequence <= high or head.length == 0 or end > len(data):
        return None
    body = data[at + RECORD_HEAD : end]
    if digest(body) != head.digest:
        return None
    try:
        entry = decode_wal_payload(body)
    except FormatError:
        entry = None
    return _Found(LogRecord(head.sequence, entry), head.reserved, at, end)


def _next_good(data: bytes, at: int, expected: int) -> _Found | None:
    """The first good record behind a bad one at ``at`` whose sequence is larger than ``expected``."""
    span = len(data) // (RECORD_HEAD + 1) + 1
    claimed = decode_record_head(data, at)
    found = _read_record(data, at + RECORD_HEAD + claimed.length, expected + 1, expected + span)
    if found is not None:
        return found
    # The head itself is bad: look for the little-endian sequences that may follow.
    best: _Found | None = None
    for sequence in range(expected + 1, expected + min(span, 64) + 1):
        pattern = _SEQUENCE.pack(sequence)
        place = data.find(pattern, at + 1)
        while place >= 0:
            found = _read_record(data, place, sequence, sequence)
            if found is not None and (best is None or found.start < best.start):
                best = found
                break
            place = data.find(pattern, place + 1)
        if best is not None:
            break
    return best


def _parse_damaged(data: bytes, position: int, expected: int, synced_by_default: bool) -> LogScan:
    """Parse a stretch with bad records: keep all that a later synced record vouches for."""
    result = LogScan(head=position, next_sequence=expected)
    pending: list[LogRecord] = []
    damaged: list[int] = []
    at = 0
    while at + RECORD_HEAD <= len(data):
        head = decode_record_head(data, at)
        if head.is_sentinel:
            break
        found = _read_record(data, at, expected, expected)
        if found is None:
            found = _next_good(data, at, expected)
            if found is None:
                result.unfinished = True
                break
            for sequence in range(expected, found.record.sequence):
                pending.append(LogRecord(sequence, None))
                damaged.append(sequence)
        elif found.record.entry is None:  # whole, but of a kind nobody knows
            result.damaged.append(expected)
        vouches = synced_by_default or (found.reserved & FLAG_GROUP_START and found.reserved & FLAG_SYNCED)
        if vouches:  # all that came before had been synced, hence acknowledged
            result.records += pending
            result.damaged += damaged
            pending, damaged = [], []
            result.head, result.next_sequence = position + found.start, found.record.sequence
        pending.append(found.record)
        expected = found.record.sequence + 1
        at = found.end
        complete = found.reserved & REMAINING_MASK == 0 or synced_by_default
        if complete and not damaged:
            result.records += pending
            pending = []
            result.head, result.next_sequence = position + at, expected
    if pending:
        result.unfinished = True
    return result


def group_size(payloads: Sequence[bytes]) -> int:
    """Bytes a group takes in the log, without the sentinel."""
    return sum(map(len, payloads)) + RECORD_HEAD * len(payloads)


class LogAppender:
    """Appends groups at the head of a region.

    Attributes:
        head: where the next record goes, bytes from the start of the region.
        next_sequence: its sequence.
        synced: everything before ``head`` is known to be on the medium.
        clean: nothing behind ``head`` can come back, see ``ensure_clean``.
    """

    def __init__(self, region: LogRegion, head: int, next_sequence: int) -> None:
        self.region = region
        self.head = head
        self.next_sequence = next_sequence
        self.synced = True
        self.clean = False

    def room(self) -> int:
        """Bytes that records may take before the region is full."""
        return self.region.size - self.head - RECORD_HEAD

    @property
    def capacity(self) -> int:
        """Bytes that records may take in an empty region."""
        return self.region.size - RECORD_HEAD

    def append(self, payloads: Sequence[bytes]) -> int:
        """Write one group and the sentinel in one call; returns the group's first sequence.

        Does not sync; the caller has made sure that the group fits into ``room``. Raises:
            StorageError: the write failed; the head did not move, and the region is not clean.
        """
        first = self.next_sequence
        count = len(payloads)
        marks = FLAG_GROUP_START | (FLAG_SYNCED if self.synced else 0)
        buffers: list[bytes] = []
        for index, payload in enumerate(payloads):
            buffers.append(encode_record(first + index, payload, marks | (count - 1 - index)))
            marks = 0
        buffers.append(SENTINEL)
        self.clean = False
        self.region.file.write(self.region.offset + self.head, buffers)
        self.clean = True
        self.head += group_size(payloads)
        self.next_sequence = first + count
        self.synced = False
        return first

    def ensure_clean(self) -> None:
        """Before the first append: zero what stands behind the head, and sync.

        Otherwise a later write, cut short, could make old records reachable again. Costs no
        sync when there is nothing but zeros, as a finished commit leaves it.
        """
        if self.clean:
            return
        used = len(self.region.read_all(self.head).rstrip(b"\0"))
        if used:
            file = self.region.file
            # The header that made these records obsolete may have been read but never have reached
            # the medium: it goes there, for certain, before they go.
            file.write(0, file.read(0, HEADER_SIZE))
            file.sync()
            file.write(self.region.offset + self.head, bytes(used))
            file.sync()
        self.clean = True

    def wipe(self, used: int | None) -> None:
        """After a commit: zero the first ``used`` bytes, whose records are obsolete. Not synced.

        The original numbers its next record by the last one it finds, so it must find none.

        Args:
            used: None when how much was used is not known.
        """
        if used is None:
            used = len(self.region.read_all(0).rstrip(b"\0"))
        if used:
            self.clean = False
            self.region.file.write(self.region.offset, bytes(used))
            self.clean = True
