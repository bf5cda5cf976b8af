"""BLAKE3, the only hash of the container (32-byte digests)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

_PARALLEL_FROM = 1 << 20
_AUTO = blake3.AUTO

EMPTY: bytes = blake3(b"").digest()
"""Digest of no bytes at all."""


def digest(data: Buffer) -> bytes:
    """Return the 32-byte BLAKE3 digest of ``data``; above 1 MiB on all cores."""
    if len(data) > _PARALLEL_FROM:
        return blake3(data, max_threads=_AUTO).digest()
    return blake3(data).digest()


def hasher() -> blake3:
    """Return an incremental hash with ``update``, ``digest`` and ``copy``.

    Updates with large buffers use all cores.
    """
    return blake3(max_threads=_AUTO)
