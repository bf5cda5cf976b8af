"""Exit codes, and the one place that decides which error gets which."""

from __future__ import annotations

from typing import Final

from mv2 import errors

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
DAMAGED: Final = 4
LOCKED: Final = 5
NO_ANSWER: Final = 6
INTERRUPTED: Final = 130


def code_for(error: BaseException) -> int:
    """The exit code an error ends the process with."""
    if isinstance(error, errors.LockedError):
        return LOCKED
    if isinstance(error, errors.FrameNotFoundError | errors.CommitNotFoundError):
        return NOT_FOUND
    if isinstance(error, errors.CorruptFileError) and not isinstance(error, errors.NotAMemoryError):
        return DAMAGED
    if isinstance(error, errors.InvalidArgumentError) and not isinstance(error, errors.LimitError):
        return USAGE
    return ERROR
