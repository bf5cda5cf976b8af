"""Values of other programs as the ones a memory holds: text, JSON values, times, names."""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

_MAX_DEPTH: Final = 64
_MAX_NAME: Final = 400
# What could be taken for another part of a uri, or breaks lines of lists of them.
_UNSAFE: Final = re.compile(r"[%#\x00-\x1f\x7f\x85\u2028\u2029]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
# Values beyond each are in the next smaller unit: seconds, then milli-, micro- and nanoseconds.
_SECONDS_END: Final = 100_000_000_000
_FIRST_SECOND: Final = -62_135_596_800  # the beginning of the year 1
_LAST_SECOND: Final = 253_402_300_799  # the end of the year 9999


def clean(text: str) -> str:
    """Text that can be stored: halves of surrogate pairs are joined, or replaced where one is missing."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_of(value: Any) -> str:
    """A value as a person writes it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return clean(value.decode(errors="replace"))
    if isinstance(value, Mapping | list | tuple):
        import json

        return json.dumps(plain(value), ensure_ascii=False)
    return clean(str(value))


def plain(value: Any, depth: int = 0) -> Any:
    """A JSON value; times become ISO text, what is not finite None, bytes text or base64.

    Raises:
        ValueError: nested deeper than 64 levels.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return _plain_bytes(bytes(value))
    if depth >= _MAX_DEPTH:
        raise ValueError(f"a value is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    if hasattr(value, "tolist"):  # arrays and scalars of numpy
        return plain(value.tolist(), depth + 1)
    return _plain_number(value)


def _plain_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _plain_number(value: Any) -> Any:
    """Decimals as numbers; anything else as its text."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return clean(str(value))
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def metadata_of(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Metadata without empty values; keys that belong to the engine get another name.

    Raises:
        ValueError: a value is nested deeper than 64 levels.
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        item = plain(value)
        if item is None or item in ("", [], {}):
            continue
        name = clean(str(key))
        found[f"imported:{name}" if name.startswith("mv2:") else name] = item
    return found


def seconds_of(value: Any) -> int | None:
    """Whole UTC seconds of a time, or None where there is none or it is not understood.

    Numbers may count seconds, milli-, micro- or nanoseconds since 1970; text may be ISO 8601 or such
    a number; times without a zone are UTC.
    """
    if isinstance(value, str):
        return _seconds_of_text(value.strip())
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        return math.floor(moment.timestamp())
    if isinstance(value, dt.date):
        return seconds_of(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    for _ in range(3):
        if abs(value) >= _SECONDS_END:
            value /= 1000
    seconds = math.floor(value)
    return seconds if _FIRST_SECOND <= seconds <= _LAST_SECOND else None


def _seconds_of_text(text: str) -> int | None:
    if not text or len(text) > 60:
        return None
    if _NUMBER.fullmatch(text) and len(text.partition(".")[0].lstrip("+-")) >= 9:
        return seconds_of(float(text))
    text = text.removesuffix(" UTC")
    try:
        return seconds_of(dt.datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def iso_of(seconds: int) -> str:
    """A time as ISO text in UTC."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")


def iso_or_none(seconds: int | None) -> str | None:
    """A time as ISO text in UTC, None for None."""
    return None if seconds is None else iso_of(seconds)


def json_text(value: str, start: str) -> Any:
    """The JSON value of a text that begins as one; None where it is none."""
    if value.lstrip()[:1] != start:
        return None
    import json

    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def tags_of(value: Any) -> tuple[str, ...]:
    """Tags of a list, a JSON list, or text that separates them by commas, semicolons or bars; each once."""
    if isinstance(value, str):
        listed = json_text(value, "[")
        parts: Iterable[Any] = re.split(r"[,;|]", value) if listed is None else as_list(listed)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        parts = value
    elif hasattr(value, "tolist"):
        return tags_of(value.tolist())
    else:
        return ()
    names = (text_of(part).strip() for part in parts)
    return tuple(dict.fromkeys(name for name in names if name))[:1000]


def uri_part(name: Any) -> str:
    """One part of a uri: readable, without slashes, at most some hundred characters."""
    return _bounded(_UNSAFE.sub(_escape, text_of(name)).replace("/", "%2F"))


def uri_path(name: str) -> str:
    """A relative path as the end of a uri; slashes stay."""
    return _bounded(_UNSAFE.sub(_escape, clean(name)))


def _escape(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _bounded(name: str) -> str:
    """Names too long for a uri keep their beginning and get a digest of the whole."""
    if len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 33]}-{blake2b(name.encode(), digest_size=16).hexdigest()}"


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text, its beginning and its end, with a word on what is missing."""
    if len(text) <= limit:
        return text
    tail = limit // 4
    head = limit - tail
    return f"{text[:head]}\n[… {len(text) - limit:,} characters left out …]\n{text[-tail:] if tail else ''}"


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> Sequence[Any]:
    """The value if it is a list, an empty one otherwise."""
    return value if isinstance(value, list | tuple) else ()
