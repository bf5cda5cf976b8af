"""Which frames a search may find: filter, scope and times of a call together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mv2.ingest.times import to_seconds
from mv2.types import Timestamp

if TYPE_CHECKING:
    from mv2.storage.frame_set import FrameSet
    from mv2.storage.view import View


def moment(value: Timestamp | None, name: str, tz: str | dt.tzinfo | None = None) -> int | None:
    """UTC seconds of a time; of a phrase such as ``"two weeks ago"``, where its range starts.

    Raises:
        InvalidArgumentError: it is neither.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return to_seconds(value, name)
    from mv2.search.dates import to_range

    return to_range(value, name, tz=tz).start


def selected(
    view: View,
    *,
    filter: Mapping[str, Any] | None = None,
    scope: str | None = None,
    since: Timestamp | None = None,
    until: Timestamp | None = None,
    tz: str | dt.tzinfo | None = None,
) -> tuple[FrameSet | None, str]:
    """The frames that pass, and a text that is the same for the same conditions.

    None stands for every active frame. Sets hold active frames only.

    Args:
        filter: see ``mv2.search.filters``.
        scope: beginning of the uri, case-sensitive.
        since: inclusive. until: exclusive.
        tz: the time zone of times in words; None means the system's.

    Raises:
        FilterError: the filter is malformed.
        InvalidArgumentError: a time is none.
    """
    if not (filter or scope) and since is None and until is None:
        return None, ""
    low, high = moment(since, "since", tz), moment(until, "until", tz)
    chosen: FrameSet | None = None
    if filter:
        from mv2.search.filters import parse_filter

        chosen = parse_filter(filter).evaluate(view)
    if scope:
        from mv2.search.filters import scope_set

        chosen = _both(chosen, scope_set(view, scope))
    if low is not None or high is not None:
        from mv2.search.filters import time_set

        chosen = _both(chosen, time_set(view, low, high))
    mark = json.dumps([filter and dict(filter), scope, low, high], default=str, sort_keys=True)
    return (None if chosen is None else chosen & view.active()), mark


def _both(one: FrameSet | None, other: FrameSet) -> FrameSet:
    return other if one is None else one & other
