"""Typing errors: what an unknown word is taken for."""

from __future__ import annotations

import pytest

from mv2.search import Overlay, parse
from mv2.search._patterns import edits, pattern, usable_distance
from mv2.search.respelling import respelled
from mv2.search.spelling import suggest
from mv2.testing.frames import ListFrame, ListSource, index_of

FRAMES = [
    ListFrame(body="The database of the learning environment"),
    ListFrame(body="A cat, two cats and a boundary in Zürich"),
    ListFrame(body="Supersonic speeds need an aerodynamic body", title="Wings", tags=["velocity"]),
    *[ListFrame(body=f"The card of number{n}") for n in range(5)],
    ListFrame(body="One cart"),
]


@pytest.fixture(params=[0, 2, len(FRAMES)])
def source(request: pytest.FixtureRequest) -> ListSource:
    count: int = request.param
    reader = index_of(enumerate(FRAMES[:count])) if count else None
    return ListSource(FRAMES, indexed_count=count, reader=reader)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("databse", "database"),
        ("learnign", "learning"),
        ("ZURIHC", "zürich"),
        ("boundry", "boundary"),
        ("wnigs", "wings"),
        ("iwngs", "wings"),
        ("supersnoci", "supersonic"),
        ("enviromnent", "environment"),
        ("carx", "card"),
        # too short, another first letter, nothing like it, a number, known
        ("cst", None),
        ("matabase", None),
        ("zeppelin", None),
        ("number99", None),
        ("velocity", None),
        ("cats", None),
    ],
)
def test_one_word(source: ListSource, typed: str, meant: str | None) -> None:
    reader = source.lexical()
    found = suggest([typed], reader, Overlay().holders(source, reader), source)
    assert found == ({} if meant is None else {typed: meant})


def test_only_unknown_words_of_plain_queries_are_replaced(source: ListSource) -> None:
    def again(text: str) -> str | None:
        return respelled(parse(text), source, Overlay())

    assert again("the databse's learnign cats?") == "the database's learning cats?"
    assert again("databse -cat tag:databse") == "database -cat tag:databse"
    assert again("database cats") is None
    assert again("databse AND cats") is None
    assert again("wo*d") is None


def test_edits_count_a_swap_as_one() -> None:
    assert edits("ab", "ba", 2) == 1
    assert edits("abc", "ca", 2) == 3
    assert edits("kitten", "sitting", 2) == 3
    assert edits("kitten", "sitting", 3) == 3
    assert edits("same", "same", 0) == 0
    assert edits("", "abc", 2) == 3
    assert [usable_distance(word, 2) for word in ("ab", "abc", "abcde")] == [0, 1, 2]


def test_patterns_know_the_stems_their_words_may_have() -> None:
    words = ["hoping", "hoped", "skies", "dying", "sensibility", "relational", "apple", "running", "happily"]
    from mv2.index.lexical import tokens

    for word in words:
        (stem,) = tokens(word)
        for text in (f"{word[0]}*{word[-1]}", f"{word[:2]}?{word[3:]}", f"{word[:3]}*{word[-2:]}"):
            wanted = pattern(text)
            assert wanted.matches(word)
            assert wanted.matches(stem) or wanted.may_match(stem), (text, stem)
    assert not pattern("wo?d").matches("world")
    assert not pattern("a.c*x").matches("abcx")
