"""The inside of an OpenDocument paragraph: spans, spaces, links, changes, and what hangs on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.model import ReadOptions
from mv2.extract.readers._elements import child
from mv2.extract.readers._formulas import mathml_text
from mv2.extract.readers._odf_package import OdfPackage
from mv2.extract.readers._odf_styles import OdfStyles
from mv2.extract.readers._office import Draft, lowered, marked, raised, whole_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEEPEST = 120
_MOST_SPACES = 200
_SPACES = re.compile(r"[ \t\r\n]+")
_FIXED = {"text:tab": "\t", "text:line-break": "\n"}
_SILENT = frozenset(
    [
        "office:annotation-end",
        "office:forms",
        "text:tracked-changes",
        "text:alphabetical-index-mark",
        "text:alphabetical-index-mark-start",
        "text:toc-mark",
        "text:script",
        "text:ruby-text",
        "office:event-listeners",
        "office:dde-source",
    ]
)


@dataclass(slots=True)
class OdfLine:
    """A paragraph as it is read.

    Attributes:
        parts: its text in pieces.
        attached: notes, comments, frames and shapes in it, in order.
        breaks_before, breaks_inside, breaks_after: pages that end before its first word, between words,
            and behind the last one.
        visible: a word has been read.
    """

    parts: list[str]
    attached: list[Element]
    breaks_before: int = 0
    breaks_inside: int = 0
    breaks_after: int = 0
    visible: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


class Changes:
    """Tracked changes of a document: which regions are insertions, and what was deleted where.

    Attributes:
        count: how many there are.
        inserting: the reader is inside of an insertion.
    """

    def __init__(self, tracked: Element | None) -> None:
        self._insertions: set[str] = set()
        self._deletions: dict[str, Element] = {}
        self._open: set[str] = set()
        self.count = 0
        for region in () if tracked is None else tracked:
            name = region.get("text:id") or region.get("xml:id") or ""
            for change in region:
                if change.tag == "text:insertion":
                    self._insertions.add(name)
                elif change.tag == "text:deletion":
                    self._deletions[name] = change
                self.count += change.tag in {"text:insertion", "text:deletion"}

    @property
    def inserting(self) -> bool:
        return bool(self._open)

    def begin(self, name: str) -> None:
        if name in self._insertions:
            self._open.add(name)

    def end(self, name: str) -> None:
        self._open.discard(name)

    def take_deleted(self, name: str) -> Element | None:
        """What was deleted at a place; once only."""
        return self._deletions.pop(name, None)


class OdfInline:
    """Reads paragraphs one after the other.

    Attributes:
        attaches: notes and comments may be referred to; not so inside of them.
        changes: tracked changes, with the place reached in them.
    """

    def __init__(
        self,
        package: OdfPackage,
        styles: OdfStyles,
        options: ReadOptions,
        draft: Draft,
        changes: Changes,
    ) -> None:
        self.attaches = True
        self.changes = changes
        self._package = package
        self._styles = styles
        self._options = options
        self._draft = draft
        self._line = OdfLine([], [])
        self._mark = 0

    @property
    def dropping(self) -> bool:
        """What is read now was inserted later than what is wanted."""
        return self.changes.inserting and self._options.revisions == "original"

    def read(self, paragraph: Element, line: OdfLine) -> OdfLine:
        """Append what ``paragraph`` shows to ``line``."""
        self._line, self._mark = line, len(line.parts)
        style = self._styles.style("paragraph", paragraph.get("text:style-name"))
        self._content(paragraph, 0, hidden=style.hidden and not self._options.hidden)
        self._end_insertion()
        return line

    def change(self, element: Element) -> None:
        """A mark of tracked changes: the beginning or end of an insertion, or the place of a deletion."""
        name = element.get("text:change-id") or ""
        if element.tag == "text:change":
            deleted = self.changes.take_deleted(name)
            if deleted is not None and self._options.revisions != "accepted":
                self._deleted(deleted)
            return
        self._end_insertion()
        if element.tag == "text:change-start":
            self.changes.begin(name)
        else:
            self.changes.end(name)

    def _end_insertion(self) -> None:
        """Mark what was inserted since the last mark, if marks are wanted."""
        if self.changes.inserting and self._options.revisions == "marked":
            text = "".join(self._line.parts[self._mark :])
            self._line.parts[self._mark :] = [marked(text, "inserted")]
        self._mark = len(self._line.parts)

    def _deleted(self, deletion: Element) -> None:
        lines = []
        line, mark, changes = self._line, self._mark, self.changes
        self.changes = Changes(None)
        for paragraph in deletion.iter():
            if paragraph.tag in {"text:p", "text:h"}:
                self._line = OdfLine([], [])
                self._content(paragraph, 0, hidden=False)
                lines.append(self._line.text)
        self._line, self._mark, self.changes = line, mark, changes
        text = "\n".join(lines)
        if self._options.revisions == "marked":
            text = "\n".join(marked(one, "deleted") for one in lines)
        self._show(text)

    def _content(self, parent: Element, depth: int, *, hidden: bool) -> None:
        if depth > _DEEPEST:
            raise DocumentLimitError(f"has text nested deeper than {_DEEPEST} elements")
        if parent.text and not hidden:
            self._words(parent.text)
        for element in parent:
            self._element(element, depth, hidden=hidden)
            if element.tail and not hidden:
                self._words(element.tail)

    def _words(self, text: str) -> None:
        """Text of the file, in which white space means one space, and none at the beginning."""
        text = _SPACES.sub(" ", text)
        parts = self._line.parts
        if text[:1] == " " and (not parts or parts[-1].endswith((" ", "\n"))):
            text = text[1:]
        self._show(text)

    def _show(self, text: str) -> None:
        if text and not self.dropping:
            self._line.parts.append(text)
            if not text.isspace():
                self._line.visible = True
                self._line.breaks_inside += self._line.breaks_after
                self._line.breaks_after = 0

    def _element(self, element: Element, depth: int, *, hidden: bool) -> None:
        tag = element.tag
        if tag == "text:soft-page-break":
            self._page_break()
        elif tag in {"text:change", "text:change-start", "text:change-end"}:
            self.change(element)
        elif hidden:
            # Only marks of pages and changes count in what is not shown.
            self._content(element, depth + 1, hidden=True)
        elif tag in _FIXED:
            self._show(_FIXED[tag])
        elif tag in _OTHERS:
            _OTHERS[tag](self, element, depth)
        elif tag.startswith("draw:"):
            self._drawn(element)
        elif tag not in _SILENT and element.get("text:display") != "none":
            self._content(element, depth + 1, hidden=False)

    def _spaces(self, element: Element, _: int) -> None:
        self._show(" " * whole_number(element.get("text:c"), 1, least=1, most=_MOST_SPACES))

    def _hideable(self, element: Element, _: int) -> None:
        if self._options.hidden or element.get("text:is-hidden") == "false":
            self._show(element.get("text:string-value") or element.text or "")

    def _drawn(self, element: Element) -> None:
        """A formula stands in its line, everything else beside it."""
        if self.dropping:
            return
        found = child(element, "draw:object")
        if found is not None:
            root = self._package.embedded(found.get("xlink:href") or "")
            formula = next((found if root is None else root).iter("math:math"), None)
            if formula is not None:
                self._show(mathml_text(formula))
                return
        self._line.attached.append(element)

    def _page_break(self) -> None:
        if self._line.visible:
            self._line.breaks_after += 1
        else:
            self._line.breaks_before += 1

    def _span(self, element: Element, depth: int) -> None:
        style = self._styles.style("text", element.get("text:style-name"))
        start = len(self._line.parts)
        self._content(element, depth + 1, hidden=style.hidden and not self._options.hidden)
        if style.raised and start >= self._mark:
            shift = raised if style.raised > 0 else lowered
            self._line.parts[start:] = map(shift, self._line.parts[start:])

    def _link(self, element: Element, depth: int) -> None:
        start = len(self._line.parts)
        self._content(element, depth + 1, hidden=False)
        self._draft.link("".join(self._line.parts[start:]), element.get("xlink:href") or "")

    def _ruby(self, element: Element, depth: int) -> None:
        self._content(element, depth + 1, hidden=False)
        above = child(element, "text:ruby-text")
        if above is not None and (reading := "".join(above.itertext()).strip()):
            self._show(f"({reading})")

    def _note(self, element: Element, _: int) -> None:
        if not self.attaches or self.dropping:
            return
        if element.tag == "text:note":
            if not self._options.notes:
                return
            self._show(note_label(element))
        elif not self._options.comments:
            return
        self._line.attached.append(element)


_OTHERS: dict[str, Callable[[OdfInline, Element, int], None]] = {
    "text:span": OdfInline._span,
    "text:s": OdfInline._spaces,
    "text:a": OdfInline._link,
    "text:ruby": OdfInline._ruby,
    "text:note": OdfInline._note,
    "office:annotation": OdfInline._note,
    "text:hidden-text": OdfInline._hideable,
    "text:hidden-paragraph": OdfInline._hideable,
}


def note_label(note: Element) -> str:
    """The mark of a footnote or endnote, as it stands in the text and before the note."""
    citation = child(note, "text:note-citation")
    shown = "" if citation is None else (citation.get("text:label") or "".join(citation.itertext())).strip()
    return f"[{shown}]" if shown else ""
