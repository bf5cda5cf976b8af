"""Word documents: DOCX, DOCM, DOTX and DOTM, in the transitional and the strict form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.errors import DocumentError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._docx_inline import Attached, Change, InlineReader, Line, new_line
from mv2.extract.readers._docx_numbers import Numbers
from mv2.extract.readers._docx_parts import Notes, Pages, running_parts
from mv2.extract.readers._docx_styles import Style, Styles, numbering_of, outline_level
from mv2.extract.readers._elements import child, children, number_of
from mv2.extract.readers._office import Cells, Draft, language_of, marked
from mv2.extract.readers._office_lines import Lines, Sink
from mv2.extract.readers._ooxml import Package, chosen, is_on, value_at
from mv2.extract.readers._ooxml_drawing import add_graphic, refuse_depth

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CONTAINERS = frozenset(["w:sdt", "w:sdtContent", "w:customXml", "w:smartTag"])


def read(source: Source, options: ReadOptions) -> Extraction:
    """Text, structure and facts of a Word document.

    Headings are known by their style or outline level, numbers of lists are computed. Pages are
    known only where the program that saved the file noted them, or the author set page breaks.

    Raises:
        DocumentError: damaged, or no Word document.
        EncryptedDocumentError: it needs a password.
        DocumentLimitError: it takes more than ``options.limits`` allow.
    """
    package = Package(source, options.limits)
    return _Word(package, options).read()


class _Word:
    """One document while it is read."""

    def __init__(self, package: Package, options: ReadOptions) -> None:
        self._package = package
        self._options = options
        self._main = package.main_part("word/document.xml")
        body = child(package.xml(self._main), "w:body")
        if body is None:
            raise DocumentError("the document has no body: it is no Word document")
        self._body = body
        self._draft = Draft(options.limits)
        self._styles = Styles(package.optional_xml(package.related(self._main, "styles")))
        self._numbers = Numbers(package.optional_xml(package.related(self._main, "numbering")))
        self._notes = Notes(package, self._main)
        self._pages = Pages(body)
        self._inline = InlineReader(package, self._styles, options, self._draft)
        self._inline.part = self._main
        self._inline.rendered = self._pages.rendered
        self._title: str | None = None
        self._kept: Line | None = None
        self._last_list = "0"

    def read(self) -> Extraction:
        draft = self._draft
        if self._options.headers_footers:
            self._running("header")
        draft.at_page(self._pages.number)
        self._flow(self._body, draft, 0)
        pages = self._pages.number
        draft.at_page(None)
        if self._options.headers_footers:
            self._running("footer")
        facts = self._package.properties()
        facts["title"] = facts["title"] or self._title
        usual = self._inline.languages.most_common(1)
        facts["language"] = facts["language"] or language_of(usual[0][0] if usual else None)
        if self._inline.changes:
            facts["metadata"]["tracked_changes"] = self._inline.changes
        return draft.extraction(pages=pages, **facts)

    def _running(self, which: str) -> None:
        """Heads or feet of the pages, each text once."""
        seen = set[str]()
        for path in running_parts(self._package, self._main, self._body, which):
            root = self._package.optional_xml(path)
            if root is None:
                self._draft.warn(f"a {which} of the pages could not be read")
                continue
            lines = self._aside(path, root)
            if lines.text not in seen:
                self._draft.add("paragraph", lines.text)
                lines.release(self._draft)
            seen.add(lines.text)

    def _aside(self, path: str, container: Element, depth: int = 0) -> Lines:
        """What stands outside of the body's flow, and knows neither its pages nor its notes."""
        inline, part, number = self._inline, self._inline.part, self._pages.number
        attaches, kept = inline.attaches, self._kept
        inline.part, inline.attaches, self._kept = path, False, None
        lines = Lines(self._options.limits)
        self._flow(container, lines, depth + 1)
        inline.part, inline.attaches, self._kept = part, attaches, kept
        self._pages.number = number
        return lines

    def _flow(self, container: Element, sink: Sink, depth: int) -> None:
        """All paragraphs and tables in ``container``."""
        refuse_depth(depth)
        waiting = [iter(container)]
        while waiting:
            element = next(waiting[-1], None)
            if element is None:
                waiting.pop()
            elif element.tag == "w:p":
                self._paragraph(element, sink, depth)
            elif element.tag == "w:tbl":
                self._end_kept(sink, depth)
                self._table(element, sink, depth)
            elif element.tag == "mc:AlternateContent":
                waiting.append(iter(() if (branch := chosen(element)) is None else branch))
            elif element.tag == "w:altChunk":
                self._draft.warn("a document embedded in the text was not read")
            elif element.tag in _CONTAINERS:
                waiting.append(iter(element))
        self._end_kept(sink, depth)

    def _paragraph(self, element: Element, sink: Sink, depth: int) -> None:
        properties = child(element, "w:pPr")
        style = self._styles.paragraph(value_at(properties, "w:pStyle"))
        line = self._inline.read(element, style, self._kept or new_line())
        self._kept = None
        if self._joins_next(properties):
            self._kept = line
            return
        breaks = is_on(properties, "w:pageBreakBefore")
        if (style.breaks_page if breaks is None else breaks) and not self._pages.rendered:
            line.breaks_before += 1
        self._write(line, properties, style, sink, depth)
        if child(properties, "w:sectPr") is not None:
            self._pages.end_section()
            self._set_page(sink)

    def _joins_next(self, properties: Element | None) -> bool:
        """The mark that ends the paragraph was deleted, or is not there yet."""
        mark = child(properties, "w:rPr")
        return (
            (child(mark, "w:del") is not None and self._inline.is_dropped("deleted"))
            or (child(mark, "w:moveFrom") is not None and self._inline.is_dropped("deleted"))
            or (child(mark, "w:ins") is not None and self._inline.is_dropped("inserted"))
            or (child(mark, "w:moveTo") is not None and self._inline.is_dropped("inserted"))
        )

    def _end_kept(self, sink: Sink, depth: int) -> None:
        """Write a paragraph that was to join one that does not come."""
        if self._kept is not None:
            line, self._kept = self._kept, None
            self._write(line, None, self._styles.paragraph(None), sink, depth)

    def _write(self, line: Line, properties: Element | None, style: Style, sink: Sink, depth: int) -> None:
        self._pages.turn(line.breaks_before)
        self._set_page(sink)
        self._pages.turn(line.breaks_inside)
        place: dict[str, int] = {}
        if line.breaks_inside and self._pages.number is not None:
            place["last_page"] = self._pages.number
        text = line.text
        stated = outline_level(properties)
        level = style.level if stated is None else stated
        if style.is_title and self._title is None and text.strip():
            self._title = text
        number, at = self._list_of(properties, style)
        # Word numbers empty paragraphs, too, but not those that hold nothing but a break.
        label = self._numbers.next_label(number, at) if number != "0" and text != "\n" else None
        if level:
            sink.heading(
                f"{label} {text}" if label and label != "-" and text.strip() else text, level, **place
            )
        elif label is not None:
            if at == 0 and number != self._last_list:
                sink.end_list()
                self._last_list = number
            sink.item(text, at + 1, label, **place)
        elif style.kind == "code":
            sink.code(text, **place)
        else:
            sink.add(style.kind or "paragraph", text, **place)
        self._set_page(sink)
        for attached in line.attached:
            self._attached(attached, sink, depth)
        self._pages.turn(line.breaks_after)

    def _list_of(self, properties: Element | None, style: Style) -> tuple[str, int]:
        """(id of the list, level from 0) of a paragraph; ``0`` stands for none."""
        number, at = numbering_of(properties) or style.numbering or ("0", 0)
        if at is None:
            at = self._numbers.level_of_style(number, value_at(properties, "w:pStyle"))
        return number, at

    def _set_page(self, sink: Sink) -> None:
        if sink is self._draft:
            self._draft.at_page(self._pages.number)

    def _attached(self, attached: Attached, sink: Sink, depth: int) -> None:
        if attached.kind == "box" and attached.element is not None:
            sink.end_list()
            self._flow(attached.element, sink, depth + 1)
        elif attached.kind == "graphic" and attached.element is not None:
            self._graphic(attached.element, self._inline.part, sink)
        else:
            self._note(attached.kind, attached.name, attached.label, sink, depth)

    def _graphic(self, data: Element, part: str, sink: Sink) -> None:
        if isinstance(sink, Draft):
            add_graphic(sink, self._package, part, data)
        else:
            sink.keep(lambda above: self._graphic(data, part, above))

    def _note(self, kind: str, name: str, label: str, sink: Sink, depth: int) -> None:
        found = self._notes.take(kind, name)
        if found is None:
            return
        path, note = found
        lines = self._aside(path, note, depth)
        text = lines.text
        if kind == "comment":
            author = (note.get("w:author") or "").strip()
            text = f"Comment by {author}: {text}" if author else f"Comment: {text}"
        elif label:
            text = f"{label} {text}"
        sink.add("note", text)
        lines.release(sink)

    def _table(self, element: Element, sink: Sink, depth: int) -> None:
        rows = _inside(element, "w:tr")
        name = value_at(child(element, "w:tblPr"), "w:tblCaption")
        if len(rows) == 1 and _is_layout(rows[0]):
            for cell in _inside(rows[0], "w:tc"):
                sink.end_list()
                self._flow(cell, sink, depth + 1)
            return
        cells, inside = Cells(self._options.limits, self._draft.spread), list[Lines]()
        first = self._pages.number
        for at, row in enumerate(rows):
            self._row(row, cells, inside, depth)
            first = first if at else self._pages.number
        last = self._pages.number
        sink.table(cells, name, page=first, last_page=last if last != first else None)
        for lines in inside:
            lines.release(sink)

    def _row(self, row: Element, cells: Cells, inside: list[Lines], depth: int) -> None:
        properties = child(row, "w:trPr")
        change = _row_change(properties)
        if change is not None:
            self._inline.changes += 1
            if self._inline.is_dropped(change):
                return
        if is_on(properties, "w:hidden") and not self._options.hidden:
            return
        cells.new_row()
        if is_on(properties, "w:tblHeader") and cells.header_rows == len(cells.rows) - 1:
            cells.header_rows += 1
        for _ in range(min(number_of(child(properties, "w:gridBefore")), 64)):
            cells.put("")
        start = furthest = self._pages.number
        for cell in _inside(row, "w:tc"):
            self._pages.number = start
            lines = Lines(self._options.limits)
            self._flow(cell, lines, depth + 1)
            inside.append(lines)
            furthest = max(furthest or 0, self._pages.number or 0) or None
            text = lines.text
            if change is not None and self._options.revisions == "marked":
                text = marked(text, change)
            _put(cells, cell, text)
        self._pages.number = furthest


