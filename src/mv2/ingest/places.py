"""Where chunks stand, and where documents came from: values of reserved metadata keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from mv2.errors import InvalidArgumentError
from mv2.format.frame import ROLE_CHUNK, FrameRecord
from mv2.format.metadata import TextChunkManifest
from mv2.storage.reserved import ORIGIN, PLACE
from mv2.types import Chunk, Origin, Place

T = TypeVar("T", Place, Origin)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_KIND = "kind"


def encode_place(chunk: Chunk) -> str | None:
    """The place and kind of a chunk as JSON, None when there is nothing to say.

    Its range is not among it: that stands in the document's manifest.
    """
    values = _given(chunk.place)
    values.pop("range", None)
    if chunk.kind != "text":
        values[_KIND] = chunk.kind
    return _text(values, "a chunk's place") if values else None


def encode_origin(origin: Origin) -> str:
    """An origin as JSON.

    Raises:
        InvalidArgumentError: a value of it is no JSON.
    """
    if not isinstance(origin, Origin):
        raise InvalidArgumentError(f"origin is {type(origin).__name__}, not mv2.Origin")
    return _text(_given(origin), "origin")


def place_of(record: FrameRecord, document: FrameRecord | None) -> Place | None:
    """Where a chunk stands in its document; None for what is no chunk."""
    if record.role != ROLE_CHUNK:
        return None
    place = _decoded(Place, record.extra_metadata.get(PLACE)) or Place()
    manifest = None if document is None else document.chunk_manifest
    index = record.chunk_index
    if manifest is None or index is None or index >= len(manifest.chunks):
        return place
    return replace(place, range=manifest.chunks[index])


def chunks_of(
    manifest: TextChunkManifest | None, pieces: Sequence[tuple[Mapping[str, str], bytes]]
) -> list[Chunk]:
    """The chunks of a document from its manifest, and the stored metadata and bytes of each."""
    ranges = () if manifest is None else manifest.chunks
    if len(ranges) != len(pieces):
        return []
    return [
        Chunk(
            text=raw.decode(errors="replace"),
            start=start,
            end=end,
            kind=kind_of_chunk(metadata),
            place=replace(_decoded(Place, metadata.get(PLACE)) or Place(), range=(start, end)),
        )
        for (start, end), (metadata, raw) in zip(ranges, pieces, strict=True)
    ]


def kind_of_chunk(metadata: Mapping[str, str]) -> str:
    """The kind of a chunk, from its stored metadata."""
    values = _values(metadata.get(PLACE))
    kind = values.get(_KIND)
    return kind if isinstance(kind, str) else "text"


def origin_of(metadata: Mapping[str, str]) -> Origin | None:
    """The origin in a frame's stored metadata; None when there is none that can be read."""
    return _decoded(Origin, metadata.get(ORIGIN))


def _given(value: Place | Origin) -> dict[str, Any]:
    pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: item for name, item in pairs if item is not None and item != ()}


def _text(values: dict[str, Any], what: str) -> str:
    try:
        text = _encode(values)
        text.encode()
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"{what} cannot be stored: {error}") from error
    return text


def _values(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _decoded(kind: type[T], text: str | None) -> T | None:
    """The value, of which other writers may have made anything: what does not fit is left out."""
    values = _values(text)
    if not values:
        return None
    kept: dict[str, Any] = {}
    for field in fields(kind):
        value = values.get(field.name)
        if isinstance(value, list):
            value = tuple(value)
        if value is not None and _fits(str(field.type), value):
            kept[field.name] = value
    return kind(**kept)


def _fits(annotation: str, value: object) -> bool:
    if annotation.startswith("tuple[str"):
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if annotation.startswith("tuple["):
        return isinstance(value, tuple) and len(value) == 2 and all(_is_number(item) for item in value)
    if annotation.startswith("str"):
        return isinstance(value, str)
    return _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
