"""The sketch track: one entry of 32, 64 or 96 bytes for each frame, entry i being frame i.

The original filters text searches with it and keeps few candidates, so real
entries make it lose hits; this engine therefore writes entries of zeros,
which let everything through. Reading and making real ones serves old files
and near-duplicate detection.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format.checksum import digest

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

MAGIC = b"MVSK"
VERSION = 1
HEAD_SIZE = 24
SIZE_SMALL = 32
SIZE_MEDIUM = 64
SIZE_LARGE = 96
FLAG_SIMHASH = 1
FLAG_FILTER = 2
FLAG_TOP_TERMS = 4
FLAG_SHORT = 16
_SHORT_BELOW = 50
_IDF = 1.0

_HEAD = Struct("<4sHHQII")
_SMALL = Struct("<Q16s2I")
_MEDIUM = Struct("<Q32s4IHHHH")
assert (_HEAD.size, _SMALL.size, _MEDIUM.size) == (HEAD_SIZE, SIZE_SMALL, SIZE_MEDIUM)


@dataclass(slots=True)
class SketchEntry:
    """Sketch of one frame's text.

    Attributes:
        simhash: u64; similar texts differ in few bits.
        term_filter: 16 bytes (size 32) or 32 bytes; bit b is byte b//8, mask 1 << (b % 8).
        top_terms: 2 or 4 u32 term ids, zeros where there are fewer.
        weight_sum, length_hint: u16; not stored in the small size.
        flags: FLAG_*; not stored in the small size, where 7 is assumed.
    """

    simhash: int = 0
    term_filter: bytes = bytes(16)
    top_terms: tuple[int, ...] = (0, 0)
    weight_sum: int = 0
    flags: int = FLAG_SIMHASH | FLAG_FILTER | FLAG_TOP_TERMS
    length_hint: int = 0


@dataclass(slots=True)
class SketchTrack:
    """All entries; their index is the frame id."""

    entry_size: int
    flags: int
    entries: list[SketchEntry]


def encode_zero_track(count: int, size: int = SIZE_SMALL) -> bytes:
    """Return a track of ``count`` entries of zeros."""
    _check_entry_size(size, 6)
    return _HEAD.pack(MAGIC, VERSION, size, count, 0, 0) + bytes(count * size)


def encode_sketch_track(entries: list[SketchEntry], size: int = SIZE_SMALL) -> bytes:
    """Return a track of the entries."""
    _check_entry_size(size, 6)
    parts = [_HEAD.pack(MAGIC, VERSION, size, len(entries), 0, 0)]
    parts += [encode_entry(entry, size) for entry in entries]
    return b"".join(parts)


def decode_sketch_track(buf: Buffer, count: int | None = None) -> SketchTrack:
    """Decode a track that is exactly ``buf``; ``count`` is what its manifest says."""
    if len(buf) < HEAD_SIZE:
        raise FormatError("sketch track is cut off", offset=len(buf))
    magic, version, size, entries, flags, _ = _HEAD.unpack_from(buf, 0)
    if magic != MAGIC or version != VERSION:
        raise FormatError("no sketch track, or one of another version", offset=0)
    _check_entry_size(size, 6)
    if entries * size != len(buf) - HEAD_SIZE:
        raise FormatError(f"{entries} sketches do not take {len(buf) - HEAD_SIZE} bytes", offset=8)
    if count is not None and entries != count:
        raise FormatError(f"sketch track has {entries} entries, its manifest {count}", offset=8)
    view = memoryview(buf)
    return SketchTrack(
        size, flags, [decode_entry(view[p : p + size], size) for p in range(HEAD_SIZE, len(buf), size)]
    )


def _check_entry_size(size: int, offset: int) -> None:
    if size not in (SIZE_SMALL, SIZE_MEDIUM, SIZE_LARGE):
        raise FormatError(f"sketches of {size} bytes do not exist", offset=offset)


def encode_entry(entry: SketchEntry, size: int = SIZE_SMALL) -> bytes:
    """Return one entry in ``size`` bytes."""
    e = entry
    if size == SIZE_SMALL:
        return _SMALL.pack(e.simhash, e.term_filter, *e.top_terms)
    fields = _MEDIUM.pack(
        e.simhash, e.term_filter, *e.top_terms, e.weight_sum, e.flags, e.length_hint, 0
    )  # fmt: skip
    return fields.ljust(size, b"\0")


def decode_entry(buf: Buffer, size: int = SIZE_SMALL) -> SketchEntry:
    """Decode one entry of exactly ``size`` bytes."""
    if len(buf) != size:
        raise FormatError(f"sketch of {len(buf)} bytes is not {size}", offset=0)
    if size == SIZE_SMALL:
        simhash, term_filter, *top = _SMALL.unpack(buf)
        return SketchEntry(simhash, term_filter, tuple(top))
    simhash, term_filter, a, b, d, e, weight, flags, hint, _ = _MEDIUM.unpack_from(buf, 0)
    return SketchEntry(simhash, term_filter, (a, b, d, e), weight, flags, hint)


def tokens(text: str) -> list[str]:
    """Return the words a sketch is made of: compatibility form, lower case, at least two bytes."""
    from unicodedata import normalize

    folded = normalize("NFKC", text).lower()
    words = "".join([char if char.isalnum() else " " for char in folded]).split(" ")
    return [word for word in words if len(word.encode()) >= 2]


def make_entry(text: str, size: int = SIZE_SMALL) -> SketchEntry:
    """Return the sketch of ``text``, bit for bit as the original makes it.

    A text without words gives zeros and the short flag.
    """
    _check_entry_size(size, 6)
    small = size == SIZE_SMALL
    bits, places = (128, 2) if small else (256, 4)
    words = tokens(text)
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    weighted = sorted(
        (-max(int(min(count, 3) * _IDF * 100), 1), int.from_bytes(digest(word.encode())[:8], "little"))
        for word, count in counts.items()
    )
    sums = [0] * 64
    term_filter = 0
    for negative, value in weighted:
        for bit in range(64):
            sums[bit] += -negative if value >> bit & 1 else negative
        for shift in (0, 16, 32):
            term_filter |= 1 << (value >> shift) % bits
    simhash = sum(1 << bit for bit in range(64) if sums[bit] > 0)
    top = [(value ^ value >> 32) & 0xFFFFFFFF for _, value in weighted[:places]]
    top += [0] * (places - len(top))
    flags = FLAG_SIMHASH | FLAG_FILTER | FLAG_TOP_TERMS if words else 0
    if len(words) < _SHORT_BELOW:
        flags |= FLAG_SHORT
    weight = min(-sum(negative for negative, _ in weighted[:places]), 0xFFFF)
    hint = min(len(words) // 10, 255)
    return SketchEntry(simhash, term_filter.to_bytes(bits // 8, "little"), tuple(top), weight, flags, hint)
