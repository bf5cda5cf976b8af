"""What a slide takes over from its layout and master: places of its shapes, bullets of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.extract.readers._elements import below, child, number_of
from mv2.extract.readers._office import number_text
from mv2.extract.readers._ooxml import Package

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LEVELS = 9
_BULLETS = frozenset(["a:buNone", "a:buChar", "a:buAutoNum", "a:buBlip"])
_TITLES = frozenset(["title", "ctrTitle"])
_OTHERS = frozenset(["dt", "ftr", "sldNum", "hdr", "pic"])
_BODIES = frozenset(["body", "subTitle", "obj", "tbl", "chart", "dgm", "media"])
_LETTERS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A placeholder: what a shape is for. ``kind`` is ``body`` where the file says nothing."""

    kind: str
    index: str

    @property
    def is_title(self) -> bool:
        return self.kind in _TITLES

    @property
    def is_running(self) -> bool:
        """Date, number, head or foot of the slide."""
        return self.kind in {"dt", "ftr", "sldNum", "hdr"}


def holder_of(shape: Element) -> Holder | None:
    """The placeholder a shape fills, None if it stands for itself."""
    for part in shape:
        if part.tag in {"p:nvSpPr", "p:nvGraphicFramePr", "p:nvPicPr"}:
            found = child(child(part, "p:nvPr"), "p:ph")
            if found is not None:
                return Holder(kind=found.get("type") or "body", index=found.get("idx") or "0")
    return None


class Sheet:
    """A slide layout or master, and those above it."""

    def __init__(self, package: Package, path: str | None, above: Sheet | None = None) -> None:
        self.above = above
        root = package.optional_xml(path)
        self._by_index: dict[str, Element] = {}
        self._by_kind: dict[str, Element] = {}
        tree = below(root, "p:cSld", "p:spTree")
        for shape in () if tree is None else tree:
            if shape.tag == "p:sp" and (holder := holder_of(shape)) is not None:
                self._by_index.setdefault(holder.index, shape)
                self._by_kind.setdefault(_kind(holder), shape)
        self._styles = child(root, "p:txStyles")

    def shape(self, holder: Holder) -> Element | None:
        """The shape that says how the placeholder looks here; the index decides, then the kind."""
        found = None if holder.index == "0" else self._by_index.get(holder.index)
        return self._by_kind.get(_kind(holder)) if found is None else found

    def text_style(self, holder: Holder | None) -> Element | None:
        """The style of the master for that kind of text."""
        if holder is None or holder.kind in _OTHERS:
            return child(self._styles, "p:otherStyle")
        return child(self._styles, "p:titleStyle" if holder.is_title else "p:bodyStyle")


def _kind(holder: Holder) -> str:
    if holder.is_title:
        return "title"
    return "body" if holder.kind in _BODIES else holder.kind


def sheets_of(sheet: Sheet | None) -> list[Sheet]:
    """The layout, then its master."""
    found = []
    while sheet is not None:
        found.append(sheet)
        sheet = sheet.above
    return found


def position(shape: Element, holder: Holder | None, sheet: Sheet | None) -> tuple[int, int] | None:
    """(left, top) of a shape, as stated by it, its layout or its master."""
    found = _offset(shape)
    if holder is not None:
        for one in sheets_of(sheet):
            if found is not None:
                break
            above = one.shape(holder)
            found = None if above is None else _offset(above)
    return found


def _offset(shape: Element) -> tuple[int, int] | None:
    frame = child(shape, "p:xfrm")
    offset = child(below(shape, "p:spPr", "a:xfrm") if frame is None else frame, "a:off")
    return None if offset is None else (number_of(offset, "x"), number_of(offset, "y"))


def list_styles(shape: Element, holder: Holder | None, sheet: Sheet | None) -> list[Element]:
    """Styles that may say which bullets the text of a shape has; the nearest first."""
    found = [below(shape, "p:txBody", "a:lstStyle")]
    if holder is not None:
        found.extend(below(one.shape(holder), "p:txBody", "a:lstStyle") for one in sheets_of(sheet))
        found.extend(one.text_style(holder) for one in sheets_of(sheet))
    return [one for one in found if one is not None]


class Bullets:
    """Counts the paragraphs of a shape.

    Args:
        styles: as from ``list_styles``.
    """

    def __init__(self, styles: list[Element]) -> None:
        self._styles = styles
        self._inherited: dict[int, Element | None] = {}
        self._counts: dict[int, int] = {}

    def next_label(self, properties: Element | None, level: int) -> str | None:
        """Number or ``-`` of the next paragraph; None if it is in no list."""
        bullet = _bullet(properties)
        if bullet is None:
            if level not in self._inherited:
                self._inherited[level] = self._find(level)
            bullet = self._inherited[level]
        for deeper in range(level + 1, LEVELS):
            self._counts.pop(deeper, None)
        if bullet is None or bullet.tag != "a:buAutoNum":
            self._counts.pop(level, None)
            return None if bullet is None or bullet.tag == "a:buNone" else "-"
        start = number_of(bullet, "startAt", 1)
        number = self._counts[level] = self._counts.get(level, start - 1) + 1
        return _numbered(number, bullet.get("type") or "arabicPeriod")

    def _find(self, level: int) -> Element | None:
        for style in self._styles:
            found = _bullet(child(style, f"a:lvl{level + 1}pPr"))
            if found is not None:
                return found
        return None


def _bullet(properties: Element | None) -> Element | None:
    if properties is not None:
        for one in properties:
            if one.tag in _BULLETS:
                return one
    return None


def _numbered(number: int, scheme: str) -> str:
    form = next((form for start, form in _LETTERS.items() if scheme.startswith(start)), "decimal")
    text = number_text(number, form)
    if scheme.endswith("ParenBoth"):
        return f"({text})"
    if scheme.endswith("ParenR"):
        return f"{text})"
    return text if scheme.endswith("Plain") else f"{text}."
