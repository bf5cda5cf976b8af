"""Filters: which frames a search may find, by what describes them.

A filter is a dictionary as Mongo, Chroma and Pinecone have it::

    {"lang": "en", "year": {"$gte": 2020}, "$or": [{"tags": "red"}, {"kind": "note"}]}

Several keys mean that all must hold. A key is a field; its value is what the
field must equal, or a dictionary of operators:

    $eq $ne               equal to a value, or not
    $in $nin              equal to one of a list, or to none
    $gt $gte $lt $lte     compared with a number, a string or a date
    $contains             a string has that part, a list that member
    $startswith           a string begins with that
    $exists               the frame has the field (true) or not (false)
    $not                  none of the operators in it holds
    $and $or $nor         lists of filters; $not takes one filter, too

Fields are ``uri title kind track tags labels timestamp id role mime`` of the
frame itself; every other name is a key of its metadata. A key that has the
name of a field of the frame is reached as ``metadata.kind``. Dots lead into
dictionaries, and through lists of them: ``author.name``.

Where a field is a list, a condition holds if it does for a member (equality
also for the whole list). Frames without the field pass ``$ne``, ``$nin`` and
``$not``, and equal None. An empty list of tags or labels is no field. Types
never cross: 1 equals 1.0, but neither True nor "1"; comparisons hold within a
type only. A datetime or date compares with metadata strings that are ISO dates;
``timestamp`` takes seconds, datetimes and ISO strings. ``role`` is document,
chunk or image.

What a filter says of a frame does not depend on its status: deleted and
replaced versions pass as they would have before.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mv2.search._filter_columns import evaluate
from mv2.search._filter_nodes import Every, Node, Test, holds
from mv2.search._filter_parser import parse_node
from mv2.search._predicates import Compared, Starts
from mv2.storage.frame_set import FrameSet

if TYPE_CHECKING:
    from mv2.format.frame import FrameRecord
    from mv2.storage.base import Base
    from mv2.storage.overlay import Overlay
    from mv2.storage.view import View

#: Results kept for each state of the memory.
CACHED: Final = 32
_LOCK: Final = threading.Lock()
_SETS: Final = "filter results"
_PENDING: Final = "filter results of pending frames"


class Filter:
    """A parsed filter; make it with ``parse_filter``. Immutable, and equal to others that say the same."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self._node == other._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __repr__(self) -> str:
        return f"Filter({self._node!r})"

    def __and__(self, other: Filter) -> Filter:
        """What both let pass."""
        return Filter(Every((self._node, other._node)))

    def matches(self, record: FrameRecord) -> bool:
        """Whether it lets a frame pass, from its record."""
        return holds(self._node, record)

    def evaluate(self, view: View) -> FrameSet:
        """The frames of a view that pass, whatever their status.

        The result for the committed frames is kept with the commit, and that for pending ones
        with the log, so that asking again costs next to nothing.
        """
        base_count = view.base.frame_count
        committed = _committed(self._node, view.base) if base_count else FrameSet(b"")
        pending = view.frame_count - base_count
        if pending <= 0:
            return committed if pending == 0 else FrameSet(committed.mask[: view.frame_count])
        return FrameSet(committed.mask + _pending(self._node, view.base, view.overlay, pending))


def _committed(node: Node, base: Base) -> FrameSet:
    """What a filter lets pass of the frames of a commit; the latest results are kept."""
    with _LOCK:
        kept: OrderedDict[Node, FrameSet] = base.derived.setdefault(_SETS, OrderedDict())
        found = kept.get(node)
        if found is not None:
            kept.move_to_end(node)
            return found
    found = FrameSet(evaluate(node, base))
    with _LOCK:
        kept[node] = found
        while len(kept) > CACHED:
            kept.popitem(last=False)
    return found


def _pending(node: Node, base: Base, overlay: Overlay, count: int) -> bytes:
    """The mask over the first ``count`` pending frames. What describes them never changes, so that
    only those are looked at that came since the last time.
    """
    with _LOCK:
        by_overlay: weakref.WeakKeyDictionary[Overlay, OrderedDict[Node, bytearray]]
        by_overlay = base.derived.setdefault(_PENDING, weakref.WeakKeyDictionary())
        kept = by_overlay.setdefault(overlay, OrderedDict())
        mask = kept.setdefault(node, bytearray())
        kept.move_to_end(node)
        while len(kept) > CACHED:
            kept.popitem(last=False)
        mask += bytes([holds(node, frame.record) for frame in overlay.frames[len(mask) : count]])
        return bytes(mask[:count])


def parse_filter(given: Mapping[str, Any]) -> Filter:
    """The filter that a dictionary means.

    Raises:
        FilterError: it means nothing; the error names the place in it.
    """
    return Filter(parse_node(given))


def scope_set(view: View, scope: str) -> FrameSet:
    """Frames whose uri begins with ``scope``, case and all."""
    return Filter(Test("uri", Starts(scope))).evaluate(view)


def time_set(view: View, since: int | None, until: int | None) -> FrameSet:
    """Frames from ``since`` (inclusive) to ``until`` (exclusive), by their timestamp in UTC seconds."""
    bounds = [("$gte", since), ("$lt", until)]
    tests = [Test("timestamp", Compared(name, bound)) for name, bound in bounds if bound is not None]
    return Filter(Every(tuple(tests))).evaluate(view)
