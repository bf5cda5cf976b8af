"""Weights of words and vectors, cuts and orders made of an order: each as its rule says."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.search import fusion
from mv2.search.hints import asks_when, freshness, nearness, speaks_of_time, time_gains
from mv2.search.lengths import length_weight
from mv2.search.reorder import diverse, kept_count

USUAL = fusion.Background(0.2, 0.1)
scores = st.lists(st.floats(0.01, 100), min_size=1, max_size=30).map(lambda s: sorted(s, reverse=True))


def weight(best: float, ideal: float, similarity: float) -> float:
    hits = [(best - n / 100, n) for n in range(10)]
    return fusion.vector_weight(hits, ideal, dict.fromkeys(range(10), similarity), USUAL)


def test_vectors_that_agree_with_sharp_words_have_their_usual_weight() -> None:
    assert weight(10, 10, 0.9) == pytest.approx(fusion.VECTOR_WEIGHT)


def test_vectors_that_put_the_words_hits_nowhere_in_particular_hardly_count() -> None:
    assert weight(10, 10, 0.2) == pytest.approx(fusion.VECTOR_WEIGHT / 10)
    assert weight(10, 10, -0.5) == weight(10, 10, 0.2)


def test_words_that_find_little_of_the_question_leave_it_to_the_vectors() -> None:
    assert weight(1, 10, 0.2) == pytest.approx(fusion.LONE_FACTOR * fusion.VECTOR_WEIGHT)
    assert weight(1, 10, 0.2) > weight(10, 10, 0.2)
    assert fusion.vector_weight([], 10, {}, USUAL) == 1.0


@given(st.floats(0.1, 50), st.floats(0.1, 50), st.floats(-1, 1))
def test_a_weight_is_a_share(best: float, ideal: float, similarity: float) -> None:
    assert 0 < weight(best, ideal, similarity) <= fusion.LONE_FACTOR * fusion.VECTOR_WEIGHT


def test_a_model_may_weigh_less() -> None:
    hits = [(10.0, 0)]
    assert fusion.vector_weight(hits, 10, {0: 0.9}, USUAL, 0.15) == pytest.approx(0.15)


def test_parts_run_from_what_is_usual_to_the_best() -> None:
    assert fusion.vector_parts({1: 0.7, 2: 0.45, 3: 0.2, 4: -1.0, 5: math.nan}, USUAL) == pytest.approx(
        {1: 1.0, 2: 0.5**1.5, 3: 0.0, 4: 0.0}
    )
    assert fusion.vector_parts({1: 0.1, 2: 0.05}, USUAL) == {1: 1.0, 2: 0.0}
    assert fusion.vector_parts({}, USUAL) == {}
    assert fusion.lexical_parts({1: 4.0, 2: 1.0}) == {1: 1.0, 2: 0.25}
    assert fusion.lexical_parts({}) == {}


def test_background_of_a_sample() -> None:
    assert fusion.background([1.0, 3.0, math.nan]) == fusion.Background(2.0, 1.0)
    assert fusion.background([]) == fusion.Background(0.0, 1.0)
    assert fusion.background([0.5]).deviation == 1.0


def test_sums_hold_every_frame_of_either_side() -> None:
    assert fusion.weighted_sum({1: 1.0}, {1: 1.0, 2: 0.5}, 0.25) == {1: 1.0, 2: 0.125}
    ranks = fusion.reciprocal_ranks([[7, 8], [8]])
    assert ranks == {7: pytest.approx(1 / 61), 8: pytest.approx(1 / 62 + 1 / 61)}


@given(scores, st.sampled_from(["relative", "absolute", "cliff", "elbow", "combined"]))
def test_a_cut_keeps_the_best_and_no_more_than_there_are(values: list[float], cutoff: str) -> None:
    assert 1 <= kept_count(values, cutoff) <= len(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cutoff", "limit", "kept"),
    [
        ("relative", None, 3),
        ("relative", 0.05, 5),
        ("absolute", 0.9, 2),
        ("absolute", None, 3),
        ("cliff", None, 3),
        ("cliff", 0.9, 5),
        ("elbow", None, 4),
        ("combined", None, 3),
        ("combined", 0.95, 1),
    ],
)  # fmt: skip
def test_where_each_strategy_cuts(cutoff: str, limit: float | None, kept: int) -> None:
    assert kept_count([10.0, 9.4, 9.0, 1.2, 1.0], cutoff, limit) == kept  # type: ignore[arg-type]


def test_equal_scores_are_not_cut_apart() -> None:
    for cutoff in ("relative", "absolute", "cliff", "elbow", "combined"):
        assert kept_count([2.0] * 5, cutoff) == 5  # type: ignore[arg-type]
    assert kept_count([], "elbow") == 0


def test_diversity_moves_copies_down_and_keeps_scores_in_order() -> None:
    hits = [(1.0, 1), (0.99, 2), (0.5, 3)]
    copies = {1, 2}

    def alike(one: int, other: int) -> float:
        return 1.0 if {one, other} == copies else 0.0

    assert [k for _, k in diverse(hits, alike, 0.5)] == [1, 3, 2]
    assert diverse(hits, alike, 0.0) == hits
    assert [score for score, _ in diverse(hits, alike, 0.5)] == [1.0, 0.99, 0.5]
    assert diverse([], alike, 0.5) == []


@given(st.integers(0, 12), st.floats(0.01, 1.0))
def test_diversity_loses_no_hit(count: int, amount: float) -> None:
    chance = random.Random(count)
    hits = sorted(((chance.random(), n) for n in range(count)), reverse=True)
    again = diverse(hits, lambda a, b: ((a * 7 + b * 7) % 10) / 10, amount)
    assert sorted(again, key=lambda hit: hit[1]) == sorted(again, key=lambda hit: hit[1])
    assert {k for _, k in again} == {k for _, k in hits}
    assert [score for score, _ in again] == sorted((score for score, _ in hits), reverse=True)


def test_length_weight_grows_with_the_documents() -> None:
    assert [length_weight(words) for words in (5, 60, 90, 120, 900)] == pytest.approx(
        [0.3, 0.3, 0.525, 0.75, 0.75]
    )


def test_hints_of_time() -> None:
    day = 86_400
    assert asks_when("When did it start?")
    assert asks_when("In which year was that?")
    assert not asks_when("Who was there when it started?")
    assert speaks_of_time("We left last Tuesday")
    assert not speaks_of_time("We left the house")
    assert nearness(5 * day, [(4 * day, 6 * day)]) == 1.0
    assert nearness(6 * day, [(4 * day, 6 * day)]) == 1.0
    assert nearness(9 * day, [(4 * day, 6 * day)]) == pytest.approx(4 / 7)
    assert nearness(0, [(14 * day, None), (None, -7 * day)]) == 0.0
    assert nearness(0, []) == 0.0
    assert freshness([0, 100, 50], 50.0) == [0.25, 1.0, 0.5]
    gains = time_gains("when was it", [(0, 10)], [1, 2], {1: 5, 2: 10**9}.__getitem__, lambda _: "yesterday")
    assert gains == {1: pytest.approx(0.2), 2: pytest.approx(0.1)}
