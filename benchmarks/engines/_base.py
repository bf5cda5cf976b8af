"""What an adapter offers. Positions count documents from 0 in the order they were given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from benchmarks.workload import Doc


class Found(NamedTuple):
    """A hit, with all that a list of results shows."""

    position: int
    title: str | None
    snippet: str


class Within(NamedTuple):
    """What a search is narrowed to.

    Attributes:
        tags: at least one of them.
        since: UTC seconds, inclusive. until: exclusive.
    """

    tags: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None

    def holds(self, doc: Doc) -> bool:
        return (
            (self.tags is None or any(tag in self.tags for tag in doc.tags))
            and (self.since is None or doc.timestamp >= self.since)
            and (self.until is None or doc.timestamp < self.until)
        )


EVERYWHERE = Within()


#: What questions are made of, beside the words that are looked for.
FUNCTION_WORDS = frozenset(
    [
        "a",
        "about",
        "and",
        "did",
        "do",
        "for",
        "how",
        "in",
        "is",
        "it",
        "of",
        "the",
        "to",
        "was",
        "we",
        "what",
        "when",
        "where",
        "who",
    ]
)


def content_words(question: str) -> list[str]:
    words = [word.strip("?,.") for word in question.lower().split()]
    return [word for word in words if word not in FUNCTION_WORDS]


def mixed(words: dict[int, float], near: dict[int, float]) -> list[int]:
    """Documents by the plainest sum of both sides, best first; scores of each count by its best."""
    total: dict[int, float] = {}
    for side, weight in ((words, 0.7), (near, 0.3)):
        best = max(side.values(), default=1.0)
        for number, score in side.items():
            total[number] = total.get(number, 0.0) + weight * score / best
    return sorted(total, key=lambda number: -total[number])


class Handle(Protocol):
    """An open store."""

    def put(self, doc: Doc) -> int:
        """Add a document durably; returns what ``update`` and ``delete`` take."""

    def find(self, query: str, k: int = 10) -> list[Found]: ...
    def update(self, ident: int, doc: Doc) -> None: ...
    def delete(self, ident: int) -> None: ...
    def commit(self) -> None:
        """Make everything added part of the index."""

    def refresh(self) -> None: ...
    def close(self) -> None: ...


class Searcher(Handle, Protocol):
    """A handle that can do more than find words."""

    def ask(self, question: str, k: int = 10) -> list[Found]:
        """The best documents with any of a question's words, the function words left out."""

    def find_within(self, query: str, within: Within, k: int = 10) -> list[Found]: ...
    def nearest(self, vector: bytes, k: int = 10, within: Within = EVERYWHERE) -> list[Found]:
        """The most similar documents to a vector of little-endian float32."""

    def hybrid(self, query: str, vector: bytes, k: int = 10) -> list[Found]:
        """The best by words and vector together."""


class Engine(Protocol):
    """An engine under test.

    Attributes:
        name: as in the table.
        modules: what a program that uses it imports.
        cold: a program that opens ``argv[1]`` and prints the first hits for ``argv[2]``.
    """

    name: str
    modules: str
    cold: str

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        """Add documents in one commit, durable and searchable when it returns; makes the store if missing."""

    def open(self, path: str, **options: Any) -> Handle:
        """Open a store; options: ``read_only``, ``lazy`` (cheapest durable close), ``relaxed`` (no syncs)."""

    def ident(self, position: int) -> int: ...
