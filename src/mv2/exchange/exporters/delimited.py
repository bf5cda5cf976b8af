"""CSV and TSV: a row a document, for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from mv2.errors import InvalidArgumentError
from mv2.exchange._files import plain_suffix, written
from mv2.exchange.exporters._job import Job, encode_json, iso_time

if TYPE_CHECKING:
    from mv2 import Record

_COLUMNS: Final = (
    "id", "uri", "title", "text", "kind", "track", "tags", "labels", "timestamp", "put_at", "mime",
    "source_path", "metadata",
)  # fmt: skip
_PARTING: Final = re.compile(r"[;,|\[]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write(job: Job, *, delimiter: str | None = None, formulas: Literal["escape", "keep"] = "escape") -> int:
    """Write the active documents; returns how many.

    Args:
        delimiter: one character; None takes a tab for names that end in .tsv, else a comma.
        formulas: ``"escape"`` puts an apostrophe in front of texts that a spreadsheet would take for a
            formula, ``"keep"`` writes them as they are.
    """
    if formulas not in ("escape", "keep"):
        raise InvalidArgumentError(f"formulas {formulas!r} is unknown", remedy="Use escape or keep.")
    if delimiter is None:
        delimiter = "\t" if plain_suffix(job.path) == ".tsv" else ","
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InvalidArgumentError(f"delimiter {delimiter!r} is not one character that can part cells")
    count = 0
    with written(job.path) as file:
        line = io.StringIO()
        writer = csv.writer(line, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for record in job.records():
            count += 1
            cells = _cells(record)
            writer.writerow([_plain(cell) for cell in cells] if formulas == "escape" else cells)
            file.write(line.getvalue().encode())
            line.seek(0)
            line.truncate()
        file.write(line.getvalue().encode())
    return count


def _cells(record: Record) -> list[str]:
    values = (
        record.id, record.uri, record.title, record.full_text, record.kind, record.track,
        _joined(record.tags), _joined(record.labels), iso_time(record.timestamp), iso_time(record.put_at),
        record.mime, record.source_path, encode_json(dict(record.metadata)) if record.metadata else None,
    )  # fmt: skip
    return ["" if value is None else str(value) for value in values]


def _joined(texts: Sequence[str]) -> str:
    """Texts with semicolons between them, or as JSON where that would not part them again."""
    plain = all(text and text == text.strip() and not _PARTING.search(text) for text in texts)
    return "; ".join(texts) if plain else encode_json(list(texts))


def _plain(cell: str) -> str:
    """A text of a formula's form, whatever apostrophes it has, gets one more."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell
