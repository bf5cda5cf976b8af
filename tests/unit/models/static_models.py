"""Tiny static models, made on the spot: a word each token, vectors that anybody can check by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ["[UNK]", "red", "green", "blue", "cat", "dog", "house", "sky"]


def write_safetensors(path: Path, tensors: dict[str, np.ndarray[Any, Any]]) -> None:
    names = {"float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int64": "I64"}
    head: dict[str, Any] = {"__metadata__": {"format": "np"}}
    data = b""
    for name, tensor in tensors.items():
        raw = tensor.tobytes()
        head[name] = {
            "dtype": names[str(tensor.dtype)],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    encoded = json.dumps(head).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + data)


def write_tokenizer(path: Path, words: list[str] = WORDS) -> None:
    settings = {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: place for place, word in enumerate(words)},
            "unk_token": "[UNK]",
        },
    }
    path.write_text(json.dumps(settings))


def table(dimension: int = 4, dtype: str = "float16") -> np.ndarray[Any, Any]:
    rows = np.random.default_rng(3).standard_normal((len(WORDS), dimension))
    return np.round(rows, 1).astype(dtype)


def make_model(folder: Path, dimension: int = 4) -> np.ndarray[Any, Any]:
    """A folder in the plain manner; returns its table."""
    folder.mkdir(parents=True, exist_ok=True)
    made = table(dimension)
    write_safetensors(folder / "model.safetensors", {"embedding.weight": made})
    write_tokenizer(folder / "tokenizer.json")
    return made
