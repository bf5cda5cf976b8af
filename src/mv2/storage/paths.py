"""Names: what a path may be, what may stand beside it, and our temporary files."""

from __future__ import annotations

import os

from mv2.errors import AuxiliaryFileError, MemoryNotFoundError, NotAMemoryError
from mv2.format.checksum import digest
from mv2.storage.device import FileSystem

#: Suffixes of files that the format forbids beside a memory (docs/format.md, "Names").
_FORBIDDEN_SUFFIXES = ("wal", "shm", "lock", "journal")
_TEMPORARY_MARK = ".mv2-new-"
#: File systems end names at 255 bytes; longer ones than this leave no room for our marks.
_LONGEST_PLAIN = 200


def resolve(path: str | os.PathLike[str]) -> str:
    """The absolute path of the file itself: symbolic links are followed, so a rename keeps them."""
    return os.path.realpath(os.fspath(path))


def forbidden_neighbours(path: str) -> list[str]:
    """The names the format forbids beside ``path``."""
    directory, name = os.path.split(path)
    visible = [os.path.join(directory, f"{name}-{suffix}") for suffix in _FORBIDDEN_SUFFIXES]
    hidden = [os.path.join(directory, f".{name}.{suffix}") for suffix in _FORBIDDEN_SUFFIXES]
    return visible + hidden


def refuse_forbidden_neighbours(file_system: FileSystem, path: str) -> None:
    """Raise ``AuxiliaryFileError`` when a forbidden file stands beside the memory."""
    directory, name = os.path.split(path)
    wanted = {os.path.basename(neighbour) for neighbour in forbidden_neighbours(path)}
    try:
        present = wanted.intersection(file_system.names(directory))
    except OSError:  # a directory that may be entered but not listed
        present = {n for n in wanted if file_system.status(os.path.join(directory, n)) is not None}
    if present:
        found = os.path.join(directory, min(present))
        raise AuxiliaryFileError(
            f"{found} stands beside the memory {name}, which must be one file",
            path=path,
            remedy="Move it away if it belongs to another program.",
        )


def check_regular(file_system: FileSystem, path: str) -> None:
    """Raise unless ``path`` is a regular file.

    Raises:
        MemoryNotFoundError: nothing is there.
        NotAMemoryError: a directory, socket, device …
    """
    status = file_system.status(path)
    if status is None:
        raise MemoryNotFoundError(
            f"there is no memory at {path}", path=path, remedy='Create it with mode "a" or `mv2 create`.'
        )
    if status.is_directory:
        raise NotAMemoryError(
            f"{path} is a directory, not a memory", path=path, remedy="Name a file inside it."
        )
    if not status.is_regular:
        raise NotAMemoryError(f"{path} is not a regular file", path=path)


def original_manifest_log(path: str) -> str:
    """The side file the original engine keeps while it has the memory open for writing."""
    return os.path.splitext(path)[0] + ".manifest.wal"


def temporary_path(path: str) -> str:
    """A fresh name of our own beside ``path``, for a file that will be renamed over it."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f"{_prefix(name)}{os.urandom(6).hex()}")


def _prefix(name: str) -> str:
    """How our temporary names for a file begin; those of very long names are told apart by a digest."""
    raw = os.fsencode(name)
    if len(raw) > _LONGEST_PLAIN:
        name = digest(raw).hex()
    return f".{name}{_TEMPORARY_MARK}"


def leftover_temporaries(file_system: FileSystem, path: str) -> list[str]:
    """Our temporary files for ``path`` that a crash left behind."""
    directory, name = os.path.split(path)
    prefix = _prefix(name)
    try:
        names = file_system.names(directory)
    except OSError:
        return []
    found = []
    for candidate in names:
        tail = candidate[len(prefix) :] if candidate.startswith(prefix) else ""
        if len(tail) == 12 and all(character in "0123456789abcdef" for character in tail):
            found.append(os.path.join(directory, candidate))
    return found
