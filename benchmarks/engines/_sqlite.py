"""SQLite with FTS5: porter stems, write-ahead log, a sync for each durable put."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from benchmarks.engines._base import EVERYWHERE, Found, Within, content_words, mixed
from benchmarks.workload import Doc

_SCHEMA = """
CREATE TABLE IF NOT EXISTS docs(
    id INTEGER PRIMARY KEY, title TEXT, tags TEXT NOT NULL, timestamp INTEGER NOT NULL,
    body TEXT NOT NULL, vector BLOB
);
CREATE INDEX IF NOT EXISTS docs_by_time ON docs(timestamp);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    title, body, tags, content='docs', content_rowid='id', tokenize='porter unicode61'
);
"""
_INSERT = "INSERT INTO docs(id, title, tags, timestamp, body, vector) VALUES (?, ?, ?, ?, ?, ?)"
_INDEX = "INSERT INTO words(rowid, title, body, tags) VALUES (?, ?, ?, ?)"
_REINDEX = "INSERT INTO words(rowid, title, body, tags) SELECT id, title, body, tags FROM docs WHERE id = ?"
_UNINDEX = (
    "INSERT INTO words(words, rowid, title, body, tags) "
    "SELECT 'delete', id, title, body, tags FROM docs WHERE id = ?"
)
_FIND = (
    "SELECT docs.id, docs.title, docs.tags, docs.timestamp, snippet(words, 1, '', '', '…', 40) "
    "FROM words JOIN docs ON docs.id = words.rowid WHERE words MATCH ? ORDER BY rank LIMIT ?"
)
_FIND_WITHIN = _FIND.replace("MATCH ?", "MATCH ? AND {}")
_BATCH = 500


def _conditions(within: Within) -> tuple[str, list[Any]]:
    """SQL that holds for the documents of ``within``, and its values."""
    parts, values = ["1"], list[Any]()
    if within.since is not None:
        parts.append("docs.timestamp >= ?")
        values.append(within.since)
    if within.until is not None:
        parts.append("docs.timestamp < ?")
        values.append(within.until)
    if within.tags is not None:
        marks = ", ".join("?" * len(within.tags))
        parts.append(f"EXISTS (SELECT 1 FROM json_each(docs.tags) WHERE value IN ({marks}))")
        values += within.tags
    return " AND ".join(parts), values


def _connect(path: str, *, relaxed: bool = False) -> Any:
    import sqlite3

    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'OFF' if relaxed else 'FULL'}")
    return connection


def _rows(docs: Iterable[Doc], vectors: Iterable[bytes] | None, first: int) -> Iterator[tuple[Any, ...]]:
    given = iter(vectors) if vectors is not None else None
    for number, doc in enumerate(docs, first):
        vector = None if given is None else next(given)
        yield number, doc.title, json.dumps(doc.tags), doc.timestamp, doc.text, vector


class SqliteHandle:
    """A connection."""

    def __init__(self, path: str, relaxed: bool) -> None:
        self._connection = _connect(path, relaxed=relaxed)

    def put(self, doc: Doc) -> int:
        execute = self._connection.execute
        tags = json.dumps(doc.tags)
        execute("BEGIN IMMEDIATE")
        try:
            cursor = execute(_INSERT, (None, doc.title, tags, doc.timestamp, doc.text, None))
            ident = int(cursor.lastrowid)
            execute(_INDEX, (ident, doc.title, doc.text, tags))
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")
        return ident

    def find(self, query: str, k: int = 10) -> list[Found]:
        words = [f'"{word}"' for word in query.split()]
        rows = self._connection.execute(_FIND, (" ".join(words), k)).fetchall()
        if not rows and len(words) > 1:
            rows = self._connection.execute(_FIND, (" OR ".join(words), k)).fetchall()
        return [Found(row[0] - 1, row[1], row[4]) for row in rows]

    def ask(self, question: str, k: int = 10) -> list[Found]:
        words = " OR ".join(f'"{word}"' for word in content_words(question))
        rows = self._connection.execute(_FIND, (words, k)).fetchall()
        return [Found(row[0] - 1, row[1], row[4]) for row in rows]

    def find_within(self, query: str, within: Within, k: int = 10) -> list[Found]:
        words = [f'"{word}"' for word in query.split()]
        where, values = _conditions(within)
        sql = _FIND_WITHIN.format(where)
        rows = self._connection.execute(sql, (" ".join(words), *values, k)).fetchall()
        if len(rows) < k and len(words) > 1:
            rows = self._connection.execute(sql, (" OR ".join(words), *values, k)).fetchall()
        return [Found(row[0] - 1, row[1], row[4]) for row in rows]

    def _similar(self, vector: bytes, k: int, within: Within) -> dict[int, float]:
        """Cosines of the most similar by row: SQLite has no vectors, so all are read and compared."""
        import numpy as np

        where, values = _conditions(within)
        rows = self._connection.execute(f"SELECT id, vector FROM docs WHERE {where}", values).fetchall()
        if not rows:
            return {}
        query = np.frombuffer(vector, "<f4")
        scores = np.frombuffer(b"".join([row[1] for row in rows]), "<f4").reshape(len(rows), -1) @ query
        best = np.argpartition(-scores, min(k, len(rows)) - 1)[:k]
        return {rows[place][0]: float(scores[place]) for place in best[np.argsort(-scores[best])]}

    def _shown(self, ids: Iterable[int]) -> list[Found]:
        sql = "SELECT title, substr(body, 1, 240) FROM docs WHERE id = ?"
        rows = [(ident, self._connection.execute(sql, (ident,)).fetchone()) for ident in ids]
        return [Found(ident - 1, title, snippet) for ident, (title, snippet) in rows]

    def nearest(self, vector: bytes, k: int = 10, within: Within = EVERYWHERE) -> list[Found]:
        return self._shown(self._similar(vector, k, within))

    def hybrid(self, query: str, vector: bytes, k: int = 10) -> list[Found]:
        words = " OR ".join(f'"{word}"' for word in query.split())
        sql = "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT 100"
        found = dict(self._connection.execute(sql, (words,)).fetchall())
        near = self._similar(vector, 100, EVERYWHERE)
        return self._shown(mixed(found, near)[:k])

    def update(self, ident: int, doc: Doc) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        execute(_UNINDEX, (ident,))
        execute("UPDATE docs SET title = ?, body = ? WHERE id = ?", (doc.title, doc.text, ident))
        execute(
            "INSERT INTO words(rowid, title, body, tags) SELECT id, title, body, tags FROM docs WHERE id = ?",
            (ident,),
        )
        execute("COMMIT")

    def delete(self, ident: int) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        execute(_UNINDEX, (ident,))
        execute("DELETE FROM docs WHERE id = ?", (ident,))
        execute("COMMIT")

    def commit(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def refresh(self) -> None:
        """Each statement sees the newest state."""

    def close(self) -> None:
        self._connection.close()


class Sqlite:
    """The database people compare with."""

    name = "sqlite"
    modules = "import sqlite3"
    cold = (
        "import sys, sqlite3\n"
        "db = sqlite3.connect(sys.argv[1])\n"
        f"sql = {_FIND!r}\n"
        "words = ' '.join('\"%s\"' % w for w in sys.argv[2].split())\n"
        "for row in db.execute(sql, (words, 10)): print(row[1], row[4])\n"
    )

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        connection = _connect(path)
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM docs").fetchone()[0]
        rows = _rows(docs, vectors, first)
        while batch := list(islice(rows, _BATCH)):
            connection.executemany(_INSERT, batch)
            connection.executemany(_INDEX, [(row[0], row[1], row[4], row[2]) for row in batch])
        connection.execute("COMMIT")
        connection.close()

    def open(self, path: str, *, relaxed: bool = False, **_: Any) -> SqliteHandle:
        return SqliteHandle(path, relaxed)

    def ident(self, position: int) -> int:
        return position + 1


ENGINE = Sqlite()
