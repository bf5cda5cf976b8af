"""Which files this process may read, on Linux: the kernel refuses all others, to native code too.

Also refused: to write, to run programs, and, where the kernel knows it, TCP and signals to
other processes. What is set can never be taken back. Kernels before 5.13 do not have it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _BELOW_PATH = 1, 1
_NO_NEW_PRIVILEGES = 38
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
# Everything that the first version knows: run, write, read, list, remove, make.
_ALL = (1 << 13) - 1
_TCP = 3
_SIGNALS_AND_SOCKETS = 3


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Below(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """What the kernel offers; 0 when it offers nothing."""
    if sys.platform != "linux" or sys.maxsize < 1 << 32:
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def allow_reading(places: Iterable[str]) -> bool:
    """From now on, only files and folders in these places can be opened, and only to read.

    Args:
        places: files, and folders with all that is below; those that do not exist are skipped.

    Returns:
        Whether it is so; never partly.
    """
    known = version()
    if not known:
        return False
    library = ctypes.CDLL(None)
    rules = _Rules(files=_ALL, network=_TCP, scoped=_SIGNALS_AND_SOCKETS)
    size = 8 if known < 4 else 16 if known < 6 else 24
    handle = library.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if handle < 0:
        return False
    try:
        for place in places:
            _allow(library, handle, place)
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return int(library.syscall(_RESTRICT_SELF, handle, 0)) == 0
    finally:
        os.close(handle)


def _allow(library: ctypes.CDLL, handle: int, place: str) -> None:
    opened = library.open(os.fsencode(place), os.O_PATH | os.O_CLOEXEC)
    if opened < 0:
        return
    try:
        allowed = _READ_FILE | _READ_FOLDER if os.path.isdir(place) else _READ_FILE
        below = _Below(allowed=allowed, folder=opened)
        library.syscall(_ADD_RULE, handle, _BELOW_PATH, ctypes.byref(below), 0)
    finally:
        os.close(opened)
