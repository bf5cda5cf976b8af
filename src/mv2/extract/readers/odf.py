"""OpenDocument texts, presentations and drawings, packed or flat: ODT, OTT, ODP, OTP, ODG, FODT, FODP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mv2.errors import DocumentError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._elements import below, child, children
from mv2.extract.readers._odf_flow import OdfFlow
from mv2.extract.readers._odf_inline import Changes
from mv2.extract.readers._odf_package import OdfPackage
from mv2.extract.readers._office import Draft, whole_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LENGTH = re.compile(r"\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*(mm|cm|in|pt|pc|px)?")
_MOVED = re.compile(r"translate\s*\(\s*(-?[\d.]{1,20}[a-z]{0,2})[\s,]+(-?[\d.]{1,20}[a-z]{0,2})")
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "px": 25.4 / 96}
_SAME_ROW = 5.0
_RUNNING = frozenset(["header", "footer", "date-time", "page-number"])
_HEADS = ("style:header", "style:header-first", "style:header-left")
_FEET = ("style:footer", "style:footer-first", "style:footer-left")


def read(source: Source, options: ReadOptions) -> Extraction:
    """Text, structure and facts of a text document, presentation or drawing.

    Pages of texts are known only where the program that saved the file noted them.

    Raises:
        DocumentError: damaged, or no such document.
        EncryptedDocumentError: it needs a password.
        DocumentLimitError: it takes more than ``options.limits`` allow.
    """
    package = OdfPackage(source, options.limits)
    body = package.body("office:text")
    if body is not None:
        return _read_text(package, body, options)
    body = package.body("office:presentation", "office:drawing")
    if body is None:
        raise DocumentError("the OpenDocument is neither a text nor a presentation nor a drawing")
    return _Slides(package, options).read(body)


def _read_text(package: OdfPackage, body: Element, options: ReadOptions) -> Extraction:
    draft = Draft(options.limits)
    changes = Changes(child(body, "text:tracked-changes"))
    flow = OdfFlow(package, options, draft, changes)
    if options.headers_footers:
        _running(package, flow, draft, _HEADS)
    if next(body.iter("text:soft-page-break"), None) is not None or _has_breaks(body, flow):
        flow.page = 1
    flow.write(body, draft)
    pages = whole_number(package.statistic("page-count")) or flow.page
    draft.at_page(None)
    if options.headers_footers:
        _running(package, flow, draft, _FEET)
    facts = package.properties()
    facts["title"] = facts["title"] or flow.title
    if changes.count:
        facts["metadata"]["tracked_changes"] = changes.count
    return draft.extraction(pages=pages, **facts)


def _has_breaks(body: Element, flow: OdfFlow) -> bool:
    return any(
        flow.styles.style("paragraph", one.get("text:style-name")).breaks_page
        for one in body
        if one.tag in {"text:p", "text:h"}
    )


def _running(package: OdfPackage, flow: OdfFlow, draft: Draft, tags: tuple[str, ...]) -> None:
    """Heads or feet of the pages, each text once."""
    seen = {""}
    masters = child(package.styles, "office:master-styles")
    for master in children(masters, "style:master-page"):
        for tag in tags:
            element = child(master, tag)
            if element is None or element.get("style:display") == "false":
                continue
            lines = flow.aside(element)
            if lines.text not in seen:
                draft.add("paragraph", lines.text)
                lines.release(draft)
            seen.add(lines.text)


class _Slides:
    """A presentation or drawing while it is read."""

    def __init__(self, package: OdfPackage, options: ReadOptions) -> None:
        self._package = package
        self._options = options
        self._draft = Draft(options.limits)
        self._flow = OdfFlow(package, options, self._draft, Changes(None))

    def read(self, body: Element) -> Extraction:
        slides = children(body, "draw:page")
        hidden = 0
        for number, slide in enumerate(slides, 1):
            style = self._flow.styles.style("drawing-page", slide.get("draw:style-name"))
            if style.slide_hidden:
                hidden += 1
                if not self._options.hidden:
                    continue
            self._flow.page = number
            self._draft.at_page(number)
            self._slide(slide)
        if hidden and not self._options.hidden:
            self._draft.warn(f"{hidden} hidden {'slide was' if hidden == 1 else 'slides were'} left out")
        return self._draft.extraction(pages=len(slides), **self._package.properties())

    def _slide(self, slide: Element) -> None:
        shapes = _in_order(_shapes(slide))
        title = next((one for one in shapes if one.get("presentation:class") == "title"), None)
        if title is not None:
            self._draft.heading(self._flow.aside(title).text, 1)
        for shape in shapes:
            kind = shape.get("presentation:class")
            if shape is title or (kind in _RUNNING and not self._options.headers_footers):
                continue
            self._draft.end_list()
            self._flow.write([shape], self._draft)
        if self._options.comments:
            for comment in children(slide, "office:annotation"):
                self._flow.comment(comment, self._draft)
        if self._options.notes:
            for frame in children(child(slide, "presentation:notes"), "draw:frame"):
                box = below(frame, "draw:text-box")
                if frame.get("presentation:class") == "notes" and box is not None:
                    self._draft.add("note", self._flow.aside(box).text)


def _shapes(slide: Element) -> list[Element]:
    """Frames and shapes of a slide, those in groups too."""
    shapes = []
    waiting = list(reversed(slide))
    while waiting:
        element = waiting.pop()
        if element.tag in {"draw:g", "draw:a"}:
            waiting.extend(reversed(element))
        elif element.tag.startswith("draw:") and element.get("presentation:placeholder") != "true":
            shapes.append(element)
    return shapes


def _in_order(shapes: list[Element]) -> list[Element]:
    """From top to bottom, those side by side from left to right."""
    placed = sorted(((_place(shape), at) for at, shape in enumerate(shapes)), key=lambda one: one[0][1])
    ordered: list[int] = []
    row: list[tuple[tuple[float, float], int]] = []
    for one in placed:
        if row and one[0][1] - row[0][0][1] > _SAME_ROW:
            ordered.extend(at for _, at in sorted(row))
            row = []
        row.append(one)
    ordered.extend(at for _, at in sorted(row))
    return [shapes[at] for at in ordered]


def _place(shape: Element) -> tuple[float, float]:
    """(left, top) in millimetres."""
    moved = _MOVED.search((shape.get("draw:transform") or "")[:500])
    left, top = moved.groups() if moved else (shape.get("svg:x"), shape.get("svg:y"))
    return _length(left or shape.get("svg:x1")), _length(top or shape.get("svg:y1"))


def _length(text: str | None) -> float:
    found = _LENGTH.match(text or "")
    return float(found.group(1)) * _MILLIMETRES.get(found.group(2) or "mm", 1.0) if found else 0.0
