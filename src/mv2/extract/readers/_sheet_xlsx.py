"""Workbooks of the kind .xlsx, read as streams: values, number formats, merged cells, tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mv2._late import late_pattern
from mv2.errors import DocumentError
from mv2.extract._values import clean
from mv2.extract.readers._ooxml import Package
from mv2.extract.readers._sheet_formats import BUILT_IN, NumberFormat
from mv2.extract.readers._sheet_model import (
    Budget,
    Cell,
    Defined,
    Item,
    Note,
    Row,
    Sheet,
    column_number,
    parse_area,
    plain_number,
)
from mv2.extract.readers._sheet_xml import scan_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ESCAPE = late_pattern(r"_x([0-9A-Fa-f]{4})_")
_REMEMBERED = 50_000
_LAST_ROW = 1_048_576
_LAST_COLUMN = 16_384
_TRUE = frozenset(["1", "true", "on"])


class Workbook(Package):
    """An Office package whose parts are also read as streams and as bytes."""

    def bytes(self, part: str) -> bytes | None:
        """The content of a part, None if there is none."""
        name = self._by_lower.get(part.lower())
        return None if name is None else self._zip.read(name)

    def parts(self, part: str) -> list[tuple[str, str]]:
        """Kind and path of all parts inside the package that a part refers to."""
        return [(one.kind, one.target) for one in self.relations(part).values() if not one.external]


def read_xlsx(
    book: Workbook, main: str, budget: Budget, *, with_hidden: bool, with_comments: bool
) -> list[Sheet]:
    """All sheets in order; those that are hidden hold nothing unless `with_hidden`."""
    workbook = book.xml(main)
    relations = book.relations(main)
    by_kind = dict(book.parts(main))
    strings = read_strings(book.bytes(by_kind.get("sharedStrings", "")))
    settings = _first(workbook, "workbookPr")
    from_1904 = settings is not None and settings.get("date1904", "") in _TRUE
    formats = read_formats(book.optional_xml(by_kind.get("styles")), from_1904=from_1904)
    persons = _persons(book, main) if with_comments else {}
    sheets = []
    for element in _all(workbook, "sheet"):
        hidden = element.get("state", "visible") != "visible"
        sheet = Sheet(name=clean(element.get("name", "")), hidden=hidden)
        relation = relations.get(element.get("r:id", ""))
        if relation is not None and relation.kind == "worksheet" and (with_hidden or not hidden):
            data = book.bytes(relation.target)
            if data is None:
                raise DocumentError(f"sheet {sheet.name!r} has no part {relation.target!r}")
            budget.new_sheet()
            _SheetScan(sheet, strings, formats, budget).run(data)
            _read_around(book, relation.target, sheet, persons, with_comments=with_comments)
        sheets.append(sheet)
    return sheets


def _first(root: Element, name: str) -> Element | None:
    return next(_all(root, name), None)


def _all(root: Element, name: str) -> Iterator[Element]:
    """Elements by local name, as strict and transitional documents differ in their namespaces."""
    for element in root.iter():
        if element.tag.rpartition(":")[2] == name:
            yield element


def _unescaped(text: str) -> str:
    """Text with ``_x000D_`` and the like replaced by what they stand for, and cleaned."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: _character(int(match[1], 16)), text)
    return clean(text)


def _character(code: int) -> str:
    return "" if 0xD800 <= code <= 0xDFFF else chr(code)


def read_strings(data: bytes | None) -> list[str]:
    """The texts that cells refer to by number; sounds of East Asian words are left out."""
    strings, parts = list[str](), list[str]()
    keep = silent = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal keep, silent
        name = name.rpartition(":")[2]
        if name == "t":
            keep = not silent
        elif name == "rPh":
            silent = True
        elif name == "si":
            parts.clear()

    def end(name: str) -> None:
        nonlocal keep, silent
        name = name.rpartition(":")[2]
        if name == "t":
            keep = False
        elif name == "rPh":
            silent = False
        elif name == "si":
            strings.append(_unescaped("".join(parts)))

    def text(part: str) -> None:
        if keep:
            parts.append(part)

    if data is not None:
        scan_xml(data, start, end, text)
    return strings


