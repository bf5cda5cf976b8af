"""What takes files in, and shows what is in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mv2.facade.handle import Handle, check_choice, check_kind
from mv2.types import Chunk, Chunking, Content, FrameRef, OnConflict, Timestamp

if TYPE_CHECKING:
    import threading

    from mv2.extract.model import ReadOptions, Table
    from mv2.ingest.plan import Duplicates, Plan
    from mv2.reports import IngestReport, TableInfo
    from mv2.web.model import FetchOptions


class Filing(Handle):
    """Files, folders and the tables in them."""

    def put_files(
        self,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        uri: str | None = None,
        title: str | None = None,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        track: str | None = None,
        kind: str | None = None,
        timestamp: Timestamp | None = None,
        mime: str | None = None,
        use_mtime: bool = False,
        on_conflict: OnConflict = "version",
        duplicates: Duplicates = "keep",
        near: float | None = None,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        gitignore: bool = False,
        hidden: bool = False,
        reading: ReadOptions | None = None,
        chunking: Chunking | None = None,
        store_unknown: bool = True,
        again: bool = False,
        workers: int | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> IngestReport:
        """Read files, and all files of folders, into the memory; reports what became of each.

        A file's uri is ``mv2://files/`` and its path as given, so that putting it again makes a new
        version of the same document; one that has not changed is left alone. What cannot be read
        is reported, and stops nothing. Files are read in several processes and committed in batches.

        Args:
            paths: files and folders; folders are walked in the order of their names.
            uri: identity of the document, of one file only.
            title, tags, labels, metadata, track, kind, timestamp, mime: given to every document.
            use_mtime: the time of a file's modification is its timestamp, where what is in it says none.
            on_conflict: as in ``put``.
            duplicates: what to do with a file whose bytes another document has: ``"keep"`` both,
                ``"report"`` it and keep both, ``"skip"`` it, or ``"link"``: store a document without
                content whose metadata ``duplicate_of`` names the other one.
            near: do the same with documents whose texts have at least this share (0.1 to 1) of their
                three-word shingles in common; the report lists the groups. The whole memory is read for it.
                What is skipped so is put and deleted again at each run.
            include, exclude: patterns as in ``.gitignore``; only files that one of ``include`` matches
                are read, where there are any, and none that one of ``exclude`` matches.
            gitignore: leave out what the ``.gitignore`` files in the folders name.
            hidden: read what starts with a dot too.
            reading, chunking: as in ``put``.
            store_unknown: keep files that no reader knows as bytes without text; else they are skipped.
            again: read files again although they have not changed, as with other ``reading`` than before.
            workers: processes that read; None means one for each core.
            progress: called with (documents done, documents in all) when a document was read, when some
                were stored, and at the end. One that is read and not yet stored counts half; what
                is inside of files is counted from when it is found.

        Raises:
            Interrupted: Ctrl-C; what was finished is committed, and its ``report`` tells what.
            InvalidArgumentError: and its kinds, for arguments that can never work; nothing was read.
            LockedError, CapacityExceededError, ReadOnlyError, ClosedError, StorageError, ModelError: and
                its kinds. Batches that were committed before stay, and the same call goes on from there.
        """
        from mv2.ingest.filing import put_files
        from mv2.ingest.plan import Plan

        check_choice("duplicates", duplicates, ("keep", "report", "skip", "link"))
        fields = _fields(
            title=title, tags=tags, labels=labels, metadata=metadata,
            track=track, kind=kind, timestamp=timestamp, mime=mime,
        )  # fmt: skip
        plan = Plan(
            fields=fields,
            reading=_reading(reading),
            chunking=_chunking(chunking),
            on_conflict=on_conflict,
            duplicates=duplicates,
            use_mtime=use_mtime,
            store_unknown=store_unknown,
            again=again,
            workers=workers,
        )
        return put_files(
            self._store, self._media, paths, plan, uri=uri, near=near,
            include=include, exclude=exclude, gitignore=gitignore, hidden=hidden, progress=progress,
        )  # fmt: skip

    def put_url(
        self,
        url: str,
        *,
        web: FetchOptions | None = None,
        uri: str | None = None,
        title: str | None = None,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        track: str | None = None,
        kind: str | None = None,
        timestamp: Timestamp | None = None,
        mime: str | None = None,
        on_conflict: OnConflict = "version",
        reading: ReadOptions | None = None,
        chunking: Chunking | None = None,
        again: bool = False,
    ) -> IngestReport:
        """Fetch a web page, or a document from the web, into the memory; of a feed each entry.

        Its uri is the address, and ``Frame.origin`` says where it was found in the end, and when.
        Fetching it again makes a new version where it has changed. Only public addresses are
        fetched, sites are asked through ``robots.txt``, and time and size are bounded: see
        ``mv2.FetchOptions``.

        Args:
            url: ``http`` or ``https``.
            web: how it is fetched.
            uri: another identity, for a single page.
            title, tags, labels, metadata, track, kind, timestamp, mime: given to the documents.
            on_conflict, reading, chunking, again: as in ``put_files``.

        Raises:
            FetchError: it cannot be fetched, or may not be.
            MissingExtraError: without the extra ``web``.
            DocumentError: it is a feed that cannot be read. Pages that cannot be are in the report.
        """
        from mv2.ingest.pages import put_url
        from mv2.ingest.plan import Plan

        fields = _fields(
            title=title, tags=tags, labels=labels, metadata=metadata,
            track=track, kind=kind, timestamp=timestamp, mime=mime,
        )  # fmt: skip
        plan = Plan(
            fields=fields,
            reading=_reading(reading),
            chunking=_chunking(chunking),
            on_conflict=on_conflict,
            again=again,
        )
        self._check_writable()
        return put_url(self._store, self._media, url, plan, web, uri)

    def sync(
        self,
        folder: str | os.PathLike[str],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        gitignore: bool = True,
        hidden: bool = False,
        dry_run: bool = False,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        track: str | None = None,
        use_mtime: bool = False,
        duplicates: Duplicates = "keep",
        reading: ReadOptions | None = None,
        chunking: Chunking | None = None,
        again: bool = False,
        workers: int | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> IngestReport:
        """Bring the memory into step with a folder: add new files, update changed ones, retire removed ones.

        A file whose size and time of modification are those of last time is unchanged, and only
        looked up. Documents have the uris that ``put_files`` gives them, so give the folder the
        same way each time. What is retired stays in the history.

        Args:
            folder: an existing folder.
            include, exclude, gitignore, hidden: as in ``put_files``. A file that is left out now and
                still there keeps its document.
            dry_run: report what would be done, and write nothing.
            again: read files again although they have not changed.

        Raises: as ``put_files``; MemoryNotFoundError when there is no such folder.
        """
        from mv2.ingest.sync import Selection, sync

        plan = self._sync_plan(
            tags, labels, metadata, track, use_mtime, duplicates, reading, chunking, workers, dry_run, again
        )
        selection = Selection(include=include, exclude=exclude, gitignore=gitignore, hidden=hidden)
        return sync(self._store, self._media, os.fspath(folder), plan, selection, progress)

    def watch(
        self,
        folder: str | os.PathLike[str],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        gitignore: bool = True,
        hidden: bool = False,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        track: str | None = None,
        use_mtime: bool = False,
        duplicates: Duplicates = "keep",
        reading: ReadOptions | None = None,
        chunking: Chunking | None = None,
        workers: int | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[IngestReport]:
        """Sync a folder, and again whenever something in it changes; yields the reports.

        Args:
            stop: set it to end the watching.

        Raises: as ``sync``, which ends the watching; MissingExtraError without the extra ``watch``;
            StorageError when the system cannot watch the folder.
        """
        from mv2.ingest.sync import Selection, watch

        plan = self._sync_plan(
            tags, labels, metadata, track, use_mtime, duplicates, reading, chunking, workers, False, False
        )
        selection = Selection(include=include, exclude=exclude, gitignore=gitignore, hidden=hidden)
        return watch(self._store, self._media, os.fspath(folder), plan, selection, stop)

    @staticmethod
    def _sync_plan(
        tags: Sequence[str],
        labels: Sequence[str],
        metadata: Mapping[str, Any] | None,
        track: str | None,
        use_mtime: bool,
        duplicates: Duplicates,
        reading: ReadOptions | None,
        chunking: Chunking | None,
        workers: int | None,
        dry_run: bool,
        again: bool,
    ) -> Plan:
        from mv2.ingest.plan import Plan

        check_choice("duplicates", duplicates, ("keep", "report", "skip", "link"))
        return Plan(
            fields=_fields(tags=tags, labels=labels, metadata=metadata, track=track),
            reading=_reading(reading),
            chunking=_chunking(chunking),
            duplicates=duplicates,
            use_mtime=use_mtime,
            trust_stat=True,
            workers=workers,
            dry_run=dry_run,
            again=again,
        )

    def preview_chunks(
        self,
        content: Content,
        *,
        name: str = "",
        mime: str | None = None,
        reading: ReadOptions | None = None,
        chunking: Chunking | None = None,
    ) -> list[Chunk]:
        """How ``put`` would cut a document; nothing is stored. The same as ``mv2.preview_chunks``."""
        from mv2.ingest.filing import preview_chunks

        return preview_chunks(content, name=name, mime=mime, reading=reading, chunking=chunking)

    def tables(self, document: FrameRef | None = None) -> list[TableInfo]:
        """The tables that were stored (``ReadOptions(tables=True)``), of one document or of all.

        Raises:
            FrameNotFoundError: there is no such document.
        """
        from mv2.ingest.tables import list_tables

        return list_tables(self._store.view(), document)

    def table(self, table: FrameRef) -> Table:
        """A stored table with its rows.

        Args:
            table: its id as ``tables`` gives it, or its frame or uri.

        Raises:
            FrameNotFoundError: there is none.
        """
        from mv2.ingest.tables import read_table

        return read_table(self._store.view(), table)


def _fields(**given: Any) -> dict[str, Any]:
    """Fields of ``Document`` without those that say nothing; lists are copied."""
    from mv2.ingest.documents import read_texts

    lists = {name: tuple(read_texts(given[name], name)) for name in ("tags", "labels")}
    return {name: value for name, value in {**given, **lists}.items() if value not in (None, (), {})}


def _reading(options: ReadOptions | None) -> ReadOptions:
    from mv2.extract.model import ReadOptions

    if options is None:
        return ReadOptions()
    check_kind("reading", options, ReadOptions)
    return options


def _chunking(chunking: Chunking | None) -> Chunking:
    if chunking is None:
        return Chunking()
    check_kind("chunking", chunking, Chunking)
    return chunking
