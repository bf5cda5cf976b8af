"""The package of an electronic book: its files, their order, its facts and its table of contents."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mv2._record import dataclass
from mv2.errors import DocumentError, EncryptedDocumentError
from mv2.extract.guard import ZipGuard, parse_xml
from mv2.extract.model import Limits
from mv2.extract.readers._elements import child, children, shorten_names
from mv2.extract.readers._office import readable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PREFIXES = {
    "urn:oasis:names:tc:opendocument:xmlns:container": "ocf",
    "http://www.idpf.org/2007/opf": "opf",
    "http://openebook.org/namespaces/oeb-package/1.0/": "opf",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://www.daisy.org/z3986/2005/ncx/": "ncx",
    "http://www.w3.org/1999/xhtml": "html",
    "http://www.idpf.org/2007/ops": "epub",
    "http://www.w3.org/2001/04/xmlenc#": "enc",
}
# Fonts are scrambled this way so that they are not simply copied; that is no protection of text.
_SCRAMBLED_FONTS = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file of the book.

    Attributes:
        path: in the archive.
        mime: media type, as the book says.
        properties: what it is for, as ``nav``.
        fallback: id of the item to use where this kind cannot be shown.
    """

    path: str
    mime: str
    properties: frozenset[str] = frozenset()
    fallback: str = ""


class Book:
    """A book and its parts.

    Attributes:
        facts: what the book says about itself: values by their name, as ``dc:title``.
        spine: the files to read, in order; those outside of the main line last.
        missing: how many of the spine the book does not describe.

    Raises:
        DocumentError: it has no package file, or that is damaged.
        EncryptedDocumentError: its text is protected.
    """

    def __init__(self, archive: ZipGuard, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._paths = {name.lower(): name for name in archive.names()}
        self._package = self._package_path()
        root = self.xml(self._package)
        if root.tag != "opf:package":
            raise DocumentError(f"{self._package} is no package file of a book")
        self.facts: dict[str, list[str]] = {}
        self._read_facts(root)
        self._items = dict(self._read_items(root))
        self.missing = 0
        self.spine = self._read_spine(root)
        self._contents = child(root, "opf:spine")
        self._refuse_protected()

    def xml(self, path: str) -> Element:
        """The root element of a file."""
        root = parse_xml(self._archive.read(self.path(path) or path), self._limits)
        shorten_names(root, _prefix)
        return root

    def read(self, item: Item) -> bytes | None:
        """The bytes of a file, None if it is not in the archive."""
        path = self.path(item.path)
        return None if path is None else self._archive.read(path)

    def path(self, name: str) -> str | None:
        """Its path in the archive, whatever its case."""
        return name if name in self._archive else self._paths.get(name.lower())

    def _package_path(self) -> str:
        if self.path("META-INF/container.xml"):
            for element in self.xml("META-INF/container.xml").iter("ocf:rootfile"):
                stated = element.get("full-path") or ""
                if found := self.path(stated) or self.path(unquote(stated)):
                    return found
        found = next((name for name in self._archive.names() if name.lower().endswith(".opf")), None)
        if found is None:
            raise DocumentError("the archive has no package file (.opf): it is no EPUB")
        return found

    def _read_facts(self, root: Element) -> None:
        metadata = child(root, "opf:metadata")
        for element in () if metadata is None else metadata.iter():
            name = element.get("property") if element.tag == "opf:meta" else element.tag
            value = " ".join(readable("".join(element.itertext())).split())
            if name and value and not element.get("refines"):
                self.facts.setdefault(name, []).append(value)

    def _read_items(self, root: Element) -> Iterator[tuple[str, Item]]:
        for element in children(child(root, "opf:manifest"), "opf:item"):
            yield (
                element.get("id") or "",
                Item(
                    path=self._resolved(self._package, element.get("href") or ""),
                    mime=(element.get("media-type") or "").strip().lower(),
                    properties=frozenset((element.get("properties") or "").split()),
                    fallback=element.get("fallback") or "",
                ),
            )

    def _read_spine(self, root: Element) -> list[Item]:
        main, beside = dict[str, Item](), dict[str, Item]()
        for reference in children(child(root, "opf:spine"), "opf:itemref"):
            item = self._items.get(reference.get("idref") or "")
            if item is None:
                self.missing += 1
                continue
            seen = 0
            while "html" not in item.mime and item.fallback in self._items and seen < len(self._items):
                item, seen = self._items[item.fallback], seen + 1
            if "nav" not in item.properties:
                (beside if reference.get("linear") == "no" else main).setdefault(item.path, item)
        return [*main.values(), *(item for path, item in beside.items() if path not in main)]

    def _refuse_protected(self) -> None:
        if not self.path("META-INF/encryption.xml"):
            return
        protected: set[str] = set()
        for data in self.xml("META-INF/encryption.xml").iter("enc:EncryptedData"):
            method = child(data, "enc:EncryptionMethod")
            if method is not None and method.get("Algorithm") in _SCRAMBLED_FONTS:
                continue
            protected.update(unquote(one.get("URI") or "") for one in data.iter("enc:CipherReference"))
        if any(item.path in protected for item in self.spine):
            raise EncryptedDocumentError("the text of the book is protected (digital rights management)")

    def titles(self) -> dict[str, str]:
        """The title of each file, as the table of contents says: the first one that names it."""
        for item in self._items.values():
            if "nav" in item.properties:
                return dict(reversed(list(self._nav_titles(item))))
        stated = None if self._contents is None else self._items.get(self._contents.get("toc") or "")
        if stated is None:
            stated = next((one for one in self._items.values() if "dtbncx" in one.mime), None)
        return {} if stated is None else dict(reversed(list(self._ncx_titles(stated))))

    def _nav_titles(self, item: Item) -> Iterator[tuple[str, str]]:
        for nav in self.xml(item.path).iter("html:nav"):
            if "toc" not in (nav.get("epub:type") or "toc").split():
                continue
            for link in nav.iter("html:a"):
                title = " ".join(readable("".join(link.itertext())).split())
                if title:
                    yield self._resolved(item.path, link.get("href") or ""), title

    def _ncx_titles(self, item: Item) -> Iterator[tuple[str, str]]:
        for point in self.xml(item.path).iter("ncx:navPoint"):
            label, content = child(child(point, "ncx:navLabel"), "ncx:text"), child(point, "ncx:content")
            title = "" if label is None else " ".join(readable(label.text or "").split())
            if title and content is not None:
                yield self._resolved(item.path, content.get("src") or ""), title

    def _resolved(self, base: str, link: str) -> str:
        """The path a relative link means; it can only ever name a member of the archive."""
        target = unquote(link.split("#", 1)[0])
        joined = posixpath.join("/", posixpath.dirname(base), target)
        return posixpath.normpath(joined).lstrip("/")


def _prefix(space: str) -> str:
    return _PREFIXES.get(space, "?")
