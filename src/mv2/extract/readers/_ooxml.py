"""Office Open XML packages: parts, relationships, properties, and names without their namespaces."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mv2._record import dataclass
from mv2.errors import DocumentError, EncryptedDocumentError
from mv2.extract.guard import ZipGuard, parse_xml
from mv2.extract.model import Limits, Source
from mv2.extract.readers._elements import below, child, shorten_names
from mv2.extract.readers._office import language_of, seconds_of, words_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "http://schemas.openxmlformats.org"
_STRICT = "http://purl.oclc.org/ooxml"
# Each schema is known under two names; the second is that of the strict form.
_BOTH = {
    "wordprocessingml/2006/main": "w",
    "wordprocessingml/main": "w",
    "presentationml/2006/main": "p",
    "presentationml/main": "p",
    "drawingml/2006/main": "a",
    "drawingml/main": "a",
    "drawingml/2006/wordprocessingDrawing": "wp",
    "drawingml/wordprocessingDrawing": "wp",
    "drawingml/2006/diagram": "dgm",
    "drawingml/diagram": "dgm",
    "drawingml/2006/chart": "c",
    "drawingml/chart": "c",
    "officeDocument/2006/relationships": "r",
    "officeDocument/relationships": "r",
    "officeDocument/2006/math": "m",
    "officeDocument/math": "m",
    "officeDocument/2006/extended-properties": "ep",
    "officeDocument/extendedProperties": "ep",
    "package/2006/relationships": "rel",
    "package/2006/metadata/core-properties": "cp",
    "package/2006/content-types": "ct",
    "markup-compatibility/2006": "mc",
}
_PREFIXES = {f"{base}/{rest}": short for rest, short in _BOTH.items() for base in (_OFFICE, _STRICT)}
_PREFIXES |= {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "urn:schemas-microsoft-com:vml": "v",
    "http://schemas.microsoft.com/office/word/2010/wordml": "w14",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "http://schemas.microsoft.com/office/powerpoint/2018/8/main": "p188",
    "http://schemas.microsoft.com/office/drawing/2010/main": "a14",
}
_KIND = re.compile(r"[^/]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Where one part refers to: a path in the package, or an address outside of it."""

    kind: str
    target: str
    external: bool


