"""The inside of a Word paragraph: runs, fields, links, tracked changes, and what hangs on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.model import ReadOptions
from mv2.extract.readers._docx_styles import Style, Styles
from mv2.extract.readers._elements import child, children, number_of
from mv2.extract.readers._formulas import math_text
from mv2.extract.readers._office import Draft, button_text, lowered, marked, number_text, raised
from mv2.extract.readers._ooxml import Package, chosen, is_on, value_at
from mv2.extract.readers._symbol_fonts import symbol, with_symbols

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Change: TypeAlias = Literal["inserted", "deleted"]
NoteKind: TypeAlias = Literal["footnote", "endnote", "comment"]
_DEEPEST = 120
_LINK_FIELD = re.compile(r'\s*HYPERLINK\s+(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_FIXED = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
}
_CONTAINERS = frozenset(
    [
        "w:smartTag",
        "w:customXml",
        "w:sdt",
        "w:sdtContent",
        "w:fldSimple",
        "w:bdo",
        "w:dir",
        "w:rubyBase",
        "w:rt",
    ]
)
_CHANGES: dict[str, Change] = {
    "w:ins": "inserted",
    "w:moveTo": "inserted",
    "w:del": "deleted",
    "w:moveFrom": "deleted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What a paragraph refers to, and is read behind it.

    Attributes:
        element: content of a text box, or data of a graphic.
        name: id of a note or comment.
        label: mark of a note, as it stands in the text.
    """

    kind: Literal["footnote", "endnote", "comment", "box", "graphic"]
    element: Element | None = None
    name: str = ""
    label: str = ""


@dataclass(slots=True)
class Line:
    """A paragraph as it is read.

    Attributes:
        parts: its text in pieces.
        breaks_before, breaks_inside, breaks_after: page breaks, computed or set, before its first word,
            between words, and behind the last one.
        visible: a word has been read.
        attached: notes, comments, boxes and graphics that it refers to, in order.
    """

    parts: list[str]
    attached: list[Attached]
    breaks_before: int = 0
    breaks_inside: int = 0
    breaks_after: int = 0
    visible: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


def new_line() -> Line:
    """A line without anything on it."""
    return Line([], [])


@dataclass(slots=True)
class _Field:
    """A field that has begun: its instruction is not shown, its result is."""

    in_result: bool = False
    instruction: str = ""
    start: int = 0


