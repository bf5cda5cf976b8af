"""Documents of a run that are nearly the same as others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mv2.errors import InvalidArgumentError
from mv2.ingest import revisions
from mv2.ingest.places import origin_of
from mv2.reports import FileResult, IngestReport
from mv2.search.duplicates import duplicate_groups

if TYPE_CHECKING:
    from mv2.ingest.plan import Duplicates
    from mv2.storage.store import Store
    from mv2.types import DuplicateGroup


def check_threshold(value: object) -> None:
    """Refuse what is no share of shingles, before anything is stored.

    Raises:
        InvalidArgumentError: it is not a number from 0.1 to 1.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.1 <= value <= 1:
        raise InvalidArgumentError(f"near {value!r} is not a number from 0.1 to 1")


def settle_near(store: Store, report: IngestReport, threshold: float, policy: Duplicates) -> IngestReport:
    """Report the groups that documents of this run are in, and skip or link all but the first of each.

    Args:
        threshold: share of three-word shingles two documents must have in common, 0.1 to 1.
        policy: ``"skip"`` deletes the newcomer again, ``"link"`` leaves a document without content
            that names the other one; others only report.
    """
    added = {
        file.frame_id: place
        for place, file in enumerate(report.files)
        if file.status in ("added", "updated") and file.frame_id is not None
    }
    if not added:
        return report
    groups = [
        group
        for group in duplicate_groups(store.view(), threshold)
        if not added.keys().isdisjoint(group.frame_ids)
    ]
    files = list(report.files)
    if policy in ("skip", "link"):
        for group in groups:
            for place, result in _settled(store, group, added, files, policy):
                files[place] = result
    return replace(report, files=tuple(files), duplicates=tuple(groups))


def _settled(
    store: Store, group: DuplicateGroup, added: dict[int, int], files: list[FileResult], policy: Duplicates
) -> list[tuple[int, FileResult]]:
    """(place, result) of the documents of a group that gave way to the first one."""
    first = min(group.frame_ids, key=lambda frame_id: (frame_id in added, frame_id))
    view = store.view()
    uri = view.record(first).uri or ""
    settled = []
    for frame_id in group.frame_ids:
        if frame_id == first or frame_id not in added:
            continue
        new_id: int | None = None
        if policy == "skip":
            revisions.delete(store, frame_id)
        else:
            record = view.record(frame_id)
            changes = {
                "content": "",
                "metadata": {"duplicate_of": uri},
                "origin": origin_of(record.extra_metadata),  # so that the file is known the next time
                "source_path": record.source_path,
            }
            new_id = revisions.update(store, frame_id, changes, merge=True)
        place = added[frame_id]
        settled.append((place, replace(files[place], status="duplicate", reason=uri, frame_id=new_id)))
    return settled
