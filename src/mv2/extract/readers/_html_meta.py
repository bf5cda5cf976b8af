"""What a page says about itself: title, author, dates, language, address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.readers._html_tame import words_of
from mv2.extract.readers._html_time import parse_time
from mv2.extract.readers._html_tree import Node, Page

MOST_LINKS = 200
_MOST_JSON = 1_000_000
_MOST_OBJECTS = 2_000
_LONGEST = 1_000
_JSON_TYPES = words_of(
    "Article NewsArticle BlogPosting TechArticle ScholarlyArticle Report WebPage Product Recipe Book"
    " DiscussionForumPosting QAPage Question VideoObject PodcastEpisode LiveBlogPosting HowTo Event"
)
_SEPARATORS = (" | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ")
_LANGUAGE = late_pattern(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}\Z")
_BY = late_pattern(r"(?:by|von|par|por|av)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says about itself; times are UTC seconds since 1970."""

    title: str | None
    author: str | None
    language: str | None
    description: str | None
    keywords: tuple[str, ...]
    published: int | None
    modified: int | None
    site: str | None
    url: str | None
    base: str


def page_facts(page: Page, main: Iterable[Node]) -> Facts:
    """Collect the facts.

    Args:
        main: visible elements of the main content, in order.
    """
    meta = _meta_values(page)
    data = _json_facts(page.scripts)
    headings, bylines, times = _marked(main)
    url = _address(page, meta)
    site = meta.get("og:site_name") or meta.get("application-name")
    return Facts(
        title=_title(page, meta, data, headings, site),
        author=_author(meta, data, bylines),
        language=_language(page, meta),
        description=meta.get("description") or meta.get("og:description") or data.get("description"),
        keywords=_keywords(meta, data),
        published=_first_time(
            meta.get("article:published_time"),
            data.get("datePublished"),
            *(meta.get(name) for name in _PUBLISHED),
            *times,
        ),
        modified=_first_time(
            meta.get("article:modified_time"),
            data.get("dateModified"),
            meta.get("og:updated_time"),
            meta.get("last-modified"),
            meta.get("dcterms.modified"),
        ),
        site=site,
        url=url,
        base=_base(page, url),
    )


_PUBLISHED = (
    "date",
    "dc.date",
    "dcterms.created",
    "dcterms.date",
    "dc.date.issued",
    "citation_publication_date",
    "citation_date",
    "datepublished",
    "pubdate",
    "publish-date",
    "parsely-pub-date",
)
_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author")


def _meta_values(page: Page) -> dict[str, str]:
    """The first value of each ``meta`` element, by lower-case name; authors are joined."""
    values: dict[str, str] = {}
    for node in page.head:
        if node.tag != "meta":
            continue
        name = (node.get("property") or node.get("name") or node.get("itemprop")).lower()
        name = name or f"http-equiv:{node.get('http-equiv').lower()}"
        content = " ".join(node.get("content")[:_LONGEST].split())
        if name == "article:author" and "://" in content:
            continue
        if not content:
            continue
        if name in {"citation_author", "article:tag"} and name in values:
            values[name] = f"{values[name]}, {content}"[:_LONGEST]
        values.setdefault(name, content)
    return values


def _json_facts(scripts: Iterable[str]) -> dict[str, str]:
    """Facts of the first JSON-LD object about an article or the like."""
    facts: dict[str, str] = {}
    for script in scripts:
        for item in _json_objects(script):
            kind = item.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if not any(isinstance(one, str) and one in _JSON_TYPES for one in kinds):
                continue
            for name in ("headline", "datePublished", "dateModified", "description", "name"):
                value = item.get(name)
                if isinstance(value, str) and value.strip():
                    facts.setdefault(name, " ".join(value[:_LONGEST].split()))
            authors = ", ".join(_names(item.get("author")))
            if authors:
                facts.setdefault("author", authors)
            keywords = item.get("keywords")
            if isinstance(keywords, list):
                keywords = ", ".join(word for word in keywords[:50] if isinstance(word, str))
            if isinstance(keywords, str) and keywords.strip():
                facts.setdefault("keywords", keywords[:_LONGEST])
    return facts


def _json_objects(script: str) -> Iterator[Mapping[str, Any]]:
    if len(script) > _MOST_JSON:
        return
    try:
        waiting = [json.loads(script.strip().removeprefix("<!--").removesuffix("-->"), strict=False)]
    except (ValueError, RecursionError):
        return
    for _ in range(_MOST_OBJECTS):
        if not waiting:
            return
        item = waiting.pop(0)
        if isinstance(item, list):
            waiting.extend(item[:_MOST_OBJECTS])
        elif isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            waiting.extend(graph[:_MOST_OBJECTS] if isinstance(graph, list) else ())
            waiting.extend(
                inner
                for name in ("mainEntity", "mainEntityOfPage")
                if isinstance(inner := item.get(name), dict)
            )


