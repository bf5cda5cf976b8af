"""What taking documents in tells of itself, and what it can show: files, tables, conversations.

Immutable values like those of ``mv2.types``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, Literal, TypeAlias

from mv2._record import dataclass
from mv2.types import DuplicateGroup, Timestamp

FileStatus: TypeAlias = Literal["added", "updated", "unchanged", "retired", "duplicate", "skipped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What became of one file, or of one document inside of it.

    Attributes:
        name: the path as it was found; ``mail.eml!/report.pdf`` for what is inside another.
        status: ``added``, ``updated`` (a new version), ``unchanged``, ``retired`` (deleted, because
            the file is gone), ``duplicate`` (another document has its content), ``skipped`` (no
            reader for its kind) or ``failed``.
        uri, frame_id: the document, where there is one.
        reason: why it was skipped or failed; of a duplicate, the uri of the other document.
        code: code of the error.
        reader: what read it.
        warnings: what the reader could not read, or had to guess.
        chunks, tables: how many were made of it.
        seconds: how long reading took.
    """

    name: str
    status: FileStatus
    uri: str | None = None
    frame_id: int | None = None
    reason: str | None = None
    code: str | None = None
    reader: str | None = None
    warnings: tuple[str, ...] = ()
    chunks: int = 0
    tables: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What ``put_files`` and ``sync`` did.

    Attributes:
        files: the result of every file, in the order they were found.
        size_bytes: bytes of the files that were read.
        seconds: wall time.
        interrupted: the user stopped it; what is listed is done and kept.
        dry_run: nothing was written; ``files`` says what would have been done.
        duplicates: groups of documents of this run that are nearly the same, where that was asked for.
    """

    files: tuple[FileResult, ...]
    size_bytes: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    dry_run: bool = False
    duplicates: tuple[DuplicateGroup, ...] = ()

    def count(self, status: FileStatus) -> int:
        """How many files have that status."""
        return sum(file.status == status for file in self.files)

    @property
    def failed(self) -> tuple[FileResult, ...]:
        """Those that could not be read or stored."""
        return tuple(file for file in self.files if file.status == "failed")

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed


class Interrupted(KeyboardInterrupt):
    """The user stopped a long operation; what ``report`` lists is done and kept.

    The same call goes on from there.
    """

    def __init__(self, report: IngestReport) -> None:
        super().__init__("interrupted")
        self.report = report


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A table that a memory holds; ``Memvid.table`` gives its rows.

    Attributes:
        id: what ``Memvid.table`` takes.
        frame_id: the document that describes it.
        source_uri, source_file: the document it stands in.
        page, last_page, sheet, range: where.
        confidence: 0 to 1; how sure it is that it was read right.
        mode: how it was found: ``native``, ``lattice``, ``stream`` or ``delimited``.
    """

    id: str
    frame_id: int
    name: str | None
    headers: tuple[str, ...]
    row_count: int
    source_uri: str | None
    source_file: str | None
    page: int | None
    last_page: int | None
    sheet: str | None
    range: str | None
    confidence: float
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A turn of a conversation.

    Attributes:
        role: ``user``, ``assistant``, ``system``, ``tool`` or another name.
        content: its text, or the list of parts it was given as.
        name: who speaks.
        timestamp: when, UTC seconds.
        id: the caller's own id of it; the same one again means the same turn.
        parent_id: id of the turn it answers.
        tool_calls, tool_call_id: as they were given.
        frame_id: its document; None before it is put.
    """

    role: str
    content: Any = ""
    name: str | None = None
    timestamp: Timestamp | None = None
    id: str | None = None
    parent_id: str | None = None
    tool_calls: Any = None
    tool_call_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    frame_id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Its fields as ``Memvid.add_messages`` and chat services take them, without those that are empty."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "frame_id"}
        return {name: value for name, value in values.items() if name in ("role", "content") or value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A session, or a window of it.

    Attributes:
        messages: in order, oldest first.
        total: how many the session has.
    """

    session: str
    title: str | None
    messages: tuple[Message, ...]
    total: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """A session in the list of sessions; times are those of its turns, UTC seconds."""

    session: str
    title: str | None
    message_count: int
    first_timestamp: int
    last_timestamp: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
