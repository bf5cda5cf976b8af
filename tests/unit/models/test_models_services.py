"""What each service is asked, what is made of its answers, and where the key comes from."""

from __future__ import annotations

from typing import Any

import pytest
from stand_in import Reply, StandIn

from mv2.errors import ApiKeyRequiredError, EmbeddingFailedError, InvalidArgumentError
from mv2.models.prompts import prompts_of
from mv2.models.resolve import resolve_embedder
from mv2.models.services import CohereEmbedder, OllamaEmbedder, OpenAIEmbedder, VoyageEmbedder
from mv2.models.text_embedder import TextEmbedder


def numbered(field: str, wrap: Any) -> Any:
    """An answer whose vectors begin with the length of their text."""
    return lambda payload: wrap([[float(len(text)), 1.0] for text in payload[field]])


def shuffled(rows: list[list[float]]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": place, "embedding": row} for place, row in enumerate(rows)]
    return {"data": data[::-1], "usage": {"total_tokens": 3}}


def test_openai(service: StandIn) -> None:
    service.answer = numbered("input", shuffled)
    embedder = OpenAIEmbedder("text-embedding-3-small", api_key="k" * 20, base_url=f"{service.url}/v1/")
    assert embedder.name == "openai:text-embedding-3-small"
    assert embedder.embed(["a", "bbb"]) == [[1, 1], [3, 1]]
    assert list(embedder.embed_query("qu")) == [2, 1]
    asked = service.asked[0]
    assert asked.path == "/v1/embeddings"
    assert asked.headers["authorization"] == "Bearer " + "k" * 20
    assert asked.payload == {"model": "text-embedding-3-small", "input": ["a", "bbb"]}


def test_openai_with_fewer_dimensions(service: StandIn) -> None:
    service.answer = numbered("input", shuffled)
    embedder = OpenAIEmbedder("m", base_url=service.url, dimension=2)
    TextEmbedder(embedder).embed(["a"])
    assert service.asked[0].payload["dimensions"] == 2
    assert "authorization" not in service.asked[0].headers  # an endpoint of one's own may need none


def test_settings_come_from_the_environment(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = numbered("input", shuffled)
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{service.url}/v9")
    OpenAIEmbedder("m").embed(["a"])
    assert service.asked[0].path == "/v9/embeddings"
    assert service.asked[0].headers["authorization"] == "Bearer from-environment"


def test_ollama(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = numbered("input", lambda rows: {"model": "m", "embeddings": rows})
    monkeypatch.setenv("OLLAMA_HOST", service.url.removeprefix("http://"))
    assert OllamaEmbedder("all-minilm").embed(["a", "bb"]) == [[1, 1], [2, 1]]
    assert service.asked[0].path == "/api/embed"
    assert service.asked[0].payload == {"model": "all-minilm", "input": ["a", "bb"], "truncate": True}


def test_cohere(service: StandIn) -> None:
    service.answer = numbered("texts", lambda rows: {"embeddings": {"float": rows}})
    embedder = CohereEmbedder("embed-v4.0", api_key="k", base_url=service.url, dimension=2)
    assert embedder.embed(["a", "bb"]) == [[1, 1], [2, 1]]
    embedder.embed_query("q")
    assert [asked.path for asked in service.asked] == ["/v2/embed"] * 2
    assert service.asked[0].payload == {
        "model": "embed-v4.0",
        "texts": ["a", "bb"],
        "input_type": "search_document",
        "embedding_types": ["float"],
        "output_dimension": 2,
    }
    assert service.asked[1].payload["input_type"] == "search_query"


def test_voyage(service: StandIn) -> None:
    service.answer = numbered("input", shuffled)
    embedder = VoyageEmbedder("voyage-3.5", api_key="k", base_url=service.url)
    assert embedder.embed(["a", "bb"]) == [[1, 1], [2, 1]]
    embedder.embed_query("q")
    assert service.asked[0].path == "/embeddings"
    assert service.asked[0].payload == {"model": "voyage-3.5", "input": ["a", "bb"], "input_type": "document"}
    assert service.asked[1].payload["input_type"] == "query"


@pytest.mark.parametrize("spec", ["openai:m", "cohere:m", "voyage:m"])
def test_the_services_themselves_need_a_key(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiKeyRequiredError, match="_API_KEY") as refusal:
        resolve_embedder(spec)
    assert refusal.value.code == "MV008"
    variable = str(refusal.value.remedy).split()[1].rstrip(",")
    monkeypatch.setenv(variable, "key")
    assert resolve_embedder(spec) is not None


def test_a_key_with_a_line_end_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidArgumentError) as refusal:
        OpenAIEmbedder("m", api_key="sk-secret\nX-Other: 1")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"data": None},
        {"data": [{"embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 5, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]},
        {"data": [{"index": 0, "embedding": ["a"]}, {"index": 1, "embedding": ["b"]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [None]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1e300]}]},
    ],
)
def test_wrong_answers_are_refused(service: StandIn, value: dict[str, Any]) -> None:
    service.replies = [Reply(value)]
    embedder = TextEmbedder(OpenAIEmbedder("m", base_url=service.url))
    with pytest.raises(EmbeddingFailedError, match="openai:m"):
        embedder.embed(["a", "b"])


def test_refusals_are_embedding_errors(service: StandIn) -> None:
    service.replies = [Reply({"error": {"message": "bad input"}}, 400)]
    with pytest.raises(EmbeddingFailedError, match="bad input"):
        OpenAIEmbedder("m", base_url=service.url).embed(["a"])


def test_many_texts_go_in_batches_at_the_same_time(service: StandIn) -> None:
    service.answer = numbered("input", shuffled)
    embedder = TextEmbedder(OpenAIEmbedder("m", base_url=service.url))
    texts = ["x" * number for number in range(1, 601)]
    seen: list[tuple[int, int]] = []
    rows = embedder.embed(texts, lambda done, total: seen.append((done, total)))
    assert [row[0] for row in rows] == list(range(1, 601))
    assert sorted(len(asked.payload["input"]) for asked in service.asked) == [88, 128, 128, 128, 128]
    assert seen == [(128, 600), (256, 600), (384, 600), (512, 600), (600, 600)]


def test_prefixes(service: StandIn) -> None:
    service.answer = numbered("input", lambda rows: {"embeddings": rows})
    embedder = OllamaEmbedder("nomic-embed-text", base_url=service.url)
    embedder.embed(["a"])
    embedder.embed_query("b")
    OllamaEmbedder("nomic-embed-text", base_url=service.url, query_prefix="", document_prefix="> ").embed(
        ["c"]
    )
    assert [asked.payload["input"] for asked in service.asked] == [
        ["search_document: a"], ["search_query: b"], ["> c"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("intfloat/multilingual-e5-small", "query: "),
        ("intfloat/e5-mistral-7b-instruct", ""),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: "),
        ("text-embedding-3-large", ""),
    ],
)
def test_known_prompts(model: str, query: str) -> None:
    assert prompts_of(model)[0] == query


def test_an_address_behind_the_model(service: StandIn) -> None:
    service.answer = numbered("input", shuffled)
    embedder = resolve_embedder(f"openai:org/model@{service.url}/v1")
    assert embedder is not None
    embedder.embed(["a"])
    assert getattr(embedder, "name", None) == "openai:org/model"
    assert (service.asked[0].path, service.asked[0].payload["model"]) == ("/v1/embeddings", "org/model")


def test_no_model() -> None:
    with pytest.raises(InvalidArgumentError, match="ollama:MODEL"):
        resolve_embedder("ollama:")
