"""Embedders that run models on this machine through packages of their own."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.models.protocols import Embedder
from mv2.models.static import folder_name, static_folder


def require(package: str, extra: str, what: str) -> None:
    """Raise MissingExtraError unless a package is installed; it is not imported."""
    if find_spec(package) is None:
        raise MissingExtraError(
            f"{what} needs the package {package.replace('_', '-')}",
            remedy=f"Install it: pip install 'mv2[{extra}]'",
        )


class FastEmbedEmbedder:
    """A model of ``fastembed``, which fetches it from a hub at first use."""

    batch_size = 256

    def __init__(self, model: str, **options: Any) -> None:
        require("fastembed", "onnx", f"fastembed:{model}")
        self.name = f"fastembed:{model}"
        self._model_name, self._options = model, options
        self._loading = threading.Lock()
        self._model: Any = None

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                from fastembed import TextEmbedding

                self._model = TextEmbedding(self._model_name, **self._options)
            return self._model

    def embed(self, texts: Sequence[str], /) -> list[Any]:
        """One vector a text."""
        return list(self._loaded().passage_embed(list(texts)))

    def embed_query(self, text: str) -> Any:
        """The vector of a query."""
        return next(iter(self._loaded().query_embed(text)))


class SentenceTransformersEmbedder:
    """A model of ``sentence-transformers``: a name, which is fetched from a hub, or a folder.

    Args:
        options: arguments of ``SentenceTransformer``.
    """

    batch_size = 256

    def __init__(self, model: str, **options: Any) -> None:
        self.name = folder_name(model) if os.path.isdir(model) else f"sentence-transformers:{model}"
        require("sentence_transformers", "st", self.name)
        self._model_name, self._options = model, options
        self._loading = threading.Lock()
        self._model: Any = None

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                from sentence_transformers import SentenceTransformer

                self._model = SentenceTransformer(self._model_name, **self._options)
            return self._model

    def embed(self, texts: Sequence[str], /) -> Any:
        """One vector a text, of length 1."""
        return self._encode(list(texts), "encode_document")

    def embed_query(self, text: str) -> Any:
        """The vector of a query, with the prompt that the model's own settings name."""
        return self._encode([text], "encode_query")[0]

    def _encode(self, texts: list[str], way: str) -> Any:
        model = self._loaded()
        encode = getattr(model, way, model.encode)  # versions before 5 have one way only
        return encode(texts, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)


class LangChainEmbedder:
    """An object in LangChain's manner: ``embed_documents`` and, perhaps, ``embed_query``."""

    def __init__(self, embeddings: Any) -> None:
        self._embeddings = embeddings
        found = (getattr(embeddings, name, None) for name in ("name", "model", "model_name"))
        self.name = next((name for name in found if isinstance(name, str) and name), None)
        if hasattr(embeddings, "embed_query"):
            self.embed_query = embeddings.embed_query

    def embed(self, texts: Sequence[str], /) -> Any:
        """One vector a text."""
        return self._embeddings.embed_documents(list(texts))


def folder_embedder(path: str, **options: Any) -> Embedder:
    """The model in a folder: a static one is read directly, others by ``sentence-transformers``.

    Raises:
        InvalidArgumentError: there is no such folder.
        MissingExtraError: what reads it is not installed.
    """
    if not os.path.isdir(path):
        raise InvalidArgumentError(f"there is no model folder {path}")
    found = static_folder(path, **options) if set(options) <= {"name"} else None
    return found or SentenceTransformersEmbedder(path, **options)
