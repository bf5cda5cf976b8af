"""Splitting a query into lexemes; what they mean together is `mv2.search.query`'s affair."""

from __future__ import annotations

import re
from typing import Final, Literal, NoReturn

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.errors import QueryError
from mv2.index.lexical import lower, words
from mv2.search._words import typed_words
from mv2.search.dates import Clock, query_range
from mv2.search.nodes import During, Field, Fuzzy, Near, Node, Phrase, Prefix, Terms, Wildcard

MAX_PARTS: Final = 1_000
# No word of the index is longer; a longer pattern is read as a word.
MAX_TYPED: Final = 64

Kind = Literal[
    "word", "phrase", "pattern", "field", "group", "date", "and", "or", "not", "minus", "(", ")", "bad"
]

_FIELDS: Final = "uri|scope|title|tag|label|track|kind"
_QUOTES: Final = '"\u201c\u201d\u201e'
_LEXEME: Final = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<date>date:\[(?P<range>[^\]]*)(?P<closed>\]?)|date:(?P<day>[^\s()\[\]{_QUOTES}]+)
        |date:[{_QUOTES}](?P<said>[^{_QUOTES}]*)(?P<ended>[{_QUOTES}]?))
    | (?P<field>(?:{_FIELDS}):
        (?:(?P<group>(?=\()) |
           [{_QUOTES}](?P<quoted>[^{_QUOTES}]*)(?P<shut>[{_QUOTES}]?)|(?P<value>[^\s(){_QUOTES}]+)))
    | (?P<minus>-(?=[^\W\d_]|[{_QUOTES}(]))
    | (?P<phrase>[{_QUOTES}](?P<inside>[^{_QUOTES}]*)[{_QUOTES}](?:~(?P<gap>\d{{1,3}})(?=[\s()]|$))?)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<quote>[{_QUOTES}])
    | (?P<operator>(?:AND|OR|NOT)(?=[\s()]|$))
    | (?P<prefix>[^\W_]+\*(?=[\s()]|$))
    | (?P<fuzzy>(?P<like>[^\W_]+)~(?P<distance>\d?)(?=[\s()]|$))
    | (?P<wildcard>(?!\?)(?=[^\W_]*(?:\*|\?+[^\W_]))(?:[^\W_]|[*?])+(?=[\s()]|$))
    | (?P<word>[^\s(){_QUOTES}]+)
    """,
    re.VERBOSE,
)
CLEAR: Final = re.compile(rf"(?:^|[\s(-])(?:(?:{_FIELDS}|date):[^\s)]|(?:AND|OR|NOT)(?=[\s()]|$))")
_PATTERNS: Final = ("prefix", "fuzzy", "wildcard")
_END: Final = rf"[{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]|[^\s{_QUOTES}](?:[^{_QUOTES}]*?[^\s{_QUOTES}])?"
_RANGE: Final = late_pattern(rf"\s*({_END})\s+TO\s+({_END})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lexeme:
    kind: Kind
    text: str
    position: int
    node: Node | None = None


def lex(text: str, *, strict: bool, clock: Clock | None = None) -> list[Lexeme]:
    """Lexemes of `text`; with `strict`, malformed ones raise QueryError, else they separate words.

    Date phrases are told against `clock`; None is the present, in the system's zone.
    """
    lexemes: list[Lexeme] = []
    position = 0
    fresh = True
    while position < len(text):
        match = _LEXEME.match(text, position)
        assert match is not None, "every character begins some lexeme"
        name = match.lastgroup and _outer(match)
        if name != "space":
            lexeme = _lexeme(text, match, name or "word", strict=strict, fresh=fresh, clock=clock or Clock())
            lexemes.append(lexeme)
            if len(lexemes) > MAX_PARTS and strict:
                fail(text, position, f"the query has more than {MAX_PARTS:,} parts", "Shorten it.")
            fresh = lexeme.kind in ("(", "minus")
            position = position + 1 if lexeme.kind == "bad" else match.end()
        else:
            fresh = True
            position = match.end()
    return lexemes


def single(chunk: str) -> Node | None:
    """The words typed without a space between them, all of which must occur; punctuation is nothing."""
    found = typed_words(chunk)
    return Terms(found) if found else None


def _outer(match: re.Match[str]) -> str:
    for name in (
        "space",
        "date",
        "field",
        "minus",
        "phrase",
        "open",
        "close",
        "quote",
        "operator",
        *_PATTERNS,
    ):
        if match[name] is not None:
            return name
    return "word"


def _lexeme(text: str, match: re.Match[str], name: str, *, strict: bool, fresh: bool, clock: Clock) -> Lexeme:
    position = match.start()
    if name == "word":
        return Lexeme("word", match[0], position)
    if name in ("open", "close", "quote"):
        if strict and fresh and name == "quote":
            fail(text, position, "a quote is not closed", 'Close it, or leave the " out.')
        if name == "quote":
            return Lexeme("bad", "", position)
        return Lexeme("(" if name == "open" else ")", "", position) if strict else Lexeme("bad", "", position)
    if name == "operator":
        kinds: dict[str, Kind] = {"AND": "and", "OR": "or", "NOT": "not"}
        return Lexeme(kinds[match[0]] if strict else "word", match[0], position)
    # What follows is syntax only at the start of a word: not in co-op, 5"x3", or a:tag:b.
    if not fresh or (not strict and name in ("field", "date")):
        if match[0][0] in _QUOTES:
            return Lexeme("bad", "", position)
        return Lexeme("word", match[0], position)
    if name == "minus":
        return Lexeme("minus", "", position)
    if name == "phrase":
        inside = match["inside"]
        node = Near(inside, int(match["gap"])) if match["gap"] else Phrase(inside)
        return Lexeme("phrase", inside, position, node if words(inside) else None)
    if name in _PATTERNS:
        pattern = _pattern(text, match, name, strict=strict)
        return Lexeme("word" if pattern is None else "pattern", match[0], position, pattern)
    if name == "field" and match["group"] is not None:
        return Lexeme("group", match[0].rstrip(":"), position)
    if name == "field":
        return _field(text, match)
    return _date(text, match, clock)


def _pattern(text: str, match: re.Match[str], name: str, *, strict: bool) -> Node | None:
    """The node of ``word*``, ``word~`` or ``wo*d``; None if the signs are punctuation."""
    typed = match[0]
    if len(typed) > MAX_TYPED:
        return None
    if name == "prefix":
        found = words(typed)
        return Prefix(found[0]) if found == [lower(typed[:-1])] else single(typed)
    if name == "fuzzy":
        distance = int(match["distance"] or 1)
        if distance not in (1, 2) and strict:
            fail(text, match.start("distance"), "a word is at most 2 edits away", "Write word~1 or word~2.")
        return Fuzzy(lower(match["like"]), distance) if distance in (1, 2) else None
    typed = typed.rstrip("?")
    literals = [part for part in re.split(r"[*?]+", typed) if part]
    if "**" in typed or not literals or literals == [typed]:
        return None
    # In plain words, *emphasis*, 2*3 and x*y are none.
    emphasis = typed[0] == typed[-1] == "*"
    letters = max(map(len, literals)) > 1 and not all(part.isdigit() for part in literals)
    return Wildcard(lower(typed)) if strict or (letters and not emphasis) else None


def _field(text: str, match: re.Match[str]) -> Lexeme:
    name = match[0].partition(":")[0]
    if match["quoted"] is not None and not match["shut"]:
        fail(text, match.start("quoted") - 1, "a quote is not closed", 'Close it, or leave the " out.')
    value = match["value"] if match["quoted"] is None else match["quoted"]
    if not value.strip():
        fail(
            text,
            match.start(),
            f"the field {name}: has no value",
            f'Write {name}:value or {name}:"two words".',
        )
    return Lexeme("field", match[0], match.start(), Field(name, value))


def _date(text: str, match: re.Match[str], clock: Clock) -> Lexeme:
    remedy = 'Write date:2024, date:"last week", date:[2024-01 TO 2024-03-15] or date:[2024 TO *].'
    if match["day"] is not None:
        ends = (match["day"], match["day"])
    elif match["said"] is not None:
        if not match["ended"]:
            fail(text, match.start("said") - 1, "a quote is not closed", 'Close it, or leave the " out.')
        ends = (match["said"], match["said"])
    else:
        if not match["closed"]:
            fail(text, match.start(), "the date range is not closed", remedy)
        inside = _RANGE.fullmatch(match["range"])
        if inside is None:
            fail(text, match.start("range"), "the date range is not of the form [A TO B]", remedy)
        ends = (inside[1].strip(_QUOTES), inside[2].strip(_QUOTES))
    try:
        start = None if ends[0] == "*" else query_range(ends[0], clock)[0]
        end = None if ends[1] == "*" else query_range(ends[1], clock)[1]
    except (ValueError, OverflowError) as error:
        fail(text, match.start(), f"the date range does not make sense: {error}", remedy)
    if start is not None and end is not None and start >= end:
        fail(text, match.start(), "the date range ends before it begins", remedy)
    return Lexeme("date", match[0], match.start(), During(start, end))


def fail(text: str, position: int, message: str, remedy: str) -> NoReturn:
    raise QueryError(f"{message} (at character {position})", query=text, position=position, remedy=remedy)
