"""No text, in a query or in a document, makes search fail or show what is not there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.errors import CursorError, QueryError
from mv2.index.lexical import LexicalWriter, expand, fold, indexed_text, spans, tokens
from mv2.search import find, parse
from mv2.search._cursor import make_cursor, read_cursor
from mv2.search.pending import SPLIT_PER_QUERY, Overlay
from mv2.search.snippets import Snippets
from mv2.testing.frames import ListFrame, ListSource, index_of

any_text = st.text(st.characters(), max_size=60)
syntax = st.lists(
    st.sampled_from(
        [
            *[
                "a",
                "Beta",
                "AND",
                "OR",
                "NOT",
                "and",
                "(",
                ")",
                '"',
                "-",
                "tag:",
                "tag:x",
                'title:"',
                "date:[",
                "2023",
                "TO",
                "]",
                "*",
                "app*",
                "?",
            ],
            *["'", "’", "“", "date:2023", "kind:", ":", "\\", "🎉", "�", "İ"],
            *(" ", "  ", "\n"),
        ]
    ),
    max_size=14,
).map("".join)
CLEAR = re.compile(r"(?<!\w)(AND|OR|NOT)(?!\w)|(uri|scope|title|tag|label|track|kind|date):\S")


@given(st.one_of(any_text, syntax, st.lists(syntax, max_size=4).map(" ".join)))
def test_the_parser_raises_nothing_but_query_errors(text: str) -> None:
    refused: QueryError | None = None
    try:
        query = parse(text)
    except QueryError as error:
        refused = error
    if refused is None:
        assert query.text == text
        find(SOURCE, text)
    else:
        assert 0 <= refused.position <= len(text)
        assert refused.remedy
        assert not text.strip() or CLEAR.search(text)


@given(st.one_of(any_text, syntax).filter(lambda text: text.strip() and not CLEAR.search(text)))
def test_plain_text_never_raises(text: str) -> None:
    query = parse(text)
    assert query.plain
    # Whatever counts as a word is looked for, and a text without words finds nothing.
    assert (query.root is None) == (tokens(text) == [])


words = st.sampled_from(
    [
        "run",
        "running",
        "Runner",
        "ÜBER",
        "x" * 50,
        "東京",
        "हिन्दी",
        "İx",
        "a_b",
        "😀",
        "\ud800",
        ".",
        "\n",
        "  ",
    ]
)
bodies = st.lists(st.one_of(words, any_text), max_size=40).map(" ".join)


@given(
    bodies,
    st.lists(st.sampled_from(["run", "über", "東京", "x*", '"a b"', "tag:run", "ix"]), min_size=1).map(
        " ".join
    ),
)
def test_snippets_hold_only_the_text(text: str, query: str) -> None:
    root = parse(query).root
    words_asked = query.replace("tag:run", "")
    wanted = {*tokens(words_asked), *tokens(fold(words_asked))}
    for width in (0, 1, 7, 40, 10_000):
        snippet, ranges = Snippets(root, width).cut(text)
        assert snippet in text
        assert len(snippet) <= width
        assert snippet == snippet.strip()
        last = 0
        for start, end in ranges:
            assert last <= start < end <= len(snippet)
            last = end
            stems = {*tokens(snippet[start:end]), *tokens(expand(fold(snippet[start:end])))}
            assert stems & wanted or ("x*" in query and any(stem.startswith("x") for stem in stems))


@given(bodies)
def test_spans_and_tokens_agree(text: str) -> None:
    assert [stem for _, _, stem in spans(text)] == tokens(text)


@given(st.lists(bodies, min_size=1, max_size=6))
def test_every_word_of_a_document_finds_it(texts: list[str]) -> None:
    frames = [ListFrame(body=text, title="The title") for text in texts]
    reader = index_of(enumerate(frames))
    for source in (ListSource(frames), ListSource(frames, indexed_count=len(frames), reader=reader)):
        for frame_id, text in enumerate(texts):
            for word in sorted({text[a:b] for a, b, _ in spans(text)})[:5]:
                found = find(source, f'"{word}"', k=10)
                assert frame_id in [hit.frame_id for hit in found.hits]


@given(st.lists(bodies, max_size=4), st.sets(st.integers(0, 3)))
def test_an_index_gives_back_what_was_written(texts: list[str], deleted: set[int]) -> None:
    with LexicalWriter(None) as writer:
        for frame_id, text in enumerate(texts):
            writer.add(frame_id, indexed_text(text, None))
        for frame_id in deleted:
            writer.delete(frame_id)
        writer.commit()
        assert writer.num_docs == len(set(range(len(texts))) - deleted)


@given(
    st.lists(
        st.sampled_from(["running", "skies", "dying", "relational", "naïve", "ΟΔΟΣ", "İx", "42"]), min_size=1
    )
)
def test_scanning_unsplit_frames_misses_none(bodies: list[str]) -> None:
    """More frames than are split at once: the rest is scanned as text, and must be found all the same."""
    waiting = [ListFrame(body="nothing")] * (SPLIT_PER_QUERY + 1)
    frames = INDEXED + waiting + [ListFrame(body=f"({body.upper()})") for body in bodies]
    source = ListSource(frames, indexed_count=len(INDEXED), reader=LARGE_INDEX)
    for body in set(bodies):
        for query in (body, f'"{body}"', f"{body[:2]}*", f"{body} OR absent", f"{body} nothing"):
            cold = find(source, query, k=1000)
            warm = Overlay()
            for _ in range(1 + len(frames) // SPLIT_PER_QUERY):
                found = find(source, query, k=1000, overlay=warm)
            assert [(hit.frame_id, hit.score) for hit in found.hits] == [
                (h.frame_id, h.score) for h in cold.hits
            ]
            assert any(hit.frame_id >= len(INDEXED) + len(waiting) for hit in found.hits)


@given(st.one_of(any_text, st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))))
def test_cursors_of_strangers_are_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        read_cursor(cursor, "query")


@given(any_text, st.integers(1, 10_000_000))
def test_cursors_come_back(query: str, offset: int) -> None:
    cursor = make_cursor(query, offset)
    assert cursor.isascii()
    assert read_cursor(cursor, query) == offset
    with pytest.raises(CursorError):
        read_cursor(cursor, query + "x")
    with pytest.raises(CursorError):
        read_cursor(cursor + "A", query)


FRAMES = [ListFrame(body="Beta a app apples 2023", title="x", tags=["x"]), ListFrame(body="nothing")]
SOURCE = ListSource(FRAMES, indexed_count=1, reader=index_of(enumerate(FRAMES[:1])))
INDEXED = [ListFrame(body="in the index")] * (SPLIT_PER_QUERY * 4)
LARGE_INDEX = index_of(enumerate(INDEXED))
