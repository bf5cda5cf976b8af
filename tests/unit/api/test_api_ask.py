"""``ask``: what is answered, from what, and what is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mv2
from mv2.types import Ranking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILLER = [
    "The tram runs every ten minutes until midnight.",
    "Our roof was tiled again after the storm.",
    "The violin lesson was moved to Thursday.",
    "Please feed the neighbour's cat while they are away.",
    "The bakery sells rye bread on Saturdays only.",
]


@pytest.fixture
def home(memory: mv2.Memvid) -> mv2.Memvid:
    """A memory of a household."""
    memory.put_many([{"content": text} for text in FILLER])
    memory.put(
        "The kettle is descaled with vinegar every month. It was bought in Leeds for 42 pounds.",
        title="Kettle", uri="mv2://home/kettle", timestamp="2024-01-05",
    )  # fmt: skip
    memory.put("Ann: I moved to Lisbon yesterday! The flat is tiny.", timestamp="2024-05-02", track="chat")
    memory.put("Bob: Congratulations, Ann.", timestamp="2024-05-03", track="chat")
    return memory


def test_an_answer_is_made_of_sentences_and_cited(home: mv2.Memvid) -> None:
    answer = home.ask("How is the kettle descaled?")
    assert answer.found
    assert answer.text.startswith("The kettle is descaled with vinegar every month. [1]")
    citation = answer.citations[0]
    assert (citation.number, citation.uri, citation.title) == (1, "mv2://home/kettle", "Kettle")
    assert citation.quote == "The kettle is descaled with vinegar every month."
    assert answer.passages[0].frame_id == citation.frame_id
    assert answer.confidence > 0.9
    assert (answer.mode, answer.model, answer.usage, answer.grounding) == ("lex", None, None, None)
    assert answer.hits[0].uri == "mv2://home/kettle"


@pytest.mark.parametrize(
    "question",
    ["Who painted the ceiling?", "What is the capital of Peru?", "When did Zoe marry?", "Why?", "???"],
)
def test_what_the_memory_does_not_know_is_not_answered(home: mv2.Memvid, question: str) -> None:
    answer = home.ask(question)
    assert not answer.found
    assert answer.text == "Nothing in this memory answers that."
    assert answer.citations == ()


def test_an_empty_memory_answers_nothing(memory: mv2.Memvid) -> None:
    answer = memory.ask("How is the kettle descaled?")
    assert (answer.found, answer.confidence, answer.passages, answer.hits) == (False, 0.0, (), ())
    asked: list[object] = []
    assert not memory.ask("How?", model=lambda messages: asked.append(messages) or "So.").found
    assert asked == []


def test_the_threshold_can_be_set(home: mv2.Memvid) -> None:
    question = "How is the blue samovar in Leeds descaled?"
    sure = home.ask(question, min_confidence=0.0)
    assert sure.found
    assert 0 < sure.confidence < 1
    assert not home.ask(question, min_confidence=min(1.0, sure.confidence + 0.01)).found


def test_a_when_answer_has_or_gets_a_date(home: mv2.Memvid) -> None:
    assert (
        "Ann: I moved to Lisbon yesterday! (noted 2024-05-02) [1]"
        in home.ask("When did Ann move to Lisbon?").text
    )
    home.put("Ann moved to Madrid on 7 June 2024.")
    assert home.ask("When did Ann move to Madrid?").text.startswith("Ann moved to Madrid on 7 June 2024. [1]")


def test_a_number_is_preferred_where_one_is_asked_for(memory: mv2.Memvid) -> None:
    memory.put("The orchard has trees of many kinds. The orchard has 31 trees.")
    assert memory.ask("How many trees has the orchard?").text.startswith("The orchard has 31 trees. [1]")


def test_the_latest_is_the_newest_strong_hit(memory: mv2.Memvid) -> None:
    for year in (2021, 2023, 2022):
        memory.put(f"The release of the engine was number {year - 2000}.", timestamp=f"{year}-01-01")
    memory.put("An unrelated thing.", timestamp="2024-01-01")
    assert memory.ask("What is the latest release of the engine?").text.startswith(
        "The release of the engine was number 23. [1]"
    )


def test_a_list_gathers_from_many_frames_and_says_nothing_twice(memory: mv2.Memvid) -> None:
    trees = ["oak", "elm", "ash", "birch", "larch"]
    for tree in trees:
        memory.put(f"The garden has an old {tree} by the wall.")
        memory.put(f"The garden has an old {tree} by the wall.", uri=f"mv2://again/{tree}")
    answer = memory.ask("List all the old things in the garden", k=2)
    assert all(answer.text.count(tree) == 1 for tree in trees)
    assert len(answer.citations) == len(trees)
    assert len(answer.hits) == 2


def test_a_comparison_hears_both_sides(memory: mv2.Memvid) -> None:
    memory.put("The oak was planted in 1820 by the miller.")
    memory.put("The elm was planted in 1911 by the school.")
    for _ in range(3):
        memory.put("Planting trees is planting hope.")
    answer = memory.ask("Which is older, the oak or the elm?")
    assert "1820" in answer.text
    assert "1911" in answer.text


def test_a_question_is_never_its_own_answer(memory: mv2.Memvid) -> None:
    memory.put("Where does Ann live?", track="chat")
    memory.put("In a lighthouse, with two goats.", track="chat")
    answer = memory.ask("Where does Ann live?", min_confidence=0.0)
    assert "?" not in answer.text
    assert "lighthouse" in answer.text


def test_syntax_in_a_question_is_only_text(home: mv2.Memvid) -> None:
    for question in ("Is the kettle AND", "tag:kettle NOT (", '"kettle', "-kettle descaled?", "date:[kettle"):
        home.ask(question)
    assert home.ask("How is the -kettle descaled?").found


def test_passages_keep_to_the_budget_and_repeat_nothing(memory: mv2.Memvid) -> None:
    for number in range(30):
        memory.put(f"Report {number} on the river. " + f"The river rose {number} feet that day. " * 20)
    answer = memory.ask("How high did the river rise?", context_only=True, token_budget=300)
    assert answer.passages
    assert sum(math.ceil(len(passage.text) / 4) for passage in answer.passages) <= 300
    assert all(passage.text.endswith(".") for passage in answer.passages)
    assert len({passage.text for passage in answer.passages}) == len(answer.passages)


def test_context_only_gives_passages_and_no_answer(home: mv2.Memvid) -> None:
    answer = home.ask("How is the kettle descaled?", context_only=True)
    assert answer.text == ""
    assert answer.found
    assert answer.citations == ()
    assert [passage.number for passage in answer.passages] == list(range(1, len(answer.passages) + 1))
    assert "Kettle · 2024-01-05\nThe kettle is descaled" in answer.context
    times = [passage.timestamp for passage in answer.passages]
    assert times == sorted(times)


def test_filters_and_times_narrow_what_is_asked(memory: mv2.Memvid) -> None:
    old = memory.put(
        "The door code is 1111.", timestamp="2020-01-01", metadata={"house": "a"}, uri="mv2://a/code"
    )
    new = memory.put(
        "The door code is 2222.", timestamp="2023-01-01", metadata={"house": "b"}, uri="mv2://b/code"
    )

    def cited(**options: Any) -> set[int]:
        return {citation.frame_id for citation in memory.ask("What is the door code?", **options).citations}

    assert cited() == {old, new}
    assert cited(until="2021-01-01") == {old}
    assert cited(since="2021-01-01") == {new}
    assert cited(filter={"house": "b"}) == {new}
    assert cited(scope="mv2://a/") == {old}
    assert cited(as_of_frame=old) == {old}
    memory.delete(old)
    assert cited() == {new}


def test_a_damaged_answer_is_impossible(home: mv2.Memvid) -> None:
    answer = home.ask("How is the kettle descaled?")
    with pytest.raises(AttributeError):
        answer.text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k 0"),
        ({"k": 1.5}, "k 1.5"),
        ({"token_budget": 0}, "token_budget"),
        ({"min_confidence": 2}, "min_confidence"),
        ({"temperature": 0.5}, "temperature has no effect"),
        ({"base_url": "http://localhost"}, "base_url has no effect"),
        ({"prompt": mv2.Prompt()}, "prompt has no effect"),
        ({"on_token": print}, "on_token has no effect"),
        ({"model": lambda _: "", "context_only": True}, "context_only"),
        ({"model": lambda _: "", "prompt": mv2.Prompt(template="{question}")}, "passages"),
        ({"mode": "best"}, "mode"),
    ],
)
def test_options_that_cannot_work_are_refused(
    home: mv2.Memvid, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(mv2.InvalidArgumentError, match=message):
        home.ask("How?", **options)


@pytest.mark.parametrize("question", ["", "  ", None, 7])
def test_a_question_must_be_one(home: mv2.Memvid, question: Any) -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="question"):
        home.ask(question)


_WORDS = st.sampled_from(
    ["kettle", "oak", "river?", "Ann:", "42", "in.", "Dr.", "東京。", "café!", "‘so’", "[1]", "\n"]
)
_TEXTS = st.lists(_WORDS, min_size=1, max_size=40).map(" ".join)


@settings(max_examples=25)
@given(st.lists(_TEXTS, min_size=1, max_size=6), _TEXTS, st.integers(1, 200))
def test_a_quote_is_exactly_what_stands_in_the_frame(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], question: str, budget: int
) -> None:
    path = tmp_path_factory.mktemp("ask") / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        memory.put_many([{"content": text, "track": "t"} for text in texts])
        answers = [
            memory.ask(question, min_confidence=0.0, token_budget=budget),
            memory.ask(question, model=lambda _: "Ann moved [1]. Kettle 42 [2, 3].", token_budget=budget),
        ]
        for answer in answers:
            for part in (*answer.citations, *answer.passages):
                text = part.quote if isinstance(part, mv2.Citation) else part.text
                start, end = part.range
                assert memory.text(part.frame_id)[start:end] == text
                assert text
            assert {citation.number for citation in answer.citations} <= {p.number for p in answer.passages}
            assert sum(math.ceil(len(passage.text) / 4) for passage in answer.passages) <= budget
            assert 0.0 <= answer.confidence <= 1.0


def test_quotes_of_long_documents_are_exact(memory: mv2.Memvid) -> None:
    filler = "Nothing much happened on this day at the station. " * 400
    memory.put(filler + "The lighthouse keeper was called Erasmus. " + filler, title="Log")
    answer = memory.ask("What was the lighthouse keeper called?")
    citation = answer.citations[0]
    assert citation.quote == "The lighthouse keeper was called Erasmus."
    assert memory.text(citation.frame_id)[slice(*citation.range)] == citation.quote


def test_a_damaged_document_stands_in_nobodys_way(home: mv2.Memvid, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = home.put("The kettle is descaled with the blue powder.", title="Powder")
    read = mv2.Memvid.text

    def text(memory: mv2.Memvid, frame: int) -> str:
        if frame == damaged:
            raise mv2.ChecksumError("damaged")
        return read(memory, frame)

    monkeypatch.setattr(mv2.Memvid, "text", text)
    answer = home.ask("How is the kettle descaled?")
    assert "vinegar" in answer.text
    assert damaged not in {passage.frame_id for passage in answer.passages}


class _Topics:
    """An embedder that knows two topics."""

    model = "topics"
    dimension = 3

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._one(text.lower()) for text in texts]

    def _one(self, text: str) -> list[float]:
        if any(word in text for word in ("physician", "doctor", "clinic")):
            return [1.0, 0.05, 0.0]
        return [0.05, 1.0, 0.01 * (len(text) % 7)]


def test_a_question_that_shares_no_word_is_answered_with_vectors(path: Path) -> None:
    with mv2.open(path, embedder=_Topics()) as memory:
        memory.put_many([{"content": text} for text in FILLER])
        wanted = memory.put("The family doctor is Mrs. Weiss.")
        answer = memory.ask("Which physician treats everyone?")
        assert answer.mode == "hybrid"
        assert answer.found
        assert answer.citations[0].frame_id == wanted
        assert not memory.ask("Which physician treats everyone?", mode="lex").found


def test_a_ranking_is_passed_on(memory: mv2.Memvid) -> None:
    memory.put("The door code is 1111.")
    memory.correct("The door code is 2222.")
    assert memory.ask("What is the door code?").text == "The door code is 2222. [1]"
    plain = memory.ask("What is the door code?", ranking=Ranking(corrections=False))
    assert {passage.correction for passage in plain.passages} == {False}
    assert "1111" in plain.text
