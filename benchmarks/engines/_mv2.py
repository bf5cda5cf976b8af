"""mv2 itself, with default settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.engines._base import EVERYWHERE, Found, Within
from benchmarks.workload import DIMENSION, Doc


def _dictionaries(docs: Iterable[Doc], vectors: Iterable[bytes] | None) -> Iterator[dict[str, Any]]:
    plain = (
        {"content": doc.text, "title": doc.title, "tags": doc.tags, "timestamp": doc.timestamp}
        for doc in docs
    )
    if vectors is None:
        yield from plain
        return
    import numpy as np

    for document, vector in zip(plain, vectors, strict=False):
        yield {**document, "embedding": np.frombuffer(vector, "<f4", DIMENSION)}


def _found(result: Any) -> list[Found]:
    return [Found(hit.frame_id, hit.title, hit.snippet) for hit in result.hits]


def _narrowed(within: Within) -> dict[str, Any]:
    tags = None if within.tags is None else {"tags": {"$in": list(within.tags)}}
    return {"filter": tags, "since": within.since, "until": within.until}


class Mv2Handle:
    """A memory, open."""

    def __init__(self, path: str, read_only: bool, lazy: bool, relaxed: bool, file_system: Any) -> None:
        import mv2

        options: dict[str, Any] = {"embedder": "none"}  # vectors are given, or not wanted
        if file_system is not None:
            options["file_system"] = file_system
        if relaxed:
            options["durability"] = "none"
        if lazy:
            options["close"] = "lazy"
        self.memory = mv2.open(path, "r" if read_only else "a", **options)

    def put(self, doc: Doc) -> int:
        return self.memory.put(doc.text, title=doc.title, tags=doc.tags, timestamp=doc.timestamp)

    def find(self, query: str, k: int = 10) -> list[Found]:
        return _found(self.memory.find(query, k=k))

    def ask(self, question: str, k: int = 10) -> list[Found]:
        return self.find(question, k)

    def find_within(self, query: str, within: Within, k: int = 10) -> list[Found]:
        return _found(self.memory.find(query, k=k, mode="lex", **_narrowed(within)))

    def nearest(self, vector: bytes, k: int = 10, within: Within = EVERYWHERE) -> list[Found]:
        import numpy as np

        query = np.frombuffer(vector, "<f4")
        return _found(self.memory.find("", vector=query, mode="vec", k=k, **_narrowed(within)))

    def hybrid(self, query: str, vector: bytes, k: int = 10) -> list[Found]:
        import numpy as np

        return _found(self.memory.find(query, vector=np.frombuffer(vector, "<f4"), mode="hybrid", k=k))

    def update(self, ident: int, doc: Doc) -> None:
        self.memory.update(ident, content=doc.text, title=doc.title)

    def delete(self, ident: int) -> None:
        self.memory.delete(ident)

    def commit(self) -> None:
        self.memory.commit()

    def refresh(self) -> None:
        self.memory.refresh()

    def close(self) -> None:
        self.memory.close()


class Mv2:
    """The engine of this project."""

    name = "mv2"
    modules = "import mv2"
    cold = (
        "import sys, mv2\n"
        "with mv2.open(sys.argv[1], 'r', embedder='none') as mem:\n"
        "    for hit in mem.find(sys.argv[2]).hits: print(hit.title, hit.snippet)\n"
    )

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        import mv2

        with mv2.open(path, embedder="none") as memory:
            memory.put_many(_dictionaries(docs, vectors))

    def open(
        self,
        path: str,
        *,
        read_only: bool = False,
        lazy: bool = False,
        relaxed: bool = False,
        file_system: Any = None,
    ) -> Mv2Handle:
        return Mv2Handle(path, read_only, lazy, relaxed, file_system)

    def ident(self, position: int) -> int:
        return position


ENGINE = Mv2()
