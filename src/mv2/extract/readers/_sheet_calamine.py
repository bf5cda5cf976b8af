"""Workbooks of the kinds .xls and .xlsb, through calamine."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import Any

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, Error, MissingExtraError
from mv2.extract._values import clean, duration_text
from mv2.extract.model import ReadOptions
from mv2.extract.readers._sheet_binary import Look
from mv2.extract.readers._sheet_model import Area, Budget, Cell, Item, Row, Sheet, plain_number, shown_of


def read_calamine(
    data: bytes, looks: Sequence[Look] | None, budget: Budget, options: ReadOptions
) -> list[Sheet]:
    """All sheets in order; those that are hidden hold nothing unless they are asked for.

    Args:
        looks: what else is known of each sheet, as far as it is.
    """
    _refuse_far_cells(looks, options)
    calamine = _calamine()
    book = _open(calamine, data)
    sheets = []
    for at, about in enumerate(book.sheets_metadata):
        hidden = about.visible != calamine.SheetVisibleEnum.Visible
        sheet = Sheet(name=clean(about.name), hidden=hidden)
        look = looks[at] if looks is not None and at < len(looks) else Look()
        if about.typ == calamine.SheetTypeEnum.WorkSheet and (options.hidden or not hidden):
            budget.new_sheet()
            with _damage():
                source = book.get_sheet_by_index(at)
            _read_sheet(source, sheet, look, budget)
        sheets.append(sheet)
    return sheets


def _refuse_far_cells(looks: Sequence[Look] | None, options: ReadOptions) -> None:
    """All of the rectangle up to the last cell is held in memory by calamine, so it must be small."""
    cells = sum(look.last_row * look.last_column for look in looks or ())
    if cells > options.limits.table_cells:
        raise DocumentLimitError(
            f"the sheets reach over {cells:,} cells (limit table_cells: {options.limits.table_cells:,})",
            remedy="delete stray cells far outside of the tables, or save the workbook as .xlsx",
        )


def _calamine() -> Any:
    try:
        import python_calamine
    except ImportError as error:
        raise MissingExtraError(
            "reading .xls and .xlsb needs python-calamine", remedy="pip install 'mv2[docs]'"
        ) from error
    return python_calamine


def _open(calamine: Any, data: bytes) -> Any:
    with _damage():
        try:
            return calamine.load_workbook(io.BytesIO(data))
        except calamine.PasswordError as error:
            raise EncryptedDocumentError(
                "the workbook is encrypted", remedy="save a copy without a password and read that"
            ) from error


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    """Whatever calamine says of a damaged file is a ``DocumentError``."""
    try:
        yield
    except Error:
        raise
    except BaseException as error:
        # Damage that it did not expect ends in a panic, which is no Exception.
        module = type(error).__module__
        if module.startswith(("python_calamine", "pyo3_runtime")) or isinstance(error, OSError | ValueError):
            raise DocumentError(f"the workbook is damaged: {str(error)[:200]}") from error
        raise


def _read_sheet(source: Any, sheet: Sheet, look: Look, budget: Budget) -> None:
    sheet.hidden_rows = look.hidden_rows
    sheet.hidden_columns = look.hidden_columns
    for number, values in enumerate(source.iter_rows(), 1):
        row: Row = {}
        for column, value in enumerate(values, _first_column(source)):
            item = _item(value, look, number, column)
            if item is not None:
                row[column] = item
                budget.take(1, len(shown_of(item)))
        if row:
            sheet.rows[number] = row
    for (top, left), (bottom, right) in source.merged_cell_ranges or ():
        sheet.merged.append(Area(top + 1, left + 1, bottom + 1, right + 1))


def _first_column(source: Any) -> int:
    return 1 if source.start is None else int(source.start[1]) + 1


def _item(value: object, look: Look, row: int, column: int) -> Item | None:
    if value == "" or value is None:
        error = look.errors.get((row, column))
        return None if error is None else Cell(error, error, "empty")
    if isinstance(value, str):
        return clean(value) or None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        made = look.formats.get((row, column))
        return plain_number(value) if made is None else made.cell(value)
    if isinstance(value, dt.timedelta):
        text = duration_text(value.total_seconds())
        return Cell(text, text, "time")
    if isinstance(value, dt.datetime):
        text = f"{value:%Y-%m-%d} {_clock(value.time())}"
        return Cell(text, text, "datetime")
    if isinstance(value, dt.date):
        return Cell(value.isoformat(), value.isoformat(), "date")
    if isinstance(value, dt.time):
        text = _clock(value)
        return Cell(text, text, "time")
    return clean(str(value))


def _clock(time: dt.time) -> str:
    return f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"
