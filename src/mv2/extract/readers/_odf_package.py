"""OpenDocument packages and flat files: their parts, facts, and names with short prefixes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mv2.errors import DocumentError, EncryptedDocumentError
from mv2.extract.guard import ZipGuard, parse_xml
from mv2.extract.model import Limits, Source
from mv2.extract.readers._elements import below, child, shorten_names
from mv2.extract.readers._office import language_of, seconds_of, words_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OASIS = re.compile(r"urn:oasis:names:tc:opendocument:xmlns:([a-z]+)(?:-compatible)?:1\.0")
_SHORT = {"drawing": "draw", "presentation": "presentation", "xsl-fo": "fo", "manifest": "manifest"}
_PREFIXES = {
    "http://www.w3.org/1999/xlink": "xlink",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1998/Math/MathML": "math",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
}


class OdfPackage:
    """A document: ``content``, ``styles`` and ``meta`` are root elements of its parts.

    In a flat file, all three are the one root element.

    Raises:
        EncryptedDocumentError: it needs a password.
        DocumentError: damaged, or no OpenDocument.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self.limits = limits
        self._zip: ZipGuard | None = None
        self._embedded: tuple[str, Element | None] = ("", None)
        self._seen: set[str] = set()
        if source.data[:4] == b"PK\x03\x04":
            self._zip = ZipGuard(source.data, limits)
            self._refuse_encrypted()
            content = self.part("content.xml")
            if content is None:
                raise DocumentError("the package has no content.xml: it is no OpenDocument")
            self.content, self.styles, self.meta = content, self.part("styles.xml"), self.part("meta.xml")
        else:
            root = parse_xml(source.data, limits)
            shorten_names(root, _prefix)
            if root.tag != "office:document":
                raise DocumentError("the XML is no flat OpenDocument")
            self.content = self.styles = self.meta = root

    def part(self, path: str) -> Element | None:
        """The root element of a part, None if there is no such part."""
        if self._zip is None or path not in self._zip:
            return None
        root = parse_xml(self._zip.read(path), self.limits)
        shorten_names(root, _prefix)
        return root

    def embedded(self, link: str) -> Element | None:
        """The content of a document embedded in this one, None if it cannot be read."""
        path = link.removeprefix("./").strip("/")
        if path != self._embedded[0]:
            # A document is embedded at one place; naming it again and again must cost nothing.
            self._embedded = (path, None if path in self._seen else self._read_embedded(path))
            self._seen.add(path)
        return self._embedded[1]

    def _read_embedded(self, path: str) -> Element | None:
        try:
            return self.part(f"{path}/content.xml")
        except DocumentError as error:
            if type(error) is DocumentError:
                return None
            raise

    def body(self, *kinds: str) -> Element | None:
        """The element that holds the document, as ``office:text``."""
        holder = child(self.content, "office:body")
        for element in () if holder is None else holder:
            if element.tag in kinds:
                return element
        return None

    def _refuse_encrypted(self) -> None:
        manifest = self.part("META-INF/manifest.xml")
        if manifest is not None and next(manifest.iter("manifest:encryption-data"), None) is not None:
            raise EncryptedDocumentError(
                "the document is encrypted", remedy="save it without a password and read that"
            )

    def properties(self) -> dict[str, Any]:
        """Facts of the document in the names of ``Extraction``."""
        found: dict[str, str] = {}
        keywords: list[str] = []
        meta = child(self.meta, "office:meta")
        for element in () if meta is None else meta:
            text = (element.text or "").strip()
            if element.tag == "meta:keyword":
                keywords.extend(words_of(text))
            found.setdefault(element.tag, text)
        facts: dict[str, Any] = {
            "title": found.get("dc:title"),
            "author": found.get("meta:initial-creator") or found.get("dc:creator"),
            "subject": found.get("dc:subject"),
            "keywords": tuple(dict.fromkeys(keywords)),
            "language": language_of(found.get("dc:language")) or self._usual_language(),
            "created": seconds_of(found.get("meta:creation-date")),
            "modified": seconds_of(found.get("dc:date")),
        }
        named = {
            "description": found.get("dc:description"),
            "last_author": found.get("dc:creator"),
            "application": found.get("meta:generator"),
        }
        facts["metadata"] = {name: value for name, value in named.items() if value}
        return facts

    def statistic(self, name: str) -> str | None:
        """A count the document states of itself, as ``page-count``."""
        stated = below(self.meta, "office:meta", "meta:document-statistic")
        return None if stated is None else stated.get(f"meta:{name}")

    def _usual_language(self) -> str | None:
        styles = child(self.styles, "office:styles")
        for style in () if styles is None else styles:
            if style.tag == "style:default-style" and style.get("style:family") == "paragraph":
                text = child(style, "style:text-properties")
                if text is not None:
                    language, country = text.get("fo:language"), text.get("fo:country")
                    known = country and country != "none"
                    return language_of(f"{language}-{country}" if known else language)
        return None


def _prefix(space: str) -> str:
    found = _OASIS.fullmatch(space)
    if found is not None:
        return _SHORT.get(found.group(1), found.group(1))
    return _PREFIXES.get(space, "?")
