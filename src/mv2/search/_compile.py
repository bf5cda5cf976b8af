"""From a parsed query to a query of the embedded index.

What the index cannot decide exactly (a whole tag, a kind, a word's beginning
after stemming) becomes a query that finds at least all matches, and a rest that
must be checked on each hit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.index.lexical import MARKER, LexicalReader, atoms, fold, has_unsegmented, tokens
from mv2.search._conditions import cut_stems, uri_pattern
from mv2.search._corpus import EXTRA_WEIGHT
from mv2.search._forms import Forms, all_forms, forms, is_one_word, loose_stems, text_ways
from mv2.search._patterns import MAX_PATTERN, fuzzy_forms, pattern, usable_distance
from mv2.search.nodes import (
    And,
    During,
    Field,
    Fuzzy,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefer,
    Prefix,
    Terms,
    Wildcard,
)

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
            return _phrase(node, reader)
        case Prefix():
            return _prefix(node, reader)
        case Wildcard():
            return _wildcard(node, reader)
        case Fuzzy():
            return Plan(_fuzzy(node, reader), None)
        case Near():
            stems = dict.fromkeys(atoms(node.text))
            words = [reader.queries.term("content", stem) for stem in stems]
            return Plan(reader.queries.every(words) if words else reader.queries.nothing(), node)
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
        case Prefer():
            return _prefer(node, reader)


def term(stem: str, reader: LexicalReader) -> Query:
    """Frames with a word of this stem in text, title, tags, labels or track."""
    queries = reader.queries
    fields = [field for field in ("tags", "labels", "track") if reader.doc_freq(field, stem)]
    extra = [queries.term(field, stem, EXTRA_WEIGHT) for field in fields]
    return queries.some([queries.term("content", stem), *extra])


def _terms(node: Terms, reader: LexicalReader) -> Query:
    queries = reader.queries
    if node.any:
        parts = [term(stem, reader) for stem in loose_stems(node.words)]
        parts += [_anywhere(f.character, reader) for f in all_forms(node.words) if f.character is not None]
        return queries.some(parts) if parts else queries.nothing()
    words = [_word(form, reader) for form in all_forms(node.words)]
    return queries.every(words) if words else queries.nothing()


def _word(form: Forms, reader: LexicalReader) -> Query:
    """Frames that have a word in one of its ways; they score by the best of them."""
    if form.stem is not None:
        return term(form.stem, reader)
    ways = [_way(way, reader) for way in form.ways]
    if form.character is not None:
        ways.append(_anywhere(form.character, reader))
    return reader.queries.best(ways)


def _way(way: tuple[str, ...], reader: LexicalReader) -> Query:
    if len(way) == 1:
        return term(way[0], reader)
    queries = reader.queries
    found = [queries.phrase(way)]
    # Tags, labels and tracks have no order of words.
    if all(any(reader.doc_freq(field, stem) for field in _COLUMN.values()) for stem in way):
        extra = [
            queries.some([queries.term(field, stem, EXTRA_WEIGHT) for field in _COLUMN.values()])
            for stem in way
        ]
        found.append(queries.every(extra))
    return queries.some(found)


def _anywhere(character: str, reader: LexicalReader) -> Query:
    """Frames with a character of a script whose pairs of characters stand in the index as words."""
    return reader.queries.constant(reader.queries.matching("content", f".?{character}.*"), 1.0)


def _phrase(node: Phrase, reader: LexicalReader) -> Plan:
    queries = reader.queries
    ways = text_ways(node.text)
    if not ways:
        return Plan(queries.nothing(), None)
    exact = queries.best([queries.phrase(way) for way in ways])
    character = forms(node.text).character
    if character is not None:
        return Plan(_anywhere(character, reader), None)
    if is_one_word(node.text) or not reader.doc_freq("content", MARKER):
        return Plan(exact, None)
    # Folded words do not stand in their places in the index: such frames are read.
    parts = [
        _anywhere(atom, reader) if has_unsegmented(atom) else queries.term("content", atom)
        for atom in dict.fromkeys(atoms(node.text))
    ]
    maybe = queries.constant(queries.every([queries.term("content", MARKER), *parts]), 0.0)
    return Plan(queries.some([exact, maybe]), node)


def _prefix(node: Prefix, reader: LexicalReader) -> Plan:
    queries = reader.queries
    start = fold(node.start)
    if has_unsegmented(start):
        return compile_query(Terms((node.start,)), reader)
    certain = queries.prefix("content", start)
    if certain is None:
        return Plan(queries.constant(queries.everything(), 1.0), node)
    unsure = [queries.term("content", stem) for stem in cut_stems(start) if reader.doc_freq("content", stem)]
    if not unsure:
        return Plan(certain, None)
    return Plan(queries.constant(queries.some([certain, *unsure]), 1.0), node)


def _wildcard(node: Wildcard, reader: LexicalReader) -> Plan:
    queries = reader.queries
    if len(node.pattern) > MAX_PATTERN:
        return Plan(queries.constant(queries.everything(), 1.0), node)
    found = pattern(node.pattern)
    either = queries.matching("content", f"{found.certain}|{found.unsure}")
    return Plan(queries.constant(either, 1.0), node)


def _fuzzy(node: Fuzzy, reader: LexicalReader) -> Query:
    queries = reader.queries
    distance = usable_distance(node.word, node.distance)
    if not distance:
        return _terms(Terms((node.word,)), reader)
    near = [queries.like("content", form, distance) for form in fuzzy_forms(node.word)]
    exact = [queries.term("content", stem) for stem in tokens(fold(node.word))[:1]]
    return queries.some([queries.constant(queries.some(near), 1.0), *exact])


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


def _prefer(node: Prefer, reader: LexicalReader) -> Plan:
    plan = compile_query(node.child, reader)
    wishes = [(compile_query(wish, reader).query, weight) for wish, weight in node.wishes]
    return Plan(reader.queries.preferring(plan.query, wishes), plan.rest)


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
