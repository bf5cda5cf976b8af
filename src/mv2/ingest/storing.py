"""A batch of documents into a memory, minding what others have put there since they were looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mv2.errors import DuplicateUriError
from mv2.ingest.documents import Prepared
from mv2.ingest.known import KnownFile, KnownFiles
from mv2.ingest.mutations import put_prepared
from mv2.ingest.plan import Job
from mv2.reports import FileResult

if TYPE_CHECKING:
    from mv2.models.slot import EmbedderSlot
    from mv2.storage.store import Store


def store_jobs(
    store: Store,
    slot: EmbedderSlot | None,
    batch: Sequence[Job],
    tell: Callable[[int], object],
    *,
    again: bool,
) -> list[tuple[tuple[int, ...], FileResult]]:
    """Store documents in one commit; returns the place and result of each.

    In the same commit goes what new versions do not have inside any more.

    Args:
        tell: called now and then with the number of documents done.
        again: store documents again that are there as they are.
    """
    done: list[tuple[tuple[int, ...], FileResult]] = []
    stored: list[Job] = []
    kept: set[str | None] = set()

    def prepared() -> Iterator[Prepared]:
        now = KnownFiles(store.view())  # asked for under the turn: nobody else writes any more
        for job in batch:
            settled = _settled(job, now.of(job.uri), again)
            if settled is not None:
                done.append((job.order, settled))
                continue
            stored.append(job)
            yield from job.prepared
        for inside in {id(job.inside): job.inside for job in batch}.values():
            kept.update(inside.kept)

    def gone() -> Iterator[int]:
        for job in stored:
            if job.previous is not None and (not job.prepared or job.prepared[0].known):
                yield job.previous  # another document has its content now

    put_prepared(store, prepared(), slot, tell, kept, gone())
    view = store.view()
    for job in stored:
        shown = job.shown
        frame_id = job.prepared[0].frame_id if job.prepared else None
        if frame_id is not None and job.prepared[0].known:
            shown = FileResult(name=job.name, status="duplicate", reason=view.record(frame_id).uri)
        done.append((job.order, replace(shown, uri=job.uri, frame_id=frame_id)))
    return done


def _settled(job: Job, now: KnownFile | None, again: bool) -> FileResult | None:
    """What became of a document that others have put since it was looked up; None to put it too."""
    conflict = job.base.on_conflict
    if now is None or now.frame_id == job.previous or conflict == "keep_both" or not job.prepared:
        return None
    result = FileResult(name=job.name, status="unchanged", uri=job.uri, frame_id=now.frame_id)
    if conflict == "error":
        reason = f"frame {now.frame_id} has the uri {job.uri}"
        return replace(result, status="failed", frame_id=None, reason=reason, code=DuplicateUriError.code)
    if conflict == "skip" or (not again and now.is_made_of(job.base.origin, job.fields)):
        return result
    job.previous = now.frame_id
    if job.shown.status == "added":
        job.result = replace(job.shown, status="updated")
    return None
