"""The query language: what is plain, what is meant as operators, what is refused."""

from __future__ import annotations

import contextlib

import pytest

from mv2.errors import QueryError
from mv2.search.dates import period
from mv2.search.nodes import (
    And,
    During,
    Field,
    Fuzzy,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Terms,
    Wildcard,
)
from mv2.search.query import MAX_CHARACTERS, MAX_WORDS, parse


def terms(*words: str) -> Terms:
    return Terms(words)


PLAIN: list[tuple[str, Node | None]] = [
    ("apple", terms("apple")),
    ("apple pie", terms("apple", "pie")),
    ("Apple apple APPLE", terms("apple")),
    ("what is the capital of France?", terms("capital", "france")),
    ("cats and dogs", terms("cats", "dogs")),
    ("to be or not to be", terms("to", "be", "or", "not")),
    ("the who", terms("the", "who")),
    ("the IT department", terms("it", "department")),
    ("WHAT IS THE TIME", terms("time")),
    ("what's the matter", terms("matter")),
    ("I don't know what you've eaten", terms("know", "eaten")),
    ("we can’t sleep", terms("sleep")),
    ("O'Brien's dog", terms("o'brien", "dog")),
    ("don't", terms("don", "t")),
    ("state-of-the-art", terms("state-of-the-art")),
    ("the up-to-date e mail", terms("up-to-date", "e-mail")),
    ("T shirts, x ray and plan x budget", terms("t-shirts", "x-ray", "plan", "x", "budget")),
    ("see http://x.y/z?a=b&c, please", terms("see", "http://x.y/z?a=b&c")),
    ("ann@example.com's phone", terms("ann@example.com", "phone")),
    ("src/mv2/index.py and/or black/white", terms("src/mv2/index.py", "black", "white")),
    ("getUserName in get_user_name()", terms("getUserName", "get_user_name")),
    ("std::vector at 12:30: 1,000,000,x", terms("std::vector", "12:30", "1,000,000", "x")),
    ("dont think isnt", terms("think")),
    ("tea or coffee", Terms(("tea", "coffee"), any=True)),
    ("tea or coffee or milk", Terms(("tea", "coffee", "milk"), any=True)),
    ("tea or hot coffee", terms("tea", "hot", "coffee")),
    ("or or or", terms("or")),
    ("fruit (apples or pears) today", terms("fruit", "apples", "pears", "today")),
    ("foo:bar", terms("foo", "bar")),
    ("title: The Hobbit", terms("title", "hobbit")),
    ("tag:", terms("tag")),
    ("what time is it: now", terms("time", "now")),
    ('unbalanced "quote', terms("unbalanced", "quote")),
    ('5" pipe and 3" pipe', terms("5", "pipe", "3")),
    ("foo (bar", terms("foo", "bar")),
    (":-) smile", terms("smile")),
    ("a) first b) second", terms("first", "b", "second")),
    ("at -5 degrees", terms("5", "degrees")),
    ("rm --force", terms("rm", "force")),
    ("*pple", Wildcard("*pple")),
    ("wo*d Ban?na", And((Wildcard("wo*d"), Wildcard("ban?na")))),
    ("what is a wo?d?", Wildcard("wo?d")),
    ("2*3 x*y 12?30", terms("2", "3", "x", "y", "12", "30")),
    ("machne~ learning", And((terms("learning"), Fuzzy("machne", 1)))),
    ("Databsae~2", Fuzzy("databsae", 2)),
    ("about ~5 or x~9", terms("5", "x", "9")),
    ('"New York"~3 food', And((terms("food"), Near("New York", 3)))),
    ("-wo*d apple", And((terms("apple"), Not(Wildcard("wo*d"))))),
    ("tag:red tag:blue", And((Field("tag", "red"), Field("tag", "blue")))),
    ("**kwargs*x", terms("kwargs", "x")),
    ("*emphasis* today", terms("emphasis", "today")),
    ("AND?", terms("and")),
    ("R&D", terms("r", "d")),
    ("🎉", None),
    ("???", None),
    ("()", None),
    ('""', None),
    ("naïve Übung", terms("naïve", "übung")),
    ("東京", terms("東京")),
    ('"machine learning" used', And((terms("used"), Phrase("machine learning")))),
    ("“smart quotes”", Phrase("smart quotes")),
    ('"salt AND pepper"', Phrase("salt AND pepper")),
    ("apple -pie", And((terms("apple"), Not(terms("pie"))))),
    ('apple -"hot pie"', And((terms("apple"), Not(Phrase("hot pie"))))),
    ("-pie", Not(terms("pie"))),
    ("app*", Prefix("app")),
    ("App* pie", And((terms("pie"), Prefix("app")))),
    ("tag:red apple", And((terms("apple"), Field("tag", "red")))),
    ('tag:"two words"', Field("tag", "two words")),
    ("-tag:red apple", And((terms("apple"), Not(Field("tag", "red"))))),
    ("title:foo:bar", Field("title", "foo:bar")),
    ("uri:mv2://docs/a?b=c", Field("uri", "mv2://docs/a?b=c")),
    ("scope:mv2://docs/", Field("scope", "mv2://docs/")),
    ("kind:note", Field("kind", "note")),
    ("date:2023", During(1672531200, 1704067200)),
    ("date:[2023-11-14 TO 2023-11]", During(1699920000, 1701388800)),
    ("date:[* TO 2023-11-14T10:00:00Z]", During(None, 1699956001)),
    ("date:[2023-11-14T10:00:00+02:00 to *]", During(1699948800, None)),
    ("date:[* TO *]", During(None, None)),
]

