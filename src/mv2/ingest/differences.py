"""What changed between two states of a memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.frames import make_frame
from mv2.ingest.moments import view_of
from mv2.storage.frame_set import FrameSet
from mv2.storage.view import View
from mv2.types import Diff, Moment


def diff(view: View, a: Moment, b: Moment | None) -> Diff:
    """What lies between two points of a view's past; see ``Memvid.diff``."""
    one = view_of(view, a, "a")
    other = view if b is None else view_of(view, b, "b")
    before, after = (one, other) if _extent(one) <= _extent(other) else (other, one)
    removed, added = _only_in(before, after), _only_in(after, before)
    pairs = _descended(after, removed, added)
    pairs |= _same_uri(before, after, _rest(removed, pairs.values()), _rest(added, pairs))
    return Diff(
        added=tuple(make_frame(after, frame_id) for frame_id in added if frame_id not in pairs),
        replaced=tuple(
            (make_frame(before, pairs[frame_id]), make_frame(after, frame_id))
            for frame_id in added
            if frame_id in pairs
        ),
        removed=tuple(make_frame(before, frame_id) for frame_id in _rest(removed, pairs.values())),
    )


def _only_in(view: View, other: View) -> list[int]:
    """Documents that are active in one view only, in the order they were put."""
    mask = other.active().mask[: view.frame_count].ljust(view.frame_count, b"\0")
    return [i for i in view.active() - FrameSet(mask) if view.role(i) != ROLE_CHUNK]


def _extent(view: View) -> tuple[int, int]:
    """Larger for a later state: frames only come, and only stop being active."""
    counts = view.status_counts()
    return sum(counts), sum(counts) - counts[0]


def _rest(ids: list[int], taken: Iterable[int]) -> list[int]:
    gone = set(taken)
    return [frame_id for frame_id in ids if frame_id not in gone]


def _descended(after: View, removed: list[int], added: list[int]) -> dict[int, int]:
    """The old version by the new one, where the new one descends from it."""
    waiting = set(removed)
    pairs: dict[int, int] = {}
    for frame_id in added:
        ancestor = after.record(frame_id).supersedes
        while ancestor is not None and ancestor not in waiting:
            older = after.record(ancestor).supersedes if 0 <= ancestor < after.frame_count else None
            ancestor = older if older is not None and older < ancestor else None
        if ancestor is not None:
            pairs[frame_id] = ancestor
            waiting.discard(ancestor)
    return pairs


def _same_uri(before: View, after: View, removed: list[int], added: list[int]) -> dict[int, int]:
    """The old version by the new one, where one was deleted and another put under its uri."""
    by_uri: defaultdict[str | None, list[int]] = defaultdict(list)
    for frame_id in removed:
        by_uri[before.record(frame_id).uri].append(frame_id)
    pairs: dict[int, int] = {}
    for frame_id in added:
        uri = after.record(frame_id).uri
        if uri is not None and by_uri[uri]:
            pairs[frame_id] = by_uri[uri].pop(0)
    return pairs
