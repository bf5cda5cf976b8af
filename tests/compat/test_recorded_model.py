"""The name of the model that made a memory's vectors survives the original."""

from __future__ import annotations

import pytest
from scenarios import EPOCH

import mv2
from mv2.errors import ModelMismatchError


def given(path):
    with mv2.open(path) as memory:
        memory.put("the first note", uri="mv2://a", embedding=[1, 0, 0], embedding_model="Ours v1")


def made_later(path):
    with mv2.open(path) as memory:
        memory.put("the first note", uri="mv2://a")
    with mv2.open(path, embedder=Embedder()) as memory:
        assert memory.embed() == 1


class Embedder:
    name = "Ours v1"

    def embed(self, texts, /):
        return [[1.0, 0.0, 0.0] for _ in texts]


@pytest.mark.parametrize("build", [given, made_later])
def test_the_original_opens_finds_appends_and_the_name_is_still_there(peer, tmp_path, build):
    path = tmp_path / "m.mv2"
    build(path)
    peer.call("open", path=path, read_only=False)
    assert peer.call("frame", uri="mv2://a")["uri"] == "mv2://a"
    peer.call("find_vector", vector=[1.0, 0.0, 0.0])
    document = {"text": "appended", "uri": "mv2://b", "title": "New", "tags": [], "timestamp": EPOCH}
    peer.call("put", document=document)
    peer.call("close")
    with mv2.open(path) as memory:
        assert memory.stats().vector_model == "Ours v1"
        assert list(memory.embedding("mv2://a") or ()) == [1, 0, 0]
        assert memory.frame("mv2://a").metadata == {}
        with pytest.raises(ModelMismatchError):
            memory.put("x", embedding=[1, 2, 3], embedding_model="another")
