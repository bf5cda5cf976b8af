"""The knowledge graph of the MCP memory server: ``memory.jsonl``, or the answer of ``read_graph``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._json import json_lines, whole_value
from mv2.exchange.importers._values import as_list, as_mapping, metadata_of, text_of, uri_part
from mv2.exchange.items import Item, Skipped
from mv2.types import Document


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a graph of the MCP memory server, 0 to 1."""
    if bundle.kind != "file":
        return 0.0
    head = bundle.head()
    if b'"entityType"' in head and b'"observations"' in head:
        return 1.0
    return 0.8 if b'"relationType"' in head and b'"relation"' in head else 0.0


def read(source: str | os.PathLike[str]) -> Iterator[Item]:
    """Read a graph: a document for each entity, with its observations and what leads from it.

    Raises:
        DocumentError: the file cannot be read.
    """
    bundle = Bundle(source)
    name = bundle.path.name
    relations: dict[str, list[dict[str, str]]] = {}
    known: set[str] = set()
    for _, value in _records(bundle):
        record = as_mapping(value)
        if record.get("type") == "relation":
            relation = {
                "type": text_of(record.get("relationType")).strip(),
                "to": text_of(record.get("to")).strip(),
            }
            relations.setdefault(text_of(record.get("from")).strip(), []).append(relation)
        elif record.get("type") == "entity":
            known.add(text_of(record.get("name")).strip())
    for number, value in _records(bundle):
        if isinstance(value, Skipped):
            yield value
            continue
        record = as_mapping(value)
        kind = record.get("type")
        where = f"{name}:{number}"
        if kind == "entity":
            yield _entity(record, relations, where, str(bundle.path))
        elif kind != "relation":
            yield Skipped(where=where, reason="it is no entity and no relation")
        elif text_of(record.get("from")).strip() not in known:
            yield Skipped(
                where=where, reason=f"there is no entity {text_of(record.get('from'))!r} it leads from"
            )


def _records(bundle: Bundle) -> Iterator[tuple[int, Any]]:
    """(line or place, record) of the line file, or of the graph as one object."""
    head = bundle.head()
    if b'"entities"' in head[:1000] and b'"type"' not in head[: head.find(b'"entities"')]:
        with bundle.open(bundle.path.name) as file:
            graph = as_mapping(whole_value(file, bundle.path.name))
        records = [{"type": "entity", **as_mapping(item)} for item in as_list(graph.get("entities"))]
        records += [{"type": "relation", **as_mapping(item)} for item in as_list(graph.get("relations"))]
        yield from enumerate(records, 1)
        return
    with bundle.open(bundle.path.name) as file:
        yield from json_lines(file, bundle.path.name)


def _entity(
    record: Mapping[str, Any], relations: Mapping[str, list[dict[str, str]]], where: str, path: str
) -> Item:
    name = text_of(record.get("name")).strip()
    if not name:
        return Skipped(where=where, reason="the entity has no name")
    kind = text_of(record.get("entityType")).strip()
    observations = [_observation(item) for item in as_list(record.get("observations"))]
    own = relations.get(name, [])
    sentences = [f"{name} {one['type'].replace('_', ' ')} {one['to']}" for one in own]
    return Document(
        content="\n".join([name, *filter(None, observations), *sentences]),
        uri=f"mv2://mcp-memory/{uri_part(name)}",
        title=name,
        kind="entity",
        tags=(kind,) if kind else (),
        metadata=metadata_of({"entity_type": kind, "relations": own}),
        source_path=path,
    )


def _observation(value: Any) -> str:
    """An observation; some servers keep objects with a text in them."""
    if isinstance(value, Mapping):
        value = value.get("content", value.get("text"))
    return text_of(value).strip()
