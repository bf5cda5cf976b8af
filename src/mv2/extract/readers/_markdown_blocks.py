"""The blocks of a Markdown text as ranges over it; nothing is rendered."""

from __future__ import annotations

from typing import Any

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.model import Block, BlockKind, Limits, Table
from mv2.extract.readers._html_tame import words_of
from mv2.extract.tables import make_table

_FENCE = late_pattern(r"(`{3,}|~{3,})([^\n]*)")
_ATX = late_pattern(r"(#{1,6})(?:[ \t]|$)")
_MARKER = late_pattern(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_UNDERLINE = late_pattern(r"(?:=+|-+)[ \t]*")
_RULER_CELL = late_pattern(r"\s*:?-+:?\s*")
_CELL_END = late_pattern(r"(?<!\\)\|")
_HTML = late_pattern(r"<(?:!--|[!?]|/?[a-zA-Z][a-zA-Z0-9-]{0,40}(?:[\s/>]|$))")
_NOTE = late_pattern(r"\[\^[^\]\s]{1,100}\]:")
_INLINE_HTML = words_of(
    "a abbr b bdi bdo br button cite code data del dfn em i img input ins kbd label mark q s samp small span"
    " strong sub sup time u var wbr"
)
_RAW_HTML = {
    "<script": "</script",
    "<pre": "</pre",
    "<style": "</style",
    "<textarea": "</textarea",
    "<!--": "-->",
}
_TAG_NAME = late_pattern(r"</?([a-zA-Z][a-zA-Z0-9-]*)")
_CODE_INDENT = 4


@dataclass(slots=True)
class _Line:
    """A line: its range without the line end, its indent in columns and what follows the indent."""

    start: int
    end: int
    indent: int
    content: str


class MarkdownBlocks:
    """Finds the blocks and tables.

    Args:
        text: the whole text.
        start: character from which it is Markdown.
    """

    def __init__(self, text: str, start: int, limits: Limits) -> None:
        self.blocks: list[Block] = []
        self.tables: list[Table] = []
        self._limits = limits
        self._lines = _lines(text, start)
        self._first_line = text.count("\n", 0, start) + 1
        self._items: list[int] = []
        self._index = 0
        #: Where the lines end that ``_run_length`` looked at last, and whether they are of a quote.
        self._run = (0, False)
        while self._index < len(self._lines):
            self._next_block()

    def _next_block(self) -> None:
        line = self._lines[self._index]
        if not line.content:
            self._index += 1
            return
        while self._items and line.indent < self._items[-1]:
            self._items.pop()
        base = self._items[-1] if self._items else 0
        if line.indent >= base + _CODE_INDENT:
            self._indented_code(base + _CODE_INDENT)
        elif fence := _opens_fence(line.content):
            self._fenced_code(fence)
        elif heading := _ATX.match(line.content):
            self._add("heading", 1, level=len(heading.group(1)))
        elif _is_rule(line.content):
            self._items = []
            self._add("rule", 1)
        elif line.content[0] == ">":
            self._add("quote", self._run_length())
        elif _is_item(line.content):
            self._item(line)
        elif self._is_table():
            self._table()
        elif _starts_html(line.content):
            self._html(line)
        else:
            self._paragraph(line)

    def _add(self, kind: BlockKind, count: int, **fields: Any) -> None:
        """Take the next ``count`` lines as a block."""
        first, last = self._index, self._index + count - 1
        while last > first and not self._lines[last].content:
            last -= 1
        head, tail = self._lines[first], self._lines[last]
        start = head.end - len(head.content) if kind != "code" else head.start
        self.blocks.append(
            Block(
                kind=kind,
                start=start,
                end=tail.end,
                lines=(self._first_line + first, self._first_line + last),
                **fields,
            )
        )
        self._index += count

    def _indented_code(self, least: int) -> None:
        count = used = 1
        while self._index + count < len(self._lines):
            line = self._lines[self._index + count]
            count += 1
            if line.content and line.indent < least:
                break
            if line.content:
                used = count
        self._add("code", used)

    def _fenced_code(self, fence: str) -> None:
        count = 1
        while self._index + count < len(self._lines):
            content = self._lines[self._index + count].content
            count += 1
            if content.startswith(fence) and not content.strip(fence[0]).strip():
                break
        self._add("code", count)

    def _run_length(self) -> int:
        """Lines up to a blank one or the start of another kind of block."""
        quoted = self._lines[self._index].content[0] == ">"
        known, of_quote = self._run
        if self._index < known and quoted == of_quote:  # part of it was taken as a heading
            return known - self._index
        end = self._index + 1
        while end < len(self._lines):
            line = self._lines[end]
            if not line.content or (_interrupts(line.content) and not (quoted and line.content[0] == ">")):
                break
            end += 1
        self._run = (end, quoted)
        return end - self._index

    def _item(self, line: _Line) -> None:
        marker = _MARKER.match(line.content)
        width = 0 if marker is None else marker.end()
        rest = line.content[width:]
        spaces = len(rest) - len(rest.lstrip())
        self._items.append(line.indent + width + (spaces if 1 <= spaces <= _CODE_INDENT else 1))
        if fence := _opens_fence(rest.strip()):
            self._fenced_code(fence)
            return
        self._add("list", self._run_length(), level=len(self._items))

    def _paragraph(self, line: _Line) -> None:
        count = self._run_length()
        for ahead in range(1, count + 1):
            if self._index + ahead >= len(self._lines):
                break
            below = self._lines[self._index + ahead]
            if _UNDERLINE.fullmatch(below.content) and below.indent < _CODE_INDENT and not self._items:
                self._add("heading", ahead + 1, level=1 if below.content[0] == "=" else 2)
                return
        for ahead in range(1, count):
            if self._is_table(ahead):
                count = ahead
                break
        kind: BlockKind = "note" if _NOTE.match(line.content) else "list" if self._items else "paragraph"
        self._add(kind, count, level=len(self._items))

    def _html(self, line: _Line) -> None:
        lowered = line.content.lower()
        closing = next((end for start, end in _RAW_HTML.items() if lowered.startswith(start)), None)
        count = 0
        while self._index + count < len(self._lines):
            content = self._lines[self._index + count].content
            if closing is None and not content:
                break
            count += 1
            if closing is not None and closing in content.lower():
                break
        self._add("code" if closing == "</pre" else "paragraph", count)

    def _is_table(self, ahead: int = 0) -> bool:
        index = self._index + ahead
        if index + 1 >= len(self._lines) or "|" not in self._lines[index].content:
            return False
        ruler = self._lines[index + 1].content
        if "-" not in ruler or not ("|" in ruler or ":" in ruler):
            return False
        cells = _cells(ruler)
        return all(map(_RULER_CELL.fullmatch, cells)) and len(cells) == len(
            _cells(self._lines[index].content)
        )

    def _table(self) -> None:
        count = 2
        while self._index + count < len(self._lines):
            line = self._lines[self._index + count]
            if not line.content or (_interrupts(line.content) and line.content[0] != "|"):
                break
            count += 1
        head, ruler = self._lines[self._index], self._lines[self._index + 1]
        rows = [_cells(line.content) for line in self._lines[self._index : self._index + count]]
        del rows[1]
        width = len(rows[0])
        if width * len(rows) > self._limits.table_cells:
            raise DocumentLimitError(
                f"a table has more than {self._limits.table_cells:,} cells (limit table_cells)"
            )
        rows = [(row + [""] * (width - len(row)))[:width] for row in rows]
        self.tables.append(make_table(rows, header=0))
        start = head.end - len(head.content)
        self._add(
            "table",
            count,
            table=len(self.tables) - 1,
            header=(start, ruler.end),
            rows=(1, count - 2) if count > 2 else None,
        )


def _lines(text: str, start: int) -> list[_Line]:
    lines = list[_Line]()
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        raw = text[start:end].rstrip()
        content = raw.lstrip(" \t")
        indent = len(raw[: len(raw) - len(content)].expandtabs(4))
        lines.append(_Line(start, start + len(raw), indent, content))
        start = end + 1
    return lines


def _opens_fence(content: str) -> str | None:
    match = _FENCE.match(content)
    if match is None or (match.group(1)[0] == "`" and "`" in match.group(2)):
        return None
    return match.group(1)


def _is_rule(content: str) -> bool:
    marks = content.replace(" ", "").replace("\t", "")
    return len(marks) >= 3 and marks[0] in "-*_" and not marks.strip(marks[0])


def _is_item(content: str) -> bool:
    return _MARKER.match(content) is not None


def _starts_html(content: str) -> bool:
    if content[0] != "<" or not _HTML.match(content):
        return False
    name = _TAG_NAME.match(content)
    return name is None or name.group(1).lower() not in _INLINE_HTML


def _interrupts(content: str) -> bool:
    """Whether a line starts a block of its own right below a paragraph."""
    first = content[0]
    if first in "`~":
        return _opens_fence(content) is not None
    if first == "#":
        return _ATX.match(content) is not None
    if first in "-*_+" or first.isdigit():
        return _is_rule(content) or _is_item(content)
    return first == ">" or (first == "<" and _starts_html(content))


def _cells(content: str) -> list[str]:
    """The cells of a row of a table; an escaped bar is part of its cell."""
    content = content.strip().removeprefix("|")
    if content.endswith("|") and not content.endswith("\\|"):
        content = content[:-1]
    parts = _CELL_END.split(content) if "\\" in content else content.split("|")
    return [part.replace("\\|", "|").strip() for part in parts]
