"""Checking what a model says against the passages."""

from __future__ import annotations

import pytest

from mv2.ask._grounding import check
from mv2.types import Passage


def passage(number: int, text: str, *, start: int = 0, timestamp: int = 1_714_608_000) -> Passage:
    return Passage(
        number=number, frame_id=10 + number, uri=f"mv2://p/{number}", title=None, timestamp=timestamp,
        range=(start, start + len(text)), text=text, score=1.0,
    )  # fmt: skip


KETTLE = passage(1, "The kettle is descaled with vinegar. It cost 1,200 crowns.", start=40)
GARDEN = passage(2, "The garden has seven oaks.")


def test_a_citation_quotes_the_sentence_that_fits() -> None:
    found = check("The price was 1200 crowns [1].", [KETTLE, GARDEN])
    (citation,) = found.citations
    assert citation.quote == "It cost 1,200 crowns."
    assert citation.range == (40 + 37, 40 + len(KETTLE.text))
    assert (citation.number, citation.frame_id, citation.supported) == (1, 11, True)
    assert found.score == 1.0
    assert found.warnings == ()


def test_citations_of_nothing_are_left_out_and_told() -> None:
    found = check("The kettle is descaled [1, 7]. It is blue [9].", [KETTLE])
    assert found.text == "The kettle is descaled [1]. It is blue."
    assert found.warnings == (
        "[7] names no passage and was left out",
        "[9] names no passage and was left out",
    )


def test_a_citation_that_shares_nothing_is_flagged() -> None:
    found = check("Whales sing loudly [2].", [KETTLE, GARDEN])
    assert [citation.supported for citation in found.citations] == [False]
    assert "[2] shares no word" in found.warnings[0]
    assert found.score == 0.0


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("The kettle is descaled with vinegar [1]. The garden has seven oaks [2].", 1.0),
        ("The kettle is descaled with vinegar [1]. Penguins hunt squid daily [2].", 0.5),
        ("The kettle cost 1,300 crowns [1].", 0.0),
        ("The kettle cost 1200 crowns.", 1.0),
        ("The kettle was noted on 2 May 2024 [1].", 1.0),
        ("The kettle was noted on 3 May 2024 [1].", 0.0),
        ("", 0.0),
    ],
)
def test_grounding_is_the_share_of_supported_sentences(text: str, score: float) -> None:
    assert check(text, [KETTLE, GARDEN]).score == score


def test_ranges_and_repeats_of_citations() -> None:
    found = check("Kettle and garden [1-2][1]. Garden again. [2]", [KETTLE, GARDEN])
    assert [citation.number for citation in found.citations] == [1, 2]
    assert found.text == "Kettle and garden [1][2][1]. Garden again. [2]"
    assert check("Kettle [1-99999999]", [KETTLE]).text == "Kettle [1]"


def test_a_citation_behind_the_full_stop_belongs_to_the_sentence_before() -> None:
    found = check("The kettle is descaled with vinegar. [1] The garden has oaks. [2]", [KETTLE, GARDEN])
    assert found.score == 1.0
    assert all(citation.supported for citation in found.citations)


def test_a_number_that_no_passage_can_have_is_no_citation() -> None:
    text = f"Tea [{'1' * 5000}]."
    assert check(text, []).text == text
