"""dateparser, if it is installed, for what the grammar does not know."""

from __future__ import annotations

import datetime as dt
import importlib.util
import warnings
from typing import Final

from mv2.search.dates import _words as w
from mv2.search.dates._phrases import Phrase
from mv2.search.dates._tokens import tokens
from mv2.search.dates._units import span_of
from mv2.search.dates._zone import Zone

_OWN: Final = frozenset(
    (
        *w.GATE,
        *w.SMALL,
        *w.TENS,
        *w.ORDINALS,
        *w.LAST,
        *w.NEXT,
        *w.THIS,
        *w.FILLERS,
        *("and", "after", "ago", "before", "between", "from", "since", "until", "hundred", "thousand"),
    )
)
_PERIODS: Final = {"day": "day", "week": "week", "month": "month", "year": "year", "time": "minute"}


def installed() -> bool:
    """Dateparser can be imported."""
    return importlib.util.find_spec("dateparser") is not None


def _foreign(text: str) -> bool:
    """It has words the grammar does not have; what is made of its own words alone was refused on purpose."""
    return any(
        word.isalpha() and word not in _OWN and (len(word) > 2 or not word.isascii())
        for word in (token.text for token in tokens(text))
    )


def guessed(text: str, now: dt.datetime, zone: Zone) -> Phrase | None:
    """The period that dateparser sees in the whole text: the minute, day, month or year."""
    if not installed() or not _foreign(text):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dateparser.date  # type: ignore[import-not-found, import-untyped, unused-ignore]

        settings = {"RELATIVE_BASE": now, "RETURN_TIME_AS_PERIOD": True, "PREFER_DATES_FROM": "future"}
        try:
            data = dateparser.date.DateDataParser(settings=settings).get_date_data(text)
        except (ValueError, OverflowError, TypeError, AttributeError, LookupError):
            return None
    moment = data.date_obj
    if moment is None:
        return None
    if moment.tzinfo is not None:
        moment = zone.local(moment)
    span = span_of(moment, _PERIODS.get(data.period, "day"))
    return Phrase(span.start, span.end, span.grain)