OPERATORS: list[tuple[str, Node | None]] = [
    ("cats AND dogs", And((terms("cats"), terms("dogs")))),
    ("cats OR dogs mice", Or((terms("cats"), And((terms("dogs"), terms("mice")))))),
    ("(cats OR dogs) mice", And((Or((terms("cats"), terms("dogs"))), terms("mice")))),
    ("NOT cats", Not(terms("cats"))),
    ("NOT NOT cats", Not(Not(terms("cats")))),
    ("cats AND NOT (dogs OR tag:x)", And((terms("cats"), Not(Or((terms("dogs"), Field("tag", "x"))))))),
    ("cats -dogs OR mice", Or((And((terms("cats"), Not(terms("dogs")))), terms("mice")))),
    ("the cats OR of", Or((terms("cats"), terms("of")))),
    ("state-of-the-art OR pie", Or((terms("state-of-the-art"), terms("pie")))),
    ("e-mail/fax OR pie", Or((terms("e-mail", "fax"), terms("pie")))),
    ("rock and roll OR jazz", Or((And((terms("rock"), terms("roll"))), terms("jazz")))),
    ("(apple or banana) machine", And((Or((terms("apple"), terms("banana"))), terms("machine")))),
    ("( apple and not banana )", And((terms("apple"), Not(terms("banana"))))),
    ("cats AND or", And((terms("cats"), terms("or")))),
    ("NOT and cats", And((Not(terms("and")), terms("cats")))),
    ('tag:(red OR "deep blue") x', And((Or((Field("tag", "red"), Field("tag", "deep blue"))), terms("x")))),
    ("label:(a b) -tag:(c)", And((And((Field("label", "a"), Field("label", "b"))), Not(Field("tag", "c"))))),
    ("*x* OR c?t", Or((Wildcard("*x*"), Wildcard("c?t")))),
    ('"a b" OR run*', Or((Phrase("a b"), Prefix("run")))),
    ("((cats AND dogs))", And((terms("cats"), terms("dogs")))),
    ("(tag:a tag:b) cats", And((And((Field("tag", "a"), Field("tag", "b"))), terms("cats")))),
    ("cats OR 🎉", terms("cats")),
    ("🎉 OR ???", None),
    ("Do NOT panic", And((terms("do"), Not(terms("panic"))))),
    ('5" OR 3"', Or((terms("5"), terms("3")))),
]

