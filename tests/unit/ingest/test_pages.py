"""Web pages and feeds into a memory, from a server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import mv2
from mv2 import FetchOptions

PAGE = """<!doctype html><html><head><title>The heron</title></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav>
<article><h1>The heron</h1><p>The heron waits in the shallow water for hours, and then strikes.</p>
<p>It eats fish, frogs and sometimes a mouse that comes too near to the bank.</p></article></body></html>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Birds</title><link>http://x/</link>
<item><title>First</title><link>{base}/first</link><pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate>
<category>water</category><description>&lt;p&gt;The grebe dives.&lt;/p&gt;</description></item>
<item><title>Second</title><guid>two</guid><description>The coot quarrels.</description></item>
</channel></rss>"""


class Handler(BaseHTTPRequestHandler):
    page = PAGE
    feed = ""

    def do_GET(self) -> None:
        pages = {
            "/page": (Handler.page, "text/html; charset=utf-8"),
            "/feed": (
                FEED.format(base=f"http://127.0.0.1:{self.server.server_address[1]}"),
                "application/rss+xml",
            ),
            "/own-feed": (Handler.feed, "application/rss+xml"),
            "/data.csv": ("name,age\nAnn,30\n", "text/csv"),
            "/robots.txt": ("User-agent: *\nDisallow: /private\n", "text/plain"),
        }
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page")
            self.end_headers()
            return
        body, mime = pages.get(self.path, ("", ""))
        etag = f'"{hash(body)}"'
        if mime and self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200 if mime else 404)
        self.send_header("Content-Type", mime or "text/plain")
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[mv2.Memvid]:
    with mv2.open(tmp_path / "m.mv2") as opened:
        yield opened


@pytest.fixture
def allowed(site: str) -> FetchOptions:
    return FetchOptions(allow_hosts=("127.0.0.1",), allow_ports=(int(site.rpartition(":")[2]),))


def test_a_page_is_its_main_text_and_knows_where_it_was(
    memory: mv2.Memvid, site: str, allowed: FetchOptions
) -> None:
    report = memory.put_url(f"{site}/moved", web=allowed, tags=["web"])
    assert [file.status for file in report.files] == ["added"]
    frame = memory.frame(f"{site}/moved")
    assert frame.title == "The heron"
    assert "strikes" in memory.text(frame.id)
    assert "About us" not in memory.text(frame.id)
    assert memory.content(frame.id) == PAGE.encode()
    assert frame.origin is not None
    assert frame.origin.url == f"{site}/page"
    assert frame.origin.fetched_at is not None
    assert frame.tags == ("web",)
    assert frame.source_path is None


def test_again_it_is_a_version_only_where_it_changed(
    memory: mv2.Memvid, site: str, allowed: FetchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{site}/page"
    memory.put_url(url, web=allowed)
    assert memory.put_url(url, web=allowed).files[0].status == "unchanged"
    monkeypatch.setattr(Handler, "page", PAGE.replace("hours", "days"))
    assert memory.put_url(url, web=allowed).files[0].status == "updated"
    assert len(memory.history(url)) == 2
    assert "for days" in memory.text(url)


def test_every_entry_of_a_feed_is_a_document(memory: mv2.Memvid, site: str, allowed: FetchOptions) -> None:
    report = memory.put_url(f"{site}/feed", web=allowed)
    assert [file.status for file in report.files] == ["added", "added"]
    first = memory.frame(f"{site}/first")
    assert (first.title, first.tags, first.timestamp) == ("First", ("water",), 1714989600)
    assert memory.text(first.id) == "The grebe dives."
    assert first.metadata["feed"] == f"{site}/feed"
    assert memory.find("coot").hits[0].title == "Second"
    again = memory.put_url(f"{site}/feed", web=allowed)
    assert [file.status for file in again.files] == ["unchanged", "unchanged"]


def test_other_documents_are_read_by_their_kind(memory: mv2.Memvid, site: str, allowed: FetchOptions) -> None:
    memory.put_url(f"{site}/data.csv", web=allowed, uri="mv2://people")
    assert "| Ann | 30 |" in memory.text("mv2://people")
    assert memory.frame("mv2://people").title == "data.csv"


def test_what_may_not_be_fetched_is_refused_and_leaves_nothing(
    memory: mv2.Memvid, site: str, allowed: FetchOptions
) -> None:
    with pytest.raises(mv2.FetchError, match=r"private|loopback|port|allow"):
        memory.put_url(f"{site}/page")
    with pytest.raises(mv2.FetchError, match=r"robots\.txt"):
        memory.put_url(f"{site}/private/x", web=allowed)
    with pytest.raises(mv2.FetchError, match="404"):
        memory.put_url(f"{site}/nothing", web=allowed)
    with pytest.raises(mv2.FetchError):
        memory.put_url("file:///etc/passwd")
    assert memory.stats().frame_count == 0


ITEM = "<item><title>{title}</title><link>{link}</link><description>{text}</description></item>"


def feed_of(*items: tuple[str, str, str]) -> str:
    """A feed of (title, link, text)."""
    inner = "".join(ITEM.format(title=title, link=link, text=text) for title, link, text in items)
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>F</title>{inner}</channel></rss>"


def test_entries_that_share_an_address_are_all_kept(
    memory: mv2.Memvid, site: str, allowed: FetchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [("One", "http://x/", "The grebe dives."), ("Two", "http://x/", "The coot quarrels.")]
    monkeypatch.setattr(Handler, "feed", feed_of(*items))
    url = f"{site}/own-feed"
    assert [file.status for file in memory.put_url(url, web=allowed).files] == ["added", "added"]
    assert [memory.find(word).total for word in ("grebe", "coot")] == [1, 1]
    monkeypatch.setattr(Handler, "feed", feed_of(("Zero", "http://x/", "The teal hides."), *items))
    again = memory.put_url(url, web=allowed)
    assert sorted(file.status for file in again.files) == ["added", "unchanged", "unchanged"]


def test_a_feed_does_not_replace_documents_of_others(
    memory: mv2.Memvid, site: str, allowed: FetchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.put_url(f"{site}/page", web=allowed)
    memory.put("mine", uri="mv2://files/mine.txt")
    items = [("A", f"{site}/page", "The grebe dives."), ("B", "mv2://files/mine.txt", "The coot quarrels.")]
    monkeypatch.setattr(Handler, "feed", feed_of(*items))
    for expected in ("added", "unchanged"):
        report = memory.put_url(f"{site}/own-feed", web=allowed)
        assert [file.status for file in report.files] == [expected] * 2
    assert "strikes" in memory.text(f"{site}/page")
    assert memory.text("mv2://files/mine.txt") == "mine"
    assert [memory.find(word).total for word in ("grebe", "coot")] == [1, 1]


def test_a_memory_for_reading_only_fetches_nothing(
    memory: mv2.Memvid, site: str, allowed: FetchOptions
) -> None:
    memory.commit()
    with mv2.open(memory.path, "r") as reader, pytest.raises(mv2.ReadOnlyError):
        reader.put_url(f"{site}/nothing", web=allowed)
