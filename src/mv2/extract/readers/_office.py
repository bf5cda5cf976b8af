"""What the readers of office documents share: a bounded draft of text, blocks, tables and links."""

from __future__ import annotations

import datetime as dt
import re
from itertools import groupby
from typing import Any, Literal

from mv2.errors import DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.model import BlockKind, Extraction, Limits, Table
from mv2.extract.tables import make_table, render_table

MOST_LINKS = 1_000
MOST_COLUMNS = 16_384
DEEPEST_NESTING = 25
"""Tables, text boxes and groups inside one another; deeper ones are refused."""

_INVISIBLE = dict.fromkeys([*range(32), *range(0x7F, 0xA0), 0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF])
_INVISIBLE |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFC, 0xFFFE, 0xFFFF])
_INVISIBLE |= dict.fromkeys(range(0xD800, 0xE000))
_VISIBLE: dict[int, str | None] = {
    0x09: "\t",
    0x0A: "\n",
    0x0B: "\n",
    0x0D: "\n",
    0x85: "\n",
    0xA0: " ",
    0x2007: " ",
    0x2011: "-",
    0x2028: "\n",
    0x2029: "\n",
    0x202F: " ",
}
_READABLE: dict[int, str | None] = {**_INVISIBLE, **_VISIBLE}
_RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")
_BUTTON = re.compile(r"\s*(?:MACROBUTTON|GOTOBUTTON)\s+\S+\s+(.*)", re.DOTALL | re.IGNORECASE)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}")

Revisions = Literal["accepted", "original", "marked"]


def readable(text: str) -> str:
    """Text without control characters, soft hyphens and invisible marks, with plain spaces."""
    return text if text.isascii() and text.isprintable() else text.translate(_READABLE)


def tidy(text: str) -> str:
    """``readable`` text whose lines have no spaces at their ends."""
    text = readable(text)
    if "\n" not in text:
        return text.strip()
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def marked(text: str, change: Literal["inserted", "deleted"]) -> str:
    """A tracked change shown in the text, in the notation of CriticMarkup."""
    if not text.strip():
        return text
    return f"{{++{text}++}}" if change == "inserted" else f"{{--{text}--}}"


def raised(text: str) -> str:
    """Digits and signs set above the line, so that they do not run into the word before."""
    return text.translate(_RAISED) if text and all(char in "0123456789+-−()n" for char in text) else text


def lowered(text: str) -> str:
    """Digits and signs set below the line."""
    return text.translate(_LOWERED) if text and all(char in "0123456789+-−()" for char in text) else text


def button_text(instruction: str) -> str:
    """What a field shows that is a button, and so has no result; empty for any other field."""
    found = _BUTTON.match(instruction)
    return found.group(1).strip() if found else ""


