"""What a question is taken to ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.ask._question import read_question
from mv2.index.lexical import tokens


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did Ann move to Lisbon?", "when"),
        ("What year was the bridge built?", "when"),
        ("Who painted the ceiling?", "who"),
        ("Whose dog is it?", "who"),
        ("Where is the key?", "where"),
        ("In which city does Bob live?", "where"),
        ("How many children has Ann?", "count"),
        ("How often do we water the fern?", "count"),
        ("How much did the kettle cost?", "amount"),
        ("How old is the house?", "amount"),
        ("List all the trees in the garden", "list"),
        ("What books did Ann read?", "list"),
        ("Which are the open issues?", "list"),
        ("What is the latest version?", "latest"),
        ("Where does Bob work now?", "latest"),
        ("What is the difference between tea and coffee?", "compare"),
        ("Is the oak older than the elm?", "compare"),
        ("Why did the pump fail?", "why"),
        ("How do I reset the router?", "how"),
        ("Did Ann call?", "yesno"),
        ("What does James do for a living?", "fact"),
        ("What is the colour of the door?", "fact"),
        ("kettle vinegar", "fact"),
    ],
)
def test_the_kind_of_a_question(question: str, kind: str) -> None:
    assert read_question(question).kind == kind


def test_a_question_holds_no_query_syntax() -> None:
    asked = read_question("What does NOT mean in tag:red AND -verbose?")
    assert asked.query == "What does not mean in tag red and verbose?"
    assert read_question("---").query.strip()


def test_words_that_only_say_how_to_answer_do_not_count() -> None:
    assert set(read_question("How many different kinds of apples are listed?").words) == {"appl", "list"}
    assert set(read_question("What is the latest time?").words)  # but something is always left


def test_names_and_numbers_are_known() -> None:
    asked = read_question("When did Ann Lee visit Room 42 with Bob's dog?")
    assert asked.names == {stem for word in ("ann", "lee", "room", "42", "bob") for stem in tokens(word)}
    assert read_question("WHEN DID ANN VISIT?").names == frozenset()
    assert read_question("Please list what Bob said").names == {"bob"}


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between green tea and black coffee?", ("green tea", "black coffee")),
        ("Compare the oak with the elm", ("oak", "elm")),
        ("Which is older, the oak or the elm?", ("oak", "elm")),
        ("Ann versus Bob?", ("ann", "bob")),
        ("What is tea?", ()),
    ],
)
def test_what_a_comparison_compares(question: str, sides: tuple[str, ...]) -> None:
    assert read_question(question).sides == sides


@given(st.text(max_size=200))
def test_no_question_is_refused(text: str) -> None:
    asked = read_question(text)
    assert asked.names <= set(asked.words)
