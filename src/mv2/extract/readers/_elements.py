"""Elements of office documents, found by names with short prefixes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mv2.extract.readers._office import whole_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_NAMES = 10_000


class _Short(dict[str, str]):
    def __init__(self, prefix: Callable[[str], str]) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, name: str) -> str:
        space, brace, local = name.rpartition("}")
        short = f"{self._prefix(space[1:])}:{local}" if brace else name
        if len(self) < _MOST_NAMES:
            self[name] = short
        return short


def shorten_names(root: Element, prefix: Callable[[str], str]) -> None:
    """Give all elements and attributes names such as ``w:p``; ``prefix`` tells that of a namespace."""
    names = _Short(prefix)
    for element in root.iter():
        element.tag = names[element.tag]
        if element.attrib:
            element.attrib = {names[name]: value for name, value in element.attrib.items()}


def child(parent: Element | None, tag: str) -> Element | None:
    """The first child of that name."""
    if parent is not None:
        for element in parent:
            if element.tag == tag:
                return element
    return None


def children(parent: Element | None, tag: str) -> list[Element]:
    """All children of that name."""
    return [] if parent is None else [element for element in parent if element.tag == tag]


def below(parent: Element | None, *tags: str) -> Element | None:
    """The element reached by taking the first child of each name in turn."""
    for tag in tags:
        parent = child(parent, tag)
    return parent


def number_of(element: Element | None, attribute: str = "w:val", default: int = 0) -> int:
    """A whole number in an attribute."""
    return default if element is None else whole_number(element.get(attribute), default)
