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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mv2._record import dataclass
from mv2.errors import (
    DocumentLimitError,
    DuplicateUriError,
    Error,
    InvalidArgumentError,
    ReadOnlyError,
    UnsupportedDocumentError,
)
from mv2.extract.model import Extraction, Limits, Part, ReadOptions, Source
from mv2.ingest.documents import MAX_FRAME_BYTES, FoundMetadata, Prepared, prepare, prepare_whole
from mv2.ingest.inside import Inside
from mv2.ingest.known import KnownFile, KnownFiles
from mv2.ingest.media import MediaModels
from mv2.ingest.mutations import put_prepared
from mv2.ingest.reading import documents_of, found_mime, listing
from mv2.ingest.stopping import Stop, stop_on_interrupt
from mv2.ingest.tables import META
from mv2.ingest.walking import FoundFile, as_text
from mv2.reports import FileResult, FileStatus, IngestReport, Interrupted
from mv2.types import Chunking, Document, OnConflict, Origin

if TYPE_CHECKING:
    from mv2.extract.pool import ReaderPool
    from mv2.extract.wire import Outcome
    from mv2.models.slot import EmbedderSlot
    from mv2.storage.store import Store

Duplicates: TypeAlias = Literal["keep", "report", "skip", "link"]
Progress: TypeAlias = Callable[[int, "int | None"], object]

#: A batch is committed when it has so many documents or bytes, or is so old (seconds).
BATCH_DOCUMENTS: Final = 2_000
BATCH_BYTES: Final = 32 << 20
BATCH_SECONDS: Final = 10.0
#: Documents inside documents are taken in so deep.
MAX_DEPTH: Final = 8
_MAILBOX: Final = "application/mbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How files become documents.

    Attributes:
        fields: fields of ``Document`` that all of them get.
        reading, chunking: how they are read and cut.
        on_conflict: what an active document of the same uri means.
        duplicates: what to do with a file whose bytes another document has.
        use_mtime: its time of modification is the document's timestamp, where the file has no better one.
        trust_stat: a file whose size and time of modification did not change is unchanged, unread.
        store_unknown: files without a reader are stored as bytes instead of being skipped.
        workers: processes that read; None means one a core.
        dry_run: say what would be done, and write nothing.
        again: read files again although they have not changed.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    reading: ReadOptions = field(default_factory=ReadOptions)
    chunking: Chunking = field(default_factory=Chunking)
    on_conflict: OnConflict = "version"
    duplicates: Duplicates = "keep"
    use_mtime: bool = False
    trust_stat: bool = False
    store_unknown: bool = True
    workers: int | None = None
    dry_run: bool = False
    again: bool = False


