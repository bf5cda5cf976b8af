"""A FrameSet is a set of numbers, whatever is done with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.storage.frame_set import FrameSet

SIZE = 70
ids = st.sets(st.integers(0, SIZE - 1))


@given(ids, ids)
def test_it_behaves_as_a_set(one: set[int], two: set[int]) -> None:
    a, b = FrameSet.of(one, SIZE), FrameSet.of(two, SIZE)
    assert list(a) == sorted(one) == list(a.ids())
    assert len(a) == len(one)
    assert bool(a) == bool(one)
    assert set(a & b) == one & two
    assert set(a | b) == one | two
    assert set(a - b) == one - two
    assert set(a.complement()) == set(range(SIZE)) - one
    assert (a == b) == (one == two)
    assert all((k in a) == (k in one) for k in range(-2, SIZE + 2))
    assert FrameSet(a.mask) == a
    assert hash(FrameSet(a.mask)) == hash(a)


def test_every_has_all_and_nothing_more() -> None:
    assert list(FrameSet.every(3)) == [0, 1, 2]
    assert 3 not in FrameSet.every(3)
    assert "x" not in FrameSet.every(3)


def test_sets_of_different_memories_do_not_combine() -> None:
    with pytest.raises(ValueError, match="do not combine"):
        FrameSet.every(3) & FrameSet.every(4)
