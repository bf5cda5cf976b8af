"""One memory taken into another."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mv2.errors import InvalidArgumentError
from mv2.types import Commit, Timestamp

if TYPE_CHECKING:
    from mv2 import Conflict, Memvid


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """What ``merge`` did.

    Attributes:
        id_map: the id in the target by the id in the other memory, chunks included.
        added: versions and documents that were written.
        known: those that the target had already.
        skipped: those that were left out for the sake of a document with their uri.
        conflicts: uris that were active in both, and which side is active now.
    """

    id_map: Mapping[int, int] = field(default_factory=dict)
    added: int = 0
    known: int = 0
    skipped: int = 0
    conflicts: tuple[Conflict, ...] = ()


def _is_same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file; what is no file any more is told by its path."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return Path(one) == Path(other)


@contextlib.contextmanager
def readable(memory: Memvid | str | os.PathLike[str]) -> Iterator[Memvid]:
    """An open memory as it is, or the one at a path, open for reading meanwhile."""
    import mv2

    if isinstance(memory, mv2.Memvid):
        yield memory
        return
    with mv2.open(memory, "r", embedder="none") as opened:
        yield opened


def merge(
    target: Memvid,
    other: Memvid | str | os.PathLike[str],
    *,
    on_conflict: Literal["version", "keep_both", "skip", "error"] = "version",
    filter: Mapping[str, Any] | None = None,
    as_of: Timestamp | None = None,
    as_of_frame: int | None = None,
    as_of_commit: int | Commit | None = None,
    history: bool = True,
    vectors: bool = True,
    progress: Callable[[int, int | None], object] | None = None,
) -> MergeReport:
    """Take all of another memory into ``target``, versions, deletions and times included; one commit.

    Merging the same memory again adds only what came to it meanwhile.

    Args:
        other: a memory, or the path of one, which is only read.
        on_conflict: what happens to a uri that is active in both: ``"version"`` leaves the one
            that was put later active and makes the other history, ``"keep_both"`` keeps both active,
            ``"skip"`` leaves such documents out, ``"error"`` raises DuplicateUriError.
        filter, as_of, as_of_frame, as_of_commit, history: what to take, as in ``Memvid.records``.
        vectors: False leaves them out, which memories of different models need.
        progress: called now and then with (records done, None).

    Raises:
        InvalidArgumentError: both are the same file.
        ModelMismatchError, VecDimensionMismatchError: the vectors are of different models.
        DuplicateUriError, and what opening and writing a memory raises.
    """
    with readable(other) as source:
        if _is_same_file(source.path, target.path):
            raise InvalidArgumentError(f"{target.path} cannot be merged with itself")
        report = target.restore(
            source.records(
                filter=filter,
                as_of=as_of,
                as_of_frame=as_of_frame,
                as_of_commit=as_of_commit,
                history=history,
                vectors=vectors,
            ),
            on_conflict=on_conflict,
            progress=progress,
        )
    return MergeReport(
        id_map=report.ids,
        added=report.added,
        known=report.known,
        skipped=report.skipped,
        conflicts=report.conflicts,
    )