class InlineReader:
    """Reads paragraphs one after the other.

    Attributes:
        part: path of the part the paragraphs are in; links are looked up in its relations.
        languages: characters in each language.
        changes: tracked changes seen.
        rendered: page breaks are those the program computed, not those the author set.
        attaches: notes and comments may be referred to; not so inside of them.
    """

    def __init__(self, package: Package, styles: Styles, options: ReadOptions, draft: Draft) -> None:
        self.part = ""
        self.languages: Counter[str] = Counter()
        self.changes = 0
        self.rendered = False
        self.attaches = True
        self._package = package
        self._styles = styles
        self._options = options
        self._draft = draft
        self._fields: list[_Field] = []
        self._instructions = 0
        self._note_numbers = {"footnote": 0, "endnote": 0}
        self._line = new_line()
        self._style = Style()

    def read(self, paragraph: Element, style: Style, line: Line) -> Line:
        """Append what ``paragraph`` shows to ``line``."""
        self._line, self._style = line, style
        # A field whose instruction does not end with its paragraph is broken: it must not hide the rest.
        self._fields = [field for field in self._fields if field.in_result]
        self._instructions = 0
        for field in self._fields:
            field.start = len(line.parts)
        self._content(paragraph, 0)
        return line

    def is_dropped(self, change: Change) -> bool:
        """Whether text that was inserted or deleted is left out."""
        wanted = self._options.revisions
        return (wanted == "accepted" and change == "deleted") or (
            wanted == "original" and change == "inserted"
        )

    def _content(self, parent: Element, depth: int) -> None:
        if depth > _DEEPEST:
            raise DocumentLimitError(f"has text nested deeper than {_DEEPEST} elements")
        for element in parent:
            tag = element.tag
            if tag == "w:r":
                self._run(element, depth + 1)
            elif tag in _CHANGES:
                self._change(element, _CHANGES[tag], depth)
            elif tag == "w:hyperlink":
                self._hyperlink(element, depth)
            elif tag in {"m:oMath", "m:oMathPara"}:
                self._show(math_text(element))
            elif tag == "mc:AlternateContent":
                if (branch := chosen(element)) is not None:
                    self._content(branch, depth + 1)
            elif tag in _CONTAINERS:
                self._content(element, depth + 1)

    def _change(self, element: Element, change: Change, depth: int) -> None:
        self.changes += 1
        if self.is_dropped(change):
            return
        start = len(self._line.parts)
        self._content(element, depth + 1)
        if self._options.revisions == "marked":
            text = "".join(self._line.parts[start:])
            self._line.parts[start:] = [marked(text, change)]

    def _hyperlink(self, element: Element, depth: int) -> None:
        start = len(self._line.parts)
        self._content(element, depth + 1)
        relation = self._package.relations(self.part).get(element.get("r:id") or "")
        if relation is not None and relation.external:
            anchor = element.get("w:anchor")
            url = f"{relation.target}#{anchor}" if anchor else relation.target
            self._draft.link("".join(self._line.parts[start:]), url)

    def _run(self, run: Element, depth: int) -> None:
        properties = child(run, "w:rPr")
        if not self._options.hidden and self._is_hidden(properties):
            self._fields_of_hidden(run)
            return
        font = language = None
        if properties is not None:
            fonts, stated = child(properties, "w:rFonts"), child(properties, "w:lang")
            font = None if fonts is None else fonts.get("w:ascii")
            language = None if stated is None else stated.get("w:val")
        before = len(self._line.parts)
        self._run_content(run, font, depth)
        if (moved := value_at(properties, "w:vertAlign")) is not None:
            shift = {"superscript": raised, "subscript": lowered}.get(moved, str)
            self._line.parts[before:] = map(shift, self._line.parts[before:])
        if language := language or self._style.language:
            self.languages[language] += sum(map(len, self._line.parts[before:]))

    def _is_hidden(self, properties: Element | None) -> bool:
        stated = is_on(properties, "w:vanish")
        if stated is not None:
            return stated
        named = child(properties, "w:rStyle")
        character = self._styles.character(None if named is None else named.get("w:val"))
        return self._style.hidden != character.hidden

    def _fields_of_hidden(self, run: Element) -> None:
        for mark in children(run, "w:fldChar"):
            self._field_mark(mark)

    def _run_content(self, run: Element, font: str | None, depth: int) -> None:
        for element in run:
            tag = element.tag
            if tag in {"w:t", "w:delText"}:
                self._show(with_symbols(element.text or "", font))
            elif tag in _FIXED:
                self._show(_FIXED[tag])
            elif tag in _OTHERS:
                _OTHERS[tag](self, element)
            elif tag == "w:ruby":
                self._ruby(element, depth)
            elif tag == "mc:AlternateContent" and (branch := chosen(element)) is not None:
                self._run_content(branch, font, depth + 1)

    def _instruction(self, element: Element) -> None:
        if self._fields and not self._fields[-1].in_result:
            field = self._fields[-1]
            field.instruction = f"{field.instruction}{element.text or ''}"[:2_000]

    def _computed_break(self, _: Element) -> None:
        if self.rendered:
            self._page_break()

    def _comment(self, element: Element) -> None:
        if self._options.comments and self.attaches:
            self._line.attached.append(Attached(kind="comment", name=element.get("w:id") or ""))

    def _show(self, text: str) -> None:
        if text and not self._instructions:
            self._line.parts.append(text)
            if not text.isspace():
                self._line.visible = True
                self._line.breaks_inside += self._line.breaks_after
                self._line.breaks_after = 0

    def _break(self, element: Element) -> None:
        if element.get("w:type") == "page" and not self.rendered:
            self._page_break()
        self._show("\n")

    def _page_break(self) -> None:
        if self._line.visible:
            self._line.breaks_after += 1
        else:
            self._line.breaks_before += 1

    def _symbol(self, element: Element) -> None:
        try:
            code = int((element.get("w:char") or "")[:6], 16)
        except ValueError:
            return
        self._show(symbol(code, element.get("w:font")))

    def _note(self, element: Element) -> None:
        at_foot = element.tag == "w:footnoteReference"
        kind: Literal["footnote", "endnote"] = "footnote" if at_foot else "endnote"
        self._note_numbers[kind] += 1
        if not (self._options.notes and self.attaches):
            return
        label = ""
        if not is_set(element.get("w:customMarkFollows")):
            number = self._note_numbers[kind]
            label = f"[{number_text(number, 'decimal' if at_foot else 'lowerRoman')}]"
            self._show(label)
        self._line.attached.append(Attached(kind=kind, name=element.get("w:id") or "", label=label))

    def _ruby(self, element: Element, depth: int) -> None:
        if (base := child(element, "w:rubyBase")) is not None:
            self._content(base, depth + 1)
        above = child(element, "w:rt")
        if above is not None:
            start = len(self._line.parts)
            self._content(above, depth + 1)
            reading = "".join(self._line.parts[start:])
            self._line.parts[start:] = [f"({reading})"] if reading.strip() else []

    def _field_mark(self, mark: Element) -> None:
        kind = mark.get("w:fldCharType")
        if kind == "begin":
            self._show(_form_value(child(mark, "w:ffData")))
            if len(self._fields) < _DEEPEST:
                self._fields.append(_Field(start=len(self._line.parts)))
                self._instructions += 1
        elif self._fields and kind == "separate":
            field = self._fields[-1]
            self._instructions -= not field.in_result
            field.in_result, field.start = True, len(self._line.parts)
        elif self._fields and kind == "end":
            field = self._fields.pop()
            self._instructions -= not field.in_result
            if not field.in_result:
                self._show(button_text(field.instruction))
            found = _LINK_FIELD.match(field.instruction)
            if found and "\\l" not in field.instruction[: found.start(1)]:
                self._draft.link(
                    "".join(self._line.parts[field.start :]), found.group(1) or found.group(2) or ""
                )

    def _attach(self, element: Element) -> None:
        """Text boxes and graphics, each once; what stands in a text box is read with it."""
        waiting = [element]
        while waiting:
            one = waiting.pop()
            if one.tag == "w:txbxContent":
                self._line.attached.append(Attached(kind="box", element=one))
            elif one.tag == "a:graphicData" and (
                child(one, "c:chart") is not None or child(one, "dgm:relIds") is not None
            ):
                self._line.attached.append(Attached(kind="graphic", element=one))
            elif one.tag == "mc:AlternateContent":
                waiting.extend(branch for branch in (chosen(one),) if branch is not None)
            elif one.tag == "v:textpath":
                self._show(one.get("string") or "")
            else:
                waiting.extend(reversed(one))


