"""The time index: ``MVTI``, a u64 count, then (timestamp i64, frame id u64) in ascending order."""

from __future__ import annotations

import sys
from array import array
from itertools import islice
from operator import le, lt
from typing import TYPE_CHECKING

from mv2.errors import FormatError
from mv2.format._codec import U64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.format._codec import Buffer

MAGIC = b"MVTI"
HEAD_SIZE = 12
ENTRY_SIZE = 16
_MAX_ID = 1 << 63


def encode_time_index(entries: Iterable[tuple[int, int]]) -> bytes:
    """Return the index of (timestamp, frame id) pairs, which must be in ascending order."""
    flat = array("q")
    for pair in entries:
        flat.extend(pair)
    return _encode_flat(flat)


def encode_time_arrays(timestamps: array[int], ids: array[int]) -> bytes:
    """Like ``encode_time_index``, from two arrays ('q' and 'q' or 'Q') of equal length; quick."""
    if len(timestamps) != len(ids):
        raise ValueError("as many timestamps as frame ids are needed")
    flat = array("q", bytes(2 * timestamps.itemsize * len(timestamps)))
    flat[0::2] = timestamps
    flat[1::2] = ids if ids.typecode == "q" else array("q", ids)
    return _encode_flat(flat)


def _encode_flat(flat: array[int]) -> bytes:
    count = len(flat) // 2
    if not _is_sorted(flat[0::2], flat[1::2]):
        raise ValueError("time index entries are not in ascending order")
    if sys.byteorder == "big":
        flat.byteswap()
    return b"".join((MAGIC, U64.pack(count), flat.tobytes()))


def decode_time_index(buf: Buffer) -> tuple[array[int], array[int]]:
    """Return timestamps and frame ids ('q' each) of an index that is exactly ``buf``.

    Raises:
        FormatError: not an index, cut off, bytes left over, or entries out of order.
    """
    if len(buf) < HEAD_SIZE or bytes(buf[:4]) != MAGIC:
        raise FormatError("no time index", offset=0)
    (count,) = U64.unpack_from(buf, 4)
    if len(buf) - HEAD_SIZE != count * ENTRY_SIZE:
        raise FormatError(f"time index of {count} entries has {len(buf)} bytes", offset=4)
    flat = array("q", bytes(buf[HEAD_SIZE:]))
    if sys.byteorder == "big":
        flat.byteswap()
    timestamps, ids = flat[0::2], flat[1::2]
    if count and min(ids) < 0:
        raise FormatError("time index has an impossible frame id", offset=HEAD_SIZE)
    if not _is_sorted(timestamps, ids):
        raise FormatError("time index is not sorted", offset=HEAD_SIZE)
    return timestamps, ids


def _is_sorted(timestamps: array[int], ids: array[int]) -> bool:
    if all(map(lt, timestamps, islice(timestamps, 1, None))):
        return True  # no two at one moment: the ids need no look
    pairs = list(zip(timestamps, ids, strict=True))
    return all(map(le, pairs, islice(pairs, 1, None)))
