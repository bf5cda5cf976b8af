"""Electronic books: EPUB 2 and 3."""

from __future__ import annotations

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import ZipGuard
from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Table
from mv2.extract.readers._epub_book import Book, Item
from mv2.extract.readers._office import language_of, seconds_of
from mv2.extract.readers.html import html_blocks

_BESIDE_TEXT = ("image/", "audio/", "video/", "font/")


def read(source: Source, options: ReadOptions) -> Extraction:
    """The chapters of a book in the order they are read.

    A chapter without a heading of its own gets the title that the table of contents has for it.

    Raises:
        MissingExtraError: selectolax is not installed.
        DocumentError: damaged, or no book.
        EncryptedDocumentError: its text is protected.
        DocumentLimitError: it takes more than ``options.limits`` allow.
    """
    book = Book(ZipGuard(source.data, options.limits), options.limits)
    warnings: dict[str, None] = {}
    if book.missing:
        named = "part of the book is" if book.missing == 1 else "parts of the book are"
        warnings[f"{book.missing} {named} named but not described"] = None
    titles = _titles(book, warnings)
    builder, tables = TextBuilder(), list[Table]()
    for item in book.spine:
        _chapter(book, item, titles.get(item.path), builder, tables, options, warnings)
    facts = book.facts
    stated = {
        "identifier": _first(facts, "dc:identifier"),
        "publisher": _first(facts, "dc:publisher"),
        "published": _first(facts, "dc:date"),
        "description": _words(_first(facts, "dc:description"), options.limits),
        "rights": _first(facts, "dc:rights"),
    }
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        tables=tuple(tables),
        title=_first(facts, "dc:title"),
        author=", ".join(dict.fromkeys(facts.get("dc:creator", ()))) or None,
        language=language_of(_first(facts, "dc:language")),
        keywords=tuple(dict.fromkeys(facts.get("dc:subject", ()))),
        created=seconds_of(_first(facts, "dc:date")),
        modified=seconds_of(_first(facts, "dcterms:modified")),
        metadata={name: value for name, value in stated.items() if value},
        warnings=tuple(warnings),
    )


def _titles(book: Book, warnings: dict[str, None]) -> dict[str, str]:
    try:
        return book.titles()
    except DocumentError as error:
        if type(error) is not DocumentError:
            raise
        warnings["the table of contents could not be read"] = None
        return {}


def _chapter(
    book: Book,
    item: Item,
    title: str | None,
    builder: TextBuilder,
    tables: list[Table],
    options: ReadOptions,
    warnings: dict[str, None],
) -> None:
    """Append one file of the book."""
    if item.mime.startswith(_BESIDE_TEXT):
        return
    try:
        data = book.read(item)
    except DocumentError as error:
        if type(error) is not DocumentError:
            raise
        warnings[f"{item.path} is damaged and was left out"] = None
        return
    if data is None:
        warnings[f"{item.path} is missing"] = None
        return
    chapter = TextBuilder()
    html_blocks(
        data,
        chapter,
        tables,
        options.limits,
        mime="application/xhtml+xml",
        hidden=options.hidden,
        notes=options.notes,
    )
    if len(builder) + len(chapter) > options.limits.text_chars:
        raise DocumentLimitError(
            f"has more than {options.limits.text_chars:,} characters of text (limit text_chars)"
        )
    blocks = chapter.blocks
    titled = False
    if title and blocks and not any(block.kind == "heading" for block in blocks):
        titled = " ".join(chapter.text[blocks[0].start : blocks[0].end].split()) == title
        if not titled:
            builder.add("heading", title, level=1)
    _append(chapter, builder, titled=titled)


def _append(chapter: TextBuilder, builder: TextBuilder, *, titled: bool) -> None:
    """Write the blocks of a chapter behind those before it.

    Args:
        titled: the first block is its title, though it is not marked as a heading.
    """
    text, end = chapter.text, 0
    for at, block in enumerate(chapter.blocks):
        is_title = titled and at == 0
        builder.add(
            "heading" if is_title else block.kind,
            text[block.start : block.end],
            header=block.header[1] - block.header[0] if block.header else 0,
            joint=text[end : block.start] if at else "\n\n",
            level=1 if is_title else block.level,
            table=block.table,
            rows=block.rows,
            symbol=block.symbol,
        )
        end = block.end


def _first(facts: dict[str, list[str]], name: str) -> str | None:
    return next(iter(facts.get(name, ())), None)


def _words(text: str | None, limits: Limits) -> str | None:
    """Descriptions are often written in HTML."""
    if not text or "<" not in text:
        return text
    builder = TextBuilder()
    html_blocks(text, builder, [], limits)
    return builder.text or None
