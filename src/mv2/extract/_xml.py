"""XML without surprises: no entities of its own, no external files, bounded depth and size."""

from __future__ import annotations

import html.entities
import re
from typing import TYPE_CHECKING, Any

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract._text import decode_text
from mv2.extract.model import Limits

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_ELEMENTS = 2_000_000
_STEP = 1 << 18
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_UNDEFINED_ENTITY = 11


def parse_xml(data: bytes, limits: Limits) -> Element:
    """The root element of an XML document; comments and processing instructions are left out.

    Entities that HTML names (``&nbsp;``) are understood, those a document declares are refused.

    Raises:
        DocumentError: not well-formed, or it declares entities.
        DocumentLimitError: nested deeper than ``limits.depth``, or more than two million elements.
    """
    declared = _DECLARATION.match(data.lstrip()[:400])
    text, _ = decode_text(data, declared.group(1).decode("ascii") if declared else "utf-8")
    text = text.lstrip("\ufeff \t\r\n")
    if "<!DOCTYPE" in text:
        return _parse_watching(text, limits)
    if text.count("<") > 2 * MOST_ELEMENTS:
        raise _too_many()
    return _parse_plain(text, limits)


def _parse_plain(text: str, limits: Limits) -> Element:
    """Without a document type there can be no entities, and the parser in C does it all."""
    from xml.etree.ElementTree import ParseError, XMLParser

    parser = XMLParser()  # noqa: S314 - what it would expand cannot be declared here
    try:
        for start in range(0, len(text), _STEP):
            parser.feed(text[start : start + _STEP])
        root: Element = parser.close()
    except ParseError as error:
        if error.code == _UNDEFINED_ENTITY:
            return _parse_watching(text, limits)
        raise _malformed(str(error)) from error
    depth = count = 0
    level = [root]
    while level:
        depth += 1
        count += len(level)
        if depth > limits.depth:
            raise _too_deep(limits)
        level = [child for element in level for child in element]
    if count > MOST_ELEMENTS:
        raise _too_many()
    return root


class _Watch:
    """Handlers that build a tree and refuse what must not be in it."""

    def __init__(self, limits: Limits) -> None:
        from xml.etree.ElementTree import TreeBuilder

        self._limits = limits
        self._tree = TreeBuilder()
        self._depth = 0
        self._count = 0
        self.data = self._tree.data
        self.close = self._tree.close

    def start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > self._limits.depth:
            raise _too_deep(self._limits)
        if self._count > MOST_ELEMENTS:
            raise _too_many()
        names = (_qualified(one) for one in attributes[::2])
        self._tree.start(_qualified(name), dict(zip(names, attributes[1::2], strict=True)))

    def end(self, name: str) -> None:
        self._depth -= 1
        self._tree.end(_qualified(name))

    def skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._tree.data(html.entities.html5.get(f"{name};", f"&{name};"))

    def refuse(self, *_: Any) -> None:
        raise DocumentError("the XML declares entities of its own, which are not expanded")

    def ignore(self, *_: Any) -> int:
        return 1


def _parse_watching(text: str, limits: Limits) -> Element:
    from xml.parsers import expat

    parser = expat.ParserCreate("utf-8", "}")
    watch = _Watch(limits)
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.UseForeignDTD(True)
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    parser.CharacterDataHandler = watch.data
    parser.SkippedEntityHandler = watch.skipped
    parser.EntityDeclHandler = watch.refuse
    parser.ExternalEntityRefHandler = watch.ignore
    try:
        for start in range(0, len(text), _STEP):
            parser.Parse(text[start : start + _STEP], False)
        parser.Parse("", True)
        root: Element = watch.close()
    except (expat.ExpatError, AssertionError) as error:
        raise _malformed(str(error)) from error
    return root


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def _malformed(reason: str) -> DocumentError:
    return DocumentError(f"the XML is not well-formed: {reason}")


def _too_deep(limits: Limits) -> DocumentLimitError:
    return DocumentLimitError(f"the XML is nested deeper than {limits.depth} elements (limit depth)")


def _too_many() -> DocumentLimitError:
    return DocumentLimitError(f"the XML has more than {MOST_ELEMENTS:,} elements")
