"""The filter language: what each operator means, and how faults are named."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2.ingest.frames import make_frame
from mv2.search import filters as filters_module
from mv2.search.filter_text import parse_filter_text
from mv2.search.filters import Filter, parse_filter, scope_set, time_set
from mv2.storage.view import View
from mv2.testing.filters import plainly_matches
from mv2.testing.fixtures import quick_temporary_directory

__all__ = ["quick_temporary_directory"]

DAY = dt.datetime(2024, 3, 5, tzinfo=dt.UTC)
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)
START = int(DAY.timestamp())

DOCUMENTS: list[dict[str, Any]] = [
    {"uri": "mv2://a/1", "title": "Alpha", "tags": ["red", "deep blue"], "kind": "note", "track": "t",
     "metadata": {"year": 2020, "lang": "en", "nested": {"name": "Ann", "age": 30}, "kind": "inner"}},
    {"uri": "mv2://a/2", "tags": ["green"], "labels": ["red"],
     "metadata": {"year": 2020.0, "lang": ["en", "de"], "nested": [{"name": "Bob"}, {"name": "Cy"}]}},
    {"uri": "mv2://b/3", "metadata": {"year": "2020", "lang": None, "flag": True, "when": "2024-03-05"}},
    {"uri": "mv2://B/4", "title": "beta",
     "metadata": {"year": True, "flag": 1, "a.b": "dotted", "a": {"b": 5},
                  "when": "2024-03-05T14:00:00+02:00", "empty": [], "list": [[1, 2], 3]}},
    {"uri": "other", "metadata": {}},
]  # fmt: skip


@pytest.fixture(scope="module", params=["committed", "pending"])
def view(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    path = tmp_path_factory.mktemp("filters") / "m.mv2"
    with mv2.open(path, durability="none", embedder="none") as memory:
        with memory.batch():
            for place, one in enumerate(DOCUMENTS):
                memory.put("some text", timestamp=START + place * 3600, **one)
        if request.param == "committed":
            memory.commit()
        yield memory._store.view()


MEANINGS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4]),
    ({"year": 2020}, [0, 1]),
    ({"year": 2020.0}, [0, 1]),
    ({"year": "2020"}, [2]),
    ({"year": True}, [3]),
    ({"year": 1}, []),
    ({"flag": 1}, [3]),
    ({"flag": True}, [2]),
    ({"lang": "en"}, [0, 1]),
    ({"lang": ["en", "de"]}, [1]),
    ({"lang": ["de", "en"]}, []),
    ({"lang": None}, [2, 3, 4]),
    ({"lang": {"$exists": True}}, [0, 1, 2]),
    ({"lang": {"$exists": False}}, [3, 4]),
    ({"lang": {"$ne": "en"}}, [2, 3, 4]),
    ({"lang": {"$ne": None}}, [0, 1]),
    ({"lang": {"$in": ["de", None]}}, [1, 2, 3, 4]),
    ({"lang": {"$in": []}}, []),
    ({"lang": {"$nin": ["de", "fr"]}}, [0, 2, 3, 4]),
    ({"lang": {"$not": {"$eq": "en"}}}, [2, 3, 4]),
    ({"year": {"$gte": 2020}}, [0, 1]),
    ({"year": {"$gt": 2019.5, "$lt": 2021}}, [0, 1]),
    ({"year": {"$lt": "3"}}, [2]),
    ({"year": {"$gt": 2020}}, []),
    ({"year": {"$lte": 2020, "$ne": 2020}}, []),
    ({"nested.name": "Ann"}, [0]),
    ({"nested.name": {"$in": ["Ann", "Cy"]}}, [0, 1]),
    ({"nested.age": {"$gt": 18}}, [0]),
    ({"nested": {"name": "Ann", "age": 30.0}}, [0]),
    ({"nested": {"name": "Ann"}}, []),
    ({"nested": {"name": "Bob"}}, [1]),
    ({"a.b": "dotted"}, [3]),
    ({"a.b": 5}, [3]),
    ({"kind": "note"}, [0]),
    ({"kind": "inner"}, []),
    ({"metadata.kind": "inner"}, [0]),
    ({"metadata.nested.name": "Ann"}, [0]),
    ({"tags": "red"}, [0]),
    ({"tags": {"$contains": "deep blue"}}, [0]),
    ({"tags": {"$contains": "deep"}}, []),
    ({"tags": ["red", "deep blue"]}, [0]),
    ({"tags": {"$exists": False}}, [2, 3, 4]),
    ({"tags": None}, [2, 3, 4]),
    ({"tags": {"$ne": "red"}}, [1, 2, 3, 4]),
    ({"tags": {"$startswith": "gr"}}, [1]),
    ({"labels": {"$in": ["red", "x"]}}, [1]),
    ({"empty": []}, [3]),
    ({"empty": {"$exists": True}}, [3]),
    ({"list": {"$contains": [1, 2]}}, [3]),
    ({"list": {"$contains": 3}}, [3]),
    ({"list": {"$contains": 1}}, []),
    ({"title": {"$contains": "a"}}, [0, 3]),
    ({"title": {"$gte": "a"}}, [3]),
    ({"title": None}, [1, 2, 4]),
    ({"uri": "mv2://a/2"}, [1]),
    ({"uri": {"$in": ["mv2://a/2", "other", "none"]}}, [1, 4]),
    ({"uri": {"$startswith": "mv2://b/"}}, [2]),
    ({"uri": {"$contains": "/4"}}, [3]),
    ({"track": {"$exists": True}}, [0]),
    ({"role": "document"}, [0, 1, 2, 3, 4]),
    ({"role": "chunk"}, []),
    ({"mime": "text/plain"}, [0, 1, 2, 3, 4]),
    ({"id": {"$in": [1, 3, 77]}}, [1, 3]),
    ({"id": {"$gte": 3}}, [3, 4]),
    ({"timestamp": START + 3600}, [1]),
    ({"timestamp": {"$lt": "2024-03-05T02:00:00Z"}}, [0, 1]),
    ({"timestamp": {"$gte": DAY + dt.timedelta(hours=3)}}, [3, 4]),
    ({"timestamp": {"$gt": dt.date(2024, 3, 5)}}, [1, 2, 3, 4]),
    ({"timestamp": {"$gte": START + 0.5}}, [1, 2, 3, 4]),
    ({"timestamp": {"$gte": DAY + dt.timedelta(microseconds=1)}}, [1, 2, 3, 4]),
    ({"timestamp": {"$exists": False}}, []),
    ({"when": NOON}, [3]),
    ({"when": dt.date(2024, 3, 5)}, [2]),
    ({"when": {"$gte": DAY, "$lt": NOON}}, [2]),
    ({"when": {"$gte": "2024-03-05T"}}, [3]),
    ({"$or": [{"year": "2020"}, {"tags": "green"}]}, [1, 2]),
    ({"$and": [{"year": 2020}, {"tags": "green"}]}, [1]),
    ({"$nor": [{"year": 2020}, {"year": True}]}, [2, 4]),
    ({"$not": {"year": 2020}}, [2, 3, 4]),
    ({"$not": [{"year": 2020}, {"year": True}]}, [2, 4]),
    ({"year": 2020, "$or": [{"tags": "red"}, {"labels": "red"}], "lang": {"$ne": "de"}}, [0]),
    ({"unknown": 5}, []),
    ({"unknown": {"$not": {"$gt": 5}}}, [0, 1, 2, 3, 4]),
    ({"unknown.deeper": {"$ne": 5}}, [0, 1, 2, 3, 4]),
]


@pytest.mark.parametrize(("wanted", "expected"), MEANINGS, ids=[str(one)[:60] for one, _ in MEANINGS])
def test_meanings(view: View, wanted: dict[str, Any], expected: list[int]) -> None:
    assert list(parse_filter(wanted).evaluate(view)) == expected
    assert [i for i in range(5) if parse_filter(wanted).matches(view.record(i))] == expected
    if not any(
        isinstance(operand, dt.date) and not isinstance(operand, dt.datetime) for operand in flat(wanted)
    ):
        assert [i for i in range(5) if plainly_matches(wanted, make_frame(view, i))] == expected


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from flat(inner)
    yield value


def test_results_do_not_depend_on_the_status(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("a", metadata={"v": 1})
        memory.put("b", metadata={"v": 1})
        memory.commit()
        memory.delete(0)
        assert list(parse_filter({"v": 1}).evaluate(memory._store.view())) == [0, 1]
        memory.commit()
        assert list(parse_filter({"v": 1}).evaluate(memory._store.view())) == [0, 1]


# --- faults -----------------------------------------------------------------------------


FAULTS: list[tuple[Any, str, str]] = [
    (["year"], "", "dictionary, not list"),
    ({"year": {"$gtee": 3}}, "year.$gtee", "unknown operator $gtee"),
    ({"year": {"$gt": 3, "plain": 1}}, "year.plain", "no operator"),
    ({"$or": {"a": 1}}, "$or", "list of filters"),
    ({"$and": []}, "$and", "not empty"),
    ({"$or": [{"a": 1}, {"b": {"$in": 3}}]}, "$or[1].b.$in", "takes a list, not int"),
    ({"$or": [{"a": 1}, 3]}, "$or[1]", "dictionary, not int"),
    ({"$xor": [{"a": 1}]}, "$xor", "unknown operator"),
    ({"$gt": 3}, "$gt", "without a field"),
    ({"$not": 3}, "$not", "list of filters"),
    ({"a": {"$not": 3}}, "a.$not", "dictionary of operators"),
    ({"a": {"$not": {}}}, "a.$not", "dictionary of operators"),
    ({"a": {"$not": {"$gt": None}}}, "a.$not.$gt", "not None"),
    ({"a": {"$exists": 1}}, "a.$exists", "true or false"),
    ({"a": {"$gt": [1]}}, "a.$gt", "not list"),
    ({"a": {"$gt": True}}, "a.$gt", "not bool"),
    ({"a": {"$lt": float("nan")}}, "a.$lt", "NaN"),
    ({"a": float("nan")}, "a", "NaN"),
    ({"a": b"x"}, "a", "type bytes"),
    ({"a": [object]}, "a", "type type"),
    ({"a": {"b": {1: 2}}}, "a", "no key"),
    ({"a": {"$startswith": 3}}, "a.$startswith", "not int"),
    ({"timestamp": {"$gt": "yesterday"}}, "timestamp.$gt", "not a time"),
    ({"timestamp": {"$contains": "2024"}}, "timestamp.$contains", "is a number"),
    ({"id": "3"}, "id", "compares with a number"),
    ({1: 2}, "1", "no field"),
    ({"": 2}, "", "no field"),
    ({"a\0b": 2}, "a\0b", "NUL"),
]


@pytest.mark.parametrize(("wrong", "place", "message"), FAULTS, ids=[str(one)[:50] for one, _, _ in FAULTS])
def test_faults_are_named_by_their_place(wrong: Any, place: str, message: str) -> None:
    with pytest.raises(mv2.FilterError) as caught:
        parse_filter(wrong)
    assert caught.value.place == place
    assert message in str(caught.value)
    assert isinstance(caught.value, mv2.InvalidArgumentError)


def test_unknown_operators_are_told_the_known_ones() -> None:
    with pytest.raises(mv2.FilterError) as caught:
        parse_filter({"year": {"$like": "x"}})
    assert "$startswith" in (caught.value.remedy or "")


@pytest.mark.parametrize("make", [lambda one: {"$not": one}, lambda one: {"$and": [one]}])
def test_depth_is_bounded(make: Any) -> None:
    wanted: dict[str, Any] = {"a": 1}
    for _ in range(2000):
        wanted = make(wanted)
    with pytest.raises(mv2.FilterError, match="nested"):
        parse_filter(wanted)
    operators: dict[str, Any] = {"$gt": 1}
    value: list[Any] = []
    for _ in range(2000):
        operators, value = {"$not": operators}, [value]
    for deep in (operators, value):
        with pytest.raises(mv2.FilterError, match="nested"):
            parse_filter({"a": deep})


# --- sets, and what is kept ---------------------------------------------------------------


def test_a_scope_is_the_beginning_of_the_uri(view: View) -> None:
    assert list(scope_set(view, "mv2://a/")) == [0, 1]
    assert list(scope_set(view, "mv2://b")) == [2]
    assert list(scope_set(view, "")) == [0, 1, 2, 3, 4]
    assert list(scope_set(view, "mv2://a/1x")) == []


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("committed", [False, True])
def test_a_time_set_is_half_open(tmp_path: Path, shuffled: bool, committed: bool) -> None:
    times = [30, 10, 20, 20, -5] if shuffled else [-5, 10, 20, 20, 30]
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        for moment in times:
            memory.put("t", timestamp=moment)
        if committed:
            memory.commit()
        view = memory._store.view()
        for since in (None, -6, -5, 10, 11, 20, 31):
            for until in (None, -5, 10, 20, 21, 30, 31):
                expected = [
                    i
                    for i, moment in enumerate(times)
                    if (since is None or moment >= since) and (until is None or moment < until)
                ]
                assert list(time_set(view, since, until)) == expected


def test_results_are_kept_until_the_state_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    evaluate, holds = filters_module.evaluate, filters_module.holds
    monkeypatch.setattr(filters_module, "evaluate", lambda *a: (calls.append("columns"), evaluate(*a))[1])
    monkeypatch.setattr(filters_module, "holds", lambda *a: (calls.append("record"), holds(*a))[1])
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put_many([{"content": "t", "metadata": {"v": i}} for i in range(3)])

        def asked(wanted: dict[str, Any]) -> list[int]:
            return list(parse_filter(wanted).evaluate(memory._store.view()))

        older = memory._store.view()
        assert asked({"v": {"$gt": 0}}) == asked({"v": {"$gt": 0}}) == [1, 2]
        assert calls == ["columns"]
        memory.put("t", metadata={"v": 9})
        memory.put("t", metadata={"v": 0})
        assert asked({"v": {"$gt": 0}}) == asked({"v": {"$gt": 0}}) == [1, 2, 3]
        assert calls == ["columns", "record", "record"]
        memory.put("t", metadata={"v": 8})
        assert asked({"v": {"$gt": 0}}) == [1, 2, 3, 5]
        assert calls.count("record") == 3
        assert list(parse_filter({"v": {"$gt": 0}}).evaluate(older)) == [1, 2]
        memory.commit()
        assert asked({"v": {"$gt": 0}}) == [1, 2, 3, 5]
        assert calls.count("columns") == 2
        for number in range(filters_module.CACHED + 1):
            asked({"v": number})
        assert asked({"v": {"$gt": 0}}) == [1, 2, 3, 5]
        assert calls.count("columns") == 4 + filters_module.CACHED


def test_what_is_taken_back_is_not_remembered(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("first", metadata={"v": 1})
        assert list(parse_filter({"v": 1}).evaluate(memory._store.view())) == [0]
        _fail_in_a_batch(memory)
        memory.put("third", metadata={"v": 2})
        assert list(parse_filter({"v": 1}).evaluate(memory._store.view())) == [0]


def _fail_in_a_batch(memory: mv2.Memvid) -> None:
    with contextlib.suppress(RuntimeError), memory.batch():
        memory.put("second", metadata={"v": 1})
        assert list(parse_filter({"v": 1}).evaluate(memory._store.view())) == [0, 1]
        raise RuntimeError


def test_equal_filters_are_equal_and_combine(view: View) -> None:
    one, two = parse_filter({"year": {"$in": [2020, 5]}}), parse_filter({"year": {"$in": [5.0, 2020]}})
    assert one == two
    assert hash(one) == hash(two)
    assert one != parse_filter({"year": {"$in": [2020, True]}})
    both = one & parse_filter({"tags": "green"})
    assert list(both.evaluate(view)) == [1]
    assert repr(both).startswith("Filter(")


def test_an_empty_memory_passes_nothing(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        assert list(parse_filter({}).evaluate(memory._store.view())) == []
        assert list(scope_set(memory._store.view(), "x")) == []


def test_values_of_foreign_files(tmp_path: Path) -> None:
    """Metadata that is no JSON is the text itself; NaN equals nothing."""
    from mv2.format.frame import FrameRecord

    raw = FrameRecord(id=0, timestamp=1, extra_metadata={"plain": "not json", "nan": "NaN", "big": "1e999"})
    assert parse_filter({"plain": "not json"}).matches(raw)
    assert not parse_filter({"nan": {"$gte": 0}}).matches(raw)
    assert parse_filter({"big": {"$gt": 10**300}}).matches(raw)
    deep = FrameRecord(id=0, timestamp=1, extra_metadata={"deep": "[" * 900 + "]" * 900})
    assert parse_filter({"deep": {"$ne": [1]}}).matches(deep)


# --- as text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{"lang": "en", "year": {"$gte": 2020}}', {"lang": "en", "year": {"$gte": 2020}}),
        ("lang=en", {"lang": "en"}),
        (" lang = en ", {"lang": "en"}),
        ("year>=2020", {"year": {"$gte": 2020}}),
        ("year<2020.5", {"year": {"$lt": 2020.5}}),
        ("year>2", {"year": {"$gt": 2}}),
        ("year<=2", {"year": {"$lte": 2}}),
        ('year="2020"', {"year": "2020"}),
        ("year!=2020", {"year": {"$ne": 2020}}),
        ("title~=two words", {"title": {"$contains": "two words"}}),
        ("uri^=mv2://a/", {"uri": {"$startswith": "mv2://a/"}}),
        ("tags=2024", {"tags": "2024"}),
        ('tags="2024"', {"tags": "2024"}),
        ("flag=true", {"flag": True}),
        ("flag=null", {"flag": None}),
        ("a.b=x=y", {"a.b": "x=y"}),
        ("name=", {"name": ""}),
        ("timestamp>=2024-03-05", {"timestamp": {"$gte": "2024-03-05"}}),
        ("id=3", {"id": 3}),
        ("code^=12", {"code": {"$startswith": "12"}}),
    ],
)
def test_filters_as_text(text: str, meant: dict[str, Any]) -> None:
    parsed = parse_filter_text(text)
    assert isinstance(parsed, Filter)
    assert parsed == parse_filter(meant)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"lang": en}', "character 9"),
        ("  lang", "character 2"),
        ("=x", "character 0"),
        ("", "character 0"),
        ('{"year": {"$no": 1}}', "year.$no"),
        ("timestamp>soon", "timestamp.$gt"),
        ('{"a":' * 20 + "1" + "}" * 20, None),
        ("[" * 10, "character 0"),
    ],
)
def test_faults_in_text_are_named_by_their_place(text: str, place: str | None) -> None:
    if place is None:
        assert parse_filter_text(text)
        return
    with pytest.raises(mv2.FilterError) as caught:
        parse_filter_text(text)
    assert caught.value.place == place
