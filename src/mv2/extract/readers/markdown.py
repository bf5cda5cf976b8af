"""Reads Markdown: the text is the file, its blocks are ranges over it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mv2._late import late_pattern
from mv2.errors import DocumentLimitError
from mv2.extract.guard import decode_text
from mv2.extract.model import Block, Extraction, ReadOptions, Source
from mv2.extract.readers._html_time import parse_time
from mv2.extract.readers._markdown_blocks import MarkdownBlocks
from mv2.extract.readers._markdown_front import parse_front_matter

__all__ = ["parse_front_matter", "read"]

MOST_LINKS = 1_000
_MOST_TAGS = 200
_CODE_SPAN = late_pattern(r"`{1,3}[^`\n]{1,500}`{1,3}")
_LINK = late_pattern(
    r"(?<!!)\[([^\[\]\n]{0,300})\]\(\s{0,9}<?([^()\s<>]{1,2000}(?:\([^()\s]{0,200}\)[^()\s<>]{0,500})?)>?"
)
_DEFINITION = late_pattern(
    r"^ {0,3}\[(?!\^)([^\[\]\n]{1,300})\]:[ \t]{0,9}<?(\S{1,2000}?)>?(?:[ \t]|$)", re.MULTILINE
)
_BARE = late_pattern(r"(?<![(\w\"'=])<?(https?://[^\s<>()\[\]\"']{1,2000})")
_WIKILINK = late_pattern(r"\[\[([^\[\]|\n]{1,300})(?:\|[^\[\]\n]{0,300})?\]\]")
_TAG = late_pattern(r"(?:(?<=\s)|(?<=[(\[])|^)#([\w/-]{1,100})", re.MULTILINE)
_MARKUP = late_pattern(
    r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,2000}\)|\[\[(?:[^\[\]|\n]{1,300}\|)?([^\[\]|\n]{1,300})\]\]|[*`]|\\(?=[^\w\s])"
)
_HEADING_END = late_pattern(r"[ \t]#+\Z")
_ATTRIBUTES = late_pattern(r"[ \t]{0,9}\{[#.][^{}\n]{0,200}\}\Z")
_LANGUAGE = late_pattern(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read Markdown, with the front matter of notes and their ``[[links]]`` and ``#tags``.

    Raises:
        DocumentLimitError: more text or cells than the limits allow.
    """
    text, _ = decode_text(source.data)
    if len(text) > options.limits.text_chars:
        raise DocumentLimitError(
            f"the file has more than {options.limits.text_chars:,} characters (limit text_chars)"
        )
    facts, start = parse_front_matter(text)
    found = MarkdownBlocks(text, start, options.limits)
    blocks = list(found.blocks)
    if start:
        blocks.insert(0, _front_block(text, start))
    prose = _prose(text, found.blocks)
    tags = dict.fromkeys([*_words(facts, "tags", "tag", "keywords"), *_inline_tags(prose)])
    title = _first_text(facts, "title") or _first_heading(text, found.blocks)
    created, modified = (
        _first_time(facts, "date", "created", "created_at", "published"),
        _first_time(facts, "updated", "modified", "lastmod", "last_modified"),
    )
    language = _first_text(facts, "lang", "language")
    metadata: dict[str, Any] = {
        "front_matter": {key: value for key, value in facts.items() if not _is_used(key, value)},
        "wikilinks": list(dict.fromkeys(link.strip() for link in _WIKILINK.findall(prose)))[:MOST_LINKS],
        "links": list(_links(prose)),
    }
    return Extraction(
        text=text,
        exact=True,
        blocks=tuple(blocks),
        tables=tuple(found.tables),
        title=title,
        author=", ".join(_words(facts, "author", "authors", split=False)) or None,
        language=language.replace("_", "-") if language and _LANGUAGE.fullmatch(language) else None,
        keywords=tuple(tags)[:_MOST_TAGS],
        created=created,
        modified=modified,
        metadata={key: value for key, value in metadata.items() if value},
    )


_TIMES = frozenset(
    ["date", "created", "created_at", "published", "updated", "modified", "lastmod", "last_modified"]
)
_TEXTS = frozenset(["title", "author", "authors", "lang", "language", "tags", "tag", "keywords"])


def _is_used(key: str, value: object) -> bool:
    """Whether a fact became a field of its own; a date that is none stays with the others."""
    if key in _TIMES:
        return parse_time(value) is not None
    return key in _TEXTS


def _front_block(text: str, start: int) -> Block:
    end = len(text[:start].rstrip())
    first = len(text) - len(text.lstrip("\ufeff"))
    return Block(kind="record", start=first, end=end, lines=(1, text.count("\n", 0, end) + 1))


def _words(facts: dict[str, Any], *keys: str, split: bool = True) -> list[str]:
    """The words that any of the keys lists; text is taken apart at commas, else at spaces."""
    words = list[str]()
    for key in keys:
        value = facts.get(key)
        if isinstance(value, str) and split:
            value = value.split(",") if "," in value else value.split()
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str | int | float) and not isinstance(item, bool):
                words.append(str(item).strip().removeprefix("#"))
    return [word for word in words if word]


def _first_text(facts: dict[str, Any], *keys: str) -> str | None:
    for key in keys:
        value = facts.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _first_time(facts: dict[str, Any], *keys: str) -> int | None:
    return next((time for key in keys if (time := parse_time(facts.get(key))) is not None), None)


def _first_heading(text: str, blocks: list[Block]) -> str | None:
    """The first heading of the first level, as a person reads it."""
    for block in blocks:
        if block.kind == "heading" and block.level == 1:
            line = (
                text[block.start : min(block.end, block.start + 2_000)].partition("\n")[0].lstrip("#").strip()
            )
            line = _HEADING_END.sub("", _ATTRIBUTES.sub("", line))
            shown = " ".join(_MARKUP.sub(lambda match: match.group(1) or match.group(2) or "", line).split())
            return shown[:1_000] or None
    return None


def _prose(text: str, blocks: list[Block]) -> str:
    """The text without code; it may be in another place than in the file."""
    parts = (text[block.start : block.end] for block in blocks if block.kind not in {"code", "rule"})
    return _CODE_SPAN.sub(" ", "\n".join(parts))


def _inline_tags(prose: str) -> list[str]:
    tags = (tag.strip("/-") for tag in _TAG.findall(prose))
    return [tag for tag in tags if any(char.isalpha() for char in tag)]


def _links(prose: str) -> Iterator[dict[str, str]]:
    """``{"text": …, "url": …}`` in the order of their kinds, each address once."""
    found: dict[str, str] = {}
    for pattern in (_LINK, _DEFINITION, _BARE):
        for match in pattern.finditer(prose):
            if len(found) >= MOST_LINKS:
                break
            url = match.group(match.lastindex or 0).rstrip(".,;:!?")
            if not url.startswith("#"):
                found.setdefault(url, match.group(1) if match.lastindex == 2 else "")
    return ({"text": words, "url": url} for url, words in found.items())
