"""Whole documents in and out: what copies, merges and exports are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from mv2.facade.handle import Handle
from mv2.types import Commit, Timestamp

if TYPE_CHECKING:
    import pyarrow as pa

    from mv2.ingest.records import Record
    from mv2.ingest.restoring import RestoreReport


class Exchanging(Handle):
    """Records of everything a memory holds, and a memory made of records."""

    def records(
        self,
        *,
        filter: Mapping[str, Any] | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        history: bool = True,
        vectors: bool = True,
    ) -> Iterator[Record]:
        """Every document with everything known of it, in the order of their ids.

        Args:
            filter: only documents whose newest version passes; the versions before come with it.
            as_of, as_of_frame, as_of_commit: as in ``find``.
            history: replaced and deleted documents, too; False for active ones only.
            vectors: with their vectors.

        Raises:
            FilterError: the filter means nothing.
            ChecksumError: the stored bytes of a document are damaged; when its turn comes.
        """
        from mv2.ingest.records import records_of

        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return records_of(view, filter=filter, history=history, vectors=vectors)

    def restore(
        self,
        records: Iterable[Record],
        *,
        on_conflict: Literal["version", "keep_both", "skip", "error"] = "version",
        progress: Callable[[int, int | None], object] | None = None,
    ) -> RestoreReport:
        """Write records as they are: with their times, versions, ends, vectors and chunks.

        All of them become one commit: when an exception leaves the call (one of the iterable too),
        nothing is kept. Of all the records of another memory an empty one becomes its equal, ids
        included. Into a memory with documents they are merged: ids move, and documents that are
        the same in uri, times, content and what describes them are not written again, so that
        merging twice changes nothing. Versions and deletions of such documents carry on.

        Args:
            records: in ascending order of their ids, as ``records`` gives them.
            on_conflict: what an active document with the uri of a new one means: with ``"version"``
                the one that was put later is active afterwards, and the other one history;
                ``"keep_both"`` leaves both active, ``"skip"`` leaves everything with a uri that is
                active here as it is here, ``"error"`` raises DuplicateUriError.
            progress: called now and then with (records done, number of them or None).

        Raises:
            InvalidArgumentError: and its kinds: out of order, or a value that cannot be stored.
            ModelMismatchError, VecDimensionMismatchError: the vectors are of another model than
                those of this memory.
            LockedError, CapacityExceededError, ReadOnlyError, ClosedError, PoisonedError, StorageError.
        """
        from mv2.ingest.restoring import restore

        return restore(self._store, records, on_conflict=on_conflict, progress=progress)

    def to_arrow(
        self,
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = True,
        chunks: bool = False,
        history: bool = False,
        filter: Mapping[str, Any] | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> pa.Table:
        """The documents as one Arrow table; see ``to_arrow_batches``, which needs less memory."""
        return self.to_arrow_batches(
            columns=columns, vectors=vectors, chunks=chunks, history=history, filter=filter,
            as_of=as_of, as_of_frame=as_of_frame, as_of_commit=as_of_commit,
        ).read_all()  # fmt: skip

    def to_arrow_batches(
        self,
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = True,
        chunks: bool = False,
        history: bool = False,
        filter: Mapping[str, Any] | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        batch_rows: int = 1024,
    ) -> pa.RecordBatchReader:
        """The documents as Arrow record batches: for pandas, polars, DuckDB and Parquet.

        Columns: id, uri, title, text, kind, track, tags, labels (lists), metadata (JSON), timestamp,
        put_at (seconds, UTC; null outside the years 1 to 9999), status, mime, source_path, supersedes,
        content (bytes, where the text is not the content) and embedding (float32 of the memory's
        dimension). With ``chunks`` also parent_id, chunk_index and place (JSON).

        Args:
            columns: which of them, in this order; None for all.
            vectors: with the column embedding, where ``columns`` is None.
            chunks: a row for each piece that is searched, instead of one for each document.
            history: replaced and deleted documents, too.
            filter, as_of, as_of_frame, as_of_commit: as in ``records``.
            batch_rows: rows in a batch.

        Raises:
            MissingExtraError: pyarrow is not installed.
            InvalidArgumentError: there is no such column.
        """
        from mv2.ingest.arrow import arrow_reader

        return arrow_reader(
            self._view_at(as_of, as_of_frame, as_of_commit),
            columns=columns,
            vectors=vectors,
            chunks=chunks,
            history=history,
            filter=filter,
            batch_rows=batch_rows,
        )
