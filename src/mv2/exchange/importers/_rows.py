"""Rows with named columns as documents: which column means what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mv2.errors import DocumentError, InvalidArgumentError
from mv2.exchange.importers._values import (
    as_mapping,
    clean,
    json_text,
    metadata_of,
    plain,
    seconds_of,
    tags_of,
    text_of,
    uri_part,
)
from mv2.exchange.items import Item, Skipped
from mv2.types import Document

Value = TypeVar("Value")

#: Means: find the column by its name.
AUTO: Final = "auto"

_TEXT: Final = (
    "content", "text", "page_content", "pagecontent", "body", "document", "documents", "chunk", "chunk_text",
    "passage", "message", "memory", "note", "description", "abstract", "summary",
)  # fmt: skip
_TITLE: Final = ("title", "name", "subject", "heading", "headline")
_ID: Final = (
    "uri",
    "id",
    "_id",
    "id_",
    "uuid",
    "doc_id",
    "document_id",
    "chunk_id",
    "key",
    "__index_level_0__",
)
_TIME: Final = (
    "timestamp", "created_at", "createdat", "created", "create_time", "published_at", "published", "datetime",
    "date", "time", "updated_at", "modified",
)  # fmt: skip
_TAGS: Final = ("tags", "keywords", "categories")
_VECTOR: Final = ("embedding", "vector", "embeddings", "dense_vector", "_embedding", "values")
_METADATA: Final = ("metadata", "meta", "payload")
_PLAIN_FIELDS: Final = ("track", "kind", "mime")
_AUTO_URI: Final = "mv2://frames/"
#: A column whose text is that long on average is the text.
_LONG: Final = 40
#: Shorter lists of numbers called ``values`` are values.
_LEAST_VALUES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns (or keys; ``a.b`` looks inside ``a``) become which field of a document.

    ``"auto"`` finds one by its name, None says there is none.

    Attributes:
        text: the searched text. Several make lines of ``name: value``; without a column that is
            known by its name or has long text, the whole row does.
        title, tags: as in ``Document``. Tags may be a list, or text with commas, semicolons or bars.
        id: what tells documents apart, also in later imports: a uri, or a value that becomes the end of
            one. Without it, rows are told apart by their number.
        timestamp: ISO 8601, or seconds, milli-, micro- or nanoseconds since 1970.
        embedding: one vector a row: a list of numbers, or one as JSON text; of a column that was
            named also bytes of little-endian float32.
        metadata: columns to keep as metadata; ``"auto"`` keeps all that mean nothing else.
    """

    text: str | Sequence[str] = AUTO
    title: str | None = AUTO
    id: str | None = AUTO
    timestamp: str | None = AUTO
    tags: str | None = AUTO
    embedding: str | None = AUTO
    metadata: str | Sequence[str] | None = AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Columns that were found: of each field those that may hold it, the likeliest first.

    Attributes:
        joined: all columns of the text make it together.
        vectors_named: the column of vectors was named, not found.
        metadata: None for all columns that mean nothing else.
    """

    text: tuple[str, ...]
    joined: bool
    title: tuple[str, ...]
    id: tuple[str, ...]
    timestamp: tuple[str, ...]
    tags: tuple[str, ...]
    embedding: tuple[str, ...]
    vectors_named: bool
    metadata: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the rows come from.

    Attributes:
        name: part of their uris: ``mv2://import/<name>/<id or number>``.
        where: what people call the source.
        source_path: path of the file, if it is one.
        scheme: beginning of the uris.
    """

    name: str
    where: str
    source_path: str | None = None
    scheme: str = "mv2://import/"


def sampled(values: Iterable[Value], count: int) -> tuple[list[Value], Iterator[Value]]:
    """The first values, and all of them; damage among the first ones shows when its turn comes."""
    rest = iter(values)
    first: list[Value] = []
    damage: list[DocumentError] = []
    try:
        while len(first) < count:
            first.append(next(rest))
    except StopIteration:
        pass
    except DocumentError as error:
        damage.append(error)

    def everything() -> Iterator[Value]:
        yield from first
        for error in damage:
            raise error
        yield from rest

    return first, everything()


