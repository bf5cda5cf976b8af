"""Number formats of spreadsheets: ``#,##0.00 "€"`` and what a number looks like with it."""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract._values import duration_text
from mv2.extract.model import ColumnType
from mv2.extract.readers._sheet_model import Cell, Item, general_text, plain_number

_LONGEST_CODE = 1_000
_MOST_PLACES = 30
_SIGNS = frozenset("$€£¥₹₽₩₺₴₪฿₫₦₱₿¢")
_CODES = late_pattern(
    r"(?<![A-Za-z])(?:USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|SEK|NOK|DKK|PLN|CZK|CAD|AUD|NZD|HUF|RUB|TRY|BRL|MXN|ZAR"
    r"|kr\.?|zł|Kč|Fr\.|R\$)(?![A-Za-z])"
)
_CONDITION = late_pattern(r"(<=|>=|<>|<|>|=)\s*(-?\d{1,15}(?:\.\d{1,15})?)")
_TOKEN = late_pattern(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<general>[Gg]eneral)|(?P<noon>AM/PM|am/pm|A/P|a/p)|(?P<power>[Ee][+-])"
    r"|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+|[eE]+|[gG]+|[bB]+)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)"
    r"|(?P<percent>%)|(?P<slash>/)|(?P<text>@)|(?P<other>.)",
    16,  # re.DOTALL
)

BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);(#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys([*range(27, 32), 34, 35, 36, *range(50, 55), 57, 58], "yyyy-mm-dd"),
    **dict.fromkeys([32, 33, 55, 56], "h:mm:ss"),
}


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """One of the parts between semicolons."""

    tokens: tuple[_Token, ...]
    kind: ColumnType | None
    condition: tuple[str, float] | None = None
    seconds: bool = False
    fraction: bool = False
    elapsed: bool = False


class NumberFormat:
    """A format code, ready to be used.

    Args:
        code: the code as the file has it, in the English notation.
        from_1904: serial numbers of days count from 1904 instead of 1900.
    """

    def __init__(self, code: str, *, from_1904: bool = False) -> None:
        self._from_1904 = from_1904
        parts = _split(code[:_LONGEST_CODE])
        self._sections = tuple(_section(part) for part in parts[:3]) or (_section("General"),)
        self.kind = self._sections[0].kind
        plain = {token.kind for token in self._sections[0].tokens} <= {"general", "text"}
        self.is_general = plain and len(self._sections) == 1

    def cell(self, number: float) -> Item:
        """The cell that holds `number`."""
        if not math.isfinite(number):
            return str(number)
        value = plain_number(number)
        if self.is_general:
            return value
        section, show_sign = self._choose(number)
        if section.kind in {"date", "time", "datetime"}:
            shown = _date_text(number, section, from_1904=self._from_1904)
            return value if shown is None else Cell(shown, shown, section.kind)
        shown = _number_text(abs(number), section)
        if shown is None:
            return value
        return Cell(value, _tidy(f"-{shown}" if show_sign and number < 0 else shown), section.kind)

    def _choose(self, number: float) -> tuple[_Section, bool]:
        """The section for a number, and whether a minus must be added."""
        sections = self._sections
        if sections[0].condition or (len(sections) > 1 and sections[1].condition):
            for section in sections[:-1]:
                if section.condition and _holds(number, section.condition):
                    return section, True
            return sections[-1], True
        if number < 0 and len(sections) > 1:
            return sections[1], False
        if number == 0 and len(sections) > 2:
            return sections[2], False
        return sections[0], True


def _split(code: str) -> list[str]:
    """The sections of a code: at semicolons that are not quoted or escaped."""
    parts, current, quoted, escaped = [], list[str](), False, False
    for letter in code:
        if letter == ";" and not quoted and not escaped:
            parts.append("".join(current))
            current = []
            continue
        if letter == '"' and not escaped:
            quoted = not quoted
        escaped = letter == "\\" and not escaped and not quoted
        current.append(letter)
    parts.append("".join(current))
    return parts


