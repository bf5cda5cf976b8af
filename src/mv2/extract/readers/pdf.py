"""PDF: text in reading order, tables, properties, outline, attachments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, MissingExtraError
from mv2.extract.model import Extraction, ReadOptions, Source, Table
from mv2.extract.readers._office import Draft, language_of, words_of
from mv2.extract.tables import make_table, render_table

__all__ = ["read"]

_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5
_MOST_LINKS = 500
_MOST_FIELDS = 2_000
_MOST_UNREADABLE = 100
_MOST_RUNNING = 20
_MOST_SCANNED = 2_000


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a PDF.

    Raises:
        EncryptedDocumentError: it opens with a password only.
        DocumentLimitError: it has more text or attachments than the limits allow.
        DocumentError: it is damaged.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError(
            "reading PDF documents needs the package 'pypdfium2'", remedy="pip install 'mv2[docs]'"
        ) from error
    document = _opened(pypdfium2, source.data)
    try:
        return _Reading(document, options).extraction()
    finally:
        document.close()


def _opened(pypdfium2: Any, data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise EncryptedDocumentError(
                "the PDF needs a password", remedy="Save a copy of it without one"
            ) from error
        if error.err_code == _SECURITY_ERROR:
            raise EncryptedDocumentError("the PDF is encrypted in a way that cannot be read") from error
        raise DocumentError("the PDF is damaged: it cannot be opened") from error


class _Reading:
    """One document while it is read."""

    def __init__(self, document: Any, options: ReadOptions) -> None:
        self.document = document
        self.options = options
        self.draft = Draft(options.limits)
        self.links: dict[str, None] = {}
        self.fields: dict[str, str | bool] = {}
        self.metadata: dict[str, Any] = {}

    def extraction(self) -> Extraction:
        from mv2.extract.readers import _pdf_headings, _pdf_info, _pdf_running, _pdf_text

        pages = list(self._pages())
        outline, cut = _pdf_info.outline_of(self.document)
        if cut:
            self.draft.warn(f"the outline has more than {len(outline):,} entries; the rest is left out")
        if outline:
            self.metadata["outline"] = [list(entry) for entry in outline]
        if not self.options.headers_footers:
            running = _pdf_running.take_running(pages)
            if running:
                self.metadata["running_lines"] = running[:_MOST_RUNNING]
        measures = _pdf_text.Measures(pages)
        pieces = _pdf_text.pieces_of(pages, measures)
        _pdf_headings.mark_headings(pieces, measures, outline)
        remarks = {page.number: page.remarks for page in pages if page.remarks}
        _Writer(self.draft, self.options, remarks).write(pieces)
        return self._with_facts(pages)

    def _pages(self) -> Iterator[Any]:
        import pypdfium2

        from mv2.extract.readers._pdf_info import link_targets, read_marks
        from mv2.extract.readers._pdf_pages import content_of
        from mv2.extract.readers._pdf_raw import read_page

        fonts: dict[int, tuple[bool, bool]] = {}
        form = self._form()
        characters = unreadable = 0
        cells = self.options.limits.table_cells
        damaged: list[int] = []
        for at in range(len(self.document)):
            try:
                page = self.document[at]
                text_page = page.get_textpage()
            except pypdfium2.PdfiumError:
                damaged.append(at + 1)
                unreadable += 1
                if unreadable >= _MOST_UNREADABLE:
                    self.draft.warn(
                        f"{unreadable} pages before page {at + 2} cannot be read; the rest is left out"
                    )
                    break
                continue
            unreadable = 0
            try:
                characters += text_page.count_chars()
                if characters > self.options.limits.text_chars:
                    most = f"{self.options.limits.text_chars:,}"
                    raise DocumentLimitError(f"has more than {most} characters of text (limit text_chars)")
                raw = read_page(page, text_page, fonts)
                fields, remarks = read_marks(page, form)
                for field in fields:
                    if field.name and len(self.fields) < _MOST_FIELDS:
                        self.fields[field.name] = field.value
                content = content_of(at + 1, raw, fields, cells)
                cells -= content.cells
                content.remarks = remarks if self.options.comments else []
                for target in link_targets(self.document, page):
                    if len(self.links) < _MOST_LINKS:
                        self.links[target] = None
            finally:
                text_page.close()
                page.close()
            yield content
        if damaged and len(damaged) == len(self.document):
            raise DocumentError("the PDF is damaged: none of its pages can be read")
        if damaged:
            self.draft.warn(f"{_pages_text(damaged)} cannot be read")

    def _form(self) -> Any:
        import pypdfium2
        import pypdfium2.raw as pdfium

        if self.document.get_formtype() == pdfium.FORMTYPE_NONE:
            return None
        try:
            self.document.init_forms()
        except pypdfium2.PdfiumError:
            return None
        return self.document.formenv

    def _with_facts(self, pages: Sequence[Any]) -> Extraction:
        import pypdfium2.raw as pdfium

        from mv2.extract.readers._pdf_info import attachments_of, seconds_of, text_of

        scanned = [page.number for page in pages if page.is_scan]
        if scanned:
            self.draft.warn(
                f"{_pages_text(scanned)} {'are' if len(scanned) > 1 else 'is'} scanned images without text"
            )
            self.metadata["scanned_pages"] = scanned[:_MOST_SCANNED]
        crowded = [page.number for page in pages if page.is_crowded]
        if crowded:
            self.draft.warn(f"{_pages_text(crowded)}: too much is drawn to look at all of it for tables")
        if self.links:
            self.metadata["links"] = [{"url": url} for url in self.links]
        if self.fields:
            self.metadata["fields"] = dict(self.fields)
        facts = {key: self.document.get_metadata_value(name) for key, name in _FACTS.items()}
        for key in ("title", "author", "subject"):
            facts[key] = "" if facts[key].strip().lower() in _NO_NAMES else facts[key]
        for key in ("creator", "producer"):
            if value := " ".join(facts.pop(key).split()):
                self.metadata[key] = value[:500]
        parts: list[Any] = []
        if self.options.attachments:
            parts, warnings = attachments_of(self.document, self.options.limits)
            for warning in warnings:
                self.draft.warn(warning)
        language = text_of(lambda buffer, size: pdfium.FPDFCatalog_GetLanguage(self.document, buffer, size))
        return self.draft.extraction(
            metadata=self.metadata,
            parts=tuple(parts),
            title=facts["title"],
            author=facts["author"],
            subject=facts["subject"],
            keywords=words_of(facts["keywords"]),
            language=language_of(language),
            created=seconds_of(facts["created"]),
            modified=seconds_of(facts["modified"]),
            pages=len(self.document),
        )


# What programs write when nobody said anything.
_NO_NAMES = frozenset(
    ["untitled", "anonymous", "unspecified", "(anonymous)", "(unspecified)", "(untitled)", "unknown", "none"]
)
_FACTS = {
    "title": "Title",
    "author": "Author",
    "subject": "Subject",
    "keywords": "Keywords",
    "creator": "Creator",
    "producer": "Producer",
    "created": "CreationDate",
    "modified": "ModDate",
}


def _pages_text(numbers: Sequence[int]) -> str:
    """``pages 2-3 and 7``; the first 20 ranges."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(one) if one == two else f"{one}-{two}" for one, two in ranges[:20]]
    if len(ranges) > 20:
        shown.append(f"{len(ranges) - 20} more")
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"page{'s' if len(numbers) > 1 else ''} {listed}"


