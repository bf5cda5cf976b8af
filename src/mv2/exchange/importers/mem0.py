"""Memories of mem0: what ``get_all`` or its export gives, as JSON or in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from mv2.errors import DocumentError
from mv2.exchange.importers._bundle import Bundle, is_path
from mv2.exchange.importers._json import array_items, whole_value
from mv2.exchange.importers._values import (
    as_list,
    as_mapping,
    metadata_of,
    seconds_of,
    tags_of,
    text_of,
    uri_part,
)
from mv2.exchange.items import Item, Skipped
from mv2.types import Document

_OWNERS: Final = ("user_id", "agent_id", "app_id", "run_id", "actor_id", "role")
_LISTS: Final = ("results", "memories")


def sniff(bundle: Bundle) -> float:
    """How sure it is that these are memories of mem0, 0 to 1."""
    if bundle.kind != "file" or bundle.path.suffix.lower() != ".json":
        return 0.0
    head = bundle.head()
    marks = (b'"user_id"', b'"agent_id"', b'"run_id"', b'"hash"', b'"categories"')
    return 0.9 if b'"memory"' in head and sum(mark in head for mark in marks) >= 1 else 0.0


def read(source: str | os.PathLike[str] | Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    """Read memories: a document each; relations of its graph too, where it has one.

    Args:
        source: a JSON file, or what ``Memory.get_all`` returns: a list, or a mapping with ``results``.

    Raises:
        DocumentError: it cannot be read, or holds no list of memories.
    """
    if not is_path(source):
        values = as_mapping(source) if isinstance(source, Mapping) else {"results": list(source)}  # type: ignore[arg-type]
        yield from _answer(values, "memories", None)
        return
    bundle = Bundle(source)  # type: ignore[arg-type]
    name, path = bundle.path.name, str(bundle.path)
    if bundle.head().lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        with bundle.open(name) as file:
            for number, value in enumerate(array_items(file, name), 1):
                yield _memory(as_mapping(value), f"{name}, memory {number}", path)
        return
    with bundle.open(name) as file:
        value = whole_value(file, name)
    yield from _answer(as_mapping(value), name, path)


def _answer(values: Mapping[str, Any], name: str, path: str | None) -> Iterator[Item]:
    listed = next((values[key] for key in _LISTS if isinstance(values.get(key), list)), None)
    if listed is None:
        raise DocumentError(f"{name} holds no list of memories", path=path)
    for number, value in enumerate(listed, 1):
        yield _memory(as_mapping(value), f"{name}, memory {number}", path)
    for number, value in enumerate(as_list(values.get("relations")), 1):
        yield _relation(as_mapping(value), f"{name}, relation {number}", path)


def _memory(value: Mapping[str, Any], where: str, path: str | None) -> Item:
    text = text_of(value.get("memory") or value.get("text") or value.get("data"))
    if not text.strip():
        return Skipped(where=where, reason="there is no text in it")
    created, updated = seconds_of(value.get("created_at")), seconds_of(value.get("updated_at"))
    own = value.get("id") or value.get("hash") or blake2b(text.encode(), digest_size=16).hexdigest()
    try:
        metadata = metadata_of(
            {
                **as_mapping(value.get("metadata")),
                **{key: value.get(key) for key in _OWNERS},
                "updated_at": value.get("updated_at") if updated != created else None,
            }
        )
    except ValueError as error:
        return Skipped(where=where, reason=str(error))
    return Document(
        content=text,
        uri=f"mv2://mem0/{uri_part(own)}",
        kind="memory",
        tags=tags_of(value.get("categories")),
        metadata=metadata,
        timestamp=created if created is not None else updated,
        source_path=path,
    )


def _relation(value: Mapping[str, Any], where: str, path: str | None) -> Item:
    source, name = text_of(value.get("source")), text_of(value.get("relationship") or value.get("relation"))
    target = text_of(value.get("target") or value.get("destination"))
    if not (source and name and target):
        return Skipped(where=where, reason="a relation needs a source, a relationship and a target")
    digest = blake2b(f"{source}\0{name}\0{target}".encode(), digest_size=16).hexdigest()
    return Document(
        content=f"{source} {name.replace('_', ' ')} {target}",
        uri=f"mv2://mem0/relations/{digest}",
        kind="relation",
        metadata={"source": source, "relationship": name, "target": target},
        source_path=path,
    )
