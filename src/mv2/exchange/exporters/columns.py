"""Parquet, Arrow IPC and Feather files."""

from __future__ import annotations

from typing import Any

from mv2.exchange._files import temporary
from mv2.exchange.exporters._job import Job


def write_parquet(
    job: Job, *, vectors: bool = True, chunks: bool = False, history: bool = False, compression: str = "zstd"
) -> int:
    """Write a Parquet file; returns the number of rows.

    Args:
        vectors: with the column embedding, a list of float32 of fixed size.
        chunks: a row for each piece that is searched, instead of one for each document.
        history: replaced and deleted documents, too.
        compression: as pyarrow calls it.
    """
    reader = _reader(job, vectors=vectors, chunks=chunks, history=history)
    import pyarrow.parquet

    with (
        temporary(job.path) as draft,
        pyarrow.parquet.ParquetWriter(draft, reader.schema, compression=compression) as writer,
    ):
        return _copied(job, reader, writer)


def write_arrow(job: Job, *, vectors: bool = True, chunks: bool = False, history: bool = False) -> int:
    """Write an Arrow IPC file, which is also Feather; returns the number of rows.

    Args: as for Parquet.
    """
    reader = _reader(job, vectors=vectors, chunks=chunks, history=history)
    import pyarrow as pa

    with (
        temporary(job.path) as draft,
        pa.OSFile(str(draft), "wb") as file,
        pa.ipc.new_file(file, reader.schema) as writer,
    ):
        return _copied(job, reader, writer)


def _reader(job: Job, *, vectors: bool, chunks: bool, history: bool) -> Any:
    return job.memory.to_arrow_batches(
        vectors=vectors,
        chunks=chunks,
        history=history,
        filter=job.filter,
        as_of=job.as_of,
        as_of_frame=job.as_of_frame,
        as_of_commit=job.as_of_commit,
    )


def _copied(job: Job, reader: Any, writer: Any) -> int:
    rows = 0
    for batch in reader:
        writer.write_batch(batch)
        rows += batch.num_rows
        if job.progress is not None:
            job.progress(rows, None)
    return rows
