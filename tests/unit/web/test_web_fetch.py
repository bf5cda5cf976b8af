"""Fetching from a server on this machine that is helpful, slow, endless or hostile."""

from __future__ import annotations

import gzip
import socket
import time
import zlib

import pytest
from _web_server import Site, answer, site

from mv2.errors import FetchError, InvalidArgumentError
from mv2.web import Fetcher, FetchOptions, fetch

PAGE = b"<h1>Hello</h1>"


def options(server: Site, **changes: object) -> FetchOptions:
    given = {"allow_hosts": ("127.0.0.1",), "allow_ports": (server.port,), "robots": False, "seconds": 5.0}
    return FetchOptions(**{**given, **changes})  # type: ignore[arg-type]


def test_a_page_with_all_that_is_known_of_it(server: Site) -> None:
    server.pages["/a?b=c"] = answer(
        PAGE,
        mime='Text/HTML; charset="ISO-8859-1"',
        ETag='"one"',
        Last_Modified="Fri, 03 May 2024 10:00:00 GMT",
        Set_Cookie="id=1",
    )
    page = fetch(server.url("/a?b=c#part"), options(server))
    assert (page.status, page.data, page.mime, page.charset) == (200, PAGE, "text/html", "iso-8859-1")
    assert page.url == server.url("/a?b=c")
    assert page.requested_url == server.url("/a?b=c#part")
    assert (page.etag, page.last_modified) == ('"one"', "Fri, 03 May 2024 10:00:00 GMT")
    assert abs(page.fetched_at - time.time()) < 60
    assert "set-cookie" not in page.headers
    head = server.requests[0].lower()
    assert f"host: 127.0.0.1:{server.port}\r\n" in head + "\r\n"
    assert "user-agent: mv2/" in head


def test_without_permission_this_machine_is_not_asked(server: Site) -> None:
    with pytest.raises(FetchError, match="not a public address"):
        fetch(server.url(), FetchOptions(allow_ports=(server.port,)))
    assert server.requests == []


def test_names_that_lead_to_this_machine_are_refused(server: Site) -> None:
    fetcher = Fetcher(options(server, allow_hosts=()), resolver=lambda host, port: ["127.0.0.1"])
    with pytest.raises(FetchError, match=r"site\.example \(127\.0\.0\.1\)"):
        fetcher.fetch(server.url(host="site.example"))
    assert server.requests == []


