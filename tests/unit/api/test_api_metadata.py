"""Metadata, tags and labels come back with the types and in the order they were given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from life import live_through, long_text, same

import mv2
from mv2.errors import InvalidArgumentError, LimitError

VALUES: dict[str, Any] = {
    "zero": 0,
    "one": 1,
    "one as float": 1.0,
    "one as text": "1",
    "true": True,
    "false": False,
    "true as text": "true",
    "null": None,
    "null as text": "null",
    "negative": -7,
    "beyond 64 bits": 2**70,
    "far below zero": -(2**200),
    "largest of 64 bits": 2**64 - 1,
    "float": 0.1,
    "negative zero": -0.0,
    "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "whole float beyond 2**53": 1e22,
    "empty text": "",
    "unicode": "Ünï\u0301cödé 東京 🦊",
    "not normalised": "\u212b ﬁ",
    "line ends": "a\r\nb\n",
    "zero byte": "a\0b",
    "json in text": '{"a": 1}',
    "quoted text": '"quoted"',
    "number in text": "1e5",
    "nan in text": "NaN",
    "list": [1, 2.0, "3", None, True, []],
    "nested": {"a": {"b": [{"c": None}, {"d": [[[1]]]}]}, "": {}},
    "mixed order": {"z": 1, "a": 2, "m": 3},
    "our prefix further in": {"mv2:put_at": 5},
}


def test_values_keep_their_types(path: Path) -> None:
    live_through(
        path,
        lambda memory: memory.put("x", metadata=VALUES),
        lambda memory, number: _assert_same(dict(memory.frame(number).metadata), VALUES),
    )


def _assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        assert same(found[key], value), f"{key}: {found[key]!r} instead of {value!r}"


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "ключ", "e\u0301", "🦊", "a\nb", 'quo"te', "x" * 2000, "Mv2:a", "mv2"]
)
def test_keys_are_any_text(path: Path, key: str) -> None:
    with mv2.open(path) as memory:
        number = memory.put("x", metadata={key: "value"})
        assert dict(memory.frame(number).metadata) == {key: "value"}
    with mv2.open(path, "r") as memory:
        assert dict(memory.frame(number).metadata) == {key: "value"}


def test_chunks_carry_the_metadata_of_their_document(memory: mv2.Memvid) -> None:
    number = memory.put(long_text(), metadata={"lang": "en"}, tags=["a b"], labels=["L"])
    chunk = memory.frame(number + 1)
    assert (dict(chunk.metadata), chunk.tags, chunk.labels) == ({"lang": "en"}, ("a b",), ("L",))


def test_hits_carry_it(memory: mv2.Memvid) -> None:
    memory.put("find the needle", metadata=VALUES, tags=["t"], labels=["l"])
    (hit,) = memory.find("needle").hits
    _assert_same(dict(hit.metadata), VALUES)
    assert (hit.tags, hit.labels) == (("t",), ("l",))


def test_changing_the_dictionary_later_changes_nothing(memory: mv2.Memvid) -> None:
    given = {"list": [1]}
    number = memory.put("x", metadata=given)
    given["list"].append(2)
    found = memory.frame(number).metadata
    assert dict(found) == {"list": [1]}
    found["list"].append(3)
    assert dict(memory.frame(number).metadata) == {"list": [1]}


NOT_JSON: dict[str, Any] = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "nan in a list": [1, [float("-inf")]],
    "set": {1, 2},
    "bytes": b"bytes",
    "date": dt.date(2024, 1, 1),
    "decimal": Decimal("1.5"),
    "object": object(),
    "numpy array": np.zeros(2),
    "key that is a number": {1: "a"},
    "key further in": {"a": [{"b": {None: 1}}]},
    "key that is a bool": {True: 1},
    "lone surrogate": "a\ud800",
    "lone surrogate in a key": {"a\ud800": 1},
}


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize("way", ["put", "put_many", "update"])
def test_other_values_are_refused(memory: mv2.Memvid, value: Any, way: str) -> None:
    number = memory.put("there already", metadata={"kept": True})
    act: Callable[[], object] = {
        "put": lambda: memory.put("x", metadata={"key of it": value}),
        "put_many": lambda: memory.put_many([{"content": "x", "metadata": {"key of it": value}}]),
        "update": lambda: memory.update(number, metadata={"key of it": value}),
    }[way]
    with pytest.raises(InvalidArgumentError, match="key of it"):
        act()
    assert memory.stats().frame_count == 1
    assert dict(memory.frame(number).metadata) == {"kept": True}


def test_a_list_inside_itself_is_refused(memory: mv2.Memvid) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidArgumentError):
        memory.put("x", metadata={"loop": loop})


@pytest.mark.parametrize("depth", [200, 100_000])
def test_deep_values_come_back_or_are_refused(memory: mv2.Memvid, depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    try:
        number = memory.put("x", metadata={"deep": value})
    except InvalidArgumentError:
        assert depth > 200
    else:
        found = memory.frame(number).metadata["deep"]
        for _ in range(depth):
            (found,) = found
        assert found == 1


@pytest.mark.parametrize("key", [1, None, True, b"bytes", ("a",)], ids=repr)
def test_keys_of_other_types_are_refused(memory: mv2.Memvid, key: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="key"):
        memory.put("x", metadata={key: 1})


@pytest.mark.parametrize("key", ["mv2:", "mv2:put_at", "mv2:deleted_at", "mv2:mine"])
def test_reserved_keys_are_refused(memory: mv2.Memvid, key: str) -> None:
    with pytest.raises(InvalidArgumentError, match="reserved"):
        memory.put("x", metadata={key: 1})
    number = memory.put("x")
    with pytest.raises(InvalidArgumentError, match="reserved"):
        memory.update(number, metadata={key: 1})


def test_a_lone_surrogate_as_key_is_refused(memory: mv2.Memvid) -> None:
    with pytest.raises(InvalidArgumentError):
        memory.put("x", metadata={"a\ud800": 1})
    assert memory.put("next") == 0


@pytest.mark.parametrize("metadata", [["a"], "text", 5, [("a", 1)]], ids=repr)
def test_metadata_is_a_mapping(memory: mv2.Memvid, metadata: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="metadata"):
        memory.put("x", metadata=metadata)
    number = memory.put("y")
    with pytest.raises(InvalidArgumentError, match="metadata"):
        memory.update(number, metadata=metadata)


def test_reserved_keys_are_hidden(memory: mv2.Memvid) -> None:
    """Where the engine keeps times is nobody's business."""
    number = memory.put("x", metadata={"a": 1})
    memory.update(number, title="new")
    memory.commit()
    memory.delete(number + 1)
    for frame in (memory.frame(number), memory.frame(number + 1)):
        assert dict(frame.metadata) == {"a": 1}


