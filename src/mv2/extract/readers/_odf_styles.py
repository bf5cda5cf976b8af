"""What the styles of an OpenDocument mean for its text, and the numbers of its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.extract.model import BlockKind
from mv2.extract.readers._elements import child
from mv2.extract.readers._office import number_text, readable, whole_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LEVELS = 10
_LONGEST_CHAIN = 30
_MOST_STYLES = 100_000
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_KINDS: dict[str, BlockKind] = {
    "Quotations": "quote",
    "Preformatted Text": "code",
    "Source Code": "code",
}


@dataclass(frozen=True, kw_only=True)
class Style:
    """A style with what it inherits.

    Attributes:
        outline: 1 to 10 of a heading, 0 for all else.
        is_title: it is the style of the document's title.
        kind: block it makes; None is not said.
        hidden: its text is not shown.
        breaks_page: it begins a page.
        raised: 1 above the line, -1 below it, else 0.
        slide_hidden: slides of that style are not shown.
    """

    outline: int = 0
    is_title: bool = False
    kind: BlockKind | None = None
    hidden: bool = False
    breaks_page: bool = False
    raised: int = 0
    slide_hidden: bool = False


class OdfStyles:
    """All styles of a document, resolved when they are asked for.

    Args:
        roots: root elements of its parts; those of the first one win.
    """

    def __init__(self, *roots: Element | None) -> None:
        self._elements: dict[tuple[str, str], Element] = {}
        self._known: dict[tuple[str, str], Style] = {}
        self._lists: dict[str, Element] = {}
        self._levels: dict[str, dict[int, Element]] = {}
        self.outline: dict[int, Element] = {}
        for root in roots:
            for group in () if root is None else root:
                if group.tag in {"office:automatic-styles", "office:styles"}:
                    self._gather(group)

    def _gather(self, group: Element) -> None:
        for element in group:
            name = element.get("style:name") or ""
            if element.tag == "style:style" and len(self._elements) < _MOST_STYLES:
                self._elements.setdefault((element.get("style:family") or "", name), element)
            elif element.tag == "text:list-style":
                self._lists.setdefault(name, element)
            elif element.tag == "text:outline-style" and not self.outline:
                self.outline = _levels(element)

    def style(self, family: str, name: str | None) -> Style:
        """The style of that name.

        Args:
            family: ``paragraph``, ``text``, ``table``, ``drawing-page`` or ``section``.
        """
        key = (family, name or "")
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._resolved(*key)
        return known

    def list_levels(self, name: str | None) -> dict[int, Element]:
        """The levels of a list style by their number from 1; empty if there is no such style."""
        name = name or ""
        if name not in self._levels:
            found = self._lists.get(name)
            self._levels[name] = {} if found is None else _levels(found)
        return self._levels[name]

    def _resolved(self, family: str, name: str) -> Style:
        chain: list[Element] = []
        element = self._elements.get((family, name))
        while element is not None and element not in chain and len(chain) < _LONGEST_CHAIN:
            chain.append(element)
            element = self._elements.get((family, element.get("style:parent-style-name") or ""))
        names = [_name(one) for one in chain] or [name.replace("_20_", " ")]
        outline = next((stated for one in chain if (stated := one.get("style:default-outline-level"))), "")
        own = chain[0] if chain else None
        paged = own is not None and bool(own.get("style:master-page-name"))
        shift = (_property(chain, "style:text-properties", "style:text-position") or "").split(" ")[0]
        return Style(
            outline=whole_number(outline, 0, least=0, most=LEVELS),
            is_title="Title" in names,
            kind=next((kind for one in names if (kind := _kind(one))), None),
            hidden=_property(chain, "style:text-properties", "text:display") == "none"
            or _property(chain, "style:section-properties", "text:display") == "none",
            breaks_page=paged
            or _property(chain, "style:paragraph-properties", "fo:break-before") == "page"
            or _property(chain, "style:table-properties", "fo:break-before") == "page",
            raised=_shift(shift),
            slide_hidden=_property(chain, "style:drawing-page-properties", "presentation:visibility")
            == "hidden",
        )


def _kind(name: str) -> BlockKind | None:
    return "caption" if name.endswith(("Caption", "caption")) else _KINDS.get(name)


def _name(style: Element) -> str:
    return style.get("style:display-name") or (style.get("style:name") or "").replace("_20_", " ")


def _shift(position: str) -> int:
    if position in {"super", "sub"}:
        return 1 if position == "super" else -1
    value = whole_number(position.rstrip("%"), 0)
    return (value > 0) - (value < 0)


def _property(chain: list[Element], tag: str, attribute: str) -> str | None:
    for style in chain:
        found = child(style, tag)
        if found is not None and (value := found.get(attribute)) is not None:
            return value
    return None


def _levels(style: Element) -> dict[int, Element]:
    return {whole_number(one.get("text:level")): one for one in style if one.get("text:level")}


class Counter:
    """Counts the items of one list.

    Args:
        levels: as from ``OdfStyles.list_levels``.
        before: the list that this one continues.
    """

    def __init__(self, levels: dict[int, Element], before: Counter | None = None) -> None:
        self.levels = levels
        self._numbers: list[int | None] = [None] * (LEVELS + 1) if before is None else before._numbers

    def next_label(self, at: int, start: str | None = None) -> str:
        """The number of the next item on a level from 1, ``-`` for any bullet, empty if it shows none.

        Args:
            start: a number it states itself.
        """
        at = max(1, min(at, LEVELS))
        level = self.levels.get(at)
        if level is None:
            return "-"
        before = self._numbers[at]
        first = whole_number(level.get("text:start-value"), 1)
        self._numbers[at] = whole_number(start, 1) if start else first if before is None else before + 1
        for lower in range(at + 1, LEVELS + 1):
            self._numbers[lower] = None
        if level.tag == "text:list-level-style-bullet":
            return "-"
        if not _FORMS.get(level.get("style:num-format") or ""):
            return ""
        shown = max(1, min(whole_number(level.get("text:display-levels"), 1), at))
        text = ".".join(one for one in map(self._shown, range(at - shown + 1, at + 1)) if one)
        label = f"{level.get('style:num-prefix') or ''}{text}{level.get('style:num-suffix') or ''}"
        return " ".join(readable(label).split())

    def _shown(self, at: int) -> str:
        level = self.levels.get(at)
        form = "" if level is None else _FORMS.get(level.get("style:num-format") or "", "")
        if level is None or not form:
            return ""
        number = self._numbers[at]
        if number is None:
            number = self._numbers[at] = whole_number(level.get("text:start-value"), 1)
        return number_text(number, form)
