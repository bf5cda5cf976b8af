"""Spreadsheets of the kind .ods, read as a stream: a cell carries its value and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mv2._late import late_pattern
from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract._values import clean, duration_text, value_type
from mv2.extract.guard import ZipGuard, parse_xml
from mv2.extract.model import ReadOptions
from mv2.extract.readers._sheet_model import (
    Area,
    Budget,
    Cell,
    Defined,
    Item,
    Note,
    Row,
    Sheet,
    general_text,
    parse_area,
    plain_number,
    shown_of,
)
from mv2.extract.readers._sheet_xml import scan_xml

_LAST_ROW = 1_048_576
_LAST_COLUMN = 16_384
_DURATION = late_pattern(r"(-?)PT?(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,12})?)S)?")
_PERCENT_END = late_pattern(r"(?<=\d)%$")


def read_ods(
    archive: ZipGuard, budget: Budget, options: ReadOptions
) -> tuple[list[Sheet], Mapping[str, Any]]:
    """All sheets in order, and what the document says of itself."""
    if "META-INF/manifest.xml" in archive and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise EncryptedDocumentError(
            "the spreadsheet is encrypted", remedy="save a copy without a password and read that"
        )
    scan = _OdsScan(budget, options)
    scan.run(archive.read("content.xml"))
    if not scan.is_spreadsheet:
        raise DocumentError("the document holds no spreadsheet")
    properties: dict[str, Any] = {}
    if "meta.xml" in archive:
        from mv2.extract.readers._sheet_properties import office_properties

        properties = office_properties(parse_xml(archive.read("meta.xml"), options.limits))
    return scan.sheets, properties


class _OdsScan:
    """Reads ``content.xml``."""

    def __init__(self, budget: Budget, options: ReadOptions) -> None:
        self.sheets: list[Sheet] = []
        self.is_spreadsheet = False
        self._by_name: dict[str, Sheet] = {}
        self._budget = budget
        self._options = options
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "office:spreadsheet": self._start_document,
            "style:style": self._start_style,
            "style:table-properties": self._style_properties,
            "table:table": self._start_table,
            "table:table-column": self._start_column,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_covered,
            "table:tracked-changes": self._start_skipped,
            "table:database-range": self._database_range,
            "office:annotation": self._start_note,
            "dc:creator": self._start_creator,
            "text:p": self._start_paragraph,
            "text:s": self._spaces,
            "text:tab": self._tab,
            "text:line-break": self._line_break,
        }
        self._ends: dict[str, Callable[[], None]] = {
            "table:table": self._end_table,
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:tracked-changes": self._end_skipped,
            "office:annotation": self._end_note,
            "dc:creator": self._end_creator,
            "text:p": self._end_paragraph,
        }
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._sheet: Sheet | None = None
        self._depth = 0
        self._skipped = 0
        self._row = self._column = self._columns_seen = 0
        self._row_count = 1
        self._cells: Row = {}
        self._attributes: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._parts: list[str] = []
        self._in_paragraph = 0
        self._note: list[str] | None = None
        self._creator: list[str] | None = None
        self._note_author = ""
        self._shapes: list[str] | None = None
        self._drawn = 0
        self._notes_of_cell: list[tuple[str, str]] = []
        self._takes = True

    def run(self, data: bytes) -> None:
        scan_xml(data, self._start, self._end, self._text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self._starts.get(name)
        if name.startswith("draw:") and not self._skipped:
            self._drawn += 1
            self._shapes = [] if self._shapes is None else self._shapes
        if handler is not None and (not self._skipped or name == "table:tracked-changes"):
            handler(attributes)

    def _end(self, name: str) -> None:
        handler = self._ends.get(name)
        if name.startswith("draw:") and not self._skipped:
            self._drawn -= 1
            if not self._drawn:
                self._end_shapes()
        if handler is not None and (not self._skipped or name == "table:tracked-changes"):
            handler()

    def _text(self, part: str) -> None:
        if self._skipped:
            return
        if self._creator is not None:
            self._creator.append(part)
        elif self._in_paragraph:
            self._parts.append(part)

    def _start_document(self, _: dict[str, str]) -> None:
        self.is_spreadsheet = True

    def _start_skipped(self, _: dict[str, str]) -> None:
        self._skipped += 1

    def _end_skipped(self) -> None:
        self._skipped -= 1

    def _start_style(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("style:name", "")

    def _style_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("table:display") == "false":
            self._hidden_styles.add(self._style)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        hidden = attributes.get("table:style-name", "") in self._hidden_styles
        self._sheet = Sheet(name=clean(attributes.get("table:name", "")), hidden=hidden)
        self.sheets.append(self._sheet)
        self._by_name[self._sheet.name] = self._sheet
        self._takes = self._options.hidden or not hidden
        self._row = self._columns_seen = 0
        self._budget.new_sheet()

    def _end_table(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._sheet = None

    def _start_column(self, attributes: dict[str, str]) -> None:
        first = self._columns_seen + 1
        self._columns_seen += _count(attributes.get("table:number-columns-repeated"))
        if self._sheet is not None and attributes.get("table:visibility", "visible") != "visible":
            self._sheet.hidden_columns.append((first, min(self._columns_seen, _LAST_COLUMN)))

    def _start_row(self, attributes: dict[str, str]) -> None:
        if self._depth != 1 or self._sheet is None:
            return
        self._row += self._row_count if self._row else 1
        self._row_count = _count(attributes.get("table:number-rows-repeated"))
        self._column = 1
        self._cells = {}
        if attributes.get("table:visibility", "visible") != "visible":
            last = min(self._row + self._row_count, _LAST_ROW + 1)
            self._sheet.hidden_rows.update(range(self._row, last))

    def _end_row(self) -> None:
        if self._depth != 1 or self._sheet is None or not self._cells:
            return
        last = min(self._row + self._row_count - 1, _LAST_ROW)
        chars = sum(len(shown_of(item)) for item in self._cells.values())
        more = last - self._row
        if more > 0:
            self._budget.take(more * len(self._cells), more * chars)
        for row in range(self._row, last + 1):
            self._sheet.rows[row] = dict(self._cells) if row > self._row else self._cells

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if self._depth == 1:
            self._attributes = attributes
            self._paragraphs = []
            self._notes_of_cell = []

    def _start_covered(self, attributes: dict[str, str]) -> None:
        if self._depth == 1:
            self._column += _count(attributes.get("table:number-columns-repeated"))

    def _end_cell(self) -> None:
        attributes, sheet = self._attributes, self._sheet
        if self._depth != 1 or attributes is None or sheet is None:
            return
        first = self._column
        self._column += _count(attributes.get("table:number-columns-repeated"))
        self._attributes = None
        if not self._takes:
            return
        for author, text in self._notes_of_cell:
            sheet.notes.append(Note(self._row, first, text, author))
        item = _item(attributes, "\n".join(self._paragraphs))
        if item is None:
            if attributes.get("table:formula") and not attributes.get("office:value-type"):
                sheet.uncalculated += 1
            return
        if not first <= self._column - 1 <= _LAST_COLUMN or self._row > _LAST_ROW:
            raise DocumentLimitError(
                f"sheet {sheet.name!r} has cells beyond column {_LAST_COLUMN:,} or row {_LAST_ROW:,}"
            )
        self._budget.take(self._column - first, (self._column - first) * len(shown_of(item)))
        for column in range(first, self._column):
            self._cells[column] = item
        width = _count(attributes.get("table:number-columns-spanned"))
        height = _count(attributes.get("table:number-rows-spanned"))
        if width > 1 or height > 1:
            sheet.merged.append(Area(self._row, first, self._row + height - 1, first + width - 1))

    def _database_range(self, attributes: dict[str, str]) -> None:
        name = attributes.get("table:name", "")
        address = attributes.get("table:target-range-address", "")
        area = parse_area(address.rpartition(":")[0].rpartition(".")[2] + ":" + address.rpartition(".")[2])
        owner = address.rpartition(":")[0].rpartition(".")[0].lstrip("$").strip("'").replace("''", "'")
        if area is None or name.startswith("__Anonymous"):
            return
        headers = int(attributes.get("table:contains-header", "true") != "false")
        sheet = self._by_name.get(owner)
        if sheet is not None and area.bottom > area.top:
            sheet.defined.append(Defined(clean(name), area, headers))

    def _start_paragraph(self, _: dict[str, str]) -> None:
        self._in_paragraph += 1
        if self._in_paragraph == 1:
            self._parts = []

    def _end_paragraph(self) -> None:
        self._in_paragraph -= 1
        if self._in_paragraph:
            return
        text = clean("".join(self._parts))
        if self._note is not None:
            self._note.append(text)
        elif self._shapes is not None:
            self._shapes.append(text)
        else:
            self._paragraphs.append(text)

    def _spaces(self, attributes: dict[str, str]) -> None:
        self._text(" " * min(_count(attributes.get("text:c")), 100))

    def _tab(self, _: dict[str, str]) -> None:
        self._text(" ")

    def _line_break(self, _: dict[str, str]) -> None:
        self._text("\n")

    def _start_note(self, _: dict[str, str]) -> None:
        self._note, self._note_author = [], ""

    def _end_note(self) -> None:
        text = "\n".join(self._note or ()).strip()
        self._note = None
        if text:
            self._notes_of_cell.append((self._note_author, text))

    def _start_creator(self, _: dict[str, str]) -> None:
        self._creator = []

    def _end_creator(self) -> None:
        self._note_author = clean("".join(self._creator or ())).strip()
        self._creator = None

    def _end_shapes(self) -> None:
        texts = [text for text in self._shapes or () if text.strip()]
        self._shapes = None
        if texts and self._sheet is not None and self._takes:
            self._sheet.texts.append("\n".join(texts))


def _count(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1


def _item(attributes: Mapping[str, str], shown: str) -> Item | None:
    """A cell from its value and the text that shows it."""
    kind = attributes.get("office:value-type", "")
    if attributes.get("calcext:value-type") == "error" or shown.startswith(("#DIV/", "#N/A", "Err:")):
        return Cell(shown, shown, "empty") if shown else None
    if kind == "string":
        return shown or clean(attributes.get("office:string-value", "")) or None
    if kind == "boolean":
        return attributes.get("office:boolean-value") == "true"
    if kind == "date":
        return _date_item(attributes.get("office:date-value", ""), shown)
    if kind == "time":
        return _time_item(attributes.get("office:time-value", ""), shown)
    if kind not in {"float", "percentage", "currency"}:
        return shown or None
    try:
        number = plain_number(float(attributes.get("office:value", "")))
    except (ValueError, OverflowError):
        return shown or None
    if number in {0, 1} and shown in {"TRUE", "FALSE"}:
        return shown == "TRUE"
    if kind == "percentage":
        return Cell(number, _PERCENT_END.sub(" %", shown) or f"{general_text(number * 100)} %", "percent")
    if kind == "currency" or value_type(shown) == "currency":
        return Cell(number, shown or general_text(number), "currency")
    return number if not shown or shown == shown_of(number) else Cell(number, shown)


def _date_item(text: str, shown: str) -> Item | None:
    if not text:
        return shown or None
    day, _, time = text.partition("T")
    clock = time.partition(".")[0].rstrip("Z")
    if not clock or clock == "00:00:00":
        return Cell(day, day, "date")
    clock = clock.removesuffix(":00")
    return Cell(f"{day} {clock}", f"{day} {clock}", "datetime")


def _time_item(text: str, shown: str) -> Item | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return shown or None
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups()[1:])
    total = hours * 3600 + minutes * 60 + seconds
    if hours < 24 and not found[1]:
        text = duration_text(total).rjust(8, "0").removesuffix(":00")
    else:
        text = ("-" if found[1] else "") + duration_text(total)
    return Cell(text, text, "time")
