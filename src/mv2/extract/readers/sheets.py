"""Spreadsheets: .xlsx, .xlsm, .xlsb, .xls and .ods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import ZipGuard
from mv2.extract.model import Extraction, ReadOptions, Source, Table
from mv2.extract.readers._sheet_blocks import Grid, Piece, find_pieces
from mv2.extract.readers._sheet_model import Budget, Sheet, column_letters
from mv2.extract.tables import render_table

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMED = 20
_OLD_BIFF = (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00")


class _Read(NamedTuple):
    sheets: list[Sheet]
    properties: Mapping[str, Any]


def read(source: Source, options: ReadOptions) -> Extraction:
    """Every sheet in order: its name, its tables, and the cells around them as lines.

    Raises:
        DocumentError: it is no spreadsheet, or damaged.
        DocumentLimitError: it is larger than the limits allow.
        EncryptedDocumentError: it needs a password.
        MissingExtraError: .xls and .xlsb need the extra ``docs``.
    """
    budget = Budget(options.limits)
    found = _road(source.data)(source, budget, options)
    builder = TextBuilder()
    tables, warnings = list[Table](), list[str]()
    left_out = list[str]()
    for sheet in found.sheets:
        if sheet.hidden and not options.hidden:
            left_out.append(sheet.name)
        else:
            _write_sheet(builder, sheet, budget, tables, warnings, options)
    if left_out:
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        warnings.append(f"hidden sheets left out: {', '.join(left_out[:_NAMED])}{more}")
    missing = sum(sheet.uncalculated for sheet in found.sheets)
    if missing:
        noun = "1 formula has" if missing == 1 else f"{missing} formulas have"
        warnings.append(f"{noun} no stored result; open and save the file once to store it")
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        tables=tuple(tables),
        pages=len(found.sheets),
        warnings=tuple(warnings),
        **found.properties,
    )


def _road(data: bytes) -> Callable[[Source, Budget, ReadOptions], _Read]:
    if data.startswith(b"PK"):
        return _read_zip
    if data.startswith((_OLE, *_OLD_BIFF)):
        return _read_old
    raise DocumentError("this is no spreadsheet: it is neither a zip archive nor an OLE container")


def _read_zip(source: Source, budget: Budget, options: ReadOptions) -> _Read:
    from mv2.extract.readers._sheet_xlsx import Workbook, read_xlsx

    archive = ZipGuard(source.data, options.limits)
    if "content.xml" in archive:
        from mv2.extract.readers._sheet_ods import read_ods

        sheets, properties = read_ods(archive, budget, options)
        return _Read(sheets, properties)
    book = Workbook(source, options.limits)
    main = book.main_part("xl/workbook.xml")
    if main.endswith(".bin"):
        from mv2.extract.readers._sheet_binary import xlsb_looks
        from mv2.extract.readers._sheet_calamine import read_calamine

        looks = xlsb_looks(book, main)
        return _Read(read_calamine(source.data, looks, budget, options), book.properties())
    sheets = read_xlsx(book, main, budget, with_hidden=options.hidden, with_comments=options.comments)
    return _Read(sheets, book.properties())


def _read_old(source: Source, budget: Budget, options: ReadOptions) -> _Read:
    from mv2.extract.readers._sheet_binary import xls_looks
    from mv2.extract.readers._sheet_calamine import read_calamine
    from mv2.extract.readers._sheet_summary import summary_properties

    if "EncryptedPackage".encode("utf-16-le") in source.data:
        raise EncryptedDocumentError(
            "the workbook is encrypted", remedy="save a copy without a password and read that"
        )
    sheets = read_calamine(source.data, xls_looks(source.data), budget, options)
    return _Read(sheets, summary_properties(source.data) if source.data.startswith(_OLE) else {})


def _write_sheet(
    builder: TextBuilder,
    sheet: Sheet,
    budget: Budget,
    tables: list[Table],
    warnings: list[str],
    options: ReadOptions,
) -> None:
    builder.at(sheet=sheet.name)
    builder.add("heading", sheet.name, level=1)
    budget.new_sheet()
    pieces, found = find_pieces(sheet, budget, with_hidden=options.hidden)
    warnings.extend(found)
    for piece in pieces:
        _write_piece(builder, piece, tables)
        if len(builder) > options.limits.text_chars:
            raise DocumentLimitError(
                f"the text has more than {options.limits.text_chars:,} characters",
                remedy="raise Limits.text_chars, or split the workbook",
            )
    for text in dict.fromkeys(sheet.texts):
        builder.add("paragraph", text)
    for note in sheet.notes if options.comments else ():
        author = f" ({note.author})" if note.author else ""
        place = f"{column_letters(note.column)}{note.row}"
        builder.add("note", f"{place}{author}: {note.text}", rows=(note.row, note.row))


def _write_piece(builder: TextBuilder, piece: Piece, tables: list[Table]) -> None:
    if isinstance(piece, Grid):
        render_table(
            builder,
            piece.table,
            len(tables),
            shown=piece.shown,
            first_row=piece.first_row,
            last_row=piece.last_row,
        )
        tables.append(piece.table)
    else:
        rows = (piece.top, piece.bottom)
        builder.add("caption" if piece.title else "paragraph", "\n".join(piece.lines), rows=rows)
