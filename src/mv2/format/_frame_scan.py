"""Walking frames without decoding their strings; see :mod:`mv2.format.frame`.

Everything the walk needs of a frame is its boundaries and a few numbers.
Lengths are compared with the limit before they are used, so hostile bytes end
in a FormatError after at most one pass.
"""

from __future__ import annotations

from array import array
from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format import _codec as c
from mv2.format import metadata as m

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.format._codec import Buffer

MIN_FRAME_SIZE = 129
"""Bytes of a frame in which every option and list is empty."""
MAX_FRAMES = 1_000_000
NO_URI = 0xFFFFFFFF
"""Length of the uri of a frame that has none."""
NEVER = -(1 << 63)
"""Put time of a frame whose put time is not known."""

_CLOCK = 3
_start_anchored = Struct("<QqBqBIB").unpack_from
_start = Struct("<Qq").unpack_from
_place_uri = Struct("<QQ32xBQ").unpack_from
_tagged = Struct("<BQ").unpack_from
_sized = Struct("<4xBQ").unpack_from
_plain_links = Struct("<IBBBIBBB").unpack_from
_chunk_links = Struct("<IBQBIBIIBBB").unpack_from
_u64 = c.U64.unpack_from
_u32 = c.U32.unpack_from
_NOTHING_MORE = bytes(25)
_TEXT_SIZE = len(m.PLAIN_TEXT)
# Bytes from the role to the end of the frame of a chunk, at least.
_CHUNK_END = 35


def _u64_column() -> array[int]:
    return array("Q")


def _i64_column() -> array[int]:
    return array("q")


def _u32_column() -> array[int]:
    return array("I")


def _u8_column() -> array[int]:
    return array("B")


@dataclass(slots=True)
class FrameColumns:
    """What is known of frames without decoding them; entry i is frame ``first_id + i``.

    Attributes:
        starts: offsets in the scanned buffer; one entry more than frames, the last being the end.
        timestamps: UTC seconds as the user said.
        put_times: UTC seconds when the frame was put; NEVER where it is not known.
        status, roles: STATUS_* and ROLE_* of ``mv2.format.frame``.
        parents: frame id of the parent, -1 for none.
        payload_offsets, payload_lengths: absolute place of the stored bytes.
        canonical_lengths: decoded length in bytes; the stored length where the frame has none.
        uri_starts, uri_lengths: place of the uri's UTF-8 bytes in the buffer; NO_URI for none.
    """

    starts: array[int] = field(default_factory=_u64_column)
    timestamps: array[int] = field(default_factory=_i64_column)
    put_times: array[int] = field(default_factory=_i64_column)
    status: array[int] = field(default_factory=_u8_column)
    roles: array[int] = field(default_factory=_u8_column)
    parents: array[int] = field(default_factory=_i64_column)
    payload_offsets: array[int] = field(default_factory=_u64_column)
    payload_lengths: array[int] = field(default_factory=_u64_column)
    canonical_lengths: array[int] = field(default_factory=_u64_column)
    uri_starts: array[int] = field(default_factory=_u64_column)
    uri_lengths: array[int] = field(default_factory=_u32_column)

    def __len__(self) -> int:
        return len(self.timestamps)

    @property
    def end(self) -> int:
        """Offset behind the last frame."""
        return self.starts[-1]

    @property
    def uri_spans(self) -> tuple[array[int], array[int]]:
        """``uri_starts`` and ``uri_lengths``."""
        return self.uri_starts, self.uri_lengths

    def uri_bytes(self, buf: Buffer, index: int) -> bytes | None:
        """Return the UTF-8 bytes of a frame's uri; ``buf`` is what was scanned."""
        length = self.uri_lengths[index]
        if length == NO_URI:
            return None
        start = self.uri_starts[index]
        return bytes(buf[start : start + length])


