"""Language models behind OpenAI-compatible services, and those that people bring along.

A service is named ``"provider:model"`` (see `PROVIDERS`), or by its address and the name of
the model. Keys come from the argument or from the environment, and never stand in errors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, TypeAlias

from mv2._record import dataclass
from mv2.errors import ApiKeyRequiredError, InvalidArgumentError, ModelFailedError
from mv2.models._http import RETRIES, TIMEOUT, check_key, post_json, stream_lines, without_keys
from mv2.types import Usage

#: Address and the environment variable of the key (None: no key needed) by name.
PROVIDERS: Final[Mapping[str, tuple[str, str | None]]] = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "ollama": ("http://localhost:11434/v1", None),
    "anthropic": ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "gemini": ("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "nvidia": ("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "xai": ("https://api.x.ai/v1", "XAI_API_KEY"),
}
# Where the address of a provider may come from instead.
_ADDRESS_OF: Final[Mapping[str, str]] = {"openai": "OPENAI_BASE_URL", "ollama": "OLLAMA_HOST"}

Message: TypeAlias = Mapping[str, str]
OnToken: TypeAlias = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote; ``usage`` where its service counts tokens."""

    text: str
    usage: Usage | None = None


class ChatModel:
    """A model behind an OpenAI-compatible service.

    Args:
        name: the model, as the service calls it.
        base_url: the address without ``/chat/completions``.
        api_key: sent as bearer token; None sends none.
        temperature: None asks for 0, and does without where the model takes no temperature.
        max_tokens: tokens the answer has at most; None leaves it to the service.
        timeout: seconds without a byte before a call counts as failed.
        retries: calls after the first one, for refusals that pass (429, 5xx) and failed connections.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
    ) -> None:
        self.name = name
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._options: dict[str, Any] = {"timeout": timeout, "retries": retries, "error": ModelFailedError}

    def complete(self, messages: Sequence[Message], on_token: OnToken | None = None) -> Reply:
        """The model's answer to a conversation.

        Args:
            messages: each with "role" and "content".
            on_token: called with each piece of the text as it comes.

        Raises:
            ModelFailedError: the service could not be reached, refused, timed out, or sent
                something that is no answer.
        """
        payload: dict[str, Any] = {"model": self.name, "messages": [dict(message) for message in messages]}
        payload["temperature"] = 0.0 if self._temperature is None else self._temperature
        if self._max_tokens is not None:
            payload["max_tokens"] = self._max_tokens
        try:
            return self._send(payload, on_token)
        except ModelFailedError as error:
            if self._temperature is not None or error.status != 400 or "temperature" not in error.message:
                raise
        del payload["temperature"]
        return self._send(payload, on_token)

    def _send(self, payload: dict[str, Any], on_token: OnToken | None) -> Reply:
        if on_token is not None:
            return self._streamed(payload, on_token)
        answer = post_json(self._url, payload, headers=self._headers, **self._options)
        if not _choice(answer):
            problem = self._shown(answer.get("error", answer))
            raise ModelFailedError(f"the answer holds no choices: {problem}")
        message = _choice(answer).get("message")
        text = message.get("content") if isinstance(message, dict) else None
        if not isinstance(text, str):
            raise ModelFailedError(f"{self.name} answered without a text")
        return Reply(text, _usage(answer))

    def _streamed(self, payload: dict[str, Any], on_token: OnToken) -> Reply:
        asked = {**payload, "stream": True, "stream_options": {"include_usage": True}}
        pieces: list[str] = []
        usage: Usage | None = None
        complete = False
        lines: Any = stream_lines(self._url, asked, headers=self._headers, **self._options)
        with closing(lines):
            for event in _events(lines, self._shown):
                if event is None:
                    complete = True
                    break
                if event.get("error"):
                    raise ModelFailedError(f"{self.name} broke off: {self._shown(event['error'])}")
                usage = _usage(event) or usage
                choice = _choice(event)
                complete = complete or bool(choice.get("finish_reason"))
                delta = choice.get("delta")
                piece = delta.get("content") if isinstance(delta, dict) else None
                if isinstance(piece, str) and piece:
                    pieces.append(piece)
                    on_token(piece)
        if not complete:
            raise ModelFailedError(f"the answer of {self.name} broke off after {len(pieces)} pieces")
        return Reply("".join(pieces), usage)

    def _shown(self, problem: object) -> str:
        """What a service says is wrong, for a message: its start, without keys."""
        text = problem.get("message", problem) if isinstance(problem, dict) else problem
        return without_keys(str(text), self._headers)[:200]


class OwnModel:
    """A model that somebody brings: an object with ``complete(messages)``, or a callable.

    It returns the text, an iterable of its pieces, or something with ``text`` (and ``usage``).
    """

    def __init__(self, model: Any) -> None:
        self._call: Callable[[Sequence[Message]], Any] = getattr(model, "complete", None) or model
        name = getattr(model, "name", None) or getattr(model, "__name__", None) or type(model).__name__
        self.name = str(name)

    def complete(self, messages: Sequence[Message], on_token: OnToken | None = None) -> Reply:
        """The model's answer; see ``ChatModel.complete``. What the object raises passes through."""
        answer = self._call(messages)
        text = getattr(answer, "text", answer)
        if isinstance(text, Iterable) and not isinstance(text, str | bytes | Mapping):
            pieces = []
            for piece in text:
                if not isinstance(piece, str):
                    raise ModelFailedError(
                        f"{self.name} gave a piece that is {type(piece).__name__}, not text"
                    )
                pieces.append(piece)
                if on_token is not None and piece:
                    on_token(piece)
            return Reply("".join(pieces))
        if not isinstance(text, str):
            raise ModelFailedError(f"{self.name} gave {type(text).__name__}, not text")
        if on_token is not None and text:
            on_token(text)
        usage = getattr(answer, "usage", None)
        return Reply(text, usage if isinstance(usage, Usage) else None)


