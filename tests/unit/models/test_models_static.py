"""Static models: vectors that anybody can compute from the table, and those of the bundled package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from static_models import WORDS, make_model, table, write_safetensors, write_tokenizer

from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.models import slot, static
from mv2.models.resolve import resolve_embedder
from mv2.models.static import StaticEmbedder, bundled_embedder, static_folder


def mean(rows: np.ndarray[Any, Any], *words: str) -> np.ndarray[Any, Any]:
    """The unit vector of the mean of some words' rows."""
    found = rows[[WORDS.index(word) for word in words]].astype(np.float64).mean(axis=0)
    return found / np.linalg.norm(found)


def opened(folder: Path) -> StaticEmbedder:
    found = static_folder(str(folder))
    assert found is not None
    return found


def test_the_mean_of_the_tokens(tmp_path: Path) -> None:
    rows = make_model(tmp_path / "tiny")
    embedder = opened(tmp_path / "tiny")
    assert (embedder.name, embedder.dimension) == ("tiny", 4)
    made = embedder.embed(["red cat", "Red CAT sky sky house", "green", "?", ""])
    assert made.dtype == np.float32
    wanted = [
        mean(rows, "red", "cat"),
        mean(rows, "red", "cat", "sky", "sky", "house"),  # the tokenizer's own limit is not ours
        mean(rows, "green"),
        mean(rows, "[UNK]"),
        np.zeros(4),
    ]
    np.testing.assert_allclose(made, wanted, atol=1e-6)


def test_many_texts_come_out_as_few_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the first few hundred texts the table is kept as float32."""
    make_model(tmp_path / "m")
    few, many = opened(tmp_path / "m"), opened(tmp_path / "m")
    monkeypatch.setattr(static, "_WARM_AFTER", 3)
    texts = ["red cat", "dog", "sky house blue"]
    many.embed(texts)
    assert many.embed(texts).tobytes() == many.embed(texts[:2] + texts[2:]).tobytes()
    monkeypatch.setattr(static, "_WARM_AFTER", 1000)
    assert many.embed(texts).tobytes() == few.embed(texts).tobytes()


def test_the_manner_of_model2vec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, shared rows, unknown tokens left out, a limit, and lengths as they are."""
    rows = table(3, "float32")[:4]
    mapping = np.array([0, 1, 2, 3, 3, 2, 1, 0])
    weights = np.arange(1, 9) / 2
    write_safetensors(
        tmp_path / "model.safetensors", {"embeddings": rows, "mapping": mapping, "weights": weights}
    )
    write_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "config.json").write_text(json.dumps({"normalize": False}))
    monkeypatch.setattr(static, "_MODEL2VEC_TOKENS", 2)
    made = opened(tmp_path).embed(["cat ??? dog sky", "???"])
    cat, dog = WORDS.index("cat"), WORDS.index("dog")
    wanted = (rows[mapping[cat]] * weights[cat] + rows[mapping[dog]] * weights[dog]) / 2
    np.testing.assert_allclose(made, [wanted, np.zeros(3)], rtol=1e-6)


def test_the_manner_of_sentence_transformers(tmp_path: Path) -> None:
    rows = make_model(tmp_path / "0_StaticEmbedding")
    np.testing.assert_allclose(opened(tmp_path).embed(["dog"]), [mean(rows, "dog")], atol=1e-6)


def test_tokens_beyond_the_table_take_its_last_row(tmp_path: Path) -> None:
    rows = table()[:3]
    write_safetensors(tmp_path / "m.safetensors", {"embedding.weight": rows})
    write_tokenizer(tmp_path / "tokenizer.json")
    np.testing.assert_allclose(opened(tmp_path).embed(["sky"]), [mean(rows, "green")], atol=1e-6)


