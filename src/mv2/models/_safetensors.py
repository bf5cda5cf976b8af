"""Tensors of a safetensors file, mapped into memory rather than read.

The layout: u64 n (little-endian), n bytes of JSON that name each tensor's dtype, shape and
byte range, then the ranges (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_HEADER: Final = 100 << 20
_DTYPES: Final = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "<i1", "U8": "<u1",
    "I16": "<i2", "I32": "<i4", "I64": "<i8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor stands.

    Attributes:
        dtype: as the file names it (``"F16"`` …).
        offset: position of the first byte in the file.
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def map(self) -> NDArray[Any]:
        """The numbers, read-only and read from the file as they are used.

        Raises:
            InvalidArgumentError: numpy has no such type (bfloat16, say).
        """
        import numpy as np

        dtype = _DTYPES.get(self.dtype)
        if dtype is None:
            raise InvalidArgumentError(
                f"{self.path} holds numbers of type {self.dtype}, which cannot be read"
            )
        mapped: NDArray[Any] = np.memmap(self.path, dtype, "r", self.offset, self.shape)
        return mapped.view(np.ndarray)


def read_tensors(path: str) -> dict[str, Tensor]:
    """The tensors of a file by name; only its head is read.

    Raises:
        InvalidArgumentError: it cannot be read, or is no safetensors file.
    """
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= _MAX_HEADER:
                raise ValueError(f"a head of {length} bytes")
            head = json.loads(file.read(length))
            size = os.fstat(file.fileno()).st_size
        return {
            name: _tensor(path, entry, 8 + length, size)
            for name, entry in head.items()
            if name != "__metadata__"
        }
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidArgumentError(f"{path} is no safetensors file: {error}") from error


def _tensor(path: str, entry: dict[str, Any], start: int, size: int) -> Tensor:
    begin, end = entry["data_offsets"]
    tensor = Tensor(path, entry["dtype"], tuple(entry["shape"]), start + begin)
    if not 0 <= begin <= end <= size - start:
        raise ValueError("a tensor lies outside of it")
    if tensor.dtype in _DTYPES:
        width = int(_DTYPES[tensor.dtype][2:])
        for extent in tensor.shape:
            width *= extent
        if width != end - begin:
            raise ValueError("a tensor's shape and length differ")
    return tensor
