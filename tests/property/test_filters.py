"""Columns say of every frame what its record says, whatever happened to the file."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mv2
from mv2.ingest.frames import make_frame
from mv2.search.filters import parse_filter
from mv2.storage import facet_builder, facet_columns
from mv2.testing.filters import plainly_matches
from mv2.testing.fixtures import quick_temporary_directory

__all__ = ["quick_temporary_directory"]

KEYS = ["a", "b", "a.b", "kind", "c.d.e", "x"]
TEXTS = ["", "red", "redder", "2020", "2024-03-05", "2024-03-05T14:00:00+02:00", "true", "é"]
NUMBERS = [0, 1, 1.0, -0.0, 2020, 2.5, 1e300, (1 << 53) + 1, 1 << 70, -(1 << 63)]
scalars = st.one_of(
    st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans(), st.none(), st.integers(0, 30)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["b", "c", "d.e", "d", "e", ""]), inner, max_size=3),
    ),
    max_leaves=5,
)
words = st.sampled_from(["red", "deep blue", "Red", "a", ""])
frames = st.fixed_dictionaries(
    {
        "tags": st.lists(words, max_size=3),
        "labels": st.lists(words, max_size=2),
        "metadata": st.dictionaries(st.sampled_from(KEYS), values, max_size=3),
        "timestamp": st.integers(1_709_640_000, 1_709_640_010),
    },
    optional={"title": words, "kind": words, "track": words},
)
moments = st.sampled_from(
    [
        dt.datetime(2024, 3, 5),  # noqa: DTZ001 - naive ones are UTC
        dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC),
        dt.datetime(2024, 3, 5, 14, 0, 3, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    ]
)
FIELDS = [*KEYS, "a.c", "b.c", "b.d.e", "metadata.kind", "metadata.a", "uri", "title", "track", "tags",
          "labels", "role", "mime"]  # fmt: skip
COMPARISONS = ["$gt", "$gte", "$lt", "$lte"]


def conditions(field: str) -> st.SearchStrategy[dict[str, Any]]:
    operands: st.SearchStrategy[Any] = values | moments
    ordered: st.SearchStrategy[Any] = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | moments
    if field == "timestamp":
        operands = st.integers(1_709_640_000, 1_709_640_010) | moments | st.just("2024-03-05T12:00:05")
        ordered = operands
    elif field == "id":
        operands = ordered = st.integers(-1, 40)
    elif field in ("role", "mime", "uri", "tags", "title"):
        operands = operands | st.sampled_from(["document", "chunk", "text/plain", "mv2://frames/3", "red"])
    simple = [
        st.tuples(st.sampled_from(["$eq", "$ne"]), operands),
        st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(operands, max_size=3)),
        st.tuples(st.sampled_from(COMPARISONS), ordered),
        st.tuples(st.just("$exists"), st.booleans()),
    ]
    if field not in ("timestamp", "id"):
        simple.append(st.tuples(st.just("$contains"), operands))
        simple.append(st.tuples(st.just("$startswith"), st.sampled_from(["", "r", "mv2://", "20"])))
    one = st.lists(st.one_of(simple), min_size=1, max_size=2).map(dict)
    plain = operands.filter(lambda value: not isinstance(value, dict))
    return st.one_of(plain, one, one.map(lambda o: {"$not": o})).map(lambda condition: {field: condition})


leaves = st.sampled_from([*FIELDS, "timestamp", "id"]).flatmap(conditions)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        inner.map(lambda one: {"$not": one}),
        st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
    ),
    max_leaves=4,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), frames),
        st.tuples(st.just("many"), st.lists(frames, min_size=1, max_size=8)),
        st.tuples(st.just("update"), st.tuples(st.integers(0, 50), frames)),
        st.tuples(st.just("delete"), st.integers(0, 50)),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("reopen"), st.none()),
        st.tuples(st.just("vacuum"), st.none()),
    ),
    min_size=1,
    max_size=10,
)

CROWDED = {"FEWEST_DISTINCT": 1, "TABLE_BYTES": 40, "TABLE_BYTES_EACH": 4}


@contextlib.contextmanager
def limits(which: str) -> Iterator[None]:
    """Columns of all kinds, in files of a few frames."""
    with pytest.MonkeyPatch.context() as patch:
        if which != "usual":
            for name, value in CROWDED.items():
                patch.setattr(facet_columns, name, value)
        if which == "few keys":
            patch.setattr(facet_builder, "MAX_KEYS", 2)
        yield


def open_quickly(path: Path) -> mv2.Memvid:
    return mv2.open(path, durability="none", embedder="none")


def play(memory: mv2.Memvid, path: Path, todo: list[tuple[str, Any]]) -> mv2.Memvid:
    for name, given_ in todo:
        active = [frame.id for frame in memory.frames()]
        if name == "put":
            memory.put("text", **given_)
        elif name == "many":
            memory.put_many([{"content": "text", **one} for one in given_])
        elif name == "update" and active:
            memory.update(active[given_[0] % len(active)], **given_[1])
        elif name == "delete" and active:
            memory.delete(active[given_ % len(active)])
        elif name == "commit":
            memory.commit()
        elif name == "vacuum":
            memory.vacuum()
        elif name == "reopen":
            memory.close()
            memory = open_quickly(path)
        check(memory, {"a": 1})
    return memory


def check(memory: mv2.Memvid, wanted: dict[str, Any]) -> None:
    view = memory._store.view()
    parsed = parse_filter(wanted)
    expected = [plainly_matches(wanted, make_frame(view, i)) for i in range(view.frame_count)]
    assert [parsed.matches(view.record(i)) for i in range(view.frame_count)] == expected
    for _ in range(2):  # the second time from what was kept
        assert [bool(flag) for flag in parsed.evaluate(view).mask] == expected


@given(
    which=st.sampled_from(["usual", "tables overflow", "few keys"]),
    todo=steps,
    wanted=st.lists(filters, min_size=1, max_size=4),
)
def test_columns_say_what_records_say(which: str, todo: list[tuple[str, Any]], wanted: list[Any]) -> None:
    with limits(which), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.mv2"
        memory = play(open_quickly(path), path, todo)
        try:
            for one in wanted:
                check(memory, one)
            memory.commit()
            for one in wanted:
                check(memory, one)
        finally:
            memory.close()