def make_model(
    model: Any,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    timeout: float | None = None,
    retries: int | None = None,
) -> ChatModel | OwnModel:
    """The model that a name or an object means.

    Args:
        model: ``"provider:model"``, the name of a model at `base_url`, an object with
            ``complete(messages)``, or a callable.

    Raises:
        InvalidArgumentError: the name says no provider and there is no address, or settings
            of a service were given for an object.
        ApiKeyRequiredError: the provider needs a key.
    """
    given = {
        "base_url": base_url, "api_key": api_key, "temperature": temperature, "max_tokens": max_tokens,
        "timeout": timeout, "retries": retries,
    }  # fmt: skip
    if not isinstance(model, str):
        return _own(model, given)
    provider, name, address = _address(model, base_url)
    key = _key(provider, api_key, elsewhere=base_url is not None)
    check_key(key, name)
    return ChatModel(
        name,
        base_url=address,
        api_key=key,
        temperature=temperature,
        max_tokens=max_tokens,
        timeout=TIMEOUT if timeout is None else timeout,
        retries=RETRIES if retries is None else retries,
    )


def _own(model: Any, given: Mapping[str, Any]) -> OwnModel:
    useless = [name for name, value in given.items() if value is not None]
    if useless:
        raise InvalidArgumentError(
            f"{useless[0]} is for a model that is named, not for an object",
            remedy="Set it in the object itself.",
        )
    if not callable(getattr(model, "complete", None)) and not callable(model):
        raise InvalidArgumentError(
            f"{type(model).__name__} is no model",
            remedy='Give "provider:model", a callable, or an object with complete(messages).',
        )
    return OwnModel(model)


def _address(model: str, base_url: str | None) -> tuple[str | None, str, str]:
    """(provider, name, address); without a provider no key is taken from the environment."""
    provider, colon, name = model.partition(":")
    known = bool(colon) and provider in PROVIDERS
    if not known:
        name = model
    if not name.strip():
        raise InvalidArgumentError(f"{model!r} names no model")
    if base_url is not None:
        return provider if known else None, name, base_url
    if not known:
        raise InvalidArgumentError(
            f"{model!r} does not say where the model is",
            remedy=f"Write provider:model with one of {', '.join(PROVIDERS)}, or give base_url.",
        )
    address = os.environ.get(_ADDRESS_OF.get(provider, ""))
    if not address:
        return provider, name, PROVIDERS[provider][0]
    if provider == "ollama":
        address = address if "//" in address else f"http://{address}"
        address = address if address.rstrip("/").endswith("/v1") else address.rstrip("/") + "/v1"
    return provider, name, address


def _key(provider: str | None, api_key: str | None, *, elsewhere: bool) -> str | None:
    variable = PROVIDERS[provider][1] if provider is not None else None
    key = api_key or (os.environ.get(variable) if variable else None)
    if not key and variable and not elsewhere:
        raise ApiKeyRequiredError(f"{provider} needs a key", remedy=f"Set {variable}, or give api_key.")
    return key or None


def _choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = answer.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _usage(answer: Mapping[str, Any]) -> Usage | None:
    counts = answer.get("usage")
    if not isinstance(counts, dict):
        return None
    found = [counts.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")]
    read, wrote, total = (value if isinstance(value, int) else None for value in found)
    if read is None and wrote is None:
        return None
    read, wrote = read or 0, wrote or 0
    return Usage(prompt_tokens=read, completion_tokens=wrote, total_tokens=total or read + wrote)


def _events(lines: Iterable[str], shown: Callable[[object], str]) -> Iterator[dict[str, Any] | None]:
    """The JSON of server-sent events; None for the end mark."""
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            yield None
            return
        try:
            event = json.loads(data)
        except ValueError as problem:
            raise ModelFailedError(
                f"the stream holds something that is not JSON: {shown(data)!r}"
            ) from problem
        if isinstance(event, dict):
            yield event
