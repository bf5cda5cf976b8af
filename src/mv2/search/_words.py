"""Words of a question as units, and which of them do not count.

A unit is what a person calls a word: "e-mail", "o'brien", "getUserName", "3.14" and
addresses are one each. How it may stand in a document is `mv2.search._forms`' affair.

Question and function words are left out of a search in plain words, because
asking for "what is the" only finds long documents. A query made of nothing else
searches for them all the same.
"""

from __future__ import annotations

import re
from typing import Final

from mv2._late import late_pattern
from mv2.index.lexical import camel_parts, lower, words

FUNCTION_WORDS: Final = frozenset(
    """
    a about above after again against all also am an and any anyone anything are as at be became because
    been before being below between both but by can could did do does doing done during each either else
    ever every for from further get gets getting give given gives go goes going got had has have having he
    her here hers herself him himself his how however i if in into is it its itself just let like many me
    might mine more most much must my myself neither no nor not of off on once only onto or other our ours
    ourselves out over own please shall she should since so some somebody someone something such tell than
    that the their theirs them themselves then there these they this those though through thus to too
    toward towards under until up upon us very was we were what whatever when where wherever whether which
    while who whom whose why will with within without would yes yet you your yours yourself yourselves
    """.split()  # noqa: SIM905 (a list of words is read as words)
)
_SHORTENED: Final = frozenset(
    """
    aint arent cant couldnt didnt doesnt dont hadnt hasnt havent im isnt ive shouldnt thats theyre wasnt
    werent whats wont wouldnt youre youve
    """.split()  # noqa: SIM905
)
_NEGATED: Final = frozenset(
    """
    ain aren can couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren won
    wouldn
    """.split()  # noqa: SIM905
)
_ENDING: Final = late_pattern("['\u2019\u02bc](?:(s|m|d|ll|re|ve)|(t))$", re.IGNORECASE)
_CHUNK: Final = re.compile(r"\S+")
_ADDRESS: Final = late_pattern(
    r"\w+://\S+|www\.\S+|[^\s@/]+@[^\s@/]+\.[^\s@/]+|/?[\w.~-]+(?:/[\w.~-]+){2,}/?"
)
# What never stands inside a unit; other signs do.
_BETWEEN: Final = late_pattern(
    '[!"#$%&()*+/;<=>?\\[\\\\\\]^`{|}~\u00a1\u00ab\u00b7\u00bb\u00bf\u2012-\u2018\u201a-\u201f\u2026'
    "\u3001-\u3003\u3008-\u3011\u3014-\u301b\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
    "|,(?![0-9]{3})|(?<![0-9:]):(?!:)|(?<!:):(?![0-9:])|--+"
)
_OUTER: Final = "'\u2019\u02bc.,:@-_\u2010\u2011"


def content_words(text: str) -> list[str]:
    """Words of `text` that count, in order; all of them if none counts. Lower case, but for camelCase."""
    shouting = text.isupper()
    counting = [word for chunk in _CHUNK.findall(text) for word in counting_words(chunk, shouting)]
    return with_letters(counting) or words(text)


def counting_words(chunk: str, shouting: bool) -> list[str]:
    """Words that count of `chunk`, which has no white space.

    A function word in capitals counts in a text that is not all capitals
    (`shouting`): "the IT department", "the WHO".
    """
    return [word for unit in units(chunk) if (word := _counting(unit, shouting)) is not None]


def units(chunk: str) -> list[str]:
    """The units of `chunk` as they are typed, without signs at their ends."""
    if chunk.isalnum():
        return [chunk]
    whole = chunk.strip('()[]{}<>"!?;*' + _OUTER)
    parts = [whole] if _ADDRESS.fullmatch(whole) else _BETWEEN.split(chunk)
    return [unit for part in parts if (unit := part.strip(_OUTER))]


def typed_words(chunk: str) -> tuple[str, ...]:
    """All words of `chunk`, whether they count or not, in the case they are looked for."""
    return tuple(_cased(unit) for unit in units(chunk) if words(unit))


def _counting(unit: str, shouting: bool) -> str | None:
    """`unit` as it is looked for; None if it does not count."""
    if unit.isascii() and unit.isalnum():
        return _counting_plain(unit, shouting)
    ending = _ENDING.search(unit)
    if ending is not None:
        unit = unit[: ending.start()]
        if ending[2] and lower(unit) in _NEGATED:
            return None
    found = words(unit)
    if not found or lower(unit) in _SHORTENED:
        return None
    loud = not shouting and len(found) == 1 and len(found[0]) > 1 and unit.isupper()
    return _cased(unit) if loud or not FUNCTION_WORDS.issuperset(found) else None


def _counting_plain(unit: str, shouting: bool) -> str | None:
    """The same for letters and digits of ASCII, which is what most units are."""
    lowered = unit.lower()
    if lowered in FUNCTION_WORDS or lowered in _SHORTENED:
        return lowered if not shouting and len(unit) > 1 and unit.isupper() else None
    return unit if lowered != unit and camel_parts(unit) else lowered


def _cased(unit: str) -> str:
    return unit if camel_parts(unit) else _lowered(unit)


def _lowered(unit: str) -> str:
    """`unit` in lower case, unless that is not the same word to the index any more."""
    return words(unit)[0] if unit.isalnum() and len(words(unit)) == 1 else lower(unit)


def with_letters(found: list[str]) -> list[str]:
    """The same with "e", "mail" as "e-mail", and the like."""
    joined: list[str] = []
    for word in found:
        if joined and (joined[-1] == "e" or (joined[-1], word.rstrip("s")) in _LETTERED) and word.isalpha():
            joined[-1] = f"{joined[-1]}-{word}"
        else:
            joined.append(word)
    return joined


_LETTERED: Final = frozenset({("t", "shirt"), ("x", "ray")})
