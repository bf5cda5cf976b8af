"""Opening and creating: what each mode does with what stands at the path."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Sequence

from mv2.errors import (
    CompatibilityWarning,
    InvalidArgumentError,
    MemoryExistsError,
    MemoryNotFoundError,
    StorageError,
)
from mv2.format.frame import FrameRecord
from mv2.storage.checkpoint import CommitIdentity, CommitWriter, HeaderUncertainError, LogPlace
from mv2.storage.commit import GHOST_MAGIC, SECTOR_SIZE
from mv2.storage.compact import LOG_OFFSET, SMALLEST_LOG
from mv2.storage.device import File, FileSystem
from mv2.storage.handle import Options
from mv2.storage.indexing import IndexFile
from mv2.storage.lock import acquire_presence
from mv2.storage.paths import (
    check_regular,
    original_manifest_log,
    refuse_forbidden_neighbours,
    resolve,
    temporary_path,
)
from mv2.storage.store import Store
from mv2.types import Mode

_MODES = ("r", "r+", "a", "x", "w")


def open_store(path: str | os.PathLike[str], mode: Mode, options: Options) -> Store:
    """Open or create the memory at ``path``.

    Args:
        mode: "r" read-only, "r+" must exist, "a" create if missing, "x" must not exist,
            "w" replace.

    Raises:
        MemoryNotFoundError, MemoryExistsError, NotAMemoryError, AuxiliaryFileError, LockedError,
        CorruptFileError, StorageError: as their names say.
    """
    if mode not in _MODES:
        raise InvalidArgumentError(f"mode {mode!r} is unknown", remedy=f"Use one of {', '.join(_MODES)}.")
    text = os.fspath(path)
    if not isinstance(text, str) or not text:
        raise InvalidArgumentError(f"{path!r} is not a path to a file")
    real = resolve(text)
    files = options.file_system
    if files.status(os.path.dirname(real)) is None:
        raise MemoryNotFoundError(
            f"there is no directory {os.path.dirname(real)}", path=real, remedy="Create the directory first."
        )
    refuse_forbidden_neighbours(files, real)
    _make_file(files, real, mode, options)
    check_regular(files, real)
    store = Store(real, options)
    if options.writable and files.status(original_manifest_log(real)) is not None:
        try:
            warnings.warn(
                f"{original_manifest_log(real)} says that the original engine has {real} open, or crashed "
                "with it; if it still runs, its next commit can replace what is written here",
                CompatibilityWarning,
                stacklevel=4,
            )
        except BaseException:
            store.close()
            raise
    return store


def _make_file(files: FileSystem, path: str, mode: Mode, options: Options) -> None:
    """See to it that the file the mode wants is there."""
    if mode in ("r", "r+"):
        return
    status = files.status(path)
    if mode == "x" and status is not None:
        raise MemoryExistsError(
            f"{path} exists already", path=path, remedy='Open it with mode "a", or choose another name.'
        )
    if mode == "w" and status is not None:
        _replace(files, path, options)
    elif status is None:
        with contextlib.suppress(MemoryExistsError) if mode != "x" else contextlib.nullcontext():
            _create(files, path)
    elif status.is_regular and status.size == 0:  # as left by a touch, or by a maker of temporary names
        _replace(files, path, options)


def _create(files: FileSystem, path: str) -> None:
    """Make a new memory; the name appears when everything behind it is on the medium.

    Raises:
        MemoryExistsError: something appeared at the path meanwhile.
    """
    temporary = temporary_path(path)
    file = files.open_file(temporary, writable=True, create=True, exclusive=True)
    try:
        _write_empty(file)
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


def _replace(files: FileSystem, path: str, options: Options) -> None:
    """Put a new memory in the place of what is there, atomically, if nobody has it open for writing."""
    check_regular(files, path)
    old = files.open_file(path, writable=True)
    temporary = temporary_path(path)
    try:
        acquire_presence(old, exclusive=True, timeout=options.lock_timeout)
        file = files.open_file(temporary, writable=True, create=True, exclusive=True)
        try:
            files.copy_attributes(old, file)
            _write_empty(file)
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


class _NoIndex:
    """The lexical index of a file without frames: no files at all."""

    def add(self, record: FrameRecord, text: str) -> None:
        raise AssertionError(f"a new file has no frame {record.id} with {text!r}")

    def remove(self, frame_id: int) -> None:
        raise AssertionError(f"a new file has no frame {frame_id}")

    def commit(self) -> Sequence[IndexFile]:
        return ()

    def close(self) -> None: ...


def _write_empty(file: File) -> None:
    """A memory without frames, synced."""
    file.resize(LOG_OFFSET + SMALLEST_LOG)
    file.write(LOG_OFFSET, bytes(SMALLEST_LOG))  # written, so that appends need no new blocks
    writer = CommitWriter(file, None, LOG_OFFSET + SMALLEST_LOG, _NoIndex())
    log = LogPlace(LOG_OFFSET, SMALLEST_LOG, 0)
    try:
        writer.finish(CommitIdentity(os.urandom(16), 1, 0, log))
    except HeaderUncertainError as error:
        raise error.cause from error
