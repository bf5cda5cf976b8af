"""A small web site: an index with a search, and a page for each document. Nothing of it needs a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import mimetypes
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mv2.exchange._files import temporary
from mv2.exchange._names import Names, safe_name
from mv2.exchange.exporters._job import Job, encode_json, iso_time, shown_title

if TYPE_CHECKING:
    from mv2 import Record

#: Characters of each text that the page's own search looks through.
SEARCHED: Final = 4000

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}"
    "input{width:100%;font:inherit;padding:.4rem;box-sizing:border-box}li{margin:.4rem 0}"
    "dt{float:left;clear:left;width:7rem;color:#666}dd{margin-left:7.5rem;overflow-wrap:anywhere}"
    "small{color:#666}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}}"
)
_SCRIPT: Final = """
const pages = JSON.parse(document.getElementById("pages").textContent);
const box = document.getElementById("query"), list = document.getElementById("list");
const said = document.getElementById("said");
const plain = text => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
for (const page of pages) page.words = plain(page.title + " " + page.tags + " " + page.text);
function show() {
  const wanted = plain(box.value).split(/\\s+/).filter(Boolean);
  const found = pages.filter(page => wanted.every(word => page.words.includes(word)));
  const rank = page => wanted.filter(word => plain(page.title).includes(word)).length;
  if (wanted.length) found.sort((a, b) => rank(b) - rank(a));
  list.replaceChildren(...found.slice(0, 1000).map(page => {
    const item = document.createElement("li"), link = document.createElement("a");
    const note = document.createElement("small");
    link.href = page.href; link.textContent = page.title; note.textContent = " " + page.time;
    item.append(link, note);
    return item;
  }));
  said.textContent = found.length + " of " + pages.length;
}
box.addEventListener("input", show);
show();
"""
_CSP: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'"
)


def write(job: Job, *, title: str = "Memory") -> int:
    """Write a site of the active documents into a new or empty folder; returns how many.

    Texts are shown as texts: nothing in a document is taken for HTML or run.

    Args:
        title: what the index is headed with.

    Raises:
        InvalidArgumentError: the folder has files in it.
    """
    rows: list[dict[str, Any]] = []
    pages, files = Names(), Names()
    with temporary(job.path, folder=True) as draft:
        (draft / "pages").mkdir()
        for record in job.records():
            name = pages.take(safe_name(shown_title(record)), ".html")
            attachment = _attach(draft, record, files)
            (draft / "pages" / name).write_text(_page(record, attachment), encoding="utf-8")
            rows.append(
                {
                    "title": shown_title(record),
                    "href": f"pages/{quote(name)}",
                    "time": (iso_time(record.timestamp) or "")[:10],
                    "tags": " ".join(record.tags),
                    "text": record.full_text[:SEARCHED],
                }
            )
        (draft / "index.html").write_text(_index(title, rows), encoding="utf-8")
    return len(rows)


def _head(title: str, policy: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def _index(title: str, rows: list[dict[str, Any]]) -> str:
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    data = json.dumps(rows).replace("<", "\\u003c")
    items = "\n".join(
        f'<li><a href="{html.escape(row["href"])}">{html.escape(row["title"])}</a> '
        f"<small>{html.escape(row['time'])}</small></li>"
        for row in rows
    )
    return (
        _head(title, f"{_CSP}; script-src 'sha256-{digest}'")
        + f"<h1>{html.escape(title)}</h1>\n"
        + '<p><input id="query" type="search" placeholder="Search" aria-label="Search" autofocus></p>\n'
        + f'<p><small id="said">{len(rows)}</small></p>\n<ul id="list">\n{items}\n</ul>\n'
        + f'<script type="application/json" id="pages">{data}</script>\n'
        + f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _page(record: Record, attachment: str | None) -> str:
    name = shown_title(record)
    facts = {
        "uri": record.uri,
        "time": iso_time(record.timestamp),
        "tags": ", ".join(record.tags),
        "labels": ", ".join(record.labels),
        "track": record.track,
        "kind": record.kind,
        "type": record.mime if record.mime != "text/plain" else None,
        "source": record.source_path,
        **{
            key: value if isinstance(value, str) else encode_json(value)
            for key, value in record.metadata.items()
        },
    }
    listed = "".join(
        f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>\n" for key, value in facts.items() if value
    )
    shown = ""
    if attachment is not None:
        target = f"../{quote(attachment)}"
        is_image = (record.mime or "").startswith("image/") and not (record.mime or "").startswith(
            "image/svg"
        )
        shown = f'<p><img src="{target}" alt="" style="max-width:100%"></p>\n' if is_image else ""
        shown += f'<p><a href="{target}" download>{html.escape(PurePosixPath(attachment).name)}</a></p>\n'
    text = f"<pre>{html.escape(record.full_text)}</pre>\n" if record.full_text else ""
    return (
        _head(name, _CSP)
        + '<p><a href="../index.html">All documents</a></p>\n'
        + f"<h1>{html.escape(name)}</h1>\n<dl>\n{listed}</dl>\n{shown}{text}</body>\n</html>\n"
    )


def _attach(draft: Path, record: Record, names: Names) -> str | None:
    """Write content that is no text as a file to download; never under a name that a browser runs."""
    try:
        record.content.decode()
        return None
    except UnicodeDecodeError:
        pass
    suffix = mimetypes.guess_extension((record.mime or "").partition(";")[0]) or ".bin"
    if suffix.lower() in (".html", ".htm", ".xhtml", ".svg", ".xml", ".js", ".mjs"):
        suffix = ".bin"
    stem = safe_name(shown_title(record)).removesuffix(suffix)
    name = names.take(stem or "file", suffix)
    (draft / "files").mkdir(exist_ok=True)
    (draft / "files" / name).write_bytes(record.content)
    return f"files/{name}"
