"""Embeddings come back exactly as float32, at every stage of a file, or are refused."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from life import WAYS, add, chunks_of, live_through, long_text, stored_tail

import mv2
from mv2.errors import InvalidArgumentError, VecDimensionMismatchError
from mv2.storage.vector_store import MAX_SEGMENTS

RANDOM = np.random.default_rng(7)
LONG = long_text(4000)


def vector(memory: mv2.Memvid, frame: int | str) -> bytes | None:
    found = memory.embedding(frame)
    assert found is None or (isinstance(found, array) and found.typecode == "f")
    return None if found is None else found.tobytes()


FORMS: dict[str, Any] = {
    "list": [0.1, -2.5, 1e-30, 3.0],
    "tuple": (0.1, 1, 2, -0.0),
    "whole numbers": [1, 2, 3, 4],
    "float32": RANDOM.standard_normal(4).astype(np.float32),
    "float64": RANDOM.standard_normal(4),
    "float16": RANDOM.standard_normal(4).astype(np.float16),
    "big endian": RANDOM.standard_normal(4).astype(">f4"),
    "integers": np.array([1, 2, 3, 4]),
    "every second": RANDOM.standard_normal(8).astype(np.float32)[::2],
    "array": array("f", [0.25, 0.5, 1, 2]),
    "array of doubles": array("d", [0.1, 0.5, 1, 2]),
    "edge of float32": [3.4028235e38, -3.4028235e38, 1e-45, 0.0],
    "one row": [[0.5, 1.5, 2.5, 3.5]],
    "one row of numpy": np.ones((1, 4), dtype=np.float32),
}


@pytest.mark.parametrize("given", FORMS.values(), ids=FORMS)
def test_every_form(path: Path, given: Any) -> None:
    wanted = np.asarray(given, dtype=np.float64).astype("<f4").tobytes()

    def check(memory: mv2.Memvid, number: int) -> None:
        assert vector(memory, number) == wanted
        assert vector(memory, f"mv2://frames/{number}") == wanted

    live_through(path, lambda memory: memory.put("x", embedding=given), check)


@pytest.mark.parametrize("dimension", [1, 3, 384, 1536, 65_536])
def test_any_dimension(path: Path, dimension: int) -> None:
    rows = RANDOM.standard_normal((2, dimension)).astype(np.float32)

    def build(memory: mv2.Memvid) -> list[int]:
        return [
            memory.put("a", embedding=rows[0]),
            memory.put(b"\xff", embedding=rows[1]),
            memory.put("none"),
        ]

    def check(memory: mv2.Memvid, ids: list[int]) -> None:
        assert [vector(memory, number) for number in ids] == [rows[0].tobytes(), rows[1].tobytes(), None]
        assert (memory.stats().vector_count, memory.stats().vector_dimension) == (2, dimension)

    live_through(path, build, check)


class TestChunks:
    @pytest.mark.parametrize("as_list", [False, True])
    @pytest.mark.parametrize("way", ["put", "put_many"])
    def test_one_for_each(self, path: Path, as_list: bool, way: str) -> None:
        with mv2.open(path.with_name("probe.mv2")) as probe:
            count = probe.frame(probe.put(LONG)).chunk_count or 0
        matrix = RANDOM.standard_normal((count, 5)).astype(np.float32)
        embedding = matrix.tolist() if as_list else matrix

        def build(memory: mv2.Memvid) -> int:
            if way == "put":
                return memory.put(LONG, embedding=embedding)
            return memory.put_many([{"content": LONG, "embedding": embedding}])[0]

        def check(memory: mv2.Memvid, number: int) -> None:
            assert vector(memory, number) is None
            chunks = chunks_of(memory, number)
            assert [vector(memory, chunk.id) for chunk in chunks] == [row.tobytes() for row in matrix]

        live_through(path, build, check)

    def test_one_for_the_document(self, path: Path) -> None:
        def check(memory: mv2.Memvid, number: int) -> None:
            assert vector(memory, number) == array("f", [1, 2, 3]).tobytes()
            assert {vector(memory, chunk.id) for chunk in chunks_of(memory, number)} == {None}

        live_through(path, lambda memory: memory.put(LONG, embedding=[1, 2, 3]), check)

    @pytest.mark.parametrize("rows", [1, 2, 99])
    def test_another_number_is_refused(self, memory: mv2.Memvid, rows: int) -> None:
        with pytest.raises(InvalidArgumentError, match=f"{rows} vectors"):
            memory.put(LONG, embedding=np.ones((rows, 3)))
        assert memory.stats().frame_count == 0

    @pytest.mark.parametrize("rows", [0, 2])
    def test_a_short_document_has_one(self, memory: mv2.Memvid, rows: int) -> None:
        with pytest.raises(InvalidArgumentError):
            memory.put("short", embedding=np.ones((rows, 3)))
        with pytest.raises(InvalidArgumentError):
            memory.put("short", embedding=[[1.0, 2.0]] * rows)

    def test_rows_must_be_of_one_length(self, memory: mv2.Memvid) -> None:
        count = memory.frame(memory.put(LONG)).chunk_count or 0
        with pytest.raises(VecDimensionMismatchError):
            memory.put(LONG, embedding=[[1.0, 2.0]] * (count - 1) + [[1.0]])


class TestDimension:
    @pytest.mark.parametrize("committed", [False, True])
    @pytest.mark.parametrize("way", WAYS)
    def test_must_be_that_of_the_others(self, memory: mv2.Memvid, committed: bool, way: str) -> None:
        memory.put("first", embedding=[1, 2, 3])
        if committed:
            memory.commit()
        documents = [{"content": "fine"}, {"content": "second", "embedding": [1, 2]}]
        with pytest.raises(VecDimensionMismatchError, match=r"2 .* 3") as refusal:
            add(memory, way, *documents[way == "put" :])
        assert isinstance(refusal.value, InvalidArgumentError)
        assert memory.stats().frame_count == 1
        memory.put("third", embedding=[4, 5, 6])

    @pytest.mark.parametrize("way", ["put_many", "batch"])
    def test_inside_one_call(self, memory: mv2.Memvid, way: str) -> None:
        documents = [{"content": "a", "embedding": [1, 2, 3]}, {"content": "b", "embedding": [1]}]
        with pytest.raises(VecDimensionMismatchError):
            add(memory, way, *documents)
        assert memory.stats().frame_count == 0
        memory.put("free again", embedding=[1])

    def test_of_another_handle(self, path: Path) -> None:
        with mv2.open(path) as first, mv2.open(path) as second:
            first.put("a", embedding=[1, 2, 3])
            with pytest.raises(VecDimensionMismatchError):
                second.put("b", embedding=[1, 2])


WRONG: dict[str, Any] = {
    "nan": [1.0, float("nan")],
    "infinity": [float("inf")],
    "minus infinity in numpy": np.array([-np.inf, 0]),
    "beyond float32": [1e39],
    "beyond float32 in numpy": np.array([1e39]),
    "empty": [],
    "empty numpy": np.zeros(0),
    "text": "0.1 0.2",
    "texts": ["0.1"],
    "none inside": [0.1, None],
    "a number": 5,
    "a bool": True,
    "three dimensions": np.zeros((1, 1, 1)),
    "no dimension": np.float32(5),
    "too long": np.zeros(65_537, dtype=np.float32),
    "complex": np.array([1j]),
    "objects": np.array([object()]),
    "a dictionary": {"a": 1.0},
}


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:Casting complex")
@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("text", ["short", LONG], ids=["short", "long"])
def test_refused(memory: mv2.Memvid, given: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        memory.put(text, embedding=given)
    assert memory.stats().frame_count == 0
    number = memory.put(text)
    with pytest.raises(InvalidArgumentError):
        memory.update(number, embedding=given)


def test_changing_the_array_later_changes_nothing(memory: mv2.Memvid) -> None:
    given = np.ones(3, dtype=np.float32)
    number = memory.put("x", embedding=given)
    given[:] = 9
    found = memory.embedding(number)
    assert found is not None
    found[0] = 7
    assert list(memory.embedding(number) or ()) == [1, 1, 1]


def test_many_commits_merge_their_vectors(path: Path) -> None:
    """Each commit appends a segment; when they become many they are merged, and nothing is lost."""
    rows = RANDOM.standard_normal((60, 6)).astype(np.float32)
    segments = []
    with mv2.open(path) as memory:
        for number, row in enumerate(rows):
            if number % 7 == 3:
                memory.put_many([{"content": f"n{number}", "embedding": row}])
            else:
                memory.put(f"n{number}", embedding=row)
                memory.commit()
            segments.append(len(stored_tail(path).catalogue.vec_segments))
            if number % 20 == 0:
                memory.delete(number)
        for number, row in enumerate(rows):
            assert vector(memory, number) == row.tobytes()
    assert max(segments) == MAX_SEGMENTS == 16
    assert segments[-1] < len(rows)
    with mv2.open(path) as memory:
        assert memory.stats().vector_count == 60
        assert memory.verify(deep=True).ok
        memory.vacuum()
        assert [vector(memory, number) for number in range(60)] == [row.tobytes() for row in rows]


def test_old_versions_keep_theirs(path: Path) -> None:
    def build(memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a", embedding=[1, 1])
        memory.put("two", uri="mv2://a", embedding=[2, 2])
        memory.put("three", uri="mv2://a")
        memory.delete("mv2://a")

    def check(memory: mv2.Memvid, _: None) -> None:
        assert [list(memory.embedding(number) or ()) for number in range(3)] == [[1, 1], [2, 2], []]

    live_through(path, build, check)
