"""Which addresses may be connected to: public ones, on the ports of the web."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import FetchError, MissingExtraError
from mv2.web.model import FetchOptions

if TYPE_CHECKING:
    import httpx

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
"""Takes the name and the port of a host, returns its addresses; raises OSError if it has none."""

DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_URL = 8_192
_HOST = late_pattern(r"[a-z0-9._-]+|[0-9a-f:.]+(?:%[a-z0-9]+)?")
_ALLOW = "If the host is meant, name it in allow_hosts"
# Networks that are, or lead to, something else than the public internet. ``ipaddress`` knows most of them,
# but not the same ones in every version of Python.
_REFUSED = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this machine"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a network of a provider"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a metadata service"),
        ("169.254.0.0/16", "the local link, where metadata services are"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "a reserved network"),
        ("192.0.2.0/24", "a network for documentation"),
        ("192.31.196.0/24", "a reserved network"),
        ("192.52.193.0/24", "a reserved network"),
        ("192.88.99.0/24", "a relay into other networks"),
        ("192.168.0.0/16", "a private network"),
        ("192.175.48.0/24", "a reserved network"),
        ("198.18.0.0/15", "a network for tests"),
        ("198.51.100.0/24", "a network for documentation"),
        ("203.0.113.0/24", "a network for documentation"),
        ("224.0.0.0/4", "a multicast group"),
        ("240.0.0.0/4", "a reserved network"),
        ("::/96", "this machine or an old form of an IPv4 address"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("::ffff:0:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b:1::/48", "a local translation into IPv4"),
        ("100::/64", "a network that discards everything"),
        ("2001::/23", "a reserved network or a tunnel"),
        ("2001:db8::/32", "a network for documentation"),
        ("2002::/16", "a tunnel into IPv4"),
        ("3fff::/20", "a network for documentation"),
        ("5f00::/16", "a reserved network"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "the local link"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "a multicast group"),
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL = ipaddress.ip_network("2000::/3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked URL.

    Attributes:
        url: without fragment.
        scheme: ``http`` or ``https``.
        host: name in ASCII, lower case, or an address without brackets.
        path: path and query as they are sent.
        authority: host and port as they are sent.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: bytes
    authority: bytes

    @property
    def origin(self) -> str:
        """Scheme, host and port: what ``robots.txt`` holds for."""
        return f"{self.scheme}://{self.authority.decode('ascii')}"


def parse_url(url: str, options: FetchOptions, *, base: str | None = None) -> Target:
    """Check everything about a URL that can be seen without a look-up.

    Args:
        base: URL that ``url`` may be relative to.

    Raises:
        FetchError: it is none, or may not be fetched.
        MissingExtraError: httpx is not installed.
    """
    try:
        import httpx
    except ImportError as error:
        raise MissingExtraError("fetching pages needs httpx", remedy="pip install 'mv2[web]'") from error
    if len(url) > _LONGEST_URL:
        raise FetchError(f"the URL has {len(url):,} characters, more than {_LONGEST_URL:,}", path=url[:200])
    try:
        parsed = httpx.URL(url.strip())
        if base is not None:
            parsed = httpx.URL(base).join(parsed)
        return _target(parsed, options)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise FetchError(f"not a valid URL: {error}", path=url[:200]) from error


def _target(url: httpx.URL, options: FetchOptions) -> Target:
    if url.userinfo:
        raise FetchError(
            "a URL with a user name or password is not fetched", path=str(url.copy_with(userinfo=b""))
        )
    shown = str(url.copy_with(fragment=None))
    if url.scheme not in DEFAULT_PORTS:
        raise FetchError(
            f"only http and https are fetched, not {url.scheme or 'an address without a scheme'}", path=shown
        )
    host = url.raw_host.decode("ascii").lower().strip("[]").rstrip(".")
    if not host:
        raise FetchError("the URL names no host", path=shown)
    if not _HOST.fullmatch(host):
        raise FetchError("not a valid URL: its host has characters that no name has", path=shown)
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if not 0 <= port <= 65_535:
        raise FetchError(f"not a valid URL: there is no port {port}", path=shown)
    if port not in DEFAULT_PORTS.values() and port not in options.allow_ports:
        raise FetchError(
            f"port {port} is not one of the web",
            path=shown,
            remedy=f"If it is meant, allow the port: allow_ports=({port},), or --allow-host {host}:{port}",
        )
    target = Target(
        url=shown,
        scheme=url.scheme,
        host=host,
        port=port,
        path=url.raw_path,
        authority=url.netloc,
    )
    check_literal(target, options)
    return target


def is_allowed(host: str, options: FetchOptions) -> bool:
    """Whether the host may be anywhere."""
    return any(host == name.lower().strip("[]").rstrip(".") for name in options.allow_hosts)


def literal_address(host: str) -> Address | None:
    """The address that a host is, in any way of writing it that systems understand; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        return None


def refused_because(address: Address) -> str | None:
    """What an address is that is not a public one; None if it is public."""
    if isinstance(address, ipaddress.IPv6Address) and address in _TRANSLATED:
        # Networks without IPv4 reach every public IPv4 address in this way, and none but those.
        return refused_because(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    for network, what in _REFUSED:
        if address.version == network.version and address in network:
            return what
    if address.is_private or address.is_reserved or address.is_multicast or address.is_unspecified:
        return "a reserved network"
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL:
        return "a reserved network"
    return None


def check_literal(target: Target, options: FetchOptions) -> None:
    """Refuse a host that is the number of a place that is not public."""
    address = literal_address(target.host)
    if address is not None and not is_allowed(target.host, options):
        _refuse(target.host, address, target.url)


def _refuse(host: str, address: Address, url: str) -> None:
    what = refused_because(address)
    if what is not None:
        name = str(address) if host == str(address) else f"{host} ({address})"
        raise FetchError(f"{name} is not a public address: it belongs to {what}", path=url, remedy=_ALLOW)


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that the system knows of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def checked_addresses(
    host: str, port: int, options: FetchOptions, resolver: Resolver, *, seconds: float, url: str
) -> list[str]:
    """Look a host up once, and refuse it if any of its addresses is not public.

    Args:
        seconds: time for the look-up.
        url: what is fetched, for messages.

    Raises:
        FetchError: it has no address, takes too long, or may not be connected to.
    """
    address = literal_address(host)
    texts = [str(address)] if address is not None else _looked_up(host, port, resolver, seconds, url)
    found = [one for text in texts if (one := literal_address(text)) is not None]
    if not found:
        raise FetchError(f"the host {host} has no address", path=url)
    if not is_allowed(host, options):
        for one in found:
            _refuse(host, one, url)
    return [str(one) for one in found]


def _looked_up(host: str, port: int, resolver: Resolver, seconds: float, url: str) -> Sequence[str]:
    """The system may take minutes, and cannot be interrupted."""
    answer: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(resolver(host, port))
        except (OSError, UnicodeError, ValueError) as error:
            answer.put(error)

    threading.Thread(target=look_up, name="mv2-look-up", daemon=True).start()
    try:
        found = answer.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise FetchError(f"looking up the host {host} took too long (limit seconds)", path=url) from None
    if isinstance(found, Exception):
        raise FetchError(f"the host {host} cannot be found: {found}", path=url) from found
    return found
