"""NumPy: the vectors as one array, and a file that says whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mv2.errors import InvalidArgumentError
from mv2.exchange._files import temporary
from mv2.exchange.exporters._job import Job

if TYPE_CHECKING:
    from mv2 import Record, RecordChunk


def ids_path(path: Path) -> Path:
    """The file beside the array."""
    return path.with_name(f"{path.stem}.ids.json")


def write(job: Job) -> int:
    """Write ``<name>.npy`` (float32, a row a vector) and ``<name>.ids.json`` with the row's frame,
    document, uri and title; returns the number of rows. Active documents and their chunks.

    Raises:
        InvalidArgumentError: there are no vectors.
    """
    import numpy as np

    rows: list[dict[str, Any]] = []
    numbers = bytearray()
    model = None
    for record in job.records(vectors=True):
        pieces: list[Record | RecordChunk] = [record, *record.chunks]
        for piece in pieces:
            if piece.vector is None:
                continue
            numbers += np.asarray(piece.vector, dtype="<f4").tobytes()
            model = piece.vector_model or model
            rows.append({"id": piece.id, "document": record.id, "uri": record.uri, "title": record.title})
    if not rows:
        raise InvalidArgumentError("there are no vectors to export", remedy="Make them with embed().")
    matrix = np.frombuffer(numbers, dtype="<f4").reshape(len(rows), -1)
    with temporary(job.path) as draft, temporary(ids_path(job.path)) as ids:
        with draft.open("xb") as file:
            np.save(file, matrix, allow_pickle=False)
        ids.write_text(
            json.dumps({"model": model, "dimension": matrix.shape[1], "rows": rows}, ensure_ascii=False),
            encoding="utf-8",
        )
    return len(rows)