def scan_frames(buf: Buffer, start: int, count: int, limit: int, first_id: int = 0) -> FrameColumns:
    """Walk ``count`` frames from ``start``; none may reach past ``limit``.

    Ids must be consecutive from ``first_id``, because a frame's place is its id.
    """
    c.check_range(buf, start, limit)
    if not 0 <= count <= MAX_FRAMES or count * MIN_FRAME_SIZE > limit - start or limit - start >= NO_URI:
        raise FormatError(f"{count} frames do not fit into {limit - start} bytes", offset=start)
    columns = FrameColumns()
    add_start, add_time, add_put = columns.starts.append, columns.timestamps.append, columns.put_times.append
    add_status, add_role, add_parent = columns.status.append, columns.roles.append, columns.parents.append
    add_offset, add_length = columns.payload_offsets.append, columns.payload_lengths.append
    add_canonical = columns.canonical_lengths.append
    add_uri, add_uri_length = columns.uri_starts.append, columns.uri_lengths.append
    position = start
    try:
        for expected in range(first_id, first_id + count):
            add_start(position)
            first = _first_part(buf, position, limit)
            ident, when, put, offset, length, canonical, uri, uri_length, links = first
            if ident != expected:
                raise FormatError(f"frame {ident} stands at place {expected}", offset=position)
            role, parent, status, position = _last_part(buf, links, limit)
            add_time(when)
            add_put(put)
            add_status(status)
            add_role(role)
            add_parent(parent)
            add_offset(offset)
            add_length(length)
            add_canonical(canonical)
            add_uri(uri)
            add_uri_length(uri_length)
    except (*c.DECODE_ERRORS, OverflowError) as error:
        raise FormatError(f"frame does not decode: {error}", offset=position) from None
    add_start(position)
    return columns


def skip_frame(buf: Buffer, start: int, limit: int) -> int:
    """Return the offset behind the frame at ``start``; it must not reach past ``limit``."""
    c.check_range(buf, start, limit)
    try:
        return _last_part(buf, _first_part(buf, start, limit)[-1], limit)[-1]
    except c.DECODE_ERRORS as error:
        raise FormatError(f"frame does not decode: {error}", offset=start) from None


def status_offset(buf: Buffer, start: int, end: int) -> int:
    """Return the offset of the status field (u32) of the frame ``buf[start:end]``."""
    c.check_range(buf, start, end)
    try:
        reader = c.Reader(buf, _first_part(buf, start, end)[-1] + 4, end)
    except c.DECODE_ERRORS as error:
        raise FormatError(f"frame does not decode: {error}", offset=start) from None
    reader.option(reader.u64)
    reader.option(reader.u32)
    reader.option(reader.u32)
    if reader.remaining < 4:
        raise FormatError("frame is cut off", offset=end)
    return reader.position


_First = tuple[int, int, int, int, int, int, int, int, int]


def _first_part(buf: Buffer, p: int, end: int) -> _First:
    """Return id, timestamp, put time, payload place, canonical length, uri place, offset of the role."""
    if buf[p + 16] == 1 and buf[p + 25] == 1:
        ident, when, _, put, _, source, tag = _start_anchored(buf, p)
        if source != _CLOCK:
            if source > _CLOCK:
                raise FormatError(f"anchor source {source} does not exist", offset=p + 26)
            put = NEVER
        p += 30
    else:
        ident, when, put, p = _rare_anchors(buf, p, end)
        tag = buf[p]
    p = p + 1 if tag == 0 else _skip_text(buf, p, end)
    p = p + 1 if buf[p] == 0 else _skip_text(buf, p, end)
    offset, length, tag, size = _place_uri(buf, p)
    if tag == 1:
        uri = p + 57
        uri_length = size
        p = uri + size
        if p > end:
            raise FormatError("string runs past the end", offset=uri)
    else:
        uri, uri_length = 0, NO_URI
        p = p + 49 if tag == 0 else _skip_text(buf, p + 48, end)
    p = p + 1 if buf[p] == 0 else _skip_text(buf, p, end)
    tag, canonical = _sized(buf, p)
    if tag == 1:
        p += 13
    elif tag == 0:
        canonical = length
        p += 5
    else:
        raise FormatError(f"option tag {tag} is neither 0 nor 1", offset=p + 4)
    p = p + 1 if buf[p] == 0 else _skip_metadata(buf, p, end)
    p = p + 1 if buf[p] == 0 else _skip_text(buf, p, end)
    p = p + 8 if _u64(buf, p)[0] == 0 else c.skip_texts(buf, p, end)
    if buf[p : p + 25] == _NOTHING_MORE:
        p += 25
    else:
        p = c.skip_texts(buf, p, end)
        p = c.skip_texts(buf, p, end, c.MAX_MAP, 2)
        p = c.skip_texts(buf, p, end)
        p = p + 1 if buf[p] == 0 else _skip_option(buf, p, end, m.skip_chunk_manifest)
    return ident, when, put, offset, length, canonical, uri, uri_length, p


