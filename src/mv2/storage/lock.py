"""The two locks of a writing handle.

*Presence* is ``flock`` on the whole file, shared for as long as the handle is
open (exclusive with ``lock="handle"``). The original engine's writers want it
exclusive, so they and we keep each other out.

*Turn* is an open-file-description record lock on one byte far beyond the end
of the file, held for one write. Both die with the process that holds them, so
nobody waits for the dead.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
import time
from collections.abc import Callable

from mv2.errors import LockedError
from mv2.storage.device import File, storage_error
from mv2.storage.holders import describe, holders_of

if sys.platform == "win32":  # one writing process only: see docs/guarantees.md
    fcntl = None
else:
    import fcntl

#: The byte that stands for the turn; no file reaches it.
TURN_BYTE = 1 << 62
_BUSY = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}
_FIRST_WAIT = 0.0002
_LONGEST_WAIT = 0.005
_DARWIN_OFD_SETLK = 90


def _retry(attempt: Callable[[], bool], timeout: float) -> bool:
    """Call ``attempt`` until it returns True or ``timeout`` seconds have passed."""
    if attempt():
        return True
    deadline = time.monotonic() + timeout
    wait = _FIRST_WAIT
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(wait, left))
        if attempt():
            return True
        wait = min(wait * 1.6, _LONGEST_WAIT)
    return False


def _locked_error(file: File, what: str, timeout: float) -> LockedError:
    holders = holders_of(file.identity())
    return LockedError(
        f"{what} by {describe(holders)}; gave up after {timeout:g} s",
        holders=holders,
        path=file.path,
        remedy="Wait for it to finish, or pass a larger lock_timeout.",
    )


def acquire_presence(file: File, *, exclusive: bool, timeout: float) -> None:
    """Take ``flock`` on the file; released when the file is closed.

    Raises:
        LockedError: somebody else keeps it for longer than ``timeout`` seconds.
    """
    if fcntl is None:
        _windows_lock(file, timeout)
        return
    operation = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB

    def attempt() -> bool:
        try:
            fcntl.flock(file.fileno(), operation)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            if error.errno in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
                return True  # a file system without locks: the turn is refused there too
            raise storage_error(error, "lock", file.path) from error
        return True

    if not _retry(attempt, timeout):
        raise _locked_error(file, f"{file.path} is held", timeout)


def _windows_lock(file: File, timeout: float) -> None:
    """One writing process at a time, by an exclusive lock on the turn byte."""
    import msvcrt

    def attempt() -> bool:
        try:
            os.lseek(file.fileno(), TURN_BYTE, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

    if not _retry(attempt, timeout):
        raise _locked_error(file, f"{file.path} is held", timeout)


def release_presence(file: File) -> None:
    """Give the file up for others while it stays open for readers of it."""
    if fcntl is not None and not file.closed:
        with contextlib.suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


class TurnLock:
    """The right to write now. Not re-entrant; the handle's own lock sees to that."""

    def __init__(self, file: File) -> None:
        self._file = file

    def acquire(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for the turn.

        Raises:
            LockedError: others kept it; names them as far as they are known.
        """
        if not _retry(self._attempt, timeout):
            raise _locked_error(self._file, f"{self._file.path} is being written", timeout)

    def release(self) -> None:
        if fcntl is not None and not self._file.closed:
            self._set(fcntl.F_UNLCK)

    def _attempt(self) -> bool:
        if fcntl is None:
            return True
        try:
            self._set(fcntl.F_WRLCK)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise storage_error(error, "lock", self._file.path) from error
        return True

    def _set(self, kind: int) -> None:
        if sys.platform == "darwin":
            request = struct.pack("qqihh", TURN_BYTE, 1, 0, kind, os.SEEK_SET)
            fcntl.fcntl(self._file.fileno(), _DARWIN_OFD_SETLK, request)
        elif sys.platform != "win32":
            request = struct.pack("hhqqi", kind, os.SEEK_SET, TURN_BYTE, 1, 0)
            fcntl.fcntl(self._file.fileno(), fcntl.F_OFD_SETLK, request)
