"""Chroma: its folder on disk, or what ``collection.get()`` returns."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from mv2.errors import DocumentError, InvalidArgumentError
from mv2.exchange.importers._bundle import Bundle, is_path
from mv2.exchange.importers._json import whole_value
from mv2.exchange.importers._sql import opened, tables
from mv2.exchange.importers._values import (
    as_list,
    as_mapping,
    clean,
    metadata_of,
    seconds_of,
    text_of,
    uri_part,
)
from mv2.exchange.items import Item, Skipped
from mv2.types import Document

_FILE: Final = "chroma.sqlite3"
_NEEDED: Final = {"collections", "segments", "embeddings", "embedding_metadata"}
_TYPES: Final = {"FLOAT32": "<f4", "INT32": "<i4"}
# Its own keys, which hold the text and where it came from.
_DOCUMENT: Final = "chroma:document"

_ROWS: Final = """
SELECT e.id, e.embedding_id, e.created_at, m.key, m.string_value, m.int_value, m.float_value, {truth}
FROM embeddings e JOIN segments s ON s.id = e.segment_id LEFT JOIN embedding_metadata m ON m.id = e.id
WHERE s.collection = ? ORDER BY e.id
"""


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a Chroma folder or export, 0 to 1."""
    if bundle.kind == "folder":
        return 1.0 if (bundle.path / _FILE).is_file() else 0.0
    if bundle.path.name == _FILE:
        return 1.0
    head = bundle.head()
    return (
        0.9 if head.lstrip().startswith(b"{") and all(k in head for k in (b'"ids"', b'"documents"')) else 0.0
    )


def read(
    source: str | os.PathLike[str] | Mapping[str, Any], *, collection: str | None = None
) -> Iterator[Item]:
    """Read a Chroma folder (its SQLite file; never changed), or the answer of ``collection.get``.

    The folder's vectors are taken from its log, where Chroma keeps the newest ones (all of them, unless
    it was told to purge). What is only in its vector index comes without a vector, and is embedded by
    the memory's own model, if it has one.

    Args:
        source: folder, its ``chroma.sqlite3``, a JSON file of ``collection.get(include=[…])``, or that
            dictionary.
        collection: only this one; for an answer, the name it came from. None reads all.

    Raises:
        DocumentError: it cannot be read, or is none of these.
        InvalidArgumentError: there is no such collection.
    """
    if not is_path(source):
        yield from _answer(as_mapping(source), collection or "collection", None)
        return
    bundle = Bundle(source)  # type: ignore[arg-type]
    path = bundle.path / _FILE if bundle.kind == "folder" else bundle.path
    if path.suffix != ".sqlite3":
        with bundle.open(path.name) as file:
            value = whole_value(file, path.name)
        yield from _answer(as_mapping(value), collection or path.stem, str(path))
        return
    if not path.exists():
        raise DocumentError(f"{bundle.path} is no Chroma folder: it has no {_FILE}", path=bundle.path)
    with opened(path) as connection:
        if not set(tables(connection)) >= _NEEDED:
            raise DocumentError(f"{path} is no Chroma database", path=path)
        found = connection.execute("SELECT id, name FROM collections ORDER BY name").fetchall()
        names = [name for _, name in found]
        if collection is not None and collection not in names:
            raise InvalidArgumentError(
                f"{path} has no collection {collection!r}",
                remedy=f"Name one with collection= (--collection): {', '.join(names) or 'it has none'}.",
            )
        for key, name in found:
            if collection in (None, name):
                yield from _collection(connection, key, name, str(path))


