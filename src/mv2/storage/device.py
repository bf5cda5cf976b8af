"""The seam where the disk is: every file call of the engine goes through here.

Tests plug in file systems that record, delay or fail calls. Failures of the
operating system come out as ``StorageError`` (``DiskFullError`` when no space
is left), with path and offset.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat as stat_module
import sys
import threading
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from mv2.errors import DiskFullError, MemoryExistsError, MemoryNotFoundError, StorageError

Buffer: TypeAlias = bytes | bytearray | memoryview

#: Most buffers one ``pwritev`` call takes (IOV_MAX is 1024 on Linux and macOS).
_BUFFERS_PER_CALL = 1024
#: Smaller ranges are read rather than mapped.
_MAP_FROM = 1 << 20
_O_BINARY = getattr(os, "O_BINARY", 0)
_O_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}


class FileIdentity(NamedTuple):
    """What makes two paths one file: device and inode number."""

    device: int
    inode: int


class FileStatus(NamedTuple):
    """The facts about a path that the engine needs; ``size`` in bytes."""

    identity: FileIdentity
    size: int
    links: int
    mode: int
    owner: int
    group: int

    @property
    def is_regular(self) -> bool:
        return stat_module.S_ISREG(self.mode)

    @property
    def is_directory(self) -> bool:
        return stat_module.S_ISDIR(self.mode)


def storage_error(error: OSError, action: str, path: str, offset: int | None = None) -> StorageError:
    """The typed error for a refused file call."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _OUT_OF_SPACE:
        return DiskFullError(
            f"no space left to {action} {path}",
            errno=error.errno,
            path=path,
            offset=offset,
            remedy="Free some space and try again; the memory is as it was.",
        )
    return StorageError(f"cannot {action} {path}: {reason}", errno=error.errno, path=path, offset=offset)


def _status_of(result: os.stat_result) -> FileStatus:
    return FileStatus(
        FileIdentity(result.st_dev, result.st_ino),
        result.st_size,
        result.st_nlink,
        result.st_mode,
        result.st_uid,
        result.st_gid,
    )


