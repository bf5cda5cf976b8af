"""SQLite: tables of documents, chunks, tags and vectors, and a full-text table over them."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from array import array
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import MissingExtraError
from mv2.exchange._files import temporary
from mv2.exchange.exporters._job import Job, encode_json

if TYPE_CHECKING:
    from mv2 import Record, RecordChunk

_SCHEMA: Final = """
CREATE TABLE documents (
  id INTEGER PRIMARY KEY, uri TEXT, title TEXT, kind TEXT, track TEXT, text TEXT, content BLOB, mime TEXT,
  metadata TEXT, timestamp INTEGER, put_at INTEGER, status TEXT, supersedes INTEGER, superseded_by INTEGER,
  deleted_at INTEGER, replaced_at INTEGER, source_path TEXT, origin TEXT, content_dates TEXT
);
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY, document_id INTEGER REFERENCES documents(id), number INTEGER, start INTEGER,
  end INTEGER, kind TEXT, text TEXT, place TEXT
);
CREATE TABLE tags (document_id INTEGER REFERENCES documents(id), position INTEGER, tag TEXT);
CREATE TABLE labels (document_id INTEGER REFERENCES documents(id), position INTEGER, label TEXT);
CREATE TABLE vectors (
  id INTEGER PRIMARY KEY, document_id INTEGER REFERENCES documents(id), model TEXT, dimension INTEGER,
  vector BLOB
);
"""
_INDEXES: Final = """
CREATE INDEX documents_uri ON documents(uri);
CREATE INDEX documents_timestamp ON documents(timestamp);
CREATE INDEX chunks_document ON chunks(document_id);
CREATE INDEX tags_tag ON tags(tag);
CREATE INDEX tags_document ON tags(document_id);
CREATE INDEX labels_document ON labels(document_id);
CREATE INDEX vectors_document ON vectors(document_id);
"""
_SEARCH: Final = (
    "CREATE VIRTUAL TABLE search USING fts5(title, text, tokenize='unicode61 remove_diacritics 2')"
)


def write(job: Job, *, history: bool = True, vectors: bool = True, fts: bool = True) -> int:
    """Write a database; returns the number of documents, versions included.

    Times are UTC seconds, metadata and places JSON, vectors little-endian float32. ``content`` is
    null where ``text`` says the same. The rows of ``search`` have the id of the document, or of the
    chunk for one in chunks; they are the active ones.

    Args:
        history: replaced and deleted documents, too.
        vectors: with the vectors.
        fts: with the full-text table ``search``.

    Raises:
        MissingExtraError: this Python's SQLite has no FTS5.
    """
    count = 0
    with temporary(job.path) as draft, contextlib.closing(sqlite3.connect(draft)) as base:
        base.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        if fts:
            try:
                base.execute(_SEARCH)
            except sqlite3.OperationalError as error:
                raise MissingExtraError(
                    f"this Python's SQLite has no full-text search: {error}", remedy="Export with fts=False."
                ) from error
        for record in job.records(history=history, vectors=vectors):
            count += 1
            _add(base, record, fts)
        base.executescript(_INDEXES)
        base.commit()
    return count


def _add(base: sqlite3.Connection, record: Record, fts: bool) -> None:
    text = record.full_text
    _insert(
        base,
        "documents",
        (
            record.id, record.uri, record.title, record.kind, record.track, text,
            None if text.encode() == record.content else record.content, record.mime,
            encode_json(dict(record.metadata)), record.timestamp, record.put_at, record.status,
            record.supersedes, record.superseded_by, record.deleted_at, record.replaced_at,
            record.source_path, None if record.origin is None else encode_json(_given(record.origin)),
            encode_json(list(record.content_dates)) if record.content_dates else None,
        ),
    )  # fmt: skip
    for place, tag in enumerate(record.tags):
        _insert(base, "tags", (record.id, place, tag))
    for place, label in enumerate(record.labels):
        _insert(base, "labels", (record.id, place, label))
    _add_vector(base, record, record)
    for place, chunk in enumerate(record.chunks):
        where = encode_json(_given(chunk.place))
        row = (chunk.id, record.id, place, chunk.start, chunk.end, chunk.kind, chunk.text, where)
        _insert(base, "chunks", row)
        _add_vector(base, record, chunk)
    if fts and record.status == "active":
        for piece in record.chunks or (record,):
            found = text if piece is record else piece.text
            statement = "INSERT INTO search (rowid, title, text) VALUES (?, ?, ?)"
            base.execute(statement, (piece.id, record.title, found))


def _add_vector(base: sqlite3.Connection, record: Record, piece: Record | RecordChunk) -> None:
    if piece.vector is None:
        return
    row = array("f", piece.vector)
    if sys.byteorder == "big":
        row.byteswap()
    _insert(base, "vectors", (piece.id, record.id, piece.vector_model, len(row), row.tobytes()))


def _insert(base: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> None:
    base.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - our names


def _given(value: Any) -> dict[str, Any]:
    pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: item for name, item in pairs if item is not None and item != ()}
