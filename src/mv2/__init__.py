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
        DocumentError,
        DocumentLimitError,
        DuplicateUriError,
        EmbeddingFailedError,
        EncryptedDocumentError,
        EncryptedFileError,
        Error,
        FetchError,
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
        UnsupportedDocumentError,
        UnsupportedVersionError,
        VecDimensionMismatchError,
        VecIndexDisabledError,
    )
    from mv2.extract.model import (
        Block,
        Extraction,
        Limits,
        Part,
        Reader,
        ReadOptions,
        Source,
        Table,
    )
    from mv2.ingest.filing import preview_chunks, read_document
    from mv2.ingest.records import Record, RecordChunk
    from mv2.ingest.restoring import Conflict, RestoreReport
    from mv2.ingest.walking import FoundFile, list_files
    from mv2.memvid import Memvid
    from mv2.memvid import open_memory as open
    from mv2.models.protocols import Embedder
    from mv2.models.rerankers import resolve_reranker
    from mv2.models.resolve import resolve_embedder
    from mv2.models.transcribers import Segment, Transcriber, resolve_transcriber
    from mv2.reports import (
        Conversation,
        FileResult,
        IngestReport,
        Interrupted,
        Message,
        SessionInfo,
        TableInfo,
    )
    from mv2.search.dates import DateRange
    from mv2.search.dates import to_range as date_range
    from mv2.search.filter_text import filter_of_text as parse_filter
    from mv2.search.rendering import highlight_ansi, highlight_html
    from mv2.types import (
        Answer,
        Chunk,
        Chunking,
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
        Origin,
        Passage,
        Place,
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
    from mv2.web.model import FetchOptions

__all__ = [
    "Answer",
    "ApiKeyRequiredError",
    "AuxiliaryFileError",
    "Block",
    "CapacityExceededError",
    "CeilingWarning",
    "ChecksumError",
    "Chunk",
    "Chunking",
    "Citation",
    "ClosedError",
    "Commit",
    "CommitNotFoundError",
    "CompatibilityWarning",
    "Conflict",
    "Conversation",
    "CorruptFileError",
    "CursorError",
    "DatePhraseError",
    "DateRange",
    "Diff",
    "DiskFullError",
    "Document",
    "DocumentError",
    "DocumentLimitError",
    "DuplicateGroup",
    "DuplicateUriError",
    "Embedder",
    "EmbeddingFailedError",
    "EncryptedDocumentError",
    "EncryptedFileError",
    "Error",
    "Extraction",
    "FetchError",
    "FetchOptions",
    "FileReplacedError",
    "FileResult",
    "FilterError",
    "Finding",
    "ForkedHandleError",
    "FormatError",
    "FoundFile",
    "Fragment",
    "Frame",
    "FrameInactiveError",
    "FrameNotFoundError",
    "HandleError",
    "Hit",
    "IngestReport",
    "Interrupted",
    "InvalidArgumentError",
    "LimitError",
    "Limits",
    "LockHolder",
    "LockedError",
    "MemoryExistsError",
    "MemoryNotFoundError",
    "Memvid",
    "Message",
    "MissingExtraError",
    "ModelError",
    "ModelFailedError",
    "ModelMismatchError",
    "Mv2Warning",
    "Neighbour",
    "NotAMemoryError",
    "Origin",
    "Part",
    "Passage",
    "Place",
    "PoisonedError",
    "Prompt",
    "QueryError",
    "Ranking",
    "ReadOnlyError",
    "ReadOptions",
    "Reader",
    "Record",
    "RecordChunk",
    "RecoveryWarning",
    "Reranker",
    "RestoreReport",
    "SearchResult",
    "Segment",
    "SessionInfo",
    "Source",
    "Stats",
    "StorageError",
    "Table",
    "TableInfo",
    "TimelineEntry",
    "Transcriber",
    "UnsupportedDocumentError",
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
    "list_files",
    "open",
    "parse_filter",
    "preview_chunks",
    "read_document",
    "resolve_embedder",
    "resolve_reranker",
    "resolve_transcriber",
]

_ELSEWHERE = {
    "DateRange": "mv2.search.dates",
    "date_range": "mv2.search.dates",
    "parse_filter": "mv2.search.filter_text",
    "highlight_ansi": "mv2.search.rendering",
    "highlight_html": "mv2.search.rendering",
    "Embedder": "mv2.models.protocols",
    "resolve_embedder": "mv2.models.resolve",
    "resolve_reranker": "mv2.models.rerankers",
    "FoundFile": "mv2.ingest.walking",
    "list_files": "mv2.ingest.walking",
    "FetchOptions": "mv2.web.model",
    "preview_chunks": "mv2.ingest.filing",
    "Segment": "mv2.models.transcribers",
    "Transcriber": "mv2.models.transcribers",
    "resolve_transcriber": "mv2.models.transcribers",
    "Record": "mv2.ingest.records",
    "RecordChunk": "mv2.ingest.records",
    "RestoreReport": "mv2.ingest.restoring",
    "Conflict": "mv2.ingest.restoring",
    "read_document": "mv2.ingest.filing",
    "Block": "mv2.extract.model",
    "Extraction": "mv2.extract.model",
    "Limits": "mv2.extract.model",
    "Part": "mv2.extract.model",
    "ReadOptions": "mv2.extract.model",
    "Reader": "mv2.extract.model",
    "Source": "mv2.extract.model",
    "Table": "mv2.extract.model",
    "Conversation": "mv2.reports",
    "FileResult": "mv2.reports",
    "IngestReport": "mv2.reports",
    "Interrupted": "mv2.reports",
    "Message": "mv2.reports",
    "SessionInfo": "mv2.reports",
    "TableInfo": "mv2.reports",
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
    elif name in _ELSEWHERE:
        from importlib import import_module

        value = getattr(import_module(_ELSEWHERE[name]), _INSIDE.get(name, name))
    elif name in __all__:
        from mv2 import errors, types

        value = getattr(errors, name, None) or getattr(types, name)
    else:
        raise AttributeError(f"module 'mv2' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
