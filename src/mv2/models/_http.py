"""JSON over HTTP for model services: timeouts, retries with back-off, errors without keys.

``post_json`` and ``stream_lines`` are all there is. Redirects are not followed, because
a key in a header would be sent on to wherever they lead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import InvalidArgumentError, ModelError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError

#: Seconds without a byte before a call counts as failed.
TIMEOUT: Final = 60.0
#: Calls after the first one.
RETRIES: Final = 4
#: An answer larger than this (bytes) is refused.
MAX_ANSWER: Final = 256 << 20
_RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 60.0
_LONGEST_TIMEOUT: Final = 86_400
_SHOWN: Final = 400
_REMEDIES: Final = {
    401: "Check the key.",
    403: "Check the key and what it may do.",
    404: "Check the address and the name of the model.",
    429: "Wait, or send less at a time.",
}


def post_json(
    url: str,
    payload: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    retries: int = RETRIES,
    error: type[ModelError] = ModelError,
) -> dict[str, Any]:
    """Post JSON and return the JSON object of the answer.

    A refused connection, a timeout and the statuses 408, 425, 429, 500, 502, 503, 504 and 529
    are tried again, after what ``Retry-After`` says or else after 0.5 s, doubled each time,
    with jitter.

    Args:
        headers: besides the content type; their values never stand in an error.
        timeout: seconds without a byte before a try counts as failed.
        retries: tries after the first one.
        error: what to raise.

    Raises:
        ModelError: (or ``error``) the service could not be reached, refused, or answered with
            something else than a JSON object; ``status`` is its HTTP status.
        InvalidArgumentError: the address is no http or https URL.
    """
    answer = post_value(url, payload, headers=headers, timeout=timeout, retries=retries, error=error)
    if not isinstance(answer, dict):
        raise error(f"{_place(url)} answered with a JSON {type(answer).__name__}, not an object")
    return answer


def post_value(
    url: str,
    payload: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    retries: int = RETRIES,
    error: type[ModelError] = ModelError,
) -> Any:
    """As ``post_json``, for services that may answer with any JSON value."""
    request = _Request(url, payload, headers or {}, timeout, error)
    with closing(request.open(retries)) as response:
        raw = request.read(response)
    try:
        return json.loads(raw)
    except ValueError as problem:
        raise error(f"{request.place} did not answer with JSON: {request.shown(raw)!r}") from problem


def stream_lines(
    url: str,
    payload: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    retries: int = RETRIES,
    error: type[ModelError] = ModelError,
) -> Iterator[str]:
    """Post JSON and yield the lines of the answer as they come, without their ends.

    Only the start is tried again. Closing the iterator closes the connection. Arguments and
    errors are those of ``post_json``.
    """
    request = _Request(url, payload, headers or {}, timeout, error)
    with closing(request.open(retries)) as response:
        while line := request.read_line(response):
            yield line.decode(errors="replace").rstrip("\r\n")


def check_key(key: str | None, name: str) -> None:
    """Refuse a key that a header cannot hold, without showing it.

    Raises:
        InvalidArgumentError: it has a space, a line break or a character outside ASCII.
    """
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise InvalidArgumentError(
            f"the key for {name} holds characters that no key has",
            remedy="Look for spaces, line breaks and quotation marks in it.",
        )


def without_keys(text: str, headers: Mapping[str, str]) -> str:
    """A text with every part of a header's value that is 8 characters or longer blotted out."""
    for secret in (part for value in headers.values() for part in value.split() if len(part) >= 8):
        text = text.replace(secret, "***")
    return text


