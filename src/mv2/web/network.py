"""Connections that go to the addresses that were checked, and end when the time is over."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from mv2.errors import FetchError
from mv2.web.guard import Resolver, checked_addresses
from mv2.web.model import FetchOptions

_MOST_ADDRESSES = 6


class Deadline:
    """When one page must be there. ``url`` is what is being fetched, for messages."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self.url = ""

    @property
    def left(self) -> float:
        """Seconds; 0 when it is over."""
        return max(self._end - self._clock(), 0.0)

    def extend(self, seconds: float) -> None:
        """Add time that was spent on waiting."""
        self._end += seconds

    def check(self) -> None:
        """Raise FetchError when it is over."""
        if self.left <= 0:
            raise FetchError("the page took too long (limit seconds)", path=self.url or None)


class CheckedBackend(httpcore.NetworkBackend):
    """Looks a host up once, checks all its addresses and connects to one of these: a name cannot
    lead somewhere else between the check and the connection. TLS still verifies the name.

    Args:
        proxy_host: host that is connected to without a check, as the caller named it.
    """

    def __init__(
        self, options: FetchOptions, resolver: Resolver, deadline: Deadline, proxy_host: str | None
    ) -> None:
        self._options = options
        self._resolver = resolver
        self._deadline = deadline
        self._proxy_host = proxy_host
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - one time for everything
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a checked address of a host."""
        self._deadline.check()
        if host == self._proxy_host:
            addresses = [host]
        else:
            addresses = checked_addresses(
                host,
                port,
                self._options,
                self._resolver,
                seconds=self._deadline.left,
                url=self._deadline.url,
            )[:_MOST_ADDRESSES]
        for index, address in enumerate(addresses):
            self._deadline.check()
            try:
                stream = self._system.connect_tcp(
                    address,
                    port,
                    timeout=self._deadline.left / (len(addresses) - index),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if index == len(addresses) - 1:
                    raise
            else:
                return TimedStream(stream, self._deadline)
        raise httpcore.ConnectError("no address")

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never: a page is not on this machine."""
        raise httpcore.ConnectError("sockets of this machine are not connected to")


class TimedStream(httpcore.NetworkStream):
    """A stream whose every wait ends with the time for the page."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Some bytes, at least one unless the other side is done."""
        self._deadline.check()
        return self._stream.read(max_bytes, self._deadline.left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all bytes."""
        self._deadline.check()
        self._stream.write(buffer, self._deadline.left)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Go on encrypted, with a server that proves to be ``server_hostname``."""
        self._deadline.check()
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left)
        return TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Facts about the connection."""
        return self._stream.get_extra_info(info)


def tls_context() -> ssl.SSLContext:
    """Trust the authorities that the system and certifi know."""
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context
