"""Times as pages, feeds, mails and notes write them."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from mv2._late import late_pattern

_LONGEST = 80
_DAY = late_pattern(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\Z")
_SLASHED = late_pattern(r"(\d{4})/(\d{1,2})/(\d{1,2})(?![\d/])")
_FRACTION = late_pattern(r"(\d{2}:\d{2}:\d{2})[.,]\d+")
_SHORT_ZONE = late_pattern(r"([+-]\d{2})(\d{2})?\Z")


def parse_time(text: object) -> int | None:
    """UTC seconds since 1970 of a time in ISO 8601 or as mails write it; None if it is neither.

    A time without a zone is taken as UTC, a day as its first second.
    """
    if not isinstance(text, str):
        return None
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    found = _from_iso(text) or _from_mail(text)
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=dt.UTC)
    try:
        return int(found.timestamp())
    except (ValueError, OverflowError):
        return None


def _from_iso(text: str) -> dt.datetime | None:
    day = _DAY.match(text)
    if day:
        text = f"{int(day[1]):04}-{int(day[2]):02}-{int(day[3] or 1):02}"
    text = _SLASHED.sub(r"\1-\2-\3", text)
    text = _FRACTION.sub(r"\1", text).removesuffix(" UTC")
    if len(text) > 11:
        date, clock = text[:10], text[10:].replace(" ", "")
        text = date + ("" if clock[:1] in "Tt" else "T") + _SHORT_ZONE.sub(_whole_zone, clock)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _whole_zone(match: re.Match[str]) -> str:
    hours, minutes = match.groups()
    return f"{hours}:{minutes or '00'}"


def _from_mail(text: str) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
