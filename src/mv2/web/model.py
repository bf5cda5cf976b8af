"""What is asked of the web, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How pages are fetched; the defaults are safe for addresses that strangers chose.

    Attributes:
        seconds: time for one page, from the look-up of its host to its last byte, redirects and
            ``robots.txt`` included; waiting for a crawl delay is not counted.
        bytes: size of a page, after decompression.
        redirects: so many are followed.
        allow_hosts: names (or addresses) that may be in a private network or on this machine. Each
            allows exactly that host, on the ports that are allowed; its redirects are checked like any.
        allow_ports: ports beside 80 and 443.
        robots: respect ``robots.txt``. False is for pages that you may read anyway, such as your own.
        most_crawl_delay: seconds; a longer ``Crawl-delay`` of a site is cut to this.
        user_agent: how mv2 names itself; None is ``mv2/<version>``. Rules of ``robots.txt`` are those
            for its first word.
        proxy: address of an HTTP proxy that makes the connections. It looks names up by itself, so that only
            addresses written as numbers can be checked here. The environment is never asked for one.
    """

    seconds: float = 30.0
    bytes: int = 64 << 20
    redirects: int = 5
    allow_hosts: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = ()
    robots: bool = True
    most_crawl_delay: float = 10.0
    user_agent: str | None = None
    proxy: str | None = None

    def __post_init__(self) -> None:
        for name, least in (("seconds", 0.001), ("bytes", 1), ("redirects", 0), ("most_crawl_delay", 0)):
            if not getattr(self, name) >= least:
                raise InvalidArgumentError(f"{name} must be at least {least}, not {getattr(self, name)!r}")
        if isinstance(self.allow_hosts, str):
            raise InvalidArgumentError("allow_hosts must be a tuple of names, not one text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page.

    Attributes:
        url: where it was found, after redirects.
        requested_url: where it was looked for.
        status: 200 to 299, or 304: it has not changed since, and ``data`` is empty.
        mime: media type in lower case, None if the server states none.
        charset: encoding that the server states.
        data: its bytes, decompressed.
        fetched_at: UTC seconds since 1970.
        headers: those that say something about the page, by lower-case name.
        etag, last_modified: what to give to the next ``fetch`` of it.
    """

    url: str
    requested_url: str
    status: int
    mime: str | None
    charset: str | None
    data: bytes
    fetched_at: int
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
