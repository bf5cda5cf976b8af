"""Views of the past: what a memory held at a time, right after a frame, or at a commit.

Frames are never taken out of a file, so the past is told from when each one came
and when it stopped being active. Both follow from the frames: the moment of the put and the
id for the first, reserved metadata for the second. What a commit knows of its past is
worked out once; a view then costs a copy of the column of states.

Frames of other engines have no reserved metadata. The time of a put is then the frame's
timestamp; a replaced one ends where its successor begins; a deleted one with the last
commit that another engine made, which is as late as it can have been.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, islice
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mv2.errors import CommitNotFoundError, FrameNotFoundError, InvalidArgumentError
from mv2.format.frame import (
    ROLE_CHUNK,
    ROLE_DOCUMENT,
    STATUS_ACTIVE,
    FrameRecord,
)
from mv2.storage.base import Base
from mv2.storage.directory import NO_PUT_TIME, pack_state
from mv2.storage.history import CommitPoint, commit_points
from mv2.storage.overlay import DAMAGED_KIND, PendingFrame
from mv2.storage.reserved import DELETED_AT, REPLACED_AT, RETIRED, retired_place, seconds
from mv2.storage.view import View, whole_number

#: Status of an id that had not been given away yet.
ABSENT = 15
_PENDING = 1 << 64
#: Frames whose newest moment is kept, so that a search need not look at each of them.
_RUN = 1024
_REVIVED = [state & 0xF0 | STATUS_ACTIVE for state in range(256)]


class Retirement(NamedTuple):
    """The end of a frame.

    Attributes:
        at: when it was deleted or replaced, UTC seconds.
        position: frames there were then; states with more than that have it no more.
        generation: the commit that holds it; larger than all while none does.
    """

    at: int
    position: int
    generation: int


def view_at(
    view: View, *, time: int | None = None, frame: int | None = None, commit: int | None = None
) -> View:
    """What ``view`` showed earlier; the view itself when nothing is given.

    Args:
        time: everything that had happened up to this second (UTC), inclusive.
        frame: the state right after that frame was put, the chunks of its document included.
        commit: the state that commit made.

    Raises:
        InvalidArgumentError: more than one of them is given, or one is no whole number.
        FrameNotFoundError, CommitNotFoundError: there is no such frame or commit.
    """
    given = [
        name for name, value in (("time", time), ("frame", frame), ("commit", commit)) if value is not None
    ]
    if len(given) > 1:
        raise InvalidArgumentError(
            "a moment of the past is named twice", remedy="Give one of as_of, as_of_frame and as_of_commit."
        )
    if time is not None:
        return _at_time(view, time)
    if frame is not None:
        return _after_frame(view, _checked(frame, "as_of_frame"))
    if commit is not None:
        return _at_commit(view, _checked(commit, "as_of_commit"))
    return view


def _checked(value: object, name: str) -> int:
    number = whole_number(value)
    if number is None:
        raise InvalidArgumentError(f"{name} {value!r} is not a whole number")
    return number


def _at_time(view: View, time: int) -> PastView:
    chronicle = chronicle_of(view.base)
    pending = [_pending_moment(f) for f in view.overlay.frames[: view.frame_count - view.indexed_count]]
    in_order = chronicle.in_order and _ascending([*chronicle.moments[-1:], *pending])
    if in_order:
        count = bisect_right(chronicle.moments, time)
        if count == view.indexed_count:
            count += bisect_right(pending, time)
        return PastView(view, count, (), lambda end: end.at <= time)
    moments = [*chronicle.moments, *pending]
    count = max((i for i, moment in enumerate(moments) if moment <= time), default=-1) + 1
    absent = [i for i, moment in enumerate(moments[:count]) if moment > time]
    return PastView(view, count, absent, lambda end: end.at <= time)


def _after_frame(view: View, frame: int) -> PastView:
    view.check_id(frame)
    document = view.parent(frame) if view.role(frame) == ROLE_CHUNK else frame
    count = frame + 1
    while count < view.frame_count and view.role(count) == ROLE_CHUNK and view.parent(count) == document:
        count += 1
    return PastView(view, count, (), lambda end: end.position < count)


def _at_commit(view: View, number: int) -> PastView:
    points = commit_points(view.base)
    point = next((point for point in points if point.number == number), None)
    if point is None:
        raise CommitNotFoundError(
            f"there is no commit {number}",
            path=view.file.path,
            remedy=f"commits() lists those that can be visited; they are numbered {points[0].number} to "
            f"{points[-1].number}, not all in between.",
        )
    return PastView(view, point.frame_count, (), lambda end: end.generation <= number)


# --- what a commit knows of its past -------------------------------------------------


class Chronicle:
    """When the frames of one commit came and went.

    Attributes:
        moments: of each frame, when it was put (UTC seconds); of frames of other engines, their timestamp.
        in_order: no frame came before one with a smaller id.
        retired: the end of each frame that is not active any more, except of those that never were.
    """

    def __init__(self, base: Base) -> None:
        self.moments: Sequence[int] = _moments(base)
        self.in_order = _ascending(self.moments)
        states = bytes(base.directory.states)
        self.retired: dict[int, Retirement] = {}
        points = commit_points(base) if len(self.moments) else ()
        self._foreign = [point for point in reversed(points) if point.foreign]
        for frame_id, state in enumerate(states):
            if state & 15 != STATUS_ACTIVE:
                end = self._end(base.record(frame_id), points)
                if end is not None:
                    self.retired[frame_id] = end
        for frame_id in [i for i in self.retired if states[i] >> 4 == ROLE_CHUNK]:
            parent = base.parent(frame_id)
            if parent is not None:
                self.retired[frame_id] = _earlier(self.retired[frame_id], self.retired.get(parent))

    def _end(self, record: FrameRecord, points: Sequence[CommitPoint]) -> Retirement | None:
        """The end of a frame that is not active, as its metadata has it or as it follows from the others."""
        if record.kind == DAMAGED_KIND:
            return None
        values, count = record.extra_metadata, len(self.moments)
        at = seconds(values, DELETED_AT)
        at = seconds(values, REPLACED_AT) if at is None else at
        position, generation = retired_place(values) or (None, None)
        successor = record.superseded_by
        if successor is not None and not record.id < successor < count:
            successor = None
        if at is None and successor is not None:
            at = self.moments[successor]
        if at is None:
            last = next((p for p in self._foreign if p.frame_count > record.id), points[-1])
            return Retirement(self._latest[last.frame_count - 1], last.frame_count, last.number)
        if position is None or not record.id < position <= count:
            position = successor if successor is not None else self._position(record.id, at)
        if generation is None or generation > points[-1].number:
            generation = _holder(points, at, position + (successor is not None))
        return Retirement(at, position, generation)

    def _position(self, frame_id: int, at: int) -> int:
        """The first frame behind ``frame_id`` that came after a moment."""
        moments, first, count = self.moments, frame_id + 1, len(self.moments)
        if self.in_order:
            return bisect_right(moments, at, first)
        for start in range(first - first % _RUN, count, _RUN):
            if self._newest[start // _RUN] > at:
                run = range(max(first, start), min(start + _RUN, count))
                found = next((i for i in run if moments[i] > at), None)
                if found is not None:
                    return found
        return count

    @cached_property
    def _latest(self) -> Sequence[int]:
        """The newest moment up to each frame."""
        return list(accumulate(self.moments, max))

    @cached_property
    def _newest(self) -> Sequence[int]:
        """The newest moment in each run of frames."""
        return [max(self.moments[start : start + _RUN]) for start in range(0, len(self.moments), _RUN)]


_chronicles: WeakKeyDictionary[Base, Chronicle] = WeakKeyDictionary()


def chronicle_of(base: Base) -> Chronicle:
    """The chronicle of a commit, made at the first call."""
    found = _chronicles.get(base)
    if found is None:
        found = _chronicles[base] = Chronicle(base)
    return found


def _moments(base: Base) -> Sequence[int]:
    directory = base.directory
    put_times, timestamps = directory.put_times, directory.timestamps
    if not base.frame_count or NO_PUT_TIME not in put_times:
        return put_times
    pairs = zip(put_times, timestamps, strict=True)
    moments = [stamp if put == NO_PUT_TIME else put for put, stamp in pairs]
    for frame_id, put in enumerate(put_times):  # a document comes with its chunks
        parent = directory.parent(frame_id) if put == NO_PUT_TIME else None
        if parent is not None and parent < len(moments):
            moments[frame_id] = moments[parent]
    return moments


def _ascending(numbers: Sequence[int]) -> bool:
    return all(map(operator.le, numbers, islice(numbers, 1, None)))


def _holder(points: Sequence[CommitPoint], at: int, frame_count: int) -> int:
    """The first commit that may hold what happened at a time, when there were so many frames."""
    fitting = (p.number for p in points if p.frame_count >= frame_count and (p.at is None or p.at >= at))
    return next(fitting, points[-1].number)


def _earlier(one: Retirement, other: Retirement | None) -> Retirement:
    """A chunk ends with its document, also where its own end was noted a little later."""
    return other if other is not None and other.position <= one.position else one


def _pending_moment(frame: PendingFrame) -> int:
    """When a pending frame was put (UTC seconds)."""
    put_at = frame.record.anchor_ts
    return frame.record.timestamp if put_at is None else put_at


# --- the view -------------------------------------------------------------------------


class PastView(View):
    """What a view showed at an earlier point: frames that came later are not there, and those that
    were deleted or replaced later are active.

    Made by ``view_at``.

    Args:
        now: the view of the present.
        count: ids from there on had not been given away.
        absent: smaller ids that had not been either, by the times of their puts.
        gone: whether an end had come by then.
    """

    is_past = True

    def __init__(
        self, now: View, count: int, absent: Iterable[int], gone: Callable[[Retirement], bool]
    ) -> None:
        super().__init__(now.file, now.base, now.overlay)
        self.frame_count = count
        stored = min(count, now.indexed_count)
        states = bytearray(now.base.directory.states[:stored]) if stored else bytearray()
        for pending in now.overlay.frames[: count - stored]:
            states.append(pack_state(pending.record.status, pending.record.role))
        for frame_id, end in chronicle_of(now.base).retired.items():
            if frame_id < count and not gone(end):
                states[frame_id] = _REVIVED[states[frame_id]]
        for frame_id, (status, end) in self._pending_ends().items():
            if frame_id < count:
                states[frame_id] = states[frame_id] & 0xF0 | (status if gone(end) else STATUS_ACTIVE)
        for frame_id in absent:
            states[frame_id] |= ABSENT
        self.__dict__["states"] = bytes(states)

    def _pending_ends(self) -> dict[int, tuple[int, Retirement]]:
        """Status and end of the frames that records in the log made inactive."""
        ends: dict[int, tuple[int, Retirement]] = {}
        parents: dict[int, int | None] = {}
        for frame_id, change in list(self.overlay.changes.items()):
            if self.base.status(frame_id) == STATUS_ACTIVE:
                ends[frame_id] = change.status, Retirement(change.at, change.position, _PENDING)
                if self.base.role(frame_id) == ROLE_CHUNK:
                    parents[frame_id] = self.base.parent(frame_id)
        for pending in self.overlay.frames[:]:
            record, place = pending.record, retired_place(pending.record.extra_metadata)
            at = seconds(record.extra_metadata, DELETED_AT)
            at = seconds(record.extra_metadata, REPLACED_AT) if at is None else at
            if place is not None and at is not None:
                ends[record.id] = record.status, Retirement(at, place[0], _PENDING)
                if record.role == ROLE_CHUNK:
                    parents[record.id] = record.parent_id
        for frame_id, parent in parents.items():
            if parent in ends:
                status, end = ends[frame_id]
                ends[frame_id] = status, _earlier(end, ends[parent][1])
        return ends

    # --- as the present view, but then --------------------------------------------------

    def check_id(self, frame_id: int) -> None:
        """Raise FrameNotFoundError unless the id existed."""
        if not 0 <= frame_id < self.frame_count or self.states[frame_id] & 15 == ABSENT:
            raise FrameNotFoundError(
                f"there was no frame {frame_id} then",
                path=self.file.path,
                remedy=f"The memory had frames 0 to {self.frame_count - 1}."
                if self.frame_count
                else "It was empty.",
            )

    def record(self, frame_id: int) -> FrameRecord:
        record = super().record(frame_id)
        if frame_id >= self.indexed_count:
            self.check_id(frame_id)
        if record.status == STATUS_ACTIVE or self.states[frame_id] & 15 != STATUS_ACTIVE:
            return record
        ours = (DELETED_AT, REPLACED_AT, RETIRED)
        metadata = {key: value for key, value in record.extra_metadata.items() if key not in ours}
        return replace(record, status=STATUS_ACTIVE, superseded_by=None, extra_metadata=metadata)

    def status(self, frame_id: int) -> int:
        return self.states[frame_id] & 15

    def role(self, frame_id: int) -> int:
        return self.states[frame_id] >> 4

    def is_active(self, frame_id: int) -> bool:
        return frame_id in self._active

    def active_ids(self) -> Iterator[int]:
        return iter(self._active)

    def ids_of_uri(self, uri: str) -> list[int]:
        found = super().ids_of_uri(uri)
        return [i for i in found if i < self.frame_count and self.states[i] & 15 != ABSENT]

    def timeline_ids(self, since: int | None, until: int | None, reverse: bool) -> Iterator[int]:
        indexed, active = self.indexed_count, self._active
        unlisted = [i for i in chronicle_of(self.base).retired if i in active]
        unlisted += range(indexed, self.frame_count)
        extra = [(self.timestamp(i), i) for i in unlisted if i in active and self.role(i) == ROLE_DOCUMENT]
        return self._merged_timeline(extra, lambda i: i not in active, since, until, reverse)
