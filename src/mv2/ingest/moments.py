"""Points of the past as people name them, and the views they mean."""

from __future__ import annotations

import datetime as dt

from mv2.errors import InvalidArgumentError
from mv2.ingest.times import to_seconds
from mv2.storage.past import view_at
from mv2.storage.view import View
from mv2.types import Commit, Moment, Timestamp


def view_then(
    view: View,
    as_of: Timestamp | None = None,
    as_of_frame: int | None = None,
    as_of_commit: int | Commit | None = None,
) -> View:
    """What a view showed at the point named, the view itself if none is.

    Raises:
        InvalidArgumentError: more than one is given, or one is not what it must be.
        FrameNotFoundError, CommitNotFoundError: there is no such frame or commit.
    """
    return view_at(
        view,
        time=None if as_of is None else _second(as_of, "as_of"),
        frame=as_of_frame,
        commit=as_of_commit.number if isinstance(as_of_commit, Commit) else as_of_commit,
    )


def view_of(view: View, moment: Moment, name: str) -> View:
    """What a view showed at a commit (or the number of one) or at a time.

    Raises:
        InvalidArgumentError: it is neither; `name` says which argument it was.
        CommitNotFoundError: there is no such commit.
    """
    if isinstance(moment, Commit | int) and not isinstance(moment, bool):
        return view_then(view, as_of_commit=moment)
    if isinstance(moment, str | dt.date):
        return view_at(view, time=to_seconds(moment, name))
    raise InvalidArgumentError(
        f"{name} {moment!r} is no point of the past",
        remedy="Give one of commits(), its number, or a time as datetime or ISO string.",
    )


def _second(value: Timestamp, name: str) -> int:
    """UTC seconds of a time; of a phrase such as ``"last Tuesday"``, where its range starts."""
    if not isinstance(value, str):
        return to_seconds(value, name)
    from mv2.search.dates import to_range

    start = to_range(value, name).start
    if start is None:
        raise InvalidArgumentError(f"{name} {value!r} has no beginning", remedy="Name a point in time.")
    return start