def _section(code: str) -> _Section:
    tokens, condition, money = [], None, False
    for match in _TOKEN.finditer(code):
        kind, text = str(match.lastgroup), match[match.lastgroup or 0]
        if kind == "bracket":
            lower = text.lower()
            if lower and lower[0] in "hms" and set(lower) == {lower[0]}:
                tokens.append(_Token("elapsed", lower))
            elif text.startswith("$"):
                symbol = text[1:].partition("-")[0]
                money = money or bool(symbol)
                tokens.append(_Token("literal", symbol))
            elif found := _CONDITION.fullmatch(text.strip()):
                condition = (found[1], float(found[2]))
        elif kind == "date":
            tokens.append(_Token("date", text.lower()))
        elif kind == "space":
            tokens.append(_Token("literal", " "))
        elif kind in {"quoted", "escaped", "other"}:
            tokens.append(_Token("literal", text))
        elif kind != "fill":
            tokens.append(_Token(kind, text))
    literals = "".join(token.text for token in tokens if token.kind == "literal")
    money = money or not _SIGNS.isdisjoint(literals) or bool(_CODES.search(literals))
    return _classified(tuple(tokens), condition, money=money)


def _classified(tokens: tuple[_Token, ...], condition: tuple[str, float] | None, *, money: bool) -> _Section:
    kinds = {token.kind for token in tokens}
    if "date" in kinds and "general" not in kinds:
        dates, times, seconds = _date_parts(tokens)
        kind: ColumnType = "datetime" if dates and times else "date" if dates else "time"
        points = any(one.kind == "point" and other.kind == "digit" for one, other in pairwise(tokens))
        elapsed = "elapsed" in kinds
        return _Section(
            tokens=tokens,
            kind="time" if elapsed else kind,
            condition=condition,
            seconds=seconds,
            fraction=points,
            elapsed=elapsed,
        )
    if "elapsed" in kinds:
        seconds = any(token.text[0] == "s" for token in tokens if token.kind == "elapsed")
        return _Section(tokens=tokens, kind="time", condition=condition, seconds=seconds, elapsed=True)
    if "percent" in kinds:
        return _Section(tokens=tokens, kind="percent", condition=condition)
    return _Section(tokens=tokens, kind="currency" if money else None, condition=condition)


def _date_parts(tokens: tuple[_Token, ...]) -> tuple[bool, bool, bool]:
    """Whether there are parts of a date, parts of a time, and seconds. ``m`` is a minute beside h or s."""
    letters = [token.text[0] for token in tokens if token.kind in {"date", "elapsed"}]
    dates = times = False
    for at, letter in enumerate(letters):
        if letter == "m":
            before = letters[at - 1] if at else ""
            after = letters[at + 1] if at + 1 < len(letters) else ""
            letter = "h" if before == "h" or after == "s" else "y"  # noqa: PLW2901
        if letter in "hs":
            times = True
        else:
            dates = True
    return dates, times or any(token.kind == "noon" for token in tokens), "s" in letters


def _holds(number: float, condition: tuple[str, float]) -> bool:
    sign, other = condition
    return {
        "<": number < other,
        ">": number > other,
        "=": number == other,
        "<=": number <= other,
        ">=": number >= other,
        "<>": number != other,
    }[sign]


def _tidy(shown: str) -> str:
    """One space between parts, and one before a percent sign."""
    shown = " ".join(shown.split())
    if shown.endswith("%") and len(shown) > 1 and shown[-2].isdigit():
        return f"{shown[:-1]} %"
    return shown


def _number_text(number: float, section: _Section) -> str | None:
    """A number that is not negative, in the layout of a section; None if it says nothing about it."""
    tokens = section.tokens
    kinds = [token.kind for token in tokens]
    if "general" in kinds or "text" in kinds:
        return "".join(
            general_text(plain_number(number)) if token.kind in {"general", "text"} else token.text
            for token in tokens
        )
    if "digit" not in kinds:
        return "".join(token.text for token in tokens)
    if "slash" in kinds and "power" not in kinds:
        return _fraction_text(number, tokens)
    last = max(at for at, kind in enumerate(kinds) if kind == "digit")
    first = kinds.index("digit")
    power = kinds.index("power") if "power" in kinds else None
    point = kinds.index("point") if "point" in kinds else None
    end = power if power is not None else last + 1
    whole_end = min(point, end) if point is not None else end
    whole = tokens[first:whole_end]
    places = [token.text for token in tokens[whole_end:end] if token.kind == "digit"][:_MOST_PLACES]
    scale = 0
    for token in tokens[last + 1 :]:
        if token.kind != "comma":
            break
        scale += 1
    exact = Decimal(f"{number:.15g}").scaleb(2 * kinds.count("percent") - 3 * scale)
    if power is not None:
        shown = f"{exact:.{len(places)}E}".replace("E+", "E+0" if abs(_exponent(exact)) < 10 else "E+")
        after = tokens[last + 1 :]
    else:
        shown = _digits(exact, whole, places)
        after = tokens[max(last, whole_end - 1) + 1 :]
    before = tokens[:first] if point is None or point > first else tokens[:point]
    outer = (
        "".join(token.text for token in part if token.kind in {"literal", "percent", "slash"})
        for part in (before, after)
    )
    return f"{next(outer)}{shown}{next(outer)}"


