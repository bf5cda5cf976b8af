"""The stored numbers of vectors, read where they are: mapped float32 rows, or codes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from mv2.errors import ChecksumError, FormatError
from mv2.format.manifests import COMPRESSION_PQ96
from mv2.format.vector_block import row_check
from mv2.format.vectors import PQ_CENTROIDS, PQ_PARTS, PQ_VALUES, decode_vectors, quantised_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mv2.format._codec import Buffer

    Floats = NDArray[np.float32]
    Places = NDArray[np.intp]

_HEAD: Final = 8
_ENTRY_HEAD: Final = 16
_BLOCK: Final = 8192


class Rows(Protocol):
    """Vectors of one length, by row."""

    dimension: int

    def __len__(self) -> int: ...
    def ids(self) -> NDArray[np.int64]:
        """Frame of each row."""

    def take(self, places: Places) -> Floats:
        """The vectors of some rows, (m, d), a copy."""

    def block(self, start: int, stop: int) -> Floats:
        """Neighbouring vectors, a view where that is possible."""

    def dot(self, query: Floats, out: Floats) -> None:
        """The product of every row with the query, into ``out`` (rows,)."""

    def checks(self, start: int, stop: int) -> list[int]:
        """``row_check`` of neighbouring rows, zeros where rows have no entry of their own."""


class DenseRows:
    """Float32 rows at equal distances in a buffer (no copy).

    Args:
        entries: the bytes from the first row's entry on, where rows have entries, else None.
    """

    def __init__(
        self, ids: NDArray[np.int64], matrix: Floats, entries: memoryview | None = None, stride: int = 0
    ) -> None:
        self._ids, self._matrix = ids, matrix
        self._entries, self._stride = entries, stride
        self.dimension = matrix.shape[1]

    def __len__(self) -> int:
        return len(self._matrix)

    def ids(self) -> NDArray[np.int64]:
        """Frame of each row."""
        return self._ids

    def take(self, places: Places) -> Floats:
        """The vectors of some rows."""
        return self._matrix[places]

    def block(self, start: int, stop: int) -> Floats:
        """Neighbouring vectors."""
        return self._matrix[start:stop]

    def dot(self, query: Floats, out: Floats) -> None:
        """The product of every row with the query."""
        np.vecdot(self._matrix, query, out=out)

    def checks(self, start: int, stop: int) -> list[int]:
        """``row_check`` of neighbouring rows."""
        entries, stride = self._entries, self._stride
        if entries is None:
            return [0] * (stop - start)
        return [row_check(entries[at : at + stride]) for at in range(start * stride, stop * stride, stride)]


class CodedRows:
    """Product-quantised rows: 96 codes, each naming four numbers."""

    dimension = PQ_PARTS * PQ_VALUES

    def __init__(self, ids: NDArray[np.int64], codes: NDArray[np.uint8], books: Floats) -> None:
        self._ids, self.codes, self.books = ids, codes, books
        self._every = np.arange(PQ_PARTS)

    def __len__(self) -> int:
        return len(self.codes)

    def ids(self) -> NDArray[np.int64]:
        """Frame of each row."""
        return self._ids

    def take(self, places: Places) -> Floats:
        """The approximate vectors of some rows."""
        return self._numbers(self.codes[places])

    def block(self, start: int, stop: int) -> Floats:
        """Neighbouring vectors."""
        return self._numbers(self.codes[start:stop])

    def _numbers(self, codes: NDArray[np.uint8]) -> Floats:
        return self.books[self._every, codes].reshape(len(codes), self.dimension)

    def dot(self, query: Floats, out: Floats) -> None:
        """The product of every row with the query."""
        for start in range(0, len(self), _BLOCK):
            stop = min(start + _BLOCK, len(self))
            np.vecdot(self.block(start, stop), query, out=out[start:stop])

    def checks(self, start: int, stop: int) -> list[int]:
        """Zeros: codes are verified as a whole."""
        return [0] * (stop - start)


def open_rows(data: Buffer, compression: int) -> Rows:
    """The rows of a stored segment of any form.

    Raises:
        FormatError: it does not decode, or its rows differ in length.
    """
    if compression == COMPRESSION_PQ96:
        try:
            return _coded(data)
        except FormatError:
            return _decoded(data, compression)
    return _dense(data) or _decoded(data, compression)


def _dense(data: Buffer) -> DenseRows | None:
    """Rows of an uncompressed segment; None when it is none, or rows differ in length."""
    view = memoryview(data)
    if len(view) < _HEAD + _ENTRY_HEAD:
        return None
    count, dimension = (int(np.frombuffer(view, "<u8", 1, at)[0]) for at in (0, _HEAD + 8))
    stride = _ENTRY_HEAD + 4 * dimension
    if not dimension or count * stride != len(view) - _HEAD:
        return None
    heads = np.ndarray((count, 2), "<u8", view, _HEAD, (stride, 8))
    matrix: Floats = np.ndarray((count, dimension), "<f4", view, _HEAD + _ENTRY_HEAD, (stride, 4))
    return _LazyIds(heads, matrix, view[_HEAD:], stride)


class _LazyIds(DenseRows):
    """Rows whose ids are read, and whose lengths are compared, only when they are asked for."""

    def __init__(self, heads: NDArray[np.uint64], matrix: Floats, entries: memoryview, stride: int) -> None:
        super().__init__(np.empty(0, np.int64), matrix, entries, stride)
        self._heads = heads

    def ids(self) -> NDArray[np.int64]:
        """Frame of each row."""
        if len(self._ids) != len(self):
            if bool((self._heads[:, 1] != self.dimension).any()):
                raise FormatError("vectors of a segment differ in length", offset=_HEAD)
            self._ids = self._heads[:, 0].astype(np.int64)
        return self._ids


def _decoded(data: Buffer, compression: int) -> DenseRows:
    segment = decode_vectors(data, compression)
    if len(segment) and not segment.dimension:
        raise FormatError("vectors of a segment differ in length", offset=_HEAD)
    dimension = max(segment.dimension, 1)
    matrix: Floats = np.ndarray(
        (len(segment), dimension), "<f4", segment.buffer, segment.first_row_offset, (segment.stride, 4)
    )
    return DenseRows(np.frombuffer(segment.ids, np.uint64).astype(np.int64), matrix)


def _coded(data: Buffer) -> CodedRows:
    layout = quantised_layout(data)
    books = np.ndarray(
        (PQ_PARTS, PQ_CENTROIDS, PQ_VALUES), "<f4", data, layout.books_offset,
        (layout.book_stride, 4 * PQ_VALUES, 4),
    )  # fmt: skip
    heads = np.ndarray((layout.count, 2), "<u8", data, layout.rows_offset, (layout.row_stride, 8))
    if bool((heads[:, 1] != PQ_PARTS).any()):
        raise FormatError("row has another number of codes", offset=layout.rows_offset)
    codes = np.ndarray(
        (layout.count, PQ_PARTS), np.uint8, data, layout.rows_offset + _ENTRY_HEAD, (layout.row_stride, 1)
    )
    return CodedRows(heads[:, 0].astype(np.int64), codes, np.ascontiguousarray(books))


class JoinedRows:
    """Rows of several segments, one behind the other; rows are verified before they are used.

    Products are taken row by row in one thread (``vecdot``): as fast as the matrix product where
    memory sets the pace, and it does not wait for a second core that others are using.

    Args:
        parts: the segments, all of one dimension.
        checks: expected ``row_check`` of each row (0: nothing to compare), None when the segments
            were verified as a whole.
        verify: verifies the segments as a whole, or raises ChecksumError.
        path: the file, for errors.
    """

    def __init__(
        self,
        parts: Sequence[Rows],
        path: str,
        checks: NDArray[np.uint64] | None = None,
        verify: Callable[[], object] = lambda: None,
    ) -> None:
        self.parts = list(parts)
        self._path = path
        self._verify_whole = verify
        self.starts = np.cumsum([0, *map(len, parts)])
        self.dimension = parts[0].dimension if parts else 0
        self._checks = checks
        self._verified = None if checks is None else checks == 0

    def __len__(self) -> int:
        return int(self.starts[-1])

    def take(self, places: Places) -> Floats:
        """The vectors of some rows (ascending), verified."""
        self._verify(places)
        if len(self.parts) == 1:
            return self.parts[0].take(places)
        found = np.empty((len(places), self.dimension), np.float32)
        cuts = np.searchsorted(places, self.starts)
        for number, part in enumerate(self.parts):
            low, high = int(cuts[number]), int(cuts[number + 1])
            if low < high:
                found[low:high] = part.take(places[low:high] - self.starts[number])
        return found

    def dot(self, query: Floats, places: Places | None = None) -> Floats:
        """The product of every row, or of some rows (ascending), with the query; verified."""
        if places is not None:
            return self._dot_some(query, places)
        self.verify_all()
        found = np.empty(len(self), np.float32)
        for number, part in enumerate(self.parts):
            part.dot(query, found[self.starts[number] : self.starts[number + 1]])
        return found

    def _dot_some(self, query: Floats, places: Places) -> Floats:
        self._verify(places)
        if len(self.parts) == 1:
            found: Floats = np.vecdot(self.parts[0].take(places), query)
            return found
        found = np.empty(len(places), np.float32)
        cuts = np.searchsorted(places, self.starts).tolist()
        for number, part in enumerate(self.parts):
            low, high = cuts[number], cuts[number + 1]
            if low < high:
                np.vecdot(part.take(places[low:high] - self.starts[number]), query, out=found[low:high])
        return found

    def verify_all(self) -> None:
        """Verify every row."""
        if self._verified is not None:
            self._verify_whole()
            self._verified = None

    def _verify(self, places: Places) -> None:
        verified = self._verified
        if verified is None:
            return
        new = places[~verified[places]]
        if not len(new):
            return
        assert self._checks is not None
        numbers = np.searchsorted(self.starts, new, side="right") - 1
        wanted = self._checks[new].tolist()
        starts = self.starts.tolist()
        for place, number, check in zip(new.tolist(), numbers.tolist(), wanted, strict=True):
            at = place - starts[number]
            if self.parts[number].checks(at, at + 1)[0] != check:
                raise ChecksumError("a stored vector is damaged", path=self._path)
        verified[new] = True
