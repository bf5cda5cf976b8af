"""Documents as JSON: a line each, a list of them, or mappings in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from mv2.errors import InvalidArgumentError
from mv2.exchange.importers._bundle import Bundle, is_path
from mv2.exchange.importers._json import array_items, json_lines
from mv2.exchange.importers._own import is_own, own_documents
from mv2.exchange.importers._rows import AUTO, Columns, Place, document_of, resolve, sampled
from mv2.exchange.items import Item, Skipped

_SAMPLE: Final = 200
_ENDINGS: Final = (".jsonl", ".ndjson", ".jsonlines", ".json")


def sniff(bundle: Bundle) -> float:
    """How sure it is that these are documents as JSON, 0 to 1."""
    if bundle.kind != "file" or bundle.path.suffix.lower() not in _ENDINGS:
        return 0.0
    return 0.3 if bundle.head().lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) else 0.0


def read(
    source: str | os.PathLike[str] | Iterable[Mapping[str, Any]],
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
    """Read JSON lines, a JSON list of objects, or an iterable of mappings.

    Names as ``content``, ``text``, ``page_content``, ``uri``, ``id``, ``title``, ``tags``,
    ``timestamp``, ``created_at``, ``metadata``, ``embedding`` are understood; what means nothing else
    becomes metadata.

    Args:
        text, title, id, timestamp, tags, embedding, metadata: as in ``Columns``.
        name: part of the uris; None takes the file's name without its ending.

    Raises:
        DocumentError: the file cannot be read, or is no JSON.
        InvalidArgumentError: a key that was named is in none of the first 200 objects.
    """
    columns = Columns(
        text=text, title=title, id=id, timestamp=timestamp, tags=tags, embedding=embedding, metadata=metadata
    )
    if not is_path(source):
        place = Place(name=name or "rows", where=name or "rows")
        yield from _documents(enumerate(_mappings(source), 1), columns, place)
        return
    bundle = Bundle(source)  # type: ignore[arg-type]
    place = Place(name=name or bundle.path.stem, where=bundle.path.name, source_path=str(bundle.path))
    with bundle.open(bundle.path.name) as file:
        start = bundle.head().lstrip(b"\xef\xbb\xbf \t\r\n")
        values: Iterator[tuple[int, Any]]
        if start.startswith(b"["):
            values = enumerate(array_items(file, bundle.path.name), 1)
        else:
            values = json_lines(file, bundle.path.name)
        yield from _documents(values, columns, place)


def _mappings(source: Any) -> Iterable[Any]:
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise InvalidArgumentError(
            f"{type(source).__name__} is no source of documents", remedy="Give a path, or a list of mappings."
        )
    return source


def _documents(values: Iterator[tuple[int, Any]], columns: Columns, place: Place) -> Iterator[Item]:
    sample, values = sampled(values, _SAMPLE)
    rows = [value for _, value in sample if isinstance(value, Mapping)]
    names = dict.fromkeys(str(name) for row in rows for name in row)
    resolved = resolve(columns, rows, names, place.where)
    items = (_row(value, number, place) for number, value in values)
    if rows and is_own(names, columns):
        yield from own_documents((row for _, row in items), place)
        return
    for number, row in items:
        yield row if isinstance(row, Skipped) else document_of(row, number, resolved, place)


def _row(value: Any, number: int, place: Place) -> tuple[int, Mapping[str, Any] | Skipped]:
    if isinstance(value, Skipped | Mapping):
        return number, value
    reason = f"{type(value).__name__} is no object"
    return number, Skipped(where=f"{place.where}, row {number}", reason=reason)
