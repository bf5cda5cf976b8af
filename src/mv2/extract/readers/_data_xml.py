"""XML of any kind: what its elements and attributes say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mv2.errors import DocumentLimitError
from mv2.extract._values import clean
from mv2.extract.guard import parse_xml
from mv2.extract.model import Extraction, Limits, ReadOptions
from mv2.extract.readers._data_records import Records

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DULL = frozenset(["schemaLocation", "noNamespaceSchemaLocation"])


def read_xml(data: bytes, options: ReadOptions) -> Extraction:
    """``path: text`` for each element and attribute; a record for each child of the root, and of lists."""
    root = parse_xml(data, options.limits)
    records = Records(options.limits)
    own = _own_lines(root, "")
    if own:
        records.add(_name(root), own)
    for symbol, element in _records(root, ""):
        inner = _lines(element, _name(element), options.limits)
        records.add(symbol, inner, tight=len(inner) == 1)
    return Extraction(text=records.builder.text, blocks=records.builder.blocks)


def _records(root: Element, path: str) -> list[tuple[str, Element]]:
    """Children of the root; a child that is itself a list of like elements gives those instead."""
    found: list[tuple[str, Element]] = []
    if _is_mixed(root):
        return found
    counts = Counter(child.tag for child in root)
    seen: Counter[str] = Counter()
    for child in root:
        seen[child.tag] += 1
        symbol = f"{path}{_name(child)}"
        if counts[child.tag] > 1:
            symbol += f"[{seen[child.tag] - 1}]"
        if not path and len(child) > 1 and len({one.tag for one in child}) == 1 and not _is_mixed(child):
            found.extend(_records(child, f"{symbol}."))
        else:
            found.append((symbol, child))
    return found


def _name(element: Element) -> str:
    return clean(element.tag.rpartition("}")[2])


def _is_mixed(element: Element) -> bool:
    """Words stand beside the children: it is a text with marks in it."""
    if not len(element):
        return False
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _words(text: str | None) -> str:
    return " ".join(clean(text or "").split())


def _own_lines(element: Element, path: str) -> list[str]:
    """The attributes of an element, and its text if it has no children or is mixed."""
    lines = []
    for name, value in element.attrib.items():
        local = name.rpartition("}")[2]
        if _words(value) and local not in _DULL:
            lines.append(f"{path}.{local}: {_words(value)}" if path else f"{local}: {_words(value)}")
    if not len(element) or _is_mixed(element):
        text = _words("".join(element.itertext()))
        if text:
            lines.append(f"{path}: {text}" if path else text)
    return lines


def _lines(element: Element, path: str, limits: Limits) -> list[str]:
    lines = list[str]()
    length = 0
    stack = [(path, element)]
    while stack:
        path, one = stack.pop()
        own = _own_lines(one, path)
        lines.extend(own)
        length += sum(map(len, own)) + len(path)
        if length > limits.text_chars:
            raise DocumentLimitError(
                f"written out it has more than {limits.text_chars:,} characters (limit text_chars)"
            )
        if not _is_mixed(one):
            stack.extend(
                (f"{path}.{_name(child)}" if path else _name(child), child) for child in reversed(one)
            )
    return lines
