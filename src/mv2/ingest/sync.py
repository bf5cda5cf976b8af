"""A folder and a memory in step: what is new is added, what changed is updated, what is gone is retired."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, MemoryNotFoundError, MissingExtraError
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.files import FileIngest, Plan, reader_pool
from mv2.ingest.known import inside
from mv2.ingest.media import MediaModels
from mv2.ingest.mutations import tombstones
from mv2.ingest.places import origin_of
from mv2.ingest.times import now
from mv2.ingest.walking import FoundFile, uri_of, walk
from mv2.reports import FileResult, IngestReport

if TYPE_CHECKING:
    import threading

    from mv2.storage.store import Store
    from mv2.storage.view import View

#: Documents that are retired in one step.
_STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files of a folder are kept in step; see ``Memvid.sync``."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    gitignore: bool = True
    hidden: bool = False


def sync(
    store: Store,
    models: MediaModels,
    folder: str,
    plan: Plan,
    selection: Selection,
    progress: Callable[[int, int | None], object] | None = None,
) -> IngestReport:
    """Bring the memory into step with a folder; see ``Memvid.sync``."""
    folder = _checked(folder)
    began = time.monotonic()
    found = _files(store, folder, selection)
    view = store.view()
    with reader_pool(plan) as pool:
        ingest = FileIngest(store, models.slot, plan, pool, models, progress)
        report = ingest.run(found, len(found))
    gone = _gone(view, folder, found, ingest.seen)
    if gone and not plan.dry_run:
        _retire(store, [frame_id for frame_id, _ in gone])
    retired = tuple(
        FileResult(name=uri.removeprefix(uri_of("")), status="retired", uri=uri, frame_id=frame_id)
        for frame_id, uri in gone
    )
    return replace(report, files=report.files + retired, seconds=time.monotonic() - began)


def watch(
    store: Store,
    models: MediaModels,
    folder: str,
    plan: Plan,
    selection: Selection,
    stop: threading.Event | None,
) -> Iterator[IngestReport]:
    """The report of a first sync, then one after each change that made a difference; see ``Memvid.watch``."""
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError(
            "watching a folder needs the package watchfiles", remedy="pip install 'mv2[watch]'"
        ) from error
    folder = _checked(folder)
    yield sync(store, models, folder, plan, selection)
    for _ in watchfiles.watch(folder, stop_event=stop, raise_interrupt=True):
        report = sync(store, models, folder, plan, selection)
        if any(file.status != "unchanged" for file in report.files):
            yield report


def _checked(folder: str) -> str:
    """A folder as given, without a separator at its end.

    Raises:
        MemoryNotFoundError: there is no such folder, so that nothing is retired because a disk is missing.
        InvalidArgumentError: it is something else.
    """
    if not os.path.exists(folder):
        raise MemoryNotFoundError(f"there is no folder {folder}", path=folder)
    if not os.path.isdir(folder):
        raise InvalidArgumentError(f"{folder} is not a folder", remedy="Use put for single files.")
    return str(PurePath(folder))


def _files(store: Store, folder: str, selection: Selection) -> list[FoundFile]:
    return list(
        walk(
            [folder],
            include=selection.include,
            exclude=selection.exclude,
            gitignore=selection.gitignore,
            hidden=selection.hidden,
            leave_out=store.path,
        )
    )


def _gone(
    view: View, folder: str, found: Sequence[FoundFile], seen: Collection[int]
) -> list[tuple[int, str]]:
    """(frame, uri) of active documents that were read from files of the folder that are no longer there.

    A file that is there and left out stays; so does everything below a folder that cannot be read.
    """
    there = {file.uri for file in found}
    unreadable = tuple(f"{file.uri}/" for file in found if file.problem is not None)
    prefix = uri_of("") if folder == os.curdir else f"{uri_of(folder)}/"
    gone = []
    for frame_id in view.document_ids():
        if frame_id in seen:
            continue
        record = view.record(frame_id)
        uri = record.uri
        if uri is None or not uri.startswith(prefix) or uri in there or uri.startswith(unreadable):
            continue
        origin = origin_of(record.extra_metadata)
        if record.source_path is None or (origin is not None and origin.part_of is not None):
            continue
        if not os.path.lexists(os.fsencode(record.source_path)):
            gone.append((frame_id, uri))
    return gone


def _retire(store: Store, frame_ids: Sequence[int]) -> None:
    """Delete documents, with their chunks and what was inside of them."""
    for start in range(0, len(frame_ids), _STEP):
        with store.turn() as view:
            wanted = dict.fromkeys(frame_ids[start : start + _STEP])
            for frame_id in list(wanted):
                wanted |= dict.fromkeys(inside(view, frame_id))
            doomed = []
            for frame_id in wanted:
                if view.is_active(frame_id) and view.role(frame_id) != ROLE_CHUNK:
                    doomed += [frame_id, *view.children(frame_id)]
            if doomed:
                group = tombstones(doomed, now())
                store.append(group, [None] * len(group))
