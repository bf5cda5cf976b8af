"""Rows that ``export`` and ``to_arrow`` wrote: every field of a document as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from mv2.exchange.importers._rows import Columns, Place, own_uri
from mv2.exchange.importers._values import clean, metadata_of, plain, seconds_of
from mv2.exchange.items import Item, Skipped
from mv2.types import Chunk, Document
from mv2.types import Place as Spot

#: Columns by which an export is known.
SIGNS: Final = frozenset(
    {"id", "uri", "title", "text", "kind", "track", "tags", "labels", "metadata", "timestamp", "put_at",
     "mime"}
)  # fmt: skip
#: All columns that exports have.
OWN_COLUMNS: Final = SIGNS | {
    "status", "source_path", "supersedes", "content", "embedding", "parent_id", "chunk_index", "place",
    "__index_level_0__",
}  # fmt: skip
_SPOT: Final = tuple(field.name for field in fields(Spot) if field.name != "range")
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
#: An apostrophe keeps spreadsheets from taking these for formulas; it goes again.
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


def is_own(names: Iterable[str], columns: Columns) -> bool:
    """Whether rows with these columns are an export, and nobody said what else they mean."""
    return columns == Columns() and set(names) >= SIGNS


def own_documents(rows: Iterable[Mapping[str, Any] | Skipped], place: Place) -> Iterator[Item]:
    """The active documents of an export's rows; rows of chunks are put together again."""
    waiting: list[tuple[int, Mapping[str, Any]]] = []
    inactive = 0
    for number, row in enumerate(rows, 1):
        if isinstance(row, Skipped):
            yield row
            continue
        if waiting and row.get("parent_id") != waiting[0][1]["parent_id"]:
            yield _of_chunks(waiting, place)
            waiting = []
        if row.get("status") not in (None, "active"):
            inactive += 1
        elif row.get("parent_id") is not None:
            waiting.append((number, row))
        else:
            yield _one(row, number, place)
    if waiting:
        yield _of_chunks(waiting, place)
    if inactive:
        yield left_out(inactive, place)


def left_out(count: int, place: Place) -> Skipped:
    """What is said of versions that are not active."""
    what = "1 row holds a version that was" if count == 1 else f"{count:,} rows hold versions that were"
    return Skipped(where=place.where, reason=f"{what} replaced or deleted; exports as jsonl bring them back")


def _one(row: Mapping[str, Any], number: int, place: Place) -> Item:
    try:
        content, text = content_of(row.get("content")), _text(row.get("text"))
        return _document(
            row, number, place,
            content=text or "" if content is None else content,
            text=None if content is None else text or None,
            embedding=row.get("embedding"),
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        return Skipped(where=f"{place.where}, row {number}", reason=str(error))


def _of_chunks(waiting: Sequence[tuple[int, Mapping[str, Any]]], place: Place) -> Item:
    """The document whose rows of chunks these are. Where some are missing, what is there is its text."""
    number, first = waiting[0]
    try:
        text, chunks = "", []
        for _, row in waiting:
            about = _mapping(row.get("place"))
            start, end = _range(about.get("range"))
            piece = _text(row.get("text")) or ""
            text += piece[len(piece) - (end - start) :] if 0 < end - start <= len(piece) else piece
            chunks.append(chunk_of(piece, start, end, about.get("kind"), about))
        vectors = [row.get("embedding") for _, row in waiting]
        whole = fits(chunks, text)
        return _document(
            first, number, place,
            content=text,
            chunks=chunks if whole else None,
            embedding=vectors if whole and all(vector is not None for vector in vectors) else None,
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        return Skipped(where=f"{place.where}, row {number}", reason=str(error))


def _document(row: Mapping[str, Any], number: int, place: Place, **given: Any) -> Document:
    more = metadata_of({name: value for name, value in row.items() if name not in OWN_COLUMNS})
    return Document(
        uri=own_uri(_text(row.get("uri")), row.get("id"), number, place),
        title=_text(row.get("title")),
        kind=_text(row.get("kind")),
        track=_text(row.get("track")),
        tags=texts_of(row.get("tags")),
        labels=texts_of(row.get("labels")),
        metadata={**plain(_mapping(row.get("metadata"))), **more},
        timestamp=exact_seconds(row.get("timestamp")),
        mime=_text(row.get("mime")),
        source_path=_text(row.get("source_path")),
        **given,
    )


def content_of(value: Any) -> bytes | None:
    """The bytes of a document, where they are given.

    Raises:
        ValueError: it is something else.
    """
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return clean(value).encode()
    raise ValueError(f"its content is {type(value).__name__}, not bytes")


def _range(value: Any) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, int) for item in value):
        return value[0], value[1]
    return 0, 0


def _text(value: Any) -> str | None:
    return None if value is None else clean(str(value))


def exact_seconds(value: Any) -> int | None:
    """A time as exports write it: ISO text, and whole seconds where the calendar has no such year."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else seconds_of(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, or a mapping as it is; empty for what is neither."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def texts_of(value: Any) -> tuple[str, ...]:
    """Tags as they were: a list, its JSON, or text with a semicolon and a space between them."""
    if value is None or (isinstance(value, str) and not value):
        return ()
    if isinstance(value, str):
        if value.startswith("["):
            try:
                return tuple(clean(str(item)) for item in json.loads(value))
            except (ValueError, RecursionError, TypeError):
                return (clean(value),)
        return tuple(clean(item) for item in value.split("; "))
    return tuple(clean(str(item)) for item in value)


def chunk_of(text: str, start: int, end: int, kind: str | None, about: Mapping[str, Any]) -> Chunk:
    """A chunk of its text and the JSON of its place."""
    given: dict[str, Any] = {name: about[name] for name in _SPOT if about.get(name) is not None}
    for name, item in given.items():
        given[name] = tuple(item) if isinstance(item, list) else item
    spot = Spot(**given)
    return Chunk(text=text, start=start, end=end, kind=kind or "text", place=spot)


def fits(chunks: Sequence[Chunk], text: str) -> bool:
    """Whether chunks follow one another and cover the text, as documents take them."""
    at = 0
    for chunk in chunks:
        if chunk.start != at or chunk.end <= at or not chunk.text.endswith(text[at : chunk.end]):
            return False
        at = chunk.end
    return at == len(text)


def unguarded(cell: str) -> str:
    """A cell without the apostrophe in front of what looks like a formula."""
    return cell[1:] if _GUARDED.match(cell) else cell