def _names(value: object) -> list[str]:
    found = []
    for item in value[:20] if isinstance(value, list) else [value]:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str) and name.strip() and "://" not in name:
            found.append(" ".join(name[:200].split()))
    return found


def _marked(main: Iterable[Node]) -> tuple[list[str], list[str], list[str]]:
    """Top headings, bylines and times of publication that the content marks as such."""
    headings, bylines, times = list[str](), list[str](), list[str]()
    tried = 0
    for node in main:
        if node.tag == "h1" and len(headings) < 3:
            headings.append(node.text()[:_LONGEST].rstrip("¶#§ "))
        relation, prop = node.get("rel"), node.get("itemprop")
        if tried < 20 and ("author" in relation.split() or prop == "author"):
            tried += 1
            name = node.text()
            if 0 < len(name) <= 100:
                bylines.append(_BY.sub("", name, count=1))
        elif prop == "datePublished" or (node.tag == "time" and "datetime" in node.attrs):
            own = node.get("datetime") or node.get("content")
            if prop == "datePublished" or "pubdate" in node.attrs:
                times.insert(0, own)
            elif len(times) < 5:
                times.append(own)
    return headings, bylines, times


def _title(
    page: Page, meta: Mapping[str, str], data: Mapping[str, str], headings: list[str], site: str | None
) -> str | None:
    whole = next((node.text() for node in page.head if node.tag == "title"), "")[:_LONGEST]
    shared = meta.get("og:title") or meta.get("twitter:title") or data.get("headline")
    heading = headings[0] if headings else ""
    chosen = shared or whole
    for name in (heading, *(chosen.rsplit(mark, 1)[0] for mark in _SEPARATORS if mark in chosen)):
        rest = chosen[len(name) :]
        is_suffixed = bool(name) and chosen.startswith(name) and rest.startswith(_SEPARATORS)
        if is_suffixed and (name == heading or (site and rest.strip(" |-–—·•:»") == site)):
            chosen = name
            break
    return " ".join((chosen or heading).split()) or None


def _author(meta: Mapping[str, str], data: Mapping[str, str], bylines: list[str]) -> str | None:
    named = next((meta[name] for name in _AUTHORS if meta.get(name)), None)
    return named or data.get("author") or (bylines[0] if bylines else None)


def _language(page: Page, meta: Mapping[str, str]) -> str | None:
    stated = (
        page.html.get("lang")
        or page.html.get("xml:lang")
        or page.body.get("lang")
        or meta.get("http-equiv:content-language")
        or meta.get("og:locale")
        or ""
    ).strip()
    return stated.replace("_", "-") if _LANGUAGE.match(stated) else None


def _keywords(meta: Mapping[str, str], data: Mapping[str, str]) -> tuple[str, ...]:
    stated = (
        meta.get("keywords") or meta.get("news_keywords") or meta.get("article:tag") or data.get("keywords")
    )
    words = (word.strip() for word in (stated or "").replace(";", ",").split(","))
    return tuple(dict.fromkeys(word for word in words if word))[:50]


def _address(page: Page, meta: Mapping[str, str]) -> str | None:
    for node in page.head:
        if node.tag == "link" and "canonical" in node.get("rel").lower().split():
            stated = node.get("href")
            break
    else:
        stated = meta.get("og:url", "")
    return stated if stated.startswith(("http://", "https://")) and len(stated) <= 2_000 else None


def _base(page: Page, url: str | None) -> str:
    stated = next((node.get("href") for node in page.head if node.tag == "base"), "")
    return absolute(stated, url or "") if stated else url or ""


def absolute(link: str, base: str) -> str:
    """The address a link leads to; the link itself where that cannot be told."""
    try:
        return urljoin(base, link) if base else link
    except ValueError:
        return link


def page_links(main: Iterable[Node], base: str) -> list[dict[str, str]]:
    """Where the content leads to: ``{"text": …, "url": …}``, each address once, at most 200."""
    found: dict[str, str] = {}
    for node in main:
        if node.tag != "a" or len(found) >= MOST_LINKS:
            continue
        link = node.get("href")
        if not link or len(link) > 2_000 or link.startswith(("#", "javascript:", "data:")):
            continue
        found.setdefault(absolute(link, base), node.text()[:200])
    return [{"text": text, "url": url} for url, text in found.items()]


def _first_time(*stated: str | None) -> int | None:
    return next((time for text in stated if (time := parse_time(text)) is not None), None)
