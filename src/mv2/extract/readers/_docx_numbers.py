"""The numbers and bullets of a Word document's lists, which it does not store but computes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.extract.readers._elements import child, children, number_of
from mv2.extract.readers._office import number_text, readable
from mv2.extract.readers._ooxml import is_on

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_FORMS = {"decimalZero": "padded", "decimal": "decimal"}


@dataclass(frozen=True, kw_only=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None
    legal: bool = False
    style: str | None = None


class Numbers:
    """Counts list paragraphs in the order in which they are asked for."""

    def __init__(self, root: Element | None) -> None:
        self._abstract: dict[str, Element] = {}
        self._numbers: dict[str, Element] = {}
        self._by_style_link: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._list: dict[str, str] = {}
        self._abstract_levels: dict[str, dict[int, _Level]] = {}
        self._counters: dict[str, list[int | None]] = {}
        for element in () if root is None else root:
            if element.tag == "w:abstractNum":
                name = element.get("w:abstractNumId") or ""
                self._abstract[name] = element
                if (link := child(element, "w:styleLink")) is not None:
                    self._by_style_link[link.get("w:val") or ""] = name
            elif element.tag == "w:num":
                self._numbers[element.get("w:numId") or ""] = element

    def level_of_style(self, number: str, style: str | None) -> int:
        """The level of a list that belongs to a paragraph style, 0 if none does."""
        levels = self._levels_of(number)
        return next((at for at, level in levels.items() if style and level.style == style), 0)

    def next_label(self, number: str, at: int) -> str | None:
        """Count one more paragraph on a level (from 0) of a list.

        Returns:
            Its number as it is shown, ``-`` for any bullet, None if it shows neither.
        """
        levels = self._levels_of(number)
        at = max(0, min(at, LEVELS - 1))
        level = levels.get(at)
        if level is None:
            return None
        counters = self._counters.setdefault(self._list[number], [None] * LEVELS)
        starts = self._starts[number]
        for higher in range(at):
            if higher in starts:
                counters[higher] = starts.pop(higher)
        if at in starts:
            counters[at] = starts.pop(at)
        else:
            before = counters[at]
            counters[at] = level.start if before is None else before + 1
        for lower in range(at + 1, LEVELS):
            restart = levels[lower].restart if lower in levels else None
            if restart is None or (restart and at < restart):
                counters[lower] = None
        if level.form == "bullet":
            return "-"
        label = _PLACE.sub(lambda found: self._shown(found, levels, counters, level), level.text)
        return " ".join(readable(label).split()) or None

    def _shown(
        self, found: re.Match[str], levels: dict[int, _Level], counters: list[int | None], shower: _Level
    ) -> str:
        at = int(found.group(1)) - 1
        level = levels.get(at) or _Level()
        value = counters[at]
        if value is None:
            value = counters[at] = level.start
        decimal = shower.legal and level.form not in {"none", "decimalZero"}
        return number_text(value, "decimal" if decimal else _FORMS.get(level.form, level.form))

    def _levels_of(self, number: str) -> dict[int, _Level]:
        known = self._levels.get(number)
        if known is None:
            known = self._levels[number] = self._read(number)
        return known

    def _read(self, number: str) -> dict[int, _Level]:
        self._starts[number] = {}
        element = self._numbers.get(number)
        base = child(element, "w:abstractNumId")
        name = "" if base is None else base.get("w:val") or ""
        abstract = self._abstract.get(name)
        link = child(abstract, "w:numStyleLink")
        if link is not None:
            name = self._by_style_link.get(link.get("w:val") or "", name)
            abstract = self._abstract.get(name)
        self._list[number] = name
        if name not in self._abstract_levels:
            self._abstract_levels[name] = _read_levels(children(abstract, "w:lvl"))
        levels = dict(self._abstract_levels[name])
        for override in children(element, "w:lvlOverride"):
            at = number_of(override, "w:ilvl")
            if not 0 <= at < LEVELS:
                continue
            if (level := child(override, "w:lvl")) is not None:
                levels[at] = _read_level(level)
            if (start := child(override, "w:startOverride")) is not None:
                self._starts[number][at] = number_of(start, default=1)
        return levels


def _read_levels(elements: list[Element]) -> dict[int, _Level]:
    numbered = ((number_of(one, "w:ilvl"), one) for one in elements)
    return {at: _read_level(one) for at, one in numbered if 0 <= at < LEVELS}


def _read_level(element: Element) -> _Level:
    form, text = child(element, "w:numFmt"), child(element, "w:lvlText")
    style, restart = child(element, "w:pStyle"), child(element, "w:lvlRestart")
    return _Level(
        start=number_of(child(element, "w:start"), default=1),
        form=(None if form is None else form.get("w:val")) or "decimal",
        text=(None if text is None else text.get("w:val")) or "",
        restart=None if restart is None else number_of(restart),
        legal=bool(is_on(element, "w:isLgl")),
        style=None if style is None else style.get("w:val"),
    )