class Package:
    """The parts of a document. Elements and attributes are named as ``w:p``, whatever their schema's name.

    Raises:
        EncryptedDocumentError: it is wrapped in the container of encrypted office files.
        DocumentError: it is no zip archive, or damaged.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        if source.data.startswith(OLE2):
            raise _wrapped(source.data)
        self.limits = limits
        self._zip = ZipGuard(source.data, limits)
        self._by_lower = {name.lower(): name for name in self._zip.names()}
        self._relations: dict[str, dict[str, Relation]] = {}
        self._taken: set[str] = set()

    def main_part(self, fallback: str) -> str:
        """Path of the part the package is about."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and self.has(relation.target):
                return relation.target
        if self.has(fallback):
            return fallback
        raise DocumentError(f"the package has no main part such as {fallback}")

    def has(self, path: str) -> bool:
        return path.lower() in self._by_lower

    def xml(self, path: str) -> Element:
        """The root element of a part."""
        root = parse_xml(self._zip.read(self._by_lower.get(path.lower(), path)), self.limits)
        shorten_names(root, _prefix)
        return root

    def optional_xml(self, path: str | None) -> Element | None:
        """The root element of a part, None if there is no such part or it is no XML."""
        if path is None or not self.has(path):
            return None
        try:
            return self.xml(path)
        except DocumentError as error:
            if type(error) is DocumentError:
                return None
            raise

    def part_once(self, path: str | None) -> Element | None:
        """As ``optional_xml``, but None if the part was asked for before: none belongs to two places."""
        if path is None or path.lower() in self._taken:
            return None
        self._taken.add(path.lower())
        return self.optional_xml(path)

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part refers to, by id."""
        known = self._relations.get(part)
        if known is None:
            known = self._relations[part] = dict(self._read_relations(part))
        return known

    def related(self, part: str, kind: str) -> str | None:
        """Path of the first part of that kind which ``part`` refers to."""
        for relation in self.relations(part).values():
            if relation.kind == kind and not relation.external:
                return relation.target
        return None

    def _read_relations(self, part: str) -> Iterator[tuple[str, Relation]]:
        folder, name = posixpath.split(part)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        if root is None:
            return
        for element in root:
            target = element.get("Target") or ""
            external = element.get("TargetMode") == "External"
            if not external:
                target = _resolved(folder, target)
            kind = _KIND.findall(element.get("Type") or "")[0]
            yield element.get("Id") or "", Relation(kind=kind, target=target, external=external)

    def properties(self) -> dict[str, Any]:
        """Facts of the package in the names of ``Extraction``."""
        path = self.related("", "core-properties") or "docProps/core.xml"
        core = self.optional_xml(path)
        found: dict[str, str] = {}
        for element in () if core is None else core:
            found.setdefault(element.tag, (element.text or "").strip())
        facts: dict[str, Any] = {
            "title": found.get("dc:title"),
            "author": found.get("dc:creator"),
            "subject": found.get("dc:subject"),
            "keywords": words_of(found.get("cp:keywords")),
            "language": language_of(found.get("dc:language")),
            "created": seconds_of(found.get("dcterms:created")),
            "modified": seconds_of(found.get("dcterms:modified")),
        }
        named = {
            "description": found.get("dc:description"),
            "category": found.get("cp:category"),
            "last_author": found.get("cp:lastModifiedBy"),
            **self._application(),
        }
        facts["metadata"] = {name: value for name, value in named.items() if value}
        return facts

    def _application(self) -> dict[str, str]:
        root = self.optional_xml(self.related("", "extended-properties") or "docProps/app.xml")
        found = {} if root is None else {element.tag: (element.text or "").strip() for element in root}
        return {"application": found.get("ep:Application", ""), "company": found.get("ep:Company", "")}


def _wrapped(data: bytes) -> DocumentError:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return EncryptedDocumentError(
            "the document is encrypted", remedy="save it without a password and read that"
        )
    return DocumentError("the document is in the old binary format, not in Office Open XML")


def _resolved(folder: str, target: str) -> str:
    """The path a relative target means; it can only ever name a member of the package."""
    path = unquote(target.split("#", 1)[0]).replace("\\", "/")
    joined = path if path.startswith("/") else posixpath.join("/", folder, path)
    return posixpath.normpath(joined).lstrip("/")


def _prefix(space: str) -> str:
    return _PREFIXES.get(space, "?")


def is_on(parent: Element | None, tag: str) -> bool | None:
    """A switch such as ``<w:vanish/>``; None if it is not stated."""
    found = None if parent is None else child(parent, tag)
    if found is None:
        return None
    return (found.get("w:val") or "1").lower() not in {"0", "false", "off", "none"}


def value_at(parent: Element | None, *tags: str) -> str | None:
    """``w:val`` of the element that ``below`` finds."""
    found = below(parent, *tags)
    return None if found is None else found.get("w:val")


def chosen(alternate: Element) -> Element | None:
    """The one branch of ``mc:AlternateContent`` that is to be read."""
    fallback = None
    for branch in alternate:
        if branch.tag == "mc:Choice" and any(
            (one.tag in _TEXTS and one.text) or one.tag in _GRAPHICS for one in islice(branch.iter(), 2_000)
        ):
            return branch
        if branch.tag == "mc:Fallback":
            fallback = branch
    return fallback


_TEXTS = frozenset(["w:t", "a:t", "m:t", "w:delText", "w:instrText", "w:sym"])
_GRAPHICS = frozenset(["c:chart", "dgm:relIds"])