class File:
    """One open file; reads and writes name their offset, so no position is shared."""

    _descriptor = -1

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self.path = path
        self._position_lock = threading.Lock() if not hasattr(os, "pread") else None

    def fileno(self) -> int:
        """The descriptor, for locks only."""
        return self._descriptor

    @property
    def closed(self) -> bool:
        return self._descriptor < 0

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only at the end of the file."""
        try:
            data = self._pread(length, offset)
            if len(data) == length or not data:
                return data
            parts = [data]
            have = len(data)
            while have < length:
                data = self._pread(length - have, offset + have)
                if not data:
                    break
                parts.append(data)
                have += len(data)
            return b"".join(parts)
        except OSError as error:
            raise storage_error(error, "read", self.path, offset) from error

    def map(self, offset: int, length: int) -> memoryview:
        """As ``read``, but large ranges are mapped: they cost nothing until they are looked at.

        The map outlives the file and holds none of its locks. What it covers must not be cut off
        meanwhile, so it is for committed ranges only.
        """
        if length >= _MAP_FROM and os.name == "posix":
            try:
                if offset + length <= self.size():
                    return self._map(offset, length)
            except OSError:
                pass
        return memoryview(self.read(offset, length))

    def _map(self, offset: int, length: int) -> memoryview:
        import mmap

        # A map keeps a copy of its descriptor, and with it the locks of the open file: so it gets its own.
        own = f"/proc/self/fd/{self._descriptor}"
        descriptor = os.open(own if os.path.exists(own) else self.path, os.O_RDONLY | _O_CLOEXEC)
        try:
            if _status_of(os.fstat(descriptor)).identity != self.identity():
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
            start = offset - offset % mmap.ALLOCATIONGRANULARITY
            pages = mmap.mmap(descriptor, offset + length - start, access=mmap.ACCESS_READ, offset=start)
        finally:
            os.close(descriptor)
        return memoryview(pages)[offset - start :]

    def write(self, offset: int, data: Buffer | Sequence[Buffer]) -> None:
        """Write all of ``data`` (one buffer or several in a row) at ``offset``."""
        buffers: Sequence[Buffer] = [data] if isinstance(data, bytes | bytearray | memoryview) else data
        try:
            for start in range(0, len(buffers), _BUFFERS_PER_CALL):
                offset += self._write_group(offset, buffers[start : start + _BUFFERS_PER_CALL])
        except OSError as error:
            raise storage_error(error, "write", self.path, offset) from error

    def sync(self) -> None:
        """Force the bytes, and the size needed to read them, to the medium."""
        try:
            if sys.platform == "darwin":
                import fcntl

                fcntl.fcntl(self._descriptor, fcntl.F_FULLFSYNC)
            elif hasattr(os, "fdatasync"):
                os.fdatasync(self._descriptor)
            else:
                os.fsync(self._descriptor)
        except OSError as error:
            raise storage_error(error, "sync", self.path) from error

    def resize(self, size: int) -> None:
        """Make the file exactly ``size`` bytes long; new bytes read as zero."""
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise storage_error(error, "resize", self.path, size) from error

    def size(self) -> int:
        """Length in bytes."""
        return self.status().size

    def status(self) -> FileStatus:
        """Facts about the open file."""
        try:
            return _status_of(os.fstat(self._descriptor))
        except OSError as error:
            raise storage_error(error, "look at", self.path) from error

    def identity(self) -> FileIdentity:
        """What tells it from other files."""
        return self.status().identity

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; safe to call twice. One that is dropped unclosed closes itself."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _pread(self, length: int, offset: int) -> bytes:
        if self._position_lock is None:
            return os.pread(self._descriptor, length, offset)
        with self._position_lock:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)

    def _write_group(self, offset: int, buffers: Sequence[Buffer]) -> int:
        """Write up to ``_BUFFERS_PER_CALL`` buffers; returns their length."""
        total = sum(map(len, buffers))
        if self._position_lock is not None:
            with self._position_lock:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                view = memoryview(b"".join(buffers))
                while view:
                    view = view[os.write(self._descriptor, view) :]
            return total
        if len(buffers) == 1:
            written = os.pwrite(self._descriptor, buffers[0], offset)
        else:
            written = os.pwritev(self._descriptor, buffers, offset)
        if written < total:
            rest = memoryview(b"".join(buffers))[written:]
            while rest:
                count = os.pwrite(self._descriptor, rest, offset + total - len(rest))
                if count == 0:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                rest = rest[count:]
        return total


class FileSystem:
    """The calls the engine makes on paths. Subclass it to record or break them."""

    def open_file(
        self, path: str, *, writable: bool, create: bool = False, exclusive: bool = False, mode: int = 0o666
    ) -> File:
        """Open ``path`` in binary; ``create`` makes it, ``exclusive`` refuses an existing one.

        Raises:
            MemoryNotFoundError: nothing is there and ``create`` is False.
            MemoryExistsError: ``exclusive`` and something is there.
            StorageError: the operating system refused.
        """
        flags = (os.O_RDWR if writable else os.O_RDONLY) | _O_BINARY | _O_CLOEXEC
        if create:
            flags |= os.O_CREAT
        if exclusive:
            flags |= os.O_EXCL
        try:
            return self._make_file(os.open(path, flags, mode), path)
        except FileNotFoundError as error:
            raise MemoryNotFoundError(f"there is no file {path}", path=path) from error
        except FileExistsError as error:
            raise MemoryExistsError(f"{path} exists already", path=path) from error
        except OSError as error:
            raise storage_error(error, "open", path) from error

    def _make_file(self, descriptor: int, path: str) -> File:
        return File(descriptor, path)

    def status(self, path: str) -> FileStatus | None:
        """Facts about ``path`` (links followed), or None when nothing is there."""
        try:
            return _status_of(os.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise storage_error(error, "look at", path) from error

    def names(self, directory: str) -> list[str]:
        """The names in a directory, unordered."""
        try:
            return os.listdir(directory)
        except OSError as error:
            raise storage_error(error, "list", directory) from error

    def rename(self, source: str, target: str) -> None:
        """Replace ``target`` by ``source`` atomically."""
        try:
            os.replace(source, target)
        except OSError as error:
            raise storage_error(error, "rename", target) from error

    def link(self, source: str, target: str) -> None:
        """Give ``source`` the further name ``target``; refuses an existing one.

        Raises:
            MemoryExistsError: ``target`` is there.
            StorageError: links are not possible here.
        """
        try:
            os.link(source, target)
        except FileExistsError as error:
            raise MemoryExistsError(f"{target} exists already", path=target) from error
        except OSError as error:
            raise storage_error(error, "link", target) from error

    def unlink(self, path: str) -> None:
        """Remove a name; nothing happens when it is not there."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise storage_error(error, "remove", path) from error

    def sync_directory(self, directory: str) -> None:
        """Force the names in ``directory`` to the medium (no effect where not supported)."""
        if os.name == "nt":
            return
        try:
            descriptor = os.open(directory or ".", os.O_RDONLY | _O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}:
                raise storage_error(error, "sync the directory", directory) from error

    def copy_attributes(self, source: File, target: File) -> None:
        """Give ``target`` the mode, owner and extended attributes of ``source``, as far as allowed."""
        if os.name == "nt":
            return
        have = os.fstat(source.fileno())
        with contextlib.suppress(OSError):
            os.fchown(target.fileno(), have.st_uid, have.st_gid)
        with contextlib.suppress(OSError):
            os.fchmod(target.fileno(), stat_module.S_IMODE(have.st_mode))
        if hasattr(os, "listxattr"):
            with contextlib.suppress(OSError):
                for name in os.listxattr(source.fileno()):
                    with contextlib.suppress(OSError):
                        os.setxattr(target.fileno(), name, os.getxattr(source.fileno(), name))
