"""Words of every script and spelling: found, and alike in the index and in memory."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mv2.index.lexical import (
    MARKER,
    compounds,
    expand,
    fold,
    has_unsegmented,
    helps,
    indexed_text,
    straight,
    tokens,
)
from mv2.search import parse
from mv2.search._compile import compile_query
from mv2.search._corpus import Corpus, Statistics
from mv2.search._words import typed_words
from mv2.search.nodes import And, Fuzzy, Near, Node, Not, Or, Phrase, Prefix, Terms, Wildcard
from mv2.testing.frames import ListFrame, ListSource, index_of

SPELLINGS = [
    "café",
    "cafe",
    "CAFÉ",
    "café",
    "naïve",
    "naive",
    "Ångström",
    "angstrom",
    "straße",
    "STRASSE",
    "strasse",
    "søster",
    "łódź",
    "ﬁle",
    "½",
    "m²",
    "\xadsoft\xadly",
    "Москва",
    "МОСКВА",
    "москва",
    "мой",
    "ёлка",
    "ЁЛКА",
    "ΟΔΟΣ",
    "οδός",
    "οδος",
    "Ἀθῆναι",
    "İstanbul",
    "istanbul",
    "Diyarbakır",
    "DIYARBAKIR",
    "東京タワーへ",
    "東京",
    "京",
    "タワー",
    "ﾀﾜｰ",
    "北京大学",
    "大学",
    "python入門",
    "入門書",
    "한국어는",
    "한국",
    "はい",
    "ｆｕｌｌ",
    "full",
    "１２３",
    "123",
    "ภาษาไทย",
    "ไทย",
    "น้ำ",
    "ພາສາລາວ",
    "ภ",
    "မြန်မာဘာသာ",
    "ភាសាខ្មែរ",
    "हिन्दी",
    "العَرَبِيَّة",
    "العربية",
    "עִבְרִית",
    "עברית",
    "می\u200cخواهم",
    "e-mail",
    "email",
    "E-Mail",
    "well-being",
    "wellbeing",
    "O'Brien",
    "O’Brien",
    "obrien",
    "don't",
    "U.S.A.",
    "usa",
    "node.js",
    "nodejs",
    "3.14",
    "314",
    "v2.0.1",
    "2.0.1",
    "1,000,000",
    "1000000",
    "getUserName",
    "get_user_name",
    "username",
    "HTTPServer2",
    "httpserver",
    "iPhone",
    "PDFs",
    "kebab-case-name",
    "http://a.example.com/x-y?q=1",
    "ann.lee@example.com",
    "x",
    "😀",
    "hello😀world",
    "running",
    "runs",
    "Ⓐ",
    "ſ",
    "ـ",
]
spelled = st.one_of(
    st.sampled_from(SPELLINGS),
    st.text(st.sampled_from("aé東京ไทน้한국ёйΣςσıİßﬀ'’-._,1"), min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
)
texts = st.lists(st.one_of(spelled, st.sampled_from(["", ",", "。", "and"])), max_size=8).map(" ".join)


def found_in_memory(node: Node, source: ListSource) -> set[int]:
    corpus = Corpus()
    for frame_id in range(source.frame_count):
        corpus.add(frame_id, source)
    return set(corpus.evaluate(node, range(source.frame_count), source, Statistics(None)))


def found_in_index(node: Node, source: ListSource) -> set[int]:
    assert source.reader is not None
    plan = compile_query(node, source.reader)
    hits = {frame_id for _, frame_id in source.reader.search(plan.query, 1000)}
    if plan.rest is None:
        return hits
    return hits & {k for k in hits if _holds(plan.rest, k, source)}


def _holds(rest: Node, frame_id: int, source: ListSource) -> bool:
    corpus = Corpus()
    corpus.add(frame_id, source)
    return bool(corpus.evaluate(rest, (frame_id,), source, Statistics(None)))


def memory_of(bodies: list[str]) -> ListSource:
    frames = [
        ListFrame(body=body, title="Tea", tags=["Größe"] if n % 2 else []) for n, body in enumerate(bodies)
    ]
    reader = index_of(enumerate(frames))
    return ListSource(frames, indexed_count=len(frames), reader=reader)


leaves = st.one_of(
    spelled.map(lambda word: Terms(typed_words(word) or (word,))),
    st.lists(spelled, min_size=1, max_size=3).map(lambda ws: Terms(tuple(ws), any=True)),
    texts.map(Phrase),
    st.tuples(spelled, spelled).map(lambda pair: Phrase(" ".join(pair))),
    spelled.map(lambda word: Prefix(word[:3])),
    st.sampled_from(
        ["*ning", "r*ng", "c?fe", "caf*é", "*ondon", "?oscow", "京*", "*タワ?", "ma*ines", "1*0", "mo*"]
    ).map(Wildcard),
    st.tuples(spelled, st.integers(1, 2)).map(lambda pair: Fuzzy(*pair)),
    st.tuples(st.lists(spelled, min_size=1, max_size=3).map(" ".join), st.integers(0, 3)).map(
        lambda p: Near(*p)
    ),
)
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=2).map(lambda two: And(tuple(two))),
        st.lists(inner, min_size=2, max_size=2).map(lambda two: Or(tuple(two))),
        inner.map(Not),
    ),
    max_leaves=3,
)


@given(st.lists(texts, min_size=1, max_size=4), nodes)
def test_the_index_and_the_frames_in_memory_give_the_same_matches(bodies: list[str], node: Node) -> None:
    source = memory_of(bodies)
    assert found_in_index(node, source) == found_in_memory(node, source)


@given(texts)
def test_every_word_finds_its_text(body: str) -> None:
    source = memory_of(["nothing of the kind", body])
    for chunk in body.split():
        if not tokens(chunk):
            continue
        for form in {chunk, unicodedata.normalize("NFC", chunk), unicodedata.normalize("NFD", chunk)}:
            node = Terms(typed_words(form))
            assert 1 in found_in_index(node, source), form
            assert 1 in found_in_memory(node, source), form


@given(
    st.sampled_from(["café au lait", "東京タワーへ行く", "Ὀδυσσεύς", "Ёлка и дом", "straße nach Łódź"]),
    st.data(),
)
def test_any_piece_of_a_folded_text_finds_it(body: str, data: st.DataObject) -> None:
    source = memory_of(["nothing", f"Then: {body}!"])
    word = data.draw(st.sampled_from(body.split()))
    if has_unsegmented(word):
        start = data.draw(st.integers(0, len(word) - 1))
        word = word[start : data.draw(st.integers(start + 1, len(word)))]
    for form in (word, word.upper(), fold(word), f'"{word}"'):
        node = parse(form).root
        assert node is not None
        assert found_in_index(node, source) == found_in_memory(node, source) == {1}, form
    phrase = parse(f'"{fold(body)}"').root
    assert phrase is not None
    assert found_in_index(phrase, source) == found_in_memory(phrase, source) == {1}


@given(st.one_of(texts, st.text()))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert tokens(expand(fold(text))) == tokens(expand(fold(text.replace("\u2019", "'"))))
    assert MARKER not in fold(text)


@given(st.one_of(texts, st.text()))
def test_helps_leave_the_text_as_it_is(text: str) -> None:
    assert indexed_text(text, None).startswith(text)
    for start, end, form in compounds(straight(text)):
        assert form
        assert 0 <= start < end <= len(text)
    if text.isascii():
        assert MARKER not in helps(text)


def test_each_character_of_an_unsegmented_script_is_one_to_the_index() -> None:
    points = [
        chr(p)
        for p in range(0x80, sys.maxunicode + 1)
        if unicodedata.category(chr(p)) not in ("Cn", "Cs", "Co") and has_unsegmented(chr(p))
    ]
    assert len(points) > 80_000
    joined = tokens(" ".join(points))
    assert len(joined) == len(points)
