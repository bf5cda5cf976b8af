"""The demo: its questions find the topic that answers them, and it can be run again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

import mv2 as library
from mv2.cli import _demo

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


@pytest.fixture
def reference(folder: Path, mv2: Command) -> Path:
    assert mv2("demo", "sub/demo.mv2", "--quiet").code == 0
    return folder / "sub" / "demo.mv2"


def test_the_right_topic_is_among_the_first_three_hits(reference: Path) -> None:
    with library.open(reference, "r") as memory:
        for question, topic in _demo.QUESTIONS:
            hits = memory.find(question, k=3).hits
            found = [memory.frame(h.frame_id if h.parent_id is None else h.parent_id).title for h in hits]
            assert topic in found, f"{question}: {found}"


def test_the_question_that_is_answered_has_an_answer(reference: Path, mv2: Command) -> None:
    question, word = _demo.ANSWERED
    with library.open(reference, "r") as memory:
        answer = memory.ask(question)
    assert answer.found
    assert word in answer.text
    shown = mv2("demo", "sub/demo.mv2").out
    assert f"Asked: {question}" in shown
    assert "looked up by words and answered in" in shown


def test_with_an_embedder_questions_are_looked_up_by_meaning_too(
    folder: Path, mv2: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wordllama")
    pytest.importorskip("tokenizers")
    monkeypatch.setenv("MV2_EMBEDDER", "wordllama")
    ran = mv2("demo", "demo.mv2")
    assert "looked up by words and by meaning and answered in" in ran.out
    assert "searched: words and vectors of" in ran.err
    with library.open("demo.mv2", "r") as memory:
        for question, topic in _demo.QUESTIONS:
            result = memory.find(question, k=5)
            found = [
                memory.frame(h.frame_id if h.parent_id is None else h.parent_id).title for h in result.hits
            ]
            assert result.mode == "hybrid"
            assert topic in found, f"{question}: {found}"
        assert memory.ask(_demo.ANSWERED[0]).found


def test_the_text_comes_back_exactly(reference: Path) -> None:
    with library.open(reference, "r") as memory:
        for document in _demo.documents():
            assert memory.text(document.uri or "") == document.content


def test_it_can_be_run_again(reference: Path, mv2: Command) -> None:
    ran = mv2("demo", "sub/demo.mv2")
    assert ran.code == 0, ran.err
    for heading in ("Which string methods remove whitespace?", "Timeline", "Stats", "Verify", "Try next"):
        assert heading in ran.out
    assert "ok: " in ran.out
    assert [path.name for path in reference.parent.iterdir()] == ["demo.mv2"]


def test_a_memory_of_the_user_is_not_replaced(folder: Path, mv2: Command) -> None:
    assert mv2("put", "mine.mv2", "--text", "mine").code == 0
    before = (folder / "mine.mv2").read_bytes()
    ran = mv2("demo", "mine.mv2")
    assert ran.code == 1
    assert "mine.mv2" in ran.err
    assert (folder / "mine.mv2").read_bytes() == before


def test_the_next_steps_it_names_work(reference: Path, mv2: Command) -> None:
    lines = mv2("demo", "sub/demo.mv2").out.partition("Try next")[2].splitlines()
    commands = [shlex.split(line) for line in lines if line.strip()]
    assert len(commands) == 6
    for words in commands:
        start = next(i for i, word in enumerate(words) if word == "mv2" or word.endswith("/mv2"))
        assert mv2(*words[start + 1 :]).code == 0
