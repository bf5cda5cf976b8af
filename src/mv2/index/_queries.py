"""Building tantivy queries without importing tantivy elsewhere.

Values are not analysed here: text fields take stems, ``uri`` takes the value
in ASCII lower case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2.index._schema import CONTENT, FRAME_ID, TIMESTAMP, URI

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tantivy import Query, Schema

_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$#&-~")
MAX_PATTERN: Final = 500
_I64: Final = 2**63


class Queries:
    """Builder bound to one index."""

    def __init__(self, schema: Schema) -> None:
        from tantivy import FieldType, Occur, Query

        self._schema = schema
        self._query = Query
        self._occur = Occur
        self._integer = FieldType.Integer

    def term(self, field: str, value: str, weight: float = 1.0) -> Query:
        """Documents whose `field` has the term; BM25 times `weight`."""
        query = self._query.term_query(self._schema, field, value)
        return query if weight == 1.0 else self._query.boost_query(query, weight)

    def phrase(self, stems: Sequence[str]) -> Query:
        """Documents whose content has the stems one after the other; one stem is a term."""
        if len(stems) == 1:
            return self.term(CONTENT, stems[0])
        return self._query.phrase_query(self._schema, CONTENT, list(stems))

    def prefix(self, field: str, start: str) -> Query | None:
        """Documents with a term that begins with `start`, each scoring 1; None if it is too long."""
        if len(start) > MAX_PATTERN:
            return None
        pattern = "".join("\\" + c if c in _SPECIAL else c for c in start) + "(.|\n)*"
        return self._query.regex_query(self._schema, field, pattern)

    def matching(self, field: str, expression: str) -> Query:
        """Documents with a term that matches a regular expression as a whole, each scoring 1."""
        return self._query.regex_query(self._schema, field, expression)

    def like(self, field: str, value: str, distance: int) -> Query:
        """Documents with a term at most `distance` (1 or 2) edits from `value`, each scoring 1."""
        return self._query.fuzzy_term_query(self._schema, field, value, distance, True)

    def uri(self, value: str) -> Query:
        """Documents with exactly this uri (ASCII lower case)."""
        return self._query.term_query(self._schema, URI, value)

    def during(self, start: int | None, end: int | None) -> Query:
        """Documents with start <= timestamp < end, in UTC seconds; None is open."""
        if start is None and end is None:
            return self.everything()
        if (start is not None and start >= _I64) or (end is not None and end <= -_I64):
            return self.nothing()
        # Both ends are inclusive here: an open end has no other way to be written.
        low = None if start is None else max(start, -_I64)
        high = None if end is None else min(end - 1, _I64 - 1)
        return self._query.range_query(self._schema, TIMESTAMP, self._integer, low, high)

    def frames(self, ids: Iterable[int]) -> Query:
        """The documents of these frames."""
        return self._query.term_set_query(self._schema, FRAME_ID, list(ids))

    def everything(self) -> Query:
        return self._query.all_query()

    def nothing(self) -> Query:
        return self._query.empty_query()

    def constant(self, query: Query, score: float) -> Query:
        """The same documents, each scoring `score`."""
        return self._query.const_score_query(query, score)

    def every(self, queries: Sequence[Query]) -> Query:
        """Documents that match all of `queries`; the scores add up."""
        if len(queries) == 1:
            return queries[0]
        return self._query.boolean_query([(self._occur.Must, query) for query in queries])

    def some(self, queries: Sequence[Query]) -> Query:
        """Documents that match one or more of `queries`; the scores add up."""
        if len(queries) == 1:
            return queries[0]
        return self._query.boolean_query([(self._occur.Should, query) for query in queries])

    def best(self, queries: Sequence[Query]) -> Query:
        """Documents that match one or more of `queries`; the best score counts."""
        return queries[0] if len(queries) == 1 else self._query.disjunction_max_query(list(queries))

    def preferring(self, query: Query, wishes: Sequence[tuple[Query, float]]) -> Query:
        """Documents that match `query`; each wish that they match too adds its weighted score."""
        if not wishes:
            return query
        added = [(self._occur.Should, self._query.boost_query(wish, weight)) for wish, weight in wishes]
        return self._query.boolean_query([(self._occur.Must, query), *added])

    def frames_among(self, query: Query, ids: Iterable[int]) -> Query:
        """Documents of a few frames that match `query`; a dictionary lookup for each frame."""
        each = [self._query.term_query(self._schema, FRAME_ID, frame_id) for frame_id in ids]
        if not each:
            return self.nothing()
        return self.every([query, self.constant(self.some(each), 0.0)])

    def without(self, query: Query, excluded: Query) -> Query:
        """Documents that match `query` and not `excluded`."""
        return self._query.boolean_query([(self._occur.Must, query), (self._occur.MustNot, excluded)])
