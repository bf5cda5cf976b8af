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
    from mv2 import aio as aio
    from mv2.errors import (
        ApiKeyRequiredError,
        AuxiliaryFileError,
        CapacityExceededError,
        CeilingWarning,
        ChecksumError,
        ClosedError,
        CommitNotFoundError,
        CompatibilityWarning,
        CorruptFileError,
        CursorError,
        DatePhraseError,
        DiskFullError,
        DuplicateUriError,
        EmbeddingFailedError,
        EncryptedFileError,
        Error,
        FileReplacedError,
        FilterError,
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
        ModelError,
        ModelFailedError,
        ModelMismatchError,
        Mv2Warning,
        NotAMemoryError,
        PoisonedError,
        QueryError,
        ReadOnlyError,
        RecoveryWarning,
        StorageError,
        UnsupportedVersionError,
        VecDimensionMismatchError,
        VecIndexDisabledError,
    )
    from mv2.memvid import Memvid
    from mv2.memvid import open_memory as open
    from mv2.models.protocols import Embedder
    from mv2.models.rerankers import resolve_reranker
    from mv2.models.resolve import resolve_embedder
    from mv2.search.dates import DateRange
    from mv2.search.dates import to_range as date_range
    from mv2.search.filter_text import filter_of_text as parse_filter
    from mv2.search.rendering import highlight_ansi, highlight_html
    from mv2.types import (
        Answer,
        Citation,
        Commit,
        Diff,
        Document,
        DuplicateGroup,
        Finding,
        Fragment,
        Frame,
        Hit,
        LockHolder,
        Neighbour,
        Passage,
        Prompt,
        Ranking,
        Reranker,
        SearchResult,
        Stats,
        TimelineEntry,
        Usage,
        VacuumReport,
        VerifyReport,
    )

__all__ = [
    "Answer",
    "ApiKeyRequiredError",
    "AuxiliaryFileError",
    "CapacityExceededError",
    "CeilingWarning",
    "ChecksumError",
    "Citation",
    "ClosedError",
    "Commit",
    "CommitNotFoundError",
    "CompatibilityWarning",
    "CorruptFileError",
    "CursorError",
    "DatePhraseError",
    "DateRange",
    "Diff",
    "DiskFullError",
    "Document",
    "DuplicateGroup",
    "DuplicateUriError",
    "Embedder",
    "EmbeddingFailedError",
    "EncryptedFileError",
    "Error",
    "FileReplacedError",
    "FilterError",
    "Finding",
    "ForkedHandleError",
    "FormatError",
    "Fragment",
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
    "ModelError",
    "ModelFailedError",
    "ModelMismatchError",
    "Mv2Warning",
    "Neighbour",
    "NotAMemoryError",
    "Passage",
    "PoisonedError",
    "Prompt",
    "QueryError",
    "Ranking",
    "ReadOnlyError",
    "RecoveryWarning",
    "Reranker",
    "SearchResult",
    "Stats",
    "StorageError",
    "TimelineEntry",
    "UnsupportedVersionError",
    "Usage",
    "VacuumReport",
    "VecDimensionMismatchError",
    "VecIndexDisabledError",
    "VerifyReport",
    "__version__",
    "date_range",
    "highlight_ansi",
    "highlight_html",
    "open",
    "parse_filter",
    "resolve_embedder",
    "resolve_reranker",
]

_MODELS = {
    "DateRange": "mv2.search.dates",
    "date_range": "mv2.search.dates",
    "parse_filter": "mv2.search.filter_text",
    "highlight_ansi": "mv2.search.rendering",
    "highlight_html": "mv2.search.rendering",
    "Embedder": "mv2.models.protocols",
    "resolve_embedder": "mv2.models.resolve",
    "resolve_reranker": "mv2.models.rerankers",
}
_INSIDE = {"date_range": "to_range", "parse_filter": "filter_of_text"}
_MEMVID = {"Memvid": "Memvid", "open": "open_memory"}


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that ``import mv2`` costs next to nothing."""
    if name == "aio":
        from importlib import import_module

        return import_module("mv2.aio")
    if name in _MEMVID:
        from mv2 import memvid

        value = getattr(memvid, _MEMVID[name])
    elif name in _MODELS:
        from importlib import import_module

        value = getattr(import_module(_MODELS[name]), _INSIDE.get(name, name))
    elif name in __all__:
        from mv2 import errors, types

        value = getattr(errors, name, None) or getattr(types, name)
    else:
        raise AttributeError(f"module 'mv2' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
