"""A memory as columns: Arrow record batches of its documents, or of the pieces that are searched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.ingest.records import Record, RecordChunk, records_of
from mv2.storage.view import View
from mv2.types import Place

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
_PLACE_FIELDS: Final = tuple(field.name for field in fields(Place) if field.name != "range")


class _Piece(NamedTuple):
    """A row: a document, or one of its chunks and its number."""

    record: Record
    chunk: RecordChunk | None = None
    number: int | None = None


def _time(seconds: int | None) -> int | None:
    """Arrow's users make dates of times, which end in the year 9999."""
    return seconds if seconds is not None and _FIRST_SECOND <= seconds <= _LAST_SECOND else None


def _content(piece: _Piece) -> bytes | None:
    """The exact content where the text does not say it already."""
    record = piece.record
    other = piece.chunk is None and record.full_text.encode() != record.content
    return record.content if other else None


def _place(piece: _Piece) -> str | None:
    chunk = piece.chunk
    if chunk is None:
        return None
    values = {name: getattr(chunk.place, name) for name in _PLACE_FIELDS}
    given = {name: value for name, value in values.items() if value is not None and value != ()}
    return _encode({"kind": chunk.kind, "range": [chunk.start, chunk.end], **given})


#: Arrow type and value of each column by its name; ``embedding`` is added behind them.
COLUMNS: Final[Mapping[str, tuple[str, Callable[[_Piece], Any]]]] = {
    "id": ("int64", lambda piece: (piece.chunk or piece.record).id),
    "uri": ("string", lambda piece: piece.record.uri),
    "title": ("string", lambda piece: piece.record.title),
    "text": ("large_string", lambda piece: piece.chunk.text if piece.chunk else piece.record.full_text),
    "kind": ("string", lambda piece: piece.record.kind),
    "track": ("string", lambda piece: piece.record.track),
    "tags": ("texts", lambda piece: list(piece.record.tags)),
    "labels": ("texts", lambda piece: list(piece.record.labels)),
    "metadata": ("string", lambda piece: _encode(dict(piece.record.metadata))),
    "timestamp": ("time", lambda piece: _time(piece.record.timestamp)),
    "put_at": ("time", lambda piece: _time(piece.record.put_at)),
    "status": ("string", lambda piece: piece.record.status),
    "mime": ("string", lambda piece: piece.record.mime),
    "source_path": ("string", lambda piece: piece.record.source_path),
    "supersedes": ("int64", lambda piece: piece.record.supersedes),
    "parent_id": ("int64", lambda piece: piece.record.id if piece.chunk else None),
    "chunk_index": ("int64", lambda piece: piece.number),
    "place": ("string", _place),
    "content": ("large_binary", _content),
}
_OF_CHUNKS: Final = ("parent_id", "chunk_index", "place")
_EMBEDDING: Final = "embedding"


def load_pyarrow() -> Any:
    """The module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError(
            "Arrow tables need pyarrow, which is not installed", remedy="pip install 'mv2[arrow]'"
        ) from error
    return pa


def arrow_reader(
    view: View,
    *,
    columns: Sequence[str] | None,
    vectors: bool,
    chunks: bool,
    history: bool,
    filter: Mapping[str, Any] | None,
    batch_rows: int,
) -> pa.RecordBatchReader:
    """Batches of rows, made as they are asked for; see ``Memvid.to_arrow_batches``."""
    pa = load_pyarrow()
    if isinstance(batch_rows, bool) or batch_rows < 1:
        raise InvalidArgumentError(f"batch_rows {batch_rows!r} is not a number from 1 on")
    names = _names(columns, vectors=vectors, chunks=chunks)
    dimension = view.vector_dimension
    schema = pa.schema([pa.field(name, _type(pa, name, dimension)) for name in names])
    with_vectors = _EMBEDDING in names
    records = records_of(view, filter=filter, history=history, vectors=with_vectors)
    pieces = _pieces(records, chunks)
    return pa.RecordBatchReader.from_batches(schema, _batches(pa, schema, pieces, dimension, batch_rows))


def _names(columns: Sequence[str] | None, *, vectors: bool, chunks: bool) -> list[str]:
    if columns is None:
        usual = [name for name in COLUMNS if chunks or name not in _OF_CHUNKS]
        return [*usual, _EMBEDDING] if vectors else usual
    if isinstance(columns, str):
        raise InvalidArgumentError("columns is one string", remedy=f"Give a list: columns=[{columns!r}].")
    for name in columns:
        if name not in COLUMNS and name != _EMBEDDING:
            raise InvalidArgumentError(
                f"there is no column {name!r}", remedy=f"Columns: {', '.join([*COLUMNS, _EMBEDDING])}."
            )
    return list(dict.fromkeys(columns))


def _type(pa: Any, name: str, dimension: int) -> Any:
    if name == _EMBEDDING:
        return pa.list_(pa.float32(), dimension) if dimension else pa.list_(pa.float32())
    kind = COLUMNS[name][0]
    if kind == "texts":
        return pa.list_(pa.string())
    return pa.timestamp("s", tz="UTC") if kind == "time" else getattr(pa, kind)()


def _pieces(records: Iterator[Record], chunks: bool) -> Iterator[_Piece]:
    for record in records:
        if chunks and record.chunks:
            for index, chunk in enumerate(record.chunks):
                yield _Piece(record, chunk, index)
        else:
            yield _Piece(record)


def _batches(pa: Any, schema: Any, pieces: Iterator[_Piece], dimension: int, rows: int) -> Iterator[Any]:
    while waiting := list(islice(pieces, rows)):
        yield _batch(pa, schema, waiting, dimension)


def _batch(pa: Any, schema: Any, pieces: Sequence[_Piece], dimension: int) -> Any:
    arrays = []
    for field in schema:
        if field.name == _EMBEDDING:
            arrays.append(_embeddings(pa, field.type, pieces, dimension))
        else:
            cell = COLUMNS[field.name][1]
            arrays.append(pa.array([cell(piece) for piece in pieces], type=field.type))
    return pa.record_batch(arrays, schema=schema)


def _embeddings(pa: Any, kind: Any, pieces: Sequence[_Piece], dimension: int) -> Any:
    """Vectors of the pieces; a document in chunks has one only if it was given one of its own."""
    import numpy as np

    if not dimension:
        return pa.nulls(len(pieces), type=kind)
    rows = [(piece.chunk or piece.record).vector for piece in pieces]
    matrix = np.zeros((len(rows), dimension), dtype=np.float32)
    for place, row in enumerate(rows):
        if row is not None:
            matrix[place] = row
    missing = pa.array([row is None for row in rows])
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), dimension, mask=missing)
