"""Exports that keep everything they say they keep: what all formats share, CSV, SQLite and NumPy."""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from exchange_stories import START, Clock, clock, new

import mv2
from mv2.errors import InvalidArgumentError, StorageError
from mv2.exchange.exporting import EXPORT_FORMATS, export
from mv2.types import Chunk, Document, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        made.put("Old kettle text", uri="kettle")
        clock.at(60)
        made.put('The kettle is Größe L.\nSecond line, "quoted"', uri="kettle", title="Kettle",
                 tags=["a", "b c"], labels=["l"], metadata={"n": 1, "deep": {"x": [None]}}, track="t",
                 kind="note", embedding=[0.5, -1.0], embedding_model="m")  # fmt: skip
        made.put(b"\xff\xd8binary", uri="pic.jpg", mime="image/jpeg", title="=2+2", timestamp=-5)
        made.put_many(
            [
                Document(
                    content=b"\xfe\xff",
                    text="alpha page beta page",
                    chunks=[
                        Chunk(text="alpha page ", start=0, end=11, place=Place(page=1)),
                        Chunk(text="beta page", start=11, end=20, place=Place(page=2)),
                    ],
                    uri="doc.pdf",
                    mime="application/pdf",
                    embedding=[[1.0, 0.0], [0.0, 1.0]],
                    embedding_model="m",
                )
            ]
        )
        made.put("gone", uri="gone")
        made.delete("gone")
        yield made


NAMES = {
    "jsonl": "out.jsonl",
    "csv": "out.csv",
    "parquet": "out.parquet",
    "arrow": "out.feather",
    "sqlite": "out.db",
    "npy": "out.npy",
    "markdown": "vault",
    "html": "site",
}


def test_every_format_is_described_and_tried_here() -> None:
    assert set(NAMES) == set(EXPORT_FORMATS)
    for name, form in EXPORT_FORMATS.items():
        assert form.name == name
        assert form.description
        assert form.loses or name == "jsonl"


@pytest.mark.parametrize("name", NAMES)
def test_the_ending_says_the_format_and_a_failure_leaves_nothing(
    memory: mv2.Memvid, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "out" / NAMES[name]
    target.parent.mkdir()
    given = {} if EXPORT_FORMATS[name].suffixes else {"format": name}
    report = export(memory, target, **given)  # type: ignore[arg-type]
    assert (report.format, report.path, report.loses) == (name, str(target), EXPORT_FORMATS[name].loses)
    assert report.documents > 0
    assert target.exists()
    before = {path.name for path in target.parent.iterdir()}

    def stop(done: int, total: int | None) -> None:
        raise RuntimeError("stop")

    other = target.with_name(f"second{target.suffix}")
    with pytest.raises(RuntimeError):
        export(memory, other, format=name, progress=stop)
    assert {path.name for path in target.parent.iterdir()} == before


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"npy"}))
def test_a_part_and_the_past(memory: mv2.Memvid, tmp_path: Path, name: str) -> None:
    assert export(memory, tmp_path / "part", format=name, filter={"uri": "doc.pdf"}).documents == 1
    assert export(memory, tmp_path / "past", format=name, as_of=START).documents == 1


def test_wrong_formats_and_options_are_told(memory: mv2.Memvid, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="does not say which format"):
        export(memory, tmp_path / "out.xyz")
    with pytest.raises(InvalidArgumentError, match="no export format 'word'"):
        export(memory, tmp_path / "out.csv", format="word")
    with pytest.raises(InvalidArgumentError, match="no option 'colour'"):
        export(memory, tmp_path / "out.csv", colour=1)
    with pytest.raises(InvalidArgumentError, match="no option 'title'"):
        export(memory, tmp_path / "out.jsonl", title=1)
    with pytest.raises(StorageError):
        export(memory, tmp_path / "no" / "folder" / "out.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        export(memory, tmp_path / "folder.csv")


# --- CSV --------------------------------------------------------------------------------------


def rows(path: Path, **options: Any) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, **options))


def test_csv_says_what_the_documents_say(memory: mv2.Memvid, tmp_path: Path) -> None:
    assert export(memory, tmp_path / "out.csv").documents == 3
    kettle, picture, document = rows(tmp_path / "out.csv")
    assert kettle["text"] == 'The kettle is Größe L.\nSecond line, "quoted"'
    assert (kettle["uri"], kettle["tags"], kettle["track"]) == ("kettle", "a; b c", "t")
    assert kettle["timestamp"] == "2023-11-14T22:14:20Z"
    assert json.loads(kettle["metadata"]) == {"n": 1, "deep": {"x": [None]}}
    assert (picture["title"], picture["text"], picture["timestamp"]) == ("'=2+2", "", "1969-12-31T23:59:55Z")
    assert document["text"] == "alpha page beta page"


