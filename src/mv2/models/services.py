"""Embedders behind HTTP: OpenAI and everything that speaks like it, Ollama, Cohere, Voyage."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from mv2.errors import ApiKeyRequiredError, EmbeddingFailedError, InvalidArgumentError
from mv2.models._http import RETRIES, TIMEOUT, check_key, post_json
from mv2.models.prompts import prompts_of

Purpose = Literal["document", "query"]
_NO_PROMPTS: Final = ("", "")


class ServiceEmbedder(ABC):
    """An embedder that asks a service.

    Args:
        model: its name, as the service knows it.
        api_key: None takes it from the environment (``KEYS``).
        base_url: None takes ``URL_VARIABLE`` from the environment, else the service's own.
        dimension: ask for vectors of that length; None takes the model's own.
        query_prefix, document_prefix: put in front of each query, or text; None takes what
            the model is known to want (nothing, for most).
        timeout: seconds without a byte before a try counts as failed.
        retries: tries after the first one.

    Raises:
        ApiKeyRequiredError: the service needs a key, and there is none.
    """

    PROVIDER: ClassVar[str]
    KEYS: ClassVar[tuple[str, ...]] = ()
    URL: ClassVar[str]
    URL_VARIABLE: ClassVar[str] = ""
    PATH: ClassVar[str]
    batch_size: ClassVar[int] = 128
    batch_chars: ClassVar[int] = 250_000
    concurrency: ClassVar[int] = 4

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        dimension: int | None = None,
        query_prefix: str | None = None,
        document_prefix: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
    ) -> None:
        if not model:
            raise InvalidArgumentError(
                f"{self.PROVIDER}: names no model", remedy=f"Use {self.PROVIDER}:MODEL."
            )
        self.model = model
        self.name = f"{self.PROVIDER}:{model}"
        self.dimension = dimension
        self._url = service_url(base_url, self.URL_VARIABLE, self.URL)
        self._key = service_key(api_key, self.KEYS, self.name, needed=self._url == self.URL)
        query, document = self._prompts(model)
        self._query_prefix = query if query_prefix is None else query_prefix
        self._document_prefix = document if document_prefix is None else document_prefix
        self._timeout, self._retries = timeout, retries

    def _prompts(self, model: str) -> tuple[str, str]:  # noqa: ARG002 (some services know their models)
        return _NO_PROMPTS

    def embed(self, texts: Sequence[str], /) -> list[list[float]]:
        """One vector a text, as the service gives it.

        Raises:
            EmbeddingFailedError: the service failed, or answered something else.
        """
        return self._ask([self._document_prefix + text for text in texts], "document")

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        rows = self._ask([self._query_prefix + text], "query")
        if len(rows) != 1:
            raise EmbeddingFailedError(f"{self.name} gave {len(rows)} vectors for one query")
        return rows[0]

    def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        answer = post_json(
            self._url + self.PATH,
            self._payload(texts, purpose),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=self._timeout,
            retries=self._retries,
            error=EmbeddingFailedError,
        )
        try:
            return self._rows(answer)
        except (KeyError, TypeError, IndexError, ValueError) as problem:
            raise EmbeddingFailedError(
                f"{self.name} answered without vectors: {type(problem).__name__}: {problem}"
            ) from problem

    @abstractmethod
    def _payload(self, texts: list[str], purpose: Purpose) -> dict[str, Any]:
        """What is posted."""

    def _rows(self, answer: Mapping[str, Any]) -> list[list[float]]:
        """The vectors in the order of the texts, whatever order the service answers in."""
        items = answer["data"]
        rows: list[Any] = [None] * len(items)
        for item in items:
            if rows[item["index"]] is not None:
                raise ValueError(f"two vectors for text {item['index']}")
            rows[item["index"]] = item["embedding"]
        return rows


class OpenAIEmbedder(ServiceEmbedder):
    """OpenAI, or any endpoint that speaks like it (``base_url`` ends before ``/embeddings``)."""

    PROVIDER = "openai"
    KEYS = ("OPENAI_API_KEY",)
    URL = "https://api.openai.com/v1"
    URL_VARIABLE = "OPENAI_BASE_URL"
    PATH = "/embeddings"

    def _prompts(self, model: str) -> tuple[str, str]:
        return prompts_of(model)

    def _payload(self, texts: list[str], purpose: Purpose) -> dict[str, Any]:
        del purpose
        payload: dict[str, Any] = {"model": self.model, "input": texts}
        return payload if self.dimension is None else {**payload, "dimensions": self.dimension}


class OllamaEmbedder(ServiceEmbedder):
    """A model that Ollama runs; texts longer than the model reads are cut by Ollama."""

    PROVIDER = "ollama"
    URL = "http://localhost:11434"
    URL_VARIABLE = "OLLAMA_HOST"
    PATH = "/api/embed"
    batch_size = 32
    concurrency = 1

    def _prompts(self, model: str) -> tuple[str, str]:
        return prompts_of(model)

    def _payload(self, texts: list[str], purpose: Purpose) -> dict[str, Any]:
        del purpose
        payload: dict[str, Any] = {"model": self.model, "input": texts, "truncate": True}
        return payload if self.dimension is None else {**payload, "dimensions": self.dimension}

    def _rows(self, answer: Mapping[str, Any]) -> list[list[float]]:
        return list(answer["embeddings"])


class CohereEmbedder(ServiceEmbedder):
    """Cohere's embed, version 2."""

    PROVIDER = "cohere"
    KEYS = ("CO_API_KEY", "COHERE_API_KEY")
    URL = "https://api.cohere.com"
    URL_VARIABLE = "CO_API_URL"
    PATH = "/v2/embed"
    batch_size = 96

    def _payload(self, texts: list[str], purpose: Purpose) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "model": self.model,
            "texts": texts,
            "input_type": f"search_{purpose}",
            "embedding_types": ["float"],
        }
        return payload if self.dimension is None else {**payload, "output_dimension": self.dimension}

    def _rows(self, answer: Mapping[str, Any]) -> list[list[float]]:
        return list(answer["embeddings"]["float"])


class VoyageEmbedder(ServiceEmbedder):
    """Voyage AI."""

    PROVIDER = "voyage"
    KEYS = ("VOYAGE_API_KEY",)
    URL = "https://api.voyageai.com/v1"
    URL_VARIABLE = "VOYAGE_BASE_URL"
    PATH = "/embeddings"

    def _payload(self, texts: list[str], purpose: Purpose) -> dict[str, Any]:
        payload: dict[str, Any] = {"model": self.model, "input": texts, "input_type": purpose}
        return payload if self.dimension is None else {**payload, "output_dimension": self.dimension}


def service_url(given: str | None, variable: str, usual: str) -> str:
    """An address without a slash at its end: as given, from the environment, or the usual one."""
    url = given or (os.environ.get(variable) if variable else None) or usual
    if "://" not in url:
        url = f"http://{url}"
    return url.rstrip("/")


def service_key(given: str | None, variables: Sequence[str], name: str, *, needed: bool) -> str | None:
    """A key: as given, or from the first of some environment variables that is set.

    Args:
        needed: False for addresses of one's own, which may do without.

    Raises:
        ApiKeyRequiredError: it is needed, and there is none.
    """
    key = given or next((value for variable in variables if (value := os.environ.get(variable))), None)
    if key is None and needed and variables:
        raise ApiKeyRequiredError(f"{name} needs a key", remedy=f"Set {variables[0]}, or give api_key.")
    check_key(key, name)
    return key
