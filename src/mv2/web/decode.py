"""Compressed answers, opened step by step so that a small one cannot fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_STEP = 1 << 16
_ANY_HEADER = 47
_NO_HEADER = -15

ACCEPTED = b"gzip, deflate"
ENCODINGS = frozenset(["", "identity", "gzip", "x-gzip", "deflate"])


class Decoder:
    """Undoes one content encoding.

    Args:
        encoding: one of ``ENCODINGS``.
    """

    def __init__(self, encoding: str) -> None:
        self._plain = encoding in {"", "identity"}
        self._gzip = encoding in {"gzip", "x-gzip"}
        self._engine = None if self._plain else zlib.decompressobj(_ANY_HEADER)
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the next bytes expand to, in pieces of at most 64 KiB.

        Raises:
            zlib.error: they are not in that encoding.
        """
        if self._engine is None:
            yield data
            return
        while data:
            if self._engine.eof:
                # Several files in a row are one, anything else behind the end is ignored.
                if not (self._gzip and data.startswith(b"\x1f\x8b")):
                    return
                self._engine = zlib.decompressobj(_ANY_HEADER)
            try:
                piece = self._engine.decompress(data, _STEP)
            except zlib.error:
                if self._fed or self._gzip:
                    raise
                # Some servers send deflate without its header.
                self._engine = zlib.decompressobj(_NO_HEADER)
                piece = self._engine.decompress(data, _STEP)
            self._fed = True
            if piece:
                yield piece
            data = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail

    @property
    def is_complete(self) -> bool:
        """Whether the end was seen; nothing at all is complete too."""
        return self._engine is None or self._engine.eof or not self._fed
