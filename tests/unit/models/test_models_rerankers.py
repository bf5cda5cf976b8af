"""Rerankers: what services are asked, and one finite score for each text whatever they answer."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stand_in import Reply, StandIn

from mv2.errors import ApiKeyRequiredError, InvalidArgumentError, MissingExtraError, ModelError
from mv2.models import local
from mv2.models.rerankers import ServiceReranker, rerank_scores, resolve_reranker
from mv2.types import Reranker

TEXTS = ["ten", "sixteen!", "a"]


def best_first(payload: dict[str, Any], field: str, score: str) -> list[dict[str, Any]]:
    items = [{"index": place, score: len(text) / 10} for place, text in enumerate(payload[field])]
    return sorted(items, key=lambda item: -item[score])


@pytest.mark.parametrize(
    ("spec", "path", "field", "wrap"),
    [
        ("cohere:rerank-v3.5", "/v2/rerank", "documents", lambda items: {"results": items}),
        ("jina:jina-reranker-v2", "/v1/rerank", "documents", lambda items: {"model": "m", "results": items}),
        ("voyage:rerank-2.5", "/v1/rerank", "documents", lambda items: {"object": "list", "data": items}),
        ("tei:", "/rerank", "texts", lambda items: items),
    ],
)
def test_services(service: StandIn, spec: str, path: str, field: str, wrap: Any) -> None:
    score = "score" if spec == "tei:" else "relevance_score"
    service.answer = lambda payload: wrap(best_first(payload, field, score))
    provider, _, model = spec.partition(":")
    reranker = resolve_reranker(f"tei:{service.url}" if provider == "tei" else f"{spec}@{service.url}")
    assert isinstance(reranker, Reranker)
    assert reranker.rerank("question", TEXTS) == [0.3, 0.8, 0.1]
    asked = service.asked[0]
    assert asked.path == path
    assert asked.payload == {"query": "question", field: TEXTS, **({"model": model} if model else {})}
    assert reranker.rerank("question", []) == []
    assert len(service.asked) == 1


def test_the_key_is_sent(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = lambda payload: {"results": best_first(payload, "documents", "relevance_score")}
    monkeypatch.setenv("COHERE_API_KEY", "from-environment")
    ServiceReranker("cohere", "m", base_url=service.url).rerank("q", ["a"])
    assert service.asked[0].headers["authorization"] == "Bearer from-environment"


@pytest.mark.parametrize("spec", ["cohere:m", "jina:m", "voyage:m"])
def test_the_services_themselves_need_a_key(spec: str) -> None:
    with pytest.raises(ApiKeyRequiredError):
        resolve_reranker(spec)


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"results": None},
        {"results": [{"index": 0, "relevance_score": 1}]},
        {"results": [{"index": 7, "relevance_score": 1}]},
        {"results": [{"index": -1, "relevance_score": 1}, {"index": 1, "relevance_score": 1}]},
        {"results": [{"index": 0}, {"index": 1}]},
        {"results": [{"index": 0, "relevance_score": "high"}, {"index": 1, "relevance_score": 1}]},
    ],
)
def test_wrong_answers_are_refused(service: StandIn, value: Any) -> None:
    service.replies = [Reply(value)]
    with pytest.raises(ModelError, match="cohere:m answered without a score for each text"):
        ServiceReranker("cohere", "m", base_url=service.url).rerank("q", ["a", "b"])


def test_a_refusal_of_the_service(service: StandIn) -> None:
    service.replies = [Reply({"message": "too long"}, 400)]
    with pytest.raises(ModelError, match="too long"):
        ServiceReranker("cohere", "m", base_url=service.url).rerank("q", ["a"])


def test_cross_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a package of the same shape in the place of the large one."""
    made: list[str] = []

    class CrossEncoder:
        def __init__(self, name: str, **options: Any) -> None:
            made.append(f"{name} {options}")

        def predict(self, pairs: list[tuple[str, str]], show_progress_bar: bool) -> list[float]:
            assert not show_progress_bar
            return [len(query) + len(text) for query, text in pairs]

    package = ModuleType("sentence_transformers")
    package.CrossEncoder = CrossEncoder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    monkeypatch.setattr(local, "find_spec", lambda _: True)
    for spec in ("cross-encoder:org/model", f"path:{tmp_path}", str(tmp_path), tmp_path):
        reranker = resolve_reranker(spec, **({"device": "cpu"} if spec is tmp_path else {}))
        assert reranker is not None
        before = len(made)
        assert reranker.rerank("qu", TEXTS) == [5.0, 10.0, 3.0]
        reranker.rerank("qu", TEXTS)
        assert len(made) == before + 1  # loaded at the first call, once
    assert made == ["org/model {}", f"{tmp_path} {{}}", f"{tmp_path} {{}}", f"{tmp_path} {{'device': 'cpu'}}"]


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mv2\[st\]'"):
        resolve_reranker("cross-encoder:m")


class Own:
    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def rerank(self, query: str, texts: Any) -> Any:
        del query, texts
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


def test_objects_are_taken_as_they_are() -> None:
    own = Own([1, 2.5])
    assert resolve_reranker(own) is own
    assert rerank_scores(own, "q", ["a", "b"]) == [1.0, 2.5]
    assert resolve_reranker(None) is None
    assert resolve_reranker("none") is None


@pytest.mark.parametrize(
    "scores", [[1.0], [1.0, 2.0, 3.0], [1.0, float("nan")], [1.0, "x"], None, ValueError("broken")]
)
def test_scores_are_checked(scores: Any) -> None:
    with pytest.raises(ModelError, match="Own"):
        rerank_scores(Own(scores), "q", ["a", "b"])


@pytest.mark.parametrize("spec", ["nobody:x", "rerank", "cohere", "path:/nowhere/at/all", 5, Own, "cohere:"])
def test_what_is_no_reranker(spec: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        resolve_reranker(spec)
