"""Tables: made from rows of cells, written as text, CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any, Literal

from mv2._late import late_pattern
from mv2.errors import MissingExtraError
from mv2.extract._headers import Header, find_header, is_made_up, joined_names, unique_names
from mv2.extract._values import clean, column_types, value_text
from mv2.extract.builder import TextBuilder
from mv2.extract.model import ColumnType, Table, Value

__all__ = [
    "find_header",
    "make_table",
    "render_table",
    "split_title",
    "table_csv",
    "table_json",
    "table_markdown",
]

_SPACES = late_pattern(r"\s+")


def make_table(
    rows: Sequence[Sequence[Value]],
    *,
    header: int | Literal["auto"] | None = "auto",
    header_rows: int = 1,
    name: str | None = None,
    page: int | None = None,
    last_page: int | None = None,
    sheet: str | None = None,
    range: str | None = None,
    mode: Literal["native", "lattice", "stream", "delimited"] = "native",
    confidence: float = 1.0,
    warnings: Sequence[str] = (),
    kinds: Sequence[Sequence[ColumnType | None]] | None = None,
) -> Table:
    """A table from rows that may differ in length; the rows keep their order and number.

    Args:
        rows: all cells, the header among them.
        header: index of the row with the names of the columns, rows above it are dropped; None if
            there is none; ``"auto"`` finds out whether the first row is one, and lowers
            ``confidence`` to how sure that is. Take titles away before, with ``split_title``.
        header_rows: so many rows from ``header`` on make the names.
        name: caption or name.
        kinds: types of single cells known from elsewhere, in the shape of ``rows``.
    """
    found = Header(row=header, count=header_rows) if header != "auto" else find_header(rows)
    if header == "auto":
        confidence = min(confidence, found.confidence)
        if found.row:
            found = Header(row=None)
    start = 0 if found.row is None else found.row
    end = start if found.row is None else start + found.count
    width = max(map(len, rows), default=0)
    names = joined_names(rows[start:end], width)
    body = rows[end:]
    while width > 1 and not names[width - 1] and all(_blank(row, width - 1) for row in body):
        width -= 1
    cells = tuple(_padded(row, width) for row in body)
    known = None
    if kinds is not None:
        known = [(*row[:width], *[None] * (width - len(row))) for row in kinds[end:]]
    return Table(
        headers=unique_names(names[:width]),
        rows=cells,
        types=column_types(cells, width, known),
        name=name,
        page=page,
        last_page=last_page,
        sheet=sheet,
        range=range,
        confidence=confidence,
        mode=mode,
        warnings=tuple(warnings),
    )


def _padded(row: Sequence[Value], width: int) -> tuple[Value, ...]:
    if len(row) == width:
        return tuple(row)
    return (*row[:width], *[None] * (width - len(row)))


def _blank(row: Sequence[Value], at: int) -> bool:
    return at >= len(row) or row[at] is None or row[at] == ""


def split_title(rows: Sequence[Sequence[Value]]) -> tuple[str, Sequence[Sequence[Value]]]:
    """The words of single cells above the header, one a line, and the rows without them."""
    start = find_header(rows).row or 0
    words = (" ".join(value_text(value).split()) for row in rows[:start] for value in row)
    return "\n".join(word for word in words if word), rows[start:]


def render_table(
    builder: TextBuilder,
    table: Table,
    index: int,
    *,
    shown: Sequence[Sequence[str]] | None = None,
    first_row: int = 1,
    last_row: int | None = None,
    joint: str = "\n\n",
) -> None:
    """Add a ``table`` block: a Markdown pipe table, one line a row, below its header and rule.

    Names that were made up for columns without one (``column 3``) are not written.

    Args:
        index: place of the table in ``Extraction.tables``.
        shown: the cells of ``table.rows`` as they are to be written, where that differs.
        first_row, last_row: numbers of the first and last row below the header, in the sheet or file.
        joint: what stands between it and the block before.
    """
    if not table.headers:
        return
    names = ["" if is_made_up(name, at) else name for at, name in enumerate(table.headers, 1)]
    head = f"{_line(names)}\n{_line(['---'] * len(names))}"
    written = [head]
    if shown is not None:
        written.extend(map(_line, shown))
    else:
        kinds: Sequence[ColumnType | None] = table.types or (None,) * len(table.headers)
        written.extend(_line(map(value_text, row, kinds)) for row in table.rows)
    if last_row is None:
        last_row = first_row + len(table.rows) - 1
    place = {
        "page": table.page,
        "last_page": table.last_page,
        "sheet": table.sheet,
        "rows": (first_row, last_row) if last_row >= first_row else None,
    }
    builder.add(
        "table",
        "\n".join(written),
        header=len(head),
        joint=joint,
        table=index,
        **{field: value for field, value in place.items() if value is not None},
    )


def _line(cells: Sequence[str] | map[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(cell: str) -> str:
    if not cell.isprintable() or "  " in cell or cell[:1] == " " or cell[-1:] == " ":
        cell = _SPACES.sub(" ", clean(cell)).strip()
    return cell.replace("|", "\\|") if "|" in cell else cell


def table_markdown(table: Table) -> str:
    """The table as a Markdown pipe table, without its name."""
    builder = TextBuilder()
    render_table(builder, table, 0)
    return builder.text


def table_csv(table: Table) -> str:
    """The table as CSV (RFC 4180, lines end with a line feed), headers first; empty cells stay empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.headers)
    writer.writerows([value_text(value) for value in row] for row in table.rows)
    return out.getvalue()


def table_json(table: Table) -> str:
    """The table as a JSON list with one object a row; numbers that JSON cannot write become null."""
    return json.dumps(
        [dict(zip(table.headers, map(_finite, row), strict=True)) for row in table.rows],
        ensure_ascii=False,
        indent=1,
    )


def _finite(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table_arrow(table: Table) -> Any:
    """The table as ``pyarrow.Table``; see ``Table.to_arrow``."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError(
            "tables of Arrow need the package pyarrow", remedy="pip install 'mv2[arrow]'"
        ) from error
    columns = {}
    for place, name in enumerate(table.headers):
        cells = [row[place] for row in table.rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        if len(kinds - {int, float}) > (0 if kinds & {int, float} else 1):
            cells = [None if cell is None else value_text(cell) for cell in cells]
        elif float in kinds:
            cells = [None if cell is None else float(cell) for cell in cells]
        columns[name] = pa.array(cells)
    return pa.table(columns)


def table_frame(table: Table) -> Any:
    """The table as ``pandas.DataFrame``; see ``Table.to_pandas``."""
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("data frames need the package pandas", remedy="pip install pandas") from error
    return pd.DataFrame(list(table.rows), columns=list(table.headers))
