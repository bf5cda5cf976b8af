"""Every error and warning mv2 raises.

Error:
    ├── InvalidArgumentError (ValueError)       an argument that can never work
    │   ├── VecDimensionMismatchError           vector length differs from the file's     MV014
    │   ├── ModelMismatchError                  vectors of another model than the file's  MV041
    │   ├── FilterError                         a filter that means nothing               MV045
    │   ├── DatePhraseError                     text that names no date or range          MV046
    │   ├── QueryError                          a query that cannot be parsed             MV024
    │   │   └── CursorError                     a page cursor of another query            MV025
    │   └── LimitError                          a ceiling of the file format              MV026
    ├── MemoryNotFoundError (FileNotFoundError) no file at that path                      MV013
    ├── MemoryExistsError (FileExistsError)     mode "x" and the file is there            MV027
    ├── CorruptFileError (ValueError)           bytes that are not what they must be      MV012
    │   ├── FormatError                         a structure that does not decode          MV012
    │   ├── ChecksumError                       bytes that fail their checksum            MV012
    │   └── NotAMemoryError                     not an .mv2 file at all                   MV012
    │       ├── UnsupportedVersionError         a newer format version                    MV028
    │       └── EncryptedFileError              an .mv2e capsule                          MV016
    ├── AuxiliaryFileError                      a forbidden file beside the memory        MV029
    ├── LockedError (TimeoutError)              another process has the file or the turn  MV007
    ├── FrameNotFoundError (KeyError)           no such frame or uri                      MV010
    ├── CommitNotFoundError (KeyError)          no such point in the memory's past        MV044
    ├── FrameInactiveError (ValueError)         the frame is deleted or superseded        MV030
    ├── DuplicateUriError (ValueError)          on_conflict="error" and the uri is there  MV031
    ├── VecIndexDisabledError (LookupError)     a search by vector without any vectors    MV011
    ├── CapacityExceededError                   beyond the ticket applied to the file     MV001
    ├── ReadOnlyError (PermissionError)         a write through a read-only handle        MV032
    ├── HandleError (RuntimeError)              the handle cannot be used
    │   ├── ClosedError (ValueError)            it was closed                             MV033
    │   ├── ForkedHandleError                   it was opened by the parent process       MV034
    │   └── PoisonedError                       a sync failed earlier                     MV035
    ├── StorageError (OSError)                  the operating system refused a file call  MV036
    │   ├── DiskFullError                       no space left                             MV037
    │   └── FileReplacedError                   the path names another file now           MV038
    ├── MissingExtraError (ImportError)         an optional dependency is not installed   MV039
    ├── DocumentError (ValueError)              a document that cannot be read            MV047
    │   ├── EncryptedDocumentError              it needs a password                       MV048
    │   ├── DocumentLimitError                  it takes more than its limits allow       MV049
    │   └── UnsupportedDocumentError            no reader for its kind                    MV050
    ├── FetchError (OSError)                    a web page that could not be fetched      MV051
    └── ModelError (RuntimeError)               a model could not be used                 MV042
        ├── EmbeddingFailedError                no vectors could be made                  MV015
        ├── ModelFailedError                    a language model gave no answer           MV043
        └── ApiKeyRequiredError                 a model service needs a key               MV008

    Mv2Warning (UserWarning)
    ├── RecoveryWarning        a file was read in a fallback, or a log record was damaged
    ├── CeilingWarning         a ceiling of the format is near
    └── CompatibilityWarning   the original engine may get in the way

Every error keeps what it is about: ``path`` (str or None), ``offset`` (bytes
from the start of the file or of the structure, or None) and ``remedy`` (what
to do now, or None). ``code`` is stable; codes up to MV023 mean what they mean
in the original engine.
"""

from __future__ import annotations

import errno as _errno
import os
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.types import Document, LockHolder


class Error(Exception):
    """Base of every mv2 error.

    Attributes:
        code: stable identifier, ``MV001`` … ``MV999``.
        message: what happened, one sentence.
        path: the memory file concerned, if known.
        offset: position in bytes, if known.
        remedy: what the caller can do, if anything is known to help.
    """

    code: ClassVar[str] = "MV999"

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        offset: int | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else os.fspath(path)
        self.offset = offset
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.message]
        if self.path is not None and self.path not in self.message:
            parts.append(f"({self.path})" if "://" in self.path else f"(file {self.path})")
        if self.offset is not None:
            parts.append(f"(at byte {self.offset})")
        text = " ".join(parts)
        return f"{text}. {self.remedy}" if self.remedy else text


class InvalidArgumentError(Error, ValueError):
    """An argument that can never work, whatever the file holds."""

    code = "MV040"


class VecDimensionMismatchError(InvalidArgumentError):
    """A vector whose length differs from the vectors of the file."""

    code = "MV014"


class ModelMismatchError(InvalidArgumentError):
    """Vectors of another model than the one that made the file's; the message names both."""

    code = "MV041"