def _inside(element: Element, tag: str) -> list[Element]:
    """The rows of a table or the cells of a row, also those that stand in content controls."""
    found, waiting = [], list(reversed(element))
    while waiting:
        child = waiting.pop()
        if child.tag == tag:
            found.append(child)
        elif child.tag in _CONTAINERS:
            waiting.extend(reversed(child))
    return found


def _is_layout(row: Element) -> bool:
    """A single row that only sets texts side by side, or a frame around one."""
    cells = _inside(row, "w:tc")
    if len(cells) == 1:
        return True
    return any(len(children(cell, "w:p")) + len(children(cell, "w:tbl")) > 1 for cell in cells)


def _row_change(properties: Element | None) -> Change | None:
    if child(properties, "w:del") is not None:
        return "deleted"
    return "inserted" if child(properties, "w:ins") is not None else None


def _put(cells: Cells, cell: Element, text: str) -> None:
    """A cell in its row; the lower part of a merged one repeats what is above it."""
    properties = child(cell, "w:tcPr")
    columns = number_of(child(properties, "w:gridSpan"), default=1)
    merged = child(properties, "w:vMerge")
    row, above = cells.rows[-1], cells.rows[-2] if len(cells.rows) > 1 else []
    if merged is not None and merged.get("w:val") != "restart" and len(row) < len(above):
        text = text or above[len(row)]
    beside = child(properties, "w:hMerge")
    continues = beside is not None and beside.get("w:val") != "restart" and bool(row)
    if continues:
        text = text or row[-1]
    cells.put(text, columns=columns, continues=continues)
