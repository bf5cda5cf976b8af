"""What every scanner of source code finds: definitions, and how they become blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.model import Block
from mv2.extract.readers._code_mask import Masked

MAX_DEFINITIONS = 50_000
"""Definitions of one file that become blocks of their own; the rest stays code without a name."""
_MAX_STANZAS = 100_000
_SYMBOL_CHARS = 200
_INDENT_CHARS = 400
_DOCSTRING_ENDS = ('"""', "'''")
_ONLY_CLOSERS = late_pattern(r"(?:[\s})\];,]|\bend\w*\b)*+\Z")
_DIRECTIVE = late_pattern(r"^[ \t]*#[ \t]*[a-z]", re.MULTILINE)
_STANZA_BREAK = late_pattern(r"\n[ \t\r\f\v]*\n(?=([ \t]*)\S)")


@dataclass(slots=True)
class Definition:
    """A function, class or other named piece of a program.

    Attributes:
        name: its own name, without what it is in; empty for a namespace without one.
        start, end: its characters.
        container: it may hold definitions of its own.
    """

    name: str
    start: int
    end: int
    container: bool = False


@dataclass(slots=True)
class Layout:
    """Blocks of a program, and the names it defines."""

    blocks: list[Block]
    symbols: list[str]


def lay_out(source: Masked, definitions: Iterable[Definition]) -> Layout:
    """Make blocks of a program: one for each definition, and those for what stands between them.

    Definitions must be in the order of their starts, and be nested or apart.
    """
    found = list(definitions)
    layout = _Layout(source)
    stack: list[tuple[Definition, str]] = []
    for index, one in enumerate(found):
        while stack and stack[-1][0].end <= one.start:
            layout.between(stack[-1][0].end, stack[-1][1])
            stack.pop()
        if one.start < layout.reached:
            continue
        outer = stack[-1][1] if stack else ""
        layout.between(_start_with_comment(source, one.start, layout.reached), outer)
        symbol = ".".join(name for name in (outer, one.name) if name)[:_SYMBOL_CHARS]
        layout.symbols.append(symbol)
        holds = one.container and index + 1 < len(found) and found[index + 1].start < one.end
        if holds:
            stack.append((one, symbol))
        else:
            layout.add(one.end, symbol)
    while stack:
        one, symbol = stack.pop()
        layout.between(one.end, symbol)
    layout.between(len(source.text), "")
    return Layout(layout.blocks, list(dict.fromkeys(filter(None, layout.symbols))))


class _Layout:
    """Blocks so far; ``reached`` is where the last one ends."""

    def __init__(self, source: Masked) -> None:
        self._text = source.text
        self._code = source.code
        self._counted_to = 0
        self._line = 1
        self._opened = False
        self.blocks: list[Block] = []
        self.symbols: list[str] = []
        self.reached = 0
        self._stanzas = 0

    def add(self, end: int, symbol: str, kind: str = "code") -> None:
        """Make a block up to ``end``, without the white space around it."""
        piece = self._text[self.reached : end]
        start = self.reached + len(piece) - len(piece.lstrip())
        end = self.reached + len(piece.rstrip())
        self.reached = max(self.reached, end)
        if start >= end:
            return
        start = _indent_start(self._text, start)
        self.blocks.append(
            Block(
                kind="paragraph" if kind == "paragraph" else "code",
                start=start,
                end=end,
                lines=(self._line_of(start), self._line_of(end - 1)),
                symbol=symbol or None,
            )
        )
        self._opened = True

    def _line_of(self, place: int) -> int:
        """Number of the line of a character; each place asked for is behind the one before."""
        self._line += self._text.count("\n", self._counted_to, place)
        self._counted_to = max(place, self._counted_to)
        return self._line

    def between(self, end: int, symbol: str) -> None:
        """Blocks for what stands before ``end`` and belongs to ``symbol`` itself."""
        if end <= self.reached:
            return
        if not self._opened:
            self._opened = True
            if not symbol:
                self._opening(end)
        elif _ONLY_CLOSERS.match(self._code, self.reached, end):
            shown = self._text[self.reached : end].rstrip()
            if not shown.strip():
                return
            if not self._code[self.reached : end].isspace():
                self._extend(self.reached + len(shown))
                return
        for stop in self._stanza_ends(self.reached, end):
            self.add(stop, symbol)
        self.add(end, symbol)

    def _extend(self, end: int) -> None:
        last = self.blocks[-1]
        self.blocks[-1] = Block(
            kind=last.kind,
            start=last.start,
            end=end,
            lines=(last.lines[0] if last.lines else 1, self._line_of(end - 1)),
            symbol=last.symbol,
        )
        self.reached = end

    def _opening(self, end: int) -> None:
        """The comment or docstring that opens the file, as text."""
        start = 0
        if self._text.startswith("#!"):
            start = self._text.find("\n") + 1 or end
        code = len(self._code) - len(self._code[start:].lstrip())
        directive = _DIRECTIVE.search(self._text, start, min(code, end))
        if directive and _is_directive(self._text, directive.start()):
            code = directive.start()
        stop = min(code, end)
        if stop < end and not self._text[start:stop].isspace():
            stop = max(self._text.rfind("\n", start, stop), start)
        shown = self._text[start:stop].strip()
        if not shown:
            return
        if start:
            self.add(start, "")
        self.add(stop, "", "paragraph")

    def _stanza_ends(self, start: int, end: int) -> Iterator[int]:
        """Blank lines behind which the code is not indented further than where it began."""
        first = start + len(self._text[start:end]) - len(self._text[start:end].lstrip())
        width = first - _indent_start(self._text, first)
        for found in _STANZA_BREAK.finditer(self._text, first, end):
            if len(found.group(1)) <= width and self._stanzas < _MAX_STANZAS:
                self._stanzas += 1
                yield found.end()


def _is_directive(text: str, start: int) -> bool:
    word = text[start : start + 40].strip().lstrip("#").lstrip()
    return word.startswith(
        ("include", "define", "if", "pragma", "import", "undef", "error", "region", "nullable", "using")
    )


def _indent_start(text: str, start: int) -> int:
    """The start of the line if only spaces stand before ``start``, else ``start``."""
    line = _line_start(text, start)
    return line if not text[line:start].strip(" \t") else start


def _line_start(text: str, start: int) -> int:
    """The start of the line, or ``start`` when that is far away."""
    nearest = max(0, start - _INDENT_CHARS)
    found = text.rfind("\n", nearest, start)
    return found + 1 if found >= 0 or nearest == 0 else start


def _is_string(line: str) -> bool:
    return line.endswith(_DOCSTRING_ENDS) or (line[0] in "\"'" and line[-1] == line[0])


def _start_with_comment(source: Masked, place: int, floor: int) -> int:
    """Where the comment lines right above a definition start; not before ``floor``."""
    start = _line_start(source.text, place)
    if source.code[start:place].strip():
        return place
    while start > floor:
        above = source.text.rfind("\n", floor, start - 1) + 1 or floor
        line = source.text[above:start]
        stripped = line.strip()
        if not stripped or _is_string(stripped) or line.startswith("#!"):
            break
        if not source.code[above:start].isspace():
            break
        start = above
    return max(min(start, place), floor)
