"""Each way in which a lexical search of the original engine fails, and what ours does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mv2
from mv2.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTES: list[dict[str, Any]] = [
    {"content": "Rosa moved from Lisbon to Kraków in the spring.", "title": "Chat", "tags": ["people"]},
    {"content": "Two guinea pigs live in the kitchen.", "tags": ["pets", "machine learning"]},
    {
        "content": "The database of the library is PostgreSQL.",
        "labels": ["kb", "Read Me"],
        "track": "Tech Talk",
    },
    {"content": "We met at the café near the old harbour, naïve as we were.", "timestamp": 1_700_000_000},
    {"content": "东京的天气很好，我们去了浅草寺。", "title": "旅行"},
    {"content": "МОСКВА зимой очень красивая.", "kind": "Letter", "uri": "mv2://letters/1"},
    {"content": "Write to ann.lee@example.com by e-mail; call getUserName() in http_server.py."},
    {"content": "The budget is 1,000,000 euros, version v2.0.1, says O'Brien."},
]


@pytest.fixture(scope="module", params=["pending", "indexed"])
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[mv2.Memvid]:
    path: Path = tmp_path_factory.mktemp("language") / "m.mv2"
    with mv2.open(path, embedder="none") as opened:
        for note in NOTES:
            opened.put(**note)
        if request.param == "indexed":
            opened.commit()
        yield opened


def ids(memory: mv2.Memvid, query: str, **options: Any) -> list[int]:
    return [hit.frame_id for hit in memory.find(query, mode="lex", **options).hits]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Where did Rosa move from?", 0),
        ("What pets live in our kitchen?", 1),
        ("which database does the library use", 2),
        ("Who says what the budget is?", 7),
        ("What's Ann's e-mail address?", 6),
        ("when did we meet near the harbour?", 3),
    ],
)
def test_a_question_in_plain_words_finds_its_answer(memory: mv2.Memvid, question: str, first: int) -> None:
    assert ids(memory, question)[0] == first


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("databases", [2]),
        ("guinea pig", [1]),
        ("kitchens", [1]),
        # accents, other scripts, case
        ("cafe", [3]),
        ("café", [3]),
        ("CAFÉ", [3]),
        ("naive", [3]),
        ("krakow", [0]),
        ("天气", [4]),
        ("浅草", [4]),
        ("寺", [4]),
        ("旅行", [4]),
        ("москва", [5]),
        ("Москва", [5]),
        ("КРАСИВАЯ", [5]),
        # patterns
        ("postgre*", [2]),
        ("postgr~", [2]),
        ("databsae~", [2]),
        ("*base", [2]),
        ("*gresql", [2]),
        ("harb*r", [3]),
        ("k?tchen", [1]),
        ('"pigs guinea"~2', [1]),
        # spellings and addresses
        ("email", [6]),
        ("e mail", [6]),
        ("user name", [6]),
        ("get_user_name", [6]),
        ("httpServer", [6]),
        ("http_server.py", [6]),
        ("ann.lee@example.com", [6]),
        ("1000000", [7]),
        ("1,000,000", [7]),
        ("2.0.1", [7]),
        ("obrien", [7]),
        ("o’brien", [7]),
    ],
)
def test_other_forms_of_a_word_find_it(memory: mv2.Memvid, query: str, found: list[int]) -> None:
    result = memory.find(query, mode="lex")
    assert [hit.frame_id for hit in result.hits] == found
    assert all(hit.highlights for hit in result.hits if hit.snippet != hit.title and query != "旅行"), result


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("title:chat", [0]),
        ('title:"旅行"', [4]),
        ("label:kb", [2]),
        ('label:"read me"', [2]),
        ('tag:"MACHINE learning"', [1]),
        ("tag:machine", []),
        ("tag:pets tag:people", []),
        ("tag:(pets OR people)", [0, 1]),
        ('track:"tech talk"', [2]),
        ("kind:letter", [5]),
        ("uri:mv2://letters/1", [5]),
        ("scope:mv2://letters/", [5]),
        ("-tag:people -tag:pets live", []),
        ("date:[2023-11-14 TO 2023-11-14]", [3]),
        ("date:[* TO 2023-11]", [3]),
        ("pigs -guinea", []),
        ("(pigs OR cafe) AND NOT harbour", [1]),
        ("pigs or budget", [1, 7]),
    ],
)
def test_fields_and_operators(memory: mv2.Memvid, query: str, found: list[int]) -> None:
    result = memory.find(query, mode="lex")
    listed = [hit.frame_id for hit in result.hits]
    assert sorted(listed) == found
    assert (result.total, result.total_is_exact) == (len(found), True)


@pytest.mark.parametrize("query", ["zeppelin", "zebras", "🎉", "???", "tag:nothing", "zzz*", "qqqq~2"])
def test_no_match_is_an_empty_list(memory: mv2.Memvid, query: str) -> None:
    result = memory.find(query, mode="lex")
    assert (result.hits, result.total, result.next_cursor) == ((), 0, None)


def test_a_malformed_query_tells_what_is_wrong_and_where(memory: mv2.Memvid) -> None:
    for query in ("", "pigs AND", "(pigs OR cafe", 'tag:"pets', "date:[2024]", "pigs OR cafe~7"):
        with pytest.raises(QueryError) as caught:
            memory.find(query)
        assert 0 <= caught.value.position <= len(query)
        assert caught.value.remedy


def test_one_typing_error_still_finds(memory: mv2.Memvid) -> None:
    result = memory.find("databse", mode="lex")
    assert [hit.frame_id for hit in result.hits] == [2]
    assert result.did_you_mean == "database"
    assert memory.find("database", mode="lex").did_you_mean is None


def test_totals_are_right_and_pages_complete(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put_many([{"content": f"note number {n} about rivers", "labels": ["kb"]} for n in range(130)])
        for query in ("rivers", "label:kb", "river*", "label:kb AND notes"):
            seen: list[int] = []
            cursor: str | None = None
            while True:
                page = memory.find(query, k=40, cursor=cursor, mode="lex")
                assert page.total == 130 or not page.total_is_exact
                seen += [hit.frame_id for hit in page.hits]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert sorted(seen) == list(range(130))


def test_snippets_hold_the_text_alone(memory: mv2.Memvid) -> None:
    for query in ("guinea", "cafe", "天气", "tag:people", "email", "title:chat"):
        for hit in memory.find(query, mode="lex").hits:
            text = NOTES[hit.frame_id]["content"]
            assert text[hit.range[0] : hit.range[1]] == hit.snippet
            assert hit.snippet
    (hit,) = memory.find("email", mode="lex").hits
    assert [hit.snippet[a:b] for a, b in hit.highlights] == ["e-mail"]
    assert "<mark>e-mail</mark>" in mv2.highlight_html(hit)
