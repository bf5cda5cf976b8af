"""Tables as text: comma, semicolon, tab or pipe separated values."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract._headers import Header, find_header
from mv2.extract._values import clean, value_type
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import decode_text
from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Value
from mv2.extract.tables import make_table, render_table

_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 200
_LONGEST_CELL = 1 << 24
_DELIMITERS = "\t;|,"
_NO_DELIMITER = "\x1f"
_STEADY = 0.95
_UNSEEN = late_pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\xa0\xad\u2007\u200b\u2028\u202f\ufeff]")
_NAMED = late_pattern(r"sep=(.)\n", 2)  # re.IGNORECASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How cells are parted and quoted.

    Attributes:
        delimiter: one character.
        quote: the quotation mark; None if there is none.
        backslash: quotation marks in cells are written with a backslash, not twice.
    """

    delimiter: str = ","
    quote: str | None = '"'
    backslash: bool = False


class _Record(NamedTuple):
    row: int
    first_line: int
    last_line: int
    cells: list[Value]


def read(source: Source, options: ReadOptions) -> Extraction:
    """One table, and the remarks above it.

    Raises:
        DocumentError: a cell is longer than 16 MiB.
        DocumentLimitError: more cells or text than the limits allow.
    """
    limits = options.limits
    text, encoding = decode_text(source.data)
    if len(text) > limits.text_chars:
        raise _too_long(limits)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNSEEN.search(text):
        text = clean(text)
    skipped = 0
    named = _NAMED.match(text)
    if named is not None:
        dialect, skipped = Dialect(delimiter=named[1]), 1
        text = text[named.end() :]
    else:
        dialect = find_dialect(text, prefers_tab=_is_tabbed(source))
    records, warnings = _read_records(text, dialect, limits, skipped)
    remarks, records = _split_remarks(records)
    header = find_header([record.cells for record in records[:60]], expected=True)
    if header.row:
        remarks, records = remarks + records[: header.row], records[header.row :]
    builder = TextBuilder()
    if remarks:
        lines = (remarks[0].first_line, remarks[-1].last_line)
        builder.add("caption", "\n".join(_joined(record, dialect) for record in remarks), lines=lines)
    if not records:
        return Extraction(text=builder.text, blocks=builder.blocks, metadata={"encoding": encoding})
    if len(records) > 1 or len(records[0].cells) > 1:
        found = _as_table(builder, records, header, source.name, warnings)
        return replace(found, metadata={"encoding": encoding, "delimiter": _named(dialect)})
    builder.add("paragraph", _joined(records[0], dialect))
    return Extraction(text=builder.text, blocks=builder.blocks, metadata={"encoding": encoding})


def _is_tabbed(source: Source) -> bool:
    return source.mime == "text/tab-separated-values" or source.name.lower().endswith((".tsv", ".tab"))


def _too_long(limits: Limits) -> DocumentLimitError:
    return DocumentLimitError(
        f"has more than {limits.text_chars:,} characters of text (limit text_chars)",
        remedy="raise Limits.text_chars, or split the file",
    )


def _named(dialect: Dialect) -> str | None:
    names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe", _NO_DELIMITER: None}
    return names.get(dialect.delimiter, dialect.delimiter)


def _as_table(
    builder: TextBuilder, records: Sequence[_Record], header: Header, name: str, warnings: list[str]
) -> Extraction:
    start = 0 if header.row is None else header.count
    body = records[start:]
    warnings += _ragged(records[max(0, start - 1) :])
    table = make_table(
        [record.cells for record in records],
        header=None if header.row is None else 0,
        header_rows=header.count,
        name=name.rpartition(".")[0] or name or None,
        mode="delimited",
        confidence=header.confidence if header.row is not None else 0.5,
        warnings=warnings,
    )
    render_table(
        builder,
        table,
        0,
        first_row=body[0].row if body else 1,
        last_row=body[-1].row if body else 0,
    )
    return Extraction(text=builder.text, blocks=builder.blocks, tables=(table,), warnings=tuple(warnings))


def find_dialect(text: str, *, prefers_tab: bool = False) -> Dialect:
    """The way in which most lines at the start of a text have the same number of cells."""
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        cut = sample.rfind("\n")
        sample = sample[:cut] if cut > 0 else sample
    sample = "".join(line for line in sample.splitlines(keepends=True) if not line.startswith("#")) or sample
    quote = "'" if '"' not in sample and _has_single_quotes(sample) else '"'
    backslash = f"\\{quote}" in sample and quote * 2 not in sample
    best, best_score = Dialect(delimiter="\t" if prefers_tab else ","), 0.0
    for delimiter in _DELIMITERS:
        dialect = Dialect(delimiter=delimiter, quote=quote, backslash=backslash)
        score = _score(sample, dialect)
        if delimiter == "\t" and prefers_tab and score > 0:
            return dialect
        if score > best_score:
            best, best_score = dialect, score
    if best_score or prefers_tab:
        return best
    # Words in one column may have commas here and there; this character stands in no cleaned text.
    return Dialect(delimiter=_NO_DELIMITER, quote=quote, backslash=backslash)


