"""The query language.

A query is read as plain words unless it *clearly means* the query language:
it holds ``AND``, ``OR`` or ``NOT`` in capitals, or a known field followed at
once by its value (``tag:red``). Then it must be well formed, and QueryError
tells what is wrong and where.

In plain words, all words are looked for first, and any of them when no document
has all; English question and function words do not count. What is well formed
of ``"phrases"``, ``-word``, ``-"phrase"`` and the patterns below is honoured; every
other punctuation, stray or unbalanced, only separates words. A plain query never
fails. Fields may stand among plain words; they are conditions and never relaxed.

    query   = any ("OR" any)*               AND binds tighter than OR
    any     = one (["AND"] one)*            adjacent means AND
    one     = ("NOT" | "-") one | "(" query ")" | phrase | field | word | pattern
    phrase  = quoted words, as they follow each other, or with "~3" behind:
              in any order with at most 3 other words between the first and the last
    pattern = word "*" | a word with "*" (any letters) or "?" (one letter) in it
            | word "~" | word "~2"          at most 1 or 2 letters different
    field   = ("uri" | "scope" | "title" | "tag" | "label" | "track" | "kind") ":"
              (word | quoted words | "(" query of words ")")
            | "date" ":" (date | quoted date | "[" date "TO" date "]")

Operators in lower case count where the query has others in capitals or begins
with a parenthesis, and stand between operands; "tea or coffee", nothing but words
with ``or`` between them, means any of the words.

``scope:`` and ``uri:`` with a final ``*`` match the beginning of the uri; field
values match ignoring case, tags and labels as a whole. A date is ``*`` (open),
RFC 3339, ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` in UTC, or a phrase such as "last
week" (`mv2.search.dates`) in the zone of the clock; the end of a range includes the
whole of its day, month or year.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mv2.errors import QueryError
from mv2.index.lexical import words
from mv2.search._lexer import CLEAR, MAX_PARTS, Lexeme, fail, lex, single
from mv2.search._words import counting_words, with_letters
from mv2.search.nodes import And, Field, Node, Not, Or, Phrase, Query, Terms, ranks

if TYPE_CHECKING:
    from mv2.search._lexer import Kind
    from mv2.search.dates import Clock

MAX_DEPTH: Final = 50
MAX_WORDS: Final = 128
MAX_CHARACTERS: Final = 100_000
_OPERATORS: Final[dict[str, Kind]] = {"and": "and", "or": "or", "not": "not"}
# A parenthesis at the very start that holds an operator is no remark.
_GROUPED: Final = re.compile(r"\s*\((?=[^()]*\S\s+(?:and|or|not)\s+\S)[^()]*\)")


def parse(text: str, *, clock: Clock | None = None) -> Query:
    """Parse a query; its date phrases are told against `clock` (None: now, in the system's zone).

    Raises:
        QueryError: it is empty, too long, or clearly the query language and malformed.
    """
    if not text.strip():
        raise QueryError("the query is empty", query=text, remedy="Give at least one word or field.")
    if len(text) > MAX_CHARACTERS:
        message = f"the query has {len(text):,} characters, more than {MAX_CHARACTERS:,}"
        raise QueryError(message, query=text[:100], remedy="Shorten it.")
    if (alternatives := _alternatives(text)) is not None:
        return Query(text, alternatives, plain=True, words=text)
    grouped = _GROUPED.match(text) is not None
    if CLEAR.search(text) is None and not grouped:
        return _plain(text, lex(text, strict=False))
    lexemes = lex(text, strict=True, clock=clock)
    if any(lexeme.kind in ("and", "or", "not") for lexeme in lexemes) or grouped:
        lexemes = _with_lower_case_operators(lexemes)
    if any(lexeme.kind in ("and", "or", "not", "(", ")") for lexeme in lexemes):
        return Query(text, _Parser(text, lexemes).parse(), plain=False)
    return _plain(text, lexemes)


def _alternatives(text: str) -> Terms | None:
    """The words of "one or another", if the text is nothing else."""
    chunks = text.split()
    if len(chunks) < 3 or set(chunks[1::2]) != {"or"} or not len(chunks) % 2:
        return None
    found = [counting_words(chunk, shouting=False) for chunk in chunks[::2] if chunk.isalnum()]
    if len(found) <= len(chunks) // 2 or any(len(each) != 1 for each in found):
        return None
    return Terms(tuple(dict.fromkeys(word for each in found for word in each))[:MAX_WORDS], any=True)


def _with_lower_case_operators(lexemes: list[Lexeme]) -> list[Lexeme]:
    """The same with "and", "or" and "not" as operators where they stand as such."""
    changed = list(lexemes)
    for place, lexeme in enumerate(lexemes):
        if lexeme.kind != "word" or lexeme.text not in _OPERATORS:
            continue
        kind = _OPERATORS[lexeme.text]
        before = changed[place - 1].kind if place else None
        after = lexemes[place + 1] if place + 1 < len(lexemes) else None
        opens = after is not None and after.kind not in (*_OPERATORS.values(), ")", "bad")
        opens = opens and not (after is not None and after.kind == "word" and after.text in _OPERATORS)
        behind = before not in (None, "(", "minus", *_OPERATORS.values())
        if opens and (behind if kind != "not" else before not in ("not", "minus")):
            changed[place] = replace(lexeme, kind=kind)
    return changed


def _plain(text: str, lexemes: list[Lexeme]) -> Query:
    """Words to be found all or any, and the conditions that stand among them."""
    loose: list[str] = []
    parts: list[Node] = []
    negate = False
    for lexeme in lexemes:
        if lexeme.kind == "minus":
            negate = True
            continue
        node = lexeme.node
        if lexeme.kind == "word" and negate:
            node = single(lexeme.text)
        if node is not None and len(parts) < MAX_PARTS:
            parts.append(Not(node) if negate else node)
        elif lexeme.kind == "word" and not negate:
            loose.append(lexeme.text)
        negate = False
    terms, sentence = _terms(loose, needed=not any(map(ranks, parts)))
    every = [*([terms] if terms else []), *dict.fromkeys(parts)]
    return Query(text, _joined(And, every), plain=True, words=" ".join(loose), sentence=sentence)


def _terms(chunks: list[str], *, needed: bool) -> tuple[Terms | None, bool]:
    """What counts of the words, all of them if nothing does but they are `needed`; whether some do not."""
    shouting = " ".join(chunks).isupper()
    counting = [counting_words(chunk, shouting) for chunk in chunks]
    found = with_letters([word for each in counting for word in each])
    sentence = bool(found) and not all(counting)
    if not found and needed:
        found = words(" ".join(chunks))
    return (Terms(tuple(dict.fromkeys(found))[:MAX_WORDS]) if found else None), sentence


def _joined(kind: type[And] | type[Or], nodes: list[Node]) -> Node | None:
    return kind(tuple(nodes)) if len(nodes) > 1 else nodes[0] if nodes else None


class _Parser:
    """Recursive descent over the lexemes of a query with operators."""

    def __init__(self, text: str, lexemes: list[Lexeme]) -> None:
        self._text = text
        self._lexemes = lexemes
        self._field: str | None = None
        self._next = 0
        self._depth = 0

    def parse(self) -> Node | None:
        node = self._any()
        if (lexeme := self._peek()) is not None:
            fail(self._text, lexeme.position, "a parenthesis is closed that was not opened", "Leave it out.")
        return node

    def _peek(self) -> Lexeme | None:
        return self._lexemes[self._next] if self._next < len(self._lexemes) else None

    def _take(self, kind: str) -> Lexeme | None:
        lexeme = self._peek()
        if lexeme is None or lexeme.kind != kind:
            return None
        self._next += 1
        return lexeme

    def _any(self) -> Node | None:
        nodes = [self._all()]
        while self._take("or"):
            nodes.append(self._all())
        return _joined(Or, [node for node in nodes if node is not None])

    def _all(self) -> Node | None:
        """Operands up to OR or the end; neighbours are taken as if AND stood between them."""
        nodes: list[Node | None] = []
        first = True
        while True:
            explicit = self._take("and") if not first else None
            lexeme = self._peek()
            ends = lexeme is None or lexeme.kind in ("or", ")", "and")
            if ends and (first or explicit):
                self._missing(explicit)
            if ends:
                return _joined(And, [node for node in nodes if node is not None])
            nodes += self._run() if lexeme is not None and lexeme.kind in ("word", "bad") else [self._one()]
            first = False

    def _missing(self, operator: Lexeme | None) -> None:
        lexeme = self._peek()
        if operator is None and lexeme is None and self._next:
            operator = self._lexemes[self._next - 1]
        found = operator or lexeme
        position = found.position if found else len(self._text)
        what = {"(": "the parentheses are empty", ")": "the parentheses are empty"}.get(
            found.kind if found else "", f"{found.text if found else 'an operator'} has nothing to work on"
        )
        fail(
            self._text, position, what, "Put a word on each side, or write it in lower case to search for it."
        )

    def _run(self) -> list[Node | None]:
        """Words side by side: function words among them do not count."""
        chunks: list[str] = []
        while (lexeme := self._peek()) is not None and lexeme.kind in ("word", "bad"):
            chunks.append(lexeme.text)
            self._next += 1
        if self._field is not None:
            return [Field(self._field, chunk) for chunk in chunks if chunk]
        shouting = " ".join(chunks).isupper()
        counting = [chunk for chunk in chunks if counting_words(chunk, shouting)]
        return [single(chunk) for chunk in counting or chunks]

    def _one(self) -> Node | None:
        lexeme = self._peek()
        assert lexeme is not None, "_all looks for the end"
        self._next += 1
        if lexeme.kind in ("not", "minus"):
            return self._negated(lexeme)
        if lexeme.kind == "group":
            return self._group(lexeme)
        if lexeme.kind != "(":
            return self._operand(lexeme)
        self._enter(lexeme)
        node = self._any()
        if self._take(")") is None:
            fail(self._text, lexeme.position, "a parenthesis is not closed", "Close it, or leave it out.")
        self._depth -= 1
        return node

    def _operand(self, lexeme: Lexeme) -> Node | None:
        word = lexeme.kind in ("word", "bad")
        if self._field is None:
            return single(lexeme.text) if word else lexeme.node
        if word or isinstance(lexeme.node, Phrase):
            return Field(self._field, lexeme.text) if lexeme.text.strip() else None
        what = f"{lexeme.text} cannot stand in the parentheses of {self._field}:"
        return fail(self._text, lexeme.position, what, 'Write words and "quoted words" there.')

    def _group(self, lexeme: Lexeme) -> Node | None:
        if self._field is not None:
            fail(
                self._text,
                lexeme.position,
                "a field stands inside a field",
                "Take it out of the parentheses.",
            )
        self._field = lexeme.text
        node = self._one()
        self._field = None
        return node

    def _negated(self, operator: Lexeme) -> Node | None:
        following = self._peek()
        if following is None or following.kind in ("and", "or", ")"):
            self._missing(operator)
        self._enter(operator)
        node = self._one()
        self._depth -= 1
        return None if node is None else Not(node)

    def _enter(self, lexeme: Lexeme) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            fail(
                self._text, lexeme.position, f"the query is nested more than {MAX_DEPTH} deep", "Simplify it."
            )
