"""Reads web pages: the main content in reading order, with what the page says about itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mv2._late import late_pattern
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import decode_text
from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Table
from mv2.extract.readers._html_main import mark_main
from mv2.extract.readers._html_meta import page_facts, page_links
from mv2.extract.readers._html_tree import Node, Page, measure
from mv2.extract.readers._html_write import Writer

__all__ = ["html_blocks", "html_title", "read"]

_LOOKED_AT = 4_096
_META_CHARSET = re.compile(
    rb"<meta\s[^>]{0,400}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_XML_CHARSET = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_CHARSET_OF_TYPE = late_pattern(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read an HTML page.

    Raises:
        MissingExtraError: selectolax is not installed.
        DocumentLimitError: more elements, text or cells than the limits allow.
    """
    page = _parse(source.data, source.mime)
    builder, tables = TextBuilder(), list[Table]()
    measure(page.body, hidden=options.hidden)
    if not options.boilerplate:
        mark_main(page.body)
    writer = Writer(
        builder,
        tables,
        options.limits,
        hidden=options.hidden,
        controls=options.boilerplate,
        notes=options.notes,
    )
    writer.write(page.body)
    shown = list(_shown(page.body, hidden=options.hidden))
    facts = page_facts(page, shown)
    metadata: dict[str, Any] = {
        "description": facts.description,
        "site_name": facts.site,
        "url": facts.url,
        "links": page_links(shown, facts.base),
    }
    warnings = () if builder.text else ("there is no text in the page; scripts may add it in a browser",)
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        tables=tuple(tables),
        title=facts.title,
        author=facts.author,
        language=facts.language,
        keywords=facts.keywords,
        created=facts.published,
        modified=facts.modified,
        metadata={name: value for name, value in metadata.items() if value},
        warnings=warnings,
    )


def html_blocks(
    data: bytes | str,
    builder: TextBuilder,
    tables: list[Table],
    limits: Limits | None = None,
    *,
    mime: str | None = None,
    main: bool = False,
    hidden: bool = False,
    notes: bool = True,
) -> str | None:
    """Write the content of an HTML or XHTML document into a builder.

    Args:
        data: the document, or a fragment of one.
        tables: those of data are added here; blocks name them by their place in it.
        mime: media type, with the charset its carrier names; ``application/xhtml+xml`` is read as XML.
        main: leave navigation, banners and footers out, as for a web page.
        hidden: also write what a browser would not show.
        notes: also write footnotes.

    Returns:
        Its title, None if it has none.

    Raises:
        MissingExtraError: selectolax is not installed.
        DocumentLimitError: more elements, text or cells than the limits allow.
    """
    page = _parse(data, mime)
    measure(page.body, hidden=hidden)
    if main:
        mark_main(page.body)
    Writer(builder, tables, limits or Limits(), hidden=hidden, notes=notes).write(page.body)
    return _stated_title(page)


def html_title(data: bytes | str, mime: str | None = None) -> str | None:
    """The content of the ``title`` element; None if there is none."""
    return _stated_title(_parse(data, mime))


def _stated_title(page: Page) -> str | None:
    return next((node.text() for node in page.head if node.tag == "title"), "") or None


def _parse(data: bytes | str, mime: str | None) -> Page:
    if isinstance(data, str):
        text = data
    else:
        text, _ = decode_text(data, _declared_charset(data, mime))
    start = text[:_LOOKED_AT].lstrip("\ufeff \t\r\n")
    return Page(text, xhtml=start.startswith("<?xml") or "xhtml+xml" in (mime or ""))


def _declared_charset(data: bytes, mime: str | None) -> str | None:
    """The encoding that the carrier or the page names; not one that its bytes belie."""
    start = data[:_LOOKED_AT]
    carried = _CHARSET_OF_TYPE.search(mime or "")
    stated = _META_CHARSET.search(start) or _XML_CHARSET.search(start)
    found = carried.group(1) if carried else stated.group(1).decode("ascii") if stated else None
    if (
        found
        and found.lower().startswith(("utf-16", "utf-32", "utf16", "utf32", "ucs"))
        and b"\0" not in start
    ):
        return None
    return found


def _shown(body: Node, *, hidden: bool) -> Iterator[Node]:
    """The elements that were written, in order."""
    stack = [body]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(
            child
            for child in reversed(node.children)
            if not isinstance(child, str) and not child.dropped and (hidden or not child.hidden)
        )
