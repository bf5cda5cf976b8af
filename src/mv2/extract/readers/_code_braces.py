"""Definitions in languages whose bodies stand in braces.

One pass over the code without its comments and strings. What stands between the end of a
statement and a brace is the head of what the brace opens, and says whether it has a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.readers._code_definitions import MAX_DEFINITIONS, Definition
from mv2.extract.readers._code_mask import Masked


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a brace.

    Attributes:
        code: without comments and strings.
        shown: of the same length, with them.
        member: it stands right inside of a container.
    """

    code: str
    shown: str
    member: bool


#: (name, whether it may hold definitions) of a head, None if it defines nothing.
Named: TypeAlias = "tuple[str, bool] | None"
NameHead: TypeAlias = Callable[[Head], Named]

_HEAD_CHARS = 2_000
_MARKS = late_pattern(r"[{}()\[\];\n]")
_GOES_ON_BELOW = late_pattern(
    r"\s{0,200}(?:[{.:?&|+=,)\]*]|->|=>|(?:where|throws|extends|implements|with|returns)\b)"
)
_GOES_ON_BEHIND = late_pattern(r"(?:[,:=+\-*&|<(.?\[]|=>|->|\b(?:extends|implements|where|return))[ \t\r]*\Z")
VALUE = r"[(,\[:]\s*\Z|\breturn\s*\Z|\bnew\s+[\w.<][^;{}()]*(?:\([^;{}()]*\))?\s*\Z"
"""Ends of heads behind which a brace opens a value, not a body."""
_VALUE_CHARS = 400
_ANNOTATION = late_pattern(r"@[\w.:]+(?:\s*\([^()\n]*\))?\Z")
_TRAILER = late_pattern(r"[ \t]*[;,)]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Braces:
    """How a language with braces is read.

    Attributes:
        name: gives the name of a head.
        newline_ends: a statement may end with its line.
        value: matches a head behind which the brace opens a value, not a body.
        short: matches a statement that gives a name, its group, to a function without braces.
    """

    name: NameHead
    newline_ends: bool
    value: re.Pattern[str]
    short: re.Pattern[str] | None = None


@dataclass(slots=True)
class _Open:
    """A brace that is not closed yet."""

    definition: Definition | None
    parentheses: int
    expression: bool
    statement: int


class BraceScanner:
    """Reads one file; ``definitions`` are in the order of their starts."""

    def __init__(self, source: Masked, rules: Braces) -> None:
        self._text = source.text
        self._code = source.code
        self._rules = rules
        self._stack: list[_Open] = []
        self._statement = 0
        self._parentheses = 0
        self._groups = 0
        self.definitions: list[Definition] = []

    def scan(self) -> list[Definition]:
        """Return the definitions of the file, those inside of containers too."""
        for found in _MARKS.finditer(self._code):
            mark, place = found.group(), found.start()
            if mark in "([":
                self._parentheses += 1
            elif mark in ")]":
                self._groups += self._parentheses == 1
                self._parentheses = max(self._parentheses - 1, 0)
            elif mark == "{":
                self._open(place)
            elif mark == "}":
                self._close(place)
            elif mark == ";" and (self._parentheses == 0 or self._is_outside()):
                self._parentheses = 0
                self._take_short(place + 1)
                self._begin(place + 1)
            elif mark == "\n" and self._parentheses == 0 and self._line_ends(place):
                self._take_short(place)
                self._begin(place + 1)
        self._take_short(len(self._code.rstrip()))
        for opened in self._stack:
            if opened.definition is not None:
                opened.definition.end = len(self._code.rstrip())
        return self.definitions

    def _take_short(self, end: int) -> None:
        """Note the statement that ends here if it is a function without braces."""
        if self._rules.short is None or not self._is_outside() or len(self.definitions) >= MAX_DEFINITIONS:
            return
        head = self._code[self._statement : min(end, self._statement + _HEAD_CHARS)]
        found = self._rules.short.match(head)
        if found:
            start = self._statement + len(head) - len(head.lstrip())
            self.definitions.append(Definition(found.group(1), start, end))

    def _begin(self, place: int) -> None:
        """A statement starts."""
        self._statement = place
        self._groups = 0

    def _is_outside(self) -> bool:
        """Whether what stands here is in no function."""
        return not self._stack or self._is_container(self._stack[-1])

    def _is_container(self, opened: _Open) -> bool:
        return opened.definition is not None and opened.definition.container

    def _open(self, place: int) -> None:
        head_start = max(self._statement, place - _HEAD_CHARS)
        head = self._code[head_start:place]
        start = head_start + len(head) - len(head.lstrip())
        named: Named = None
        value = self._rules.value.search(head[-_VALUE_CHARS:]) is not None
        at_margin = start == 0 or self._text[start - 1] == "\n"
        if len(self.definitions) < MAX_DEFINITIONS and self._parentheses == 0 and not value:
            outside = self._is_outside()
            if outside or at_margin:
                member = bool(self._stack) and outside
                named = self._rules.name(Head(head, self._text[head_start:place], member))
            if named is not None and not outside:
                self._leave_function(start)
        definition = None
        if named is not None:
            definition = Definition(named[0], start, len(self._code), named[1])
            self.definitions.append(definition)
        expression = named is None and (self._parentheses > 0 or value)
        self._stack.append(_Open(definition, self._parentheses, expression, self._statement))
        self._parentheses = 0
        self._begin(place + 1)

    def _leave_function(self, place: int) -> None:
        """A definition at the margin is in no function: a brace was lost (to ``#ifdef``, say)."""
        while not self._is_outside():
            opened = self._stack.pop()
            if opened.definition is not None:
                opened.definition.end = place

    def _close(self, place: int) -> None:
        if not self._stack:
            self._parentheses = 0
            self._begin(place + 1)
            return
        opened = self._stack.pop()
        self._parentheses = opened.parentheses
        self._begin(opened.statement if opened.expression else place + 1)
        if opened.definition is not None:
            trailer = _TRAILER.match(self._code, place + 1)
            opened.definition.end = trailer.end() if trailer else place + 1

    def _line_ends(self, place: int) -> bool:
        """Whether the statement ends with the line; it does not where the next line goes on with it."""
        if not self._rules.newline_ends:
            return False
        behind = self._code[max(self._statement, place - 80) : place]
        shown = behind.strip()
        if not shown:
            return True
        if shown[-1] == ")" and self._groups == 1 and self._code[self._statement : place].lstrip()[:1] == "@":
            return False
        if shown[0] == "@" and _ANNOTATION.match(shown):
            return False
        return not (_GOES_ON_BEHIND.search(behind) or _GOES_ON_BELOW.match(self._code, place + 1))
