"""CSV and TSV files: a document a row."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

from mv2.errors import DocumentError
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._own import OWN_COLUMNS, is_own, own_documents, unguarded
from mv2.exchange.importers._rows import AUTO, Columns, Place, document_of, resolve, sampled
from mv2.exchange.items import Item, Skipped

_SAMPLE: Final = 1_000
_MAX_FIELD: Final = 16 << 20
_DELIMITERS: Final = (",", ";", "\t", "|")
_WHOLE: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_WORDS: Final = {"true": True, "false": False}


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a delimited file, 0 to 1."""
    if bundle.kind != "file":
        return 0.0
    return 0.8 if bundle.path.suffix.lower() in (".csv", ".tsv", ".tab") else 0.0


def read(
    source: str | os.PathLike[str],
    *,
    text: str | Sequence[str] = AUTO,
    title: str | None = AUTO,
    id: str | None = AUTO,
    timestamp: str | None = AUTO,
    tags: str | None = AUTO,
    embedding: str | None = AUTO,
    metadata: str | Sequence[str] | None = AUTO,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    name: str | None = None,
) -> Iterator[Item]:
    """Read a CSV or TSV file row by row.

    Values of a column whose first thousand ones are all whole numbers, numbers or true and false
    become that; others stay text.

    Args:
        text, title, id, timestamp, tags, embedding, metadata: as in ``Columns``.
        delimiter: one character; None finds it.
        encoding: None takes the byte order mark, then UTF-8, then Windows-1252.
        header: the first row names the columns; otherwise they are ``column 1`` and so on.
        name: part of the uris; None takes the file's name without its ending.

    Raises:
        DocumentError: it is no text, or has no rows.
        InvalidArgumentError: a column that was named does not exist.
    """
    bundle = Bundle(source)
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD))
    with bundle.open(bundle.path.name) as file:
        encoding = encoding or _encoding(file)
        file.seek(0)
        lines = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        delimiter = delimiter or _delimiter(lines, bundle)
        lines.seek(0)
        rows = _rows(csv.reader(lines, delimiter=delimiter), bundle.path.name)
        columns = Columns(
            text=text,
            title=title,
            id=id,
            timestamp=timestamp,
            tags=tags,
            embedding=embedding,
            metadata=metadata,
        )
        place = Place(name=name or bundle.path.stem, where=bundle.path.name, source_path=str(bundle.path))
        yield from _documents(rows, header, columns, place)


def _encoding(file: BinaryIO) -> str:
    start = file.read(4)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):  # fmt: skip
        if start.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    data = start
    try:
        while data:
            decoder.decode(data)
            data = file.read(1 << 20)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(lines: io.TextIOWrapper, bundle: Bundle) -> str:
    """The character that cuts the first lines into the most columns, the same number in most of them."""
    if bundle.path.suffix.lower() in (".tsv", ".tab"):
        return "\t"
    sample = lines.read(64 << 10)
    head = sample.partition("\n")[0]
    if "\0" in head:
        raise DocumentError(f"{bundle.path} is not text", path=bundle.path)
    for delimiter in _DELIMITERS:
        if is_own(head.rstrip("\r").split(delimiter), Columns()):
            return delimiter

    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = Counter(
                len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row
            )
        except csv.Error:
            return 0.0, 0
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        return (count / widths.total() if width > 1 else 0.0), width

    return max(_DELIMITERS, key=score)


def _rows(reader: Iterator[list[str]], where: str) -> Iterator[list[str] | Skipped]:
    """Rows that are not empty; those that cannot be parsed as ``Skipped``."""
    for number in itertools.count(1):
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Skipped(where=f"{where}, record {number}", reason=str(error))
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield row


def _documents(
    rows: Iterator[list[str] | Skipped], header: bool, columns: Columns, place: Place
) -> Iterator[Item]:
    first = next(rows, None)
    while isinstance(first, Skipped):
        yield first
        first = next(rows, None)
    if first is None:
        raise DocumentError(f"{place.where} has no rows", path=place.source_path)
    names = _unique(first if header else [""] * len(first))
    if not header:
        rows = itertools.chain([first], rows)
    sample, rows = sampled(rows, _SAMPLE)
    whole = [row for row in sample if not isinstance(row, Skipped)]
    types = [_type([row[index] for row in whole if index < len(row)]) for index in range(len(names))]
    known = [_named(row, names, types) for row in whole]
    resolved = resolve(columns, known, names, place.where)
    is_ours = is_own(names, columns)
    as_they_are = OWN_COLUMNS if is_ours else {*resolved.text, *resolved.title[:1], *resolved.id[:1]}
    types = [
        "text" if name in as_they_are else kind  # 1.10 is another title than 1.1
        for name, kind in zip(names, types, strict=True)
    ]
    named = (row if isinstance(row, Skipped) else _named(row, names, types) for row in rows)
    if is_ours:
        yield from own_documents(map(_unguarded, named), place)
        return
    number = 0
    for row in named:
        if isinstance(row, Skipped):
            yield row
            continue
        number += 1
        yield document_of(row, number, resolved, place)


def _unguarded(row: dict[str, Any] | Skipped) -> dict[str, Any] | Skipped:
    """The row of an export without the apostrophes that keep spreadsheets from calculating."""
    if isinstance(row, Skipped):
        return row
    return {name: unguarded(cell) if isinstance(cell, str) else cell for name, cell in row.items()}


def _unique(names: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for place, given in enumerate(names, 1):
        name = base = given.strip() or f"column {place}"
        count = 2
        while name in found:
            name = f"{base} {count}"
            count += 1
        found[name] = None
    return list(found)


def _type(values: Sequence[str]) -> str:
    given = [value.strip() for value in values if value.strip()]
    if given and all(_WHOLE.fullmatch(value) for value in given):
        return "whole"
    if given and all(_NUMBER.fullmatch(value) for value in given):
        return "number"
    if given and all(value.lower() in _WORDS for value in given):
        return "truth"
    return "text"


def _named(row: Sequence[str], names: Sequence[str], types: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, cell in enumerate(row):
        name = names[index] if index < len(names) else f"column {index + 1}"
        found[name] = _typed(cell, types[index] if index < len(types) else "text")
    return found


def _typed(cell: str, kind: str) -> Any:
    value = cell.strip()
    if not value:
        return None
    if kind == "whole" and _WHOLE.fullmatch(value):
        return int(value)
    if kind == "number" and _NUMBER.fullmatch(value):
        return float(value)
    if kind == "truth" and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return cell
