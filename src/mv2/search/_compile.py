"""From a parsed query to a query of the embedded index.

What the index cannot decide exactly (a whole tag, a kind, a word's beginning
after stemming) becomes a query that finds at least all matches, and a rest that
must be checked on each hit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mv2.index.lexical import LexicalReader, tokens
from mv2.search._conditions import cut_stems, uri_pattern
from mv2.search._corpus import EXTRA_WEIGHT
from mv2.search.nodes import And, During, Field, Node, Not, Or, Phrase, Prefix, Terms

if TYPE_CHECKING:
    from tantivy import Query

_COLUMN = {"tag": "tags", "label": "labels", "track": "track"}


@dataclass(frozen=True, slots=True)
class Plan:
    """`query` finds every match; `rest` must still be checked, unless it is None."""

    query: Query
    rest: Node | None


def compile_query(node: Node, reader: LexicalReader) -> Plan:
    """Plan for `node` against the index of `reader`."""
    match node:
        case Terms():
            return Plan(_terms(node, reader), None)
        case Phrase():
            stems = tokens(node.text)
            return Plan(reader.queries.phrase(stems) if stems else reader.queries.nothing(), None)
        case Prefix():
            return _prefix(node, reader)
        case And():
            return _every(node, reader)
        case Or():
            plans = [compile_query(child, reader) for child in node.children]
            exact = all(plan.rest is None for plan in plans)
            return Plan(reader.queries.some([plan.query for plan in plans]), None if exact else node)
        case Not():
            return _every(And((node,)), reader)
        case During():
            return Plan(reader.queries.constant(reader.queries.during(node.start, node.end), 0.0), None)
        case Field():
            return _field(node, reader)


def term(stem: str, reader: LexicalReader) -> Query:
    """Frames with a word of this stem in text, title, tags, labels or track."""
    queries = reader.queries
    fields = [field for field in ("tags", "labels", "track") if reader.doc_freq(field, stem)]
    extra = [queries.term(field, stem, EXTRA_WEIGHT) for field in fields]
    return queries.some([queries.term("content", stem), *extra])


def _terms(node: Terms, reader: LexicalReader) -> Query:
    stems = dict.fromkeys(stem for word in node.words for stem in tokens(word))
    parts = [term(stem, reader) for stem in stems]
    if not parts:
        return reader.queries.nothing()
    return reader.queries.some(parts) if node.any else reader.queries.every(parts)


def _prefix(node: Prefix, reader: LexicalReader) -> Plan:
    queries = reader.queries
    certain = queries.prefix("content", node.start)
    if certain is None:
        return Plan(queries.constant(queries.everything(), 1.0), node)
    unsure = [
        queries.term("content", stem) for stem in cut_stems(node.start) if reader.doc_freq("content", stem)
    ]
    if not unsure:
        return Plan(certain, None)
    return Plan(queries.constant(queries.some([certain, *unsure]), 1.0), node)


def _every(node: And, reader: LexicalReader) -> Plan:
    queries = reader.queries
    required: list[Query] = []
    excluded: list[Query] = []
    rest: list[Node] = []
    for child in node.children:
        if isinstance(child, Not):
            plan = compile_query(child.child, reader)
            if plan.rest is None:
                excluded.append(plan.query)
            else:
                rest.append(child)
        else:
            plan = compile_query(child, reader)
            required.append(plan.query)
            if plan.rest is not None:
                rest.append(plan.rest)
    query = queries.every(required) if required else queries.constant(queries.everything(), 0.0)
    for each in excluded:
        query = queries.without(query, each)
    return Plan(query, None if not rest else rest[0] if len(rest) == 1 else And(tuple(rest)))


def _field(node: Field, reader: LexicalReader) -> Plan:
    queries = reader.queries
    query: Query | None = None
    exact = False
    if node.name in ("uri", "scope"):
        value, beginning = uri_pattern(node)
        query = queries.prefix("uri", value) if beginning else queries.uri(value)
        exact = query is not None
    else:
        stems = tokens(node.value)
        if node.name == "title" and not stems:
            return Plan(queries.nothing(), None)
        if node.name == "title":
            query = queries.phrase(stems)
        elif node.name in _COLUMN and stems:
            query = queries.every([queries.term(_COLUMN[node.name], stem) for stem in dict.fromkeys(stems)])
    return Plan(queries.constant(query or queries.everything(), 0.0), None if exact else node)
