"""What an embedder is: anything that turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors, all of one length.

    Besides ``embed``, an embedder may have (each is looked for, none is needed):

    - ``name: str``: the model; recorded in the memory, and enforced from then on.
    - ``dimension: int | None``: length of its vectors, where it is known before the first one.
    - ``embed_query(text: str)``: the vector of a query, shape (d,), where it differs from a text's.
    - ``batch_size: int``, ``batch_chars: int``: the most texts, and characters, of one call.
    - ``vector_weight: float``: share of the vectors, 0 to 1, where words and vectors are searched
      together and agree; 0.25 unless it says so, less for models that know little beyond the words.
    - ``concurrency: int``: calls that may run at the same time, in threads; 1 unless it says so.
    - ``cache_bytes: int``: the most that is kept of its vectors, so that no text is embedded twice.
    """

    def embed(self, texts: Sequence[str], /) -> Any:
        """One vector a text: shape (n, d), real numbers, array-like, in the order of `texts`."""
        ...
