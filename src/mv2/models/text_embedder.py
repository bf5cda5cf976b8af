"""An embedder as a memory uses it: in batches, from a cache, its answers checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import EmbeddingFailedError, Error, InvalidArgumentError
from mv2.models._cache import VectorCache
from mv2.models.batches import batches
from mv2.models.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

#: Texts and characters of a call, for embedders that do not say what they take.
BATCH_SIZE: Final = 64
BATCH_CHARS: Final = 200_000
#: Bytes of vectors kept, for embedders that do not say.
CACHE_BYTES: Final = 16 << 20
#: The longest vector accepted, in numbers.
MAX_DIMENSION: Final = 65_536
Progress = Callable[[int, int], object]


class TextEmbedder:
    """Vectors of texts and queries, float32, finite, all of one length.

    Safe to share between threads; an embedder that does not name a ``concurrency`` is called
    by one thread at a time.

    Attributes:
        name: the model's name, None when the embedder has none.
        is_default: nobody asked for it by name, so it steps aside for a file's own vectors.
    """

    def __init__(self, embedder: Embedder, *, is_default: bool = False) -> None:
        self.embedder = embedder
        self.is_default = is_default
        name = getattr(embedder, "name", None)
        if name is not None and (not isinstance(name, str) or not name):
            raise InvalidArgumentError(f"the embedder's name is {name!r}, not a string")
        self.name: str | None = name
        self._dimension = 0
        self._batch_size = _limit(embedder, "batch_size", BATCH_SIZE)
        self._batch_chars = _limit(embedder, "batch_chars", BATCH_CHARS)
        self._concurrency = _limit(embedder, "concurrency", 1)
        self._cache = VectorCache(name or "", _limit(embedder, "cache_bytes", CACHE_BYTES, least=0))
        self._cache_turn = threading.Lock()
        self._turn = threading.BoundedSemaphore(self._concurrency)

    @property
    def dimension(self) -> int:
        """Length of the vectors; 0 as long as it is not known."""
        return self._dimension or getattr(self.embedder, "dimension", None) or 0

    @property
    def vector_weight(self) -> float | None:
        """Share of its vectors in a search for words and vectors; None where it does not say."""
        weight = getattr(self.embedder, "vector_weight", None)
        return None if weight is None else float(weight)

    @property
    def label(self) -> str:
        """The name for messages."""
        return self.name or type(self.embedder).__name__

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """One vector a text, shape (n, d), in their order; equal texts are embedded once.

        Args:
            progress: called after each batch with (texts done, texts in all).

        Raises:
            EmbeddingFailedError: the model failed, or did not give one finite vector a text.
        """
        import numpy as np

        keys = [self._cache.key(text) for text in texts]
        rows = self._cached(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
        self._embed_missing(list(missing), list(missing.values()), rows, progress, len(texts))
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([rows[key] for key in keys])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query, shape (d,), from the cache where it was asked for before.

        Raises:
            EmbeddingFailedError: as ``embed``.
        """
        key = self._cache.key(text, query=True)
        row = self._cached([key]).get(key)
        if row is None:
            ask = getattr(self.embedder, "embed_query", None)
            row = self._call(lambda: self.embedder.embed([text]) if ask is None else [ask(text)], 1)[0]
            with self._cache_turn:
                self._cache.put(key, row)
        return row.copy()

    def _cached(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        with self._cache_turn:
            found = ((key, self._cache.get(key)) for key in keys)
            return {key: row for key, row in found if row is not None}

    def _embed_missing(
        self,
        keys: list[bytes],
        texts: list[str],
        rows: dict[bytes, NDArray[np.float32]],
        progress: Progress | None,
        total: int,
    ) -> None:
        """Embed texts and add their vectors to ``rows``."""
        done = total - len(texts)
        parts = list(batches(texts, self._batch_size, self._batch_chars))

        def embed(part: slice) -> Matrix:
            return self._call(lambda: self.embedder.embed(texts[part]), part.stop - part.start)

        for part, matrix in zip(parts, _in_order(embed, parts, self._concurrency), strict=True):
            with self._cache_turn:
                for key, row in zip(keys[part], matrix, strict=True):
                    self._cache.put(key, row)
                    rows[key] = row
            done += len(matrix)
            if progress is not None:
                progress(done, total)

    def _call(self, ask: Callable[[], Any], count: int) -> Matrix:
        """What the embedder answers, checked."""
        try:
            with self._turn:
                answer = ask()
                matrix = as_matrix(answer, count, self.label)
        except Error:
            raise
        except Exception as problem:
            raise EmbeddingFailedError(
                f"{self.label} failed: {type(problem).__name__}: {problem}",
                remedy="See the error it was raised from.",
            ) from problem
        dimension = matrix.shape[1]
        if self.dimension and dimension != self.dimension:
            raise EmbeddingFailedError(
                f"{self.label} gave vectors of {dimension} numbers after saying or giving {self.dimension}"
            )
        self._dimension = dimension
        return matrix


def _limit(embedder: Any, name: str, usual: int, least: int = 1) -> int:
    value = getattr(embedder, name, None)
    if value is None:
        return usual
    if not isinstance(value, int) or value < least:
        raise InvalidArgumentError(f"the embedder's {name} is {value!r}, not a number from {least} on")
    return value


def _in_order(embed: Callable[[slice], Matrix], parts: list[slice], concurrency: int) -> Any:
    """The answers in order; several calls at a time where the embedder allows it."""
    if concurrency == 1 or len(parts) < 2:
        yield from map(embed, parts)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(concurrency, "mv2-embed")
    try:
        yield from pool.map(embed, parts)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def as_matrix(answer: Any, count: int, label: str) -> Matrix:
    """An embedder's answer as float32 of shape (n, d).

    Raises:
        EmbeddingFailedError: it is not ``count`` vectors of one length, or not all numbers are finite.
    """
    import numpy as np

    if not hasattr(answer, "__len__") and hasattr(answer, "__iter__"):
        answer = list(answer)
    try:
        with np.errstate(over="ignore"):  # what float32 does not hold becomes infinite, and is refused
            given = np.asarray(answer)
            if given.dtype.kind not in "fiu":
                raise EmbeddingFailedError(f"{label} gave {given.dtype} instead of numbers")
            matrix = given.astype("<f4", copy=False)
    except (TypeError, ValueError) as problem:
        raise EmbeddingFailedError(f"{label} did not give vectors of one length: {problem}") from problem
    if matrix.ndim != 2 or len(matrix) != count:
        raise EmbeddingFailedError(f"{label} gave shape {matrix.shape} for {count} texts, not one row each")
    if not 0 < matrix.shape[1] <= MAX_DIMENSION:
        raise EmbeddingFailedError(f"{label} gave vectors of {matrix.shape[1]} numbers")
    if not np.isfinite(matrix).all():
        raise EmbeddingFailedError(f"{label} gave NaN or infinite numbers, or some beyond float32")
    return np.ascontiguousarray(matrix)
