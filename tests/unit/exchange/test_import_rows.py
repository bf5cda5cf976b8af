"""Rows as documents: delimited files, JSON lines, columns, databases, vector stores."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mv2
from mv2.exchange import Skipped
from mv2.exchange.importers import (
    arrow,
    chroma,
    delimited,
    jsonl_documents,
    lancedb,
    mcp_memory,
    mem0,
    sqlite,
)
from mv2.exchange.importers._values import (
    clean,
    metadata_of,
    plain,
    seconds_of,
    shortened,
    tags_of,
    text_of,
    uri_part,
    uri_path,
)  # fmt: skip

SAMPLES = Path(__file__).parents[2] / "samples" / "exchange"


def documents(items):
    return [item for item in items if isinstance(item, mv2.Document)]


def skipped(items):
    return [item for item in items if isinstance(item, Skipped)]


def file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# Values


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2024-05-03T10:00:00Z", 1714730400),
        ("2024-05-03 12:00:00+02:00", 1714730400),
        ("2024-05-03 10:00:00 UTC", 1714730400),
        ("2024-05-03", 1714694400),
        (1714730400, 1714730400),
        (1714730400.9, 1714730400),
        (1714730400123, 1714730400),
        (1714730400123456, 1714730400),
        (1714730400123456789, 1714730400),
        ("1714730400123", 1714730400),
        (-5.5, -6),
        (datetime(2024, 5, 3, 10), 1714730400),  # noqa: DTZ001 - a time without a zone is UTC
        (date(2024, 5, 3), 1714694400),
        ("2024", None),
        ("soon", None),
        ("", None),
        ("1" * 59, None),
        (float("nan"), None),
        (True, None),
        (None, None),
    ],
)
def test_times(value: Any, seconds: Any) -> None:
    assert seconds_of(value) == seconds


def test_values_become_json() -> None:
    given = {
        "when": datetime(2024, 5, 3, 10, tzinfo=UTC), "price": Decimal("12.50"), "count": Decimal(3),
        "odd": float("inf"), "array": np.array([1, 2]), "one": np.float64(0.5), "raw": b"\xff\x00",
        "text": b"caf\xc3\xa9", "set": {7}, 5: "five", "empty": "", "none": None, "mv2:put_at": "x",
    }  # fmt: skip
    assert metadata_of(given) == {
        "when": "2024-05-03T10:00:00+00:00", "price": 12.5, "count": 3, "array": [1, 2], "one": 0.5,
        "raw": "/wA=", "text": "café", "set": [7], "5": "five", "imported:mv2:put_at": "x",
    }  # fmt: skip


def test_values_nested_too_deep_are_refused() -> None:
    value: list = []
    for _ in range(200):
        value = [value]
    with pytest.raises(ValueError, match="deeper than 64"):
        plain(value)


def test_texts() -> None:
    assert clean("a\ud83d\ude00b\ud83d") == "a😀b\ufffd"
    assert text_of({"a": [1]}) == '{"a": [1]}'
    assert (text_of(None), text_of(True), text_of(2.5)) == ("", "true", "2.5")
    assert tags_of("a, b;c|a,") == ("a", "b", "c")
    assert tags_of(["x", 3, "", "x"]) == ("x", "3")
    assert tags_of(5) == ()
    assert shortened("x" * 100, 200) == "x" * 100
    assert shortened("a" * 75 + "m" * 9_000 + "z" * 25, 100).startswith("a" * 75 + "\n[… 9,000 ")


def test_uris_are_readable_and_safe() -> None:
    assert uri_part("a/b #1\n") == "a%2Fb %231%0A"
    assert uri_path("notes/ä 100%.md") == "notes/ä 100%25.md"
    long = uri_part("k" * 5_000)
    assert len(long) <= 400
    assert long != uri_part("k" * 4_999)


# CSV


def test_csv_with_known_names(tmp_path: Path) -> None:
    path = file(
        tmp_path / "notes.csv",
        "id,title,content,tags,created_at,floor,paid,ratio,zip\n"
        'n1,Kettle,"Descale it, with vinegar.",kitchen;tea,2024-05-03T10:00:00Z,1,true,0.5,01234\n'
        "n2,Roof,Repaired by Ortega.,,1714730400,3,false,2,99999\n",
    )
    kettle, roof = documents(delimited.read(path))
    assert kettle == mv2.Document(
        content="Descale it, with vinegar.", uri="mv2://import/notes/n1", title="Kettle",
        tags=("kitchen", "tea"),
        metadata={"floor": 1, "paid": True, "ratio": 0.5, "zip": "01234"}, timestamp=1714730400,
        source_path=str(path),
    )  # fmt: skip
    assert roof.metadata == {"floor": 3, "paid": False, "ratio": 2.0, "zip": "99999"}
    assert (roof.tags, roof.timestamp) == ((), 1714730400)


def test_csv_finds_delimiter_and_encoding(tmp_path: Path) -> None:
    text = "Überschrift;text\nStraße;Der Kessel wird mit Essig entkalkt, sagt Jörg.\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        path = file(tmp_path / f"{encoding}.csv", text, encoding)
        (found,) = documents(delimited.read(path))
        assert found.content == "Der Kessel wird mit Essig entkalkt, sagt Jörg."
        assert found.metadata == {"Überschrift": "Straße"}
    path = file(tmp_path / "t.tsv", "a\ttext\n1,5\tTea, black\n")
    assert documents(delimited.read(path))[0].content == "Tea, black"


def test_csv_without_known_names_takes_the_long_column(tmp_path: Path) -> None:
    path = file(tmp_path / "q.csv", f"no,answer\n1,{'Wash it by hand and dry it flat. ' * 2}\n")
    (found,) = documents(delimited.read(path))
    assert found.content.startswith("Wash it")
    assert found.metadata == {"no": 1}


def test_csv_without_long_texts_takes_the_whole_row(tmp_path: Path) -> None:
    path = file(tmp_path / "prices.csv", "name,price\nBread,3.20\nTea,\n")
    bread, tea = documents(delimited.read(path))
    assert bread.content == "name: Bread\nprice: 3.2"
    assert (bread.title, bread.metadata, bread.uri) == ("Bread", {"price": 3.2}, "mv2://import/prices/1")
    assert tea.content == "name: Tea"


def test_csv_columns_can_be_named(tmp_path: Path) -> None:
    path = file(tmp_path / "faq.csv", "q,a,text\nHow hot?,90 degrees,x\n")
    (found,) = documents(delimited.read(path, text=["q", "a"], title="q", metadata=None, id="q", name="faq2"))
    assert found.content == "q: How hot?\na: 90 degrees"
    assert (found.title, found.uri, found.metadata) == ("How hot?", "mv2://import/faq2/How hot?", {})
    with pytest.raises(mv2.InvalidArgumentError, match="no column 'answer'") as caught:
        list(delimited.read(path, text="answer"))
    assert "q, a, text" in str(caught.value)


def test_csv_odd_rows(tmp_path: Path) -> None:
    path = file(tmp_path / "odd.csv", 'text,text,\nfirst,1,2,3\n\n  ,,\n"open,4\n')
    first, last = documents(delimited.read(path))
    assert first.content == "first"
    assert first.metadata == {"text 2": 1, "column 3": 2, "column 4": "3"}
    assert last.content == "open,4\n"
    path = file(tmp_path / "bare.csv", "Tea is warm,1\nSnow is cold,2\n")
    bare = documents(delimited.read(path, header=False, text="column 1"))
    assert [(doc.content, doc.metadata) for doc in bare] == [
        ("Tea is warm", {"column 2": 1}),
        ("Snow is cold", {"column 2": 2}),
    ]


def test_csv_a_value_beyond_the_sample_keeps_its_text(tmp_path: Path) -> None:
    rows = "".join(f"row {n},{n}\n" for n in range(1_100))
    *_, last = documents(delimited.read(file(tmp_path / "n.csv", f"text,n\n{rows}last,many\n")))
    assert last.metadata == {"n": "many"}


def test_csv_a_field_without_end_is_skipped(tmp_path: Path) -> None:
    path = file(tmp_path / "big.csv", 'text\nfine\n"' + "x" * (17 << 20) + '"\n')
    items = list(delimited.read(path))
    assert [doc.content for doc in documents(items)] == ["fine"]
    assert "field larger" in skipped(items)[0].reason


def test_csv_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(mv2.DocumentError, match="has no rows"):
        list(delimited.read(file(tmp_path / "no.csv", "\n")))
    with pytest.raises(mv2.DocumentError, match="not text"):
        list(delimited.read(file(tmp_path / "bin.csv", "a,b\0c\n")))
    with pytest.raises(mv2.MemoryNotFoundError):
        list(delimited.read(tmp_path / "missing.csv"))


# JSON


def test_jsonl_shapes_of_many_programs(tmp_path: Path) -> None:
    lines = [
        {"page_content": "Descale it.", "metadata": {"source": "kettle.md", "page": 2}},
        {"id_": "x", "text": "Repaired.", "embedding": None, "metadata": {"title": "Roof"}},
        {"content": "Lentils.", "uri": "notes://soup", "tags": ["food"], "track": "kitchen", "labels": ["a"]},
        {"id": 7, "vector": [0.1, 0.2], "payload": {"text": "Deep text.", "k": 1}},
        {"title": "Only a title", "content": ""},
    ]
    path = file(tmp_path / "mixed.jsonl", "\n".join(json.dumps(line) for line in lines))
    one, two, three, four, five = documents(jsonl_documents.read(path))
    assert (one.content, one.metadata) == ("Descale it.", {"source": "kettle.md", "page": 2})
    assert (two.content, two.uri, two.embedding) == ("Repaired.", "mv2://import/mixed/x", None)
    assert (three.uri, three.tags, three.track, three.labels) == (
        "notes://soup",
        ("food",),
        "kitchen",
        ("a",),
    )
    assert three.metadata == {}
    assert (four.content, four.uri, four.metadata) == ("Deep text.", "mv2://import/mixed/7", {"k": 1})
    assert list(four.embedding) == [0.1, 0.2]
    assert (five.content, five.title) == ("Only a title", "Only a title")


def test_jsonl_text_inside_of_metadata(tmp_path: Path) -> None:
    lines = [
        {"id": f"v{n}", "values": [n, *[1.0] * 20], "metadata": {"text": f"Text {n}", "k": n}}
        for n in range(3)
    ]
    path = file(tmp_path / "vectors.jsonl", "\n".join(json.dumps(line) for line in lines))
    first, *_ = documents(jsonl_documents.read(path))
    assert (first.content, first.uri, first.metadata) == ("Text 0", "mv2://import/vectors/v0", {"k": 0})
    assert list(first.embedding) == [0, *[1.0] * 20]
    path = file(tmp_path / "measured.jsonl", '{"text": "Two degrees", "values": [1, 3]}')
    (measured,) = documents(jsonl_documents.read(path))
    assert (measured.embedding, measured.metadata) == (None, {"values": [1, 3]})


def test_vectors_as_text_and_as_bytes(tmp_path: Path, database: Path) -> None:
    path = file(tmp_path / "v.csv", 'text,embedding\nTea,"[0.5, 1e0]"\nMilk,none\nBread,"[oops]"\n')
    tea, milk, bread = documents(delimited.read(path))
    assert (tea.embedding, tea.metadata) == ([0.5, 1.0], {})
    assert (milk.embedding, milk.metadata) == (None, {"embedding": "none"})
    assert bread.embedding is None
    query = "SELECT text, x'0000003f0000803f' AS e FROM notes"
    assert list(documents(sqlite.read(database, query=query, embedding="e"))[0].embedding) == [0.5, 1.0]


def test_csv_titles_texts_and_ids_of_digits_stay_as_they_are(tmp_path: Path) -> None:
    path = file(tmp_path / "v.csv", "id,title,text,stars\n1.10,2.10,TRUE,4.50\n1.1,2.1,so it is,3\n")
    first, second = documents(delimited.read(path))
    assert (first.uri, first.title, first.content) == ("mv2://import/v/1.10", "2.10", "TRUE")
    assert (first.metadata, second.uri) == ({"stars": 4.5}, "mv2://import/v/1.1")


def test_a_column_of_uris_is_kept_but_for_those_that_name_frames(tmp_path: Path) -> None:
    path = file(tmp_path / "u.csv", "uri,text\nnotes/a.md,one\nmv2://frames/7,two\n,three\n")
    assert [doc.uri for doc in documents(delimited.read(path))] == [
        "notes/a.md",
        "mv2://import/u/7",
        "mv2://import/u/3",
    ]


def test_jsonl_broken_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"text": "good"}\n\n{"text": \n"just text"\n\xff\n{"text": "  "}\n{"text": "end"}'
    )
    items = list(jsonl_documents.read(path))
    assert [doc.content for doc in documents(items)] == ["good", "end"]
    assert [one.where for one in skipped(items)] == [
        "b.jsonl:3",
        "b.jsonl, row 4",
        "b.jsonl:5",
        "b.jsonl, row 6",
    ]
    assert skipped(items)[3].reason == "there is no text in it"


def test_json_list_and_paths_of_keys(tmp_path: Path) -> None:
    path = file(
        tmp_path / "l.json", json.dumps([{"doc": {"body": "Hello"}, "key": "k"}, {"doc": {}, "key": "m"}])
    )
    items = list(jsonl_documents.read(path, text="doc.body", id="key"))
    assert [(doc.content, doc.uri) for doc in documents(items)] == [("Hello", "mv2://import/l/k")]
    assert skipped(items)[0].where == "l.json, row 2"


def test_json_list_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    text = "Größe " * 30_000
    path.write_text(
        json.dumps([{"text": f"{n} {text}"} for n in range(20)], ensure_ascii=False), encoding="utf-8"
    )
    assert [doc.content for doc in documents(jsonl_documents.read(path))] == [
        f"{n} {text}".rstrip("") for n in range(20)
    ]
    path.write_text("[1, 23, 4.5e3 ,{}]")
    assert len(skipped(jsonl_documents.read(path))) == 4
    path.write_text('[{"text": "a"} {"text": "b"}]')
    with pytest.raises(mv2.DocumentError, match="comma"):
        list(jsonl_documents.read(path))
    path.write_text("[" * 100_000)
    with pytest.raises(mv2.DocumentError, match="nested too deep"):
        list(jsonl_documents.read(path))


def test_mappings_in_memory() -> None:
    rows = ({"text": f"note {n}", "n": n} for n in range(3))
    assert [doc.uri for doc in documents(jsonl_documents.read(rows, name="notes"))] == [
        f"mv2://import/notes/{n}" for n in (1, 2, 3)
    ]
    with pytest.raises(mv2.InvalidArgumentError, match="int is no source"):
        list(jsonl_documents.read(5))


# Columns


@pytest.fixture(name="table")
def _table():
    pa = pytest.importorskip("pyarrow")
    return pa.table(
        {
            "id": [1, 2, 3],
            "text": ["Descale it.", "Repaired.", None],
            "when": pa.array([1714730400, None, 5], pa.timestamp("s", tz="UTC")),
            "vector": pa.array([[0.5, 1.0], None, [2.0, 3.0]], pa.list_(pa.float32(), 2)),
            "price": pa.array([Decimal("1.50"), None, None], pa.decimal128(8, 2)),
            "more": [{"a": [1]}, None, None],
        }
    )


def _check_table(items, name):
    items = list(items)
    first, second = documents(items)
    assert (first.content, first.uri) == ("Descale it.", f"mv2://import/{name}/1")
    assert list(first.embedding) == [0.5, 1.0]
    assert second.embedding is None
    assert first.metadata["price"] == 1.5
    assert first.metadata["more"] == {"a": [1]}
    assert skipped(items)[0].reason == "there is no text in it"


def test_parquet_arrow_and_feather(table: Any, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    parquet.write_table(table, tmp_path / "t.parquet")
    feather.write_feather(table, tmp_path / "t.feather")
    with pa.OSFile(str(tmp_path / "t.arrows"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    for name in ("t.parquet", "t.feather", "t.arrows"):
        _check_table(arrow.read(tmp_path / name, timestamp="when"), "t")
        (first, *_) = documents(arrow.read(tmp_path / name, timestamp="when"))
        assert first.timestamp == 1714730400
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:200])
    with pytest.raises(mv2.DocumentError, match=r"cut\.parquet cannot be read"):
        list(arrow.read(tmp_path / "cut.parquet"))


def test_frames_of_pandas_and_polars(table: Any) -> None:
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    _check_table(arrow.read(table), "frame")
    _check_table(arrow.read(pl.from_arrow(table)), "frame")
    frame = pd.DataFrame({"text": ["a note", "another"], "n": [1, 2]}, index=["x", "y"])
    assert [(doc.uri, doc.metadata) for doc in documents(arrow.read(frame, name="f"))] == [
        ("mv2://import/f/x", {"n": 1}),
        ("mv2://import/f/y", {"n": 2}),
    ]
    with pytest.raises(mv2.InvalidArgumentError, match="int is no data frame"):
        list(arrow.read(5))


def test_many_rows_in_few_batches() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"text": [f"row {n}" for n in range(5_000)]})
    assert [doc.content for doc in documents(arrow.read(table))] == [f"row {n}" for n in range(5_000)]
    assert list(arrow.read(table.slice(0, 0))) == []


def test_columns_need_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(mv2.MissingExtraError, match=r"mv2\[arrow\]"):
        list(arrow.read(tmp_path / "t.parquet"))


def test_lancedb_needs_lancedb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "notes.lance" / "_versions").mkdir(parents=True)
    monkeypatch.setitem(sys.modules, "lancedb", None)
    with pytest.raises(mv2.MissingExtraError, match="pip install lancedb"):
        list(lancedb.read(tmp_path))


def test_lancedb_folder(tmp_path: Path) -> None:
    library = pytest.importorskip("lancedb")
    rows = [{"id": f"r{n}", "text": f"Row {n}", "vector": [float(n), 1.0], "n": n} for n in range(30)]
    database = library.connect(str(tmp_path / "db"))
    database.create_table("notes", rows)
    database.create_table("other", [{"text": "Alone", "vector": [1.0, 2.0, 3.0]}])
    found = documents(lancedb.read(tmp_path / "db"))
    assert len(found) == 31
    assert found[7].uri == "mv2://lancedb/notes/r7"
    assert list(found[7].embedding) == [7.0, 1.0]
    assert found[7].metadata == {"n": 7}
    assert [doc.content for doc in documents(lancedb.read(tmp_path / "db", table="other"))] == ["Alone"]
    assert len(documents(lancedb.read(tmp_path / "db" / "notes.lance"))) == 30
    with pytest.raises(mv2.InvalidArgumentError, match="notes, other"):
        list(lancedb.read(tmp_path / "db", table="none"))


# SQLite


@pytest.fixture(name="database")
def _database(tmp_path):
    path = tmp_path / "kitchen #1.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, made TEXT, picture BLOB)")
        rows = [(1, "Descale it.", "2024-05-03", b"\xff"), (2, "Repaired.", None, None)]
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


def test_sqlite_table_and_query(database: Path) -> None:
    before = database.read_bytes()
    first, second = documents(sqlite.read(database, table="notes", timestamp="made"))
    assert (first.content, first.uri) == ("Descale it.", "mv2://import/kitchen %231.notes/1")
    assert (first.timestamp, first.metadata) == (1714694400, {"picture": "/w=="})
    assert (second.timestamp, second.metadata) == (None, {})
    (found,) = documents(sqlite.read(database, query="SELECT text, id * 10 AS ten FROM notes WHERE id = 2"))
    assert (found.content, found.metadata) == ("Repaired.", {"ten": 20})
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_sqlite_a_database_in_use_is_read_with_its_log(database: Path) -> None:
    with sqlite3.connect(database, isolation_level=None) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO notes (text) VALUES ('New in the log.')")
        assert "New in the log." in [doc.content for doc in documents(sqlite.read(database, table="notes"))]
    writer.close()


def test_sqlite_says_what_there_is(database: Path) -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="Its tables: notes"):
        list(sqlite.read(database))
    with pytest.raises(mv2.InvalidArgumentError, match="Its tables: notes"):
        list(sqlite.read(database, table="recipes"))
    for query in ("DELETE FROM notes", "SELECT nothing FROM notes", "SELECT 1; SELECT 2"):
        with pytest.raises(mv2.DocumentError):
            list(sqlite.read(database, query=query))
    assert len(documents(sqlite.read(database, table="notes"))) == 2
    damaged = database.with_name("damaged.db")
    damaged.write_bytes(database.read_bytes()[:100] + b"x" * 5_000)
    with pytest.raises(mv2.DocumentError, match=r"damaged\.db cannot be read"):
        list(sqlite.read(damaged, table="notes"))


# Chroma


def test_chroma_folder() -> None:
    found = {doc.uri: doc for doc in documents(chroma.read(SAMPLES / "chroma"))}
    assert set(found) == {f"mv2://chroma/notes/{n}" for n in ("kettle", "roof", "boiler")} | {
        "mv2://chroma/recipes/soup"
    }
    kettle, boiler = found["mv2://chroma/notes/kettle"], found["mv2://chroma/notes/boiler"]
    assert kettle.content == "Descale the kettle with vinegar."
    assert kettle.metadata == {"room": "kitchen", "priority": 2, "done": True}
    assert kettle.labels == ("notes",)
    assert boiler.content == "Boiler pressure should be 1.5 bar."
    assert boiler.metadata == {"room": "cellar", "years": [2021, 2024]}
    assert np.allclose(boiler.embedding, [0.9, 0.1, 0.2, 0.4])  # the one of its last update
    assert found["mv2://chroma/notes/roof"].metadata == {"cost": 1250.5}


def test_chroma_one_collection() -> None:
    (soup,) = documents(chroma.read(SAMPLES / "chroma", collection="recipes"))
    assert soup.content == "Lentil soup needs cumin."
    with pytest.raises(mv2.InvalidArgumentError, match="notes, recipes"):
        list(chroma.read(SAMPLES / "chroma", collection="poems"))


def test_chroma_vectors_that_are_only_in_its_index_are_reported(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "chroma", tmp_path / "db")
    with sqlite3.connect(tmp_path / "db" / "chroma.sqlite3") as connection:
        connection.execute("DELETE FROM embeddings_queue WHERE id = 'kettle'")
    connection.close()
    items = list(chroma.read(tmp_path / "db", collection="notes"))
    assert {doc.content: doc.embedding is None for doc in documents(items)} == {
        "Descale the kettle with vinegar.": True,
        "The roof was repaired by Ortega in May.": False,
        "Boiler pressure should be 1.5 bar.": False,
    }
    (one,) = skipped(items)
    assert one.where == "collection notes"
    assert "vectors of 1 items" in one.reason


def test_chroma_answer_in_memory_and_as_json(tmp_path: Path) -> None:
    answer = {
        "ids": ["a", "b"], "documents": ["Tea", None], "metadatas": [{"x": 1, "title": "T"}, None],
        "embeddings": np.array([[1.0, 2.0], [3.0, 4.0]]), "uris": None, "included": [],
    }  # fmt: skip
    tea, none = chroma.read(answer, collection="drinks")
    assert (tea.uri, tea.title, tea.metadata) == ("mv2://chroma/drinks/a", "T", {"x": 1, "title": "T"})
    assert list(tea.embedding) == [1.0, 2.0]
    assert none == Skipped(
        where="collection drinks, item b", reason="it has no document, only a vector and metadata"
    )
    path = file(tmp_path / "drinks.json", json.dumps({**answer, "embeddings": None}))
    (tea,) = documents(chroma.read(path))
    assert (tea.uri, tea.embedding) == ("mv2://chroma/drinks/a", None)
    with pytest.raises(mv2.DocumentError, match=r"collection\.get"):
        list(chroma.read({"ids": [["a"]], "documents": [["x"]]}))  # an answer of query


def test_chroma_something_else(tmp_path: Path, database: Path) -> None:
    with pytest.raises(mv2.DocumentError, match=r"has no chroma\.sqlite3"):
        list(chroma.read(tmp_path))
    shutil.copy(database, tmp_path / "chroma.sqlite3")
    with pytest.raises(mv2.DocumentError, match="no Chroma database"):
        list(chroma.read(tmp_path))


# Other memories


def test_mcp_memory_graph() -> None:
    items = list(mcp_memory.read(SAMPLES / "mcp_memory.jsonl"))
    ada, house = documents(items)
    assert (ada.uri, ada.title, ada.tags) == ("mv2://mcp-memory/Ada Vogel", "Ada Vogel", ("person",))
    assert ada.content.splitlines() == [
        "Ada Vogel", "Restores old houses", "Speaks German and Spanish", "Ada Vogel works on Mill House",
    ]  # fmt: skip
    assert ada.metadata == {
        "entity_type": "person",
        "relations": [{"type": "works_on", "to": "Mill House"}],
    }
    assert house.content == "Mill House\nBuilt in 1911"
    broken, ghost = skipped(items)
    assert broken.where == "mcp_memory.jsonl:4"
    assert "'Ghost'" in ghost.reason


def test_mcp_memory_as_one_object(tmp_path: Path) -> None:
    graph = {
        "entities": [{"name": "Ada", "entityType": "person", "observations": [{"content": "Tall"}, "Kind"]}],
        "relations": [{"from": "Ada", "to": "Tea", "relationType": "likes"}],
    }
    (ada,) = documents(mcp_memory.read(file(tmp_path / "graph.json", json.dumps(graph, indent=2))))
    assert ada.content == "Ada\nTall\nKind\nAda likes Tea"


def test_mem0_memories() -> None:
    items = list(mem0.read(SAMPLES / "mem0_get_all.json"))
    tea, moved, lives = documents(items)
    assert (tea.uri, tea.content) == ("mv2://mem0/bf4d4092-cf91", "Prefers tea without milk")
    assert tea.tags == ("food", "preferences")
    assert tea.metadata == {"source": "breakfast", "user_id": "ada"}
    assert tea.timestamp == 1736092800
    assert moved.metadata == {
        "user_id": "ada", "agent_id": "planner", "run_id": "r-7", "updated_at": "2025-02-06T08:00:00Z",
    }  # fmt: skip
    assert (lives.content, lives.kind) == ("ada lives in leipzig", "relation")
    assert [one.where for one in skipped(items)] == ["mem0_get_all.json, memory 3"]


def test_mem0_in_memory_and_as_a_list(tmp_path: Path) -> None:
    values = json.loads((SAMPLES / "mem0_get_all.json").read_text())
    uris = [doc.uri for doc in documents(mem0.read(values["results"]))]
    assert uris == ["mv2://mem0/bf4d4092-cf91", "mv2://mem0/0c1d2e3f-aaaa"]
    path = file(tmp_path / "list.json", json.dumps(values["results"]))
    assert [doc.uri for doc in documents(mem0.read(path))] == uris
    with pytest.raises(mv2.DocumentError, match="no list of memories"):
        list(mem0.read({"count": 3}))
