"""Databases that ``export`` wrote: the active documents with all that belongs to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from mv2.exchange.importers._own import chunk_of, content_of, fits, left_out
from mv2.exchange.importers._rows import Place, own_uri
from mv2.exchange.items import Item, Skipped
from mv2.types import Chunk, Document, Origin

_TABLES: Final[Mapping[str, frozenset[str]]] = {
    "documents": frozenset(
        {"id", "uri", "title", "kind", "track", "text", "content", "mime", "metadata", "timestamp", "status",
         "source_path", "origin"}
    ),
    "chunks": frozenset({"id", "document_id", "number", "start", "end", "kind", "text", "place"}),
    "tags": frozenset({"document_id", "position", "tag"}),
    "labels": frozenset({"document_id", "position", "label"}),
    "vectors": frozenset({"id", "document_id", "model", "vector"}),
}  # fmt: skip
_ORIGIN: Final = frozenset(field.name for field in fields(Origin))


def is_own_database(connection: sqlite3.Connection) -> bool:
    """Whether the tables are those of an export."""
    return all(
        {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} >= columns
        for name, columns in _TABLES.items()
    )


def own_database(connection: sqlite3.Connection, place: Place) -> Iterator[Item]:
    """Its active documents; one ``Skipped`` for all versions that are not."""
    cursor = connection.execute("SELECT * FROM documents WHERE status = 'active' ORDER BY id")
    names = [column[0] for column in cursor.description]
    for number, values in enumerate(cursor, 1):
        row = dict(zip(names, values, strict=True))
        try:
            yield _document(connection, row, number, place)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Skipped(where=f"{place.where}, document {row['id']}", reason=f"it was changed: {error}")
    old = "SELECT count(*) FROM documents WHERE status <> 'active'"
    (count,) = connection.execute(old).fetchone()
    if count:
        yield left_out(count, place)


def _document(connection: sqlite3.Connection, row: Mapping[str, Any], number: int, place: Place) -> Document:
    frame, text, content = row["id"], row["text"] or "", content_of(row["content"])
    chunks = _chunks(connection, frame)
    rows = _of(connection, "vectors", "id, vector, model", frame)
    vectors = {key: (vector, model) for key, vector, model in rows}
    whole = fits([chunk for _, chunk in chunks], text)
    embedding: Any = vectors[frame][0] if frame in vectors else None
    if chunks and whole and all(key in vectors for key, _ in chunks):
        embedding = [_numbers(vectors[key][0]) for key, _ in chunks]
    elif embedding is not None:
        embedding = _numbers(embedding)
    origin = json.loads(row["origin"]) if row["origin"] else None
    return Document(
        content=text if content is None else content,
        text=None if content is None else text or None,
        chunks=[chunk for _, chunk in chunks] if chunks and whole else None,
        embedding=embedding,
        embedding_model=next((model for _, model in vectors.values()), None),
        uri=own_uri(row["uri"], frame, number, place),
        title=row["title"],
        kind=row["kind"],
        track=row["track"],
        tags=tuple(tag for (tag,) in _of(connection, "tags", "tag", frame, "position")),
        labels=tuple(label for (label,) in _of(connection, "labels", "label", frame, "position")),
        metadata=json.loads(row["metadata"] or "{}"),
        timestamp=row["timestamp"],
        mime=row["mime"],
        source_path=row["source_path"],
        content_dates=tuple(json.loads(row.get("content_dates") or "[]")),
        origin=None if origin is None else Origin(**{key: origin[key] for key in origin if key in _ORIGIN}),
    )


def _chunks(connection: sqlite3.Connection, frame: int) -> list[tuple[int, Chunk]]:
    rows = _of(connection, "chunks", "id, text, start, end, kind, place", frame, "number")
    return [
        (key, chunk_of(text, start, end, kind, json.loads(spot or "{}")))
        for key, text, start, end, kind, spot in rows
    ]


def _of(connection: sqlite3.Connection, table: str, columns: str, frame: int, order: str = "id") -> list[Any]:
    """Rows of a document; all names are ours."""
    statement = f"SELECT {columns} FROM {table} WHERE document_id = ? ORDER BY {order}"  # noqa: S608
    return connection.execute(statement, (frame,)).fetchall()


def _numbers(data: bytes) -> Any:
    import numpy as np

    return np.frombuffer(data, dtype="<f4")
