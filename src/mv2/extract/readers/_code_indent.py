"""Definitions in languages whose bodies are indented, by need or by habit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.readers._code_definitions import MAX_DEFINITIONS, Definition
from mv2.extract.readers._code_mask import Masked

_TAB = 8
_HEAD_CHARS = 2_000
_MAX_QUIET = 200
_BRACKETS = late_pattern(r"[()\[\]{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indents:
    """How a language is read whose bodies are indented.

    Attributes:
        function, container: heads of definitions, matched at the first character of a line; the
            first group that matched is the name.
        closer: what ends a body, standing as far left as its head.
        decorator: lines like that belong to the definition below them.
        brackets: lines between brackets belong to the line that opened them.
        flat: a definition lasts until the next one, however it is indented.
    """

    function: re.Pattern[str]
    container: re.Pattern[str] | None = None
    closer: re.Pattern[str] | None = None
    decorator: re.Pattern[str] | None = None
    brackets: bool = False
    flat: bool = False


@dataclass(slots=True)
class _Line:
    """A line with something on it: its characters, and how far it is indented.

    ``code`` says whether more than a comment or a string stands on it. ``end`` moves on while
    further lines go on with it.
    """

    start: int
    end: int
    first: int
    width: int
    code: bool


@dataclass(slots=True)
class _Open:
    """A definition that has not ended yet."""

    head: _Line
    definition: Definition


def scan_indents(source: Masked, rules: Indents) -> list[Definition]:
    """Return the definitions of a file in the order of their starts."""
    found: list[Definition] = []
    stack: list[_Open] = []
    quiet: list[_Line] = []
    decorated: int | None = None
    last = _Line(0, 0, 0, 0, code=True)
    for line in _lines(source, rules):
        if not line.code:
            if len(quiet) < _MAX_QUIET:
                quiet.append(line)
            continue
        named = None if len(found) >= MAX_DEFINITIONS else _named(source.code, line, rules)
        closes = named is None and rules.closer is not None and rules.closer.match(source.code, line.first)
        while stack and _is_over(stack[-1], line, named is not None, last, source, rules):
            opened = stack.pop()
            closed_here = closes and line.width == opened.head.width
            opened.definition.end = line.end if closed_here else _end_of(opened, last, quiet)
        last = line
        quiet.clear()
        if named is None:
            if rules.decorator is not None and rules.decorator.match(source.code, line.first):
                decorated = line.start if decorated is None else decorated
            else:
                decorated = None
            continue
        if not stack or stack[-1].definition.container:
            start = line.start if decorated is None else decorated
            definition = Definition(named[0], start, len(source.code), named[1])
            found.append(definition)
            stack.append(_Open(line, definition))
        decorated = None
    for opened in stack:
        opened.definition.end = _end_of(opened, last, quiet)
    return found


def _is_over(opened: _Open, line: _Line, named: bool, last: _Line, source: Masked, rules: Indents) -> bool:
    if rules.flat:
        return named
    if line.width > opened.head.width:
        return False
    starts_body = last is opened.head and source.code.startswith("{", line.first)
    return not (starts_body and line.width == opened.head.width)


def _end_of(opened: _Open, last: _Line, quiet: list[_Line]) -> int:
    """Comments and strings below the last code, indented as a body is, are part of it."""
    end = last.end
    for line in quiet:
        if line.width <= opened.head.width:
            break
        end = line.end
    return end


def _named(code: str, line: _Line, rules: Indents) -> tuple[str, bool] | None:
    for pattern, container in ((rules.container, True), (rules.function, False)):
        match = pattern.match(code, line.first, min(line.end, line.first + _HEAD_CHARS)) if pattern else None
        if match:
            name = next((group for group in match.groups() if group), "")
            return name.replace("::", ".").replace(":", ".").strip("\"' \t"), container
    return None


def _lines(source: Masked, rules: Indents) -> Iterator[_Line]:
    """Lines with something on them that do not go on with the line before."""
    text, code = source.text, source.code
    depth = 0
    start = 0
    last: _Line | None = None
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        masked = code[start:end]
        is_code = not masked.isspace() and bool(masked)
        line = masked if is_code else text[start:end]
        if line.strip():
            first = start + len(line) - len(line.lstrip())
            if depth and first == start and is_code and rules.function.match(code, first):
                depth = 0
            if depth and last is not None:
                last.end = end
            else:
                width = _width(line[: min(first - start, _HEAD_CHARS)])
                last = _Line(start, end, first, width, is_code)
                yield last
            if rules.brackets and is_code:
                for bracket in _BRACKETS.finditer(masked):
                    depth = depth + 1 if bracket.group() in "([{" else max(depth - 1, 0)
        start = end + 1


def _width(indent: str) -> int:
    return len(indent.expandtabs(_TAB)) if "\t" in indent else len(indent)
