"""The commit footer: 56 bytes right behind the contents."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mv2.format._codec import Buffer

FOOTER_SIZE = 56
FOOTER_MAGIC = b"MV2FOOT!"

_LAYOUT = Struct("<8sQ32sQ")
assert _LAYOUT.size == FOOTER_SIZE


@dataclass(slots=True)
class Footer:
    """What stands right before the footer.

    Attributes:
        contents_length: bytes of the contents; they end where the footer starts.
        contents_digest: BLAKE3 of all of those bytes.
        generation: number of the commit, from 0.
    """

    contents_length: int
    contents_digest: bytes
    generation: int


def encode_footer(footer: Footer) -> bytes:
    """Return the 56 bytes of the footer."""
    return _LAYOUT.pack(FOOTER_MAGIC, footer.contents_length, footer.contents_digest, footer.generation)


def decode_footer(buf: Buffer, offset: int = 0) -> Footer:
    """Decode the 56 bytes at ``offset``; the digest is not compared with anything."""
    if not 0 <= offset <= len(buf) - FOOTER_SIZE:
        raise FormatError("footer is cut off", offset=max(offset, 0))
    magic, length, contents_digest, generation = _LAYOUT.unpack_from(buf, offset)
    if magic != FOOTER_MAGIC:
        raise FormatError("no footer", offset=offset)
    if length == 0:
        raise FormatError("footer of empty contents", offset=offset + 8)
    return Footer(length, contents_digest, generation)


def find_footers(buf: Buffer, base: int = 0) -> Iterator[tuple[int, Footer]]:
    """Yield (position, footer) of everything in ``buf`` that may be a footer, last one first.

    ``base`` is the file offset of ``buf[0]``; positions are file offsets of the
    magic. Only the structure is checked: the contents must have room before the
    footer. Whether their digest is right is for the caller to see.
    """
    data = bytes(buf) if isinstance(buf, memoryview) else buf
    end = len(data)
    while True:
        found = data.rfind(FOOTER_MAGIC, 0, end)
        if found < 0:
            return
        end = found + len(FOOTER_MAGIC) - 1
        if found + FOOTER_SIZE <= len(data):
            _, length, contents_digest, generation = _LAYOUT.unpack_from(data, found)
            if 0 < length <= base + found:
                yield base + found, Footer(length, contents_digest, generation)
