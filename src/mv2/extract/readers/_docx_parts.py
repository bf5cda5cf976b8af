"""Parts of a Word document beside its body: notes, comments, running heads and feet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.extract.readers._docx_inline import is_set
from mv2.extract.readers._elements import child
from mv2.extract.readers._ooxml import Package, is_on

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Notes:
    """Footnotes, endnotes and comments by their id; each can be taken once."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._main = main
        self._known: dict[str, tuple[str, dict[str, Element]]] = {}

    def take(self, kind: str, name: str) -> tuple[str, Element] | None:
        """(path of its part, the note), None if there is none or it was taken before.

        Args:
            kind: ``footnote``, ``endnote`` or ``comment``.
        """
        if kind not in self._known:
            self._known[kind] = self._read(kind)
        path, notes = self._known[kind]
        found = notes.pop(name, None)
        return None if found is None else (path, found)

    def _read(self, kind: str) -> tuple[str, dict[str, Element]]:
        path = self._package.related(self._main, f"{kind}s") or ""
        root = self._package.optional_xml(path)
        notes = {} if root is None else {one.get("w:id") or "": one for one in root if one.tag == f"w:{kind}"}
        return path, notes


def running_parts(package: Package, main: str, body: Element, which: str) -> list[str]:
    """Paths of the heads (``header``) or feet (``footer``) that are shown, in the order of the sections."""
    settings = package.optional_xml(package.related(main, "settings"))
    even = bool(is_on(settings, "w:evenAndOddHeaders"))
    relations = package.relations(main)
    paths: dict[str, None] = {}
    for section in body.iter("w:sectPr"):
        first = bool(is_on(section, "w:titlePg"))
        for reference in section:
            if reference.tag != f"w:{which}Reference":
                continue
            kind = reference.get("w:type") or "default"
            shown = {"first": first, "even": even}.get(kind, True)
            found = relations.get(reference.get("r:id") or "")
            if shown and found is not None:
                paths[found.target] = None
    return list(paths)


class Pages:
    """Counts pages, where the document tells enough to do so.

    Attributes:
        rendered: the program that saved it noted where pages ended; else only breaks set by hand are known.
        number: the page reached, None if nothing is known of pages.
    """

    def __init__(self, body: Element) -> None:
        self.rendered = next(body.iter("w:lastRenderedPageBreak"), None) is not None
        sections = [_begins_page(section) for section in body.iter("w:sectPr")]
        self._sections = iter(sections[1:])
        by_hand = any(one.get("w:type") == "page" for one in body.iter("w:br"))
        known = self.rendered or by_hand or any(sections[1:])
        known = known or any(is_set(one.get("w:val") or "1") for one in body.iter("w:pageBreakBefore"))
        self.number = 1 if known else None

    def turn(self, count: int = 1) -> None:
        """So many pages end here."""
        if self.number is not None:
            self.number += count

    def end_section(self) -> None:
        """A section ends here, and the next one may begin a page."""
        if next(self._sections, False) and not self.rendered:
            self.turn()


def _begins_page(section: Element) -> bool:
    kind = child(section, "w:type")
    return (None if kind is None else kind.get("w:val")) not in {"continuous", "nextColumn"}
