"""A site that shows documents and runs nothing of them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from exchange_stories import new

from mv2.exchange.exporting import export

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"q\" 'a' </title> </pre> \u2028"


class Reader(HTMLParser):
    """Collects tags, attributes and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data

    def links(self) -> list[str]:
        names = ("href", "src")
        return [value for _, attrs in self.tags for key, value in attrs.items() if key in names and value]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    with new(tmp_path / "m.mv2") as memory:
        memory.put(f"Body {HOSTILE}", title=HOSTILE, uri="javascript:alert(3)", tags=[HOSTILE],
                   metadata={HOSTILE: HOSTILE, "n": 1}, track=HOSTILE)  # fmt: skip
        memory.put("Kettle text with Größe", title="Kettle")
        memory.put("Second kettle", title="Kettle")
        memory.put(b"<svg onload=alert(4)>\xff", mime="image/svg+xml", title="Drawing")
        memory.put(b"\x89PNG\xff", mime="image/png", title="Photo")
        export(memory, tmp_path / "site", format="html", title="My <memory>")
    return tmp_path / "site"


def pages(site: Path) -> dict[str, Reader]:
    found = site.rglob("*.html")
    return {path.relative_to(site).as_posix(): Reader(path.read_text(encoding="utf-8")) for path in found}


def test_every_link_is_relative_and_leads_somewhere(site: Path) -> None:
    for name, page in pages(site).items():
        for link in page.links():
            assert not re.match(r"[a-z]+:|//|/", link, re.IGNORECASE), link
            assert ((site / name).parent / unquote(link)).resolve().is_relative_to(site.resolve())
            assert ((site / name).parent / unquote(link)).is_file(), link


def test_nothing_of_a_document_becomes_markup(site: Path) -> None:
    found = pages(site)
    assert len(found) == 6
    for name, page in found.items():
        assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert len(scripts) == (2 if name == "index.html" else 0)
    shown = next(page for page in found.values() if "Body" in page.text)
    assert f"Body {HOSTILE}" in shown.text
    assert shown.text.count("alert(1)") >= 5


def test_the_policy_allows_one_script_and_no_network(site: Path) -> None:
    for name, page in pages(site).items():
        policy = next(
            attrs["content"] or ""
            for tag, attrs in page.tags
            if attrs.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none'")
        if name == "index.html":
            code = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
            assert f"script-src 'sha256-{code}'" in policy
        else:
            assert "script-src" not in policy


def test_the_index_lists_everything_and_carries_what_its_search_needs(site: Path) -> None:
    index = pages(site)["index.html"]
    rows = json.loads(index.scripts[0])
    assert sorted(row["title"] for row in rows) == sorted(
        [" ".join(HOSTILE.split()), "Kettle", "Kettle", "Drawing", "Photo"]
    )
    assert any(row["text"] == "Kettle text with Größe" for row in rows)
    assert {row["href"] for row in rows} <= set(index.links())
    assert "My <memory>" in index.text


def test_files_that_a_browser_would_run_are_downloads_of_no_kind(site: Path) -> None:
    names = sorted(path.name for path in (site / "files").iterdir())
    assert names == ["Drawing.bin", "Photo.png"]
    images = [attrs["src"] for page in pages(site).values() for tag, attrs in page.tags if tag == "img"]
    assert images == ["../files/Photo.png"]
