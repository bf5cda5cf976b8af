"""Files and folders that are there whole or not at all, packed and unpacked by their names."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from mv2.errors import InvalidArgumentError, MemoryNotFoundError, StorageError

Target: TypeAlias = str | os.PathLike[str] | IO[Any]

_GZIP: Final = ".gz"
_ZSTD: Final = (".zst", ".zstd")
_ZSTD_LEVEL: Final = 6


def is_open_file(target: object) -> bool:
    """Whether it is a file object rather than a path."""
    return hasattr(target, "write") or hasattr(target, "read")


def plain_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a name in lower case, that of its packing left out."""
    place = Path(path)
    if place.suffix.lower() in (_GZIP, *_ZSTD):
        place = place.with_suffix("")
    return place.suffix.lower()


@contextlib.contextmanager
def written(target: Target) -> Iterator[IO[bytes]]:
    """Something to write bytes to. A path gets its new content only if no exception leaves;
    names that end in .gz and .zst are packed. File objects, of text or bytes, stay open.

    Raises:
        StorageError: the operating system refuses.
    """
    if is_open_file(target):
        yield _for_bytes(target)
        return
    place: Any = target
    with temporary(place) as draft, _packed(draft, Path(place).suffix.lower()) as file:
        yield file


@contextlib.contextmanager
def temporary(path: Any, *, folder: bool = False) -> Iterator[Path]:
    """A new name beside a path, which takes its place if no exception leaves; else it goes.

    Args:
        folder: a folder is made under the name; the path must not exist, or be an empty folder.
    """
    place = Path(os.path.realpath(os.fspath(path)))
    if folder and place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InvalidArgumentError(f"{place} is there and not empty", remedy="Name a new or an empty folder.")
    if not folder and place.is_dir():
        raise InvalidArgumentError(f"{place} is a folder", remedy="Name a file.")
    draft = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
    try:
        if folder:
            draft.mkdir(parents=True)
        yield draft
        if folder and place.exists():
            place.rmdir()
        draft.replace(place)
    except OSError as error:
        raise StorageError(
            f"{place} cannot be written: {error.strerror or error}", errno=error.errno, path=place
        ) from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _packed(draft: Path, suffix: str) -> Iterator[IO[bytes]]:
    with draft.open("xb") as raw:
        if suffix == _GZIP:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
                yield file  # type: ignore[misc]
        elif suffix in _ZSTD:
            import zstandard

            with zstandard.ZstdCompressor(_ZSTD_LEVEL).stream_writer(raw, closefd=False) as packed:
                yield packed
        else:
            yield raw


class _AsText(io.RawIOBase):
    """Takes UTF-8 and writes it to a file of text."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(bytes(data).decode())
        return len(data)


def _for_bytes(file: Any) -> IO[bytes]:
    return _AsText(file) if isinstance(file, io.TextIOBase) else file  # type: ignore[return-value]


@contextlib.contextmanager
def opened(source: Target) -> Iterator[IO[bytes]]:
    """Something to read bytes from; a path that ends in .gz or .zst is unpacked.

    Raises:
        MemoryNotFoundError: there is no such file.
        StorageError: the operating system refuses.
    """
    if is_open_file(source):
        file: Any = source
        yield file.buffer if isinstance(file, io.TextIOBase) and hasattr(file, "buffer") else file
        return
    place = Path(source)  # type: ignore[arg-type]
    try:
        raw = place.open("rb")
    except FileNotFoundError as error:
        raise MemoryNotFoundError(f"there is no file {place}", path=place) from error
    except OSError as error:
        raise StorageError(
            f"{place} cannot be read: {error.strerror}", errno=error.errno, path=place
        ) from error
    with raw:
        suffix = place.suffix.lower()
        if suffix == _GZIP:
            with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
                yield unpacked  # type: ignore[misc]
        elif suffix in _ZSTD:
            import zstandard

            reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
            with io.BufferedReader(reader) as buffered:
                yield buffered
        else:
            yield raw