def _has_single_quotes(sample: str) -> bool:
    lines = sample.split("\n")
    inner = [line for line in lines if line[:1] == line[-1:] == "'"]
    quoted = sum(any(f"'{one}'" in line for one in _DELIMITERS) for line in inner)
    return quoted * 2 >= len(lines) - 1 and quoted > 0


def _score(sample: str, dialect: Dialect) -> float:
    """How steady the number of cells is (0 to 1), and a little for cells that read as numbers or dates."""
    records = [record.cells for record in _records(sample, dialect, _SAMPLE_RECORDS)]
    counts = Counter(map(len, records))
    if not counts:
        return 0.0
    width, steady = max(counts.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    parted = sum(count for cells, count in counts.items() if cells > 1)
    if width < 2 or parted * 2 < len(records):
        return 0.0
    cells = [cell for record in records for cell in record if cell is not None]
    typed = sum(value_type(cell) not in {"text", "empty"} for cell in cells[:2_000])
    share = steady / len(records)
    return (1.0 if share >= _STEADY else share) + 0.2 * typed / max(1, min(len(cells), 2_000))


def _lines(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _reader(text: str, dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(
        _lines(text),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or '"',
        quoting=csv.QUOTE_NONE if dialect.quote is None else csv.QUOTE_MINIMAL,
        doublequote=not dialect.backslash,
        escapechar="\\" if dialect.backslash else None,
        skipinitialspace=dialect.delimiter != "\t",
    )


def _records(text: str, dialect: Dialect, most: int | None = None, skipped: int = 0) -> Iterator[_Record]:
    """Records that are not empty; rows and lines count from 1, with empty ones and `skipped` lines."""
    reader = _reader(text, dialect)
    before, row = 0, skipped
    line = skipped
    try:
        while most is None or row < most:
            cells = next(reader, None)
            if cells is None:
                return
            line = reader.line_num + skipped  # type: ignore[attr-defined]
            row += 1
            stripped: list[Value] = [cell.strip() or None for cell in cells]
            if any(stripped):
                yield _Record(row, before + skipped + 1, line, stripped)
            before = line - skipped
    except csv.Error as error:
        raise DocumentError(f"line {line + 1} cannot be read as delimited text: {error}") from error


def _read_records(
    text: str, dialect: Dialect, limits: Limits, skipped: int
) -> tuple[list[_Record], list[str]]:
    """All records; quotation marks are taken as plain characters if one of them never ends."""
    longest = csv.field_size_limit(_LONGEST_CELL)
    try:
        try:
            records = _counted(_records(text, dialect, skipped=skipped), limits)
        except DocumentError as error:
            if dialect.quote is None or isinstance(error, DocumentLimitError):
                raise
            records = []
        if (records and not _ends_open(records, text, dialect)) or not text.strip():
            return records, []
        plain = Dialect(delimiter=dialect.delimiter, quote=None)
        found = _counted(_records(text, plain, skipped=skipped), limits)
        where = records[-1].first_line if records else 1
        return found, [f"line {where}: a quotation mark is never closed; all are taken as plain characters"]
    finally:
        csv.field_size_limit(longest)


def _ends_open(records: Sequence[_Record], text: str, dialect: Dialect) -> bool:
    """Whether the last record swallowed what follows a quotation mark without an end."""
    last = records[-1]
    return last.last_line > last.first_line and text.count(dialect.quote or '"') % 2 == 1


def _counted(records: Iterator[_Record], limits: Limits) -> list[_Record]:
    kept, width, cells = list[_Record](), 0, 0
    for record in records:
        kept.append(record)
        width = max(width, len(record.cells))
        cells = width * len(kept)
        if cells > limits.table_cells:
            raise DocumentLimitError(
                f"the table has more than {limits.table_cells:,} cells (limit table_cells)",
                remedy="raise Limits.table_cells, or split the file",
            )
    return kept


def _split_remarks(records: list[_Record]) -> tuple[list[_Record], list[_Record]]:
    """Comments and titles above the table, and the table."""
    usual = Counter(len(record.cells) for record in records[:_SAMPLE_RECORDS]).most_common(1)
    width = usual[0][0] if usual else 0
    start = 0
    for record in records:
        is_comment = _is_comment(record) and (len(record.cells) != width or width < 2)
        is_title = width > 2 and sum(cell is not None for cell in record.cells) == 1
        if not is_comment and not is_title:
            break
        start += 1
    # A comment whose cells match is the header, unless another row can be.
    while (
        start + 1 < len(records)
        and _is_comment(records[start])
        and find_header([record.cells for record in records[start + 1 : start + 60]]).row == 0
    ):
        start += 1
    return records[:start], records[start:]


def _is_comment(record: _Record) -> bool:
    return str(record.cells[0] or "").startswith("#")


def _joined(record: _Record, dialect: Dialect) -> str:
    return f"{dialect.delimiter} ".join(str(cell) for cell in record.cells if cell)


def _ragged(records: Sequence[_Record]) -> list[str]:
    width = len(records[0].cells)
    odd = [record for record in records if len(record.cells) != width]
    if not odd:
        return []
    count = "1 row has" if len(odd) == 1 else f"{len(odd)} rows have"
    return [f"{count} not {width} cells, the first one on line {odd[0].first_line}"]
