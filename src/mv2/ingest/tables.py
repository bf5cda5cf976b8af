"""Tables as documents: one that describes a table and one a row, in the form of the original engine.

The original keeps cells as text by header. Beside them stand the cells with their types, and the name
and place of the table, which it ignores.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mv2._late import late_pattern
from mv2.errors import FrameNotFoundError
from mv2.extract.model import Table
from mv2.format.checksum import digest
from mv2.ingest.inside import listed, row_uri, table_frames, table_uri
from mv2.ingest.metadata import TABLES
from mv2.reports import TableInfo
from mv2.types import Document, FrameRef, Origin

if TYPE_CHECKING:
    from mv2.storage.view import View

META: Final = "table_meta"
ROW: Final = "table_row"
_MIME: Final = "application/json"
_NOT_PLAIN = late_pattern(r"\W+")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def table_id(source: str, number: int) -> str:
    """The id of a document's table; ``number`` counts from 1.

    The file's name is in it, and six digits of the whole uri, since files of many folders have one name.
    """
    name = source.rpartition("/")[2]
    plain = _NOT_PLAIN.sub("_", name).strip("_")[:60] or "table"
    return f"tbl_{plain}_{digest(source.encode()).hex()[:6]}_{number}"


def table_documents(tables: Iterable[Table], document: Document, source: str) -> Iterator[Document]:
    """The documents of all tables of a document.

    Args:
        source: its uri, or what stands for one (``inside.source_of``).
    """
    for number, table in enumerate(tables, 1):
        yield from _documents(table, table_id(source, number), document, source)


def _documents(table: Table, of: str, document: Document, source: str) -> Iterator[Document]:
    quality = "high" if table.confidence >= 0.8 else "medium" if table.confidence >= 0.5 else "low"
    file = source.rpartition("/")[2]
    shared = {"track": TABLES, "timestamp": document.timestamp, "mime": _MIME}
    origin = Origin(part_of=source)
    first, last = table.page or 1, table.last_page or table.page or 1
    facts = {
        "table_id": of,
        "n_rows": len(table.rows),
        "n_cols": len(table.headers),
        "page_start": first,
        "page_end": last,
        "quality": quality,
        "detection_mode": table.mode,
    }
    title = table.name or f"Table from {file}"
    described = {
        **facts,
        "headers": table.headers,
        "source_file": file,
        "source_uri": document.uri,
        "confidence_score": table.confidence,
        "warnings": table.warnings,
        "extraction_ms": 0,
        "name": table.name,
        "sheet": table.sheet,
        "range": table.range,
        "types": table.types,
        "page": table.page,
    }
    yield Document(
        content=_encode(described),
        uri=table_uri(of),
        title=title,
        kind=META,
        tags=("table", file, f"{quality}_quality"),
        labels=(f"{table.mode}_detected",),
        metadata={**facts, "headers_json": list(table.headers)},
        text=f"{title}\n{' | '.join(table.headers)}",
        chunks=(),
        origin=origin,
        **shared,  # type: ignore[arg-type]
    )
    for number, row in enumerate(table.rows, 1):
        cells = {
            name: _text(value) for name, value in zip(table.headers, row, strict=True) if value is not None
        }
        yield Document(
            content=_encode(
                {"table_id": of, "row_index": number, "page": first, "cells": cells, "values": row}
            ),
            uri=row_uri(of, number),
            title=f"{title}, row {number}",
            kind=ROW,
            tags=("table_row", of),
            metadata={"table_id": of, "row_index": number, "page": first},
            text=" | ".join(f"{name}: {text}" for name, text in cells.items()),
            chunks=(),
            origin=origin,
            **shared,  # type: ignore[arg-type]
        )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def list_tables(view: View, document: FrameRef | None = None) -> list[TableInfo]:
    """Every active table, or those of one document, in the order they were put."""
    outer = None if document is None else view.record(view.resolve(document))
    own = set() if outer is None else set(listed(outer))
    kinds = view.facets().codes("kind")
    found = []
    for frame_id in view.document_ids():
        if kinds.name(frame_id) != META:
            continue
        described = _payload(view, frame_id)
        if outer is None or view.record(frame_id).uri in own or described.get("source_uri") == outer.uri:
            found.append(_info(frame_id, described))
    return found


def read_table(view: View, reference: FrameRef) -> Table:
    """A stored table, by its id, its uri or its frame.

    Raises:
        FrameNotFoundError: there is none.
    """
    frame_id = _resolve(view, reference)
    described = _payload(view, frame_id)
    headers = _texts(described.get("headers"))
    row_ids = table_frames(view, str(described.get("table_id")))[1:]
    info = _info(frame_id, described)
    mode = info.mode if info.mode in ("native", "lattice", "stream", "delimited") else "stream"
    return Table(
        headers=headers,
        rows=tuple(_row(_payload(view, row_id), headers) for row_id in row_ids),
        types=_texts(described.get("types")),  # type: ignore[arg-type]
        name=info.name,
        page=info.page,
        last_page=info.last_page,
        sheet=info.sheet,
        range=info.range,
        confidence=info.confidence,
        mode=mode,  # type: ignore[arg-type]
        warnings=_texts(described.get("warnings")),
    )


def _resolve(view: View, reference: FrameRef) -> int:
    if isinstance(reference, str) and "://" not in reference:
        reference = table_uri(reference)
    try:
        frame_id = view.resolve(reference)
    except FrameNotFoundError as error:
        name = str(reference).removeprefix(table_uri(""))
        raise FrameNotFoundError(
            f"there is no table {name}", path=view.file.path, remedy="tables() lists those there are."
        ) from error
    if view.record(frame_id).kind != META:
        raise FrameNotFoundError(f"frame {frame_id} is no table", path=view.file.path)
    return frame_id


def _payload(view: View, frame_id: int) -> Mapping[str, Any]:
    try:
        value = json.loads(view.content(frame_id))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _row(payload: Mapping[str, Any], headers: Sequence[str]) -> tuple[Any, ...]:
    values = payload.get("values")
    if isinstance(values, list) and len(values) == len(headers):
        return tuple(values)
    cells = payload.get("cells")
    cells = cells if isinstance(cells, dict) else {}
    return tuple(cells.get(name) for name in headers)


def _info(frame_id: int, described: Mapping[str, Any]) -> TableInfo:
    def whole(name: str) -> int | None:
        value = described.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def text(name: str) -> str | None:
        value = described.get(name)
        return value if isinstance(value, str) else None

    confidence = described.get("confidence_score")
    of_original = "values" not in described and "types" not in described
    return TableInfo(
        id=text("table_id") or "",
        frame_id=frame_id,
        name=text("name"),
        headers=_texts(described.get("headers")),
        row_count=whole("n_rows") or 0,
        source_uri=text("source_uri"),
        source_file=text("source_file"),
        page=whole("page_start") if of_original else whole("page"),
        last_page=whole("page_end") if of_original or whole("page") else None,
        sheet=text("sheet"),
        range=text("range"),
        confidence=float(confidence) if isinstance(confidence, int | float) else 0.0,
        mode=text("detection_mode") or "stream",
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
