"""Exports as they come: one file, a folder, or a zip archive, read the same way."""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, MemoryNotFoundError

_MAX_MEMBERS: Final = 200_000
_MAX_EXPANDED: Final = 64 << 30
_MAX_RATIO: Final = 200
_SMALL: Final = 1 << 20
_HEAD: Final = 64 << 10
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


class Bundle:
    """Files by name.

    Names use ``/``; a single file is a bundle of itself.

    Attributes:
        path: what was given.
        kind: ``file``, ``folder`` or ``zip``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(os.fspath(path)))
        self._expanded = 0
        self._names: list[str] | None = None
        if self.path.is_dir():
            self.kind = "folder"
        elif not self.path.exists():
            raise MemoryNotFoundError(f"there is no file or folder {self.path}", path=self.path)
        else:
            with _reading(self.path), open(self.path, "rb") as file:
                self._start = file.read(_HEAD)
            self.kind = "zip" if self._start.startswith(b"PK\x03\x04") else "file"

    @property
    def names(self) -> list[str]:
        """Sorted names of all files; hidden ones of folders are left out."""
        if self._names is None:
            self._names = sorted(self._list())
        return self._names

    def _list(self) -> Iterator[str]:
        if self.kind == "file":
            yield self.path.name
        elif self.kind == "folder":
            yield from _walk(self.path)
        else:
            with self._archive() as archive:
                infos = archive.infolist()
                if len(infos) > _MAX_MEMBERS:
                    raise DocumentLimitError(f"{self.path} holds {len(infos):,} files", path=self.path)
                yield from {info.filename for info in infos if not info.is_dir()}

    def named(self, *endings: str) -> list[str]:
        """Names whose last part is one of ``endings``, in any folder."""
        return [name for name in self.names if name.rpartition("/")[2] in endings]

    def label(self, name: str) -> str:
        """A name for people."""
        return name if self.kind != "file" else self.path.name

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of a file.

        Raises:
            DocumentError: it cannot be read, or its archive is damaged.
            EncryptedDocumentError: the archive needs a password.
            DocumentLimitError: it expands to far more than it takes.
        """
        if self.kind != "zip":
            path = self.path if self.kind == "file" else self.path / name
            with _reading(path), open(path, "rb") as file:
                yield file
            return
        with self._archive() as archive:
            info = archive.getinfo(name)
            self._check(info)
            with archive.open(info) as member:
                yield cast("BinaryIO", member)

    def head(self, name: str | None = None) -> bytes:
        """The first bytes of a file, 64 KiB at most."""
        if name is None or self.kind == "file":
            return b"" if self.kind == "folder" else self._start
        with self.open(name) as file:
            return file.read(_HEAD)

    def modified(self, name: str) -> int | None:
        """When a file was last modified (UTC seconds); None inside archives, whose times have no zone."""
        if self.kind == "zip":
            return None
        path = self.path if self.kind == "file" else self.path / name
        try:
            return int(path.stat().st_mtime)
        except OSError:
            return None

    @contextlib.contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with _reading(self.path), zipfile.ZipFile(self.path) as archive:
                yield archive
        except DocumentError:
            raise
        except _BROKEN as error:
            raise DocumentError(f"the archive {self.path} is damaged: {error}", path=self.path) from error

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & 1:
            raise EncryptedDocumentError(
                f"{info.filename} in {self.path} is encrypted", path=self.path, remedy="Unpack it first."
            )
        self._expanded += info.file_size
        if info.file_size > _SMALL and info.file_size > _MAX_RATIO * max(info.compress_size, 1):
            raise DocumentLimitError(
                f"{info.filename} in {self.path} is {_MAX_RATIO} times smaller than what it expands to",
                path=self.path,
            )
        if self._expanded > _MAX_EXPANDED:
            raise DocumentLimitError(f"{self.path} expands to more than 64 GiB", path=self.path)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """File errors as ours, but only those of files."""
    try:
        yield
    except DocumentError:
        raise
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}", path=path) from error


def _walk(top: Path) -> Iterator[str]:
    """Files below a folder; links to folders are not followed."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder)
        for name in files:
            if not name.startswith(".") and (here / name).is_file():  # a pipe would be waited for
                yield (here / name).relative_to(top).as_posix()


def is_path(source: Any) -> bool:
    """Whether a source names files."""
    return isinstance(source, str | os.PathLike)
