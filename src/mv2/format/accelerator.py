"""The accelerator block: a private frame directory that can always be rebuilt.

It holds what ``scan_frames`` would find, and the uris, so that a large file
opens without a walk through its contents. It is bound to one contents by
their digest. A table names each column by a kind; unknown kinds are passed
over, so the block can grow. The block's own digest stands in the commit
record and is for the caller to check first.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format._codec import Buffer, Reader
from mv2.format.checksum import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.format.frame import FrameColumns

MAGIC = b"MV2ACCEL"
VERSION = 1
NO_PARENT = 0xFFFFFFFF
MAX_LENGTH = 0xFFFFFFFF
"""Decoded lengths from here on are stored as this."""
MAX_COLUMNS = 1024

KIND_STARTS = 1
KIND_TIMESTAMPS = 2
KIND_PUT_TIMES = 3
KIND_STATES = 4
KIND_PARENTS = 5
KIND_CANONICAL_LENGTHS = 6
KIND_URI_HASHES = 7
KIND_URI_IDS = 8
KIND_FACETS = 9
KIND_COMMITS = 10
KIND_VECTOR_PLACE = 16

_HEAD = Struct("<8sHHI32sQ")
_COLUMN = Struct("<IIQQ")
_ALIGN = 8
# Kind → (code of the array, entries above the number of frames; None: any number).
_KNOWN: dict[int, tuple[str, int | None]] = {
    KIND_STARTS: ("I", 1),
    KIND_TIMESTAMPS: ("q", 0),
    KIND_PUT_TIMES: ("q", 0),
    KIND_STATES: ("B", 0),
    KIND_PARENTS: ("I", 0),
    KIND_CANONICAL_LENGTHS: ("I", 0),
    KIND_URI_HASHES: ("Q", None),
    KIND_URI_IDS: ("I", None),
    KIND_FACETS: ("B", None),
    KIND_COMMITS: ("B", None),
    KIND_VECTOR_PLACE: ("B", None),
}
#: Columns that may be missing.
_OPTIONAL = frozenset({KIND_FACETS, KIND_COMMITS, KIND_VECTOR_PLACE})
_WIDTHS = {"B": 1, "I": 4, "q": 8, "Q": 8}


def uri_hash(uri: bytes) -> int:
    """Return the u64 under which a uri (UTF-8) is found."""
    return int.from_bytes(digest(uri)[:8], "little")


@dataclass(slots=True)
class UriIndex:
    """Frames by uri: ``hashes`` ('Q') ascending, ``ids`` ('I') parallel, ascending among equals.

    A hash is a hint: compare the frame's uri before believing it.
    """

    hashes: memoryview | array[int]
    ids: memoryview | array[int]

    def find(self, uri: str) -> list[int]:
        """Return the ids of frames that may have ``uri``, ascending."""
        return self.find_hash(uri_hash(uri.encode()))

    def find_hash(self, wanted: int) -> list[int]:
        """Return the ids of frames whose uri has that hash, ascending."""
        place = bisect_left(self.hashes, wanted)
        found: list[int] = []
        while place < len(self.hashes) and self.hashes[place] == wanted:
            found.append(self.ids[place])
            place += 1
        return found


def make_uri_index(pairs: Iterable[tuple[int, int]]) -> UriIndex:
    """Return the index of (uri hash, frame id) pairs, in any order."""
    ordered = sorted(pairs)
    return UriIndex(array("Q", [pair[0] for pair in ordered]), array("I", [pair[1] for pair in ordered]))


def uri_pairs(buf: Buffer, columns: FrameColumns, first_id: int = 0) -> list[tuple[int, int]]:
    """Return (uri hash, frame id) of every scanned frame that has a uri."""
    pairs: list[tuple[int, int]] = []
    for index in range(len(columns)):
        uri = columns.uri_bytes(buf, index)
        if uri is not None:
            pairs.append((uri_hash(uri), first_id + index))
    return pairs


@dataclass(slots=True)
class AcceleratorView:
    """The columns, as views of the block (no copies).

    Attributes:
        frame_count: number of frames.
        starts: 'I', offsets in the contents, one entry more than frames.
        timestamps, put_times: 'q', as in ``FrameColumns``.
        states: 'B', status in the low four bits, role in the high four.
        parents: 'I', NO_PARENT for none.
        canonical_lengths: 'I', MAX_LENGTH for that or more.
        uris: frames by uri.
        commits: encoded points of the memory's past, empty when the block has none.
        vector_place: where the vector block is, see ``mv2.format.vector_block``; empty without one.
        facets: see ``mv2.format.facets``; empty when the block has none.
    """

    frame_count: int
    starts: memoryview
    timestamps: memoryview
    put_times: memoryview
    states: memoryview
    parents: memoryview
    canonical_lengths: memoryview
    uris: UriIndex
    vector_place: bytes = b""
    commits: bytes = b""
    facets: Buffer = b""

    def __len__(self) -> int:
        return self.frame_count

    def status(self, frame_id: int) -> int:
        """STATUS_* of the frame."""
        return int(self.states[frame_id]) & 15

    def role(self, frame_id: int) -> int:
        """ROLE_* of the frame."""
        return int(self.states[frame_id]) >> 4


def encode_accelerator(contents_digest: bytes, columns: FrameColumns, uri_index: UriIndex) -> bytes:
    """Return the block for the contents with that digest.

    ``columns.starts`` must be offsets in the contents, of all frames from 0 on.
    At most 45 bytes a frame. Only little-endian hosts write it.
    """
    if sys.byteorder != "little":
        raise FormatError("accelerator blocks are for little-endian hosts", offset=0)
    packed: list[tuple[int, array[int] | bytes]] = [
        (KIND_STARTS, array("I", columns.starts)),
        (KIND_TIMESTAMPS, columns.timestamps),
        (KIND_PUT_TIMES, columns.put_times),
        (KIND_STATES, bytes(map(_state, columns.status, columns.roles))),
        (KIND_PARENTS, array("I", [one if 0 <= one < NO_PARENT else NO_PARENT for one in columns.parents])),
        (KIND_CANONICAL_LENGTHS, _saturated(columns.canonical_lengths)),
        (KIND_URI_HASHES, array("Q", uri_index.hashes)),
        (KIND_URI_IDS, array("I", uri_index.ids)),
    ]
    return encode_columns(contents_digest, len(columns), packed)


def _saturated(lengths: array[int]) -> array[int]:
    if not lengths or max(lengths) <= MAX_LENGTH:
        return array("I", lengths)
    return array("I", [min(length, MAX_LENGTH) for length in lengths])


def _state(status: int, role: int) -> int:
    return status | role << 4


def encode_columns(
    contents_digest: bytes, frame_count: int, columns: Iterable[tuple[int, array[int] | bytes]]
) -> bytes:
    """Return a block of (kind, items) columns."""
    listed = list(columns)
    head = _HEAD.pack(MAGIC, VERSION, 0, len(listed), contents_digest, frame_count)
    table: list[bytes] = []
    body: list[bytes] = []
    position = _HEAD.size + _COLUMN.size * len(listed)
    for kind, items in listed:
        raw = items if isinstance(items, bytes) else items.tobytes()
        gap = -position % _ALIGN
        width = 1 if isinstance(items, bytes) else items.itemsize
        table.append(_COLUMN.pack(kind, width, position + gap, len(raw)))
        body += (bytes(gap), raw)
        position += gap + len(raw)
    return b"".join((head, *table, *body))


def decode_accelerator(buf: Buffer, contents_digest: bytes) -> AcceleratorView:
    """Return views of the block that is exactly ``buf``; ``buf`` must live as long as they.

    Raises:
        FormatError: the block is of other contents, damaged, or the host is big-endian: rebuild it.
    """
    if sys.byteorder != "little":
        raise FormatError("accelerator blocks are for little-endian hosts", offset=0)
    reader = Reader(buf)
    magic, version, _, count, bound_to, frame_count = reader.unpack(_HEAD)
    if magic != MAGIC or version != VERSION:
        raise FormatError("no accelerator block, or one of another version", offset=0)
    if bound_to != contents_digest:
        raise FormatError("accelerator block belongs to other contents", offset=16)
    if count > MAX_COLUMNS:
        raise FormatError(f"{count} columns are too many", offset=12)
    columns = _columns(reader, count, frame_count)
    missing = _KNOWN.keys() - columns.keys() - _OPTIONAL
    if missing:
        raise FormatError(f"accelerator block lacks columns {sorted(missing)}", offset=_HEAD.size)
    uris = UriIndex(columns[KIND_URI_HASHES], columns[KIND_URI_IDS])
    if len(uris.hashes) != len(uris.ids) or len(uris.ids) > frame_count:
        raise FormatError("uri index does not fit the frames", offset=_HEAD.size)
    return AcceleratorView(
        frame_count, columns[KIND_STARTS], columns[KIND_TIMESTAMPS], columns[KIND_PUT_TIMES],
        columns[KIND_STATES], columns[KIND_PARENTS], columns[KIND_CANONICAL_LENGTHS], uris,
        bytes(columns.get(KIND_VECTOR_PLACE, b"")), bytes(columns.get(KIND_COMMITS, b"")),
        columns.get(KIND_FACETS, b""),
    )  # fmt: skip


def _columns(reader: Reader, count: int, frame_count: int) -> dict[int, memoryview]:
    """Return the known columns by kind; each must have as many entries as there are frames."""
    view = memoryview(reader.buffer)
    found: dict[int, memoryview] = {}
    for _ in range(count):
        at = reader.position
        kind, width, offset, length = reader.unpack(_COLUMN)
        if offset + length > len(view):
            raise FormatError(f"column {kind} reaches past the block", offset=at)
        if kind not in _KNOWN:
            continue
        code, extra = _KNOWN[kind]
        if width != _WIDTHS[code] or length % width or kind in found:
            raise FormatError(f"column {kind} has items of {width} bytes, or comes twice", offset=at)
        if extra is not None and length != width * (frame_count + extra):
            raise FormatError(f"column {kind} has {length // width} entries", offset=at)
        found[kind] = view[offset : offset + length].cast(code)  # type: ignore[call-overload]
    return found
