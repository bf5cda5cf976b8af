"""Rerankers: cross-encoders on this machine, and services that order texts by a query."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from mv2.errors import Error, InvalidArgumentError, ModelError
from mv2.models._http import RETRIES, TIMEOUT, post_value
from mv2.models.local import require
from mv2.models.resolve import split_address
from mv2.models.services import service_key, service_url
from mv2.types import Reranker

#: Name of a service: address, path, environment variables of its key, field of the texts.
_SERVICES: Final = {
    "cohere": ("https://api.cohere.com", "/v2/rerank", ("CO_API_KEY", "COHERE_API_KEY"), "documents"),
    "jina": ("https://api.jina.ai", "/v1/rerank", ("JINA_API_KEY",), "documents"),
    "voyage": ("https://api.voyageai.com", "/v1/rerank", ("VOYAGE_API_KEY",), "documents"),
    "tei": ("http://localhost:8080", "/rerank", (), "texts"),
}


class CrossEncoderReranker:
    """A cross-encoder of ``sentence-transformers``: a name, which is fetched from a hub, or a folder.

    Args:
        options: arguments of ``CrossEncoder``.
    """

    def __init__(self, model: str, **options: Any) -> None:
        self.name = f"cross-encoder:{model}"
        require("sentence_transformers", "st", self.name)
        self._model_name, self._options = model, options
        self._loading = threading.Lock()
        self._model: Any = None

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, in their order; larger is better."""
        with self._loading:
            if self._model is None:
                from sentence_transformers import CrossEncoder

                self._model = CrossEncoder(self._model_name, **self._options)
        scores = self._model.predict([(query, text) for text in texts], show_progress_bar=False)
        return [float(score) for score in scores]


class ServiceReranker:
    """A service that speaks like Cohere's, Jina's or Voyage's rerank, or like a
    text-embeddings-inference server (TEI).

    Args:
        provider: ``"cohere"``, ``"jina"``, ``"voyage"`` or ``"tei"``.
        model: its name; a TEI server has one model and needs none.
        api_key: None takes it from the environment.
        base_url: None takes the service's own.
        timeout: seconds without a byte before a try counts as failed.
        retries: tries after the first one.

    Raises:
        ApiKeyRequiredError: the service needs a key, and there is none.
    """

    def __init__(
        self,
        provider: str,
        model: str = "",
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
    ) -> None:
        usual, path, keys, self._texts = _SERVICES[provider]
        if not model and provider != "tei":
            raise InvalidArgumentError(f"{provider}: names no model", remedy=f"Use {provider}:MODEL.")
        self.name = f"{provider}:{model}"
        self._model = model
        url = service_url(base_url, "", usual)
        self._url = url + path
        self._key = service_key(api_key, keys, self.name, needed=url == usual)
        self._timeout, self._retries = timeout, retries

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, in their order; larger is better.

        Raises:
            ModelError: the service failed, or did not score each text.
        """
        if not texts:
            return []
        answer = post_value(
            self._url,
            {"query": query, self._texts: list(texts), **({"model": self._model} if self._model else {})},
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=self._timeout,
            retries=self._retries,
        )
        try:
            return _scores(answer, len(texts))
        except (KeyError, TypeError, IndexError, ValueError) as problem:
            raise ModelError(
                f"{self.name} answered without a score for each text: {type(problem).__name__}: {problem}"
            ) from problem


def _scores(answer: Any, count: int) -> list[float]:
    """The scores by the place of their text; services answer best first, and name them differently."""
    items = answer if isinstance(answer, list) else answer.get("results", answer.get("data"))
    scores: list[float | None] = [None] * count
    for item in items:
        place = item["index"]
        if not 0 <= place < count:
            raise IndexError(f"there is no text {place}")
        scores[place] = float(item["relevance_score"] if "relevance_score" in item else item["score"])
    if None in scores:
        raise ValueError(f"text {scores.index(None)} has none")
    return [score for score in scores if score is not None]


def _tei(address: str, **options: Any) -> ServiceReranker:
    return ServiceReranker("tei", **{**({"base_url": address} if address else {}), **options})


_LOCAL: Final[dict[str, Callable[..., Reranker]]] = {
    "cross-encoder": CrossEncoderReranker,
    "path": CrossEncoderReranker,
    "tei": _tei,
}


def resolve_reranker(spec: Any, **options: Any) -> Reranker | None:
    """The reranker that a name means; nothing is loaded or asked yet.

    Args:
        spec: ``"cohere:MODEL"``, ``"jina:MODEL"`` and ``"voyage:MODEL"`` ask a service, at another
            address with ``"cohere:MODEL@http://…"``; ``"tei:http://…"`` asks a TEI server;
            ``"cross-encoder:MODEL"`` runs one here; ``"path:FOLDER"``, or the path of a folder that
            exists, is a local cross-encoder. An object with ``rerank`` is taken as it is; None and
            ``"none"`` are none.
        options: arguments of that reranker (``api_key``, ``base_url``, …).

    Raises:
        InvalidArgumentError: nothing of that name.
        MissingExtraError: its package is not installed; the remedy is the install line.
        ApiKeyRequiredError: its service needs a key.
    """
    if isinstance(spec, os.PathLike):
        spec = f"path:{os.fspath(spec)}"
    if spec in (None, "none"):
        return None
    if not isinstance(spec, str):
        return _object(spec)
    provider, colon, model = spec.partition(":")
    if colon and provider in _LOCAL:
        if provider == "path" and not os.path.isdir(model):
            raise InvalidArgumentError(f"there is no model folder {model}")
        return _LOCAL[provider](model, **options)
    if colon and provider in _SERVICES:
        model, at_url = split_address(model)
        return ServiceReranker(provider, model, **at_url, **options)
    if os.path.isdir(spec):
        return CrossEncoderReranker(spec, **options)
    known = ", ".join(f"{name}:…" for name in sorted({*_LOCAL, *_SERVICES}))
    raise InvalidArgumentError(f"there is no reranker {spec!r}", remedy=f"Use {known} or a folder.")


def _object(given: Any) -> Reranker:
    if not isinstance(given, type) and callable(getattr(given, "rerank", None)):
        found: Reranker = given
        return found
    raise InvalidArgumentError(
        f"{type(given).__name__} is no reranker",
        remedy="Give a name, or an object with rerank(query, texts).",
    )


def rerank_scores(reranker: Reranker, query: str, texts: Sequence[str]) -> list[float]:
    """A reranker's scores, one a text, checked.

    Raises:
        ModelError: it failed, or did not give one finite number a text.
    """
    name = getattr(reranker, "name", None) or type(reranker).__name__
    try:
        scores = [float(score) for score in reranker.rerank(query, texts)]
    except Error:
        raise
    except Exception as problem:
        raise ModelError(f"{name} failed: {type(problem).__name__}: {problem}") from problem
    if len(scores) != len(texts):
        raise ModelError(f"{name} gave {len(scores)} scores for {len(texts)} texts")
    if not all(map(math.isfinite, scores)):
        raise ModelError(f"{name} gave NaN or infinite scores")
    return scores
