"""Single requests on checked connections."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

import httpcore

from mv2._record import dataclass
from mv2.errors import FetchError
from mv2.web.decode import ACCEPTED, ENCODINGS, Decoder
from mv2.web.guard import DEFAULT_PORTS, Resolver, Target
from mv2.web.model import FetchOptions
from mv2.web.network import CheckedBackend, Deadline, tls_context

_ACCEPT = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_REDIRECTS = frozenset([301, 302, 303, 307, 308])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said.

    Attributes:
        headers: by lower-case name; of several with one name, the first.
        data: the body; empty unless ``status`` is below 300.
        location: where a redirect leads, as it is written.
    """

    status: int
    headers: dict[str, str]
    data: bytes = b""
    location: str | None = None


class Session:
    """The requests for one page: those of its redirects and of ``robots.txt`` share connections."""

    def __init__(self, options: FetchOptions, resolver: Resolver, deadline: Deadline, agent: str) -> None:
        self._deadline = deadline
        self._agent = agent
        self._pool = _pool(options, resolver, deadline)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def get(
        self, target: Target, most: int, headers: Iterable[tuple[bytes, bytes]] = (), *, cut: bool = False
    ) -> Answer:
        """Ask for a page, without following redirects.

        Args:
            most: bytes of the body, compressed or not.
            cut: leave out what is beyond ``most`` instead of refusing it.

        Raises:
            FetchError: no answer, one that breaks off, or one that is too long.
        """
        self._deadline.url = target.url
        sent = [
            (b"Host", target.authority),
            (b"User-Agent", self._agent.encode("latin-1", "replace")),
            (b"Accept", _ACCEPT),
            (b"Accept-Encoding", ACCEPTED),
            *headers,
        ]
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=None if target.port == DEFAULT_PORTS[target.scheme] else target.port,
            target=target.path,
        )
        with _plain_errors(target), self._pool.stream("GET", url, headers=sent) as response:
            received: dict[str, str] = {}
            for name, value in response.headers:
                received.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())
            status = response.status
            if status in _REDIRECTS and received.get("location"):
                return Answer(status=status, headers=received, location=_as_utf8(received["location"]))
            if not 200 <= status < 300:
                return Answer(status=status, headers=received)
            data = _body(response, received, target, most, cut=cut)
            return Answer(status=status, headers=received, data=data)


def _pool(options: FetchOptions, resolver: Resolver, deadline: Deadline) -> httpcore.ConnectionPool:
    if options.proxy is None:
        backend = CheckedBackend(options, resolver, deadline, None)
        return httpcore.ConnectionPool(ssl_context=tls_context(), max_connections=4, network_backend=backend)
    try:
        proxy = httpcore.URL(options.proxy)
    except (ValueError, TypeError, httpcore.UnsupportedProtocol) as error:
        raise FetchError("not a valid address of a proxy") from error
    if proxy.scheme not in {b"http", b"https"} or not proxy.host:
        raise FetchError("the address of a proxy starts with http:// or https://")
    backend = CheckedBackend(options, resolver, deadline, proxy.host.decode("ascii"))
    return httpcore.HTTPProxy(
        proxy_url=proxy, ssl_context=tls_context(), max_connections=4, network_backend=backend
    )


def _as_utf8(value: str) -> str:
    """Addresses beyond ASCII are sent as UTF-8, against the rules."""
    raw = value.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _body(
    response: httpcore.Response, headers: dict[str, str], target: Target, most: int, *, cut: bool
) -> bytes:
    encoding = headers.get("content-encoding", "").lower().strip()
    if encoding not in ENCODINGS:
        raise FetchError(
            f"the server compresses the page in a way that was not asked for: {encoding[:40]}",
            path=target.url,
        )
    stated = headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:18]) > most and not cut:
        raise _too_long(target, most)
    decoder, parts, size, received = Decoder(encoding), list[bytes](), 0, 0
    for chunk in response.iter_stream():
        received += len(chunk)
        for piece in decoder.feed(chunk):
            size += len(piece)
            parts.append(piece)
            if size > most:
                break
        if max(size, received) > most:
            if cut:
                return b"".join(parts)[:most]
            raise _too_long(target, most)
    if not decoder.is_complete:
        raise FetchError("the page breaks off: its compressed form has no end", path=target.url)
    return b"".join(parts)


def _too_long(target: Target, most: int) -> FetchError:
    return FetchError(
        f"the page has more than {most:,} bytes (limit bytes)",
        path=target.url,
        remedy="If it is meant to be so large, raise FetchOptions.bytes",
    )


@contextmanager
def _plain_errors(target: Target) -> Iterator[None]:
    """Say in plain words what went wrong with a connection."""
    host = target.host
    try:
        yield
    except httpcore.TimeoutException as error:
        raise FetchError(f"{host} took too long (limit seconds)", path=target.url) from error
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__ or error.__context__, ssl.SSLCertVerificationError):
            raise FetchError(f"the certificate of {host} is not valid: {error}", path=target.url) from error
        raise FetchError(f"cannot connect to {host}: {error}", path=target.url) from error
    except httpcore.ProxyError as error:
        raise FetchError(f"the proxy makes no connection to {host}: {error}", path=target.url) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise FetchError(
            f"the answer of {host} breaks off or is damaged: {error}", path=target.url
        ) from error
    except zlib.error as error:
        raise FetchError(f"the page of {host} is compressed wrongly: {error}", path=target.url) from error
