"""Words of a question, and which of them do not count.

Question and function words are left out of a search in plain words, because
asking for "what is the" only finds long documents. A query made of nothing else
searches for them all the same.
"""

from __future__ import annotations

import re
from typing import Final

from mv2.index.lexical import words

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
_ENDINGS: Final = frozenset({"s", "t", "m", "d", "ll", "re", "ve"})
_NEGATED: Final = frozenset(
    """
    ain aren can couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren won
    wouldn
    """.split()  # noqa: SIM905
)
_CHUNK: Final = re.compile(r"\S+")
_APOSTROPHE: Final = re.compile("['\u2019\u02bc]")


def content_words(text: str) -> list[str]:
    """Lower-cased words of `text` that count, in order; all of them if none counts."""
    shouting = text.isupper()
    counting = [word for chunk in _CHUNK.findall(text) for word in counting_words(chunk, shouting)]
    return counting or words(text)


def counting_words(chunk: str, shouting: bool) -> list[str]:
    """Lower-cased words that count of `chunk`, which has no white space.

    A function word in capitals counts in a text that is not all capitals
    (`shouting`): "the IT department", "the WHO".
    """
    found = words(chunk)
    if len(found) > 1 and _APOSTROPHE.search(chunk):
        found = _without_endings(chunk)
    if not shouting and len(found) == 1 and len(found[0]) > 1 and chunk.isupper():
        return found
    return [word for word in found if word not in FUNCTION_WORDS]


def _without_endings(chunk: str) -> list[str]:
    """Words of "what's", "don't", "O'Brien's" without the endings that are no words."""
    parts = [words(part) for part in _APOSTROPHE.split(chunk)]
    kept: list[str] = []
    for place, part in enumerate(parts):
        ending = place > 0 and len(part) == 1 and part[0] in _ENDINGS
        negation = (
            place + 1 < len(parts) and parts[place + 1] == ["t"] and len(part) == 1 and part[0] in _NEGATED
        )
        if not ending and not negation:
            kept += part
    return kept
