"""Reads feeds: RSS 0.9 to 2.0, Atom and JSON Feed."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import decode_text, parse_xml
from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Table
from mv2.extract.readers._html_meta import absolute
from mv2.extract.readers._html_time import parse_time

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["FeedEntry", "entries", "read"]

_ROOTS = frozenset(["rss", "RDF", "feed"])
_TAGS = late_pattern(r"</?[a-zA-Z][^<>]{0,2000}>|<!--.{0,2000}?-->", re.DOTALL)
_MARKUP = late_pattern(r"<[a-zA-Z/!]|&[a-zA-Z#][\w]{0,30};")
_SPACES = late_pattern(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An entry of a feed.

    Attributes:
        id: what the feed calls it, or its link, or its title.
        title: as plain text.
        link: address of the page it stands for.
        published, modified: UTC seconds since 1970.
        author: who wrote it.
        content: the longest text that the feed has of it, as written.
        is_html: ``content`` is HTML.
        tags: its categories.
        attachments: addresses of sound and other files (podcasts).
    """

    id: str
    title: str = ""
    link: str = ""
    published: int | None = None
    modified: int | None = None
    author: str = ""
    content: str = ""
    is_html: bool = False
    tags: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    title: str
    link: str
    description: str
    language: str
    author: str
    updated: int | None
    entries: list[FeedEntry]


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a feed: a heading and the text of every entry.

    ``metadata["entries"]`` lists ``id``, ``title``, ``link`` and ``published`` (UTC seconds) of each, and
    its ``author`` where it names one.

    Raises:
        DocumentError: it is no feed, or damaged.
        DocumentLimitError: more entries than ``limits.members``, or more text than the limits allow.
        MissingExtraError: entries are HTML, and selectolax is not installed.
    """
    feed = _parse(source.data, options.limits)
    builder, tables = TextBuilder(), list[Table]()
    builder.add("heading", feed.title, level=1)
    builder.add("paragraph", feed.description)
    for entry in feed.entries:
        builder.add("heading", entry.title or entry.link or entry.id, level=2)
        _add_content(builder, tables, entry, options)
        if len(builder) > options.limits.text_chars:
            raise DocumentLimitError(
                f"the feed has more than {options.limits.text_chars:,} characters (limit text_chars)"
            )
    listed = [_listed(entry) for entry in feed.entries]
    metadata: dict[str, Any] = {"url": feed.link, "entries": listed}
    dates = [entry.published for entry in feed.entries if entry.published is not None]
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        tables=tuple(tables),
        title=feed.title or None,
        author=feed.author or None,
        language=feed.language or None,
        created=min(dates, default=None),
        modified=feed.updated if feed.updated is not None else max(dates, default=None),
        metadata={name: value for name, value in metadata.items() if value},
    )


def entries(data: bytes, limits: Limits) -> list[FeedEntry]:
    """The entries of a feed, in its order.

    Raises:
        DocumentError: it is no feed, or damaged.
        DocumentLimitError: more than ``limits.members`` entries.
    """
    return _parse(data, limits).entries


def _listed(entry: FeedEntry) -> dict[str, Any]:
    facts = {"id": entry.id, "title": entry.title, "link": entry.link, "published": entry.published}
    return {**facts, "author": entry.author} if entry.author else facts


def _add_content(builder: TextBuilder, tables: list[Table], entry: FeedEntry, options: ReadOptions) -> None:
    if not entry.is_html:
        for paragraph in entry.content.split("\n\n"):
            builder.add("paragraph", _plain(paragraph, keep_lines=True))
        return
    from mv2.extract.readers.html import html_blocks

    html_blocks(entry.content, builder, tables, options.limits, hidden=options.hidden, notes=options.notes)


def _parse(data: bytes, limits: Limits) -> _Feed:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    feed = _json_feed(data, limits) if start == b"{" else _xml_feed(data, limits)
    if len(feed.entries) > limits.members:
        raise DocumentLimitError(f"the feed has more than {limits.members:,} entries (limit members)")
    return feed


def _xml_feed(data: bytes, limits: Limits) -> _Feed:
    root = parse_xml(data, limits)
    name = _local(root.tag)
    if name not in _ROOTS:
        raise DocumentError(f"no feed: its outermost element is <{name[:40]}>")
    channel = root if name == "feed" else next((one for one in root if _local(one.tag) == "channel"), root)
    around = root if name == "RDF" else channel
    items = [one for one in around if _local(one.tag) in {"item", "entry"}]
    base = _link(channel, "")
    fields = _fields(channel)
    return _Feed(
        title=_first_plain(fields, "title"),
        link=base,
        description=_first_plain(fields, "description", "subtitle", "tagline"),
        language=(
            _first_plain(fields, "language") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        ),
        author=_author(fields),
        updated=_first_time(fields, "updated", "lastBuildDate", "pubDate", "modified", "date"),
        entries=[_xml_entry(item, base) for item in items],
    )


def _xml_entry(item: Element, base: str) -> FeedEntry:
    fields = _fields(item)
    link = _link(item, base)
    title = _first_plain(fields, "title")
    content, is_html = _content(fields)
    guid = _first_plain(fields, "guid", "id")
    named = fields.get("guid", [])
    if not link and named and named[0].get("isPermaLink", "true") == "true" and "://" in guid:
        link = guid
    return FeedEntry(
        id=guid or link or title,
        title=title,
        link=link,
        published=_first_time(fields, "published", "pubDate", "issued", "date", "created", "updated"),
        modified=_first_time(fields, "updated", "modified"),
        author=_author(fields),
        content=content,
        is_html=is_html,
        tags=tuple(_tags(fields)),
        attachments=tuple(_enclosures(item)),
    )


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _fields(element: Element) -> dict[str, list[Element]]:
    """Elements inside of it by name, those of foreign vocabularies behind its own."""
    found: dict[str, list[Element]] = {}
    for child in sorted(element, key=_is_foreign):
        found.setdefault(_local(child.tag), []).append(child)
    return found


def _is_foreign(child: Element) -> bool:
    return isinstance(child.tag, str) and any(word in child.tag for word in ("itunes", "media", "googleplay"))


def _whole_text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _first_plain(fields: dict[str, list[Element]], *names: str) -> str:
    for name in names:
        for element in fields.get(name, []):
            text = _whole_text(element)
            if text:
                return _plain(text)
    return ""


def _plain(text: str, *, keep_lines: bool = False) -> str:
    """A title or name without the markup that some feeds put into it."""
    if "<" in text:
        text = _TAGS.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if keep_lines:
        return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _SPACES.sub(" ", text).strip()


def _first_time(fields: dict[str, list[Element]], *names: str) -> int | None:
    for name in names:
        for element in fields.get(name, []):
            time = parse_time(element.text)
            if time is not None:
                return time
    return None


def _author(fields: dict[str, list[Element]]) -> str:
    for name in ("author", "creator", "managingEditor"):
        found = []
        for element in fields.get(name, [])[:20]:
            inner = [one for one in element if _local(one.tag) == "name"]
            text = _plain(_whole_text(inner[0] if inner else element))
            address, _, rest = text.partition(" (")
            found.append(rest.removesuffix(")") if "@" in address and rest else text)
        if any(found):
            return ", ".join(dict.fromkeys(one for one in found if one))
    return ""


def _content(fields: dict[str, list[Element]]) -> tuple[str, bool]:
    """The longest text: whole contents where the feed has them, else its summary."""
    best, best_is_html = "", False
    for name in ("encoded", "content", "description", "summary", "fulltext"):
        for element in fields.get(name, []):
            kind = element.get("type", "")
            if kind == "xhtml":
                text, is_html = _as_markup(element), True
            else:
                text = _whole_text(element)
                is_html = kind in {"html", "text/html"} or (kind != "text" and bool(_MARKUP.search(text)))
            if len(text) > len(best):
                best, best_is_html = text, is_html
    return best, best_is_html


def _as_markup(element: Element) -> str:
    """The content of an XHTML construct as HTML."""
    from xml.etree.ElementTree import tostring

    for one in element.iter():
        one.tag = _local(one.tag)
    return "".join(tostring(one, encoding="unicode", method="html") for one in element)


def _tags(fields: dict[str, list[Element]]) -> Iterator[str]:
    words = (
        _plain(one.get("label") or one.get("term") or _whole_text(one))
        for one in [*fields.get("category", []), *fields.get("subject", [])][:100]
    )
    yield from dict.fromkeys(word for word in words if word)


def _link(element: Element, base: str) -> str:
    """The page it stands for: text of ``link``, or ``href`` of the alternate one."""
    other = ""
    for child in element:
        if _local(child.tag) != "link":
            continue
        href = child.get("href")
        if href is None:
            if child.text and child.text.strip():
                return absolute(child.text.strip(), base)
        elif child.get("rel", "alternate") == "alternate":
            return absolute(href.strip(), base)
        elif child.get("rel") not in {
            "self",
            "enclosure",
            "edit",
            "replies",
            "next",
            "hub",
            "search",
            "license",
        }:
            other = other or href.strip()
    return absolute(other, base) if other else ""


def _enclosures(item: Element) -> Iterator[str]:
    for child in item:
        name = _local(child.tag)
        if name == "enclosure" and child.get("url"):
            yield child.get("url", "")
        elif name == "link" and child.get("rel") == "enclosure" and child.get("href"):
            yield child.get("href", "")


def _json_feed(data: bytes, limits: Limits) -> _Feed:
    text, _ = decode_text(data)
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"the JSON feed is damaged: {str(error)[:200]}") from error
    listed = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(listed, list) or "jsonfeed.org" not in str(feed.get("version"))[:100]:
        raise DocumentError("no feed: it has no version of JSON Feed and no items")
    if len(listed) > limits.members:
        raise DocumentLimitError(f"the feed has more than {limits.members:,} entries (limit members)")
    base = _string(feed.get("home_page_url"))
    return _Feed(
        title=_string(feed.get("title")),
        link=base,
        description=_string(feed.get("description")),
        language=_string(feed.get("language")),
        author=_json_authors(feed),
        updated=None,
        entries=[_json_entry(item, base) for item in listed if isinstance(item, dict)],
    )


def _json_entry(item: dict[str, Any], base: str) -> FeedEntry:
    link = _string(item.get("url")) or _string(item.get("external_url"))
    markup, plain = _string(item.get("content_html")), _string(item.get("content_text"))
    title = _string(item.get("title"))
    link = absolute(link, base) if link else ""
    tags, files = item.get("tags"), item.get("attachments")
    return FeedEntry(
        id=_string(item.get("id")) or link or title,
        title=title,
        link=link,
        published=parse_time(item.get("date_published")),
        modified=parse_time(item.get("date_modified")),
        author=_json_authors(item),
        content=markup or plain or _string(item.get("summary")),
        is_html=bool(markup),
        tags=tuple(_string(tag) for tag in tags[:100]) if isinstance(tags, list) else (),
        attachments=tuple(
            _string(one.get("url")) for one in files[:100] if isinstance(one, dict) and one.get("url")
        )
        if isinstance(files, list)
        else (),
    )


def _json_authors(item: dict[str, Any]) -> str:
    stated = item.get("authors")
    people = stated[:20] if isinstance(stated, list) else [item.get("author")]
    names = (_string(one.get("name")) for one in people if isinstance(one, dict))
    return ", ".join(name for name in names if name)


def _string(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()
