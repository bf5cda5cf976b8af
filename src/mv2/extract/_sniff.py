"""Kinds of text, told by how they begin."""

from __future__ import annotations

import json
import re

from mv2._late import late_pattern

_HTML = late_pattern(
    r"(?>(?:<!--.{0,2000}?-->\s{0,100}){0,3})<(?:!doctype\s{1,20}html|html[\s>]|head[\s>]|body[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_HTML_PIECE = late_pattern(
    r"<(?:div|p|h[1-6]|table|ul|ol|article|section|main|meta|title|link|script|style|span|a|img|br|b|i|center)"
    r"(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_XML = late_pattern(
    r"(?>(?:(?:<\?[^>]{0,300}\?>|<!--.{0,2000}?-->|<!DOCTYPE[^>\[]{0,500}>)\s{0,200}+){0,12})"
    r"<(?:[\w.-]{1,40}:)?([\w.-]{1,60})[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
# The office document in one XML file that LibreOffice calls flat; flat spreadsheets are not read.
_FLAT = late_pattern(
    r"office:mimetype=[\"']application/vnd\.oasis\.opendocument\.(text|presentation|graphics)[\"']"
)
_JSON = late_pattern(r"\{\s{0,200}(?:\"|\}\s{0,20}\Z)|\[\s{0,200}(?:[\"{\[\]\d-]|true\b|false\b|null\b)")
_JSON_FEED = late_pattern(r"\"version\"\s{0,20}:\s{0,20}\"https?://(?:www\.)?jsonfeed\.org/version/")
_NOTEBOOK = late_pattern(r"\"nbformat\"\s{0,20}:\s{0,20}\d")
_HEADER = late_pattern(r"([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|\r?\n[ \t])")
_MBOX = late_pattern(
    r"From \S{1,200} .{0,60}\d\d:\d\d[^\r\n]{0,40}\b\d{4}\s{0,4}\r?\n[A-Za-z][A-Za-z0-9-]{0,60}:"
)
_SRT = late_pattern(r"\d{1,6}[ \t]*\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]{1,4}-->[ \t]{1,4}\d")
_SBV = late_pattern(r"\d{1,2}:\d\d:\d\d\.\d{3},\d{1,2}:\d\d:\d\d\.\d{3}[ \t]*\r?\n")
_SHEBANG = late_pattern(
    r"#!\s{0,4}\S{0,200}?(?:/env(?: -S)?(?: \w+=\S*)*\s{1,4})?([A-Za-z]{1,20})[\d.]*(?:\s|$)"
)
_NAMESPACES = {"feed": "http://www.w3.org/2005/Atom", "RDF": "http://purl.org/rss/"}
_LONGEST_LINE = 1 << 20
_PARSED = 1 << 16
_TRANSPORT = {"received", "message-id", "mime-version", "return-path", "delivered-to", "dkim-signature"}
_MAIL = {"from", "to", "subject", "date", "cc", "reply-to", "sender", "content-type"}
_FEEDS = {
    "rss": ("feed", "application/rss+xml"),
    "RDF": ("feed", "application/rss+xml"),
    "feed": ("feed", "application/atom+xml"),
}
_SHELLS = {
    program: mime
    for mime, programs in {
        "text/x-python": "python pypy",
        "text/x-shellscript": "sh bash zsh dash ksh fish",
        "text/javascript": "node deno bun",
        "text/x-ruby": "ruby",
        "text/x-perl": "perl",
        "text/x-php": "php",
        "text/x-lua": "lua",
        "text/x-awk": "awk gawk",
        "text/x-tcl": "tclsh",
        "text/x-r": "Rscript",
        "text/x-julia": "julia",
        "text/x-makefile": "make",
        "text/x-groovy": "groovy",
    }.items()
    for program in programs.split()
}


def sure_kind(head: str, data: bytes) -> tuple[str, str] | None:
    """Reader and media type of text that shows what it is, whatever its name.

    Args:
        head: its start, without white space in front.
        data: all of it.
    """
    first = head[:1]
    if first == "<":
        return _markup(head)
    if first in "{[" and _JSON.match(head):
        return _json(head, data)
    if first == "#":
        found = _SHEBANG.match(head)
        return ("code", _SHELLS[found.group(1)]) if found and found.group(1) in _SHELLS else None
    if first == "W" and head.startswith("WEBVTT") and head[6:7] in {"", " ", "\t", "\n", "\r"}:
        return "subtitles", "text/vtt"
    if first.isdigit() and _SRT.match(head):
        return "subtitles", "application/x-subrip"
    if first.isdigit() and _SBV.match(head):
        return "subtitles", "text/x-sbv"
    if first == "F" and _MBOX.match(head):
        return "mail", "application/mbox"
    if first.isalpha() and _is_mail(head):
        return "mail", "message/rfc822"
    return None


def is_html_piece(head: str) -> bool:
    """Whether it begins with an element of a page, without a page around it."""
    return bool(_HTML_PIECE.match(head))


def _markup(head: str) -> tuple[str, str] | None:
    if _HTML.match(head):
        return "html", "text/html"
    found = _XML.match(head)
    if found is None:
        return None
    name = found.group(1)
    if name.lower() == "html":
        return "html", "application/xhtml+xml"
    space = _NAMESPACES.get(name)
    if name in _FEEDS and (space is None or space in head):
        return _FEEDS[name]
    if name == "svg":
        return "image", "image/svg+xml"
    flat = _FLAT.search(head) if name == "document" else None
    if flat is not None:
        return "odf", f"application/vnd.oasis.opendocument.{flat.group(1)}-flat-xml"
    return ("data", "application/xml") if head.startswith("<?xml") else None


def _json(head: str, data: bytes) -> tuple[str, str] | None:
    if head[0] == "{" and b'"cells"' in data:
        ends = (data[:4096] + data[-4096:]).decode("latin-1")
        if _NOTEBOOK.search(ends):
            return "notebook", "application/x-ipynb+json"
    if head[0] == "{" and _JSON_FEED.search(head):
        return "feed", "application/feed+json"
    line = data.find(b"\n", 0, _LONGEST_LINE)
    last, following = (
        data[max(0, line - 2) : max(0, line)].rstrip()[-1:],
        data[line : line + 100].lstrip()[:1],
    )
    if last in {b"}", b"]"} and following in {b"{", b"["}:
        return "data", "application/x-ndjson"
    if data[-200:].rstrip()[-1:] not in {b"}", b"]"} or (len(data) < _PARSED and not _is_json(data)):
        return None
    return "data", "application/json"


def _is_json(data: bytes) -> bool:
    """Prose may begin with a bracket and end in one."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data[:1] == b"{" and data.count(b'":') * 200 > len(data)
    return True


def _is_mail(head: str) -> bool:
    if not _HEADER.match(head):
        return False
    names = set[str]()
    for line in head[:4096].split("\n")[:40]:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        found = _HEADER.match(line) or _HEADER.match(f"{line} ")
        if found is None:
            return len(names) > 20
        names.add(found.group(1).lower())
    if not names & _MAIL:
        return False
    return bool(names & _TRANSPORT) or (
        "from" in names and "date" in names and bool(names & {"to", "subject"})
    )
