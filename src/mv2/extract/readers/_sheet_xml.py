"""XML too large for a tree, read as a stream of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mv2.errors import DocumentError

Start: TypeAlias = Callable[[str, dict[str, str]], Any]
_STEP = 1 << 20


def scan_xml(data: bytes, start: Start, end: Callable[[str], Any], text: Callable[[str], Any]) -> None:
    """Call back for each element and each run of text, with names as they are written.

    Raises:
        DocumentError: not well-formed, or it has a document type (which could declare entities).
    """
    from xml.parsers import expat

    def refuse(*_: Any) -> None:
        raise DocumentError("the XML declares a document type, which spreadsheets do not have")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    view = memoryview(data)
    try:
        for at in range(0, len(data), _STEP):
            parser.Parse(bytes(view[at : at + _STEP]), False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DocumentError(f"the XML is not well-formed: {error}") from error