def resolve(columns: Columns, rows: Sequence[Mapping[str, Any]], names: Iterable[str], where: str) -> Fields:
    """The columns that hold each field, judged by their names and the first rows.

    Raises:
        InvalidArgumentError: a column that was named does not exist.
    """
    present = list(names)
    _check(columns, present, rows, where)
    lower = {name.lower(): name for name in reversed(present)}

    def found(given: str | None, candidates: Sequence[str]) -> tuple[str, ...]:
        if given is None:
            return ()
        return (given,) if given != AUTO else tuple(lower[name] for name in candidates if name in lower)

    embedding = found(columns.embedding, _VECTOR)
    text: tuple[str, ...]
    if columns.text == AUTO:
        text = _text_columns(rows, [name for name in present if name not in embedding], lower)
    else:
        text = (columns.text,) if isinstance(columns.text, str) else tuple(columns.text)
    metadata = columns.metadata
    if metadata is not None and metadata != AUTO:
        metadata = (metadata,) if isinstance(metadata, str) else tuple(metadata)
    return Fields(
        text=text,
        joined=columns.text != AUTO and len(text) > 1,
        title=tuple(
            name for name in found(columns.title, _TITLE) if name not in text or columns.title == name
        ),
        id=found(columns.id, _ID),
        timestamp=found(columns.timestamp, _TIME),
        tags=found(columns.tags, _TAGS),
        embedding=embedding,
        vectors_named=columns.embedding not in (None, AUTO),
        metadata=() if metadata is None else (None if metadata == AUTO else tuple(metadata)),
    )


def _check(columns: Columns, present: list[str], rows: Sequence[Mapping[str, Any]], where: str) -> None:
    named: list[str] = []
    for given in (
        columns.text, columns.title, columns.id, columns.timestamp, columns.tags, columns.embedding,
        columns.metadata,
    ):  # fmt: skip
        if given is not None and given != AUTO:
            named += [given] if isinstance(given, str) else given
    for name in named:
        if name not in present and present and all(lookup(row, name) is None for row in rows):
            raise InvalidArgumentError(
                f"{where} has no column {name!r}", remedy=f"Columns: {', '.join(present[:50])}."
            )


def _text_columns(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], lower: Mapping[str, str]
) -> tuple[str, ...]:
    """Columns known by their names, or the one with the longest text; none at all means the whole row."""
    known = [lower[name] for name in _TEXT if name in lower]
    found = [name for name in known if any(isinstance(row.get(name), str) for row in rows)]
    for outer, name in itertools.product(_METADATA, _TEXT):
        if outer in lower and any(
            isinstance(as_mapping(row.get(lower[outer])).get(name), str) for row in rows
        ):
            found.append(f"{lower[outer]}.{name}")
    if found:
        return tuple(found)

    def average(name: str) -> float:
        texts = [row[name] for row in rows if isinstance(row.get(name), str)]
        return sum(map(len, texts)) / max(len(rows), 1)

    longest = max(names, key=average, default="")
    return (longest,) if longest and average(longest) >= _LONG else ()


def lookup(row: Mapping[str, Any], name: str) -> Any:
    """A value by its key, or by a path of keys with dots."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def document_of(row: Mapping[str, Any], number: int, fields: Fields, place: Place) -> Item:
    """The document a row means; rows count from 1."""
    where = f"{place.where}, row {number}"
    try:
        title_column, title = _first(row, fields.title, text_of)
        content, used = _content(row, fields, text_of(title).strip())
        if not content.strip():
            return Skipped(where=where, reason="there is no text in it")
        id_column, key = _first(row, fields.id, lambda value: value)
        time_column, timestamp = _first(row, fields.timestamp, seconds_of)
        tags_column, tags = _first(row, fields.tags, tags_of)
        named = fields.vectors_named
        vector_column, vector = _first(row, fields.embedding, lambda value: _vector(value, named))
        if vector_column == "values" and not named and len(vector) < _LEAST_VALUES:
            vector_column = vector = None
        used |= {title_column, id_column, time_column, tags_column, vector_column}
        return Document(
            content=content,
            uri=_uri(key, number, place, whole=(id_column or "").lower() == "uri"),
            title=text_of(title).strip() or None,
            tags=tags or (),
            labels=tags_of(row.get("labels")),
            metadata=_metadata(row, fields, used),
            timestamp=timestamp,
            embedding=vector,
            source_path=place.source_path,
            track=_own(row, "track"),
            kind=_own(row, "kind"),
            mime=_own(row, "mime"),
        )
    except ValueError as error:
        return Skipped(where=where, reason=str(error))


def _first(
    row: Mapping[str, Any], names: Sequence[str], read: Callable[[Any], Any]
) -> tuple[str | None, Any]:
    """The first of the columns with a value that can be read, and that value."""
    for name in names:
        value = lookup(row, name)
        if value is not None:
            made = read(value)
            if made is not None and not (isinstance(made, str | tuple) and not made):
                return name, made
    return None, None


def _own(row: Mapping[str, Any], name: str) -> str | None:
    """A field that rows may have under the name of the document's."""
    value = row.get(name)
    return clean(value) if isinstance(value, str) and value else None