def _checked_url(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except (ValueError, TypeError, AttributeError):  # no string, no port, half an IPv6 address
        good = False
    if not good:
        shown = repr(url).rpartition("@")[2] if "@" in repr(url) else repr(url)
        raise InvalidArgumentError(
            f"{shown} is not an http or https address", remedy="Write http://host:port/path."
        )
    if "@" in parts.netloc:
        raise InvalidArgumentError(
            "the address holds a name or a password", remedy="Leave it out, and give the key as api_key."
        )
    return url


def _place(url: str) -> str:
    """A service by host and path, without what a query string or a password may hide."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


class _FailedError(Exception):
    """A try that failed.

    Attributes:
        error: what to raise when it is not tried again.
        again_after: seconds to wait before that, 0 for the usual wait; None when it would not help.
    """

    def __init__(self, error: ModelError, again_after: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.again_after = again_after


class _Request:
    """One call: where it goes, what it sends, and how its failures are told."""

    def __init__(
        self,
        url: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        timeout: float,
        error: type[ModelError],
    ) -> None:
        if not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST_TIMEOUT:
            raise InvalidArgumentError(
                f"timeout {timeout!r} is not a number of seconds from above 0 to {_LONGEST_TIMEOUT:,}"
            )
        self._url = _checked_url(url)
        self._data = json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        self._timeout = timeout
        self._error = error
        self._given = headers
        self._left = MAX_ANSWER
        self.place = _place(url)

    def open(self, retries: int) -> HTTPResponse:
        """The answer, tried again as often as that may help."""
        wait = _FIRST_WAIT
        while True:
            try:
                return self._try()
            except _FailedError as failed:
                asked = failed.again_after
                if asked is None or asked > _LONGEST_WAIT or retries <= 0:
                    raise failed.error from failed.__cause__
            import random

            time.sleep(asked or wait * random.uniform(0.5, 1.0))  # noqa: S311 (jitter, not a secret)
            wait = min(wait * 2, _LONGEST_WAIT)
            retries -= 1

    def _try(self) -> HTTPResponse:
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        request = Request(self._url, self._data, self._headers, method="POST")  # noqa: S310 (checked above)
        try:
            response: HTTPResponse = _opener().open(request, timeout=self._timeout)
        except HTTPError as refusal:
            with closing(refusal):
                raise self._refusal(refusal) from refusal
        except (HTTPException, OSError) as problem:  # URLError is an OSError
            reason = getattr(problem, "reason", problem)
            error = self._error(
                f"{self.place} could not be reached: {self._clean(str(reason) or type(reason).__name__)}",
                remedy="Check the address and that the service runs.",
            )
            raise _FailedError(error, 0.0) from problem
        return response

    def _refusal(self, refusal: HTTPError) -> _FailedError:
        from http.client import HTTPException

        status = refusal.code
        try:
            body = refusal.read(4096)
        except (HTTPException, OSError):
            body = b""  # it only explains; the status stands
        remedy = "Redirects are not followed: give the final address." if 300 <= status < 400 else None
        error = self._error(
            f"{self.place} answered {status}: {self.shown(body)}",
            status=status,
            remedy=_REMEDIES.get(status, remedy),
        )
        again = status in _RETRIED
        return _FailedError(error, _retry_after(refusal.headers.get("Retry-After")) if again else None)

    def read(self, response: HTTPResponse) -> bytes:
        """The whole answer."""
        from http.client import HTTPException

        try:
            raw = response.read(MAX_ANSWER + 1)
        except (HTTPException, OSError) as problem:
            raise self._broken(problem) from problem
        if len(raw) > MAX_ANSWER:
            raise self._error(f"{self.place} answered with more than {MAX_ANSWER} bytes")
        return raw

    def read_line(self, response: HTTPResponse) -> bytes:
        """The next line with its end, empty at the end of the answer."""
        from http.client import HTTPException

        try:
            line = response.readline(self._left + 1)
        except (HTTPException, OSError) as problem:
            raise self._broken(problem) from problem
        self._left -= len(line)
        if self._left < 0:
            raise self._error(f"{self.place} answered with more than {MAX_ANSWER} bytes")
        return line

    def _broken(self, problem: Exception) -> ModelError:
        return self._error(f"the answer of {self.place} broke off: {self._clean(str(problem))}")

    def shown(self, body: bytes) -> str:
        """The start of a body for a message, without keys."""
        text = self._clean(body.decode(errors="replace"))
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

    def _clean(self, text: str) -> str:
        return " ".join(without_keys(text, self._given).split())


def _opener() -> Any:
    from urllib.request import HTTPRedirectHandler, build_opener

    class NoRedirect(HTTPRedirectHandler):
        def redirect_request(self, *_args: Any, **_names: Any) -> None:
            return None

    return build_opener(NoRedirect)


def _retry_after(value: str | None) -> float:
    """Seconds that the header asks for (a number or an HTTP date), 0 when it says nothing."""
    if value is None:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
