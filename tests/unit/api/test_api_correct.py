"""``correct``: what is stored, and that it stands above what it corrects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from life import live_through

import mv2

if TYPE_CHECKING:
    from pathlib import Path


def test_a_correction_is_stored_as_the_original_does(memory: mv2.Memvid) -> None:
    statement = "The kettle is descaled with lemon, not with vinegar, whatever is said elsewhere."
    frame = memory.frame(
        memory.correct(statement, topics=["tea"], boost=3, source="Ann", timestamp="2024-01-01")
    )
    assert frame.uri is not None
    assert frame.uri.startswith("mv2://correction/")
    assert frame.title == f"Correction: {statement[:50]}"
    assert frame.labels == ("correction",)
    assert frame.tags == ("tea",)
    assert frame.timestamp == 1_704_067_200
    assert frame.metadata == {
        "memvid.correction": True,
        "memvid.correction.boost": 3.0,
        "memvid.correction.source": "Ann",
    }
    assert memory.text(frame.id) == statement


def test_a_correction_stands_above_what_it_corrects_for_life(path: Path) -> None:
    def build(memory: mv2.Memvid) -> int:
        memory.put("The kettle is descaled with vinegar. Vinegar it is, for the kettle, always.")
        return memory.correct("The kettle is descaled with lemon.")

    def check(memory: mv2.Memvid, correction: int) -> None:
        assert memory.find("How is the kettle descaled?").hits[0].frame_id == correction
        answer = memory.ask("How is the kettle descaled?")
        assert answer.text == "The kettle is descaled with lemon. [1]"
        assert answer.passages[0].correction

    live_through(path, build, check)


def test_a_correction_does_not_hijack_other_questions(memory: mv2.Memvid) -> None:
    memory.put("The kettle stands on the blue shelf beside the window.")
    correction = memory.correct("The garden gate is blue.")
    question = "Where does the kettle stand beside the blue window?"
    assert memory.find(question).hits[0].frame_id != correction
    assert "gate" not in memory.ask(question).text


def test_a_topic_says_what_a_correction_is_about(memory: mv2.Memvid) -> None:
    memory.put("The samovar was made in Tula, and the samovar is old.")
    correction = memory.correct("It comes from Perm.", topics=["samovar"])
    assert memory.find("Which town made the old samovar?").hits[0].frame_id == correction
    assert (
        memory.ask("Which town made the old samovar?", min_confidence=0.1).text == "It comes from Perm. [1]"
    )


def test_the_newest_correction_answers_first(memory: mv2.Memvid) -> None:
    memory.correct("The door code is 1111.", timestamp="2023-01-01")
    memory.correct("The door code is 3333.", timestamp="2025-01-01")
    memory.correct("The door code is 2222.", timestamp="2024-01-01")
    assert memory.ask("What is the door code?").text.startswith("The door code is 3333. [1]")


def test_the_same_statement_again_is_a_new_version(memory: mv2.Memvid) -> None:
    first = memory.correct("The gate is blue.")
    second = memory.correct("  The gate  is blue.\n", boost=4)
    assert memory.frame(first).superseded_by == second
    assert memory.frame(second).metadata["memvid.correction.boost"] == 4.0


def test_a_correction_can_be_taken_back(memory: mv2.Memvid) -> None:
    memory.put("The gate is green.")
    memory.delete(memory.correct("The gate is blue."))
    assert memory.ask("What colour is the gate?").text == "The gate is green. [1]"


@pytest.mark.parametrize(
    "arguments",
    [
        {"statement": ""},
        {"statement": " \n"},
        {"statement": None},
        {"statement": "a", "boost": 0},
        {"statement": "a", "boost": -1},
        {"statement": "a", "boost": float("nan")},
        {"statement": "a", "boost": float("inf")},
        {"statement": "a", "boost": True},
        {"statement": "a", "boost": "2"},
        {"statement": "a", "topics": "tea"},
    ],
)
def test_what_is_no_correction_is_refused(memory: mv2.Memvid, arguments: dict[str, Any]) -> None:
    with pytest.raises(mv2.InvalidArgumentError):
        memory.correct(**arguments)
    assert memory.stats().frame_count == 0
