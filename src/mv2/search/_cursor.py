"""Page cursors: opaque text that says where the next page of a query begins."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Final

from mv2.errors import CursorError

_VERSION: Final = 1
MAX_OFFSET: Final = 10_000_000


def make_cursor(query: str, offset: int) -> str:
    """Cursor of the page of `query` that begins with hit number `offset`, counted from 0."""
    data = json.dumps([_VERSION, _digest(query), offset], separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def read_cursor(cursor: str, query: str) -> int:
    """The offset in `cursor`.

    Raises:
        CursorError: it is no cursor, or the cursor of another query.
    """
    try:
        # Every cursor is short, and no decoder is given more than that.
        data = cursor[:200].encode("ascii")
        data = base64.b64decode(data + b"=" * (-len(data) % 4), altchars=b"-_", validate=True)
        version, digest, offset = json.loads(data)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise _refused("the cursor is malformed", query) from error
    numbers = all(type(value) is int for value in (version, digest, offset))
    if (
        not numbers
        or version != _VERSION
        or not 0 < offset <= MAX_OFFSET
        or make_cursor(query, offset) != cursor
    ):
        if numbers and version == _VERSION and digest != _digest(query):
            raise _refused("the cursor belongs to another query", query)
        raise _refused("the cursor is malformed", query)
    return int(offset)


def _refused(message: str, query: str) -> CursorError:
    return CursorError(
        message, query=query, remedy="Pass next_cursor of the page before, with the same query."
    )


def _digest(query: str) -> int:
    return zlib.crc32(query.encode("utf-8", "surrogatepass"))
