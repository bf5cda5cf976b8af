"""HTML source made safe for a parser whose time grows with the square of some things.

Those are: nesting, attributes of one element, and elements such as ``<b>`` that are never
closed, which every later paragraph opens again. Ordinary pages pass unchanged.
"""

from __future__ import annotations

import re

from mv2._late import late_pattern


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_SMALL = 20_000
_STEPS = 500_000_000
_REOPENED = 300_000
_LEAST_DEPTH = 256
_LEAST_OPEN = 8
_MOST_ATTRIBUTES = 500
_MOST_ROOTS = 20
_MOST_OPTIONS = 5_000

_TAG = late_pattern(
    r"<(/?)([a-zA-Z][^\s/>]*+)"
    r"((?:[\s/]++|[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+|=)*+)>?"
)
_ATTRIBUTE = late_pattern(r"[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+")
_CDATA = late_pattern(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_VOID = words_of(
    "area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen"
)
#: Closed by what follows them, so that they do not nest.
_CLOSED_BY_OTHERS = words_of("p li td th tr dd dt option tbody thead tfoot")
_REOPENING = words_of("b big code em font i nobr s small strike strong tt u")
_RAW = {
    name: late_pattern(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}


def tame(text: str, *, xhtml: bool = False) -> str:
    """The source without tags that nest or pile up beyond measure.

    Args:
        xhtml: it is XML, where ``<a/>`` is an element without content.
    """
    if xhtml:
        return _Tamer(_CDATA.sub(_as_text, text), xhtml).run()
    return text if len(text) < _SMALL else _Tamer(text, xhtml).run()


def _as_text(match: re.Match[str]) -> str:
    return match.group(1).replace("&", "&amp;").replace("<", "&lt;")


class _Tamer:
    def __init__(self, text: str, xhtml: bool) -> None:
        tags = text.count("<") + 1
        self._text = text
        self._xhtml = xhtml
        self._deepest = max(_LEAST_DEPTH, _STEPS // tags)
        self._most_open = max(_LEAST_OPEN, _REOPENED // tags)
        self._depth = self._open = self._roots = self._options = 0

    def run(self) -> str:
        text = self._text
        parts = list[str]()
        place = copied = 0
        while match := _TAG.search(text, place):
            place = match.end()
            name = match.group(2).lower()
            if match.group(1):
                self._close(name)
                continue
            written = self._start(match, name)
            if written is not None:
                parts += (text[copied : match.start()], written)
                copied = place
            raw = _RAW.get(name)
            if raw is not None and not self._is_empty(match):
                end = raw.search(text, place)
                place = end.start() if end else len(text)
        parts.append(text[copied:])
        return "".join(parts)

    def _close(self, name: str) -> None:
        if name not in _VOID and name not in _CLOSED_BY_OTHERS:
            self._depth = max(self._depth - 1, 0)
            self._open -= name in _REOPENING and self._open > 0

    def _start(self, match: re.Match[str], name: str) -> str | None:
        """What to write in place of a start tag; None keeps it."""
        if self._is_too_much(match, name):
            return ""
        attributes = match.group(3)
        head = match.group().removesuffix(">").rstrip("/ ")
        many = len(attributes) > 2 * _MOST_ATTRIBUTES and _count_attributes(attributes) > _MOST_ATTRIBUTES
        if many:
            head = f"<{name}"
        if self._is_empty(match) and name not in _VOID:
            return f"{head}></{name}>"
        return f"{head}>" if many else None

    def _is_too_much(self, match: re.Match[str], name: str) -> bool:
        if name in {"html", "body"}:
            self._roots += 1
            return self._roots > _MOST_ROOTS
        if name == "option":
            self._options += 1
            return self._options > _MOST_OPTIONS
        if name in _VOID or name in _CLOSED_BY_OTHERS or self._is_empty(match):
            return False
        self._depth += 1
        if name in _REOPENING:
            self._open += 1
            return self._open > self._most_open or self._depth > self._deepest
        return self._depth > self._deepest

    def _is_empty(self, match: re.Match[str]) -> bool:
        return self._xhtml and match.group(3).endswith("/") and match.group().endswith(">")


def _count_attributes(attributes: str) -> int:
    return sum(1 for _ in _ATTRIBUTE.finditer(attributes))
