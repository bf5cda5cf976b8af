"""Snippets are pieces of the document's own text, and highlights point at words that match."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from mv2.search.query import parse
from mv2.search.snippets import Snippets


def cut(query: str, text: str, width: int = 60) -> tuple[str, list[str]]:
    snippet, ranges = Snippets(parse(query).root, width).cut(text)
    assert snippet in text
    assert len(snippet) <= width
    assert list(ranges) == sorted(ranges)
    return snippet, [snippet[start:end] for start, end in ranges]


LONG = (
    "Nothing to see. " * 40
    + "The runners were running towards the happy zebras. "
    + "More of the same. " * 40
)


def test_a_short_text_is_given_whole() -> None:
    assert cut("apple", "  An apple a day.\n") == ("An apple a day.", ["apple"])


def test_word_forms_in_any_case() -> None:
    assert cut("run happy", "Running, RUNS and runner; Happiness!") == (
        "Running, RUNS and runner; Happiness!",
        ["Running", "RUNS", "Happiness"],
    )
    assert cut("die", "She dies, dying; diet")[1] == ["dies", "dying"]
    assert cut("sky", "Skies of the sky, skying")[1] == ["Skies", "sky"]


def test_the_passage_with_most_of_the_words_is_taken() -> None:
    _, words = cut("running zebra same", LONG)
    assert words == ["running", "zebras", "same"]
    _, words = cut("zebra", "zebra. " + LONG + " zebra zebra and zebra zebra")
    assert words == ["zebra"] * 4


def test_snippets_begin_and_end_at_words() -> None:
    for width in range(12, 120, 7):
        snippet, words = cut("zebra", LONG, width)
        assert words == ["zebras"]
        around = f" {LONG} "
        at = around.index(snippet)
        assert not (around[at - 1].isalnum() and snippet[0].isalnum())
        assert not (around[at + len(snippet)].isalnum() and snippet[-1].isalnum())


def test_a_sentence_begins_the_snippet_when_it_is_near() -> None:
    assert cut("running", LONG, 80)[0].startswith(("Nothing to", "The runners"))


def test_prefixes_phrases_and_fields() -> None:
    assert cut("happ*", "happy happily hap")[1] == ["happy", "happily"]
    assert cut("running*", "run running")[1] == ["running"]
    assert cut('"happy zebras"', LONG)[1] == ["happy", "zebras"]
    assert cut("tag:zebra happy", LONG)[1] == ["happy"]
    assert cut("happy -zebra", LONG)[1] == ["happy"]


def test_without_a_match_the_beginning_is_shown() -> None:
    snippet, words = cut("absent", LONG, 30)
    assert LONG.startswith(snippet)
    assert words == []
    assert Snippets(None, 30).cut(LONG) == (snippet, ())


def test_other_scripts_and_odd_characters() -> None:
    assert cut("übung", "Die ÜBUNG macht")[1] == ["ÜBUNG"]
    assert cut("istanbul", "in İstanbul istanbul")[1] == ["İstanbul", "istanbul"]
    assert cut("हिन्दी", "यह हिन्दी है")[1] == ["हिन", "दी"]
    assert cut("東京タワー", "ここは 東京タワー です")[1] == ["東京タワー"]
    assert cut("ΣΊΣΥΦΟΣ", "Ο ΣΊΣΥΦΟΣ")[1] == ["ΣΊΣΥΦΟΣ"]
    assert cut("x", "a\ud800 x")[1] == ["x"]
    assert cut("smile", "😀 smile 😀")[1] == ["smile"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "😀"])
def test_texts_without_words(text: str) -> None:
    assert cut("apple", text)[1] == []


def test_one_endless_word_is_cut() -> None:
    snippet, words = cut("x", "x" * 1000, 50)
    assert snippet == "x" * 50
    assert words == []
    snippet, words = cut("y", "x" * 1000 + " y", 50)
    assert words == ["y"]


def test_no_width_no_snippet() -> None:
    assert Snippets(parse("apple").root, 0).cut("apple") == ("", ())


def test_a_huge_text_takes_no_time_to_speak_of() -> None:
    text = "lorem ipsum dolor " * 200_000 + "zebra"
    begun = time.process_time()
    assert cut("lorem zebra", text)[1]
    assert time.process_time() - begun < 0.5


def test_other_forms_of_a_word_are_marked() -> None:
    assert cut("cafe", "Le CAFÉ, cafe\u0301 et cafés", 100)[1] == ["CAFÉ", "cafe\u0301", "cafés"]
    assert cut("email", "an e-mail, an email")[1] == ["email"]
    assert cut("email", "an e-mail")[1] == ["e-mail"]
    assert cut("obrien", "O’Brien was here")[1] == ["O’Brien"]
    assert cut("1000000", "costs 1,000,000 now")[1] == ["1,000,000"]
    assert cut("user name", "call getUserName()")[1] == ["getUserName"]
    assert cut("москва", "В МОСКВЕ, МОСКВА")[1] == ["МОСКВА"]
    assert cut("タワー", "東京タワーへ")[1] == ["タワー"]
    assert cut("東京都", "東京と京都")[1] == ["東京", "京都"]
    assert cut("한국", "한국어는")[1] == ["한국"]
    assert cut("full", "ｆｕｌｌ width")[1] == ["ｆｕｌｌ"]


def test_patterns_are_marked() -> None:
    assert cut("wo*d", "a wooded world, wolves")[1] == ["wooded", "world"]
    assert cut("*pple", "apple pineapple apply", 60)[1] == ["apple", "pineapple"]
    assert cut("machne~", "the machine and machines")[1] == ["machine", "machines"]
    assert cut('"zebra happy"~3', LONG)[1] == ["happy", "zebras"]
    assert cut("caf*", "un café")[1] == ["café"]


def test_the_range_says_where_a_snippet_stands() -> None:
    found = Snippets(parse("zebra").root, 60).best(LONG)
    assert LONG[found.start : found.end] == found.text
    assert [found.text[a:b] for a, b in found.highlights] == ["zebras"]


def test_several_fragments_stand_apart_and_in_order() -> None:
    text = f"zebra one. {'Nothing here. ' * 20}happy two. {'More of it. ' * 20}zebra and happy three."
    cutter = Snippets(parse("zebra happy").root, 50)
    found = cutter.cut_many(text, 3)
    assert [[piece.text[a:b] for a, b in piece.highlights] for piece in found] == [
        ["zebra"],
        ["happy"],
        ["zebra", "happy"],
    ]
    assert all(text[piece.start : piece.end] == piece.text for piece in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert cutter.cut_many(text, 1) == [cutter.best(text)]
    assert len(cutter.cut_many(text, 9)) == 3
    assert [piece.text for piece in cutter.cut_many("absent", 3)] == ["absent"]
    assert cutter.cut_many("", 3) == cutter.cut_many(text, 0) == []