def _exponent(number: Decimal) -> int:
    return number.adjusted() if number else 0


def _digits(number: Decimal, whole: tuple[_Token, ...], places: list[str]) -> str:
    """The digits of a number, with separators and the words that stand between them."""
    rounded = number.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP, Context(prec=400))
    left, _, right = f"{rounded:f}".partition(".")
    least = sum(token.text == "0" for token in whole)
    kept = max((at + 1 for at, place in enumerate(places) if place == "0"), default=0)
    right = right[:kept] + right[kept:].rstrip("0")
    left = left.lstrip("0").rjust(least, "0")
    has_words = any(token.kind == "literal" for token in whole)
    grouped = any(token.kind == "comma" for token in whole)
    if grouped and left:
        left = f"{int(left):,}".rjust(len(left), "0") if least <= 1 else _grouped(left)
    elif has_words:
        left = _spread(left, whole)
    return f"{left}.{right}" if right else left


def _grouped(digits: str) -> str:
    head = len(digits) % 3
    groups = [digits[:head]] if head else []
    groups += [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return ",".join(groups)


def _spread(digits: str, whole: tuple[_Token, ...]) -> str:
    """Digits from the right into their places, as in ``000-00-0000``."""
    rest, out = list(digits), list[str]()
    for at in range(len(whole) - 1, -1, -1):
        token = whole[at]
        if token.kind == "literal":
            out.append(token.text)
        elif token.kind == "digit" and rest:
            out.append(rest.pop())
    return "".join(rest) + "".join(reversed(out))


def _fraction_text(number: float, tokens: tuple[_Token, ...]) -> str:
    slash = next(at for at, token in enumerate(tokens) if token.kind == "slash")
    below = [token.text for token in tokens[slash + 1 :] if token.kind in {"digit", "literal"}]
    fixed = "".join(below).strip()
    size = min(sum(token.kind == "digit" for token in tokens[slash + 1 :]), 4)
    exact = Fraction(number)
    if fixed.isdigit() and int(fixed) > 0:
        exact = Fraction(round(exact * int(fixed)), int(fixed))
    else:
        exact = exact.limit_denominator(10 ** max(size, 1) - 1)
    above = "".join(token.text for token in tokens[:slash] if token.kind in {"digit", "literal"})
    if " " not in above.strip():
        return f"{exact.numerator}/{exact.denominator}"
    whole, rest = divmod(exact.numerator, exact.denominator)
    if not rest:
        return str(whole)
    part = f"{rest}/{exact.denominator}"
    return f"{whole} {part}" if whole else part


def _date_text(number: float, section: _Section, *, from_1904: bool) -> str | None:
    """ISO text of a serial number of days; None if there is no such day."""
    if section.elapsed:
        shown = duration_text(number * 86_400)
        return shown[:-3] if not section.seconds and shown.endswith(":00") else shown
    if section.kind == "time":
        return None if number < 0 else _clock(_milliseconds(number % 1, section) % 86_400_000, section)
    if number < (0 if from_1904 else 1):
        return None
    days, millis = int(number), 0 if section.kind == "date" else _milliseconds(number % 1, section)
    if millis >= 86_400_000:
        days, millis = days + 1, 0
    day = _day_text(days, from_1904=from_1904)
    if day is None or section.kind == "date":
        return day
    return f"{day} {_clock(millis, section)}"


def _milliseconds(part: float, section: _Section) -> int:
    return round(part * 86_400_000) if section.fraction else round(part * 86_400) * 1000


def _clock(millis: int, section: _Section) -> str:
    seconds, rest = divmod(millis, 1000)
    shown = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    if section.seconds or seconds % 60:
        shown += f":{seconds % 60:02d}"
    return f"{shown}.{rest:03d}" if section.fraction and rest else shown


def _day_text(days: int, *, from_1904: bool) -> str | None:
    if from_1904:
        first = dt.date(1904, 1, 1)
    elif days == 60:
        return "1900-02-29"
    else:
        # The 1900 system has a 29 February that never was.
        first = dt.date(1899, 12, 30) if days > 60 else dt.date(1899, 12, 31)
    try:
        return (first + dt.timedelta(days=days)).isoformat()
    except OverflowError:
        return None
