"""What is compared, and what counts as good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MEASURES = {"R@5": "recall@5", "R@10": "recall@10", "nDCG@10": "ndcg@10"}
RETURNING = 99.5
_MV2 = ("mv2", "tantivy", "numpy", "blake3", "zstandard")
_STATIC = ("wordllama", "tokenizers")


@dataclass(frozen=True)
class System:
    """One row of the table.

    Attributes:
        settings: what ``benchmarks.retrieval.host`` makes it of.
        packages: what its interpreter must have.
        goals: least figures in percent, by the beginning of a set's name.
        halves: keys of the systems a hybrid is made of; it must not be below the better one.
    """

    key: str
    label: str
    settings: dict[str, Any]
    packages: tuple[str, ...]
    goals: dict[str, dict[str, float]] = field(default_factory=dict)
    halves: tuple[str, ...] = ()

    def goal(self, of: str) -> dict[str, float]:
        """The least figures for a set."""
        found = next((goal for stem, goal in self.goals.items() if of.startswith(stem)), {})
        return {**found, "returns": RETURNING} if self.goals else found


def _three(five: float, ten: float, gain: float) -> dict[str, float]:
    return dict(zip(MEASURES, (five, ten, gain), strict=True))


def systems(model: str | None, *, model_is_static: bool) -> list[System]:
    """All of them; those with a model only if its folder is given."""
    found = [
        System(
            "mv2-lexical", "mv2, words", _mv2("none", "lex"), _MV2,
            {"locomo": _three(59, 67, 52), "cranfield": {"nDCG@10": 38.5}},
        ),
        System(
            "mv2-static", "mv2, words + built-in static vectors", _mv2("default", "auto"), _MV2 + _STATIC,
            {"locomo": _three(65, 73, 57), "cranfield": {"nDCG@10": 39.7}}, ("mv2-lexical", "mv2-static-vec"),
        ),
        System("mv2-static-vec", "mv2, static vectors", _mv2("default", "vec"), _MV2 + _STATIC),
    ]  # fmt: skip
    runs_model = () if model_is_static else ("sentence_transformers",)
    if model is not None:
        found += [
            System(
                "mv2-model", "mv2, words + vectors of the model", _mv2(model, "auto"), _MV2 + runs_model,
                {"locomo": _three(67, 76, 58), "cranfield": {}}, ("mv2-lexical", "mv2-model-vec"),
            ),
            System("mv2-model-vec", "mv2, vectors of the model", _mv2(model, "vec"), _MV2 + runs_model),
        ]  # fmt: skip
    found += [
        System("tantivy", "tantivy, any word", _harness("tantivy"), ("tantivy", "numpy")),
        System("bm25s", "bm25s", _harness("bm25s"), ("bm25s", "Stemmer", "numpy")),
        System("fts5", "SQLite FTS5, any word", _harness("fts5"), ("sqlite3", "numpy")),
    ]
    if model is not None and not model_is_static:
        alone = {"kind": "model", "folder": model}
        found.append(System("model", "the model alone", alone, ("sentence_transformers", "numpy")))
    return [
        *found,
        System("original-find", "the original, find", {"kind": "original", "verb": "find"}, ("memvid_sdk",)),
        System("original-ask", "the original, ask", {"kind": "original", "verb": "ask"}, ("memvid_sdk",)),
    ]


def _mv2(embedder: str, mode: str) -> dict[str, Any]:
    return {"kind": "mv2", "embedder": embedder, "mode": mode}


def _harness(expression: str) -> dict[str, Any]:
    return {"kind": "harness", "expression": expression}
