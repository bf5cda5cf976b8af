"""Facet columns: which frames have which values of a field, kept in the accelerator block.

One column of bytes: a head, then the facets one behind another. Each facet is
its head, its name, and three parts, every one of which begins at a multiple
of eight bytes:

    ids     u32 each, ascending; missing when there is an item for every frame
    items   codes (u8, u16, u32), numbers (i64, f64) or hashes (u64), parallel to the ids
    table   the end of each distinct value in the text (u32 each), then the text (UTF-8)

Codes count from 1; 0 is no value. What the values mean is for the engine to
say; here they are text. Everything is little-endian.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format._codec import Buffer, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VERSION: Final = 1
CODED: Final = 1
"""One code a frame: the value as a whole."""
NUMBERS: Final = 2
"""The values are numbers, as they are."""
MEMBERS: Final = 3
"""The values are lists: a code for each member, under the same id; code 0 for an empty list."""
HASHED: Final = 4
"""Hashes of the values and of their members, under the same id: hints, to be checked."""
PRESENT: Final = 5
"""Nothing but the ids of frames that have a value."""
MAX_FACETS: Final = 4096
MAX_NAME: Final = 0xFFFF

_HEAD = Struct("<HHIQ")
_FACET = Struct("<HBBIII")
_PARTIAL = 1
_ALIGN = 8
# Width and kind of the items of each encoding.
_ITEMS: Final[dict[int, str]] = {CODED: "BHI", NUMBERS: "qd", MEMBERS: "BHI", HASHED: "Q", PRESENT: "B"}
_DENSE: Final = 1

Items: TypeAlias = "array[int] | array[float] | memoryview"
Ids: TypeAlias = "array[int] | memoryview"


@dataclass(slots=True)
class Facet:
    """The values of one field.

    Attributes:
        name: of the field.
        encoding: CODED, NUMBERS, MEMBERS, HASHED or PRESENT.
        ids: frame ids ('I'), ascending; None: item i is of frame i.
        items: codes, numbers or hashes; empty with PRESENT.
        ends: 'I', where each distinct value ends in ``text``.
        text: the distinct values in UTF-8, one behind another.
    """

    name: str
    encoding: int
    ids: Ids | None
    items: Items
    ends: Ids = field(default_factory=lambda: array("I"))
    text: Buffer = b""

    def values(self) -> list[str]:
        """The distinct values; that of code c is number c - 1."""
        raw, start, found = bytes(self.text), 0, []
        for end in self.ends:
            found.append(raw[start:end].decode())
            start = end
        return found


@dataclass(slots=True)
class FacetBlock:
    """Every facet of ``frame_count`` frames; ``partial``: there are fields that have none."""

    frame_count: int
    partial: bool
    facets: dict[str, Facet]


def table(values: Iterable[str]) -> tuple[array[int], bytes]:
    """``ends`` and ``text`` of distinct values."""
    ends, parts, end = array("I"), [], 0
    for value in values:
        raw = value.encode()
        end += len(raw)
        ends.append(end)
        parts.append(raw)
    return ends, b"".join(parts)


def encode_facets(frame_count: int, facets: Sequence[Facet], *, partial: bool) -> bytes:
    """Return the column. Only little-endian hosts write it."""
    if sys.byteorder != "little":
        raise FormatError("facets are for little-endian hosts", offset=0)
    parts = [_HEAD.pack(VERSION, _PARTIAL if partial else 0, len(facets), frame_count)]
    for facet in facets:
        name = facet.name.encode()
        code = facet.items.format if isinstance(facet.items, memoryview) else facet.items.typecode
        kinds = _ITEMS[facet.encoding]
        parts += (
            _FACET.pack(
                len(name),
                facet.encoding,
                kinds.index(code) << 1 | (_DENSE if facet.ids is None else 0),
                len(facet.items) if facet.ids is None else len(facet.ids),
                len(facet.ends),
                len(facet.text),
            ),
            name,
        )
        _align(parts, _FACET.size + len(name))
        for part in (facet.ids, facet.items, facet.ends):
            raw = b"" if part is None else part.tobytes()
            parts.append(raw)
            _align(parts, len(raw))
        parts.append(bytes(facet.text))
        _align(parts, len(facet.text))
    return b"".join(parts)


def _align(parts: list[bytes], size: int) -> None:
    if size % _ALIGN:
        parts.append(bytes(-size % _ALIGN))


def decode_facets(buf: Buffer) -> FacetBlock:
    """Return views of the column that is exactly ``buf``; ``buf`` must live as long as they.

    Every id is that of a frame and every code stands in its table.

    Raises:
        FormatError: it is damaged or of another version, or the host is big-endian: make it anew.
    """
    if sys.byteorder != "little":
        raise FormatError("facets are for little-endian hosts", offset=0)
    reader = Reader(buf)
    version, flags, count, frame_count = reader.unpack(_HEAD)
    if version != VERSION or flags > _PARTIAL or count > MAX_FACETS:
        raise FormatError("no facets, or facets of another version", offset=0)
    facets: dict[str, Facet] = {}
    for _ in range(count):
        at = reader.position
        facet = _decode_facet(reader, frame_count)
        if facet.name in facets:
            raise FormatError(f"two facets are named {facet.name!r}", offset=at)
        facets[facet.name] = facet
    reader.finish()
    return FacetBlock(frame_count, bool(flags & _PARTIAL), facets)


def _decode_facet(reader: Reader, frame_count: int) -> Facet:
    at = reader.position
    name_size, encoding, form, count, distinct, text_size = reader.unpack(_FACET)
    kinds = _ITEMS.get(encoding, "")
    dense = bool(form & _DENSE)
    if form >> 1 >= len(kinds) or (dense and count != frame_count):
        raise FormatError(f"a facet of encoding {encoding}, form {form} has {count} entries", offset=at)
    if dense and encoding not in (CODED, NUMBERS, HASHED):
        raise FormatError(f"a facet of encoding {encoding} needs ids", offset=at)
    try:
        name = str(reader.raw(name_size), "utf-8")
    except UnicodeDecodeError:
        raise FormatError("the name of a facet is not UTF-8", offset=at) from None
    _skip(reader)
    ids = None if dense else _part(reader, "I", count)
    items = _part(reader, kinds[form >> 1], 0 if encoding == PRESENT else count)
    ends = _part(reader, "I", distinct)
    start = reader.position
    text = memoryview(reader.raw(text_size))
    _skip(reader)
    facet = Facet(name, encoding, ids, items, ends, text)
    _check(facet, frame_count, start)
    return facet


def _skip(reader: Reader) -> None:
    reader.raw(-reader.position % _ALIGN)


def _part(reader: Reader, code: str, count: int) -> memoryview:
    start = reader.position
    size = count * array(code).itemsize
    if size > reader.remaining:
        raise FormatError(f"{count} entries run past the end", offset=start)
    reader.position = start + size
    view = memoryview(reader.buffer)[start : start + size].cast("B").cast(code)  # type: ignore[call-overload]
    _skip(reader)
    return view  # type: ignore[no-any-return]


def _check(facet: Facet, frame_count: int, offset: int) -> None:
    ids = facet.ids
    if ids is not None and len(ids) and max(ids) >= frame_count:
        raise FormatError(f"facet {facet.name!r} names a frame that does not exist", offset=offset)
    if facet.encoding in (CODED, MEMBERS) and not _all_at_most(facet.items, len(facet.ends)):
        raise FormatError(f"facet {facet.name!r} has a code beyond its table", offset=offset)
    last = 0
    for end in facet.ends:
        if end < last:
            raise FormatError(f"the table of facet {facet.name!r} is not in order", offset=offset)
        last = end
    if last != len(facet.text):
        raise FormatError(f"the table of facet {facet.name!r} has another length", offset=offset)
    try:
        facet.values()
    except UnicodeDecodeError:
        raise FormatError(f"the table of facet {facet.name!r} is not UTF-8", offset=offset) from None


def _all_at_most(codes: Items, most: int) -> bool:
    """Whether no code is larger; without a look at each where codes have one or two bytes."""
    width = codes.itemsize
    if most >= 1 << 8 * width:
        return True
    if width == 4:
        return not len(codes) or max(codes) <= most
    raw = codes.tobytes()
    high, low = most >> 8, most & 0xFF
    too_low = bytes(low + 1).ljust(256, b"\1")
    if width == 1:
        return 1 not in raw.translate(too_low)
    lows, highs = raw[::2].translate(too_low), raw[1::2]
    if 1 in highs.translate(bytes(high + 1).ljust(256, b"\1")):
        return False
    at_edge = highs.translate(bytes(high) + b"\1" + bytes(255 - high))
    return not int.from_bytes(lows, "little") & int.from_bytes(at_edge, "little")
