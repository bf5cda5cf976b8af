"""Sentences of a text, each as a range of characters.

A sentence ends at ``.``, ``!`` or ``?`` before white space, at the marks of Chinese and
Japanese, which need no space, and at a line break before a new item, a chat line
("Name: text"), an empty line or a capital. Abbreviations ("Dr."), initials ("J. K."),
decimals ("3.5") and list numbers ("1.") do not end one.
"""

from __future__ import annotations

import re
from typing import Final

Span = tuple[int, int]

MAX_SENTENCE: Final = 600
_ABBREVIATIONS: Final = frozenset(
    """
    adj adm al apr approx apt art asst aug ave bldg blvd brig bros ca capt cf ch cmdr co col comdr corp cpl
    dec dept dr e.g ed eds eg est etc ex exec ext feb fig figs fri gen gov hon hr hrs i.e ie inc jan jr jul
    jun lb lbs lt ltd maj mar max messrs min misc mon mr mrs ms mt no nos nov oct op p pg ph.d pl pp prof
    pt pvt qty ref rep rev sat sec sen sep sept sgt sr st str sun supt tel thu thur thurs tue tues univ v
    viz vol vols vs wed
    """.split()  # noqa: SIM905 (a list of words is read as words)
)
_END: Final = re.compile(
    r"""
    [.!?\u2026]+ ["'\u201d\u2019)\]]* (?=\s|$)      # a full stop and what closes behind it
    | [\u3002\uff01\uff1f\uff61]+ ["'\u201d\u2019\u300d\u300f)\uff09\]]*   # marks that need no space
    | \n                                              # a line break, perhaps
    """,
    re.VERBOSE,
)
_LAST_WORD: Final = re.compile(r"(?:^|[\s(\[\"'\u201c\u2018])((?:\w+\.)*\w+)$")
_CLOSING: Final = "\"'\u201d\u2019)]"
# What a new sentence may begin with on a new line.
_NEW_ITEM: Final = re.compile(r"[ \t]*(?:\n|[-*\u2022#>|]|\d{1,3}[.)]|[A-Z\u201c\"'(\[]|[^\x00-\u2000])")
_CHAT: Final = re.compile(
    r"(?:\[[^\]\n]{1,60}\]\s*)?(?P<name>[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){0,3}):(?=\s)"
)


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """(start, end) of every sentence of ``text[start:end]``, in order, without white space around it.

    No two overlap, none is empty, and everything that is not white space is in one. One
    longer than 600 characters is cut between words.
    """
    end = len(text) if end is None else min(end, len(text))
    found: list[Span] = []
    begin, first = start, _past_space(text, start, end)
    for mark in _END.finditer(text, start, end):
        if mark.start() < first or not _ends(text, begin, mark, end):
            continue
        _add(found, text, begin, mark.end())
        begin, first = mark.end(), _past_space(text, mark.end(), end)
    _add(found, text, begin, end)
    return found


def speaker(text: str) -> str | None:
    """The name a chat line begins with ("Ann: yes"), behind a date in brackets if there is one."""
    match = _CHAT.match(text)
    return match["name"] if match else None


def speech_start(text: str) -> int:
    """Where the words of a chat line begin: behind its date and name; 0 for other text."""
    match = _CHAT.match(text)
    return (
        0 if match is None else match.end() + (len(text[match.end() :]) - len(text[match.end() :].lstrip()))
    )


def _past_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _ends(text: str, begin: int, mark: re.Match[str], end: int) -> bool:
    first = mark[0][0]
    if first == "\n":
        return _breaks(text, mark.end(), end)
    if first != "." or mark[0].startswith(".."):
        # "Stop!" he said. Wait… what?
        open_ended = first in ".\u2026" or mark[0][-1] in _CLOSING
        return not (open_ended and _goes_on(text, mark.end(), end))
    word = _LAST_WORD.search(text, max(begin, mark.start() - 20), mark.start())
    if word is not None and _is_short(word[1], text, begin, word.start(1)):
        return False
    return not _goes_on(text, mark.end(), end)


def _is_short(word: str, text: str, begin: int, at: int) -> bool:
    """Whether a word with a full stop is an abbreviation, an initial or a list number."""
    if word.lower() in _ABBREVIATIONS:
        return True
    if len(word) == 1 and word.isupper() and word != "I":
        return True
    return word.isdigit() and len(word) < 4 and not text[begin:at].strip()


def _goes_on(text: str, at: int, end: int) -> bool:
    """Whether a small letter follows."""
    while at < end and text[at].isspace():
        at += 1
    return at < end and text[at].islower()


def _breaks(text: str, after: int, end: int) -> bool:
    """Whether a line break ends a sentence; a line that was only wrapped does not."""
    return _NEW_ITEM.match(text, after, end) is not None or _CHAT.match(text, after, end) is not None


def _add(found: list[Span], text: str, begin: int, end: int) -> None:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    while end - begin > MAX_SENTENCE:
        cut = text.rfind(" ", begin + MAX_SENTENCE // 2, begin + MAX_SENTENCE)
        cut = cut if cut > 0 else begin + MAX_SENTENCE
        found.append((begin, cut))
        begin = cut
        while begin < end and text[begin].isspace():
            begin += 1
    if begin < end:
        found.append((begin, end))
