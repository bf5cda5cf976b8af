"""One-file memory for AI agents and people.

    import mv2

    with mv2.open("notes.mv2") as mem:
        mem.put("The kettle is descaled with vinegar.", title="Kettle")
        print(mem.find("how do I clean the kettle?").hits[0].snippet)

Everything public is here; submodules are private unless a page of the
documentation says otherwise.
"""

from __future__ import annotations

from mv2._version import __version__

TYPE_CHECKING = False  # typing costs more to import than all of this module

if TYPE_CHECKING:
    from mv2.errors import (
        AuxiliaryFileError,
        CapacityExceededError,
        CeilingWarning,
        ChecksumError,
        ClosedError,
        CompatibilityWarning,
        CorruptFileError,
        CursorError,
        DiskFullError,
        DuplicateUriError,
        EncryptedFileError,
        Error,
        FileReplacedError,
        ForkedHandleError,
        FormatError,
        FrameInactiveError,
        FrameNotFoundError,
        HandleError,
        InvalidArgumentError,
        LimitError,
        LockedError,
        MemoryExistsError,
        MemoryNotFoundError,
        MissingExtraError,
        Mv2Warning,
        NotAMemoryError,
        PoisonedError,
        QueryError,
        ReadOnlyError,
        RecoveryWarning,
        StorageError,
        UnsupportedVersionError,
        VecDimensionMismatchError,
    )
    from mv2.memvid import Memvid
    from mv2.memvid import open_memory as open
    from mv2.types import (
        Document,
        Finding,
        Frame,
        Hit,
        LockHolder,
        SearchResult,
        Stats,
        TimelineEntry,
        VacuumReport,
        VerifyReport,
    )

__all__ = [
    "AuxiliaryFileError",
    "CapacityExceededError",
    "CeilingWarning",
    "ChecksumError",
    "ClosedError",
    "CompatibilityWarning",
    "CorruptFileError",
    "CursorError",
    "DiskFullError",
    "Document",
    "DuplicateUriError",
    "EncryptedFileError",
    "Error",
    "FileReplacedError",
    "Finding",
    "ForkedHandleError",
    "FormatError",
    "Frame",
    "FrameInactiveError",
    "FrameNotFoundError",
    "HandleError",
    "Hit",
    "InvalidArgumentError",
    "LimitError",
    "LockHolder",
    "LockedError",
    "MemoryExistsError",
    "MemoryNotFoundError",
    "Memvid",
    "MissingExtraError",
    "Mv2Warning",
    "NotAMemoryError",
    "PoisonedError",
    "QueryError",
    "ReadOnlyError",
    "RecoveryWarning",
    "SearchResult",
    "Stats",
    "StorageError",
    "TimelineEntry",
    "UnsupportedVersionError",
    "VacuumReport",
    "VecDimensionMismatchError",
    "VerifyReport",
    "__version__",
    "open",
]

_MEMVID = {"Memvid": "Memvid", "open": "open_memory"}


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that ``import mv2`` costs next to nothing."""
    if name in _MEMVID:
        from mv2 import memvid

        value = getattr(memvid, _MEMVID[name])
    elif name in __all__:
        from mv2 import errors, types

        value = getattr(errors, name, None) or getattr(types, name)
    else:
        raise AttributeError(f"module 'mv2' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