class FilterError(InvalidArgumentError):
    """A filter that means nothing; ``place`` is the path to the fault inside it, as ``year.$gte``."""

    code = "MV045"

    def __init__(self, message: str, *, place: str = "", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.place = place


class DatePhraseError(InvalidArgumentError):
    """Text that names no date or range; ``position`` is the character from which it is not understood."""

    code = "MV046"

    def __init__(self, message: str, *, text: str, position: int = 0, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.text = text
        self.position = position


class QueryError(InvalidArgumentError):
    """A query that cannot be parsed; ``position`` is its character index."""

    code = "MV024"

    def __init__(self, message: str, *, query: str = "", position: int = 0, **context: str | None) -> None:
        super().__init__(message, remedy=context.get("remedy"))
        self.query = query
        self.position = position


class CursorError(QueryError):
    """A page cursor that is malformed or belongs to another query."""

    code = "MV025"


class LimitError(InvalidArgumentError):
    """A ceiling of the file format would be passed."""

    code = "MV026"


class MemoryNotFoundError(Error, FileNotFoundError):
    """There is no file at the path."""

    code = "MV013"


class MemoryExistsError(Error, FileExistsError):
    """Mode ``"x"`` and the file exists already."""

    code = "MV027"


class CorruptFileError(Error, ValueError):
    """Bytes of the file are not what they must be."""

    code = "MV012"


class FormatError(CorruptFileError):
    """A structure does not decode; ``offset`` says where in it."""


class ChecksumError(CorruptFileError):
    """Bytes do not match their checksum."""


class NotAMemoryError(CorruptFileError):
    """The file is not an .mv2 memory."""


class UnsupportedVersionError(NotAMemoryError):
    """The file was written for a newer version of the format."""

    code = "MV028"


class EncryptedFileError(NotAMemoryError):
    """The file is an encrypted capsule (.mv2e)."""

    code = "MV016"


class AuxiliaryFileError(Error):
    """A file that must not stand beside a memory does (``name-wal`` …)."""

    code = "MV029"


class LockedError(Error, TimeoutError):
    """Another process holds the file or the turn to write.

    ``holders`` names the processes as far as they are known.
    """

    code = "MV007"

    def __init__(
        self,
        message: str,
        *,
        holders: Sequence[LockHolder] = (),
        path: str | os.PathLike[str] | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.holders = tuple(holders)


class FrameNotFoundError(Error, KeyError):
    """No frame has that id or uri."""

    code = "MV010"


class CommitNotFoundError(Error, KeyError):
    """No commit with that number can be visited."""

    code = "MV044"


class FrameInactiveError(Error, ValueError):
    """The frame was deleted or superseded before."""

    code = "MV030"


class DuplicateUriError(Error, ValueError):
    """``on_conflict="error"`` and an active frame has the uri."""

    code = "MV031"


class VecIndexDisabledError(Error, LookupError):
    """A search by vector in a memory that has no vectors."""

    code = "MV011"


class CapacityExceededError(Error):
    """The file would grow beyond the ticket that was applied to it."""

    code = "MV001"


class ReadOnlyError(Error, PermissionError):
    """A write was tried through a read-only handle."""

    code = "MV032"


class HandleError(Error, RuntimeError):
    """The handle cannot be used (any more)."""

    code = "MV033"


class ClosedError(HandleError, ValueError):
    """The handle was closed."""

    code = "MV033"


class ForkedHandleError(HandleError):
    """The handle was opened before ``fork``; open the memory again."""

    code = "MV034"


class PoisonedError(HandleError):
    """A sync failed earlier, so what is on disk is unknown: open again."""

    code = "MV035"


class StorageError(Error, OSError):
    """The operating system refused a file call; ``errno`` is its number."""

    code = "MV036"

    def __init__(
        self,
        message: str,
        *,
        errno: int | None = None,
        path: str | os.PathLike[str] | None = None,
        offset: int | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, path=path, offset=offset, remedy=remedy)
        self.errno = errno


class DiskFullError(StorageError):
    """No space is left for the write; nothing was changed."""

    code = "MV037"


class FileReplacedError(StorageError):
    """The path names another file now (or none).

    ``unsaved`` holds the documents this handle wrote that are not in the new file.
    """

    code = "MV038"

    def __init__(
        self,
        message: str,
        *,
        unsaved: Sequence[Document] = (),
        path: str | os.PathLike[str] | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, errno=_errno.ESTALE, path=path, remedy=remedy)
        self.unsaved = tuple(unsaved)


class MissingExtraError(Error, ImportError):
    """An optional dependency is not installed; the remedy is the install line."""

    code = "MV039"


class DocumentError(Error, ValueError):
    """A document (not the memory) cannot be read: it is damaged, or not what it seems.

    ``path`` names the document, ``offset`` the place in it where one is known.
    """

    code = "MV047"


class EncryptedDocumentError(DocumentError):
    """The document needs a password."""

    code = "MV048"


class DocumentLimitError(DocumentError):
    """Reading the document takes more time, memory or space than its limits allow."""

    code = "MV049"


class UnsupportedDocumentError(DocumentError):
    """There is no reader for this kind of document."""

    code = "MV050"


class FetchError(Error, OSError):
    """A web page could not be fetched, or may not be; ``path`` is its URL."""

    code = "MV051"


class ModelError(Error, RuntimeError):
    """A model (embedder, reranker, language model) could not be used.

    ``status`` is the HTTP status a service answered with, None when it did not answer
    or when there is no service. Keys never stand in the message.
    """

    code = "MV042"

    def __init__(self, message: str, *, status: int | None = None, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


class EmbeddingFailedError(ModelError):
    """No vectors could be made, or what came back was not one finite vector a text."""

    code = "MV015"


class ModelFailedError(ModelError):
    """A language model gave no answer: its service refused, timed out or sent something else."""

    code = "MV043"


class ApiKeyRequiredError(ModelError):
    """A model service needs a key, and none was given or found in the environment."""

    code = "MV008"


class Mv2Warning(UserWarning):
    """Base of every mv2 warning."""


class RecoveryWarning(Mv2Warning):
    """The file was read in a fallback, or part of its log was damaged."""


class CeilingWarning(Mv2Warning):
    """A ceiling of the file format is near."""


class CompatibilityWarning(Mv2Warning):
    """The original engine may get in the way of this file."""
