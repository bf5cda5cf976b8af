"""Which files a path means: those of folders, without what is left out."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import PurePath
from typing import Any, Final

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError
from mv2.ingest.ignoring import MAX_FILE, Ignoring, Pattern, read_patterns
from mv2.types import Origin

URI_PREFIX: Final = "mv2://files/"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file to take in.

    Attributes:
        path: where it is read.
        name: what messages call it.
        uri: identity of its document.
        size: bytes.
        modified_ns: time of modification, nanoseconds since 1970 UTC.
        problem: why it cannot be read, where that is known already.
        data: its bytes, where it is no file here: a web page.
        fields: fields of its document, before those that all documents get.
        origin: what is known of where it comes from.
    """

    path: str
    name: str
    uri: str
    size: int = 0
    modified_ns: int | None = None
    problem: str | None = None
    data: bytes | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None


def list_files(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    gitignore: bool = False,
    hidden: bool = False,
) -> list[FoundFile]:
    """The files that ``Memvid.put_files`` would take with the same arguments; nothing is read."""
    return list(walk(names_of(paths), include=include, exclude=exclude, gitignore=gitignore, hidden=hidden))


def names_of(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Paths as strings.

    Raises:
        InvalidArgumentError: one is something else.
    """
    given = [paths] if isinstance(paths, str | bytes | os.PathLike) else list(paths)
    names = []
    for path in given:
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else path
        if not isinstance(name, str):
            raise InvalidArgumentError(f"a path is {type(path).__name__}", remedy="Give str or pathlib.Path.")
        names.append(name)
    return names


def walk(
    paths: Iterable[str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    gitignore: bool = False,
    hidden: bool = False,
    leave_out: str | None = None,
) -> Iterator[FoundFile]:
    """The files that paths mean, each once; folders in the order of names, links in them not followed.

    Args:
        include, exclude: patterns as in ``.gitignore``, relative to each folder.
        gitignore: heed the ``.gitignore`` files in the folders (and leave out ``.git``).
        hidden: take what starts with a dot too.
        leave_out: a file never to take: the memory itself.
    """
    walker = _Walker(
        _patterns(include, "include"), _patterns(exclude, "exclude"), gitignore, hidden, leave_out
    )
    seen: dict[str, str] = {}
    for path in map(_plain, paths):
        found = walker.folder(path) if os.path.isdir(path) else walker.file(path)
        for file in found:
            if file.uri not in seen:
                seen[file.uri] = file.path
                yield file
            elif seen[file.uri] != file.path:  # names that are no Unicode are shown like others that are
                yield replace(file, problem="another file has its uri")


def _patterns(given: Sequence[str], name: str) -> list[Pattern]:
    if isinstance(given, str):
        raise InvalidArgumentError(f"{name} is one string", remedy=f"Give a list: {name}=[{given!r}].")
    return read_patterns(given)


def _plain(path: str) -> str:
    """A path without what makes no difference in it: ``./`` and doubled separators."""
    return str(PurePath(path)) if path else ""


class _Walker:
    def __init__(
        self,
        include: list[Pattern],
        exclude: list[Pattern],
        gitignore: bool,
        hidden: bool,
        leave_out: str | None,
    ) -> None:
        self._include = Ignoring().within("", include)
        self._has_include = bool(include)
        self._exclude = Ignoring().within("", exclude)
        self._gitignore = gitignore
        self._hidden = hidden
        try:
            status = None if leave_out is None else os.stat(leave_out)
        except OSError:
            status = None
        self._own = None if status is None else (status.st_dev, status.st_ino)

    def file(self, path: str) -> Iterator[FoundFile]:
        """A path that is no folder, named by the user."""
        try:
            status = os.stat(path)
        except OSError as error:
            yield _lost(path, "the link leads nowhere" if os.path.islink(path) else _reason(error))
        except ValueError:  # a zero byte
            yield _lost(path, "there is no such file")
        else:
            if not stat.S_ISREG(status.st_mode):
                yield _lost(path, "not a regular file")
            elif (status.st_dev, status.st_ino) != self._own:
                yield _found(path, status)

    def folder(self, top: str) -> Iterator[FoundFile]:
        """The files below a folder."""
        waiting = [(top, "", Ignoring())]
        while waiting:
            folder, relative, ignoring = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield _lost(folder, _reason(error))
                continue
            if self._gitignore:
                ignoring = ignoring.within(relative, _gitignore_of(listed))
            inner = []
            for entry in listed:
                name = f"{relative}{entry.name}"
                is_folder = entry.is_dir(follow_symlinks=False)
                if self._leaves_out(entry.name, name, is_folder, ignoring):
                    continue
                path = entry.name if folder == os.curdir else os.path.join(folder, entry.name)
                if is_folder:
                    inner.append((path, f"{name}/", ignoring))
                elif (file := self._entry(entry, path)) is not None:
                    yield file
            waiting.extend(reversed(inner))

    def _leaves_out(self, name: str, relative: str, is_folder: bool, ignoring: Ignoring) -> bool:
        if name.startswith(".") and (not self._hidden or (self._gitignore and name == ".git")):
            return True
        if self._exclude.leaves_out(relative, is_folder) or ignoring.leaves_out(relative, is_folder):
            return True
        return self._has_include and not is_folder and not self._is_included(relative)

    def _is_included(self, relative: str) -> bool:
        """Whether a pattern of ``include`` names the file, or a folder it is in."""
        if self._include.leaves_out(relative, is_folder=False):
            return True
        place = relative.find("/")
        while place >= 0:
            if self._include.leaves_out(relative[:place], is_folder=True):
                return True
            place = relative.find("/", place + 1)
        return False

    def _entry(self, entry: os.DirEntry[str], path: str) -> FoundFile | None:
        """A file of a folder; None for what is no file, and for the memory itself."""
        try:
            status = entry.stat()
        except OSError as error:
            return _lost(path, "the link leads nowhere" if entry.is_symlink() else _reason(error))
        if stat.S_ISDIR(status.st_mode):
            return None  # a link to a folder
        if not stat.S_ISREG(status.st_mode):
            return _lost(path, "not a regular file")
        if (status.st_dev, status.st_ino) == self._own:
            return None
        return _found(path, status)


def _gitignore_of(entries: Iterable[os.DirEntry[str]]) -> list[Pattern]:
    for entry in entries:
        if entry.name == ".gitignore" and entry.is_file():
            try:
                with open(entry.path, encoding="utf-8", errors="surrogateescape") as file:
                    return read_patterns(file.read(MAX_FILE).splitlines())
            except OSError:
                return []
    return []


def _found(path: str, status: os.stat_result) -> FoundFile:
    return FoundFile(
        path=path,
        name=as_text(path),
        uri=uri_of(path),
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
    )


def _lost(path: str, problem: str) -> FoundFile:
    return FoundFile(path=path, name=as_text(path), uri=uri_of(path), problem=problem)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return error.strerror or str(error)


def uri_of(path: str) -> str:
    """The uri of a file: its path as given, with forward slashes."""
    return URI_PREFIX + as_text(path.replace(os.sep, "/"))


def as_text(name: str) -> str:
    """A file name as proper Unicode; bytes that are none show as backslash, x and two digits."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def as_bytes(text: str) -> bytes:
    """A file name from what ``as_text`` made of it, if all of it was shown that was no Unicode."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda shown: bytes([int(shown[1], 16)]), os.fsencode(text))
