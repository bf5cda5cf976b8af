"""Vectors on the command line, and what is said instead of a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

pytest.importorskip("wordllama")
pytest.importorskip("tokenizers")


def vectors(path: Path) -> int:
    with library.open(path, "r") as memory:
        return memory.stats().vector_count


def test_put_makes_vectors_with_the_embedder_that_is_named(folder: Path, mv2: Command) -> None:
    assert mv2("put", "a.mv2", "--text", "The kettle is descaled.").code == 0
    assert vectors(folder / "a.mv2") == 0
    assert mv2("put", "a.mv2", "--text", "Vinegar removes chalk.", "--embedder", "wordllama").code == 0
    assert vectors(folder / "a.mv2") == 1
    assert mv2("put", "a.mv2", "--text", "Tea.", "--embedder", "none").code == 0
    assert vectors(folder / "a.mv2") == 1
    assert mv2("put", "a.mv2", "--text", "Tea.", "--embedder", "nobody:knows").code == 2


def test_embed_gives_vectors_to_the_rest(notes: Path, mv2: Command) -> None:
    assert mv2("embed", notes).code == 2  # the tests' default embedder is none
    ran = mv2("embed", notes, "--embedder", "wordllama")
    assert ran.out == "made vectors of 2 texts\n"
    assert vectors(notes) == 2
    assert mv2("embed", notes, "--embedder", "wordllama", "--json").json()["embedded"] == 0


def test_find_by_meaning(notes: Path, mv2: Command) -> None:
    assert mv2("embed", notes, "--embedder", "wordllama").code == 0
    assert mv2("find", notes, "spending money", "--json").json()["hits"] == []
    found = mv2("find", notes, "spending money", "--embedder", "wordllama", "--json").json()
    assert found["mode"] == "hybrid"
    assert found["hits"][0]["title"] == "plan.md"
    only = mv2("find", notes, "spending money", "--embedder", "wordllama", "--mode", "vec", "--json").json()
    assert only["mode"] == "vec"
    asked = mv2("ask", notes, "where is the key?", "--embedder", "wordllama", "--json").json()
    assert asked["mode"] == "hybrid"


def test_a_listing_is_the_same_with_vectors(notes: Path, mv2: Command) -> None:
    before = mv2("find", notes, "--filter", "tags=diary", "--json").json()["hits"]
    assert mv2("embed", notes, "--embedder", "wordllama").code == 0
    after = mv2("find", notes, "--filter", "tags=diary", "--embedder", "wordllama", "--json").json()["hits"]
    assert [hit["frame_id"] for hit in after] == [hit["frame_id"] for hit in before] != []


def test_a_model_that_does_not_fit_is_one_error(folder: Path, mv2: Command) -> None:
    with library.open("a.mv2", embedder="none") as memory:
        memory.put("x", embedding=[1.0, 2.0, 3.0], embedding_model="other")
    (folder / "one.txt").write_text("one")
    (folder / "two.txt").write_text("two")
    ran = mv2("put", "a.mv2", "one.txt", "two.txt", "--embedder", "wordllama")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "other" in ran.err


def test_update_embeds_new_content(notes: Path, mv2: Command) -> None:
    assert mv2("update", notes, 0, "--text", "The key is lost.").code == 0
    assert vectors(notes) == 0
    assert mv2("update", notes, 1, "--text", "No tea left.", "--embedder", "wordllama").code == 0
    assert vectors(notes) == 1


def test_vacuum_can_compress_vectors(folder: Path, mv2: Command) -> None:
    path = folder / "a.mv2"
    with library.open(path, embedder="none") as memory:
        memory.put_many(
            {"content": f"text {n}", "embedding": [float((n * k) % 17) for k in range(384)]}
            for n in range(120)
        )

    def stored() -> int:
        found: int = mv2("stats", path, "--json").json()["vector_bytes"]
        return found

    full = stored()
    assert mv2("vacuum", path).code == 0
    assert stored() == full
    assert mv2("vacuum", path, "--vector-compression", "pq96").code == 0
    assert stored() != full
    assert mv2("vacuum", path, "--vector-compression", "none").code == 0
    assert stored() == full
    assert mv2("vacuum", path, "--vector-compression", "zip").code == 2


def test_correct(notes: Path, mv2: Command) -> None:
    ran = mv2("correct", notes, "The key is kept by Ada.", "--topic", "cellar", "--source", "Ada")
    assert ran.out.startswith("put correction 3 (mv2://correction/")
    fields = mv2("view", notes, 3, "--json").json()
    assert fields["tags"] == ["cellar"]
    assert "Ada" in json.dumps(fields["metadata"])
    assert mv2("find", notes, "cellar", "--json").json()["hits"][0]["frame_id"] == 3
    low = mv2("correct", notes, "Ask", "Grace.", "--topic", "cellar", "--boost", 1, "--json").json()
    hits = mv2("find", notes, "cellar", "--json").json()["hits"]
    assert [hit["frame_id"] for hit in hits[:2]] == [3, low["id"]]
    old = mv2("correct", notes, "It was so.", "--timestamp", "2020-01-01", "--json").json()
    assert old["timestamp"] == 1577836800
    assert mv2("correct", notes, "With a vector.", "--embedder", "wordllama").code == 0
    assert vectors(notes) == 1
    assert mv2("correct", "missing.mv2", "x").code == 1
    assert mv2("correct", notes, "x", "--boost", 0).code == 2
