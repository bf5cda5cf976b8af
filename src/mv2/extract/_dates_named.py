"""Calendar dates that a text names outright."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from mv2._late import late_pattern

_MONTH_NAMES = (
    "january jan januar janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février fevrier févr febrero febbraio fevereiro fev februari",
    "march mar märz mars marzo março marco maart",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio maio mei",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet juil julio luglio julho",
    "august aug août aout agosto ago augustus",
    "september sept sep septembre septiembre settembre setembro",
    "october oct oktober okt octobre octubre ottobre outubro",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
# Words of other meaning unless they are written as names.
_NEED_CAPITAL = frozenset(
    {"may", "march", "mar", "jan", "gen", "sep", "ago", "dic", "dec", "fev", "abr", "ene", "mai", "mei"}
    | {"jun", "jul", "mars", "marco", "marzo"}
)
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_TO = r"[ \t]?[-–—][ \t]?"
_END = r"(?![\w/]|[.:-]\d)"
_START = r"(?<![\w./+#-])(?<!\d:)"
_DATE = late_pattern(
    rf"{_START}(?:"
    rf"(?P<iso>{_YEAR}-[01]\d-[0-3]\d)(?=T\d\d|{_END})"
    rf"|(?P<ymd>{_YEAR}/[01]?\d/{_DAY}){_END}"
    rf"|(?P<dots>{_DAY}\.[ ]?(?:1[0-2]|0?[1-9])\.[ ]?{_YEAR}){_END}"
    rf"|(?P<slashes>\d\d?/\d\d?/{_YEAR}|\d\d?-\d\d?-{_YEAR}){_END}"
    rf"|(?P<d1>{_DAY})(?:st|nd|rd|th|er|\.|º)?(?:{_TO}(?P<d2>{_DAY})(?:st|nd|rd|th|\.)?)?"
    rf"[ \t]+(?:of[ \t]+|de[ \t]+)?(?P<m1>{_MONTH})\.?,?[ \t]+(?:del?[ \t]+)?(?P<y1>{_YEAR}){_END}"
    rf"|(?P<m2>{_MONTH})\.?[ \t]+(?P<d3>{_DAY})(?:st|nd|rd|th)?(?:{_TO}(?P<d4>{_DAY})(?:st|nd|rd|th)?)?"
    rf",?[ \t]+(?P<y2>{_YEAR}){_END}"
    rf"|(?P<m3>{_MONTH})\.?,?[ \t]+(?:de[ \t]+)?(?P<y3>{_YEAR}){_END}"
    rf"|(?P<han>{_YEAR}年[01]?\d月(?:[0-3]?\d日)?)"
    r")",
    re.IGNORECASE,
)
_NO_DATE_BEHIND = late_pattern(
    r"(?:\+\d{1,3}|\bv|\bver|\bversion|\brelease|\brev|\bbuild|\bsection|§)\.?[ \t]*\Z", re.IGNORECASE
)
_NUMBERS = late_pattern(r"\d+")


def named_dates(text: str) -> Iterator[str]:
    """Each date that ``text`` names: ``2024-03-05``, or ``2024-03`` where it names no day."""
    for found in _DATE.finditer(text):
        yield from _dates_of(text, found)


def _dates_of(text: str, found: re.Match[str]) -> Iterator[str]:
    kind = found.lastgroup or ""
    numeric = found["iso"] or found["ymd"] or found["han"]
    month = found["m1"] or found["m2"] or found["m3"]
    if numeric:
        yield from _valid(*(int(number) for number in _NUMBERS.findall(numeric)))
    elif found["dots"]:
        if not _NO_DATE_BEHIND.search(text[max(0, found.start() - 12) : found.start()]):
            day, number, year = (int(number) for number in _NUMBERS.findall(found["dots"]))
            yield from _valid(year, number, day)
    elif found["slashes"]:
        first, second, year = (int(number) for number in _NUMBERS.findall(found["slashes"]))
        if first > 12 or first == second:
            yield from _valid(year, second, first)
        elif second > 12:
            yield from _valid(year, first, second)
    elif month and not (month.islower() and month in _NEED_CAPITAL and not (found["d1"] or found["d3"])):
        number = _MONTHS[month.lower()]
        year = int(found["y1"] or found["y2"] or found["y3"])
        if kind == "y3":
            yield from _valid(year, number)
        for day_text in (found["d1"], found["d2"], found["d3"], found["d4"]):
            if day_text:
                yield from _valid(year, number, int(day_text))


def _valid(year: int, month: int, day: int | None = None) -> Iterator[str]:
    try:
        date = dt.date(year, month, day or 1)
    except ValueError:
        return
    yield date.isoformat()[: 10 if day else 7]
