"""Read by mypy only: the public surface has the types it promises.

An ignore comment marks a line that must be an error; mypy complains when it is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

import mv2


def ways_to_open(path: Path) -> None:
    with mv2.open(path) as memory:
        assert_type(memory, mv2.Memvid)
    mv2.open(str(path), "r")
    mv2.open(path, "r+", durability="batch", lock="handle", lock_timeout=1.5, close="lazy")
    mv2.open(path, "b")  # type: ignore[arg-type]
    mv2.open(path, durability="sometimes")  # type: ignore[arg-type]
    mv2.open(path, "a", "full")  # type: ignore[call-arg]


def models(path: Path) -> None:
    class Own:
        def embed(self, texts: Sequence[str], /) -> list[list[float]]:
            return [[1.0] for _ in texts]

    own: mv2.Embedder = Own()
    mv2.open(path, embedder=own).close()
    mv2.open(path, embedder="none").close()
    assert_type(mv2.resolve_embedder("openai:model", api_key="key"), mv2.Embedder | None)
    assert_type(mv2.resolve_reranker("tei:http://localhost:8080"), mv2.Reranker | None)
    wrong: mv2.Embedder = object()  # type: ignore[assignment]
    del wrong
    with mv2.open(path) as memory:
        memory.put("text", embedding=[0.1], embedding_model="model")
        assert_type(memory.embed(progress=lambda done, total: None), int)
        assert_type(memory.stats().vector_model, str | None)


def putting(memory: mv2.Memvid) -> None:
    assert_type(memory.put("text"), int)
    memory.put(b"bytes", uri="mv2://x", title="t", tags=["a"], labels=("b",), metadata={"year": 2026})
    memory.put(Path("file.txt"), timestamp=dt.datetime.now(dt.UTC), track="work", kind="note")
    memory.put("text", timestamp="2026-11-22", embedding=[0.1, 0.2], dedup=True, on_conflict="skip")
    memory.put(12)  # type: ignore[arg-type]
    memory.put("text", on_conflict="maybe")  # type: ignore[arg-type]
    assert_type(memory.put_many([mv2.Document(content="a"), mv2.Document(content=b"b")]), list[int])
    memory.put_many([{"content": "a", "uri": "mv2://a"}], progress=lambda done, total: None)
    with memory.batch():
        memory.put("one")
    assert_type(memory.update(0, title="new", tags=None), int)
    assert_type(memory.update("mv2://x", content="new", metadata={"a": 1}, merge=True), int)
    memory.delete(0)
    memory.delete("mv2://x")
    mv2.Document(content="a", uri=3)  # type: ignore[arg-type]


def reading(memory: mv2.Memvid) -> None:
    result = memory.find("words", k=5, snippet_chars=80, explain=True)
    assert_type(result, mv2.SearchResult)
    assert_type(result.next_cursor, str | None)
    for hit in result.hits:
        assert_type(hit, mv2.Hit)
        assert_type(hit.snippet, str)
        hit.score = 1.0  # type: ignore[misc]
    assert_type(memory.frame(0), mv2.Frame)
    assert_type(memory.frame("mv2://x").id, int)
    assert_type(memory.content(0), bytes)
    assert_type(memory.text("mv2://x"), str)
    assert_type(memory.history("mv2://x"), list[mv2.Frame])
    assert_type(
        memory.timeline(limit=3, since=dt.datetime.now(dt.UTC), reverse=True), list[mv2.TimelineEntry]
    )
    for frame in memory.frames():
        assert_type(frame, mv2.Frame)


def caring(memory: mv2.Memvid) -> None:
    assert_type(memory.stats(), mv2.Stats)
    assert_type(memory.verify(deep=True), mv2.VerifyReport)
    assert_type(memory.vacuum(), mv2.VacuumReport)
    memory.commit()
    memory.refresh()
    memory.close()


def failing(memory: mv2.Memvid) -> None:
    try:
        memory.frame("mv2://missing")
    except mv2.LockedError as error:
        assert_type(error.holders, tuple[mv2.LockHolder, ...])
    except mv2.QueryError as error:
        assert_type(error.position, int)
    except mv2.Error as error:
        assert_type(error.code, str)
        assert_type(error.remedy, str | None)
    except KeyError:
        pass