def test_the_connection_goes_to_the_address_that_was_checked(server: Site) -> None:
    """A second look-up could lead elsewhere: there is none."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server.pages["/"] = answer(PAGE)
    fetcher = Fetcher(options(server, allow_hosts=("site.example",)), resolver=resolve)
    assert fetcher.fetch(server.url(host="site.example")).data == PAGE
    assert asked == [("site.example", server.port)]
    assert f"Host: site.example:{server.port}" in server.requests[0]


def test_redirects_are_followed(server: Site) -> None:
    server.pages["/a"] = answer(status="301 Moved Permanently", Location="/b/c")
    server.pages["/b/c"] = answer(status="302 Found", Location="d?x=1#y")
    server.pages["/b/d?x=1"] = answer(PAGE)
    page = fetch(server.url("/a"), options(server))
    assert (page.data, page.url) == (PAGE, server.url("/b/d?x=1"))


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", "not a public address"),
        ("http://169.254.169.254/latest/", "not a public address"),
        ("http://2130706433/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("//localhost/", "not a public address"),
        ("http://user:pw@site.example/", "user name"),
        ("http://site.example:6379/", "port 6379"),
        ("file:///etc/passwd", "only http"),
        ("https://", "no host"),
    ],
)
def test_every_redirect_is_checked(server: Site, location: str, reason: str) -> None:
    """The host at the start is allowed, and that says nothing about where it leads."""
    server.pages["/"] = answer(status="302 Found", Location=location)
    fetcher = Fetcher(
        options(server, allow_hosts=("site.example",)), resolver=lambda host, port: ["127.0.0.1"]
    )
    with pytest.raises(FetchError, match=reason):
        fetcher.fetch(server.url(host="site.example"))
    assert len(server.requests) == 1


def test_too_many_redirects(server: Site) -> None:
    server.pages["/"] = answer(status="302 Found", Location="/")
    with pytest.raises(FetchError, match="more than 3 redirects"):
        fetch(server.url(), options(server, redirects=3))
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "status", ["404 Not Found", "403 Forbidden", "500 Internal Server Error", "304 Not Modified"]
)
def test_a_refusal_names_its_reason(server: Site, status: str) -> None:
    server.pages["/"] = answer(b"<p>sorry</p>" if "304" not in status else b"", status=status)
    with pytest.raises(FetchError, match=f"the server answered {status}") as caught:
        fetch(server.url(), options(server))
    assert caught.value.path == server.url()


def test_a_server_that_asks_to_wait(server: Site) -> None:
    server.pages["/"] = answer(status="429 Too Many Requests", Retry_After="120")
    with pytest.raises(FetchError, match="wait 120 seconds"):
        fetch(server.url(), options(server))


def test_a_page_that_is_the_same_as_before(server: Site) -> None:
    server.pages["/"] = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n'
    page = fetch(server.url(), options(server), etag='"one"', last_modified="Fri, 03 May 2024 10:00:00 GMT")
    assert (page.status, page.data, page.etag) == (304, b"", '"one"')
    assert 'If-None-Match: "one"' in server.requests[0]
    assert "If-Modified-Since: Fri, 03 May 2024 10:00:00 GMT" in server.requests[0]


def test_a_header_cannot_be_smuggled_in(server: Site) -> None:
    server.pages["/"] = answer(PAGE)
    fetch(server.url(), options(server), etag='"x"\r\nX-Evil: 1')
    assert "\r\nX-Evil" not in server.requests[0]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("gzip", gzip.compress(PAGE[:4]) + gzip.compress(PAGE[4:])),
        ("x-gzip", gzip.compress(PAGE) + b"\0\0"),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("identity", PAGE),
    ],
)
def test_compressed_pages(server: Site, encoding: str, packed: bytes) -> None:
    server.pages["/"] = answer(packed, Content_Encoding=encoding)
    assert fetch(server.url(), options(server)).data == PAGE


@pytest.mark.parametrize(
    ("encoding", "packed", "reason"),
    [
        ("gzip", gzip.compress(PAGE)[:-6], "breaks off"),
        ("gzip", b"not gzip at all", "compressed wrongly"),
        ("br", b"abc", "not asked for: br"),
        ("gzip, gzip", gzip.compress(gzip.compress(PAGE)), "not asked for"),
    ],
)
def test_compressed_pages_that_are_damaged(server: Site, encoding: str, packed: bytes, reason: str) -> None:
    server.pages["/"] = answer(packed, Content_Encoding=encoding)
    with pytest.raises(FetchError, match=reason):
        fetch(server.url(), options(server))


def test_a_small_answer_that_expands_without_end(server: Site) -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    assert len(bomb) < 60_000
    server.pages["/"] = answer(bomb, Content_Encoding="gzip")
    with pytest.raises(FetchError, match="more than 1,000,000 bytes"):
        fetch(server.url(), options(server, bytes=1_000_000))


def test_a_page_of_exactly_the_limit_is_read(server: Site) -> None:
    server.pages["/"] = answer(b"x" * 1000)
    assert len(fetch(server.url(), options(server, bytes=1000)).data) == 1000
    with pytest.raises(FetchError, match="more than 999 bytes"):
        fetch(server.url(), options(server, bytes=999))


def test_a_body_without_end(server: Site) -> None:
    def pour(connection: socket.socket, request: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")

    server.pages["/"] = pour
    with pytest.raises(FetchError, match="more than 100,000 bytes"):
        fetch(server.url(), options(server, bytes=100_000))


def test_a_stated_length_beyond_the_limit_is_not_waited_for(server: Site) -> None:
    server.pages["/"] = lambda connection, request: connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"
    )
    with pytest.raises(FetchError, match="limit bytes"):
        fetch(server.url(), options(server))


def test_a_body_shorter_than_stated(server: Site) -> None:
    server.pages["/"] = lambda connection, request: connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
    )
    with pytest.raises(FetchError, match="breaks off"):
        fetch(server.url(), options(server))


def drip(connection: socket.socket, request: str) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.03)


@pytest.mark.parametrize("kind", ["drip", "silent", "headers", "continue"])
def test_time_is_counted_for_the_whole_page(server: Site, kind: str) -> None:
    """Each wait is short, all of them are not."""

    def silent(connection: socket.socket, request: str) -> None:
        connection.recv(1)

    def endless(line: bytes) -> None:
        def send(connection: socket.socket, request: str) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" if line.startswith(b"X") else b"")
            while True:
                connection.sendall(line)
                time.sleep(0.03)

        return send  # type: ignore[return-value]

    handlers = {
        "drip": drip,
        "silent": silent,
        "headers": endless(b"X: y\r\n"),
        "continue": endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
    }
    server.pages["/"] = handlers[kind]  # type: ignore[assignment]
    start = time.monotonic()
    with pytest.raises(FetchError, match="too long"):
        fetch(server.url(), options(server, seconds=0.5))
    assert time.monotonic() - start < 3


def test_answers_that_are_no_http(server: Site) -> None:
    server.pages["/"] = lambda connection, request: connection.sendall(b"+PONG\r\n\r\n")
    with pytest.raises(FetchError, match="damaged"):
        fetch(server.url(), options(server))
    server.pages["/"] = lambda connection, request: connection.sendall(
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000
    )
    with pytest.raises(FetchError, match="damaged"):
        fetch(server.url(), options(server))


def test_nobody_listens() -> None:
    with site() as closed:
        pass
    with pytest.raises(FetchError, match=r"cannot connect to 127\.0\.0\.1"):
        fetch(closed.url(), options(closed))


def test_the_next_address_is_tried(server: Site) -> None:
    server.pages["/"] = answer(PAGE)
    fetcher = Fetcher(
        options(server, allow_hosts=("site.example",)),
        resolver=lambda host, port: ["127.0.0.9", "127.0.0.1"],
    )
    assert fetcher.fetch(server.url(host="site.example")).data == PAGE


def test_the_environment_names_no_proxy(server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.pages["/"] = answer(PAGE)
    assert fetch(server.url(), options(server)).data == PAGE


def test_a_proxy_that_is_asked_for(server: Site) -> None:
    server.pages["http://site.example/x"] = answer(PAGE)
    asked = options(server, proxy=server.url(""), allow_hosts=())
    assert fetch("http://site.example/x", asked).data == PAGE
    with pytest.raises(FetchError, match="not a public address"):
        fetch("http://169.254.169.254/", asked)
    assert server.paths() == ["http://site.example/x"]
    assert server.requests[0].lower().count("\r\nhost: site.example") == 1


def test_robots_are_asked_first_and_once(server: Site) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: *\nDisallow: /private\n", mime="text/plain")
    server.pages["/a"] = server.pages["/b"] = server.pages["/private/x"] = answer(PAGE)
    fetcher = Fetcher(options(server, robots=True))
    assert fetcher.fetch(server.url("/a")).data == PAGE
    assert fetcher.fetch(server.url("/b")).data == PAGE
    with pytest.raises(FetchError, match=r"robots\.txt") as caught:
        fetcher.fetch(server.url("/private/x"))
    assert "robots=False" in str(caught.value)
    assert server.paths() == ["/robots.txt", "/a", "/b"]
    assert fetch(server.url("/private/x"), options(server, robots=False)).data == PAGE


def test_robots_hold_for_redirects(server: Site) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: mv2\nDisallow: /private\n")
    server.pages["/a"] = answer(status="302 Found", Location="/private/x")
    server.pages["/private/x"] = answer(PAGE)
    with pytest.raises(FetchError, match=r"robots\.txt"):
        fetch(server.url("/a"), options(server, robots=True))
    assert "/private/x" not in server.paths()


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden"])
def test_a_site_without_robots_allows_all(server: Site, status: str) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: *\nDisallow: /", status=status)
    server.pages["/a"] = answer(PAGE)
    assert fetch(server.url("/a"), options(server, robots=True)).data == PAGE


def test_robots_that_cannot_be_read_now_allow_nothing(server: Site) -> None:
    server.pages["/robots.txt"] = answer(status="503 Service Unavailable")
    server.pages["/a"] = answer(PAGE)
    with pytest.raises(FetchError, match=r"robots\.txt of the site cannot be read now"):
        fetch(server.url("/a"), options(server, robots=True))


def test_robots_behind_a_redirect_are_checked_too(server: Site) -> None:
    server.pages["/robots.txt"] = answer(status="302 Found", Location="http://169.254.169.254/")
    with pytest.raises(FetchError, match="not a public address"):
        fetch(server.url("/a"), options(server, robots=True))


def test_long_robots_are_cut(server: Site) -> None:
    rules = b"User-agent: *\nDisallow: /x\n" + b"# comment\n" * 200_000 + b"Disallow: /a\n"
    server.pages["/robots.txt"] = answer(rules)
    server.pages["/a"] = answer(PAGE)
    assert fetch(server.url("/a"), options(server, robots=True)).data == PAGE


def test_a_crawl_delay_is_kept_up_to_its_bound(server: Site) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 3600\n")
    server.pages["/a"] = server.pages["/b"] = answer(PAGE)
    fetcher = Fetcher(options(server, robots=True, most_crawl_delay=0.4, seconds=2.0))
    start = time.monotonic()
    fetcher.fetch(server.url("/a"))
    assert time.monotonic() - start < 0.4
    fetcher.fetch(server.url("/b"))
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(
    "wrong",
    [{"seconds": 0}, {"seconds": float("nan")}, {"bytes": 0}, {"redirects": -1}, {"allow_hosts": "a"}],
)
def test_options_that_cannot_work(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError):
        FetchOptions(**wrong)  # type: ignore[arg-type]