class _Writer:
    """Puts the blocks of the document into the draft."""

    def __init__(self, draft: Draft, options: ReadOptions, remarks: dict[int, list[str]]) -> None:
        self.draft, self.options, self.remarks = draft, options, remarks
        self.indents: list[float] = []
        self.written = 0

    def write(self, pieces: Sequence[Any]) -> None:
        from mv2.extract.readers._pdf_merge import merged_tables

        pieces = merged_tables(pieces)
        for at, piece in enumerate(pieces):
            self._remarks_before(piece.page)
            if piece.kind != "list":
                self.indents = []
                self.draft.end_list()
            place: dict[str, Any] = {"page": piece.page}
            if piece.last_page != piece.page:
                place["last_page"] = piece.last_page
            if piece.kind == "table":
                self._table(piece, _table_name(pieces, at))
            elif piece.kind == "list":
                label = "-" if piece.marker == "-" else piece.marker
                self.draft.item(piece.text, self._depth(piece), label, **place)
            elif piece.kind == "heading":
                self.draft.heading(piece.text, piece.level, **place)
            elif piece.kind == "code":
                self.draft.builder.add("code", piece.text, **place)
            elif piece.kind != "note" or self.options.notes:
                self.draft.add(piece.kind, piece.text, **place)
        self._remarks_before(None)

    def _remarks_before(self, page: int | None) -> None:
        for number in sorted(self.remarks):
            if page is not None and number >= page:
                break
            for text in self.remarks.pop(number):
                self.draft.end_list()
                self.draft.add("note", text, page=number)

    def _depth(self, piece: Any) -> int:
        while self.indents and piece.indent < self.indents[-1] - 0.6 * piece.size:
            self.indents.pop()
        if not self.indents or piece.indent > self.indents[-1] + 0.6 * piece.size:
            self.indents.append(piece.indent)
        return len(self.indents)

    def _table(self, piece: Any, name: str | None) -> None:
        found = piece.table
        table: Table = make_table(
            found.rows,
            header="auto" if found.depth is None else None if found.depth == 0 else 0,
            header_rows=found.depth or 1,
            name=name,
            page=piece.page,
            last_page=piece.last_page if piece.last_page != piece.page else None,
            mode=found.mode,
            confidence=found.confidence,
            warnings=found.warnings,
        )
        render_table(self.draft.builder, table, len(self.draft.tables))
        self.draft.tables.append(table)


def _table_name(pieces: Sequence[Any], at: int) -> str | None:
    """The caption above or below that speaks of a table."""
    for other in (at - 1, at + 1):
        if (
            0 <= other < len(pieces)
            and pieces[other].kind == "caption"
            and pieces[other].text[:3].lower() == "tab"
        ):
            return " ".join(pieces[other].text.split())[:300]
    return None
