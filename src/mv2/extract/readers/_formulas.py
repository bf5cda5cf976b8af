"""Formulas written on one line: slashes for fractions, ``^`` for powers, ``_`` for indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mv2.extract.readers._elements import child
from mv2.extract.readers._office import DEEPEST_NESTING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOTS = {"2": "√", "3": "∛", "4": "∜"}
_SILENT = frozenset(["math:annotation", "math:annotation-xml", "math:mphantom"])


def math_text(element: Element, depth: int = 0) -> str:
    """A formula of Office Open XML."""
    if depth > DEEPEST_NESTING:
        return "".join(one.text or "" for one in element.iter("m:t"))
    pieces: dict[str, str] = {}
    shown: list[str] = []
    fractions = set[int]()
    for part in element:
        if part.tag == "m:t":
            shown.append(part.text or "")
        elif not part.tag.endswith("Pr"):
            text = math_text(part, depth + 1)
            pieces.setdefault(part.tag, text)
            shown.append(text)
            fractions.update((len(shown) - 1,) if part.tag == "m:f" else ())
    write = _WRITERS.get(element.tag)
    return write(element, pieces, shown) if write else _joined(shown, fractions)


def _grouped(text: str) -> str:
    """In parentheses unless it is a single name or number."""
    return text if len(text) <= 1 or text.replace(".", "").isalnum() else f"({text})"


def _fraction(_: Element, pieces: dict[str, str], __: list[str]) -> str:
    return f"{_grouped(pieces.get('m:num', ''))}/{_grouped(pieces.get('m:den', ''))}"


def _scripts(_: Element, pieces: dict[str, str], __: list[str]) -> str:
    text = pieces.get("m:e", "")
    if pieces.get("m:sub"):
        text += f"_{_grouped(pieces['m:sub'])}"
    if pieces.get("m:sup"):
        text += f"^{_grouped(pieces['m:sup'])}"
    return text


def _root(_: Element, pieces: dict[str, str], __: list[str]) -> str:
    degree = pieces.get("m:deg", "") or "2"
    sign = _ROOTS.get(degree)
    body = _grouped(pieces.get("m:e", ""))
    return f"{sign}{body}" if sign else f"{_grouped(body)}^(1/{degree})"


def _nary(element: Element, pieces: dict[str, str], __: list[str]) -> str:
    sign = child(child(element, "m:naryPr"), "m:chr")
    limits = {"m:e": "∫" if sign is None else sign.get("m:val") or "", **pieces}
    limits["m:e"] = "∫" if sign is None else sign.get("m:val") or ""
    return f"{_scripts(element, limits, [])} {pieces.get('m:e', '')}"


def _delimited(element: Element, _: dict[str, str], shown: list[str]) -> str:
    properties = child(element, "m:dPr")
    signs = []
    for tag, usual in (("m:begChr", "("), ("m:sepChr", "|"), ("m:endChr", ")")):
        stated = child(properties, tag)
        signs.append(usual if stated is None else stated.get("m:val") or "")
    return f"{signs[0]}{signs[1].join(shown)}{signs[2]}"


def _limit(_: Element, pieces: dict[str, str], __: list[str]) -> str:
    return f"{pieces.get('m:e', '')}_{_grouped(pieces.get('m:lim', ''))}"


_WRITERS: dict[str, Callable[[Element, dict[str, str], list[str]], str]] = {
    "m:f": _fraction,
    "m:sSup": _scripts,
    "m:sSub": _scripts,
    "m:sSubSup": _scripts,
    "m:rad": _root,
    "m:nary": _nary,
    "m:d": _delimited,
    "m:limLow": _limit,
    "m:func": lambda _, pieces, __: f"{pieces.get('m:fName', '')} {pieces.get('m:e', '')}",
    "m:mr": lambda _, __, shown: ", ".join(shown),
    "m:m": lambda _, __, shown: f"[{'; '.join(shown)}]",
    "m:eqArr": lambda _, __, shown: "\n".join(shown),
}


def mathml_text(element: Element, depth: int = 0) -> str:
    """A formula in MathML."""
    if depth > DEEPEST_NESTING:
        return "".join(element.itertext())
    inside = [one for one in element if one.tag not in _SILENT]
    parts = [mathml_text(one, depth + 1) for one in inside]
    kind = element.tag.removeprefix("math:")
    if not parts:
        return " ".join((element.text or "").split())
    if kind == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if kind == "msqrt":
        return f"√{_grouped(''.join(parts))}"
    if kind == "mroot" and len(parts) == 2:
        return f"{_grouped(parts[0])}^(1/{parts[1]})"
    if kind in {"msup", "mover"} and len(parts) == 2:
        return f"{parts[0]}^{_grouped(parts[1])}"
    if kind in {"msub", "munder"} and len(parts) == 2:
        return f"{parts[0]}_{_grouped(parts[1])}"
    if kind in {"msubsup", "munderover"} and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if kind == "mfenced":
        inner = (element.get("separators") or ",")[:1].join(parts)
        return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
    if kind in {"mtr", "mtable"}:
        return (", " if kind == "mtr" else "; ").join(parts)
    return _joined(parts, {at for at, one in enumerate(inside) if one.tag == "math:mfrac"})


def _joined(parts: list[str], fractions: set[int]) -> str:
    """Parts side by side; a fraction that touches a name or number gets parentheses."""
    shown = list(parts)
    for at in fractions:
        before, after = parts[at - 1][-1:] if at else "", parts[at + 1][:1] if at + 1 < len(parts) else ""
        if before.isalnum() or before == ")" or after.isalnum() or after == "(":
            shown[at] = f"({parts[at]})"
    return "".join(shown)
