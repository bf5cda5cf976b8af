"""Presentations: PPTX, PPTM, PPSX and POTX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import DocumentError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._elements import below, child, children, number_of
from mv2.extract.readers._formulas import math_text
from mv2.extract.readers._office import Cells, Draft, language_of, lowered, raised
from mv2.extract.readers._ooxml import Package, chosen
from mv2.extract.readers._ooxml_drawing import add_graphic, plain_text, refuse_depth
from mv2.extract.readers._pptx_styles import (
    LEVELS,
    Bullets,
    Holder,
    Sheet,
    holder_of,
    list_styles,
    position,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SAME_ROW = 180_000
"""Shapes whose tops differ by less (English metric units, 5 mm) stand side by side."""
_UNPLACED = 1 << 40


def read(source: Source, options: ReadOptions) -> Extraction:
    """Slides in the order they are shown: title as heading, text, lists, tables, charts, notes.

    Raises:
        DocumentError: damaged, or no presentation.
        EncryptedDocumentError: it needs a password.
        DocumentLimitError: it takes more than ``options.limits`` allow.
    """
    return _Deck(Package(source, options.limits), options).read()


@dataclass(slots=True)
class _Shape:
    element: Element
    holder: Holder | None
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """How places inside a group become places on the slide."""

    left: float = 0.0
    top: float = 0.0
    wide: float = 1.0
    high: float = 1.0


class _Deck:
    """One presentation while it is read."""

    def __init__(self, package: Package, options: ReadOptions) -> None:
        self._package = package
        self._options = options
        self._draft = Draft(options.limits)
        self._main = package.main_part("ppt/presentation.xml")
        self._sheets: dict[str, Sheet] = {}
        self._languages: Counter[str] = Counter()
        self._part = ""

    def read(self) -> Extraction:
        root = self._package.xml(self._main)
        if root.tag != "p:presentation":
            raise DocumentError("the main part of the package is no presentation")
        slides = children(child(root, "p:sldIdLst"), "p:sldId")
        relations = self._package.relations(self._main)
        hidden = 0
        for number, slide in enumerate(slides, 1):
            found = relations.get(slide.get("r:id") or "")
            element = None if found is None else self._package.part_once(found.target)
            if found is None or element is None:
                self._draft.warn(f"slide {number} is missing or damaged")
                continue
            if (element.get("show") or "1").lower() in {"0", "false"}:
                hidden += 1
                if not self._options.hidden:
                    continue
            self._draft.at_page(number)
            self._part = found.target
            self._slide(element)
        if hidden and not self._options.hidden:
            self._draft.warn(f"{hidden} hidden {'slide was' if hidden == 1 else 'slides were'} left out")
        facts = self._package.properties()
        usual = self._languages.most_common(1)
        facts["language"] = facts["language"] or language_of(usual[0][0] if usual else None)
        return self._draft.extraction(pages=len(slides), **facts)

    def _slide(self, slide: Element) -> None:
        sheet = self._layout()
        shapes = self._in_order(list(self._shapes(below(slide, "p:cSld", "p:spTree"), sheet)))
        titles = [shape for shape in shapes if shape.holder is not None and shape.holder.is_title]
        for shape in titles[:1]:
            lines = [self._text(one) for one in _paragraphs(shape.element)]
            self._draft.heading(" ".join(lines), 1)
        for shape in shapes:
            if shape not in titles[:1]:
                self._shape(shape, sheet)
        self._draft.end_list()
        if self._options.notes:
            self._speaker_notes()
        if self._options.comments:
            self._comments()

    def _layout(self) -> Sheet | None:
        path = self._package.related(self._part, "slideLayout")
        if path is None:
            return None
        if path not in self._sheets:
            master = self._package.related(path, "slideMaster")
            if master is not None and master not in self._sheets:
                self._sheets[master] = Sheet(self._package, master)
            above = None if master is None else self._sheets[master]
            self._sheets[path] = Sheet(self._package, path, above)
        return self._sheets[path]

    def _shapes(self, tree: Element | None, sheet: Sheet | None) -> Iterator[_Shape]:
        """All shapes of the slide, those in groups at their place on the slide."""
        waiting = [(iter(() if tree is None else tree), _Frame())]
        while waiting:
            refuse_depth(len(waiting) - 1)
            elements, frame = waiting[-1]
            element = next(elements, None)
            if element is None:
                waiting.pop()
            elif element.tag == "mc:AlternateContent":
                branch = chosen(element)
                waiting.append((iter(() if branch is None else branch), frame))
            elif element.tag in {"p:sp", "p:graphicFrame", "p:grpSp"} and not self._is_hidden(element):
                if element.tag == "p:grpSp":
                    waiting.append((iter(element), _inside(element, frame)))
                    continue
                holder = holder_of(element)
                place = position(element, holder, sheet)
                left, top = (_UNPLACED, _UNPLACED) if place is None else place
                yield _Shape(element, holder, frame.left + left * frame.wide, frame.top + top * frame.high)

    def _is_hidden(self, element: Element) -> bool:
        for part in element:
            if part.tag.startswith("p:nv"):
                stated = child(part, "p:cNvPr")
                return (
                    not self._options.hidden
                    and stated is not None
                    and (stated.get("hidden") or "0").lower() in {"1", "true"}
                )
        return False

    @staticmethod
    def _in_order(shapes: list[_Shape]) -> list[_Shape]:
        """From top to bottom, those side by side from left to right."""
        shapes.sort(key=lambda shape: shape.top)
        ordered: list[_Shape] = []
        row: list[_Shape] = []
        for shape in shapes:
            if row and shape.top - row[0].top > _SAME_ROW:
                ordered.extend(sorted(row, key=lambda one: one.left))
                row = []
            row.append(shape)
        return ordered + sorted(row, key=lambda one: one.left)

    def _shape(self, shape: _Shape, sheet: Sheet | None) -> None:
        self._draft.end_list()
        if shape.holder is not None and shape.holder.is_running and not self._options.headers_footers:
            return
        if shape.element.tag == "p:graphicFrame":
            data = below(shape.element, "a:graphic", "a:graphicData")
            if data is None:
                return
            if (table := child(data, "a:tbl")) is not None:
                self._table(table)
            else:
                add_graphic(self._draft, self._package, self._part, data)
            return
        bullets = Bullets(list_styles(shape.element, shape.holder, sheet))
        for paragraph in _paragraphs(shape.element):
            self._paragraph(paragraph, bullets)

    def _paragraph(self, paragraph: Element, bullets: Bullets) -> None:
        text = self._text(paragraph)
        if not text.strip():
            return
        properties = child(paragraph, "a:pPr")
        level = max(0, min(number_of(properties, "lvl"), LEVELS - 1))
        label = bullets.next_label(properties, level)
        if label is None:
            self._draft.add("paragraph", text)
        else:
            self._draft.item(text, level + 1, label)

    def _text(self, paragraph: Element) -> str:
        parts: list[str] = []
        waiting = list(reversed(paragraph))
        while waiting:
            element = waiting.pop()
            if element.tag in {"a:r", "a:fld"}:
                text = child(element, "a:t")
                words = "" if text is None else text.text or ""
                properties = child(element, "a:rPr")
                shift = number_of(properties, "baseline")
                parts.append((raised if shift > 0 else lowered)(words) if shift else words)
                self._run_facts(properties, words)
            elif element.tag == "a:br":
                parts.append("\n")
            elif element.tag == "a14:m":
                parts.append(math_text(element))
            elif element.tag == "mc:AlternateContent":
                branch = chosen(element)
                waiting.extend(reversed(() if branch is None else list(branch)))
        return "".join(parts)

    def _run_facts(self, properties: Element | None, text: str) -> None:
        if properties is None or not text:
            return
        if language := properties.get("lang"):
            self._languages[language] += len(text)
        click = child(properties, "a:hlinkClick")
        if click is not None:
            found = self._package.relations(self._part).get(click.get("r:id") or "")
            if found is not None and found.external:
                self._draft.link(text, found.target)

    def _table(self, table: Element) -> None:
        cells = Cells(self._options.limits, self._draft.spread)
        for row in children(table, "a:tr"):
            cells.new_row()
            for cell in children(row, "a:tc"):
                lines = (self._text(one) for one in children(child(cell, "a:txBody"), "a:p"))
                text = "\n".join(line for line in lines if line.strip())
                above = cells.rows[-2] if len(cells.rows) > 1 else []
                line, at = cells.rows[-1], len(cells.rows[-1])
                continues = _says(cell, "hMerge") and bool(line)
                if continues:
                    text = line[-1]
                elif _says(cell, "vMerge") and at < len(above):
                    text = above[at]
                cells.put(text, continues=continues)
        properties = child(table, "a:tblPr")
        cells.header_rows = int(properties is not None and _says(properties, "firstRow"))
        self._draft.table(cells)

    def _speaker_notes(self) -> None:
        root = self._package.part_once(self._package.related(self._part, "notesSlide"))
        for shape in self._shapes(below(root, "p:cSld", "p:spTree"), None):
            if shape.holder is not None and shape.holder.kind == "body":
                lines = [self._text(one) for one in _paragraphs(shape.element)]
                self._draft.add("note", "\n".join(line for line in lines if line.strip()))

    def _comments(self) -> None:
        root = self._package.part_once(self._package.related(self._part, "comments"))
        if root is None:
            return
        authors = self._authors()
        for comment in root.iter():
            if comment.tag == "p:cm":
                words = child(comment, "p:text")
                text = "" if words is None else words.text or ""
            elif comment.tag in {"p188:cm", "p188:reply"}:
                text = plain_text(child(comment, "p188:txBody"))
            else:
                continue
            if text.strip():
                author = authors.get(comment.get("authorId") or "")
                self._draft.add("note", f"Comment by {author}: {text}" if author else f"Comment: {text}")

    def _authors(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for kind in ("commentAuthors", "authors"):
            root = self._package.optional_xml(self._package.related(self._main, kind))
            for author in () if root is None else root:
                names[author.get("id") or ""] = author.get("name") or ""
        return names


def _paragraphs(shape: Element) -> list[Element]:
    return children(child(shape, "p:txBody"), "a:p")


def _says(element: Element, attribute: str) -> bool:
    return (element.get(attribute) or "0").lower() in {"1", "true", "on"}


def _inside(group: Element, frame: _Frame) -> _Frame:
    """The frame of what is in a group."""
    place = below(group, "p:grpSpPr", "a:xfrm")
    if place is None:
        return frame
    offset, inner = child(place, "a:off"), child(place, "a:chOff")
    size, inner_size = child(place, "a:ext"), child(place, "a:chExt")
    wide = number_of(size, "cx", 1) / (number_of(inner_size, "cx", 1) or 1)
    high = number_of(size, "cy", 1) / (number_of(inner_size, "cy", 1) or 1)
    left = number_of(offset, "x") - number_of(inner, "x") * wide
    top = number_of(offset, "y") - number_of(inner, "y") * high
    return _Frame(
        frame.left + left * frame.wide, frame.top + top * frame.high, frame.wide * wide, frame.high * high
    )
