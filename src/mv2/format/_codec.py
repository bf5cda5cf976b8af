"""Reading and writing of the container's encoding (little-endian, fixed width).

Integers have their natural width; a string, byte string, list or map is a
u64 count and its items; an option is one byte 0 or 1 and then its value; a
struct is its fields with nothing between. Positions are absolute in the
buffer; ends are exclusive.
"""

from __future__ import annotations

import struct
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mv2.errors import FormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Buffer: TypeAlias = bytes | bytearray | memoryview
T = TypeVar("T")

U16 = Struct("<H")
U32 = Struct("<I")
U64 = Struct("<Q")
I64 = Struct("<q")
F32 = Struct("<f")
F64 = Struct("<d")
_TAG_U32 = Struct("<BI")
_TAG_U64 = Struct("<BQ")
_TAG_I64 = Struct("<Bq")
_LENGTH = Struct("<Q")

NONE = b"\0"
MAX_LIST = 1024
MAX_MAP = 4096

_u64 = U64.unpack_from
_pack_u64 = U64.pack
_pack_some_length = _TAG_U64.pack

# What the fast decoders let happen on bytes that are cut off or not UTF-8; their public entries turn
# these into FormatError. Lengths are compared with the end before they are used.
DECODE_ERRORS = (struct.error, IndexError, UnicodeDecodeError)


def check_range(buffer: Buffer, start: int, end: int) -> None:
    """Refuse a range that does not lie in ``buffer``."""
    if not 0 <= start <= end <= len(buffer):
        raise FormatError(f"range {start}..{end} does not lie in {len(buffer)} bytes", offset=max(start, 0))


# Each of the following reads one value at ``position`` and returns it with the position behind it.


def text_at(buffer: Buffer, position: int, end: int) -> tuple[str, int]:
    """A string."""
    start = position + 8
    stop = start + _u64(buffer, position)[0]
    if stop > end:
        raise FormatError("string runs past the end", offset=position)
    return str(buffer[start:stop], "utf-8"), stop


def optional_text_at(buffer: Buffer, position: int, end: int) -> tuple[str | None, int]:
    """A string or None."""
    tag = buffer[position]
    if tag == 0:
        return None, position + 1
    if tag != 1:
        raise FormatError(f"option tag {tag} is neither 0 nor 1", offset=position)
    start = position + 9
    stop = start + _u64(buffer, position + 1)[0]
    if stop > end:
        raise FormatError("string runs past the end", offset=position)
    return str(buffer[start:stop], "utf-8"), stop


def texts_at(buffer: Buffer, position: int, end: int, most: int = MAX_LIST) -> tuple[list[str], int]:
    """A list of at most ``most`` strings."""
    count = _count_at(buffer, position, end, 8, most)
    position += 8
    texts: list[str] = []
    for _ in range(count):
        text, position = text_at(buffer, position, end)
        texts.append(text)
    return texts, position


def pairs_at(buffer: Buffer, position: int, end: int, most: int = MAX_MAP) -> tuple[dict[str, str], int]:
    """A map of at most ``most`` strings; of equal keys the last counts."""
    count = _count_at(buffer, position, end, 16, most)
    position += 8
    pairs: dict[str, str] = {}
    for _ in range(count):
        key, position = text_at(buffer, position, end)
        pairs[key], position = text_at(buffer, position, end)
    return pairs, position


def skip_texts(buffer: Buffer, position: int, end: int, most: int = MAX_LIST, width: int = 1) -> int:
    """Return the position behind a list of strings (``width=2``: behind a map)."""
    count = _count_at(buffer, position, end, 8 * width, most)
    position += 8
    for _ in range(count * width):
        position += 8 + _u64(buffer, position)[0]
        if position > end:
            raise FormatError("string runs past the end", offset=position)
    return position


def _count_at(buffer: Buffer, position: int, end: int, smallest: int, most: int) -> int:
    count: int = _u64(buffer, position)[0]
    if count > most or count * smallest > end - position - 8:
        raise FormatError(f"count {count} is too large", offset=position)
    return count


# Writers: each returns the bytes of one value.


def put_text(value: str) -> bytes:
    """A string."""
    raw = value.encode()
    return _pack_u64(len(raw)) + raw


def put_bytes(value: Buffer) -> bytes:
    """A byte string."""
    return _pack_u64(len(value)) + bytes(value)


def put_optional_text(value: str | None) -> bytes:
    """A string or None."""
    if value is None:
        return NONE
    raw = value.encode()
    return _pack_some_length(1, len(raw)) + raw


def put_optional_u32(value: int | None) -> bytes:
    """A u32 or None."""
    return NONE if value is None else _TAG_U32.pack(1, value)


def put_optional_u64(value: int | None) -> bytes:
    """A u64 or None."""
    return NONE if value is None else _TAG_U64.pack(1, value)


def put_optional_i64(value: int | None) -> bytes:
    """An i64 or None."""
    return NONE if value is None else _TAG_I64.pack(1, value)


def put_optional(value: T | None, put: Callable[[T], bytes]) -> bytes:
    """What ``put`` makes of the value, or None."""
    return NONE if value is None else b"\1" + put(value)


def put_list(values: Sequence[T], put: Callable[[T], bytes]) -> bytes:
    """A list of what ``put`` makes of each value."""
    return b"".join([_pack_u64(len(values)), *map(put, values)])