class TestLabels:
    """Tags and labels: exact strings, in order, doubles kept."""

    TEXTS = ("b", "a", "two words", " padded ", "", "ÜNÏ", "e\u0301", "🦊", "a,b;c", "b", "x" * 3000, "a\nb")

    @pytest.mark.parametrize("field", ["tags", "labels"])
    def test_exact(self, path: Path, field: str) -> None:
        def check(memory: mv2.Memvid, number: int) -> None:
            assert getattr(memory.frame(number), field) == self.TEXTS

        live_through(path, lambda memory: memory.put("x", **{field: list(self.TEXTS)}), check)

    @pytest.mark.parametrize("field", ["tags", "labels"])
    @pytest.mark.parametrize("value", ["one string", b"bytes", [1], ["a", None], ["a\ud800"], 5], ids=repr)
    def test_refused(self, memory: mv2.Memvid, field: str, value: Any) -> None:
        with pytest.raises(InvalidArgumentError, match=field):
            memory.put("x", **{field: value})
        assert memory.stats().frame_count == 0
        number = memory.put("x")
        with pytest.raises(InvalidArgumentError, match=field):
            memory.update(number, **{field: value})

    def test_none_means_none(self, memory: mv2.Memvid) -> None:
        """As in rows that come from JSON."""
        (number,) = memory.put_many([{"content": "x", "tags": None, "labels": None, "metadata": None}])
        frame = memory.frame(number)
        assert (frame.tags, frame.labels, dict(frame.metadata)) == ((), (), {})

    def test_any_iterable_of_strings(self, memory: mv2.Memvid) -> None:
        number = memory.put("x", tags=(tag for tag in "ab"), labels={"k": 1})  # type: ignore[arg-type]
        assert memory.frame(number).tags == ("a", "b")
        assert memory.frame(number).labels == ("k",)


class TestLimits:
    @pytest.mark.parametrize("field", ["tags", "labels"])
    def test_labels(self, path: Path, field: str) -> None:
        most = [f"t{i}" for i in range(1024)]
        with mv2.open(path) as memory:
            with pytest.raises(LimitError, match="1024"):
                memory.put("x", **{field: [*most, "one more"]})
            number = memory.put("x", **{field: most})
            with pytest.raises(LimitError):
                memory.update(number, **{field: [*most, "one more"]})
        with mv2.open(path, "r") as memory:
            assert getattr(memory.frame(number), field) == tuple(most)
            assert memory.stats().frame_count == 1

    def test_metadata_entries(self, path: Path) -> None:
        """All entries that put accepts survive with the engine's own beside them."""
        most = {f"k{i}": i for i in range(4088)}
        with mv2.open(path) as memory:
            with pytest.raises(LimitError):
                memory.put("x", metadata={**most, "one more": 1})
            number = memory.put("x", metadata=most)
            memory.delete(number)
        with mv2.open(path, "r") as memory:
            frame = memory.frame(number)
            assert dict(frame.metadata) == most
            assert frame.deleted_at is not None
            assert memory.verify(deep=True).ok

    def test_merging_beyond_the_limit_is_refused(self, memory: mv2.Memvid) -> None:
        number = memory.put("x", metadata={f"k{i}": i for i in range(4088)})
        with pytest.raises(LimitError):
            memory.update(number, metadata={"one more": 1}, merge=True)
        assert memory.frame(number).status == "active"

    def test_a_limit_is_a_wrong_argument(self) -> None:
        assert issubclass(LimitError, InvalidArgumentError)
        assert issubclass(InvalidArgumentError, ValueError)
