"""Fetching pages: bounded in time, size and reach."""

from __future__ import annotations

import http
import time
from typing import TYPE_CHECKING

from mv2._version import __version__
from mv2.errors import FetchError
from mv2.web.guard import Resolver, Target, parse_url, system_resolver
from mv2.web.model import Fetched, FetchOptions
from mv2.web.robots import ALLOW_ALL, LONGEST, Robots, parse_robots

if TYPE_CHECKING:
    from mv2.web.network import Deadline
    from mv2.web.session import Answer, Session

__all__ = ["Fetcher", "fetch"]

_KEPT_HEADERS = frozenset(
    [
        "cache-control",
        "content-disposition",
        "content-language",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
    ]
)
_REMEDIES = {
    401: "The page needs a login; save it in a browser and add the file",
    403: "The server refuses programs, or the page needs a login; save it in a browser and add the file",
    407: "The proxy needs a login",
}
_UNREADABLE = "Pass robots=False if you may read the page anyway"


def fetch(
    url: str,
    options: FetchOptions | None = None,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Fetched:
    """Fetch one page; see ``Fetcher.fetch``. Use a ``Fetcher`` for several pages of a site."""
    return Fetcher(options).fetch(url, etag=etag, last_modified=last_modified)


class Fetcher:
    """Fetches pages one after the other; remembers the rules of each site and when it was last asked.

    Not for use by several threads at once. It keeps no cookies and no connections.

    Args:
        resolver: looks hosts up; None asks the system.
    """

    def __init__(self, options: FetchOptions | None = None, *, resolver: Resolver | None = None) -> None:
        self._options = options or FetchOptions()
        self._resolver = resolver or system_resolver
        self._agent = self._options.user_agent or f"mv2/{__version__}"
        self._robots: dict[str, Robots] = {}
        self._asked: dict[str, float] = {}

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch a page.

        Args:
            url: ``http`` or ``https``.
            etag, last_modified: of a copy you have; if the page is still the same, the result has
                status 304 and no data.

        Raises:
            FetchError: the address may not be fetched (private network, port, ``robots.txt``), the
                server cannot be reached or refuses, or the page is larger or slower than the options allow.
            MissingExtraError: httpx is not installed.
        """
        target = parse_url(url, self._options)
        from mv2.web.network import Deadline
        from mv2.web.session import Session

        deadline = Deadline(self._options.seconds)
        extra = _conditions(etag, last_modified)
        with Session(self._options, self._resolver, deadline, self._agent) as session:
            for hop in range(self._options.redirects + 1):
                rules = self._rules(target, session)
                if not rules.allows(target.path.decode("ascii")):
                    raise FetchError(
                        "robots.txt of the site asks programs not to read this page",
                        path=target.url,
                        remedy=_UNREADABLE,
                    )
                if hop == 0:
                    self._wait(target, rules, deadline)
                self._asked[target.host] = time.monotonic()
                answer = session.get(target, self._options.bytes, extra)
                if answer.location is None:
                    return _fetched(answer, target, url, conditional=bool(extra))
                target = parse_url(answer.location, self._options, base=target.url)
        raise FetchError(f"more than {self._options.redirects} redirects (limit redirects)", path=target.url)

    def _wait(self, target: Target, rules: Robots, deadline: Deadline) -> None:
        """Leave the time between two pages of a host that it asks for."""
        asked = self._asked.get(target.host)
        if asked is None or not rules.crawl_delay:
            return
        delay = min(rules.crawl_delay, self._options.most_crawl_delay)
        missing = asked + delay - time.monotonic()
        if missing > 0:
            time.sleep(missing)
            deadline.extend(missing)

    def _rules(self, target: Target, session: Session) -> Robots:
        if not self._options.robots:
            return ALLOW_ALL
        known = self._robots.get(target.origin)
        if known is None:
            known = self._robots[target.origin] = self._read_rules(target, session)
        return known

    def _read_rules(self, page: Target, session: Session) -> Robots:
        """The rules of a site. Without any, all is allowed; while they cannot be read, nothing is."""
        target = parse_url("/robots.txt", self._options, base=page.url)
        for _ in range(5):
            try:
                answer = session.get(target, LONGEST, cut=True)
            except FetchError as error:
                raise FetchError(error.message, path=page.url, remedy=error.remedy) from error
            if answer.location is not None:
                target = parse_url(answer.location, self._options, base=target.url)
                continue
            if answer.status == 429 or answer.status >= 500:
                raise FetchError(
                    f"robots.txt of the site cannot be read now: the server answered {answer.status}",
                    path=page.url,
                    remedy=_UNREADABLE,
                )
            if answer.status >= 300:
                return ALLOW_ALL
            return parse_robots(answer.data, self._agent.partition("/")[0].strip())
        return ALLOW_ALL


def _conditions(etag: str | None, last_modified: str | None) -> list[tuple[bytes, bytes]]:
    """Headers that ask for the page only if it is another one now."""
    stated = ((b"If-None-Match", etag), (b"If-Modified-Since", last_modified))
    return [
        (name, value.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b""))
        for name, value in stated
        if value
    ]


def _fetched(answer: Answer, target: Target, url: str, *, conditional: bool) -> Fetched:
    status, headers = answer.status, answer.headers
    if not (200 <= status < 300 or (status == 304 and conditional)):
        raise _refusal(answer, target)
    mime, _, parameters = headers.get("content-type", "").partition(";")
    return Fetched(
        url=target.url,
        requested_url=url,
        status=status,
        mime=mime.strip().lower()[:200] or None,
        charset=_charset(parameters),
        data=answer.data,
        fetched_at=int(time.time()),
        headers={name: value[:2_000] for name, value in headers.items() if name in _KEPT_HEADERS},
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _charset(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()[:40] or None
    return None


def _refusal(answer: Answer, target: Target) -> FetchError:
    status = answer.status
    try:
        phrase = f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    remedy = _REMEDIES.get(status)
    after = answer.headers.get("retry-after", "")[:60]
    if status in {429, 503} and after:
        remedy = f"The server asks to wait {after} seconds" if after.isdigit() else f"Try again after {after}"
    return FetchError(f"the server answered {status}{phrase}", path=target.url, remedy=remedy)
