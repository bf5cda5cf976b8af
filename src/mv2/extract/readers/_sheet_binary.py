"""What calamine does not say of .xls and .xlsb: number formats, hidden rows, errors, how far sheets reach."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import DocumentError, EncryptedDocumentError
from mv2.extract.readers._sheet_formats import BUILT_IN, NumberFormat
from mv2.extract.readers._sheet_model import ERRORS

if TYPE_CHECKING:
    from mv2.extract.readers._sheet_xlsx import Workbook

_LAST_SECTOR = 0xFFFFFFFA
_FILE_PASS, _END, _START, _FORMAT, _STYLE, _SHEET = 0x2F, 0x0A, 0x809, 0x41E, 0xE0, 0x85
_ROW, _COLUMNS, _RK_ROW, _BOOL_OR_ERROR, _FORMULA = 0x208, 0x7D, 0xBD, 0x205, 0x06
_CELLS = frozenset([0x203, 0x27E, _FORMULA, _BOOL_OR_ERROR, 0xFD, 0x204, 0xD6])


@dataclass(slots=True, kw_only=True)
class Look:
    """How the cells of one sheet look; rows and columns count from 1.

    Attributes:
        formats: of cells whose format changes how numbers are shown, by (row, column).
        errors: cells that hold an error.
        last_row, last_column: how far the cells reach.
    """

    formats: dict[tuple[int, int], NumberFormat] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    last_row: int = 0
    last_column: int = 0

    def reach(self, row: int, column: int, made: NumberFormat | None) -> None:
        """Note a cell."""
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)
        if made is not None:
            self.formats[row, column] = made


def xls_looks(data: bytes) -> list[Look] | None:
    """One ``Look`` a sheet, in order; None for versions before 1997 and damaged files.

    Raises:
        EncryptedDocumentError: the workbook needs a password.
    """
    try:
        stream = compound_stream(data, ("Workbook", "Book")) if data.startswith(b"\xd0\xcf") else data
        if struct.unpack_from("<H2xH", stream) != (_START, 0x600):
            return None
        return _xls_book(stream)
    except (struct.error, IndexError):
        return None


def compound_stream(data: bytes, names: tuple[str, ...]) -> bytes:
    """A stream of a compound file, empty if it has none of those names."""
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in {9, 12} or small_shift != 6:
        return b""
    size = 1 << shift
    first_folder, cutoff, first_small, first_more = struct.unpack_from("<I4xII4xI", data, 48)
    sectors = [one for one in struct.unpack_from("<109I", data, 76) if one < _LAST_SECTOR]
    most = len(data) // size + 1
    while first_more < _LAST_SECTOR and len(sectors) < most:
        more = struct.unpack_from(f"<{size // 4}I", data, (first_more + 1) * size)
        sectors += [one for one in more[:-1] if one < _LAST_SECTOR]
        first_more = more[-1]
    table = _numbers(b"".join(data[(one + 1) * size : (one + 2) * size] for one in sectors[:most]))
    folder = _chain(data, table, first_folder, size, size)
    entries = [folder[at : at + 128] for at in range(0, len(folder) - 127, 128)]
    for entry in entries:
        length = max(0, min(struct.unpack_from("<H", entry, 64)[0], 64) - 2)
        if entry[:length].decode("utf-16-le", "replace") not in names:
            continue
        start, wanted = struct.unpack_from("<II", entry, 116)
        if wanted >= cutoff:
            return _chain(data, table, start, size, size)[:wanted]
        small = _chain(data, table, struct.unpack_from("<I", entries[0], 116)[0], size, size)
        small_table = _numbers(_chain(data, table, first_small, size, size))
        return _chain(small, small_table, start, 1 << small_shift, 0)[:wanted]
    return b""


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _chain(data: bytes, table: tuple[int, ...], sector: int, size: int, skipped: int) -> bytes:
    parts = list[bytes]()
    while sector < len(table) and len(parts) <= len(table):
        at = sector * size + skipped
        parts.append(data[at : at + size])
        sector = table[sector]
    return b"".join(parts)


def _xls_records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and length of the records up to the end of a part, without charts inside of it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _START:
            depth += 1
        elif kind == _END:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1 and at + 4 + length <= len(stream):
            yield kind, at + 4, length
        at += 4 + length


def _xls_book(stream: bytes) -> list[Look]:
    codes, styles, places = dict(BUILT_IN), list[int](), list[int]()
    for kind, at, length in _xls_records(stream, 0):
        if kind == _FILE_PASS:
            raise EncryptedDocumentError(
                "the workbook is encrypted", remedy="save a copy without a password and read that"
            )
        if kind == _FORMAT:
            number, count, flags = struct.unpack_from("<HHB", stream, at)
            raw = stream[at + 5 : at + length]
            is_wide = flags & 1
            codes[number] = raw[: count << is_wide].decode("utf-16-le" if is_wide else "latin-1", "replace")
        elif kind == _STYLE:
            styles.append(struct.unpack_from("<H", stream, at + 2)[0])
        elif kind == _SHEET:
            places.append(struct.unpack_from("<I", stream, at)[0])
    formats = _made(codes, styles)
    return [_xls_sheet(stream, place, formats) for place in places]


def _made(codes: dict[int, str], styles: list[int]) -> list[NumberFormat | None]:
    made: dict[int, NumberFormat | None] = {}
    for number in styles:
        if number not in made:
            one = NumberFormat(codes.get(number, "General"))
            made[number] = None if one.is_general or one.kind in {"date", "time", "datetime"} else one
    return [made[number] for number in styles]


def _xls_sheet(stream: bytes, place: int, formats: list[NumberFormat | None]) -> Look:
    look = Look()
    for kind, at, length in _xls_records(stream, place):
        if kind in _CELLS:
            row, column, style = struct.unpack_from("<HHH", stream, at)
            look.reach(row + 1, column + 1, formats[style] if style < len(formats) else None)
            code = None
            if kind == _BOOL_OR_ERROR and stream[at + 7]:
                code = stream[at + 6]
            elif kind == _FORMULA and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2:
                code = stream[at + 8]
            if code is not None:
                look.errors[row + 1, column + 1] = ERRORS.get(code, "#ERROR!")
        elif kind == _RK_ROW:
            row, first = struct.unpack_from("<HH", stream, at)
            for offset in range(4, length - 2, 6):
                (style,) = struct.unpack_from("<H", stream, at + offset)
                made = formats[style] if style < len(formats) else None
                look.reach(row + 1, first + 1 + (offset - 4) // 6, made)
        elif kind == _ROW:
            if stream[at + 12] & 0x20:
                look.hidden_rows.add(struct.unpack_from("<H", stream, at)[0] + 1)
        elif kind == _COLUMNS:
            first, last = struct.unpack_from("<HH", stream, at)
            if stream[at + 8] & 1:
                look.hidden_columns.append((first + 1, min(last, 255) + 1))
    return look


def xlsb_looks(book: Workbook, main: str) -> list[Look]:
    """One ``Look`` a sheet, in order.

    Raises:
        DocumentError: a sheet is damaged.
        DocumentLimitError: the parts expand too far.
    """
    relations = book.relations(main)
    parts = list[str]()
    for kind, body in _xlsb_records(book.bytes(main) or b""):
        if kind == 156 and len(body) >= 12:
            (count,) = struct.unpack_from("<I", body, 8)
            relation = relations.get(body[12 : 12 + 2 * count].decode("utf-16-le", "replace"))
            parts.append("" if relation is None else relation.target)
    by_kind = dict(book.parts(main))
    formats = _xlsb_formats(book.bytes(by_kind.get("styles", "")) or b"")
    # Read for its size alone: what is too large for the guard must not reach calamine.
    book.bytes(by_kind.get("sharedStrings", ""))
    return [_xlsb_sheet(book.bytes(part) or b"", formats) for part in parts]


def _xlsb_formats(data: bytes) -> list[NumberFormat | None]:
    codes, numbers = dict(BUILT_IN), list[int]()
    inside = False
    for kind, body in _xlsb_records(data):
        if kind == 44 and len(body) >= 6:
            number, count = struct.unpack_from("<HI", body)
            codes[number] = body[6 : 6 + 2 * count].decode("utf-16-le", "replace")
        elif kind in {617, 618}:
            inside = kind == 617
        elif kind == 47 and inside and len(body) >= 4:
            numbers.append(struct.unpack_from("<H", body, 2)[0])
    return _made(codes, numbers)


def _xlsb_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        kind = data[at] & 0x7F
        at += 1
        if data[at - 1] & 0x80:
            kind |= (data[at] & 0x7F) << 7
            at += 1
        size = shift = 0
        while at < len(data) and shift < 28:
            size |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        yield kind, data[at : at + size]
        at += size


def _xlsb_sheet(data: bytes, formats: list[NumberFormat | None]) -> Look:
    look, row = Look(), 0
    try:
        for kind, body in _xlsb_records(data):
            if kind == 0:
                row = struct.unpack_from("<I", body)[0] + 1
                if len(body) > 11 and body[11] & 0x10:
                    look.hidden_rows.add(row)
            elif 2 <= kind <= 11:
                column, style = struct.unpack_from("<II", body)
                style &= 0xFFFFFF
                look.reach(row, column + 1, formats[style] if style < len(formats) else None)
                if kind in {3, 11}:
                    look.errors[row, column + 1] = ERRORS.get(body[8], "#ERROR!")
            elif kind == 60:
                first, last, _, _, flags = struct.unpack_from("<IIIIH", body)
                if flags & 1:
                    look.hidden_columns.append((first + 1, last + 1))
    except (struct.error, IndexError) as error:
        raise DocumentError("a sheet of the workbook is damaged") from error
    return look