def _content(row: Mapping[str, Any], fields: Fields, title: str) -> tuple[str, set[str | None]]:
    """The text, and the columns that are in it."""
    if fields.joined:
        return _lines(row, fields.text), set(fields.text)
    for name in fields.text:
        text = text_of(lookup(row, name))
        if text.strip():
            return text, {name}
    if fields.text:
        return title, set(fields.text)
    # Columns of a whole row are kept as metadata too, with their types.
    aside = {*fields.embedding, *fields.id}
    return _lines(row, [name for name in row if name not in aside and name.lower() not in _METADATA]), set()


def _lines(row: Mapping[str, Any], names: Iterable[str]) -> str:
    values = ((name, text_of(lookup(row, name))) for name in names)
    return "\n".join(f"{name}: {value}" for name, value in values if value.strip())


def _metadata(row: Mapping[str, Any], fields: Fields, used: set[str | None]) -> dict[str, Any]:
    if fields.metadata is not None:
        return metadata_of({name: lookup(row, name) for name in fields.metadata})
    merged: dict[str, Any] = {}
    taken = used | {name for name in _PLAIN_FIELDS if isinstance(row.get(name), str)}
    taken |= {"labels"} if tags_of(row.get("labels")) else set()
    for name, given in row.items():
        if name in taken:
            continue
        inside = json_text(given, "{") if name.lower() in _METADATA and isinstance(given, str) else None
        value = given if inside is None else inside
        if name.lower() in _METADATA and isinstance(value, Mapping):
            merged |= {key: item for key, item in value.items() if f"{name}.{key}" not in taken}
        else:
            merged[name] = value
    return metadata_of(merged)


def _uri(key: Any, number: int, place: Place, *, whole: bool) -> str:
    """The uri of a row: a whole one as it is, else its key, or its number, behind the place's name."""
    if key is None or key == "":
        return f"{place.scheme}{uri_part(place.name)}/{number}"
    key = plain(key)
    if isinstance(key, str) and (whole or "://" in key[:20]):
        return own_uri(key, None, number, place)
    return f"{place.scheme}{uri_part(place.name)}/{uri_part(key)}"


def own_uri(uri: str | None, key: Any, number: int, place: Place) -> str:
    """A uri as it is. One that only named a frame of another memory by its id would name another here."""
    if uri and not uri.startswith(_AUTO_URI):
        return uri
    end = uri.removeprefix(_AUTO_URI) if uri else (number if key is None else key)
    return f"{place.scheme}{uri_part(place.name)}/{uri_part(end)}"


def _vector(value: Any, named: bool) -> Any:
    """A vector, or None where a value is none."""
    if isinstance(value, str):
        value = json_text(value, "[")
    if isinstance(value, bytes):
        import numpy as np

        return np.frombuffer(value, dtype="<f4") if named and value and len(value) % 4 == 0 else None
    if not hasattr(value, "__len__") or isinstance(value, Mapping) or len(value) == 0:
        return None
    if getattr(value, "ndim", 1) != 1 or getattr(getattr(value, "dtype", None), "kind", "f") not in "fiu":
        return None
    if not hasattr(value, "dtype") and not all(isinstance(item, int | float) for item in value):
        return None
    return value