@dataclass(slots=True)
class _Job:
    """A document on its way: a file, or a part of one."""

    name: str
    uri: str
    file_name: str
    data: bytes = b""
    modified_ns: int | None = None
    depth: int = 0
    #: Fields of its document that do not depend on what is in it.
    fields: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    is_file: bool = False
    #: Its place among the files that were found, then among the parts of each.
    order: tuple[int, ...] = ()
    base: Document = field(default_factory=lambda: Document(content=""))
    status: FileStatus = "added"
    #: The active frame that it will replace.
    previous: int | None = None
    result: FileResult | None = None
    prepared: list[Prepared] = field(default_factory=list)
    #: The document that it is inside of, and what is inside of it.
    outer: _Job | None = None
    parts: list[_Job] = field(default_factory=list)
    #: How many of its parts are still to be read; it is stored after them.
    waiting_for: int = 0
    #: What is inside of a file, one for the file and all its parts.
    inside: Inside = field(default_factory=lambda: Inside(Limits()))


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
        slot: EmbedderSlot | None,
        plan: Plan,
        pool: ReaderPool,
        models: MediaModels,
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
        self._slot = slot
        self._plan = plan
        self._pool = pool
        self._models = models
        self._progress = progress
        self._known = KnownFiles(store.view(), leaving)
        self._file_uris: set[str] = set()
        self._results: list[tuple[tuple[int, ...], FileResult]] = []
        self._found = 0
        self._parts: deque[_Job] = deque()
        self._batch: list[_Job] = []
        self._batch_bytes = self._read_bytes = self._read = self._stored = 0
        self._began = self._flushed = time.monotonic()
        self._total: int | None = None
        self._stop = Stop()

    def run(self, files: Collection[FoundFile]) -> IngestReport:
        """Take in all files.

        Raises:
            Interrupted: the user stopped it; everything that was finished is committed.
            LockedError, CapacityExceededError, ModelError, ModelMismatchError, VecDimensionMismatchError,
            StorageError: nothing more can be stored; what was committed before stays.
        """
        self._total = len(files)
        self._file_uris = {file.uri for file in files}
        with stop_on_interrupt() as stopped:
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

    def _jobs(self, files: Iterator[FoundFile], stopped: threading.Event) -> Iterator[tuple[_Job, Source]]:
        """What there is to extract: parts of documents first, so that they do not pile up."""
        while not stopped.is_set():
            job = self._parts.popleft() if self._parts else None
            if job is None:
                file = next(files, None)
                if file is None:
                    return
                job = self._job_of(file)
            if job is not None and self._plan.dry_run:
                shown = job.result or FileResult(name=job.name, status=job.status)
                self._finish(job, shown.status, reason=shown.reason)
            elif job is not None:
                yield job, Source(data=job.data, name=job.file_name)

    # --- before reading -----------------------------------------------------------

    def _job_of(self, file: FoundFile) -> _Job | None:
        """The work that a file means; None when there is nothing to do."""
        job = _Job(
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

    def _is_known(self, job: _Job, known: KnownFile | None) -> bool:
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

    def _link(self, job: _Job, twin: str) -> None:
        """Store where the content stands instead of the content."""
        document = replace(
            job.base, content="", chunks=(), metadata={**job.base.metadata, "duplicate_of": twin}
        )
        job.result = FileResult(name=job.name, status="duplicate", reason=twin)
        job.prepared = [prepare(document)]
        self._to_batch(job)

    def _base(self, job: _Job, sha256: str) -> Document:
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

    def _take(self, job: _Job, outcome: Outcome) -> None:
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
            job.result or FileResult(name=job.name, status=job.status),
            reader=outcome.reader,
            warnings=() if found is None else found.warnings,
            chunks=len(job.prepared[0].entries) - 1,
            tables=0 if found is None else len(found.tables),
            seconds=outcome.seconds,
        )
        self._queue_parts(job)

    def _unread(self, job: _Job, outcome: Outcome) -> Document:
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

    def _time(self, job: _Job) -> int | None:
        """The timestamp of a document that has none of its own."""
        use = self._plan.use_mtime and job.modified_ns is not None
        return (job.modified_ns or 0) // 1_000_000_000 if use else None

    def _documents(self, job: _Job, outcome: Outcome, found: Extraction) -> list[Document]:
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

    def _part_job(self, job: _Job, place: int, part: Part) -> _Job | None:
        """The work that a document inside a document means; None when there is too much inside."""
        modified_ns = None if part.modified is None else part.modified * 1_000_000_000
        inner = _Job(
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
        try:
            inner.uri = job.inside.take(
                inner.uri,
                len(part.data),
                lambda uri: uri in self._file_uris or self._known.is_other(uri, job.uri),
            )
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
        return inner

    def _queue_parts(self, job: _Job) -> None:
        """Have what is inside a document read, but for what is known, then store the document.

        It comes last, so that no interrupt leaves a document without its parts: the next run would
        take it for unchanged.
        """
        parts, job.parts = job.parts, []
        job.waiting_for = len(parts)
        self._add_to_total(len(parts))
        if not parts:
            self._to_batch(job)
        new: list[_Job] = []
        for part in parts:
            known = self._known.of(part.uri)
            if known is None or part.base.on_conflict == "keep_both":
                new.append(part)
            elif self._plan.again or not known.is_made_of(part.base.origin, part.fields):
                part.previous, part.status = known.frame_id, "updated"
                new.append(part)
            else:
                part.inside.kept.update(known.uris())
                self._finish(part, "unchanged", frame_id=known.frame_id)
        if job.outer is None:
            self._parts += new
        else:
            self._parts.extendleft(reversed(new))  # before those around it, so that few wait

    def _leave(self, job: _Job) -> None:
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
                self._results += self._commit(batch)
                self._stored += len(batch)
            self._tell()
        except Error as error:
            if self._stored:
                error.add_note(f"{self._stored:,} documents were settled before, and stay so.")
            raise
        finally:
            self._stop.held = last
        self._flushed = time.monotonic()

    def _commit(self, batch: Sequence[_Job]) -> list[tuple[tuple[int, ...], FileResult]]:
        """Store documents, but for what others have stored in the meantime; returns the results."""
        done: list[tuple[tuple[int, ...], FileResult]] = []
        stored: list[_Job] = []
        kept: set[str | None] = set()

        def prepared() -> Iterator[Prepared]:
            now = KnownFiles(self._store.view())  # asked for under the turn: nobody else writes any more
            for job in batch:
                settled = self._settled(job, now.of(job.uri))
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

        put_prepared(self._store, prepared(), self._slot, self._tell, kept, gone())
        view = self._store.view()
        for job in stored:
            shown = job.result or FileResult(name=job.name, status=job.status)
            frame_id = job.prepared[0].frame_id if job.prepared else None
            if frame_id is not None and job.prepared[0].known:
                shown = FileResult(name=job.name, status="duplicate", reason=view.record(frame_id).uri)
            done.append((job.order, replace(shown, uri=job.uri, frame_id=frame_id)))
        return done

    def _settled(self, job: _Job, now: KnownFile | None) -> FileResult | None:
        """What became of a document that others have put since it was looked up; None to put it too."""
        conflict = job.base.on_conflict
        if now is None or now.frame_id == job.previous or conflict == "keep_both" or not job.prepared:
            return None
        result = FileResult(name=job.name, status="unchanged", uri=job.uri, frame_id=now.frame_id)
        if conflict == "error":
            reason = f"frame {now.frame_id} has the uri {job.uri}"
            return replace(result, status="failed", frame_id=None, reason=reason, code=DuplicateUriError.code)
        if conflict == "skip" or (not self._plan.again and now.is_made_of(job.base.origin, job.fields)):
            return result
        job.previous = now.frame_id
        if job.result is not None and job.result.status == "added":
            job.result = replace(job.result, status="updated")
        return None

    def _finish(self, job: _Job, status: FileStatus, **fields: Any) -> None:
        self._results.append((job.order, FileResult(name=job.name, status=status, uri=job.uri, **fields)))
        self._read += 1
        self._stored += 1
        self._tell()
        self._leave(job)

    def _fail(self, job: _Job, reason: str, code: str | None = None) -> None:
        self._finish(job, "failed", reason=reason, code=code)

    def _to_batch(self, job: _Job) -> None:
        self._batch.append(job)
        self._batch_bytes += sum(map(_held, job.prepared))
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


def _held(prepared: Prepared) -> int:
    """Bytes that a document takes while it waits to be stored, about."""
    stored = sum(len(entry.payload) for entry in prepared.entries)
    return max(stored, len(prepared.raw), sum(len(text) for text in prepared.texts if text))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        data = file.read(MAX_FRAME_BYTES + 1)
    if len(data) > MAX_FRAME_BYTES:
        raise InvalidArgumentError(f"it has more than the {MAX_FRAME_BYTES:,} bytes that a frame can hold")
    return data


def reader_pool(plan: Plan) -> ReaderPool:
    """The processes that read for a plan."""
    from mv2.extract.pool import ReaderPool

    return ReaderPool(plan.workers or os.cpu_count() or 1, plan.reading, plan.chunking)
