"""A folder and a memory in step: what is new is added, what changed is updated, what is gone is retired."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, MemoryNotFoundError, MissingExtraError, StorageError
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.files import FileIngest
from mv2.ingest.inside import inside
from mv2.ingest.media import MediaModels
from mv2.ingest.mutations import tombstones
from mv2.ingest.places import origin_of
from mv2.ingest.plan import Plan
from mv2.ingest.times import now
from mv2.ingest.walking import FoundFile, as_bytes, uri_of, walk
from mv2.reports import FileResult, IngestReport, Interrupted

if TYPE_CHECKING:
    import threading

    from mv2.storage.store import Store
    from mv2.storage.view import View

#: Documents that are retired in one step.
_STEP = 1000
#: Milliseconds after which a watcher without news looks up.
_TIMEOUT = 1000
_DIFFERENCES = ("added", "updated", "retired")


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
    gone = _gone(store.view(), folder, found)
    retired = tuple(
        FileResult(name=uri.removeprefix(uri_of("")), status="retired", uri=uri, frame_id=frame_id)
        for frame_id, uri in gone
    )

    def whole(report: IngestReport) -> IngestReport:
        return replace(report, files=report.files + retired, seconds=time.monotonic() - began)

    leaving = [frame_id for frame_id, _ in gone]
    ingest = FileIngest(store, models, plan, progress, leaving)
    if not plan.dry_run:  # first, so that no file that was moved is a duplicate of what goes
        _retire(store, leaving)
    try:
        return whole(ingest.run(found))
    except Interrupted as stop:
        raise Interrupted(whole(stop.report)) from None


def watch(
    store: Store,
    models: MediaModels,
    folder: str,
    plan: Plan,
    selection: Selection,
    stop: threading.Event | None,
) -> Iterator[IngestReport]:
    """The report of a first sync, then one after each change that made a difference; see ``Memvid.watch``."""
    _watcher()
    folder = _checked(folder)
    last = sync(store, models, folder, plan, selection)
    yield last
    looked_again = False
    for changed in _changes(folder, stop, store.path, hidden=selection.hidden):
        if not changed and looked_again:
            continue
        looked_again = True  # what changed before the watching began shows when nothing else does
        report = sync(store, models, folder, plan, selection)
        if any(file.status in _DIFFERENCES for file in report.files) or _problems(report) != _problems(last):
            yield report
        last = report


def _problems(report: IngestReport) -> set[tuple[str, str]]:
    passing = (*_DIFFERENCES, "unchanged")
    return {(file.name, file.status) for file in report.files if file.status not in passing}


def _changes(folder: str, stop: threading.Event | None, memory: str, *, hidden: bool) -> Iterator[bool]:
    """Whether something below a folder has changed, now and then.

    Raises:
        StorageError: the system cannot watch it.
    """
    watchfiles = _watcher()
    top = os.path.realpath(folder)

    def matters(_: object, path: str) -> bool:
        *folders, name = os.path.relpath(path, top).split(os.sep)
        shown = [*folders, "" if name == ".gitignore" else name]
        return path != memory and (hidden or not any(part.startswith(".") for part in shown))

    try:
        for changes in watchfiles.watch(
            top,
            watch_filter=matters,
            stop_event=stop,
            raise_interrupt=True,
            rust_timeout=_TIMEOUT,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            yield bool(changes)
    except (OSError, RuntimeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        raise StorageError(f"{folder} cannot be watched: {error}", errno=number, path=folder) from error


def _watcher() -> Any:
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError(
            "watching a folder needs the package watchfiles", remedy="pip install 'mv2[watch]'"
        ) from error
    return watchfiles


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


def _gone(view: View, folder: str, found: Sequence[FoundFile]) -> list[tuple[int, str]]:
    """(frame, uri) of active documents that were read from files of the folder that are no longer there.

    A file that is there and left out stays; so does everything below a folder that cannot be read.
    """
    there = {file.uri: file.path for file in found}
    by_name = {file.uri.casefold(): file.path for file in found}
    unreadable = tuple(f"{file.uri}/" for file in found if file.problem is not None)
    gone = []
    for frame_id in view.document_ids():
        record = view.record(frame_id)
        uri = record.uri
        if uri is None or not _is_below(folder, uri) or uri in there or uri.startswith(unreadable):
            continue
        origin = origin_of(record.extra_metadata)
        if record.source_path is None or (origin is not None and origin.part_of is not None):
            continue
        if _is_gone(record.source_path, by_name.get(uri.casefold())):
            gone.append((frame_id, uri))
    return gone


def _is_below(folder: str, uri: str) -> bool:
    """Whether a uri is that of a file below the folder."""
    top = uri_of("" if folder == os.curdir else os.path.join(folder, ""))
    path = uri.removeprefix(top)
    return uri.startswith(top) and not os.path.isabs(path) and os.pardir not in path.split("/")


def _is_gone(path: str, namesake: str | None) -> bool:
    """Whether there is no such file any more. What cannot be looked at is there.

    Args:
        path: as text; bytes that are no Unicode are shown in it.
        namesake: a file that was found, of the same name but for its case.
    """
    for candidate in dict.fromkeys((os.fsencode(path), as_bytes(path))):
        try:
            status = os.lstat(candidate)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            continue
        except OSError:
            return False
        if stat.S_ISDIR(status.st_mode):
            continue
        if namesake is None or not _is_same(status, namesake):
            return False
    return True


def _is_same(status: os.stat_result, path: str) -> bool:
    try:
        return os.path.samestat(status, os.lstat(path))
    except OSError:
        return False


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
