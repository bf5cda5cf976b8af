"""SQLite databases: a document a row of a query."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mv2.errors import InvalidArgumentError
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._own_database import is_own_database, own_database
from mv2.exchange.importers._rows import AUTO, Columns, Place, document_of, resolve, sampled
from mv2.exchange.importers._sql import MAGIC, opened, quoted, tables
from mv2.exchange.items import Item

_SAMPLE: Final = 200


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a SQLite database, 0 to 1."""
    return 0.7 if bundle.kind == "file" and bundle.head().startswith(MAGIC) else 0.0


def read(
    source: str | os.PathLike[str],
    *,
    query: str | None = None,
    table: str | None = None,
    text: str | Sequence[str] = AUTO,
    title: str | None = AUTO,
    id: str | None = AUTO,
    timestamp: str | None = AUTO,
    tags: str | None = AUTO,
    embedding: str | None = AUTO,
    metadata: str | Sequence[str] | None = AUTO,
    name: str | None = None,
) -> Iterator[Item]:
    """Read the rows of a query, or of a table. The database is opened read-only.

    One that ``export`` wrote needs neither: its active documents come with their tags, labels,
    chunks and vectors.

    Args:
        query: one SELECT. table: all rows of this table instead.
        text, title, id, timestamp, tags, embedding, metadata: as in ``Columns``.
        name: part of the uris; None takes the table's, or the file's without its ending.

    Raises:
        DocumentError: it is no SQLite database, is damaged, or the query fails.
        InvalidArgumentError: neither query nor table, or both; a table or column that does not exist.
    """
    bundle = Bundle(source)
    with opened(bundle.path) as connection:
        names = tables(connection)
        columns = Columns(
            text=text,
            title=title,
            id=id,
            timestamp=timestamp,
            tags=tags,
            embedding=embedding,
            metadata=metadata,
        )
        plain = query is None and table in (None, "documents") and columns == Columns()
        if plain and is_own_database(connection):
            place = Place(name=name or bundle.path.stem, where=bundle.path.name)
            yield from own_database(connection, place)
            return
        if (query is None) == (table is None):
            raise InvalidArgumentError(
                f"say which rows of {bundle.path.name} to import, by a query or by a table",
                remedy=f"Its tables: {', '.join(names) or 'none'}.",
            )
        if table is not None and table not in names:
            raise InvalidArgumentError(
                f"{bundle.path.name} has no table {table!r}",
                remedy=f"Its tables: {', '.join(names) or 'none'}.",
            )
        cursor = connection.execute(query or f"SELECT * FROM {quoted(table or '')}")  # noqa: S608 - quoted
        heads = [column[0] for column in cursor.description or ()]
        if not heads:
            raise InvalidArgumentError("the query gives no columns", remedy="Give one SELECT.")
        rows: Iterator[dict[str, Any]] = (dict(zip(heads, row, strict=True)) for row in cursor)
        sample, rows = sampled(rows, _SAMPLE)
        resolved = resolve(columns, sample, heads, bundle.path.name)
        stem = name or (f"{bundle.path.stem}.{table}" if table else bundle.path.stem)
        place = Place(name=stem, where=table or bundle.path.name, source_path=str(bundle.path))
        for number, row in enumerate(rows, 1):
            yield document_of(row, number, resolved, place)
