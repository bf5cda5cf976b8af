"""Vectors by the hash of their text, the least recently used given up first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from mv2.format.checksum import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: About what an entry costs besides its numbers, in bytes.
_OVERHEAD: Final = 300


class VectorCache:
    """Keeps vectors of one model, at most ``limit`` bytes of them. Not safe to share between threads.

    The key is the BLAKE3 hash of model, purpose and text, so a long text costs no more than a
    short one.
    """

    def __init__(self, model: str, limit: int) -> None:
        self._model = model.encode()
        self._limit = limit
        self._rows: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self.size = 0

    def key(self, text: str, *, query: bool = False) -> bytes:
        """The hash of a text; a query's differs, for models that treat the two differently."""
        return digest(b"\0".join((self._model, b"q" if query else b"d", text.encode(errors="surrogatepass"))))

    def get(self, key: bytes) -> NDArray[np.float32] | None:
        """The vector (d,) kept under a key, or None."""
        row = self._rows.get(key)
        if row is not None:
            self._rows.move_to_end(key)
        return row

    def put(self, key: bytes, row: NDArray[np.float32]) -> None:
        """Keep a copy of a vector (d,), unless it is larger than the cache."""
        cost = row.nbytes + _OVERHEAD
        if cost > self._limit or key in self._rows:
            return
        self._rows[key] = row.copy()
        self.size += cost
        while self.size > self._limit:
            _, old = self._rows.popitem(last=False)
            self.size -= old.nbytes + _OVERHEAD