def _last_part(buf: Buffer, p: int, end: int) -> tuple[int, int, int, int]:
    """Return role, parent (or -1), status and the offset behind the frame whose role is at ``p``."""
    role, a, b, d, status, e, f, sha = _plain_links(buf, p)
    if not (a or b or d or e or f):
        parent = -1
        p += 14
    else:
        if a == 1 and end - p >= _CHUNK_END:
            role, a, parent, b, _, d, _, status, e, f, sha = _chunk_links(buf, p)
        if a == b == d == 1 and not (e or f):
            p += 30
        else:
            role, parent, status, sha, p = _rare_links(buf, p, end)
    if role > 2 or status > 2 or sha > 1 or parent >= 1 << 63:
        raise FormatError("frame has an unknown role or status, or an impossible parent", offset=p)
    if sha:
        p += 32
    p = p + 1 if buf[p] == 0 else _skip_text(buf, p, end)
    if _u32(buf, p)[0] > 1:
        raise FormatError("enrichment state does not exist", offset=p)
    p += 4
    if p > end:
        raise FormatError("frame runs past the end", offset=end)
    return role, parent, status, p


def _skip_text(buf: Buffer, p: int, end: int) -> int:
    """Return the position behind the optional string at ``p``, which is present."""
    tag, size = _tagged(buf, p)
    if tag != 1:
        raise FormatError(f"option tag {tag} is neither 0 nor 1", offset=p)
    p += 9 + size
    if p > end:
        raise FormatError("string runs past the end", offset=p - size)
    return int(p)


def _skip_metadata(buf: Buffer, p: int, end: int) -> int:
    if buf[p : p + _TEXT_SIZE] == m.PLAIN_TEXT:
        return p + _TEXT_SIZE
    return _skip_option(buf, p, end, m.skip_metadata)


def _skip_option(buf: Buffer, p: int, end: int, skip: Callable[[Buffer, int, int], int]) -> int:
    if buf[p] != 1:
        raise FormatError(f"option tag {buf[p]} is neither 0 nor 1", offset=p)
    return skip(buf, p + 1, end)


def _rare_anchors(buf: Buffer, p: int, end: int) -> tuple[int, int, int, int]:
    ident, when = _start(buf, p)
    reader = c.Reader(buf, p + 16, end)
    anchor = reader.option(reader.i64)
    source = reader.option(lambda: reader.variant(4))
    return ident, when, NEVER if anchor is None or source != _CLOCK else anchor, reader.position


def _rare_links(buf: Buffer, p: int, end: int) -> tuple[int, int, int, int, int]:
    """Return role, parent, status, tag of the source checksum and the position behind that tag."""
    reader = c.Reader(buf, p, end)
    role = reader.u32()
    parent = reader.option(reader.u64)
    reader.option(reader.u32)
    reader.option(reader.u32)
    status = reader.u32()
    reader.option(reader.u64)
    reader.option(reader.u64)
    sha = reader.u8()
    return role, -1 if parent is None else parent, status, sha, reader.position