def test_nothing_is_loaded_before_the_first_text(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    embedder = opened(tmp_path / "m")
    (tmp_path / "m" / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidArgumentError, match="no tokenizer file"):
        embedder.embed(["x"])


def test_another_kind_of_model_is_not_taken_for_one(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model.safetensors", {"layer.0": table(), "layer.1": table()})
    write_tokenizer(tmp_path / "tokenizer.json")
    assert static_folder(str(tmp_path)) is None
    assert static_folder(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00" * 7,
        b"\x00" * 8,
        (2**63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"null",
        (9).to_bytes(8, "little") + b'{"a": {}}',
        (75).to_bytes(8, "little")
        + b'{"a": {"dtype": "F16", "shape": [99999, 4], "data_offsets": [0, 799992]}}  '[:75],
        (69).to_bytes(8, "little")
        + b'{"a": {"dtype": "F16", "shape": [9, 4], "data_offsets": [0, 4]}}     '[:69]
        + bytes(4),
    ],
)
def test_damaged_tensors_are_refused(tmp_path: Path, damage: bytes) -> None:
    write_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "model.safetensors").write_bytes(damage)
    with pytest.raises(InvalidArgumentError, match="no safetensors file"):
        static_folder(str(tmp_path))


def test_numbers_that_numpy_does_not_have(tmp_path: Path) -> None:
    make_model(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"F16"', b'"BF1"'))
    with pytest.raises(InvalidArgumentError, match="BF1"):
        opened(tmp_path).embed(["x"])


def test_without_tokenizers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model(tmp_path)
    monkeypatch.setattr(static, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mv2\[embed\]'"):
        static_folder(str(tmp_path))
    assert bundled_embedder() is None
    monkeypatch.delenv("MV2_EMBEDDER", raising=False)
    assert resolve_embedder("default") is None
    monkeypatch.setattr(slot, "find_spec", lambda _: None)
    assert slot.EmbedderSlot("default").get() is None
    with pytest.raises(MissingExtraError, match="mv2"):
        resolve_embedder("wordllama")


TEXTS = [
    "The quick brown fox jumps over the lazy dog",
    "  spaces   in\tmany\n\nplaces ",
    "Ünïcödé, 日本語 and emoji 🎉",
    "a",
    "<s> markup </s> stays text",
    "one two three " * 400,
]


class TestTheBundledModel:
    """The package is in the development tools, so none of this is left out."""

    def test_it_is_what_default_means(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MV2_EMBEDDER", raising=False)
        found = resolve_embedder()
        assert isinstance(found, StaticEmbedder)
        assert (found.name, found.dimension) == ("wordllama-l2-256", 256)

    def test_the_package_is_never_imported(self) -> None:
        program = (
            "import sys; from mv2.models.static import bundled_embedder; "
            "bundled_embedder().embed(['x']); assert 'wordllama' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    def test_vectors_are_those_of_the_package(self) -> None:
        """Its inference in its own words: gather, mask, sum, divide, normalise."""
        from tokenizers import Tokenizer

        embedder = bundled_embedder()
        assert embedder is not None
        files = embedder._files
        tokenizer = Tokenizer.from_file(files.tokenizer)
        tokenizer.enable_padding()
        tokenizer.no_truncation()
        encodings = tokenizer.encode_batch(TEXTS, is_pretokenized=False, add_special_tokens=False)
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int32)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.float32)
        rows = files.table.map().astype(np.float32)
        summed = np.sum(rows[ids] * mask[..., np.newaxis], axis=1, dtype=np.float32)
        wanted = summed / np.maximum(mask.sum(axis=1, keepdims=True), 1.0)
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        for texts in (TEXTS, TEXTS * 100, TEXTS):  # behind 500 texts words are remembered
            made = embedder.embed(texts)[-len(TEXTS) :]
            assert (made * wanted).sum(axis=1).min() > 0.99999
        assert embedder._words is not None

    def test_like_meanings_are_near(self) -> None:
        embedder = bundled_embedder()
        assert embedder is not None
        cat, kitten, tax = embedder.embed(["a cat sleeps", "the kitten is napping", "corporate tax law"])
        assert cat @ kitten > cat @ tax + 0.2
