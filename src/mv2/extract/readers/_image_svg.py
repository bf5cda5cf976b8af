"""SVG drawings: their title, description and visible text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.errors import DocumentLimitError, UnsupportedDocumentError
from mv2.extract.guard import parse_xml
from mv2.extract.model import Extraction, Limits
from mv2.extract.readers._image_facts import Facts, number_of
from mv2.extract.readers._office import language_of, readable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read_svg"]

_SVG = "{http://www.w3.org/2000/svg}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNSEEN = frozenset(
    ["defs", "style", "script", "metadata", "title", "desc", "symbol", "clipPath", "mask", "marker"]
)


def read_svg(data: bytes, limits: Limits) -> Extraction:
    """Title, description and visible text of a drawing."""
    root = parse_xml(data, limits)
    if root.tag not in {f"{_SVG}svg", "svg"}:
        raise UnsupportedDocumentError("the XML document is no SVG drawing")
    facts = Facts()
    facts.metadata |= {"format": "svg"} | _svg_size(root)
    facts.say(title=_svg_text(_child(root, "title")), description=_svg_text(_child(root, "desc")))
    seen: dict[str, None] = {}
    pending = [root]
    while pending:
        element = pending.pop()
        name = _name(element)
        if name == "text" or (name in {"title", "desc"} and element not in root[:]):
            seen[_svg_text(element)] = None
        elif name not in _UNSEEN:
            pending += reversed(element[:])
    facts.lines = [text for text in seen if text]
    facts.language = language_of(root.get(_LANGUAGE) or root.get("lang"))
    if sum(map(len, facts.lines)) > limits.text_chars:
        raise DocumentLimitError(f"has more than {limits.text_chars:,} characters of text (limit text_chars)")
    return facts.extraction()


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _svg_text(element: Element | None) -> str:
    """Its text; parts that are placed by themselves are words of their own."""
    if element is None:
        return ""
    parts: list[str] = []
    pending: list[Element | str] = [element]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            parts.append(part)
            continue
        if any(part.get(place) for place in ("x", "y", "dy")):
            parts.append(" ")
        inner: list[Element | str] = [part.text or ""]
        for child in part:
            inner += [child, child.tail or ""] if _name(child) not in _UNSEEN else [child.tail or ""]
        pending += reversed(inner)
    return " ".join(readable("".join(parts)).split())


def _svg_size(root: Element) -> dict[str, float]:
    box = (root.get("viewBox") or "").replace(",", " ").split()
    size: dict[str, float] = {}
    for at, name in ((2, "width"), (3, "height")):
        for text in ((root.get(name) or "").strip().removesuffix("px"), box[at] if len(box) == 4 else ""):
            number = number_of(text) if text else None
            if number is not None and 0 < number < 10_000_000:
                size[name] = number
                break
    return size
