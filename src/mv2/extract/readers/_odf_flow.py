"""Paragraphs, lists, tables, frames and notes of an OpenDocument, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.extract.model import ReadOptions
from mv2.extract.readers._elements import child, children
from mv2.extract.readers._odf_inline import Changes, OdfInline, OdfLine, note_label
from mv2.extract.readers._odf_package import OdfPackage
from mv2.extract.readers._odf_styles import Counter, OdfStyles, Style
from mv2.extract.readers._office import Cells, Draft, whole_number
from mv2.extract.readers._office_lines import Lines, Sink
from mv2.extract.readers._ooxml_drawing import refuse_depth

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_GROUPS = frozenset(
    [
        "text:section",
        "text:index-body",
        "text:index-title",
        "text:table-of-content",
        "text:illustration-index",
        "text:table-index",
        "text:object-index",
        "text:user-index",
        "text:alphabetical-index",
        "text:bibliography",
        "text:numbered-paragraph",
        "draw:g",
        "draw:a",
        "draw:frame",
        "draw:text-box",
    ]
)
_SHAPES = frozenset(
    f"draw:{name}"
    for name in (
        "custom-shape", "rect", "line", "polyline", "polygon", "regular-polygon", "path", "circle",
        "ellipse", "connector", "caption", "measure", "page-thumbnail",
    )
)  # fmt: skip
_MOST_EMPTY = 1_024


@dataclass(slots=True)
class _List:
    """The list being read.

    Attributes:
        label: of the item that has not shown it yet; None behind its first paragraph.
    """

    counter: Counter
    style: str
    depth: int
    label: str | None = None


class OdfFlow:
    """Writes what elements hold into a draft, or into the lines of a cell or note.

    Attributes:
        page: the page reached, None if nothing is known of pages.
        title: text of the first paragraph that is one by its style.
    """

    def __init__(self, package: OdfPackage, options: ReadOptions, draft: Draft, changes: Changes) -> None:
        self.page: int | None = None
        self.title: str | None = None
        self._package = package
        self._options = options
        self._draft = draft
        self._styles = OdfStyles(package.content, package.styles)
        self._inline = OdfInline(package, self._styles, options, draft, changes)
        self._outline = Counter(self._styles.outline)
        self._lists: dict[str, Counter] = {}
        self._by_id: dict[str, Counter] = {}
        self._kept: OdfLine | None = None

    @property
    def styles(self) -> OdfStyles:
        return self._styles

    def write(
        self, container: Iterable[Element], sink: Sink, depth: int = 0, within: _List | None = None
    ) -> None:
        """All that ``container`` holds."""
        refuse_depth(depth)
        for element in container:
            self._element(element, sink, depth, within)
        if within is None:
            self._end_kept(sink, depth)

    def aside(self, container: Iterable[Element], depth: int = 0) -> Lines:
        """What stands outside of the flow: the text of a note or running head."""
        attaches, kept, page = self._inline.attaches, self._kept, self.page
        self._inline.attaches, self._kept = False, None
        lines = Lines(self._options.limits)
        self.write(container, lines, depth + 1)
        self._inline.attaches, self._kept, self.page = attaches, kept, page
        return lines

    def _element(self, element: Element, sink: Sink, depth: int, within: _List | None) -> None:
        tag = element.tag
        if tag in {"text:p", "text:h"}:
            self._paragraph(element, sink, depth, within)
        elif tag == "text:list":
            self._list(element, sink, depth, within)
        elif tag == "table:table":
            self._end_kept(sink, depth)
            self.table(element, sink, depth)
        elif tag in {"text:change", "text:change-start", "text:change-end"}:
            self._inline.change(element)
        elif tag == "text:soft-page-break":
            self._turn(1)
        elif tag in _SHAPES:
            sink.end_list()
            self.write(element, sink, depth + 1)
        elif tag == "draw:object":
            self._object(element, sink)
        elif tag in _GROUPS and not self._is_hidden(element):
            self.write(element, sink, depth + 1, within)

    def _is_hidden(self, element: Element) -> bool:
        if self._options.hidden or element.tag != "text:section":
            return False
        style = self._styles.style("section", element.get("text:style-name"))
        return element.get("text:display") in {"none", "condition"} or style.hidden

    def _paragraph(self, element: Element, sink: Sink, depth: int, within: _List | None) -> None:
        line = self._inline.read(element, self._kept or OdfLine([], []))
        self._kept = line if self._inline.dropping else None
        if self._kept is not None:
            return
        style = self._styles.style("paragraph", element.get("text:style-name"))
        self._turn(line.breaks_before + style.breaks_page)
        self._set_page(sink)
        self._turn(line.breaks_inside)
        last = {"last_page": self.page} if line.breaks_inside and self.page is not None else {}
        self._write_line(element, line, style, sink, within, last)
        self._set_page(sink)
        for attached in line.attached:
            self._attached(attached, sink, depth)
        self._turn(line.breaks_after)

    def _write_line(
        self,
        element: Element,
        line: OdfLine,
        style: Style,
        sink: Sink,
        within: _List | None,
        place: dict[str, int],
    ) -> None:
        text = line.text
        level = 0
        if element.tag == "text:h":
            level = whole_number(element.get("text:outline-level"), 1, least=1, most=10)
        if style.is_title and not level:
            self.title = self.title or text.strip()
            level = 1
        label = self._label(element, text, level, within)
        if level:
            sink.heading(f"{label} {text}" if label and label != "-" else text, level, **place)
        elif within is not None:
            sink.item(text, within.depth, label, **place)
        elif style.kind == "code":
            sink.code(text, **place)
        else:
            sink.add(style.kind or "paragraph", text, **place)

    def _label(self, element: Element, text: str, level: int, within: _List | None) -> str:
        """The number or bullet of a paragraph; the first one of an item has that of the item."""
        if not text.strip():
            return ""
        if within is not None:
            label, within.label = within.label, None
            return label or ""
        if element.tag == "text:h" and level and self._styles.outline:
            if element.get("text:is-list-header") == "true":
                return ""
            return self._outline.next_label(level, element.get("text:start-value"))
        return ""

    def _end_kept(self, sink: Sink, depth: int) -> None:
        """Write a paragraph that was to join one that does not come."""
        if self._kept is None or self._inline.dropping:
            return
        line, self._kept = self._kept, None
        sink.add("paragraph", line.text)
        for attached in line.attached:
            self._attached(attached, sink, depth)

    def _list(self, element: Element, sink: Sink, depth: int, within: _List | None) -> None:
        refuse_depth(depth)
        style = element.get("text:style-name") or (within.style if within else "")
        name = element.get("xml:id") or ""
        if within is not None and style == within.style:
            counter = within.counter
        else:
            before = self._by_id.get(element.get("text:continue-list") or "")
            if before is None and element.get("text:continue-numbering") == "true":
                before = self._lists.get(style)
            counter = Counter(self._styles.list_levels(style), before)
        if within is None:
            sink.end_list()
            self._lists[style] = counter
        if name:
            self._by_id[name] = counter
        here = _List(counter, style, within.depth + 1 if within else 1)
        for item in element:
            if item.tag == "text:list-item":
                if not self._has_own_text(item):
                    here.label = None
                elif not self._inline.dropping:
                    here.label = counter.next_label(here.depth, item.get("text:start-value"))
            elif item.tag != "text:list-header":
                self._element(item, sink, depth, here)
                continue
            self.write(item, sink, depth + 1, here)
        if within is None:
            sink.end_list()

    @staticmethod
    def _has_own_text(item: Element) -> bool:
        """Whether the item has a number of its own, and does not only hold a list."""
        return any(one.tag in {"text:p", "text:h"} for one in item)

    def _attached(self, element: Element, sink: Sink, depth: int) -> None:
        if element.tag == "text:note":
            body = child(element, "text:note-body")
            if body is not None:
                lines = self.aside(body, depth)
                sink.add("note", f"{note_label(element)} {lines.text}")
                lines.release(sink)
        elif element.tag == "office:annotation":
            self.comment(element, sink, depth)
        else:
            kept, self._kept = self._kept, None
            self._element(element, sink, depth + 1, None)
            self._kept = kept

    def comment(self, element: Element, sink: Sink, depth: int = 0) -> None:
        """A comment of a reviewer."""
        stated = child(element, "dc:creator")
        author = "" if stated is None else (stated.text or "").strip()
        lines = self.aside(element, depth)
        if lines.text:
            sink.add("note", f"Comment by {author}: {lines.text}" if author else f"Comment: {lines.text}")

    def _turn(self, pages: int) -> None:
        if self.page is not None and not self._inline.dropping:
            self.page += pages

    def _set_page(self, sink: Sink) -> None:
        if sink is self._draft:
            self._draft.at_page(self.page)

    def _object(self, element: Element, sink: Sink) -> None:
        """An embedded chart; formulas are read with the text they stand in."""
        root = self._package.embedded(element.get("xlink:href") or "")
        root = element if root is None else root
        chart = next(root.iter("chart:chart"), None)
        if chart is not None:
            title = child(chart, "chart:title")
            name = None if title is None else " ".join("".join(title.itertext()).split())
            if name:
                sink.add("caption", name)
            for table in children(chart, "table:table"):
                self.table(table, sink, 0, name)

    def table(self, element: Element, sink: Sink, depth: int, name: str | None = None) -> None:
        """A table, and behind it those inside of its cells."""
        refuse_depth(depth)
        rows = list(_rows(element))
        if self._styles.style("table", element.get("table:style-name")).breaks_page:
            self._turn(1)
        if len(rows) == 1 and _is_layout(rows[0][0]):
            for cell in children(rows[0][0], "table:table-cell"):
                sink.end_list()
                self.write(cell, sink, depth + 1)
            return
        cells, inside = Cells(self._options.limits, self._draft.spread), list[Lines]()
        first = self.page
        for at, (row, is_header) in enumerate(rows):
            if row.tag == "text:soft-page-break":
                self._turn(1)
                continue
            if not self._options.hidden and row.get("table:visibility") in {"collapse", "filter"}:
                continue
            self._row(row, cells, inside, depth)
            first = first if at else self.page
            if is_header and cells.header_rows == len(cells.rows) - 1:
                cells.header_rows += 1
        sink.table(cells, name, page=first, last_page=self.page if self.page != first else None)
        for lines in inside:
            lines.release(sink)

    def _row(self, row: Element, cells: Cells, inside: list[Lines], depth: int) -> None:
        found: list[tuple[str, int, int, int]] = []
        start = furthest = self.page
        for cell in row:
            if cell.tag != "table:table-cell":
                continue
            self.page = start
            lines = Lines(self._options.limits)
            self.write(cell, lines, depth + 1)
            inside.append(lines)
            furthest = max(furthest or 0, self.page or 0) or None
            found.append(
                (
                    lines.text,
                    whole_number(cell.get("table:number-columns-spanned"), 1, least=1),
                    whole_number(cell.get("table:number-rows-spanned"), 1, least=1),
                    whole_number(cell.get("table:number-columns-repeated"), 1, least=1),
                )
            )
        self.page = furthest
        while found and not found[-1][0]:
            found.pop()
        times = whole_number(row.get("table:number-rows-repeated"), 1, least=1)
        for _ in range(times if found else min(times, 1)):
            cells.new_row()
            for text, columns, rows, times_across in found:
                repeated = times_across if text else min(times_across, _MOST_EMPTY)
                self._draft.spread.spend(repeated - 1)
                for _ in range(repeated):
                    cells.put(text, columns=columns, rows=rows)


def _rows(table: Element) -> list[tuple[Element, bool]]:
    """(row or page break, whether it is in the header), in order."""
    rows: list[tuple[Element, bool]] = []
    waiting = [(one, False) for one in reversed(table)]
    while waiting:
        element, header = waiting.pop()
        if element.tag in {"table:table-row", "text:soft-page-break"}:
            rows.append((element, header))
        elif element.tag in {"table:table-header-rows", "table:table-rows", "table:table-row-group"}:
            header = header or element.tag == "table:table-header-rows"
            waiting.extend((one, header) for one in reversed(element))
    return rows


def _is_layout(row: Element) -> bool:
    """A single row that only sets texts side by side, or a frame around one."""
    cells = children(row, "table:table-cell")
    if len(cells) == 1:
        return True
    return any(
        len(children(cell, "text:p")) + len(children(cell, "text:list")) + len(children(cell, "text:h")) > 1
        or child(cell, "table:table") is not None
        for cell in cells
    )
