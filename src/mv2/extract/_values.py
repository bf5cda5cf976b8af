"""What kind of thing a cell holds, and how it is written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from mv2._late import late_pattern
from mv2.extract.model import ColumnType, Value

_NOTHING = frozenset(["", "-", "–", "—", "n/a", "na", "#n/a", "null", "none", "nan", "…", "..."])
_CURRENCY = (
    r"(?:[$€£¥₹₽₩₺₴₪฿₫₦₱₿]|[A-Z]{2}\$|US\$|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|SEK|NOK|DKK|PLN|CZK"
    r"|CAD|AUD|NZD|kr|zł|Kč|Fr\.)"
)
_NUMBER = (
    r"(?:(?:0|[1-9]\d{0,14})(?:[.,]\d{1,15})?"
    r"|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?"
    r"|[1-9]\d{0,2}(?:[ '’]\d{3})+(?:[.,]\d+)?|\.\d{1,15}|\d\.\d{1,15}[eE][+-]?\d{1,3})"
)
_INTEGER = late_pattern(
    r"[+\-−]?(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3})+)|[\-−]?[1-9]\d{0,2}(?:[ '’]\d{3})+"
)
_DECIMAL = late_pattern(rf"[\-−]?{_NUMBER}|\({_NUMBER}\)")
_PERCENT = late_pattern(rf"[+\-−]? ?{_NUMBER} ?[%‰]")
_MONEY = late_pattern(
    rf"\(?[+\-−]? ?{_CURRENCY} ?[+\-−]?{_NUMBER}\)?(?:\.?[–—-])?|\(?[+\-−]?{_NUMBER} ?{_CURRENCY}\)?"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = late_pattern(
    r"\d{4}-\d{2}-\d{2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}[ -]{_MONTH}[ -]\d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}}",
    2,  # re.IGNORECASE
)
_TIME = late_pattern(r"\d{1,3}:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?")
_MOMENT = late_pattern(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{4},? \d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?"
)
_LONGEST = 40
_SAMPLED_ROWS = 2_000
_MAJORITY = 0.7
_WIDER: dict[frozenset[ColumnType], ColumnType] = {
    frozenset(("integer", "number")): "number",
    frozenset(("date", "datetime")): "datetime",
    frozenset(("integer", "currency")): "currency",
    frozenset(("number", "currency")): "currency",
    frozenset(("integer", "number", "currency")): "currency",
}


def value_type(value: Value) -> ColumnType:
    """The type of one cell; text that reads as a number, date and so on has that type.

    ``empty`` includes signs for "no value" such as ``-`` and ``n/a``. Numbers with leading zeros
    or more than 15 digits are text, as they name things rather than count them.
    """
    if isinstance(value, str):
        return _text_type(value.strip())
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "number"


def _text_type(text: str) -> ColumnType:
    if text.lower() in _NOTHING:
        return "empty"
    if len(text) > _LONGEST:
        return "text"
    if not any(map(str.isdigit, text)):
        return "boolean" if text.lower() in {"true", "false"} else "text"
    if _INTEGER.fullmatch(text):
        return "integer"
    if _DATE.fullmatch(text):
        return "date"
    if _DECIMAL.fullmatch(text):
        return "number"
    if _PERCENT.fullmatch(text):
        return "percent"
    if _MONEY.fullmatch(text):
        return "currency"
    if _TIME.fullmatch(text):
        return "time"
    return "datetime" if _MOMENT.fullmatch(text) else "text"


def common_type(types: Iterable[ColumnType]) -> ColumnType:
    """The type of a column whose cells have `types`: that of all, else of at least 70 %, else ``mixed``."""
    counts = Counter(types)
    counts.pop("empty", None)
    if not counts:
        return "empty"
    wider = _WIDER.get(frozenset(counts))
    if wider is not None:
        return wider
    total = counts.total()
    if "integer" in counts and "number" in counts:
        counts["number"] += counts.pop("integer")
    kind, count = counts.most_common(1)[0]
    return kind if count >= _MAJORITY * total else "mixed"


def column_types(
    rows: Sequence[Sequence[Value]], width: int, kinds: Sequence[Sequence[ColumnType | None]] | None = None
) -> tuple[ColumnType, ...]:
    """The types of all columns, from at most 2,000 rows spread evenly.

    Args:
        kinds: what is known of each cell beyond its value; None where nothing is.
    """
    step = max(1, -(-len(rows) // _SAMPLED_ROWS))
    picked = range(0, len(rows), step)

    def kind(row: int, column: int) -> ColumnType:
        known = kinds[row][column] if kinds is not None else None
        return known or value_type(rows[row][column])

    return tuple(common_type(kind(row, column) for row in picked) for column in range(width))


def value_text(value: Value, kind: ColumnType | None = None) -> str:
    """A cell as a person writes it: no exponent for common numbers, no noise in the last digit.

    Args:
        kind: type of its column; numbers of a ``percent`` column are shares (0.25 is ``25 %``).
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{number_text(value * 100)} %" if kind == "percent" else number_text(value)


def number_text(value: float) -> str:
    """A number in up to 15 digits, as ``0.1``, ``1250``, ``1e+20``."""
    if isinstance(value, int):
        return str(value) if value.bit_length() < 4096 else hex(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    short = f"{value:.15g}"
    if short == "-0":
        return "0"
    if "e" not in short:
        return short
    return f"{value:.20f}".rstrip("0") if 1e-9 <= abs(value) < 1 else short


def duration_text(seconds: float) -> str:
    """A span of time as ``h:mm:ss``, with hours beyond 24."""
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


_UNSEEN = dict.fromkeys([*range(9), *range(11, 32), 0x7F, *range(0x80, 0xA0), 0xAD, 0x200B, 0xFEFF])
_UNSEEN |= {0x09: " ", 0x0B: "\n", 0x0C: "\n", 0xA0: " ", 0x2007: " ", 0x202F: " ", 0x2028: "\n"}


def clean(text: str) -> str:
    """Text of a cell without what cannot be seen; hard spaces and tabs become plain spaces."""
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
