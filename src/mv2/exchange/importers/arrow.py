"""Columns: Parquet, Arrow and Feather files, and data frames."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from mv2.errors import DocumentError, InvalidArgumentError, MissingExtraError
from mv2.exchange.importers._bundle import Bundle, is_path
from mv2.exchange.importers._own import is_own, own_documents
from mv2.exchange.importers._rows import AUTO, Columns, Place, document_of, resolve
from mv2.exchange.items import Item

_BATCH: Final = 1_024
_PARQUET: Final = (".parquet", ".pq")
_ARROW: Final = (".arrow", ".feather", ".ipc", ".arrows")


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a file of columns, 0 to 1."""
    if bundle.kind != "file":
        return 0.0
    if bundle.head().startswith((b"PAR1", b"ARROW1")):
        return 1.0
    return 0.8 if bundle.path.suffix.lower() in (*_PARQUET, *_ARROW) else 0.0


def is_frame(source: Any) -> bool:
    """Whether an object is a data frame, a table or a stream of record batches."""
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")


def read(
    source: str | os.PathLike[str] | Any,
    *,
    text: str | Sequence[str] = AUTO,
    title: str | None = AUTO,
    id: str | None = AUTO,
    timestamp: str | None = AUTO,
    tags: str | None = AUTO,
    embedding: str | None = AUTO,
    metadata: str | Sequence[str] | None = AUTO,
    name: str | None = None,
) -> Iterator[Item]:
    """Read a Parquet, Arrow IPC or Feather file, or a frame of pandas, polars or pyarrow.

    A column of lists of numbers becomes the documents' vectors. At most a thousand rows are
    held at a time.

    Args:
        text, title, id, timestamp, tags, embedding, metadata: as in ``Columns``.
        name: part of the uris; None takes the file's name without its ending, ``frame`` for objects.

    Raises:
        MissingExtraError: pyarrow is not installed.
        DocumentError: the file cannot be read.
        InvalidArgumentError: no frame, or a column that was named does not exist.
    """
    columns = Columns(
        text=text, title=title, id=id, timestamp=timestamp, tags=tags, embedding=embedding, metadata=metadata
    )
    pa = load_pyarrow()
    if not is_path(source):
        yield from documents(batches_of(source), columns, Place(name=name or "frame", where=name or "frame"))
        return
    bundle = Bundle(source)
    place = Place(name=name or bundle.path.stem, where=bundle.path.name, source_path=str(bundle.path))
    try:
        yield from documents(_file_batches(bundle), columns, place)
    except (pa.ArrowException, OSError) as error:
        raise DocumentError(f"{bundle.path} cannot be read: {error}", path=bundle.path) from error


def load_pyarrow() -> Any:
    """The module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError(
            "columns are read with pyarrow, which is not installed", remedy="pip install 'mv2[arrow]'"
        ) from error
    return pa


def _file_batches(bundle: Bundle) -> Iterator[Any]:
    if bundle.head().startswith(b"PAR1"):
        from pyarrow import parquet

        with parquet.ParquetFile(bundle.path) as file:
            yield from file.iter_batches(batch_size=_BATCH)
        return
    import pyarrow as pa

    with pa.OSFile(str(bundle.path)) as source:
        if bundle.head().startswith(b"ARROW1"):
            with pa.ipc.open_file(source) as reader:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)
        else:
            with pa.ipc.open_stream(source) as reader:
                yield from reader


def batches_of(source: Any) -> Iterator[Any]:
    """The record batches of a frame.

    Raises:
        InvalidArgumentError: it is none.
    """
    import pyarrow as pa

    if hasattr(source, "__arrow_c_stream__"):
        yield from pa.RecordBatchReader.from_stream(source)
    elif hasattr(source, "__arrow_c_array__"):
        yield pa.record_batch(source)
    else:
        raise InvalidArgumentError(
            f"{type(source).__name__} is no data frame", remedy="Give a frame of pandas, polars or pyarrow."
        )


def documents(batches: Iterable[Any], columns: Columns, place: Place) -> Iterator[Item]:
    """A document for each row of record batches."""
    pieces = (batch.slice(start, _BATCH) for batch in batches for start in range(0, batch.num_rows, _BATCH))
    first = next(pieces, None)
    if first is None:
        return
    resolved = resolve(columns, first.slice(0, 200).to_pylist(), first.schema.names, place.where)
    rows = (row for piece in itertools.chain([first], pieces) for row in _rows(piece, resolved.embedding))
    if is_own(first.schema.names, columns):
        yield from own_documents(rows, place)
        return
    for number, row in enumerate(rows, 1):
        yield document_of(row, number, resolved, place)


def _rows(batch: Any, embedding: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows as Python values; vectors stay arrays, of which a thousand numbers cost no more than one."""
    vectors = [name for name in embedding if name in batch.schema.names and _holds_vectors(batch, name)]
    rest = batch.select([name for name in batch.schema.names if name not in vectors])
    columns = [batch.column(name) for name in vectors]
    for number, row in enumerate(rest.to_pylist()):
        for name, column in zip(vectors, columns, strict=True):
            value = column[number]
            row[name] = value.values.to_numpy(zero_copy_only=False) if value.is_valid else None
        yield row


def _holds_vectors(batch: Any, name: str) -> bool:
    import pyarrow as pa

    kind = batch.schema.field(name).type
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(check(kind) for check in lists):
        return False
    return bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