def read_formats(root: Element | None, *, from_1904: bool) -> list[NumberFormat | None]:
    """The number format of each cell style; None where it changes nothing."""
    if root is None:
        return []
    codes: dict[int, str] = dict(BUILT_IN)
    for element in _all(root, "numFmt"):
        # Those inside of conditional formats have ids of their own world.
        codes.setdefault(_number(element.get("numFmtId")), element.get("formatCode", ""))
        if _number(element.get("numFmtId")) in range(5, 164):
            codes[_number(element.get("numFmtId"))] = element.get("formatCode", "")
    styles = _first(root, "cellXfs")
    known: dict[int, NumberFormat | None] = {}
    formats = list[NumberFormat | None]()
    for element in [] if styles is None else styles:
        number = _number(element.get("numFmtId"))
        if number not in known:
            made = NumberFormat(codes.get(number, "General"), from_1904=from_1904)
            known[number] = None if made.is_general else made
        formats.append(known[number])
    return formats


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


class _SheetScan:
    """Reads the XML of one sheet into a ``Sheet``."""

    def __init__(
        self, sheet: Sheet, strings: list[str], formats: list[NumberFormat | None], budget: Budget
    ) -> None:
        self._sheet = sheet
        self._strings = strings
        self._formats = formats
        self._budget = budget
        self._numbers: dict[tuple[str, str], Item] = {}
        self._parts: list[str] = []
        self._columns: dict[str, int] = {}
        self._cells: Row = {}
        self._row = self._column = 0
        self._type = self._style = ""
        self._keep = self._silent = self._formula = False

    def run(self, data: bytes) -> None:
        scan_xml(data, self._start, self._end, self._text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._start_cell(attributes)
        elif name in {"v", "t"}:
            self._keep = not self._silent
        elif name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._column = 0
            if not 0 < self._row <= _LAST_ROW:
                raise DocumentError(f"sheet {self._sheet.name!r} has a row {self._row}")
            self._cells = self._sheet.rows.setdefault(self._row, {})
            if attributes.get("hidden") in _TRUE:
                self._sheet.hidden_rows.add(self._row)
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._silent = True
        elif name == "mergeCell":
            area = parse_area(attributes.get("ref", ""))
            if area is not None:
                self._sheet.merged.append(area)
        elif name == "col" and attributes.get("hidden") in _TRUE:
            columns = (_number(attributes.get("min")), _number(attributes.get("max")))
            self._sheet.hidden_columns.append(columns)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            letters = reference.rstrip("0123456789")
            column = self._columns.get(letters)
            if column is None:
                column = self._columns[letters] = column_number(letters)
            self._column = column
        if not 0 < self._column <= _LAST_COLUMN:
            raise DocumentError(f"sheet {self._sheet.name!r} has a cell {(reference or '')[:20]!r}")
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._formula = False
        self._parts.clear()

    def _text(self, part: str) -> None:
        if self._keep:
            self._parts.append(part)

    def _end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name in {"v", "t"}:
            self._keep = False
        elif name == "c":
            raw = "".join(self._parts) if self._parts else ""
            item = self._item(raw) if raw else None
            if item is not None:
                self._cells[self._column] = item
                self._budget.take(1, len(item) if isinstance(item, str) else 10)
            elif self._formula and self._type != "str":
                self._sheet.uncalculated += 1
        elif name == "rPh":
            self._silent = False
        elif name == "row" and not self._cells:
            self._sheet.rows.pop(self._row, None)

    def _item(self, raw: str) -> Item | None:
        kind = self._type
        if kind == "s":
            at = _number(raw.strip())
            return (self._strings[at] or None) if at < len(self._strings) else None
        if kind in {"str", "inlineStr"}:
            return _unescaped(raw) or None
        if kind == "b":
            return raw.strip() in _TRUE
        if kind == "e":
            return Cell(raw.strip(), raw.strip(), "empty")
        if kind == "d":
            return _iso_cell(raw.strip())
        key = (self._style, raw)
        item = self._numbers.get(key)
        if item is None:
            item = self._number(raw)
            if len(self._numbers) < _REMEMBERED:
                self._numbers[key] = item
        return item

    def _number(self, raw: str) -> Item:
        try:
            number = float(raw)
        except ValueError:
            return clean(raw)
        if not math.isfinite(number):
            return clean(raw)
        style = _number(self._style)
        made = self._formats[style] if style < len(self._formats) else None
        return plain_number(number) if made is None else made.cell(number)


def _iso_cell(text: str) -> Item:
    """A cell that holds its date as text (strict documents)."""
    day, separator, time = text.partition("T")
    if separator and time.rstrip("Z").strip("0:.") == "":
        return Cell(day, day, "date")
    shown = f"{day} {time.rstrip('Z')}" if separator else text
    return Cell(shown, shown, "datetime" if separator else "time" if ":" in text else "date")


def _read_around(
    book: Workbook, part: str, sheet: Sheet, persons: dict[str, str], *, with_comments: bool
) -> None:
    """What other parts say about a sheet: its tables, text boxes and comments."""
    relations = book.parts(part)
    for kind, path in relations:
        root = book.optional_xml(path) if kind in {"table", "drawing"} else None
        if root is None:
            continue
        if kind == "table":
            area = parse_area(root.get("ref", ""))
            name = root.get("displayName") or root.get("name") or ""
            if area is not None:
                sheet.defined.append(Defined(clean(name), area, _number(root.get("headerRowCount", "1"))))
        else:
            sheet.texts.extend(_drawn_texts(root))
    if with_comments:
        notes: dict[tuple[int, int], list[Note]] = {}
        for kind, path in sorted(relations, key=lambda relation: relation[0] == "threadedComment"):
            if kind in {"comments", "threadedComment"} and (root := book.optional_xml(path)) is not None:
                _add_notes(notes, root, persons)
        sheet.notes = [note for at in sorted(notes) for note in notes[at]]


def _drawn_texts(root: Element) -> list[str]:
    texts = []
    for body in _all(root, "txBody"):
        paragraphs = ("".join(run.text or "" for run in _all(one, "t")) for one in _all(body, "p"))
        text = "\n".join(clean(paragraph).strip() for paragraph in paragraphs).strip()
        if text:
            texts.append(text)
    return texts


def _add_notes(notes: dict[tuple[int, int], list[Note]], root: Element, persons: dict[str, str]) -> None:
    """Comments of the old kind; threads of the new kind take the place of what stands in for them."""
    authors = [clean(element.text or "").strip() for element in _all(root, "author")]
    threaded: set[tuple[int, int]] = set()
    for element in [*_all(root, "comment"), *_all(root, "threadedComment")]:
        area = parse_area(element.get("ref", ""))
        if area is None:
            continue
        at = (area.top, area.left)
        is_thread = element.get("personId") is not None
        if is_thread and at not in threaded:
            threaded.add(at)
            notes.pop(at, None)
        if is_thread:
            author = persons.get(element.get("personId", ""), "")
            text = "".join(part.text or "" for part in _all(element, "text"))
        else:
            number = _number(element.get("authorId"))
            author = authors[number] if number < len(authors) else ""
            text = "".join(part.text or "" for part in _all(element, "t"))
        text = _unescaped(text).strip()
        if author and text.startswith(f"{author}:"):
            text = text[len(author) + 1 :].strip()
        if text:
            notes.setdefault(at, []).append(Note(*at, text, author))


def _persons(book: Workbook, main: str) -> dict[str, str]:
    roots = (book.optional_xml(path) for kind, path in book.parts(main) if kind == "person")
    return {
        element.get("id", ""): clean(element.get("displayName", ""))
        for root in roots
        if root is not None
        for element in _all(root, "person")
    }