REFUSED = [
    ("", 0),
    (" \t\n", 0),
    ("AND", 0),
    ("cats AND", 5),
    ("OR cats", 0),
    ("cats OR", 5),
    ("cats OR OR dogs", 8),
    ("cats AND AND dogs", 5),
    ("cats NOT", 5),
    ("NOT", 0),
    ("cats AND ()", 10),
    ("(cats OR dogs", 0),
    ("cats OR dogs)", 12),
    ('cats OR "dogs', 8),
    ('tag:"dogs', 4),
    ('tag:"" x', 0),
    ("tag:x (", 6),
    ("x tag:(", 6),
    ("tag:()", 5),
    ("tag:(a", 4),
    ("tag:(a b:c wo*d)", 11),
    ("tag:(a date:2024)", 7),
    ("tag:(a tag:(b))", 7),
    ("cats OR dogs~3", 13),
    ("date:soon", 0),
    ("date:[2023]", 6),
    ("date:[2023 TO", 0),
    ("date:[2025 TO 2024]", 0),
    ("date:[2023-13 TO *]", 0),
    ("x date:2023-02-30", 2),
    ("date:[0000 TO *]", 0),
    ("(" * 60 + "a OR b" + ")" * 60, 50),
    ("NOT " * 60 + "a", 200),
]


@pytest.mark.parametrize(("text", "root"), PLAIN)
def test_plain(text: str, root: Node | None) -> None:
    query = parse(text)
    assert query.plain
    assert query.root == root


@pytest.mark.parametrize(("text", "root"), OPERATORS)
def test_operators(text: str, root: Node | None) -> None:
    query = parse(text)
    assert not query.plain
    assert query.root == root
    assert query.relaxed() is None


@pytest.mark.parametrize(("text", "position"), REFUSED)
def test_refused_with_position_and_remedy(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.remedy
    assert caught.value.query == text


def test_relaxing_touches_the_words_only() -> None:
    assert parse("one").relaxed() is None
    assert parse("???").relaxed() is None
    assert parse("tag:x one").relaxed() is None
    assert parse("one two").relaxed() == Terms(("one", "two"), any=True)
    assert parse("state-of-the-art").relaxed() == Terms(("state-of-the-art",), any=True)
    assert parse("one or two").relaxed() is None
    assert parse('one two tag:x -three "a b"').relaxed() == And(
        (Terms(("one", "two"), any=True), Field("tag", "x"), Not(terms("three")), Phrase("a b"))
    )


def test_sizes_are_bounded() -> None:
    many = parse(" ".join(f"w{number}" for number in range(5000))).root
    assert isinstance(many, Terms)
    assert len(many.words) == MAX_WORDS
    for text in ("x" * (MAX_CHARACTERS + 1), "a OR " * 3000 + "b", "x" * MAX_CHARACTERS + " "):
        with pytest.raises(QueryError):
            parse(text)


@pytest.mark.parametrize(
    "text", ['"' * 50_000, "(" * 99_999, "date:[" * 15_000, "a" * 99_999 + "*", '- "' * 30_000]
)
def test_long_nonsense_is_quick(text: str) -> None:
    with contextlib.suppress(QueryError):
        parse(text)


def test_periods_include_their_end() -> None:
    assert period("1970") == (0, 365 * 86_400)
    assert period("1970-02") == (31 * 86_400, 59 * 86_400)
    assert period("1970-12") == (334 * 86_400, 365 * 86_400)
    assert period("1969-12-31") == (-86_400, 0)
    assert period("1970-01-01T00:00:05.5") == (5, 6)
    assert period("9999")[1] == period("9999-12-31")[1] == period("9999-12")[1]
    for text in ("", "70", "1970-1", "1970-01-01-", "19700101", "1970-01-01T", "tomorrow", "1970-W01-1"):
        with pytest.raises(ValueError, match=r".*"):
            period(text)
