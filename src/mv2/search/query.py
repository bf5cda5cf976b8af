"""The query language.

A query is read as plain words unless it *clearly means* the query language:
it holds ``AND``, ``OR`` or ``NOT`` in capitals, or a known field followed at
once by its value (``tag:red``). Then it must be well formed, and QueryError
tells what is wrong and where.

In plain words, all words are looked for first, and any of them when no document
has all; English question and function words do not count. What is well formed
of ``"phrases"``, ``-word``, ``-"phrase"`` and ``word*`` is honoured; every other
punctuation, stray or unbalanced, only separates words. A plain query never
fails. Fields may stand among plain words; they are conditions and never relaxed.

    query   = any ("OR" any)*               AND binds tighter than OR
    any     = one (["AND"] one)*            adjacent means AND
    one     = ("NOT" | "-") one | "(" query ")" | phrase | field | word | word "*"
    field   = ("uri" | "scope" | "title" | "tag" | "label" | "track" | "kind") ":" (word | phrase)
            | "date" ":" (date | "[" date "TO" date "]")

``scope:`` and ``uri:`` with a final ``*`` match the beginning of the uri; field
values match ignoring case, tags and labels as a whole. A date is ``*`` (open),
RFC 3339, ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; the end of a range includes the
whole of its day, month or year.
"""

from __future__ import annotations

from typing import Final

from mv2.errors import QueryError
from mv2.search._lexer import CLEAR, MAX_PARTS, Lexeme, fail, lex, single
from mv2.search._words import content_words, counting_words
from mv2.search.nodes import And, Node, Not, Or, Query, Terms

MAX_DEPTH: Final = 50
MAX_WORDS: Final = 128
MAX_CHARACTERS: Final = 100_000


def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        QueryError: it is empty, too long, or clearly the query language and malformed.
    """
    if not text.strip():
        raise QueryError("the query is empty", query=text, remedy="Give at least one word or field.")
    if len(text) > MAX_CHARACTERS:
        message = f"the query has {len(text):,} characters, more than {MAX_CHARACTERS:,}"
        raise QueryError(message, query=text[:100], remedy="Shorten it.")
    if CLEAR.search(text) is None:
        return _plain(text, lex(text, strict=False))
    lexemes = lex(text, strict=True)
    if any(lexeme.kind in ("and", "or", "not", "(", ")") for lexeme in lexemes):
        return Query(text, _Parser(text, lexemes).parse(), plain=False)
    return _plain(text, lexemes)


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
    terms = _terms(loose)
    every = [*([terms] if terms else []), *parts]
    return Query(text, _joined(And, every), plain=True)


def _terms(chunks: list[str]) -> Terms | None:
    found = tuple(dict.fromkeys(content_words(" ".join(chunks))))
    return Terms(found[:MAX_WORDS]) if found else None


def _joined(kind: type[And] | type[Or], nodes: list[Node]) -> Node | None:
    return kind(tuple(nodes)) if len(nodes) > 1 else nodes[0] if nodes else None


class _Parser:
    """Recursive descent over the lexemes of a query with operators."""

    def __init__(self, text: str, lexemes: list[Lexeme]) -> None:
        self._text = text
        self._lexemes = lexemes
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
        shouting = " ".join(chunks).isupper()
        counting = [chunk for chunk in chunks if counting_words(chunk, shouting)]
        return [single(chunk) for chunk in counting or chunks]

    def _one(self) -> Node | None:
        lexeme = self._peek()
        assert lexeme is not None, "_all looks for the end"
        self._next += 1
        if lexeme.kind in ("not", "minus"):
            return self._negated(lexeme)
        if lexeme.kind != "(":
            return single(lexeme.text) if lexeme.kind in ("word", "bad") else lexeme.node
        self._enter(lexeme)
        node = self._any()
        if self._take(")") is None:
            fail(self._text, lexeme.position, "a parenthesis is not closed", "Close it, or leave it out.")
        self._depth -= 1
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
