"""``mv2 chunks`` and ``mv2 tables``: how a document is cut, and the tables that were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._options import file_argument, frame_value, json_option, open_to_read
from mv2.cli._output import Output, clean, is_terminal, plain, plural, shorten, terminal_width
from mv2.cli._places import place_words, table_words
from mv2.cli._reading import chunking_of, chunking_options, reading_of, reading_options

if TYPE_CHECKING:
    import mv2


@click.command(epilog="\b\nExample:\n  mv2 chunks report.pdf --chunk-size 800")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@reading_options
@chunking_options
@json_option
def chunks(path: str, as_json: bool, **given: Any) -> int:
    """Show how a document would be cut; nothing is stored.

    PATH is a file, or - for standard input. Each chunk is shown with its
    place: page, headings, rows, lines.
    """
    import sys
    from pathlib import Path

    import mv2

    content: bytes | Path = sys.stdin.buffer.read() if path == "-" else Path(path)
    reading, chunking = reading_of(given), chunking_of(given)
    found = mv2.preview_chunks(content, reading=reading, chunking=chunking)
    out = Output(json=as_json)
    if as_json:
        out.document({"path": path, "chunks": [plain(chunk) for chunk in found]})
        return _exit.OK
    for number, chunk in enumerate(found, 1):
        head = out.bold(f"chunk {number}")
        facts = [f"{len(chunk.text):,} characters", chunk.kind, *place_words(chunk.place)]
        out.styled(f"{head}  {out.faint(clean('  '.join(facts)))}")
        out.line("\n".join(f"    {line}" for line in chunk.text.strip("\n").splitlines()))
        out.line()
    out.line(plural(len(found), "chunk"))
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 tables notes.mv2 tbl_prices_csv_2a083e_1 --csv > prices.csv")
@file_argument
@click.argument("table", required=False)
@click.option("--of", "document", metavar="FRAME", help="Only the tables of this document (number or uri).")
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
@json_option
def tables(file: str, table: str | None, document: str | None, as_csv: bool, as_json: bool) -> int:
    """List the tables of a memory, or print one.

    TABLE is the id of a table, as the list shows it, or a document with one
    table. Tables are stored by put and sync with --tables.
    """
    if as_csv and (table is None or as_json):
        raise click.UsageError("--csv prints one table: give its id, and no --json.")
    out = Output(json=as_json)
    with open_to_read(file, "none") as memory:
        if table is not None:
            return _print_table(_table(memory, frame_value(table)), as_csv, out)
        found = memory.tables(None if document is None else frame_value(document))
    if as_json:
        out.document({"path": file, "tables": [plain(info) for info in found]})
        return _exit.OK
    for info in found:
        where = " ".join(table_words(info))
        out.styled(f"{out.bold(clean(info.id))}  {out.faint(clean(where))}")
        out.line(f"    {plural(info.row_count, 'row')}: {' | '.join(info.headers)}")
    out.line(plural(len(found), "table") if found else "no tables (put --tables stores them)")
    return _exit.OK


def _table(memory: mv2.Memvid, reference: int | str) -> mv2.Table:
    """A table, or the only one of a document."""
    import mv2

    try:
        return memory.table(reference)
    except mv2.FrameNotFoundError:
        if isinstance(reference, str) and "://" not in reference:
            raise
        found = memory.tables(reference)
        if not found:
            raise
        if len(found) > 1:
            ids = ", ".join(info.id for info in found)
            raise click.UsageError(f"{reference} has {len(found)} tables: {ids}") from None
        return memory.table(found[0].id)


def _print_table(table: mv2.Table, as_csv: bool, out: Output) -> int:
    if out.json:
        out.document(plain(table))
        return _exit.OK
    if as_csv:
        click.echo(table.to_csv(), nl=False)
        return _exit.OK
    rows = [table.headers, *([_shown(value) for value in row] for row in table.rows)]
    whole = max((len(clean(cell)) for row in rows for cell in row), default=0)
    limit = max(8, terminal_width() // max(1, len(table.headers)) - 2) if is_terminal() else whole
    widths = [min(limit, max(len(clean(row[i])) for row in rows)) for i in range(len(table.headers))]
    for number, row in enumerate(rows):
        cells = [shorten(clean(cell), width).ljust(width) for cell, width in zip(row, widths, strict=True)]
        line = "  ".join(cells).rstrip()
        out.styled(out.bold(line) if number == 0 else line)
    return _exit.OK


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else " ".join(str(value).split())
