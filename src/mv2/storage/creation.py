"""New memory files: complete and synced before their name appears."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from mv2.errors import MemoryExistsError, StorageError
from mv2.format.frame import FrameRecord
from mv2.storage.checkpoint import CommitIdentity, CommitWriter, HeaderUncertainError, LogPlace
from mv2.storage.commit import GHOST_MAGIC, SECTOR_SIZE
from mv2.storage.compact import LOG_OFFSET, SMALLEST_LOG
from mv2.storage.device import File, FileSystem
from mv2.storage.indexing import IndexFile
from mv2.storage.lock import acquire_presence
from mv2.storage.paths import check_regular, temporary_path


def create(files: FileSystem, path: str, *, at: int) -> None:
    """Make a new memory; the name appears when everything behind it is on the medium.

    Args:
        at: the present moment (UTC seconds).

    Raises:
        MemoryExistsError: something appeared at the path meanwhile.
    """
    temporary = temporary_path(path)
    file = files.open_file(temporary, writable=True, create=True, exclusive=True)
    try:
        _write_empty(file, at)
        try:
            files.link(temporary, path)
        except MemoryExistsError:
            raise
        except StorageError:  # no hard links here: a rename, after one more look
            if files.status(path) is not None:
                raise MemoryExistsError(f"{path} exists already", path=path) from None
            files.rename(temporary, path)
        else:
            files.unlink(temporary)
        files.sync_directory(os.path.dirname(path))
    except BaseException:
        with contextlib.suppress(StorageError):
            files.unlink(temporary)
        raise
    finally:
        file.close()


def replace(files: FileSystem, path: str, *, lock_timeout: float, only_empty: bool, at: int) -> None:
    """Put a new memory in the place of what is there, atomically, if nobody has it open for writing.

    Args:
        only_empty: leave the file alone if it is no longer empty once it is locked.
        at: the present moment (UTC seconds).
    """
    old = _open_locked(files, path, lock_timeout)
    temporary = temporary_path(path)
    try:
        if only_empty and old.size():
            return
        file = files.open_file(temporary, writable=True, create=True, exclusive=True)
        try:
            files.copy_attributes(old, file)
            _write_empty(file, at)
            files.rename(temporary, path)
            files.sync_directory(os.path.dirname(path))
        except BaseException:
            with contextlib.suppress(StorageError):
                files.unlink(temporary)
            raise
        finally:
            file.close()
        if old.status().links == 0 and old.size():
            with contextlib.suppress(StorageError):
                old.write(0, GHOST_MAGIC.ljust(SECTOR_SIZE, b"\0"))
    finally:
        old.close()


def _open_locked(files: FileSystem, path: str, lock_timeout: float) -> File:
    """The file the path names, locked against every writer; not one that was renamed over meanwhile."""
    while True:
        check_regular(files, path)
        file = files.open_file(path, writable=True)
        try:
            acquire_presence(file, exclusive=True, timeout=lock_timeout)
            status = files.status(path)
            if status is not None and status.identity == file.identity():
                return file
        except BaseException:
            file.close()
            raise
        file.close()


class _NoIndex:
    """The lexical index of a file without frames: no files at all."""

    def add(self, record: FrameRecord, text: str) -> None:
        raise AssertionError(f"a new file has no frame {record.id} with {text!r}")

    def remove(self, frame_id: int) -> None:
        raise AssertionError(f"a new file has no frame {frame_id}")

    def commit(self) -> Sequence[IndexFile]:
        return ()

    def close(self) -> None: ...


def _write_empty(file: File, at: int) -> None:
    """A memory without frames, synced."""
    file.resize(LOG_OFFSET + SMALLEST_LOG)
    file.write(LOG_OFFSET, bytes(SMALLEST_LOG))  # written, so that appends need no new blocks
    writer = CommitWriter(file, None, LOG_OFFSET + SMALLEST_LOG, _NoIndex())
    log = LogPlace(LOG_OFFSET, SMALLEST_LOG, 0)
    try:
        writer.finish(CommitIdentity(os.urandom(16), 1, 0, log, at))
    except HeaderUncertainError as error:
        raise error.cause from error