_OTHERS: dict[str, Callable[[InlineReader, Element], None]] = {
    "w:br": InlineReader._break,
    "w:lastRenderedPageBreak": InlineReader._computed_break,
    "w:fldChar": InlineReader._field_mark,
    "w:instrText": InlineReader._instruction,
    "w:sym": InlineReader._symbol,
    "w:footnoteReference": InlineReader._note,
    "w:endnoteReference": InlineReader._note,
    "w:commentReference": InlineReader._comment,
    "w:drawing": InlineReader._attach,
    "w:pict": InlineReader._attach,
    "w:object": InlineReader._attach,
}


def is_set(value: str | None) -> bool:
    """Whether an attribute says yes."""
    return (value or "0").lower() in {"1", "true", "on"}


def _form_value(data: Element | None) -> str:
    """What a check box or a choice in a form shows; text fields show their result."""
    if (box := child(data, "w:checkBox")) is not None:
        ticked = is_on(box, "w:checked")
        return "☒" if (is_on(box, "w:default") if ticked is None else ticked) else "☐"
    if (choice := child(data, "w:ddList")) is not None:
        entries = children(choice, "w:listEntry")
        result = child(choice, "w:result")
        at = number_of(result if result is not None else child(choice, "w:default"))
        return (entries[at].get("w:val") or "") if 0 <= at < len(entries) else ""
    return ""