def seconds_of(moment: str | None) -> int | None:
    """UTC seconds of an ISO date or time; one without a zone is taken as UTC. None if it is no such thing."""
    found = _MOMENT.match((moment or "").strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    zone = found.group(7) or "Z"
    try:
        value = dt.datetime(year, month, day, hour, minute, min(second, 59), tzinfo=dt.UTC)
        seconds = int(value.timestamp())
    except (ValueError, OverflowError):
        return None
    if zone == "Z":
        return seconds
    offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return seconds - offset if zone[0] == "+" else seconds + offset


def language_of(code: str | None) -> str | None:
    """A language tag as BCP 47, None if it is none or means "not known"."""
    code = (code or "").strip()
    if not _LANGUAGE.fullmatch(code) or code.lower() in {"none", "und", "zxx", "x-none"}:
        return None
    return code.replace("_", "-")


def words_of(text: str | None) -> tuple[str, ...]:
    """Keywords that stand between commas or semicolons, each once."""
    words = (" ".join(readable(word).split()) for word in re.split(r"[,;\n]", text or ""))
    return tuple(dict.fromkeys(word for word in words if word))


class Spread:
    """How many more places merged and repeated cells may fill in all tables of a document together."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.table_cells

    def spend(self, places: int) -> None:
        """Fill so many.

        Raises:
            DocumentLimitError: none are left.
        """
        self._left -= places
        if self._left < 0:
            raise DocumentLimitError("merged and repeated cells fill too many places (limit table_cells)")


class Cells:
    """The rows of a table while it is read; cells that span several places are repeated there.

    Raises:
        DocumentLimitError: from ``put``, when there are more than ``limits.table_cells`` cells.
    """

    def __init__(self, limits: Limits, spread: Spread) -> None:
        self._spread = spread
        self.rows: list[list[str]] = []
        self.header_rows = 0
        self._own: list[int] = []
        self._limits = limits
        self._reaching: dict[int, tuple[int, str]] = {}
        self._count = 0

    def new_row(self) -> None:
        """What is put from here on stands in the next row."""
        self.rows.append([])
        self._own.append(0)
        self._fill()

    def put(self, text: str, *, columns: int = 1, rows: int = 1, continues: bool = False) -> None:
        """A cell right of those before it.

        Args:
            columns, rows: how many places it covers.
            continues: it is a part of the cell before it.
        """
        if not self.rows:
            self.new_row()
        self._own[-1] += not continues
        at, row = len(self.rows), self.rows[-1]
        columns = max(1, min(columns, MOST_COLUMNS - len(row)))
        self._spend(columns)
        self._spread.spend(columns - 1)
        last = at + max(1, rows) - 2
        if last >= at:
            self._reaching.update((column, (last, text)) for column in range(len(row), len(row) + columns))
        row.extend([text] * columns)
        self._fill()

    def _fill(self) -> None:
        """Take over cells from above that reach into this row."""
        row, at = self.rows[-1], len(self.rows) - 1
        while (above := self._reaching.get(len(row))) is not None and above[0] >= at:
            self._spend(1)
            self._spread.spend(1)
            row.append(above[1])

    def _spend(self, cells: int) -> None:
        self._count += cells
        if self._count > self._limits.table_cells:
            raise DocumentLimitError(
                f"a table has more than {self._limits.table_cells:,} cells (limit table_cells)"
            )

    def is_merged(self, row: int) -> bool:
        """Whether the row has cells that cover several columns."""
        return self._own[row] < len(self.rows[row])


class Draft:
    """What a reader has found so far, in order.

    Raises:
        DocumentLimitError: when the text grows beyond ``limits.text_chars``.
    """

    def __init__(self, limits: Limits) -> None:
        self.builder = TextBuilder()
        self.tables: list[Table] = []
        self.limits = limits
        self.spread = Spread(limits)
        self._warnings: dict[str, None] = {}
        self._links: dict[tuple[str, str], None] = {}
        self._in_list = False
        self._caption: str | None = None
        self._page: int | None = None
        self._code: list[str] = []
        self._code_place: dict[str, Any] = {}

    def at_page(self, page: int | None) -> None:
        """Everything from here on stands on that page or slide."""
        self._page = page
        self.builder.at(page=page)

    def add(self, kind: BlockKind, text: str, **fields: Any) -> None:
        """A block that is neither a list item nor a table."""
        text = tidy(text)
        if not text:
            return
        self._end_code()
        self._bound(len(text))
        self.builder.add(kind, text, **fields)
        self._in_list = False
        self._caption = text if kind == "caption" else None

    def heading(self, text: str, level: int, **fields: Any) -> None:
        """A heading on one line."""
        self.add("heading", " ".join(readable(text).split()), level=max(1, min(level, 6)), **fields)

    def item(self, text: str, depth: int, label: str = "-", **fields: Any) -> None:
        """An item of a list; ``depth`` counts from 1, ``label`` is its number or bullet."""
        text = tidy(text)
        if not text:
            return
        self._end_code()
        depth = max(1, min(depth, 20))
        indent = "  " * (depth - 1)
        text = f"{label} {text}" if label else text
        text = text.replace("\n", f"\n{indent}  ")
        self._bound(len(text))
        joint = f"\n{indent}" if self._in_list else "\n\n"
        self.builder.add("list", text, level=depth, joint=joint, **fields)
        self._in_list = True
        self._caption = None

    def code(self, text: str, **fields: Any) -> None:
        """Lines of code; those that follow one another become one block."""
        self._code_place = self._code_place or fields
        self._code.extend(readable(line).rstrip() for line in text.split("\n"))

    def _end_code(self) -> None:
        if self._code:
            text, place = "\n".join(self._code), self._code_place
            self._code, self._code_place = [], {}
            self._bound(len(text))
            self.builder.add("code", text, **place)
            self._in_list = False
            self._caption = None

    def end_list(self) -> None:
        """The next item begins another list."""
        self._in_list = False

    def table(
        self, cells: Cells, name: str | None = None, *, page: int | None = None, last_page: int | None = None
    ) -> None:
        """A table; a first row that is a single cell across all columns is its caption."""
        self._end_code()
        tidied = [[tidy(cell) if cell else "" for cell in row] for row in cells.rows]
        used = [at for at, row in enumerate(tidied) if any(row)]
        rows = [tidied[at] for at in used]
        header = sum(at < cells.header_rows for at in used)
        self._bound(sum(len(cell) + 3 for row in rows for cell in row))
        if name is None:
            name = self._caption
        width = max(map(len, rows), default=0)
        merged = bool(rows) and cells.is_merged(used[0])
        if len(rows) > 1 and width > 1 and merged and len(set(rows[0])) == 1 and len(rows[0]) == width:
            title = " ".join(rows[0][0].split())
            self.add("caption", title)
            name = f"{name}: {title}" if name and name != title else title
            rows, header, merged = rows[1:], max(0, header - 1), cells.is_merged(used[1])
        if not rows:
            return
        if len(rows) == 1:
            # A row alone has no names above it, and none should be made up.
            single = [cell for cell, _ in groupby(rows[0])] if merged else rows[0]
            self.add("paragraph", " | ".join(" ".join(cell.split()) for cell in single if cell))
            return
        if width == 1 and not header:
            for row in rows:
                self.add("paragraph", row[0])
            return
        table = make_table(
            rows,
            header=0 if header else "auto",
            header_rows=max(1, min(header, len(rows) - 1)),
            name=" ".join(name.split()) if name else None,
            page=self._page if page is None else page,
            last_page=last_page,
        )
        render_table(self.builder, table, len(self.tables))
        self.tables.append(table)
        self._in_list = False
        self._caption = None

    def link(self, text: str, url: str) -> None:
        """A link to somewhere outside of the document."""
        text, url = " ".join(readable(text[:2_000]).split()), readable(url[:4_000]).strip()
        if url and not url.startswith("#") and len(self._links) < MOST_LINKS and len(url) <= 2_000:
            self._links[text[:500], url] = None

    def warn(self, message: str) -> None:
        """Something was skipped, guessed or is missing; said once."""
        self._warnings[message] = None

    def extraction(self, *, metadata: dict[str, Any] | None = None, **facts: Any) -> Extraction:
        """Everything found, with the facts the file states about itself."""
        self._end_code()
        more = dict(metadata or {})
        if self._links:
            more["links"] = [{"text": text, "url": url} for text, url in self._links]
        for name in ("title", "author", "subject"):
            if facts.get(name):
                facts[name] = " ".join(readable(facts[name]).split())[:1_000]
            facts[name] = facts.get(name) or None
        return Extraction(
            text=self.builder.text,
            blocks=self.builder.blocks,
            tables=tuple(self.tables),
            metadata=more,
            warnings=tuple(self._warnings),
            **facts,
        )

    def _bound(self, more: int) -> None:
        if len(self.builder) + more > self.limits.text_chars:
            raise DocumentLimitError(
                f"has more than {self.limits.text_chars:,} characters of text (limit text_chars)"
            )


def number_text(value: int, form: str) -> str:
    """A number as a list shows it.

    Args:
        form: ``decimal``, ``padded`` (two digits), ``upperRoman``, ``lowerRoman``, ``upperLetter``,
            ``lowerLetter``, ``ordinal``, ``none``; anything else is decimal.
    """
    if form == "none":
        return ""
    if form == "padded":
        return f"{value:02d}"
    if form.endswith("Roman") and 0 < value < 5_000:
        roman = _roman(value)
        return roman if form == "upperRoman" else roman.lower()
    if form.endswith("Letter") and 0 < value <= 780:
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form == "ordinal":
        ending = "th" if value % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        return f"{value}{ending}"
    return str(value)


def _roman(value: int) -> str:
    signs = []
    for size, sign in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        signs.append(sign * (value // size))
        value %= size
    return "".join(signs)


def whole_number(text: str | None, default: int = 0, *, least: int = -(1 << 31), most: int = 1 << 31) -> int:
    """An integer written in an attribute, within bounds; ``default`` if it is none."""
    try:
        value = int((text or "")[:20])
    except ValueError:
        return default
    return max(least, min(value, most))
