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
