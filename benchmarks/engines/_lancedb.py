"""LanceDB with its own full-text index."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from typing import Any

from benchmarks.engines._base import Found
from benchmarks.workload import DIMENSION, Doc

_TABLE = "docs"
_BATCH = 2000


def _batches(docs: Iterable[Doc], vectors: Iterable[bytes] | None, first: int) -> Iterable[Any]:
    import numpy as np
    import pyarrow as pa

    source, given = iter(docs), None if vectors is None else iter(vectors)
    number = first
    while batch := list(islice(source, _BATCH)):
        columns: dict[str, Any] = {
            "id": pa.array(range(number, number + len(batch)), pa.int64()),
            "title": pa.array([doc.title for doc in batch]),
            "tags": pa.array([doc.tags for doc in batch], pa.list_(pa.string())),
            "timestamp": pa.array([doc.timestamp for doc in batch], pa.int64()),
            "text": pa.array([doc.text for doc in batch]),
        }
        if given is not None:
            joined = np.frombuffer(b"".join(islice(given, len(batch))), "<f4")
            columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(joined), DIMENSION)
        number += len(batch)
        yield pa.RecordBatch.from_pydict(columns)


class LanceHandle:
    """An open table."""

    def __init__(self, path: str) -> None:
        import lancedb

        self._table = lancedb.connect(path).open_table(_TABLE)
        self._next: int = self._table.count_rows()

    def put(self, doc: Doc) -> int:
        number = self._next
        row = {
            "id": number,
            "title": doc.title,
            "tags": doc.tags,
            "timestamp": doc.timestamp,
            "text": doc.text,
        }
        self._table.add([row])
        self._next += 1
        return number

    def find(self, query: str, k: int = 10) -> list[Found]:
        from lancedb.query import FullTextOperator, MatchQuery

        wanted = MatchQuery(query, "text", operator=FullTextOperator.AND)
        search = self._table.search(wanted, query_type="fts").select(["id", *Doc._fields])
        words = query.split()
        found = []
        for row in search.limit(k).to_list():
            at = max(0, row["text"].lower().find(words[0]) - 40)
            found.append(Found(row["id"], row["title"], row["text"][at : at + 240]))
        return found

    def update(self, ident: int, doc: Doc) -> None:
        self._table.update(where=f"id = {ident}", values={"title": doc.title, "text": doc.text})

    def delete(self, ident: int) -> None:
        self._table.delete(f"id = {ident}")

    def commit(self) -> None:
        self._table.optimize()

    def refresh(self) -> None:
        self._table.checkout_latest()

    def close(self) -> None:
        """Nothing is held."""


class Lance:
    """LanceDB."""

    name = "lancedb"
    modules = "import lancedb"
    cold = (
        "import sys\n"
        "from benchmarks.engines._lancedb import ENGINE\n"
        "for hit in ENGINE.open(sys.argv[1]).find(sys.argv[2]): print(hit.title, hit.snippet)\n"
    )

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        import lancedb
        import pyarrow as pa

        database = lancedb.connect(path)
        if os.path.isdir(os.path.join(path, f"{_TABLE}.lance")):
            table = database.open_table(_TABLE)
            first = table.count_rows()
            for batch in _batches(docs, vectors, first):
                table.add(pa.Table.from_batches([batch]))
            table.optimize()
            return
        batches = iter(_batches(docs, vectors, 0))
        head = next(batches)
        whole = (batch for group in ([head], batches) for batch in group)
        reader = pa.RecordBatchReader.from_batches(head.schema, whole)
        database.create_table(_TABLE, reader).create_fts_index("text", with_position=True)

    def open(self, path: str, **_: Any) -> LanceHandle:
        return LanceHandle(path)

    def ident(self, position: int) -> int:
        return position


ENGINE = Lance()
