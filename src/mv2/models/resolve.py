"""From what people write to an embedder: ``"default"``, ``"openai:MODEL"``, a folder, an object."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Final

from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.models.protocols import Embedder
from mv2.models.slot import named_default
from mv2.models.static import bundled_embedder

#: Module and name of what each kind is made by; imported when it is asked for.
_PROVIDERS: Final = {
    "openai": ("services", "OpenAIEmbedder"),
    "ollama": ("services", "OllamaEmbedder"),
    "cohere": ("services", "CohereEmbedder"),
    "voyage": ("services", "VoyageEmbedder"),
    "fastembed": ("local", "FastEmbedEmbedder"),
    "sentence-transformers": ("local", "SentenceTransformersEmbedder"),
    "st": ("local", "SentenceTransformersEmbedder"),
    "path": ("local", "folder_embedder"),
}


def resolve_embedder(spec: Any = "default", **options: Any) -> Embedder | None:
    """The embedder that a name means; nothing is loaded or asked yet.

    Args:
        spec: ``"default"`` is what the environment variable MV2_EMBEDDER names, else the offline
            model of the extra ``embed`` where that is installed, else None; ``"none"`` and None
            are none; ``"wordllama"`` is the offline model; ``"openai:MODEL"``, ``"ollama:MODEL"``,
            ``"cohere:MODEL"`` and ``"voyage:MODEL"`` ask a service, at another address with
            ``"openai:MODEL@http://…"``; ``"fastembed:MODEL"`` and ``"sentence-transformers:MODEL"``
            (or ``"st:"``) run one here; ``"path:FOLDER"``, or the path of a folder that exists, is
            a local model. An object with ``embed`` is taken as it is, one in LangChain's manner
            (``embed_documents``) too.
        options: arguments of that embedder (``api_key``, ``base_url``, ``dimension``, …).

    Raises:
        InvalidArgumentError: nothing of that name.
        MissingExtraError: its package is not installed; the remedy is the install line.
        ApiKeyRequiredError: its service needs a key.
    """
    if isinstance(spec, os.PathLike):
        return _made_by("path", os.fspath(spec), options)
    if spec is not None and not isinstance(spec, str):
        return _object(spec)
    if spec == "default":
        spec = named_default()
    if spec in {None, "none"}:
        return None
    if spec == "default":
        return bundled_embedder()
    if spec == "wordllama":
        return _bundled()
    return _named(spec, options)


def _object(given: Any) -> Embedder:
    if callable(getattr(given, "embed", None)) and not isinstance(given, type):
        found: Embedder = given
        return found
    if callable(getattr(given, "embed_documents", None)) and not isinstance(given, type):
        from mv2.models.local import LangChainEmbedder

        return LangChainEmbedder(given)
    raise InvalidArgumentError(
        f"{type(given).__name__} is no embedder", remedy="Give a name, or an object with embed(texts)."
    )


def _bundled() -> Embedder:
    found = bundled_embedder()
    if found is None:
        raise MissingExtraError(
            "the offline embedder needs the packages wordllama and tokenizers",
            remedy="Install them: pip install 'mv2[embed]'",
        )
    return found


def _named(spec: str, options: dict[str, Any]) -> Embedder:
    provider, colon, model = spec.partition(":")
    if colon and provider in _PROVIDERS:
        model, at_url = split_address(model)
        return _made_by(provider, model, {**at_url, **options})
    if os.path.isdir(spec):
        return _made_by("path", spec, options)
    known = ", ".join(f"{name}:…" for name in _PROVIDERS)
    raise InvalidArgumentError(
        f"there is no embedder {spec!r}", remedy=f"Use default, none, wordllama, {known} or a folder."
    )


def _made_by(provider: str, model: str, options: dict[str, Any]) -> Embedder:
    module, name = _PROVIDERS[provider]
    made: Embedder = getattr(import_module(f"mv2.models.{module}"), name)(model, **options)
    return made


def split_address(model: str) -> tuple[str, dict[str, Any]]:
    """(model, ``base_url`` by that name if there is one) of ``MODEL@http://…``."""
    for mark in ("@http://", "@https://"):
        name, found, rest = model.partition(mark)
        if found:
            return name, {"base_url": mark[1:] + rest}
    return model, {}
