"""Zstandard for payloads and tracks; the only module that knows the library.

The library is loaded on first use. Its C backend is loaded alone where that
works, because the package around it imports far more than is needed here.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from mv2.errors import FormatError

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

# Input given to a streaming decoder at once. A zstd block of 4 bytes can make 128 KiB, so this bounds
# what is made before the limit is checked again to 8 MiB.
_FEED = 256
_MAX_BLOCK = 1 << 17
_MAGIC = b"\x28\xb5\x2f\xfd"


@cache
def _library() -> Any:
    """Return the C backend, or the whole package if it cannot be loaded alone."""
    name = "zstandard.backend_c"
    if "zstandard" not in sys.modules:
        try:
            from importlib.machinery import PathFinder

            package = PathFinder.find_spec("zstandard")
            places = package.submodule_search_locations if package is not None else None
            spec = PathFinder.find_spec(name, list(places or ()))
            if spec is not None and spec.loader is not None:
                module = spec.loader.create_module(spec)
                if module is not None:
                    module.__spec__ = spec
                    spec.loader.exec_module(module)
                    # A later import of the package must find this very module: its error class is
                    # one for the process.
                    return sys.modules.setdefault(name, module)
        except (ImportError, AttributeError, OSError):
            sys.modules.pop(name, None)
    import zstandard

    return zstandard


class _PerThread(threading.local):
    """Contexts are not safe to share between threads, and costly to make."""

    def __init__(self) -> None:
        self.compressors: dict[int, Any] = {}
        self.decompressor: Any = None


_contexts = _PerThread()


def _compressor(level: int) -> Any:
    found = _contexts.compressors.get(level)
    if found is None:
        found = _library().ZstdCompressor(level=level, write_content_size=True)
        _contexts.compressors[level] = found
    return found


def _decompressor() -> Any:
    if _contexts.decompressor is None:
        _contexts.decompressor = _library().ZstdDecompressor()
    return _contexts.decompressor


def compress(data: Buffer, level: int = 3) -> bytes:
    """Return one zstd frame of ``data`` that carries its decoded size."""
    frame: bytes = _compressor(level).compress(data)
    return frame


def decompress(data: Buffer, *, limit: int) -> bytes:
    """Decode all zstd frames in ``data``, in order, to at most ``limit`` bytes.

    No bytes at all decode to no bytes.

    Raises:
        FormatError: a frame is broken or cut off, or more than ``limit`` bytes would come out.
    """
    if len(data) == 0:
        return b""
    library = _library()
    try:
        size = library.frame_content_size(data)
    except library.ZstdError as error:
        raise FormatError(f"not a zstd frame: {error}", offset=0) from None
    if size > limit:
        raise FormatError(f"zstd frame of {size} bytes is larger than {limit} bytes", offset=0)
    # The claimed size is allocated at once, so it must be one that so many bytes can make.
    if 0 < size <= (len(data) // 4 + 1) * _MAX_BLOCK:
        try:
            whole: bytes = _decompressor().decompress(data, max_output_size=size, allow_extra_data=False)
        except library.ZstdError:
            pass  # several frames, or damage: the careful way tells which
        else:
            return whole
    return _decompress_slowly(data, limit)


def _decompress_slowly(data: Buffer, limit: int) -> bytes:
    """Decode piece by piece, whatever the frames say about their size."""
    library = _library()
    parts: list[bytes] = []
    total = 0
    position = 0
    view = memoryview(data)
    stream = _decompressor().decompressobj()
    while position < len(view):
        piece = view[position : position + _FEED]
        try:
            part = stream.decompress(piece)
        except (library.ZstdError, MemoryError) as error:
            raise FormatError(f"broken zstd frame: {error}", offset=position) from None
        total += len(part)
        if total > limit:
            raise FormatError(f"zstd data decodes to more than {limit} bytes", offset=position)
        parts.append(part)
        position += len(piece)
        if stream.eof:
            position -= len(stream.unused_data)
            if position < len(view):
                stream = _decompressor().decompressobj()
    if not stream.eof:
        raise FormatError("zstd frame is cut off", offset=len(view))
    return b"".join(parts)


def compress_splitting(data: bytes, forbidden: bytes, level: int = 3) -> bytes:
    """Return a zstd frame of ``data`` in which ``forbidden`` never stands together.

    A block ends in the middle of every occurrence, so that not even stored
    (incompressible) blocks can hold it. ``forbidden`` is the 8 bytes of the
    footer magic. The frame carries its decoded size.
    """
    cuts = _cuts(data, forbidden)
    flush = _library().COMPRESSOBJ_FLUSH_BLOCK
    stream = _compressor(level).compressobj(size=len(data))
    parts: list[bytes] = []
    start = 0
    for cut in cuts:
        parts.append(stream.compress(data[start:cut]))
        parts.append(stream.flush(flush))
        start = cut
    parts.append(stream.compress(data[start:]))
    parts.append(stream.flush())
    frame = b"".join(parts)
    # Literals of one block stand side by side although matches lay between them in the data.
    return frame if forbidden not in frame else _stored(data, forbidden, cuts)


def _cuts(data: bytes, forbidden: bytes) -> list[int]:
    cuts: list[int] = []
    found = data.find(forbidden)
    while found >= 0:
        cuts.append(found + len(forbidden) // 2)
        found = data.find(forbidden, found + 1)
    return cuts


def _stored(data: bytes, forbidden: bytes, cuts: list[int]) -> bytes:
    """Return a frame of stored blocks, of a block size at which no header completes ``forbidden``."""
    head = _MAGIC + b"\xe0" + len(data).to_bytes(8, "little")
    for size in range(65536, 32768, -1):
        parts = [head]
        start = 0
        for stop in (*cuts, len(data)):
            while stop - start > size:
                parts.append((size << 3).to_bytes(3, "little"))
                parts.append(data[start : start + size])
                start += size
            parts.append(((stop - start) << 3 | (stop == len(data))).to_bytes(3, "little"))
            parts.append(data[start:stop])
            start = stop
        frame = b"".join(parts)
        if forbidden not in frame:
            return frame
    raise ValueError("no block size keeps the forbidden bytes apart")
