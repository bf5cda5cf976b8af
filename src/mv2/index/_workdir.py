"""Private temporary directories for the files of an embedded index.

A directory is named ``mv2-<pid>-<process start>-<random>``, has mode 0700 and
is locked (``flock`` on the directory itself) while its owner lives. What dead
processes left behind is removed when this process first makes a directory in
the same place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import weakref
from typing import TYPE_CHECKING, Final

from mv2.errors import CorruptFileError, DiskFullError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Buffer = bytes | bytearray | memoryview

SAFE_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_OWN_NAME: Final = re.compile(r"mv2-(\d+)-(\d+)-[A-Za-z0-9_]+")
_MEMORY_BACKED: Final = "/dev/shm"  # noqa: S108 (directories are made in it safely)
_MARGIN: Final = 64 << 20
_ATTEMPTS: Final = 100
_MEDIA_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_swept: set[str] = set()


def check_name(name: str) -> str:
    """Return `name` if it is a plain file name, else raise CorruptFileError."""
    if name in (".", "..") or len(name) > 255 or SAFE_NAME.fullmatch(name) is None:
        raise CorruptFileError(
            f"the lexical index names a file {name[:80]!r}, which is not a plain file name",
            remedy="The file was made to write outside its own directory: do not trust it.",
        )
    return name


class WorkDir:
    """A private directory that is removed by `remove`, by the collector, or at exit."""

    def __init__(self, parent: str) -> None:
        prefix = f"mv2-{os.getpid()}-{_start_of(os.getpid()) or 0}-"
        self.path: Final = _make_directory(parent, prefix)
        self._lock: Final = _lock_directory(self.path)
        self._finalizer: Final = weakref.finalize(self, _remove, self.path, self._lock, os.getpid())

    def write(self, name: str, data: Buffer) -> None:
        """Create the file `name` with `data`; the name must have been checked."""
        descriptor = os.open(os.path.join(self.path, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            view = memoryview(data).cast("B")
            while len(view):
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)

    def replace(self, name: str, data: Buffer) -> None:
        """Write `name` anew, whether it is there or not."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.path, name))
        self.write(name, data)

    def remove(self) -> None:
        """Delete the directory with all that is in it; errors are ignored, twice is harmless."""
        self._finalizer()


def fill(files: Iterable[tuple[str, Buffer]], *, room: int = 0) -> WorkDir:
    """Write `files` into a new private directory.

    Args:
        files: plain names and contents; a name twice is an error.
        room: bytes the directory must be able to take beyond the files.

    Raises:
        CorruptFileError: a name is not plain or stands twice; nothing is written then.
        DiskFullError, StorageError: no place could take the files.
    """
    listed = [(check_name(name), data) for name, data in files]
    names = {name for name, _ in listed}
    if len(names) != len(listed):
        raise CorruptFileError("the lexical index names a file twice", remedy="Rebuild the index.")
    size = sum(memoryview(data).nbytes for _, data in listed)
    failure: OSError | None = None
    for parent in _places(size + room):
        try:
            directory = WorkDir(parent)
        except OSError as error:
            failure = error
            continue
        try:
            _sweep(parent)
            for name, data in listed:
                directory.write(name, data)
            return directory
        except OSError as error:
            directory.remove()
            failure = error
    raise _storage_error(failure)


def _storage_error(failure: OSError | None) -> StorageError:
    number = failure.errno if failure else errno.ENOENT
    kind = DiskFullError if number in _MEDIA_FULL else StorageError
    return kind(
        f"no temporary directory can take the lexical index: {failure or 'none was found'}",
        errno=number,
        remedy="Free some space, or set TMPDIR to a directory that has room.",
    )


def _places(size: int) -> Iterator[str]:
    """Directories to try: TMPDIR if it is set, else memory when it has room, then the default."""
    if "TMPDIR" not in os.environ and _has_room(_MEMORY_BACKED, 2 * size + _MARGIN):
        yield _MEMORY_BACKED
    import tempfile  # with what it imports in turn slower than a search

    try:
        yield tempfile.gettempdir()
    except OSError:
        return


def _make_directory(parent: str, prefix: str) -> str:
    """A new directory of mode 0700 whose name nobody can foretell."""
    for _ in range(_ATTEMPTS):
        path = os.path.join(os.path.abspath(parent), prefix + os.urandom(8).hex())
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
            return path
    raise FileExistsError(errno.EEXIST, "no name is free", parent)


def _has_room(path: str, size: int) -> bool:
    try:
        state = os.statvfs(path)
    except (OSError, AttributeError):
        return False
    return state.f_bavail * state.f_frsize >= size and os.access(path, os.W_OK | os.X_OK)


def _lock_directory(path: str) -> int | None:
    """Lock a directory and return the descriptor; None where that is not possible or it is locked."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove(path: str, lock: int | None, owner: int) -> None:
    # A forked child holds a copy of the object; only the process that made it may delete.
    if os.getpid() == owner:
        for _ in range(2):  # a writer that is still ending may have made another file
            _delete(path)
            if not os.path.lexists(path):
                break
    if lock is not None:
        os.close(lock)


def _delete(path: str) -> None:
    """Delete a directory and all that is in it; errors are ignored, links are left alone."""
    if os.path.islink(path):
        return
    try:
        with os.scandir(path) as entries:
            for name in [entry.path for entry in entries]:
                os.unlink(name)
        os.rmdir(path)
    except OSError:
        import shutil  # what a directory of plain files never needs

        shutil.rmtree(path, ignore_errors=True)


def _sweep(parent: str) -> None:
    """Remove directories of dead processes of this user from `parent`, once per process."""
    if parent in _swept:
        return
    _swept.add(parent)
    try:
        with os.scandir(parent) as entries:
            found = [(e.path, m) for e in entries if (m := _OWN_NAME.fullmatch(e.name))]
    except OSError:
        return
    for path, match in found:
        pid, start = int(match[1]), int(match[2])
        if pid == os.getpid() or (start and _start_of(pid) == start) or (not start and _alive(pid)):
            continue
        _remove_left_over(path)


def _remove_left_over(path: str) -> None:
    """Delete `path` if it is a real directory of this user that nobody holds."""
    try:
        if os.lstat(path).st_uid != os.geteuid():
            return
    except (OSError, AttributeError):
        return
    # Whoever holds the lock lives, if in a process namespace that is not ours.
    lock = _lock_directory(path)
    if lock is not None:
        _delete(path)
        os.close(lock)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _start_of(pid: int) -> int | None:
    """Start of a process in clock ticks since boot; None when there is none or it is not known."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
