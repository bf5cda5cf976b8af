"""Local time and UTC: a named zone, a fixed offset, or the zone of the system."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from mv2.errors import InvalidArgumentError

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001
_SECOND: Final = dt.timedelta(seconds=1)
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")

# Minutes east of UTC. Where a name is used for several zones, the one of most speakers of English who use it:
# CST is North American, IST Indian, BST British.
ABBREVIATIONS: Final = {
    **dict.fromkeys(("utc", "gmt", "z", "wet"), 0),
    **dict.fromkeys(("bst", "cet", "west", "wat"), 60),
    **dict.fromkeys(("cest", "eet", "cat", "sast"), 120),
    **dict.fromkeys(("eest", "msk", "eat"), 180),
    **dict.fromkeys(("gst",), 240),
    **dict.fromkeys(("pkt",), 300),
    **dict.fromkeys(("ist",), 330),
    **dict.fromkeys(("ict", "wib"), 420),
    **dict.fromkeys(("sgt", "hkt", "awst", "myt", "pht"), 480),
    **dict.fromkeys(("jst", "kst"), 540),
    **dict.fromkeys(("acst",), 570),
    **dict.fromkeys(("aest",), 600),
    **dict.fromkeys(("acdt",), 630),
    **dict.fromkeys(("aedt",), 660),
    **dict.fromkeys(("nzst",), 720),
    **dict.fromkeys(("nzdt",), 780),
    **dict.fromkeys(("ndt",), -150),
    **dict.fromkeys(("brt", "art", "adt"), -180),
    **dict.fromkeys(("nst",), -210),
    **dict.fromkeys(("edt", "ast"), -240),
    **dict.fromkeys(("est", "cdt"), -300),
    **dict.fromkeys(("cst", "mdt"), -360),
    **dict.fromkeys(("mst", "pdt"), -420),
    **dict.fromkeys(("pst", "akdt"), -480),
    **dict.fromkeys(("akst",), -540),
    **dict.fromkeys(("hst",), -600),
}


class Zone:
    """Wall-clock time (naive datetimes) of one time zone, and UTC seconds.

    A wall-clock time that occurs twice is its first occurrence; one that is skipped when clocks go forward
    is as far after the skip as it claims to be.
    """

    def __init__(self, info: dt.tzinfo | None) -> None:
        self._info = info

    def seconds(self, local: dt.datetime) -> int:
        """UTC seconds of a wall-clock time; of the last microsecond of the calendar, the second after it."""
        whole, rest = divmod(local - _NAIVE_EPOCH, _SECOND)
        return whole - round(self.offset(local).total_seconds()) + (1 if rest else 0)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Wall-clock time of a moment that knows its own zone."""
        return (moment.astimezone() if self._info is None else moment.astimezone(self._info)).replace(
            tzinfo=None
        )

    def offset(self, local: dt.datetime) -> dt.timedelta:
        """How far the wall clock is ahead of UTC then."""
        if self._info is not None:
            return local.replace(tzinfo=self._info).utcoffset() or dt.timedelta(0)
        try:
            return local.astimezone().utcoffset() or dt.timedelta(0)
        except (OSError, OverflowError, ValueError):  # years that the system's library does not know
            return dt.datetime.now().astimezone().utcoffset() or dt.timedelta(0)


def zone_named(tz: dt.tzinfo | str | None, now: dt.datetime | None = None) -> Zone:
    """The zone `tz` names ("Europe/Paris", "UTC", "+02:00"); else that of `now`; else the system's.

    Raises:
        InvalidArgumentError: there is no such zone.
    """
    if tz is None:
        return Zone(None if now is None else now.tzinfo)
    if isinstance(tz, dt.tzinfo):
        return Zone(tz)
    match = _OFFSET.fullmatch(tz.strip().upper())
    if match is not None:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes < 24 * 60:
            return Zone(dt.timezone(dt.timedelta(minutes=minutes if match[1] == "+" else -minutes)))
    if tz.strip().upper() in ("UTC", "GMT", "Z"):
        return Zone(dt.UTC)
    import zoneinfo

    try:
        return Zone(zoneinfo.ZoneInfo(tz.strip()))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidArgumentError(
            f"{tz!r} is no time zone known here",
            remedy="Give a name such as Europe/Paris, UTC or +02:00. Where the system keeps no time zones, "
            "pip install tzdata brings them.",
        ) from error