def test_csv_formulas_delimiters_and_tabs(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "keep.csv", formulas="keep", delimiter=";")
    assert rows(tmp_path / "keep.csv", delimiter=";")[1]["title"] == "=2+2"
    export(memory, tmp_path / "out.tsv")
    assert rows(tmp_path / "out.tsv", delimiter="\t")[0]["title"] == "Kettle"
    for wrong in ({"formulas": "yes"}, {"delimiter": '"'}, {"delimiter": ",,"}):
        with pytest.raises(InvalidArgumentError):
            export(memory, tmp_path / "out.csv", **wrong)  # type: ignore[arg-type]


# --- SQLite -----------------------------------------------------------------------------------


def test_sqlite_holds_versions_chunks_tags_and_vectors(memory: mv2.Memvid, tmp_path: Path) -> None:
    report = export(memory, tmp_path / "out.db")
    assert report.documents == 5
    with closing(sqlite3.connect(tmp_path / "out.db")) as base:

        def ask(statement: str) -> list[Any]:
            return base.execute(statement).fetchall()

        kept = {r.id: (r.uri, r.status, r.superseded_by, r.deleted_at, r.put_at) for r in memory.records()}
        columns = "id, uri, status, superseded_by, deleted_at, put_at"
        assert {row[0]: row[1:] for row in ask(f"SELECT {columns} FROM documents")} == kept
        assert ask("SELECT text, content FROM documents WHERE uri='pic.jpg'") == [("", b"\xff\xd8binary")]
        assert ask("SELECT content FROM documents WHERE uri='kettle'") == [(None,), (None,)]
        assert ask("SELECT tag FROM tags ORDER BY position") == [("a",), ("b c",)]
        assert ask("SELECT json_extract(metadata, '$.n') FROM documents WHERE title='Kettle'") == [(1,)]
        chunks = ask("SELECT text, start, end, place FROM chunks ORDER BY number")
        assert chunks == [("alpha page ", 0, 11, '{"page": 1}'), ("beta page", 11, 20, '{"page": 2}')]
        vectors = ask("SELECT id, dimension, model, vector FROM vectors ORDER BY id")
        assert [struct.unpack("<2f", row[3]) for row in vectors] == [(0.5, -1.0), (1.0, 0.0), (0.0, 1.0)]
        assert {row[1:3] for row in vectors} == {(2, "m")}
        assert ask("PRAGMA integrity_check") == [("ok",)]


def test_sqlite_searches_what_is_active(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "out.db")
    with closing(sqlite3.connect(tmp_path / "out.db")) as base:

        def found(words: str) -> list[int]:
            return [row[0] for row in base.execute("SELECT rowid FROM search WHERE search MATCH ?", (words,))]

        assert found("grosse OR größe") == [memory.frame("kettle").id]
        assert found("beta") == [memory.frame("doc.pdf").id + 2]
        assert found("old") == found("gone") == []


def test_sqlite_without_history_vectors_and_search(memory: mv2.Memvid, tmp_path: Path) -> None:
    assert export(memory, tmp_path / "o.db", history=False, vectors=False, fts=False).documents == 3
    with closing(sqlite3.connect(tmp_path / "o.db")) as base:
        assert base.execute("SELECT count(*) FROM vectors").fetchone() == (0,)
        assert base.execute("SELECT count(*) FROM sqlite_master WHERE name='search'").fetchone() == (0,)


# --- NumPy ------------------------------------------------------------------------------------


def test_npy_has_a_row_a_vector_and_says_whose(memory: mv2.Memvid, tmp_path: Path) -> None:
    import numpy as np

    assert export(memory, tmp_path / "v.npy").documents == 3
    matrix = np.load(tmp_path / "v.npy", allow_pickle=False)
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[0.5, -1.0], [1.0, 0.0], [0.0, 1.0]]
    told = json.loads((tmp_path / "v.ids.json").read_text())
    assert (told["model"], told["dimension"]) == ("m", 2)
    document = memory.frame("doc.pdf").id
    assert [(row["uri"], row["document"], row["id"]) for row in told["rows"][1:]] == [
        ("doc.pdf", document, document + 1),
        ("doc.pdf", document, document + 2),
    ]


def test_npy_without_vectors_is_told(memory: mv2.Memvid, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="no vectors"):
        export(memory, tmp_path / "v.npy", filter={"uri": "pic.jpg"})
    assert not list(tmp_path.glob("v*"))
