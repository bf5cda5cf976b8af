"""Whether a sentence has what a kind of question asks for: a date, a number, a name, a place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mv2.ask._kinds import Kind

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE: Final = rf"""
    \b (1[5-9]|20)\d\d \b | \b {_MONTH} \.?\  \d{{1,2}} (st|nd|rd|th)? \b
  | \b \d{{1,2}} (st|nd|rd|th)? (\ of)? \  {_MONTH} \b
  | \b \d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}} \b | \d{{4}}\u5e74 | \d{{1,2}}\u6708
"""
_TIME_WORD: Final = rf"""
    \b (yesterday|today|tonight|tomorrow|ago|recently|weekend|o'clock
       |(last|next|this|past|every|since|in|on|by)\ ((few|couple|two|three)\ )?
        (night|weekend|week|month|year|summer|winter|spring|autumn|fall|morning|evening|{_MONTH}
        |mon|tues|wednes|thurs|fri|satur|sun)(day)?s?) \b
"""
_NUMBER: Final = r"""
    \d | \b (one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty
            |hundred|thousand|million|dozen|once|twice|both|couple|several|half|single|none) \b
"""
_SOMEBODY: Final = (
    r"(?-i: (?<![.!?]\ )(?<!^)\b[A-Z][\w'\u2019-]+ | \b[A-Z][a-z]+\ [A-Z][a-z]+ | \b(my|our)\ \w+ )"
)
_PLACE: Final = r"""
    \b (in|at|from|to|near|on|inside|outside|under|behind|through|around|across|into)
    \ ((the|a|an|my|our|his|her|their)\ )? \w+ | \b (here|there) \b
"""
_REASON: Final = r"\b (because|since|so\ that|in\ order|due|therefore|reason|cause|that's\ why|to\ \w+) \b"


def _compiled(*rules: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule, re.IGNORECASE | re.VERBOSE) for rule in rules)


_FITTING: Final[Mapping[Kind, tuple[re.Pattern[str], ...]]] = {
    "when": _compiled(_DATE, _TIME_WORD),
    "count": _compiled(_NUMBER),
    "amount": _compiled(_NUMBER),
    "who": _compiled(_SOMEBODY),
    "where": _compiled(_PLACE),
    "why": _compiled(_REASON),
}


def has_date(sentence: str) -> bool:
    """Whether a sentence names a day, a month or a year."""
    return _FITTING["when"][0].search(sentence) is not None


def fit(kind: Kind, sentence: str) -> float:
    """1 when the sentence has what the question asks for, less for second best, 0 for neither."""
    for place, rule in enumerate(_FITTING.get(kind, ())):
        if rule.search(sentence):
            return 1.0 / (1 + place)
    return 0.0
