"""From what people write to an embedder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from static_models import make_model, write_safetensors

from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.models import local
from mv2.models.resolve import resolve_embedder
from mv2.models.slot import EmbedderSlot
from mv2.models.static import StaticEmbedder, folder_name
from mv2.models.text_embedder import TextEmbedder


class Own:
    def embed(self, texts: Sequence[str], /) -> Any:
        return [[1.0]] * len(texts)


def test_none() -> None:
    assert resolve_embedder("none") is None
    assert resolve_embedder(None) is None
    assert EmbedderSlot("none").get() is None
    assert EmbedderSlot(None).get() is None


def test_an_object_is_taken_as_it_is() -> None:
    own = Own()
    assert resolve_embedder(own) is own
    slot = EmbedderSlot(own)
    assert slot.get() is slot.get() is not None


def test_the_manner_of_langchain() -> None:
    class Embeddings:
        model = "some-model"

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            assert isinstance(texts, list)
            return [[0.0, 1.0] for _ in texts]

        def embed_query(self, text: str) -> list[float]:
            del text
            return [2.0, 3.0]

    embedder = resolve_embedder(Embeddings())
    assert embedder is not None
    wrapped = TextEmbedder(embedder)
    assert wrapped.name == "some-model"
    assert wrapped.embed(("a", "b")).tolist() == [[0, 1], [0, 1]]
    assert wrapped.embed_query("a").tolist() == [2, 3]


@pytest.mark.parametrize("spec", ["nothing", "unknown:model", "", 5, [], Own, "path:/nowhere/at/all"])
def test_what_is_no_embedder(spec: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        resolve_embedder(spec)


def test_folders(tmp_path: Path) -> None:
    make_model(tmp_path / "tiny")
    for spec in (f"path:{tmp_path / 'tiny'}", str(tmp_path / "tiny"), tmp_path / "tiny"):
        found = resolve_embedder(spec)
        assert isinstance(found, StaticEmbedder)
        assert found.name == "tiny"
    named = resolve_embedder(tmp_path / "tiny", name="other")
    assert getattr(named, "name", None) == "other"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/a/MiniLM", "MiniLM"),
        ("/a/MiniLM/model/", "MiniLM"),
        ("/cache/hub/models--org--some-name/snapshots/0a1b2c", "org/some-name"),
        ("/model", "model"),
    ],
)
def test_names_of_folders(folder: str, name: str) -> None:
    assert folder_name(folder) == name


def test_default_is_what_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model(tmp_path / "tiny")
    monkeypatch.setenv("MV2_EMBEDDER", str(tmp_path / "tiny"))
    assert getattr(resolve_embedder("default"), "name", None) == "tiny"
    slot = EmbedderSlot("default").get()
    assert slot is not None
    assert slot.is_default
    asked_for = EmbedderSlot(str(tmp_path / "tiny")).get()
    assert asked_for is not None
    assert not asked_for.is_default
    monkeypatch.setenv("MV2_EMBEDDER", "none")
    assert resolve_embedder("default") is None
    assert EmbedderSlot("default").get() is None
    monkeypatch.setenv("MV2_EMBEDDER", "nonsense")
    with pytest.raises(InvalidArgumentError, match="nonsense"):
        EmbedderSlot("default").get()


@pytest.mark.parametrize(("spec", "extra"), [("fastembed:m", "onnx"), ("st:m", "st")])
def test_missing_packages_say_how_to_install_them(
    spec: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'mv2\[{extra}\]'"):
        resolve_embedder(spec)


def test_fastembed(monkeypatch: pytest.MonkeyPatch) -> None:
    class TextEmbedding:
        def __init__(self, name: str, **options: Any) -> None:
            assert (name, options) == ("BAAI/bge", {"threads": 1})

        def passage_embed(self, texts: list[str]) -> Iterator[Any]:
            return (np.array([len(text), 0.0]) for text in texts)

        def query_embed(self, query: str) -> Iterator[Any]:
            return iter([np.array([len(query), 1.0])])

    stand_in(monkeypatch, "fastembed", TextEmbedding=TextEmbedding)
    embedder = resolve_embedder("fastembed:BAAI/bge", threads=1)
    assert embedder is not None
    wrapped = TextEmbedder(embedder)
    assert wrapped.name == "fastembed:BAAI/bge"
    assert wrapped.embed(["a", "bbb"]).tolist() == [[1, 0], [3, 0]]
    assert wrapped.embed_query("qq").tolist() == [2, 1]


class OldModel:
    """As before version 5: one way to encode."""

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        assert options == {}

    def encode(self, texts: list[str], **options: Any) -> Any:
        assert options == {
            "normalize_embeddings": True, "show_progress_bar": False, "convert_to_numpy": True,
        }  # fmt: skip
        return np.array([[len(text), 0.0] for text in texts])


class NewModel(OldModel):
    def encode_query(self, texts: list[str], **options: Any) -> Any:
        return self.encode(texts, **options) + 100

    def encode_document(self, texts: list[str], **options: Any) -> Any:
        return self.encode(texts, **options) + 10


@pytest.mark.parametrize(("model", "document", "query"), [(OldModel, 0, 0), (NewModel, 10, 100)])
def test_sentence_transformers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: type, document: int, query: int
) -> None:
    stand_in(monkeypatch, "sentence_transformers", SentenceTransformer=model)
    write_safetensors(tmp_path / "model.safetensors", {"a": np.zeros((2, 2)), "b": np.zeros((2, 2))})
    for spec, name in {
        "sentence-transformers:all-MiniLM": "sentence-transformers:all-MiniLM",
        "st:all-MiniLM": "sentence-transformers:all-MiniLM",
        str(tmp_path): tmp_path.name,
    }.items():
        embedder = resolve_embedder(spec)
        assert embedder is not None
        wrapped = TextEmbedder(embedder)
        assert wrapped.name == name
        assert wrapped.embed(["abc"]).tolist() == [[3 + document, document]]
        assert wrapped.embed_query("abc").tolist() == [3 + query, query]


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    """A package of the same shape in the place of a large one."""
    package = ModuleType(name)
    for member, value in members.items():
        setattr(package, member, value)
    monkeypatch.setitem(sys.modules, name, package)
    monkeypatch.setattr(local, "find_spec", lambda _: True)