def put_texts(values: Sequence[str]) -> bytes:
    """A list of strings."""
    return b"".join([_pack_u64(len(values)), *map(put_text, values)])


def put_pairs(pairs: Mapping[str, str]) -> bytes:
    """Return a map, sorted by the UTF-8 bytes of its keys."""
    parts = [_pack_u64(len(pairs))]
    for key in sorted(pairs):
        parts += (put_text(key), put_text(pairs[key]))
    return b"".join(parts)


def check_lists(
    tags: Sequence[str], labels: Sequence[str], dates: Sequence[str], extra: Mapping[str, str]
) -> None:
    """Refuse lists longer than any reader accepts, with LimitError."""
    if len(tags) > MAX_LIST or len(labels) > MAX_LIST or len(dates) > MAX_LIST:
        raise LimitError(f"more than {MAX_LIST} tags, labels or dates")
    if len(extra) > MAX_MAP:
        raise LimitError(f"more than {MAX_MAP} metadata entries")


class Reader:
    """A cursor over ``buffer[position:end]``; every method raises FormatError at the end."""

    __slots__ = ("buffer", "end", "position")

    def __init__(self, buffer: Buffer, position: int = 0, end: int | None = None) -> None:
        self.buffer = buffer
        self.position = position
        self.end = len(buffer) if end is None else end
        check_range(buffer, position, self.end)

    @property
    def remaining(self) -> int:
        """Bytes between the cursor and the end."""
        return self.end - self.position

    def _take(self, size: int) -> int:
        start = self.position
        if size > self.end - start:
            raise FormatError(f"{size} bytes needed, {self.end - start} left", offset=start)
        self.position = start + size
        return start

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """Return the fields of ``layout`` at the cursor."""
        return layout.unpack_from(self.buffer, self._take(layout.size))

    def u8(self) -> int:
        """One byte."""
        return self.buffer[self._take(1)]

    def u16(self) -> int:
        """Two bytes, unsigned."""
        return int(self.unpack(U16)[0])

    def u32(self) -> int:
        """Four bytes, unsigned."""
        return int(self.unpack(U32)[0])

    def u64(self) -> int:
        """Eight bytes, unsigned."""
        return int(self.unpack(U64)[0])

    def i64(self) -> int:
        """Eight bytes, signed."""
        return int(self.unpack(I64)[0])

    def f32(self) -> float:
        """Four bytes, IEEE single."""
        return float(self.unpack(F32)[0])

    def f64(self) -> float:
        """Eight bytes, IEEE double."""
        return float(self.unpack(F64)[0])

    def bool_(self) -> bool:
        """One byte, 0 or 1."""
        start = self._take(1)
        value = self.buffer[start]
        if value > 1:
            raise FormatError(f"byte {value} is neither 0 nor 1", offset=start)
        return value == 1

    def variant(self, count: int) -> int:
        """Return the u32 index of an enum that has ``count`` variants."""
        value = self.u32()
        if value >= count:
            raise FormatError(f"variant {value} of {count} does not exist", offset=self.position - 4)
        return value

    def raw(self, size: int) -> bytes:
        """``size`` bytes as they are."""
        start = self._take(size)
        return bytes(self.buffer[start : start + size])

    def hash32(self) -> bytes:
        """A digest, 32 bytes."""
        return self.raw(32)

    def count(self, smallest: int, limit: int) -> int:
        """Return a u64 count of items of at least ``smallest`` bytes each, at most ``limit`` items."""
        count = self.u64()
        if count > limit or count * smallest > self.remaining:
            raise FormatError(f"count {count} is too large", offset=self.position - 8)
        return count

    def bytes_(self, limit: int) -> bytes:
        """A byte string of at most ``limit`` bytes."""
        return self.raw(self.count(1, limit))

    def string(self, limit: int) -> str:
        """A string of at most ``limit`` bytes of UTF-8."""
        start = self.position
        try:
            return str(self.bytes_(limit), "utf-8")
        except UnicodeDecodeError:
            raise FormatError("string is not UTF-8", offset=start) from None

    def option(self, read: Callable[[], T]) -> T | None:
        """What ``read`` finds, or None."""
        return read() if self.bool_() else None

    def optional_string(self, limit: int) -> str | None:
        """A string or None."""
        return self.string(limit) if self.bool_() else None

    def sequence(self, read: Callable[[], T], smallest: int, limit: int) -> list[T]:
        """A list of at most ``limit`` items that take at least ``smallest`` bytes each."""
        return [read() for _ in range(self.count(smallest, limit))]

    def strings(self, count_limit: int, limit: int) -> list[str]:
        """A list of strings."""
        return [self.string(limit) for _ in range(self.count(8, count_limit))]

    def pairs(self, count_limit: int, limit: int) -> dict[str, str]:
        """A map of strings; of equal keys the last counts."""
        pairs: dict[str, str] = {}
        for _ in range(self.count(16, count_limit)):
            key = self.string(limit)
            pairs[key] = self.string(limit)
        return pairs

    def finish(self) -> None:
        """Refuse bytes left over."""
        if self.position != self.end:
            raise FormatError(f"{self.remaining} bytes are left over", offset=self.position)
