"""What a reader gets, and what it makes of it.

Positions are characters of ``Extraction.text``, half open. Pages, slides, lines and
rows count from 1, ranges of them are inclusive. Times are UTC seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from mv2._record import dataclass

BlockKind: TypeAlias = Literal[
    "heading", "paragraph", "list", "table", "code", "quote", "caption", "note", "record", "rule"
]
Keep: TypeAlias = Literal["bytes", "text"]
Value: TypeAlias = str | int | float | bool | None
ColumnType: TypeAlias = Literal[
    "text",
    "integer",
    "number",
    "percent",
    "currency",
    "boolean",
    "date",
    "time",
    "datetime",
    "empty",
    "mixed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file a reader reads.

    Attributes:
        data: all of its bytes.
        name: file name without folders; empty when it has none.
        mime: media type found by ``detect``.
    """

    data: bytes
    name: str = ""
    mime: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one document may take; beyond it the document is refused, and only it.

    Attributes:
        seconds: wall time.
        memory_bytes: memory of the worker process beyond what it takes by itself.
        text_chars: characters of extracted text.
        expanded_bytes: bytes that a compressed container may expand to, in all.
        ratio: how many times larger than stored a member of a container may be, above 1 MiB.
        members: files in a container.
        depth: nesting of containers, elements and values.
        table_cells: cells of one table.
    """

    seconds: float = 60.0
    memory_bytes: int = 1 << 30
    text_chars: int = 50_000_000
    expanded_bytes: int = 1 << 30
    ratio: float = 200.0
    members: int = 20_000
    depth: int = 100
    table_cells: int = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How documents are read; the defaults suit most.

    Attributes:
        reader: name of the reader to use; None lets the content, then the name decide.
        keep: what is stored beside the text: ``"bytes"`` keeps the original bytes, ``"text"`` only the
            text, the path and the digest.
        tables: also store every table and each of its rows as documents of their own (track
            ``tables``), so that they can be listed, read back and searched by row.
        attachments: also store what a mail carries.
        archives: also store the members of zip and tar archives (an archive is skipped otherwise).
        headers_footers: include running heads and feet of pages (DOCX, ODT).
        notes: include footnotes, endnotes and speaker notes.
        comments: include comments of reviewers.
        revisions: what tracked changes mean: ``"accepted"``, ``"original"`` (before them) or
            ``"marked"`` (both, insertions and deletions marked).
        hidden: include hidden sheets, rows, columns, slides and text.
        boilerplate: include navigation, banners and footers of web pages.
        auto_tag: give the document tags of its own most telling words.
        extract_dates: note the dates that its text names as ``content_dates``.
        limits: what one document may take.
    """

    reader: str | None = None
    keep: Keep = "bytes"
    tables: bool = False
    attachments: bool = True
    archives: bool = False
    headers_footers: bool = False
    notes: bool = True
    comments: bool = False
    revisions: Literal["accepted", "original", "marked"] = "accepted"
    hidden: bool = False
    boilerplate: bool = False
    auto_tag: bool = False
    extract_dates: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of the text with a meaning of its own; blocks are in order and do not overlap.

    Attributes:
        kind: what it is. ``record`` is one row, message, cue or key of a data file.
        level: 1 to 6 of a heading; depth of a list from 1; otherwise 0.
        page, last_page: pages or slides it stands on.
        sheet: name of the sheet.
        rows: rows of the sheet, data file or table it stands for.
        lines: lines of the source file.
        seconds: (start, end) in a recording.
        symbol: qualified name of the function, class or key it is.
        table: place in ``Extraction.tables``.
        header: range of the text that must be repeated when the block is split: a table's header.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    last_page: int | None = None
    sheet: str | None = None
    rows: tuple[int, int] | None = None
    lines: tuple[int, int] | None = None
    seconds: tuple[float, float] | None = None
    symbol: str | None = None
    table: int | None = None
    header: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows with headers.

    Attributes:
        headers: one name a column, made unique and never empty (``column 3`` where it has none).
        rows: cells in the order of the headers, each row as long as the headers. Dates and times are
            ISO text; merged cells repeat their value in each cell they cover.
        types: one type a column.
        name: caption, or name of the table or sheet.
        page, last_page: where it stands.
        sheet, range: sheet and cells, as ``B2:E14``.
        confidence: 0 to 1; how sure it is that this is a table, read right.
        mode: how it was found: ``native`` (the file says it is one), ``lattice`` (ruled lines),
            ``stream`` (aligned text), ``delimited``.
        warnings: what was guessed or lost.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    types: tuple[ColumnType, ...] = ()
    name: str | None = None
    page: int | None = None
    last_page: int | None = None
    sheet: str | None = None
    range: str | None = None
    confidence: float = 1.0
    mode: Literal["native", "lattice", "stream", "delimited"] = "native"
    warnings: tuple[str, ...] = ()

    def to_dicts(self) -> list[dict[str, Value]]:
        """One dictionary a row, by header."""
        return [dict(zip(self.headers, row, strict=True)) for row in self.rows]

    def to_csv(self) -> str:
        """CSV with the headers as its first line."""
        from mv2.extract.tables import table_csv

        return table_csv(self)

    def to_json(self) -> str:
        """JSON: a list of objects."""
        from mv2.extract.tables import table_json

        return table_json(self)

    def to_markdown(self) -> str:
        """A Markdown table."""
        from mv2.extract.tables import table_markdown

        return table_markdown(self)

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table`` with the headers as column names; cells of mixed kinds become text.

        Raises:
            MissingExtraError: without the extra ``arrow``.
        """
        from mv2.extract.tables import table_arrow

        return table_arrow(self)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with the headers as column names.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from mv2.extract.tables import table_frame

        return table_frame(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document inside a document: an attachment, a member of an archive, a mail of a mailbox.

    Attributes:
        name: its name in the container, with ``/`` between folders; never absolute, never ``..``.
        data: its bytes.
        mime: media type, where the container says it.
        modified: time of its last change.
        metadata: what the container says about it.
    """

    name: str
    data: bytes
    mime: str | None = None
    modified: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What is in a file.

    Attributes:
        text: everything a person would read, in reading order.
        exact: ``text`` is the file itself, decoded; nothing was left out or rendered.
        blocks: its structure; empty means plain text.
        tables: those found, whole.
        parts: documents inside of it.
        title, author, language, subject, keywords: as the file says (language as BCP 47).
        created, modified: times the file says of its content.
        pages: number of pages, slides or sheets.
        metadata: more facts as JSON values, under plain names (``width``, ``from``, ``duration_seconds``).
        warnings: what was skipped, guessed or is missing ("3 of 4 pages are scanned").
    """

    text: str
    exact: bool = False
    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[Part, ...] = ()
    title: str | None = None
    author: str | None = None
    language: str | None = None
    subject: str | None = None
    keywords: tuple[str, ...] = ()
    created: int | None = None
    modified: int | None = None
    pages: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


ReadFunction: TypeAlias = Callable[[Source, ReadOptions], Extraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A kind of file that can be read. Plug-ins offer one under the entry point group ``mv2.readers``.

    Attributes:
        name: short and unique, as ``pdf``.
        mimes: media types it reads, the first one is its own.
        extensions: name endings without the dot, lower case.
        read: the function, or ``module:function`` to import it late.
        extra: extra of mv2 that installs what it needs; None when it needs nothing.
        needs: modules that must be importable for it.
        magic: prefixes of content that are only its own, as (offset, bytes).
    """

    name: str
    mimes: tuple[str, ...]
    extensions: tuple[str, ...]
    read: ReadFunction | str
    extra: str | None = None
    needs: tuple[str, ...] = ()
    magic: tuple[tuple[int, bytes], ...] = ()
