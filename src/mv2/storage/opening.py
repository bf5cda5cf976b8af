"""Opening and creating: what each mode does with what stands at the path."""

from __future__ import annotations

import contextlib
import os
import warnings

from mv2.errors import (
    CompatibilityWarning,
    InvalidArgumentError,
    MemoryExistsError,
    MemoryNotFoundError,
)
from mv2.storage.device import FileSystem
from mv2.storage.handle import Options
from mv2.storage.paths import (
    check_regular,
    original_manifest_log,
    refuse_forbidden_neighbours,
    resolve,
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
    if mode == "a" and status is not None and status.size:
        return
    from mv2.storage.creation import create, replace

    if mode == "x" and status is not None:
        raise MemoryExistsError(
            f"{path} exists already", path=path, remedy='Open it with mode "a", or choose another name.'
        )
    if mode == "w" and status is not None:
        replace(files, path, lock_timeout=options.lock_timeout, only_empty=False, at=options.clock())
    elif status is None:
        with contextlib.suppress(MemoryExistsError) if mode != "x" else contextlib.nullcontext():
            create(files, path, at=options.clock())
    elif status.is_regular and status.size == 0:  # as left by a touch, or by a maker of temporary names
        replace(files, path, lock_timeout=options.lock_timeout, only_empty=True, at=options.clock())
