"""What the styles of a Word document mean for its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from mv2._record import dataclass
from mv2.extract.model import BlockKind
from mv2.extract.readers._elements import below, child, number_of
from mv2.extract.readers._ooxml import is_on

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST_CHAIN = 30
_BODY_LEVEL = 9
# Built-in styles are named in English whatever the language; some programs translate them all the same.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|otsikko|nagłówek|nadpis|címsor|titlu"
    r"|başlık|заголовок|επικεφαλίδα|標題|标题|見出し|제목) ?([1-9])"
)
_TITLES = {"title", "titel", "titre", "título", "titolo", "tytuł", "toc heading", "название", "标题"}
_KINDS: dict[str, BlockKind] = {
    "caption": "caption",
    "table caption": "caption",
    "image caption": "caption",
    "quote": "quote",
    "intense quote": "quote",
    "block text": "quote",
    "quotations": "quote",
    "html preformatted": "code",
    "preformatted text": "code",
    "source code": "code",
}
Numbering: TypeAlias = tuple[str, int | None]


@dataclass(frozen=True, kw_only=True)
class Style:
    """A style with what it inherits.

    Attributes:
        level: 1 to 6 of a heading, 0 for all else.
        is_title: it is the style of the document's title.
        kind: block it makes; None is not said.
        numbering: (list, its level or None if the list knows it).
        hidden: its text is not shown.
        breaks_page: it begins a page.
        language: as the style says.
    """

    level: int = 0
    is_title: bool = False
    kind: BlockKind | None = None
    numbering: Numbering | None = None
    hidden: bool = False
    breaks_page: bool = False
    language: str | None = None


class Styles:
    """All styles of a document, resolved when they are asked for."""

    def __init__(self, root: Element | None) -> None:
        self._elements: dict[tuple[str, str], Element] = {}
        self._known: dict[tuple[str, str], Style] = {}
        self._default = ""
        defaults = below(root, "w:docDefaults", "w:rPrDefault", "w:rPr")
        self._language = _language(defaults)
        for element in () if root is None else root:
            if element.tag != "w:style":
                continue
            kind, name = element.get("w:type") or "paragraph", element.get("w:styleId") or ""
            self._elements.setdefault((kind, name), element)
            if kind == "paragraph" and (element.get("w:default") or "0") in {"1", "true", "on"}:
                self._default = name

    def paragraph(self, name: str | None) -> Style:
        """The paragraph style of that id; None means the default one."""
        return self._style("paragraph", self._default if name is None else name)

    def character(self, name: str | None) -> Style:
        """The character style of that id."""
        return Style() if name is None else self._style("character", name)

    def _style(self, kind: Literal["paragraph", "character"], name: str) -> Style:
        known = self._known.get((kind, name))
        if known is None:
            known = self._known[kind, name] = self._resolved(kind, name)
        return known

    def _resolved(self, kind: str, name: str) -> Style:
        chain: list[Element] = []
        element = self._elements.get((kind, name))
        while element is not None and element not in chain and len(chain) < _LONGEST_CHAIN:
            chain.append(element)
            parent = child(element, "w:basedOn")
            element = None if parent is None else self._elements.get((kind, parent.get("w:val") or ""))
        names = [_name(one) for one in chain] or [name.lower()]
        found = next((_KINDS[one] for one in names if one in _KINDS), None)
        hidden = [is_on(child(one, "w:rPr"), "w:vanish") for one in chain]
        breaks = [is_on(child(one, "w:pPr"), "w:pageBreakBefore") for one in chain]
        languages = [_language(child(one, "w:rPr")) for one in chain]
        level = _level(chain, names) if kind == "paragraph" else 0
        return Style(
            level=level,
            is_title=names[0] in _TITLES and names[0] != "toc heading",
            kind=None if level else found,
            numbering=_numbering(chain),
            hidden=next((one for one in hidden if one is not None), False),
            breaks_page=next((one for one in breaks if one is not None), False),
            language=next((one for one in languages if one), self._language if kind == "paragraph" else None),
        )


def outline_level(properties: Element | None) -> int | None:
    """1 to 6 of a heading, 0 for body text, None if it is not stated."""
    stated = child(properties, "w:outlineLvl")
    if stated is None:
        return None
    value = number_of(stated, default=_BODY_LEVEL)
    return min(value + 1, 6) if 0 <= value < _BODY_LEVEL else 0


def numbering_of(properties: Element | None) -> Numbering | None:
    """The list that paragraph properties name."""
    stated = child(properties, "w:numPr")
    if stated is None:
        return None
    level, number = child(stated, "w:ilvl"), child(stated, "w:numId")
    if number is None:
        return None
    return number.get("w:val") or "0", None if level is None else number_of(level)


def _numbering(chain: list[Element]) -> Numbering | None:
    level: int | None = None
    for element in chain:
        properties = child(element, "w:pPr")
        stated = child(child(properties, "w:numPr"), "w:ilvl")
        if level is None and stated is not None:
            level = number_of(stated)
        if (found := numbering_of(properties)) is not None:
            return found[0], level
    return None


def _level(chain: list[Element], names: list[str]) -> int:
    if names[0] in _TITLES:
        return 1
    for at, name in enumerate(names):
        level = outline_level(child(chain[at], "w:pPr")) if at < len(chain) else None
        if level is not None:
            return level
        if found := _HEADING.fullmatch(name):
            return min(int(found.group(1)), 6)
    return 0


def _name(style: Element) -> str:
    stated = child(style, "w:name")
    return ((None if stated is None else stated.get("w:val")) or "").strip().lower()


def _language(run_properties: Element | None) -> str | None:
    stated = child(run_properties, "w:lang")
    return None if stated is None else stated.get("w:val")
