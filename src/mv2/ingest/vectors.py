"""Vectors as people give them, and the little-endian float32 the file holds."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from mv2.errors import InvalidArgumentError
from mv2.format.footer import FOOTER_MAGIC

#: Largest vector accepted, in numbers.
MAX_DIMENSION = 65_536


def vector_bytes(vector: Any, name: str = "embedding") -> bytes:
    """Little-endian float32 bytes of one vector (shape (d,), any real dtype).

    Raises:
        InvalidArgumentError: empty, too long, not numbers, or not finite.
    """
    try:
        if hasattr(vector, "__array__") or hasattr(vector, "__array_interface__"):
            import numpy as np

            given = np.asarray(vector)
            if given.ndim != 1 or given.dtype.kind not in "fiu":
                raise InvalidArgumentError(f"{name} has shape {given.shape} and type {given.dtype}")
            numbers = given.astype("<f4", copy=False)
            # The sum is finite if all are; if it is not, it may be too large only.
            finite = math.isfinite(numbers.sum()) or bool(np.isfinite(numbers).all())
            data = numbers.tobytes()
        else:
            packed = array("f", vector)
            finite = all(map(math.isfinite, packed))
            if sys.byteorder == "big":
                packed.byteswap()
            data = packed.tobytes()
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise InvalidArgumentError(f"{name} is not a sequence of numbers: {error}") from error
    if not 0 < len(data) <= MAX_DIMENSION * 4:
        raise InvalidArgumentError(
            f"{name} has {len(data) // 4} numbers; between 1 and {MAX_DIMENSION} are possible"
        )
    if FOOTER_MAGIC in data:
        raise InvalidArgumentError(f"{name} holds the bytes of the file's own footer mark")
    if not finite:
        raise InvalidArgumentError(f"{name} holds NaN or infinity, or a number beyond float32")
    return data


def is_matrix(vectors: Any) -> bool:
    """True for one vector per chunk (n, d), False for a single vector (d,)."""
    dimensions = getattr(vectors, "ndim", None)
    if dimensions is not None:
        return bool(dimensions == 2)
    if not isinstance(vectors, Sequence) and not hasattr(vectors, "__array__"):
        raise InvalidArgumentError(f"embedding is {type(vectors).__name__}, not a sequence of numbers")
    return bool(len(vectors)) and hasattr(vectors[0], "__len__")


def vector_values(data: bytes | memoryview) -> array[float]:
    """The numbers of a stored vector, ``array('f')``."""
    values = array("f", bytes(data))
    if sys.byteorder == "big":
        values.byteswap()
    return values
