"""Language models: services that speak OpenAI's protocol, and those that people bring."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from language_service import Service, serving

import mv2
from mv2.models.language import ChatModel, make_model
from mv2.types import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = [{"role": "user", "content": "How?"}]
USAGE = Usage(prompt_tokens=11, completion_tokens=4, total_tokens=15)


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as made:
        yield made


def model(service: Service, **options: Any) -> ChatModel:
    return ChatModel("tiny", base_url=service.url, **options)


def test_an_answer_and_its_usage(service: Service) -> None:
    reply = model(service, api_key="secret-key", max_tokens=50).complete(MESSAGES)
    assert (reply.text, reply.usage) == (service.text, USAGE)
    assert service.requests == [{"model": "tiny", "messages": MESSAGES, "temperature": 0.0, "max_tokens": 50}]
    assert service.headers[0]["Authorization"] == "Bearer secret-key"


def test_without_a_key_none_is_sent_and_usage_may_be_missing(service: Service) -> None:
    service.usage = False
    assert model(service).complete(MESSAGES).usage is None
    assert "Authorization" not in service.headers[0]


def test_a_stream_comes_in_pieces(service: Service) -> None:
    pieces: list[str] = []
    reply = model(service).complete(MESSAGES, pieces.append)
    assert len(pieces) == len(service.text.split())
    assert "".join(pieces) == reply.text == service.text
    assert reply.usage == USAGE


def test_a_stream_that_breaks_off_is_no_answer(service: Service) -> None:
    service.break_off = True
    with pytest.raises(mv2.ModelFailedError, match="broke off after 2 pieces"):
        model(service).complete(MESSAGES, lambda _: None)


def test_what_the_listener_raises_ends_the_stream(service: Service) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model(service).complete(MESSAGES, stop)


@pytest.mark.parametrize("streamed", [False, True])
def test_refusals_that_pass_are_tried_again(
    service: Service, no_waiting: list[float], streamed: bool
) -> None:
    service.statuses = [429, 503, 200]
    assert model(service).complete(MESSAGES, (lambda _: None) if streamed else None).text == service.text
    assert len(service.requests) == 3
    assert len(no_waiting) == 2


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (404, 1), (500, 3), (429, 3)])
def test_refusals_that_stay_are_told(
    service: Service, no_waiting: list[float], status: int, tries: int
) -> None:
    service.statuses = [status] * 10
    with pytest.raises(mv2.ModelFailedError) as caught:
        model(service, api_key="very-secret-key", retries=2).complete(MESSAGES)
    assert caught.value.status == status
    assert "very-secret-key" not in str(caught.value)
    assert len(service.requests) == tries


def test_a_service_that_hangs_fails_in_time(service: Service, no_waiting: list[float]) -> None:
    service.hang = True
    with pytest.raises(mv2.ModelFailedError):
        model(service, timeout=0.05, retries=0).complete(MESSAGES)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b"no json", b'{"choices": [{"message": {"content": null}}]}'])
def test_what_is_no_answer_is_refused(service: Service, raw: bytes) -> None:
    service.raw = raw
    with pytest.raises(mv2.ModelFailedError):
        model(service).complete(MESSAGES)


def test_an_error_inside_a_stream_is_told(service: Service) -> None:
    service.raw = b'data: {"error": {"message": "overloaded"}}\n\n'
    with pytest.raises(mv2.ModelFailedError, match="overloaded"):
        model(service).complete(MESSAGES, lambda _: None)
    service.raw = b"data: {broken\n\n"
    with pytest.raises(mv2.ModelFailedError, match="not JSON"):
        model(service).complete(MESSAGES, lambda _: None)


def test_a_model_without_temperature_is_asked_without(service: Service) -> None:
    service.refuse_temperature = True
    assert model(service).complete(MESSAGES).text == service.text
    assert ["temperature" in request for request in service.requests] == [True, False]
    with pytest.raises(mv2.ModelFailedError):
        model(service, temperature=0.7).complete(MESSAGES)


def test_names_say_where_a_model_is(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    monkeypatch.setenv("OLLAMA_HOST", service.url.removeprefix("http://").removesuffix("/v1"))
    assert make_model("ollama:llama3:8b").complete(MESSAGES).text == service.text
    monkeypatch.setenv("OPENAI_BASE_URL", service.url)
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    assert make_model("openai:gpt").complete(MESSAGES).text == service.text
    make_model("my-model:latest", base_url=service.url, api_key="given").complete(MESSAGES)
    assert [request["model"] for request in service.requests] == ["llama3:8b", "gpt", "my-model:latest"]
    keys = [headers.get("Authorization") for headers in service.headers]
    assert keys == [None, "Bearer from-the-environment", "Bearer given"]


def test_names_that_say_too_little_are_refused() -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="does not say where"):
        make_model("llama3")
    with pytest.raises(mv2.InvalidArgumentError, match="names no model"):
        make_model("openai:")
    with pytest.raises(mv2.ApiKeyRequiredError, match="GROQ_API_KEY"):
        make_model("groq:llama")
    with pytest.raises(mv2.InvalidArgumentError, match="is no model"):
        make_model(7)


def test_own_models_may_be_callables_or_objects() -> None:
    assert make_model(lambda messages: messages[0]["content"]).complete(MESSAGES).text == "How?"
    own = SimpleNamespace(name="mine", complete=lambda _: SimpleNamespace(text="So.", usage=USAGE))
    made = make_model(own)
    assert (made.name, made.complete(MESSAGES).text, made.complete(MESSAGES).usage) == ("mine", "So.", USAGE)


def test_own_models_may_stream() -> None:
    pieces: list[str] = []
    assert (
        make_model(lambda _: iter(["So", "", " it is."])).complete(MESSAGES, pieces.append).text
        == "So it is."
    )
    assert pieces == ["So", " it is."]
    assert make_model(lambda _: "At once.").complete(MESSAGES, pieces.append).text == "At once."
    assert pieces[-1] == "At once."


@pytest.mark.parametrize("value", [7, None, b"bytes", [1], {"text": "no"}])
def test_own_models_must_give_text(value: Any) -> None:
    with pytest.raises(mv2.ModelFailedError):
        make_model(lambda _: value).complete(MESSAGES)


def test_what_an_own_model_raises_passes_through() -> None:
    def fails(_: object) -> str:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        make_model(fails).complete(MESSAGES)


def test_settings_of_a_service_are_not_for_objects() -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="temperature"):
        make_model(lambda _: "", temperature=0.5)


def test_a_key_of_the_environment_goes_elsewhere_only_by_its_providers_name(
    monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    make_model("llama3", base_url=service.url).complete(MESSAGES)
    make_model("openai:llama3", base_url=service.url).complete(MESSAGES)
    keys = [headers.get("Authorization") for headers in service.headers]
    assert keys == [None, "Bearer from-the-environment"]


@pytest.mark.parametrize("key", ["sk-first\nsk-second", "sk-\u6f22", "two words"])
def test_a_key_that_no_header_holds_is_refused_unseen(key: str) -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="no key has") as refusal:
        make_model("openai:tiny", api_key=key)
    assert key not in str(refusal.value)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"error": {"message": "bad key sk-verysecret1"}}',
        b'data: {"error": {"message": "bad key sk-verysecret1"}}\n\n',
        b"data: sk-verysecret1\n\n",
    ],
)
def test_a_service_that_repeats_the_key_does_not_bring_it_into_messages(service: Service, raw: bytes) -> None:
    service.raw = raw
    on_token = (lambda _: None) if raw.startswith(b"data") else None
    with pytest.raises(mv2.ModelFailedError, match=r"\*\*\*") as failure:
        model(service, api_key="sk-verysecret1").complete(MESSAGES, on_token)
    assert "verysecret" not in str(failure.value)
