"""Many files into a memory: read, extract, cut, embed, commit, with bounded memory.

Files are read here and extracted in worker processes, while what came before is committed. A batch
becomes one commit, so that what is finished stays, whatever happens to the rest.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import (
    DocumentLimitError,
    DuplicateUriError,
    Error,
    InvalidArgumentError,
    ReadOnlyError,
    UnsupportedDocumentError,
)
from mv2.extract.model import Extraction, Part, Source
from mv2.ingest.documents import MAX_FRAME_BYTES, FoundMetadata, prepare, prepare_whole
from mv2.ingest.inside import Inside
from mv2.ingest.known import KnownFile, KnownFiles
from mv2.ingest.media import MediaModels
from mv2.ingest.plan import Job, Plan, Progress, reader_pool
from mv2.ingest.reading import documents_of, found_mime, listing
from mv2.ingest.stopping import Stop, stop_on_interrupt
from mv2.ingest.storing import store_jobs
from mv2.ingest.tables import META
from mv2.ingest.walking import FoundFile, as_text
from mv2.reports import FileResult, FileStatus, IngestReport, Interrupted
from mv2.types import Document, OnConflict, Origin

if TYPE_CHECKING:
    from mv2.extract.wire import Outcome
    from mv2.storage.store import Store

#: A batch is committed when it has so many documents or bytes, or is so old (seconds).
BATCH_DOCUMENTS: Final = 2_000
BATCH_BYTES: Final = 32 << 20
BATCH_SECONDS: Final = 10.0
#: Documents inside documents are taken in so deep.
MAX_DEPTH: Final = 8
_MAILBOX: Final = "application/mbox"


class FileIngest:
    """Takes files in; ``report`` says how far it came, at any moment.

    Args:
        leaving: documents that will be deleted, so that no file is their duplicate.

    Raises:
        InvalidArgumentError: and its kinds, for fields that no document can have.
        ReadOnlyError: the memory is open for reading only.
    """

    def __init__(
        self,
        store: Store,
        models: MediaModels,
        plan: Plan,
        progress: Progress | None = None,
        leaving: Collection[int] = (),
    ) -> None:
        prepare(Document(content="", on_conflict=plan.on_conflict, **plan.fields))  # refuses wrong arguments
        if not (plan.dry_run or store.writable):
            raise ReadOnlyError(
                "the memory is open for reading only",
                path=store.path,
                remedy='Open it with mode "r+" or "a".',
            )
        self._store = store
        self._plan = plan
        self._pool = reader_pool(plan)
        self._models = models
        self._progress = progress
        self._known = KnownFiles(store.view(), leaving)
        self._file_uris: set[str] = set()
        self._results: list[tuple[tuple[int, ...], FileResult]] = []
        self._found = 0
        self._parts: deque[Job] = deque()
        self._batch: list[Job] = []
        self._batch_bytes = self._read_bytes = self._read = self._stored = 0
        self._began = self._flushed = time.monotonic()
        self._total: int | None = None
        self._stop = Stop()

    def run(self, files: Collection[FoundFile]) -> IngestReport:
        """Take in all files; called once.

        Raises:
            Interrupted: the user stopped it; everything that was finished is committed.
            LockedError, CapacityExceededError, ModelError, ModelMismatchError, VecDimensionMismatchError,
            StorageError: nothing more can be stored; what was committed before stays.
        """
        self._total = len(files)
        self._file_uris = {file.uri for file in files}
        with stop_on_interrupt() as stopped, self._pool:
            self._stop = stopped
            try:
                self._take_all(iter(files), stopped)
            except KeyboardInterrupt:  # the second one: what is being read now is given up
                stopped.set()
            self._flush(last=True)
        if stopped.is_set():
            raise Interrupted(self.report(interrupted=True))
        return self.report()

    def report(self, *, interrupted: bool = False) -> IngestReport:
        """What was done so far."""
        return IngestReport(
            files=tuple(result for _, result in sorted(self._results, key=lambda item: item[0])),
            size_bytes=self._read_bytes,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
            dry_run=self._plan.dry_run,
        )

    def _take_all(self, files: Iterator[FoundFile], stopped: threading.Event) -> None:
        while True:
            for job, outcome in self._pool.map(self._jobs(files, stopped)):
                self._take(job, outcome)
                job.data = b""
                if self._is_full():
                    self._flush()
            if stopped.is_set() or not self._parts:
                return

    def _is_full(self) -> bool:
        return bool(self._batch) and (
            len(self._batch) >= BATCH_DOCUMENTS
            or self._batch_bytes >= BATCH_BYTES
            or time.monotonic() - self._flushed >= BATCH_SECONDS
        )

    def _jobs(self, files: Iterator[FoundFile], stopped: threading.Event) -> Iterator[tuple[Job, Source]]:
        """What there is to extract: parts of documents first, so that they do not pile up."""
        while not stopped.is_set():
            job = self._parts.popleft() if self._parts else None
            if job is None:
                file = next(files, None)
                if file is None:
                    return
                job = self._job_of(file)
            if job is not None and self._plan.dry_run:
                self._finish(job, job.shown.status, reason=job.shown.reason)
            elif job is not None:
                yield job, Source(data=job.data, name=job.file_name)

    # --- before reading -----------------------------------------------------------

    def _job_of(self, file: FoundFile) -> Job | None:
        """The work that a file means; None when there is nothing to do."""
        job = Job(
            name=file.name,
            uri=file.uri,
            file_name=as_text(os.path.basename(file.path)),
            modified_ns=file.modified_ns,
            order=(self._found,),
            fields={**file.fields, **self._plan.fields},
            origin=file.origin or Origin(modified_ns=file.modified_ns),
            is_file=file.data is None,
            inside=Inside(self._plan.reading.limits),
        )
        self._found += 1
        if file.problem is not None:
            self._fail(job, file.problem)
            return None
        known = self._known.of(file.uri)
        if known is not None and self._plan.on_conflict == "error":
            self._fail(job, f"frame {known.frame_id} has the uri {file.uri}", DuplicateUriError.code)
            return None
        if known is not None and job.is_file and known.origin.part_of is not None:
            what = f"frame {known.frame_id}, which is inside of {known.origin.part_of}"
            self._fail(job, f"{what}, has the uri {file.uri}", DuplicateUriError.code)
            return None
        if known is not None and self._plan.on_conflict in ("version", "skip"):
            job.previous = known.frame_id
            if self._plan.on_conflict == "skip" or self._has_stat(known, file):
                self._finish(job, "unchanged", frame_id=known.frame_id)
                return None
        try:
            job.data = _read(file.path) if file.data is None else file.data
        except OSError as error:
            self._fail(job, error.strerror or str(error))
            return None
        except Error as error:
            self._fail(job, error.message, error.code)
            return None
        self._read_bytes += len(job.data)
        return None if self._is_known(job, known) else job

    def _has_stat(self, known: KnownFile, file: FoundFile) -> bool:
        """Whether a file need not even be read."""
        plan = self._plan
        same = plan.trust_stat and not plan.again and known.has_stat(file.size, file.modified_ns)
        return same and known.has_fields(plan.fields)

    def _is_known(self, job: Job, known: KnownFile | None) -> bool:
        """Whether the bytes are there already: under this uri, or another one where that matters."""
        sha256 = hashlib.sha256(job.data).hexdigest()
        if known is not None and job.previous is not None:
            same = not self._plan.again and known.has_content(job.data, sha256)
            if same and known.has_fields(self._plan.fields):
                self._finish(job, "unchanged", frame_id=job.previous)
                return True
            job.status = "updated"
        job.base = self._base(job, sha256)
        if self._plan.duplicates == "keep":
            return False
        twin = self._known.twin(sha256, job.uri)
        if twin is None:
            self._known.add(sha256, job.uri)
            return False
        if self._plan.duplicates == "report":
            job.result = FileResult(name=job.name, status="duplicate", reason=twin)
            return False
        if self._plan.duplicates == "link" and not self._plan.dry_run:
            self._link(job, twin)
        elif job.previous is not None and not self._plan.dry_run:
            job.result = FileResult(name=job.name, status="duplicate", reason=twin)
            self._to_batch(job)  # its old version goes
        else:
            self._finish(job, "duplicate", reason=twin)
        return True

    def _link(self, job: Job, twin: str) -> None:
        """Store where the content stands instead of the content."""
        document = replace(
            job.base, content="", chunks=(), metadata={**job.base.metadata, "duplicate_of": twin}
        )
        job.result = FileResult(name=job.name, status="duplicate", reason=twin)
        job.prepared = [prepare(document)]
        self._to_batch(job)

    def _base(self, job: Job, sha256: str) -> Document:
        """The fields of a file's document that do not depend on what is in it."""
        return Document(
            content="",
            uri=job.uri,
            source_path=job.name if job.is_file else None,
            on_conflict=self._plan.on_conflict,
            dedup=self._plan.duplicates == "skip",
            origin=replace(job.origin, sha256=sha256, size=len(job.data)),
            **job.fields,
        )

    # --- after reading ------------------------------------------------------------

    def _take(self, job: Job, outcome: Outcome) -> None:
        """Make documents of what a reader found, and put them into the batch."""
        error = outcome.error
        if isinstance(error, UnsupportedDocumentError):
            if not self._plan.store_unknown:
                self._finish(job, "skipped", reason=error.message, code=error.code)
                return
        elif error is not None:
            reason = error.message if error.remedy is None else f"{error.message} ({error.remedy})"
            self._fail(job, reason, error.code)
            return
        try:
            outcome = self._models.transcribed(outcome, job.data, job.name, self._plan.chunking)
            found = outcome.extraction
            documents = (
                [self._unread(job, outcome)] if found is None else self._documents(job, outcome, found)
            )
            job.prepared = prepare_whole(documents)
        except Error as problem:  # nothing is stored here, so that it is about this document
            self._fail(job, problem.message, problem.code)
            return
        if job.prepared[0].raw != job.data:  # then other bytes may have the same content
            job.prepared[0].document = replace(job.prepared[0].document, dedup=False)
        job.result = replace(
            job.shown,
            reader=outcome.reader,
            warnings=() if found is None else found.warnings,
            chunks=len(job.prepared[0].entries) - 1,
            tables=0 if found is None else len(found.tables),
            seconds=outcome.seconds,
        )
        self._queue_parts(job)

    def _unread(self, job: Job, outcome: Outcome) -> Document:
        """The document of a file that no reader knows: its bytes, without text."""
        mime = job.base.mime or found_mime(outcome)
        return replace(
            job.base,
            content=job.data if self._plan.reading.keep == "bytes" else b"",
            text="",
            chunks=(),
            title=job.base.title or job.file_name,
            mime=mime,
            timestamp=self._time(job) if job.base.timestamp is None else job.base.timestamp,
            origin=replace(job.base.origin or Origin(), mime=mime),
        )

    def _time(self, job: Job) -> int | None:
        """The timestamp of a document that has none of its own."""
        use = self._plan.use_mtime and job.modified_ns is not None
        return (job.modified_ns or 0) // 1_000_000_000 if use else None

    def _documents(self, job: Job, outcome: Outcome, found: Extraction) -> list[Document]:
        """The document of a file, then those of its tables; what is inside of it is queued."""
        options = self._plan.reading
        if outcome.reader == "archive" or found_mime(outcome) == _MAILBOX:
            options = replace(options, keep="text")  # the bytes of its members are kept one by one
        main, *tables = documents_of(job.data, outcome, job.base, options, job.uri, self._time(job))
        main = self._models.pictured(outcome, job.data, main)
        if job.depth < MAX_DEPTH:
            made = (self._part_job(job, place, part) for place, part in enumerate(found.parts))
            job.parts = [part for part in made if part is not None]
        inside = [part.uri for part in job.parts] + [table.uri for table in tables if table.kind == META]
        main = replace(main, title=main.title or job.file_name)
        return [listing(main, inside) if inside else main, *tables]

    def _part_job(self, job: Job, place: int, part: Part) -> Job | None:
        """The work that a document inside a document means; None when there is too much inside."""
        modified_ns = None if part.modified is None else part.modified * 1_000_000_000
        inner = Job(
            name=f"{job.name}!/{part.name}",
            uri=f"{job.uri}!/{part.name}",
            file_name=part.name.rpartition("/")[2],
            data=part.data,
            modified_ns=modified_ns,
            depth=job.depth + 1,
            fields=self._plan.fields,
            origin=Origin(part_of=job.uri, modified_ns=modified_ns),
            order=(*job.order, place),
            inside=job.inside,
        )
        known: KnownFile | None = None

        def is_taken(uri: str) -> bool:
            nonlocal known
            known = self._known.of(uri)
            return uri in self._file_uris or (known is not None and known.origin.part_of != job.uri)

        try:
            inner.uri = job.inside.take(inner.uri, len(part.data), is_taken)
        except DocumentLimitError as error:
            self._add_to_total(1)
            self._fail(inner, error.message, error.code)
            return None
        inner.name = f"{job.name}{inner.uri.removeprefix(job.uri)}"
        inner.outer = job
        base = self._base(inner, hashlib.sha256(part.data).hexdigest())
        # Its container is new or changed, so that a part of the same name is never in conflict.
        on_conflict: OnConflict = "keep_both" if base.on_conflict == "keep_both" else "version"
        metadata = FoundMetadata(part.metadata, base.metadata)
        inner.base = replace(base, on_conflict=on_conflict, metadata=metadata)
        if known is None or on_conflict == "keep_both":
            return inner
        if self._plan.again or not known.is_made_of(inner.base.origin, inner.fields):
            inner.previous, inner.status = known.frame_id, "updated"
        else:
            inner.there, inner.data = known.frame_id, b""
            job.inside.kept.update(known.uris())
        return inner

    def _queue_parts(self, job: Job) -> None:
        """Have what is inside a document read, but for what is known, then store the document.

        It comes last, so that no interrupt leaves a document without its parts: the next run would
        take it for unchanged.
        """
        parts, job.parts = job.parts, []
        job.waiting_for = len(parts)
        self._add_to_total(len(parts))
        if not parts:
            self._to_batch(job)
        for part in parts:
            if part.there is not None:
                self._finish(part, "unchanged", frame_id=part.there)
        new = [part for part in parts if part.there is None]
        if job.outer is None:
            self._parts += new
        else:
            self._parts.extendleft(reversed(new))  # before those around it, so that few wait

    def _leave(self, job: Job) -> None:
        """A document is done; the one that it is inside of may be, too."""
        outer = job.outer
        if outer is not None:
            outer.waiting_for -= 1
            if not outer.waiting_for:
                self._to_batch(outer)

    # --- writing ------------------------------------------------------------------

    def _flush(self, *, last: bool = False) -> None:
        """Commit the batch, and delete in the same commit what its documents no longer have inside."""
        self._stop.held = True  # a commit and the account of it belong together
        batch, self._batch = self._batch, []
        self._batch_bytes = 0
        try:
            if batch:
                self._results += store_jobs(
                    self._store, self._models.slot, batch, self._tell, again=self._plan.again
                )
                self._stored += len(batch)
            self._tell()
        except Error as error:
            if self._stored:
                error.add_note(f"{self._stored:,} documents were settled before, and stay so.")
            raise
        finally:
            self._stop.held = last
        self._flushed = time.monotonic()

    def _finish(self, job: Job, status: FileStatus, **fields: Any) -> None:
        self._results.append((job.order, FileResult(name=job.name, status=status, uri=job.uri, **fields)))
        self._read += 1
        self._stored += 1
        self._tell()
        self._leave(job)

    def _fail(self, job: Job, reason: str, code: str | None = None) -> None:
        self._finish(job, "failed", reason=reason, code=code)

    def _to_batch(self, job: Job) -> None:
        self._batch.append(job)
        self._batch_bytes += job.held
        self._read += 1
        self._tell()
        if job.outer is not None:
            job.inside.kept.update(p.head.uri for p in job.prepared)
            self._leave(job)

    def _tell(self, more: int = 0) -> None:
        """Say how far it is: a document counts half when it was read, whole when it is stored too."""
        if self._progress is not None:
            try:
                self._progress((self._read + self._stored + more) // 2, self._total)
            except KeyboardInterrupt:
                self._stop.set()

    def _add_to_total(self, count: int) -> None:
        if self._total is not None:
            self._total += count


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        data = file.read(MAX_FRAME_BYTES + 1)
    if len(data) > MAX_FRAME_BYTES:
        raise InvalidArgumentError(f"it has more than the {MAX_FRAME_BYTES:,} bytes that a frame can hold")
    return data