def _collection(connection: sqlite3.Connection, key: str, name: str, path: str) -> Iterator[Item]:
    columns = {row[1] for row in connection.execute("PRAGMA table_info(embedding_metadata)")}
    vectors = _Vectors(connection, key)
    arrays = _Arrays(connection)
    # The only thing put into the query is one of two words.
    query = _ROWS.format(truth="m.bool_value" if "bool_value" in columns else "NULL")
    missing = 0
    for (number, item, created), rows in groupby(connection.execute(query, (key,)), key=lambda row: row[:3]):
        metadata = {row[3]: _value(row) for row in rows if row[3] is not None}
        metadata |= arrays.of(number)
        vector = vectors.of(item)
        missing += vector is None
        yield _document(
            item, metadata.pop(_DOCUMENT, None), metadata, vector, seconds_of(created), name, path
        )
    if missing:
        yield Skipped(
            where=f"collection {name}",
            reason=f"the vectors of {missing:,} items are only in Chroma's index; they came without",
        )


def _value(row: tuple[Any, ...]) -> Any:
    text, whole, number, truth = row[4:8]
    if truth is not None:
        return bool(truth)
    return next((value for value in (text, whole, number) if value is not None), None)


class _Vectors:
    """The newest vector of an item, from the log of operations."""

    def __init__(self, connection: sqlite3.Connection, collection: str) -> None:
        self._connection = connection
        self._newest: dict[str, int] = {}
        if "embeddings_queue" in tables(connection):
            self._newest = dict(
                connection.execute(
                    "SELECT id, max(seq_id) FROM embeddings_queue WHERE vector IS NOT NULL"
                    " AND (topic = ?1 OR topic LIKE '%/' || ?1) GROUP BY id",
                    (collection,),
                )
            )

    def of(self, item: str) -> Any:
        number = self._newest.get(item)
        if number is None:
            return None
        data, encoding = self._connection.execute(
            "SELECT vector, encoding FROM embeddings_queue WHERE seq_id = ?", (number,)
        ).fetchone()
        kind = _TYPES.get(encoding or "FLOAT32")
        if kind is None or not isinstance(data, bytes) or not data or len(data) % 4:
            return None
        import numpy as np

        return np.frombuffer(data, dtype=kind).astype("<f4")


class _Arrays:
    """Metadata values that are lists; older databases have none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._there = "embedding_metadata_array" in tables(connection)

    def of(self, number: int) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        if self._there:
            rows = self._connection.execute(
                "SELECT 0, 0, 0, key, string_value, int_value, float_value, bool_value"
                " FROM embedding_metadata_array WHERE id = ? ORDER BY rowid",
                (number,),
            )
            for row in rows:
                found.setdefault(row[3], []).append(_value(row))
        return found


def _document(
    item: Any,
    text: Any,
    metadata: Mapping[str, Any],
    vector: Any,
    created: int | None,
    name: str,
    path: str | None,
) -> Item:
    where = f"collection {name}, item {item}"
    content = text_of(text)
    if not content.strip():
        return Skipped(where=where, reason="it has no document, only a vector and metadata")
    try:
        values = metadata_of({key: value for key, value in metadata.items() if not key.startswith("chroma:")})
    except ValueError as error:
        return Skipped(where=where, reason=str(error))
    title = values.get("title")
    return Document(
        content=content,
        uri=f"mv2://chroma/{uri_part(name)}/{uri_part(item)}",
        title=title if isinstance(title, str) else None,
        labels=(clean(name),),
        metadata=values,
        timestamp=created,
        embedding=vector,
        source_path=path,
    )


def _answer(value: Mapping[str, Any], name: str, path: str | None) -> Iterator[Item]:
    """What ``collection.get`` returns: lists of the same length, some of them None."""
    ids = as_list(value.get("ids"))
    if "ids" not in value or (ids and isinstance(ids[0], list)):
        raise DocumentError(
            "this is no answer of collection.get: it has no list of ids",
            path=path,
            remedy='Use collection.get(include=["documents", "metadatas", "embeddings"]).',
        )
    texts, metadatas = as_list(value.get("documents")), as_list(value.get("metadatas"))
    vectors = value.get("embeddings")
    vectors = () if vectors is None else vectors
    for index, item in enumerate(ids):
        metadata = as_mapping(metadatas[index]) if index < len(metadatas) else {}
        vector = vectors[index] if index < len(vectors) else None
        text = texts[index] if index < len(texts) else None
        yield _document(item, text, metadata, vector, None, name, path)
