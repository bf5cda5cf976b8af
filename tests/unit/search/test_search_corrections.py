"""Which corrections are about a query, and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.index.lexical import tokens
from mv2.search.corrections import applies, boost_of, lift


def stems(text: str) -> set[str]:
    return set(tokens(text))


@pytest.mark.parametrize(
    ("query", "statement", "topics", "expected"),
    [
        ("kettle vinegar", "The kettle is descaled with lemon.", (), False),
        ("kettle descale", "The kettle is descaled with lemon.", (), True),
        ("kettle", "The kettle is descaled with lemon.", (), True),
        ("blue kettle handle broke", "The kettle is descaled with lemon.", (), False),
        ("blue kettle handle broke", "It is descaled with lemon.", ("kettle",), True),
        ("tea pot handle", "It is green.", ("tea pot",), True),
        ("tea cup handle", "It is green.", ("tea pot",), False),
        ("", "The kettle.", ("kettle",), False),
        ("kettle", "", ("",), False),
    ],
)
def test_a_correction_needs_half_of_the_words_or_a_topic(
    query: str, statement: str, topics: tuple[str, ...], expected: bool
) -> None:
    assert applies(stems(query), statement, topics) is expected


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 30)), unique_by=lambda hit: hit[1], max_size=20),
    st.sets(st.integers(0, 30)),
    st.floats(0.01, 10),
)
def test_corrections_stand_above_everything_else(
    hits: list[tuple[float, int]], corrections: set[int], boost: float
) -> None:
    hits.sort(key=lambda hit: -hit[0])
    lifted = lift(hits, corrections.__contains__, lambda _: boost)
    assert sorted(frame_id for _, frame_id in lifted) == sorted(frame_id for _, frame_id in hits)
    assert [score for score, _ in lifted] == sorted((score for score, _ in lifted), reverse=True)
    flags = [frame_id in corrections for _, frame_id in lifted]
    assert flags == sorted(flags, reverse=True)
    assert [hit for hit in lifted if hit[1] not in corrections] == [
        hit for hit in hits if hit[1] not in corrections
    ]


def test_the_boost_decides_between_corrections() -> None:
    assert [
        frame_id
        for _, frame_id in lift(
            [(3.0, 0), (2.0, 1), (1.5, 2)], {1, 2}.__contains__, {1: 1.0, 2: 4.0}.__getitem__
        )
    ] == [2, 1, 0]


@pytest.mark.parametrize(
    ("metadata", "boost"),
    [
        ({}, 2.0),
        ({"memvid.correction.boost": 3}, 3.0),
        ({"memvid.correction.boost": "1.5"}, 1.5),
        ({"memvid.correction.boost": "much"}, 2.0),
        ({"memvid.correction.boost": -1}, 2.0),
        ({"memvid.correction.boost": float("inf")}, 2.0),
        ({"memvid.correction.boost": True}, 2.0),
        ({"memvid.correction.boost": None}, 2.0),
    ],
)
def test_a_boost_that_makes_no_sense_is_the_usual_one(metadata: dict[str, object], boost: float) -> None:
    assert boost_of(metadata) == boost
