"""How files become documents, and a document on its way."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mv2._record import dataclass
from mv2.extract.model import Limits, ReadOptions
from mv2.ingest.documents import Prepared
from mv2.ingest.inside import Inside
from mv2.reports import FileResult, FileStatus
from mv2.types import Chunking, Document, OnConflict, Origin

if TYPE_CHECKING:
    from mv2.extract.pool import ReaderPool

Duplicates: TypeAlias = Literal["keep", "report", "skip", "link"]
Progress: TypeAlias = Callable[[int, "int | None"], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How files become documents.

    Attributes:
        fields: fields of ``Document`` that all of them get.
        reading, chunking: how they are read and cut.
        on_conflict: what an active document of the same uri means.
        duplicates: what to do with a file whose bytes another document has.
        use_mtime: its time of modification is the document's timestamp, where the file has no better one.
        trust_stat: a file whose size and time of modification did not change is unchanged, unread.
        store_unknown: files without a reader are stored as bytes instead of being skipped.
        workers: processes that read; None means one a core.
        dry_run: say what would be done, and write nothing.
        again: read files again although they have not changed.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    reading: ReadOptions = field(default_factory=ReadOptions)
    chunking: Chunking = field(default_factory=Chunking)
    on_conflict: OnConflict = "version"
    duplicates: Duplicates = "keep"
    use_mtime: bool = False
    trust_stat: bool = False
    store_unknown: bool = True
    workers: int | None = None
    dry_run: bool = False
    again: bool = False


@dataclass(slots=True)
class Job:
    """A document on its way: a file, or a part of one."""

    name: str
    uri: str
    file_name: str
    data: bytes = b""
    modified_ns: int | None = None
    depth: int = 0
    #: Fields of its document that do not depend on what is in it.
    fields: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    is_file: bool = False
    #: Its place among the files that were found, then among the parts of each.
    order: tuple[int, ...] = ()
    base: Document = field(default_factory=lambda: Document(content=""))
    status: FileStatus = "added"
    #: The active frame that it will replace.
    previous: int | None = None
    result: FileResult | None = None
    prepared: list[Prepared] = field(default_factory=list)
    #: The frame of a part that is there already as it is.
    there: int | None = None
    #: The document that it is inside of, and what is inside of it.
    outer: Job | None = None
    parts: list[Job] = field(default_factory=list)
    #: How many of its parts are still to be read; it is stored after them.
    waiting_for: int = 0
    #: What is inside of a file, one for the file and all its parts.
    inside: Inside = field(default_factory=lambda: Inside(Limits()))

    @property
    def held(self) -> int:
        """Bytes that it takes while it waits to be stored, about."""
        return sum(map(_held, self.prepared))

    @property
    def shown(self) -> FileResult:
        """What the report says of it, but for the frame."""
        return self.result or FileResult(name=self.name, status=self.status)


def _held(prepared: Prepared) -> int:
    """Bytes that a document takes while it waits to be stored, about."""
    stored = sum(len(entry.payload) for entry in prepared.entries)
    return max(stored, len(prepared.raw), sum(len(text) for text in prepared.texts if text))


def reader_pool(plan: Plan) -> ReaderPool:
    """The processes that read for a plan."""
    from mv2.extract.pool import ReaderPool

    return ReaderPool(plan.workers or os.cpu_count() or 1, plan.reading, plan.chunking)
