"""The points of a memory's past that can be visited: one a commit.

A compact list of them stands in the accelerator block; each commit adds its own
to a copy of the bytes, without decoding them. Where the list is missing, because the
original engine wrote last or an older version of mv2 did, the commit records that
still stand in the file, and the lists beside them, say which points there were.

A point is three unsigned LEB128 numbers: what its number adds to the one before,
times two, plus one for a commit of another engine; 0 when its time is not known, else one
more than the zigzag of what it adds to the last known time; the zigzag of what it adds
to the frames. In front of all points stand how many they are and the last of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from struct import Struct
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mv2.errors import FormatError
from mv2.format.accelerator import decode_accelerator
from mv2.format.checksum import digest
from mv2.format.commit_record import CommitRecord
from mv2.format.contents import MAX_CONTENTS_SIZE
from mv2.format.footer import FOOTER_SIZE, find_footers
from mv2.storage.base import Base
from mv2.storage.commit import record_before
from mv2.storage.device import File

#: So many points are kept; then every second one of the older half goes.
MOST_POINTS = 4096
_HEAD = Struct("<IQqQ")
_EMPTY = _HEAD.pack(0, 0, 0, 0)
_MOST_BITS = 64
_WINDOW = 16 << 20
#: So many false footers end the search for commit records in a file that another engine wrote.
_MOST_CANDIDATES = 10_000
#: So many accelerator blocks of earlier commits are looked at for their lists.
_MOST_LISTS = 8


class CommitPoint(NamedTuple):
    """A commit: its number, when it was made (UTC seconds, None when nobody noted it), the frames
    there were, and whether another engine made it.
    """

    number: int
    at: int | None
    frame_count: int
    foreign: bool = False


_points: WeakKeyDictionary[Base, tuple[CommitPoint, ...]] = WeakKeyDictionary()


def commit_points(base: Base) -> Sequence[CommitPoint]:
    """The points up to this commit, oldest first; the last one is the commit itself."""
    found = _points.get(base)
    if found is None:
        found = _points[base] = tuple(_stored(base) or _searched(base))
    return found


def with_point(base: Base | None, point: CommitPoint) -> bytes:
    """The encoded list of the commit that follows ``base``."""
    stored = _EMPTY if base is None else base.directory.commits
    if base is not None and not _ends_with(stored, base):
        stored = _encoded(commit_points(base))
    if base is not None and _HEAD.unpack_from(stored)[0] >= MOST_POINTS:
        stored = _encoded(thinned(commit_points(base)))
    return _extended(stored, point)


def thinned(points: Sequence[CommitPoint]) -> list[CommitPoint]:
    """Every second point of the older half, the first one among them, and the newer half."""
    half = len(points) // 2
    return [*points[:half:2], *points[half:]]


# --- bytes -----------------------------------------------------------------------


def _encoded(points: Iterable[CommitPoint]) -> bytes:
    stored = _EMPTY
    for point in points:
        stored = _extended(stored, point)
    return stored


def _extended(stored: bytes, point: CommitPoint) -> bytes:
    """The list with one more point, whose number must be larger than all."""
    count, number, at, frames = _HEAD.unpack_from(stored)
    time = 0 if point.at is None else _zigzag(point.at - at) + 1
    numbers = ((point.number - number) * 2 + point.foreign, time, _zigzag(point.frame_count - frames))
    last = at if point.at is None else point.at
    head = _HEAD.pack(count + 1, point.number, last, point.frame_count)
    return b"".join((head, stored[_HEAD.size :], *map(_varint, numbers)))


def decode_points(stored: bytes) -> list[CommitPoint]:
    """The points of an encoded list, oldest first.

    Raises:
        FormatError: it is none.
    """
    if len(stored) < _HEAD.size:
        raise FormatError("the list of commits is cut off", offset=0)
    numbers = list(_varints(stored, _HEAD.size))
    count, *last = _HEAD.unpack_from(stored)
    if len(numbers) != 3 * count:
        raise FormatError(f"the list of commits has {len(numbers)} numbers", offset=_HEAD.size)
    points: list[CommitPoint] = []
    number, at, frames = 0, 0, 0
    for step, time, more in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        number += step >> 1
        at += _unzigzag(time - 1) if time else 0
        frames += _unzigzag(more)
        if number >> 64 or frames >> 64 or not -(1 << 63) <= at < 1 << 63:
            raise FormatError("the list of commits holds impossible numbers", offset=_HEAD.size)
        points.append(CommitPoint(number, at if time else None, frames, bool(step & 1)))
    if [number, at, frames] != last:
        raise FormatError("the list of commits does not end as its head says", offset=0)
    return points


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _unzigzag(value: int) -> int:
    return -(value + 1) // 2 if value & 1 else value // 2


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _varints(stored: bytes, start: int) -> Iterator[int]:
    value, shift = 0, 0
    for offset in range(start, len(stored)):
        value |= (stored[offset] & 0x7F) << shift
        if stored[offset] & 0x80:
            shift += 7
            if shift > _MOST_BITS:
                raise FormatError("a number in the list of commits is too long", offset=offset)
        else:
            yield value
            value, shift = 0, 0
    if shift:
        raise FormatError("the list of commits is cut off", offset=len(stored))


# --- where the points come from ----------------------------------------------------


def _ends_with(stored: bytes, base: Base) -> bool:
    """Whether an encoded list is the one that this commit wrote."""
    if len(stored) < _HEAD.size or base.anchor.record is None:
        return False
    _, number, _, frames = _HEAD.unpack_from(stored)
    return (number, frames) == (base.anchor.record.generation, base.frame_count)


def _stored(base: Base) -> list[CommitPoint] | None:
    """The list of the accelerator block, or None when there is none that fits."""
    stored = base.directory.commits
    if not _ends_with(stored, base):
        return None
    try:
        points = decode_points(stored)
    except FormatError:
        return None
    return points if points and _in_order(points) else None


def _in_order(points: Sequence[CommitPoint]) -> bool:
    """Numbers ascend, and no commit has more frames than the last."""
    return all(one.number < other.number for one, other in pairwise(points)) and all(
        0 <= point.frame_count <= points[-1].frame_count for point in points
    )


def _searched(base: Base) -> list[CommitPoint]:
    """What commit records in the file, and the lists beside them, tell of earlier commits; then this one."""
    record = base.anchor.record
    number = base.anchor.generation if record is None else record.generation
    later = [CommitPoint(number, None, base.frame_count, record is None)]
    older = _before(base, record) if record else _newest_record(base.file, base.anchor.contents_offset)
    for _ in range(MOST_POINTS):
        if older is None:
            break
        listed = _listed_with(base.file, older) if len(later) <= _MOST_LISTS else []
        points = listed or [CommitPoint(older.generation, None, older.frame_count)]
        first = later[-1]
        fitting = [p for p in points if p.number < first.number and p.frame_count <= first.frame_count]
        later += fitting[::-1]
        older = None if listed else _before(base, older)
    return later[::-1]


def _listed_with(file: File, record: CommitRecord) -> list[CommitPoint]:
    """The list that an earlier commit wrote, if its accelerator block still stands in the file."""
    if not 0 < record.accelerator_length <= MAX_CONTENTS_SIZE:
        return []
    data = file.read(record.accelerator_offset, record.accelerator_length)
    if digest(data) != record.accelerator_digest:
        return []
    try:
        points = decode_points(decode_accelerator(data, record.contents_digest).commits)
    except FormatError:
        return []
    return points if points and _in_order(points) and points[-1].number == record.generation else []


def _before(base: Base, record: CommitRecord) -> CommitRecord | None:
    """The commit record that one names as its predecessor, if it still stands in the file."""
    if not 0 < record.previous_offset < record.contents_offset:
        return None
    return record_before(base.file, record.previous_offset, record.previous_digest)


def _newest_record(file: File, end: int) -> CommitRecord | None:
    """The last commit record of ours in front of ``end``, in a file that another engine wrote last."""
    candidates = 0
    high = end
    while high > 0:
        low = max(0, high - _WINDOW)
        for position, footer in find_footers(file.read(low, high - low + FOOTER_SIZE), low):
            if position < high:
                candidates += 1
                record = record_before(file, position - footer.contents_length, footer.contents_digest)
                if record is not None or candidates > _MOST_CANDIDATES:
                    return record
        high = low
    return None
