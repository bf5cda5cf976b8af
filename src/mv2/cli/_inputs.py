"""Which documents a ``put`` means: files, the files of folders, standard input, text."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDIN: Final = "-"
_PREFIX: Final = "mv2://files/"


class UnreadableError(Exception):
    """A source that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document to be.

    Attributes:
        name: what to call it in messages.
        path: the file to read, or None for text and standard input.
        text: the text itself, or None.
        problem: why it cannot be read, when that is known before reading.
    """

    name: str
    path: Path | None = None
    text: str | None = None
    problem: str | None = None

    @property
    def uri(self) -> str | None:
        """The identity a file gets by default; None for anything else."""
        return None if self.path is None else uri_of(self.path)

    def read(self) -> str | bytes:
        """The content; raises UnreadableError."""
        if self.problem is not None:
            raise UnreadableError(self.problem)
        if self.text is not None:
            return self.text
        if self.path is None:
            return sys.stdin.buffer.read()
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from error

    def modified(self) -> int | None:
        """When the file was last modified (UTC seconds), or None when it is no file."""
        try:
            return None if self.path is None else int(self.path.stat().st_mtime)
        except OSError:
            return None


def uri_of(path: Path) -> str:
    """``mv2://files/`` and the path as it was given, with forward slashes."""
    return _PREFIX + as_text(path.as_posix())


def as_text(name: str) -> str:
    """A file name as proper Unicode; bytes that are none show as backslash, x and two digits."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def expand(arguments: Sequence[str], memory: str) -> Iterator[Source]:
    """The sources that path arguments mean, each once.

    Folders are walked in sorted order without hidden entries; links to folders
    are not followed inside them. The memory itself is left out.
    """
    seen: set[str] = set()
    for argument in arguments:
        if argument == STDIN:
            yield Source(name="standard input")
            continue
        path = Path(argument)
        for source in _walk(path, memory) if path.is_dir() else [_file(path)]:
            key = source.uri or source.name
            if key not in seen:
                seen.add(key)
                yield source


def _file(path: Path) -> Source:
    problem = None
    if not path.exists():
        problem = "the link leads nowhere" if path.is_symlink() else "there is no such file"
    elif not path.is_file():
        problem = "not a regular file"
    return Source(name=str(path), path=path, problem=problem)


def _walk(folder: Path, memory: str) -> Iterator[Source]:
    failures: list[Source] = []

    def remember(error: OSError) -> None:
        name = os.fsdecode(error.filename or folder)
        failures.append(Source(name=name, path=Path(name), problem=error.strerror or str(error)))

    for root, folders, files in os.walk(folder, onerror=remember):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(root, name)
            if not name.startswith(".") and not _same(path, memory):
                yield _file(path)
    yield from failures


def _same(path: Path, memory: str) -> bool:
    try:
        return path.samefile(memory)
    except OSError:
        return False
