"""Date phrases inside a sentence: only what is surely meant as a date."""

from __future__ import annotations

import re
from typing import Final

from mv2.search.dates import Clock, DateRange
from mv2.search.dates import _words as w
from mv2.search.dates._parse import Lean, Parse
from mv2.search.dates._phrases import Phrase, phrase
from mv2.search.dates._resolve import in_utc, local_now
from mv2.search.dates._tokens import Token, tokens
from mv2.search.dates._units import RANK

_FARTHEST: Final = 2_000
_LONGEST: Final = 18
_MOST_TRIES: Final = 150

# With one of these before it, the name of a month, a season or a year is a date.
_BEFORE_NAMES: Final = frozenset(
    ("in", "during", "since", "until", "till", "by", "from", "of", "before", "after", "around", "for")
)
_BEFORE_DAYS: Final = frozenset(("on", "since", "until", "till", "by", "from", "before", "after"))
_OPENERS: Final = frozenset(
    ("since", "before", "after", "until", "till", "by", "between", "from", "within", "in", "at", "up")
)
_VAGUE: Final = frozenset(("second", "minute", "moment"))
_PAST: Final = re.compile(
    r"\b(?:did|was|were|had|has|have|been|went|said|told|met|saw|bought|made|got|came|took|gave|wrote|sent|ate|held|left|"
    r"found|knew|thought|felt|began|ran|spent|read|happened|last|ago|(?!need|indeed|speed|exceed|proceed|succeed|hundred)"
    r"[^\W\d_]{3,}ed)\b",
    re.IGNORECASE,
)
_FUTURE: Final = re.compile(
    r"(?:\b(?:will|shall|gonna|upcoming|next|tomorrow|plans?|planned|planning|due)\b|\bgoing to\b|['’]ll\b)",
    re.IGNORECASE,
)


def found(text: str, clock: Clock) -> list[tuple[int, int, DateRange]]:
    """As `mv2.search.dates.find_ranges`."""
    now, zone = local_now(clock)
    every = tokens(text[:_FARTHEST])
    lean = tense(text)
    ranges: list[tuple[int, int, DateRange]] = []
    place = tries = 0
    while place < len(every) and tries < _MOST_TRIES:
        if not _begins(every, place):
            place += 1
            continue
        tries += 1
        window = every[max(0, place - 1) : place + _LONGEST]
        at = min(place, 1)
        parse = Parse(text, window, now, zone, lean, whole_days=True)
        length = 0
        for reading, end in sorted(phrase(parse, at), key=lambda one: -one[1]):
            if not _meant(parse, at, end, reading):
                continue
            start, stop = window[at].start, window[end - 1].end
            named = in_utc(reading, zone, text[start:stop])
            if named is not None:
                ranges.append((start, stop, named))
                length = end - at
                break
        place += length or 1
    return ranges


def tense(text: str) -> Lean:
    """Whether a bare "Friday" in this sentence is the latest or the coming one."""
    return "past" if _PAST.search(text[:_FARTHEST]) and not _FUTURE.search(text[:_FARTHEST]) else "coming"


def _begins(every: list[Token], place: int) -> bool:
    """A phrase may begin here: not in the middle of a word, a number, a path."""
    token = every[place]
    if token.glued and place and every[place - 1].text not in ("(", "[", '"', "'", "“", "‘", "—", "¿", "*"):
        return False
    return token.number or token.text in _OPENERS or token.text in _STARTS or token.text in w.GATE


_STARTS: Final = frozenset(
    (
        *w.LAST,
        *w.NEXT,
        *w.THIS,
        *w.SMALL,
        *w.TENS,
        *w.ORDINALS,
        *w.TENTHS,
        *w.DECADES,
        *(
            "the",
            "a",
            "an",
            "early",
            "mid",
            "late",
            "end",
            "beginning",
            "start",
            "middle",
            "first",
            "half",
            "few",
        ),
        *(
            "couple",
            "good",
            "black",
            "palm",
            "ash",
            "maundy",
            "st",
            "saint",
            "new",
            "mothers",
            "fathers",
            "memorial",
        ),
        *(
            "labor",
            "independence",
            "valentines",
            "boxing",
            "mlk",
            "earth",
            "april",
            "cyber",
            "presidents",
            "q",
            "year",
        ),
        *(
            "veterans",
            "columbus",
            "martin",
            "orthodox",
            "jewish",
            "chinese",
            "lunar",
            "islamic",
            "yom",
            "rosh",
        ),
    )
)


def _meant(parse: Parse, at: int, end: int, reading: Phrase) -> bool:
    """It is a date, and not a number, a name or a figure of speech."""
    words = [token.text for token in parse.tokens[at:end]]
    if RANK[reading.grain] <= RANK["minute"] and not any(token.number for token in parse.tokens[at:end]):
        return len(words) > 2 and not _VAGUE & {word.rstrip("s") for word in words}
    if end < len(parse.tokens) and parse.tokens[end].glued:
        # "2024-03-05.pdf", "Monday's", "Friday-ish": what follows must not belong to it.
        if parse.tokens[end].text not in (
            ".",
            ",",
            "?",
            "!",
            ";",
            ":",
            ")",
            "]",
            '"',
            "'",
            "”",
            "’",
            "…",
            "*",
        ):
            return False
        if end + 1 < len(parse.tokens) and parse.tokens[end + 1].glued:
            after = parse.tokens[end + 1]
            if after.number or after.text[:1].isalpha():
                return False
    if at and parse.word(at - 1) in ("every", "each", "any"):
        return False
    if reading.sure:
        return True
    return _led(parse, at, end, words)


def _led(parse: Parse, at: int, end: int, words: list[str]) -> bool:
    """A doubtful name, made sure by the word before it."""
    before = words[0] if words[0] in _BEFORE_NAMES | _BEFORE_DAYS else parse.word(at - 1) if at else ""
    name = [word for word in words if word not in (*_OPENERS, "the", "of", "on")]
    if not name:
        return False
    single = name[0]
    if single in w.MONTHS or single in w.SEASONS:
        if end < len(parse.tokens) and single in w.SEASONS and not _stops(parse, end):
            return False
        return (
            len(name) == 1 and before in _BEFORE_NAMES and (before != "for" or single not in ("may", "march"))
        )
    if single in w.WEEKDAYS:
        return len(name) == 1 and before in _BEFORE_DAYS and "the" not in words
    if single.isdigit() and len(single) == 4 and len(name) == 1:
        return before in _BEFORE_NAMES and 1800 <= int(single) < 2200
    if single.isdigit() and len(name) == 2 and name[1] in ("st", "nd", "rd", "th"):
        return before in _BEFORE_DAYS and "the" in [*words, parse.word(at - 1)]
    return False


def _stops(parse: Parse, place: int) -> bool:
    """No noun follows that the season would belong to ("in spring water")."""
    after = parse.word(place)
    return not after[:1].isalpha() or after in _FOLLOW


_FOLLOW: Final = frozenset(
    [
        "i",
        "you",
        "he",
        "she",
        "it",
        "we",
        "they",
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "with",
        "for",
        "at",
        "on",
        "of",
        "in",
        "to",
        "did",
        "do",
        "does",
        "was",
        "were",
        "is",
        "are",
        "what",
        "when",
        "where",
        "who",
    ]
)
