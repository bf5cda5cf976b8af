"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.ask._sentences import MAX_SENTENCE, sentences, speaker, speech_start


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "Dr. Smith met Mrs. Jones at 3 p.m. on Monday. Bye.",
            ["Dr. Smith met Mrs. Jones at 3 p.m. on Monday.", "Bye."],
        ),
        ("J. K. Rowling wrote it. So they say.", ["J. K. Rowling wrote it.", "So they say."]),
        ("It costs 3.50 or 1.200,00. Cheap.", ["It costs 3.50 or 1.200,00.", "Cheap."]),
        ("See e.g. the manual, i.e. page 4. Done.", ["See e.g. the manual, i.e. page 4.", "Done."]),
        ("我住在東京。他住在大阪！你呢？", ["我住在東京。", "他住在大阪！", "你呢？"]),
        ("Ann: I am here\nBob: so am I", ["Ann: I am here", "Bob: so am I"]),
        ("a line that was\nwrapped here. Next one.", ["a line that was\nwrapped here.", "Next one."]),
        ("Shopping:\n- milk\n- bread", ["Shopping:", "- milk", "- bread"]),
        ("1. First comes this.\n2. Then that.", ["1. First comes this.", "2. Then that."]),
        (
            'He said "Stop!" and left. She "stayed." Fine.',
            ['He said "Stop!" and left.', 'She "stayed."', "Fine."],
        ),
        ("Wait... what is it? Well… nothing.", ["Wait... what is it?", "Well… nothing."]),
        ("v1.2.3 of mv2.py is out. Get it.", ["v1.2.3 of mv2.py is out.", "Get it."]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text(alphabet=st.sampled_from("aB1 .!?\n。:\"'()…-\u3000Dr"), max_size=300))
def test_every_character_that_is_no_space_is_in_one_sentence(text: str) -> None:
    spans = sentences(text)
    covered = set()
    for start, end in spans:
        assert start < end
        assert end - start <= MAX_SENTENCE
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        assert covered.isdisjoint(range(start, end))
        covered.update(range(start, end))
    assert spans == sorted(spans)
    assert {n for n, character in enumerate(text) if not character.isspace()} <= covered


def test_a_sentence_without_end_is_cut_between_words() -> None:
    text = "word " * 1000
    spans = sentences(text)
    assert all(end - start <= MAX_SENTENCE for start, end in spans)
    assert all(text[start:end].replace("word", "").strip() == "" for start, end in spans)


def test_a_part_of_a_text_is_split_with_the_places_of_the_whole() -> None:
    text = "One. Two. Three."
    assert [text[a:b] for a, b in sentences(text, 5)] == ["Two.", "Three."]
    assert [text[a:b] for a, b in sentences(text, 0, 9)] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann: hello", "Ann"),
        ("[Monday 08 May 2023] Ann Lee: hello", "Ann Lee"),
        ("hello: there is no name, but it looks like one", "hello"),
        ("https://example.org is a page", None),
        ("No name here.", None),
    ],
)
def test_a_chat_line_names_its_speaker(text: str, name: str | None) -> None:
    assert speaker(text) == name
    rest = text[speech_start(text) :]
    assert (rest == text) == (name is None)
