"""The elements of a page written as text and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mv2.errors import DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.model import BlockKind, Limits, Table
from mv2.extract.readers._html_inline import (
    BLOCKS,
    PREFORMATTED,
    Inline,
    code_text,
    holds_notes,
    in_gutter,
    is_permalink,
)
from mv2.extract.readers._html_table import data_table, holds_data, table_rows
from mv2.extract.readers._html_tree import Child, Node
from mv2.extract.tables import render_table

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(["ul", "ol", "menu", "dir", "dl"])
_LONGEST_INDENT = 20
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class _Context(NamedTuple):
    """What the element around means for the text in it."""

    kind: BlockKind = "paragraph"
    level: int = 0
    depth: int = 0
    keep_lines: bool = False
    note: bool = False


class _List:
    """Counts the items of a list."""

    def __init__(self, node: Node) -> None:
        self.ordered = node.tag == "ol"
        self.explains = node.tag == "dl"
        self._style = node.get("type")
        self._number = _number(node.get("start"), 1)
        self._step = 1
        if "reversed" in node.attrs:
            self._step = -1
            if not node.get("start"):
                self._number = sum(1 for one in node.elements() if one.tag == "li")

    def marker(self, item: Node) -> str:
        """What stands before the item."""
        if not self.ordered:
            return "- "
        number = _number(item.get("value"), self._number)
        self._number = number + self._step
        return f"{_counted(number, self._style)}. "


class Writer:
    """Writes elements into a builder.

    Args:
        tables: those of data are added here.
        limits: ``text_chars`` and ``table_cells`` hold here.
        hidden: also write what a browser would not show.
        controls: also write the words on buttons and all choices of lists.
        notes: also write footnotes.
    """

    def __init__(
        self,
        builder: TextBuilder,
        tables: list[Table],
        limits: Limits,
        *,
        hidden: bool = False,
        controls: bool = False,
        notes: bool = True,
    ) -> None:
        self._builder = builder
        self._tables = tables
        self._limits = limits
        self._hidden = hidden
        self._notes = notes
        self._inline = Inline(controls=controls)
        self._context = _Context()
        self._lists: list[_List] = []
        self._marker: str | None = None
        self._terms: list[str] = []
        self._last: BlockKind | None = None

    def write(self, root: Node) -> None:
        """Write everything inside of ``root`` that is neither hidden nor dropped.

        Raises:
            DocumentLimitError: more text or cells than the limits allow.
        """
        stack: list[tuple[Node, Iterator[Child], _Context]] = [(root, iter(root.children), self._context)]
        while stack:
            node, children, before = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._leave(node)
                self._context = before
            elif isinstance(child, str):
                self._inline.text(child, keep_lines=self._context.keep_lines)
            elif not child.dropped and (self._hidden or not child.hidden):
                context = self._context
                if self._enter(child):
                    stack.append((child, iter(child.children), context))
                else:
                    self._context = context
        self._flush()
        self._end_terms()

    def _enter(self, node: Node) -> bool:
        """Start an element; whether its content is still to be written."""
        tag = node.tag
        if not self._notes and holds_notes(node):
            return False
        if tag in PREFORMATTED:
            self._flush()
            self._add("code", code_text(node))
            return False
        if tag == "table":
            return self._enter_table(node)
        if tag in BLOCKS or _is_shown_as_block(node):
            self._flush()
            self._enter_block(node)
            return tag != "hr" and not in_gutter(node)
        if self._context.kind == "heading" and is_permalink(node):
            return False
        self._keep_lines_of(node)
        return self._inline.enter(node)

    def _enter_table(self, node: Node) -> bool:
        self._flush()
        rows = table_rows(node)
        if not holds_data(node, rows):
            return True
        table = data_table(node, rows, self._limits)
        if table.name:
            self._add("caption", table.name)
        self._tables.append(table)
        render_table(self._builder, table, len(self._tables) - 1)
        self._last = "table"
        self._check()
        return False

    def _enter_block(self, node: Node) -> None:
        tag, context = node.tag, self._context
        level = _HEADINGS.get(tag) or (
            _number(node.get("aria-level"), 2) if node.get("role") == "heading" else 0
        )
        if level:
            self._context = context._replace(kind="heading", level=max(1, min(level, 6)))
        elif tag in _LISTS:
            self._lists.append(_List(node))
            self._context = context._replace(kind="list", depth=context.depth + 1)
        elif tag == "li":
            self._marker = self._lists[-1].marker(node) if self._lists else "- "
            self._context = context._replace(kind="list", depth=max(context.depth, 1))
        elif tag == "blockquote":
            self._context = context._replace(kind="quote")
        elif tag == "figcaption":
            self._context = context._replace(kind="caption")
        if context.note or holds_notes(node):
            self._enter_note(tag)
        self._keep_lines_of(node)

    def _enter_note(self, tag: str) -> None:
        if self._context.kind != "heading":
            self._context = self._context._replace(kind="note", note=True)
        if tag == "li" and self._marker is not None:
            number = self._marker.removesuffix(". ")
            self._marker = f"[{number}] " if number.isalnum() else ""

    def _keep_lines_of(self, node: Node) -> None:
        style = node.attrs.get("style")
        if node.tag == "textarea" or (style and "white-space" in style and "pre" in style):
            self._context = self._context._replace(keep_lines=True)

    def _leave(self, node: Node) -> None:
        tag = node.tag
        if tag == "dt":
            self._terms.append(" ".join(self._inline.take()))
        elif tag in BLOCKS or tag == "table" or _is_shown_as_block(node):
            self._flush()
            if tag in _LISTS and self._lists:
                self._end_terms()
                self._lists.pop()
                self._last = self._last if self._lists else None
            elif tag == "li":
                self._marker = None
        else:
            self._inline.leave(node)

    def _flush(self) -> None:
        """Write the lines collected so far as a block of the kind the context says."""
        lines = self._inline.take()
        if not lines:
            return
        kind, depth = self._context.kind, self._context.depth
        if kind == "heading":
            self._add("heading", " ".join(lines), level=self._context.level)
        elif kind == "list":
            self._add_item(lines, depth)
        elif kind == "note":
            head, self._marker = self._marker or "", None
            self._add(kind, head + "\n".join(lines))
        else:
            self._add(kind, "\n".join(lines))

    def _add_item(self, lines: list[str], depth: int) -> None:
        head, self._marker = self._marker or "", None
        under = not head and bool(self._lists) and not self._lists[-1].explains
        indent = "  " * min(depth if under else depth - 1, _LONGEST_INDENT)
        if self._terms:
            head += f"{', '.join(term for term in self._terms if term)}: "
            self._terms = []
        text = head + f"\n{indent}{'  ' if head else ''}".join(lines)
        self._add("list", text, joint=f"\n{indent}" if self._last == "list" else f"\n\n{indent}", level=depth)

    def _end_terms(self) -> None:
        """Write terms that nothing explains."""
        terms, self._terms = [term for term in self._terms if term], []
        for term in terms:
            joint = "\n" if self._last == "list" else "\n\n"
            self._add("list", term, joint=joint, level=max(self._context.depth, 1))

    def _add(self, kind: BlockKind, text: str, *, joint: str = "\n\n", level: int = 0) -> None:
        self._builder.add(kind, text, joint=joint, level=level)
        self._last = kind
        self._check()

    def _check(self) -> None:
        if len(self._builder) > self._limits.text_chars:
            raise DocumentLimitError(
                f"the page has more than {self._limits.text_chars:,} characters of text (limit text_chars)"
            )


def _is_shown_as_block(node: Node) -> bool:
    style = node.attrs.get("style")
    return style is not None and "display" in style and "display:block" in style.replace(" ", "")


def _number(text: str, default: int) -> int:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 6 else default


def _counted(number: int, style: str) -> str:
    """The number of an item as its list writes it: 3, c, C, iii or III."""
    if style in {"a", "A"} and 1 <= number <= 26:
        return chr(ord(style) + number - 1)
    if style not in {"i", "I"} or not 1 <= number < 4000:
        return str(number)
    roman = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        roman += letters * count
    return roman if style == "i" else roman.upper()
