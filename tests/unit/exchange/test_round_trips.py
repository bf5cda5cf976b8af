"""What is exported and imported again is the same, but for what the report says is lost."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from exchange_stories import Clock, clock, new

import mv2
from mv2.exchange import Skipped, export, import_into, import_jsonl
from mv2.types import Chunk, Document, Origin, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]

FIELDS = ("title", "kind", "track", "tags", "labels", "metadata", "timestamp", "mime", "source_path")
FILES = {
    "csv": "out.csv",
    "parquet": "out.parquet",
    "arrow": "out.arrow",
    "sqlite": "out.sqlite",
    "markdown": "vault",
}


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        made.put(
            "The heron stands in the reeds.\nTwo lines.\n", uri="birds/heron.md", title="1.10", track="007",
            tags=["bird", "still water, deep", "bird"], labels=["note", ""], kind="true", timestamp=-86400,
            metadata={"year": 2024, "deep": {"a": [1, 2.5, None]}, "s": "12", "empty": "", "title": "inner"},
            embedding=[0.5, -1.0], source_path="/notes/heron.md",
        )  # fmt: skip
        made.put("an old version", uri="doc-3")
        made.put("New \u2028 version \U0001f986\r\nwith Windows ends", uri="doc-3", title="Größe: '#1'")
        made.put("gone", uri="gone")
        made.delete("gone")
        made.put("No uri of its own", tags=["a;b", "[x]"])
        made.put("= a formula", uri="'=quoted", title="-minus", metadata={"'=k": "+v"})
        made.put("'=kept as it was", uri="https://example.org/a?b=c#d", title="@")
        made.put("", uri="mv2://sessions/empty", title="A header without text")
        made.put("a, b; c\n\n---\n\nx: y\n", uri="---", title="  spaces  ", timestamp=10**15)
        made.put(b"\xff\xd8 picture", uri="pictures/one.jpg", mime="image/jpeg", title="One [1]")
        pages = [
            Chunk(text="alpha page ", start=0, end=11, place=Place(page=1, headings=("A", "B"))),
            Chunk(text="page beta page", start=11, end=20, kind="table", place=Place(page=2, rows=(3, 9))),
        ]
        made.put_many(
            [
                Document(
                    content=b"%PDF\xfe", text="alpha page beta page", chunks=pages, uri="doc.pdf",
                    mime="application/pdf", embedding=[[1.0, 0.0], [0.0, 1.0]], embedding_model=None,
                    content_dates=("2024-05-03",), origin=Origin(reader="pdf", sha256="ab" * 32, size=5),
                )
            ]
        )  # fmt: skip
        made.put("long text. " * 400, uri="long.txt")
        yield made


def shown(memory: mv2.Memvid) -> dict[str, dict[str, Any]]:
    """The active documents by their uris."""
    found = {}
    for frame in memory.frames():
        vector = memory.embedding(frame.id)
        found[str(frame.uri)] = {
            **{name: getattr(frame, name) for name in FIELDS},
            "metadata": dict(frame.metadata),
            "text": memory.text(frame.id),
            "content": memory.content(frame.id),
            "vector": None if vector is None else list(vector),
        }
    return found


def expected(memory: mv2.Memvid, scheme: str, *lost: str) -> dict[str, dict[str, Any]]:
    """The same with a uri for what had none of its own."""
    found = shown(memory)
    for uri in list(found):
        if uri.startswith("mv2://frames/"):
            found[scheme + uri.removeprefix("mv2://frames/")] = found.pop(uri)
    for values in found.values():
        for name in lost:
            values[name] = None
    return found


def without(found: dict[str, dict[str, Any]], *lost: str) -> dict[str, dict[str, Any]]:
    return {uri: {**values, **dict.fromkeys(lost)} for uri, values in found.items()}


def brought_back(path: Path, source: Any, **options: Any) -> tuple[dict[str, dict[str, Any]], mv2.Memvid]:
    memory = new(path)
    report = import_into(memory, source, **options)
    again = import_into(memory, source, **options)
    assert (again.documents, again.unchanged) == (0, report.documents)
    return shown(memory), memory


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_csv_gives_everything_but_bytes_and_vectors(memory: mv2.Memvid, tmp_path: Path, name: str) -> None:
    losses = export(memory, tmp_path / name).loses
    assert "bytes of documents that are no text" in losses
    assert "chunks and vectors" in losses
    found, again = brought_back(tmp_path / "b.mv2", tmp_path / name)
    with again:
        wanted = expected(memory, "mv2://import/out/", "vector", "content")
        wanted["doc.pdf"]["mime"] = "application/pdf"
        assert without(found, "vector", "content") == wanted
        assert found["birds/heron.md"]["content"] == b"The heron stands in the reeds.\nTwo lines.\n"


def test_csv_with_formulas_as_they_are_and_other_columns(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "keep.csv", formulas="keep", delimiter=";", filter={"uri": "birds/heron.md"})
    with (tmp_path / "keep.csv").open(newline="", encoding="utf-8") as file:
        head, row = csv.reader(file, delimiter=";")
    with (tmp_path / "keep.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([[*head, "stars"], [*row, "5"]])
    found, again = brought_back(tmp_path / "b.mv2", tmp_path / "keep.csv")
    with again:
        heron = found["birds/heron.md"]
        assert heron["metadata"] == {**dict(memory.frame("birds/heron.md").metadata), "stars": 5}


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_columns_give_everything(memory: mv2.Memvid, tmp_path: Path, form: str) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / FILES[form]
    export(memory, path, format=form)
    found, again = brought_back(tmp_path / "b.mv2", path)
    with again:
        wanted = expected(memory, "mv2://import/out/")
        assert found["---"].pop("timestamp") != wanted["---"].pop("timestamp")  # outside the calendar
        assert found == wanted


def test_rows_of_chunks_become_documents_again(memory: mv2.Memvid, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    export(memory, tmp_path / "c.parquet", chunks=True)
    found, again = brought_back(tmp_path / "b.mv2", tmp_path / "c.parquet")
    with again:
        wanted = expected(memory, "mv2://import/c/")
        assert {uri: values["text"] for uri, values in found.items()} == {
            uri: values["text"] for uri, values in wanted.items()
        }
        ours, theirs = (memory.records(filter={"uri": "doc.pdf"}), again.records(filter={"uri": "doc.pdf"}))
        (one,), (other,) = list(ours), list(theirs)
        assert [(c.text, c.start, c.end, c.kind, c.place) for c in one.chunks] == [
            (c.text, c.start, c.end, c.kind, c.place) for c in other.chunks
        ]
        assert [list(c.vector or ()) for c in other.chunks] == [[1.0, 0.0], [0.0, 1.0]]
        rows = memory.to_arrow(chunks=True, filter={"uri": "doc.pdf"}).to_pylist()
        (half,) = (i for i in _read_rows(rows[1:]) if isinstance(i, Document))
        assert (half.content, half.chunks) == ("beta page", None)


def _read_rows(rows: list[dict[str, Any]]) -> list[Any]:
    from mv2.exchange.importers import jsonl_documents

    return list(jsonl_documents.read(rows))


def test_versions_that_are_not_active_are_told_and_left_out(memory: mv2.Memvid, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    export(memory, tmp_path / "h.parquet", history=True)
    with new(tmp_path / "b.mv2") as again:
        report = import_into(again, tmp_path / "h.parquet")
        assert report.documents == len(list(memory.frames()))
        (told,) = report.skipped
        assert "2 rows hold versions that were replaced or deleted" in told.reason
        assert again.text("doc-3").startswith("New")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "mappings"])
def test_data_frames(memory: mv2.Memvid, tmp_path: Path, library: str) -> None:
    pytest.importorskip("pyarrow")
    table = memory.to_arrow()
    if library in ("pandas", "polars"):
        pytest.importorskip(library)
    frame = {
        "pandas": table.to_pandas,
        "polars": lambda: __import__("polars").from_arrow(table),
        "pyarrow": lambda: table,
        "mappings": table.to_pylist,
    }[library]()
    found, again = brought_back(tmp_path / "b.mv2", frame, name="f")
    with again:
        wanted = expected(memory, "mv2://import/f/")
        del found["---"]["timestamp"], wanted["---"]["timestamp"]
        assert found == wanted


def test_a_part_of_the_columns(memory: mv2.Memvid, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = memory.to_arrow(columns=["uri", "title", "text", "metadata"], filter={"uri": "birds/heron.md"})
    found, again = brought_back(tmp_path / "b.mv2", frame)
    with again:
        assert list(found) == ["birds/heron.md"]
        heron = found["birds/heron.md"]
        assert (heron["title"], heron["metadata"]["deep"]) == ("1.10", {"a": [1, 2.5, None]})


@pytest.mark.parametrize("table", [None, "documents"])
def test_sqlite_gives_everything_that_is_active(
    memory: mv2.Memvid, tmp_path: Path, table: str | None
) -> None:
    export(memory, tmp_path / "out.sqlite")
    found, again = brought_back(tmp_path / "b.mv2", tmp_path / "out.sqlite", table=table)
    with again:
        assert found == expected(memory, "mv2://import/out/")
        (one,), (other,) = (list(m.records(filter={"uri": "doc.pdf"})) for m in (memory, again))
        assert [(c.text, c.start, c.end, c.kind, c.place, list(c.vector or ())) for c in one.chunks] == [
            (c.text, c.start, c.end, c.kind, c.place, list(c.vector or ())) for c in other.chunks
        ]
        assert (one.content, one.full_text, one.origin, one.content_dates) == (
            other.content, other.full_text, other.origin, other.content_dates,
        )  # fmt: skip


def test_sqlite_that_was_changed_is_told_row_by_row(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "out.sqlite")
    with closing(sqlite3.connect(tmp_path / "out.sqlite")) as base:
        base.execute("UPDATE documents SET metadata = '[broken' WHERE uri = 'doc.pdf'")
        base.execute("UPDATE chunks SET place = '{\"colour\": 1}'")
        base.commit()
    with new(tmp_path / "b.mv2") as again:
        report = import_into(again, tmp_path / "out.sqlite")
        assert report.documents == len(list(memory.frames())) - 1
        assert any("it was changed" in one.reason for one in report.skipped)
        assert again.verify(deep=True).ok


def test_a_vault_gives_the_documents_it_was_made_of(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "vault", format="markdown")
    found, again = brought_back(tmp_path / "b.mv2", tmp_path / "vault")
    with again:
        assert without(found, "vector") == expected(memory, "mv2://vault/vault/", "vector")
        assert import_into(again, tmp_path / "vault").skipped == ()


def test_a_vault_that_was_edited(memory: mv2.Memvid, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    export(memory, vault, format="markdown", filter={"uri": {"$in": ["doc-3", "birds/heron.md"]}})
    heron = vault / "birds" / "heron.md"
    heron.write_bytes(heron.read_bytes().replace(b"reeds", b"water"))
    (vault / "new.md").write_text("---\ntags: [mine]\n---\nWritten by hand.\n")
    (vault / "photo.jpg").write_bytes(b"\xff")
    with new(tmp_path / "b.mv2") as again:
        report = import_into(again, vault)
        assert "water" in again.text("birds/heron.md")
        assert again.frame("mv2://vault/vault/new.md").tags == ("mine",)
        (told,) = report.skipped
        assert told.reason == "1 other file is no note; putting the folder itself takes all files"
        (vault / "second.jpg").write_bytes(b"\xff")
        assert "2 other files are no notes" in import_into(again, vault).skipped[0].reason


@pytest.mark.parametrize(
    "name", ["../../secret", "attachments/../../secret", "/etc/passwd", "attachments/a/b"]
)
def test_attachments_come_from_the_vault_only(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"\xffsecret")
    vault = tmp_path / "in" / "vault"
    (vault / "attachments").mkdir(parents=True)
    front = f'uri: "u"\ntimestamp: "2024-01-01T00:00:00Z"\nattachment: {json.dumps(name)}\n'
    (vault / "evil.md").write_text(f"---\n{front}---\n\n[x]({name})\n\ntext\n")
    with new(tmp_path / "b.mv2") as memory:
        import_into(memory, vault)
        assert all(b"secret\xff" not in memory.content(f.id) for f in memory.frames())
        assert "u" not in shown(memory)


def test_a_copy_is_an_equal_memory(memory: mv2.Memvid, tmp_path: Path) -> None:
    assert export(memory, tmp_path / "out.jsonl.zst", format="jsonl").loses == ()
    with new(tmp_path / "b.mv2") as again:
        import_jsonl(again, tmp_path / "out.jsonl.zst")
        assert list(again.records()) == list(memory.records())
        assert shown(again) == shown(memory)


def test_vectors_as_an_array_are_those_of_the_memory(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "v.npy")
    matrix = np.load(tmp_path / "v.npy", allow_pickle=False)
    told = json.loads((tmp_path / "v.ids.json").read_text())["rows"]
    for row, about in zip(matrix, told, strict=True):
        assert list(memory.embedding(about["id"]) or ()) == list(row)
        assert memory.frame(about["document"]).uri == about["uri"]


@pytest.mark.parametrize("form", FILES)
def test_names_made_of_ids_do_not_meet_those_of_another_memory(
    memory: mv2.Memvid, tmp_path: Path, form: str
) -> None:
    if form in ("parquet", "arrow"):
        pytest.importorskip("pyarrow")
    export(memory, tmp_path / FILES[form], format=form)
    with new(tmp_path / "b.mv2") as other:
        kept = [other.put(f"mine, number {n}") for n in range(8)]
        report = import_into(other, tmp_path / FILES[form])
        assert report.updated == 0
        assert all(other.frame(n).status == "active" for n in kept)
        assert "No uri of its own" in {other.text(f.id) for f in other.frames()}


def test_an_ending_with_nul_characters_comes_back(tmp_path: Path) -> None:
    with new(tmp_path / "m.mv2") as memory, new(tmp_path / "b.mv2") as again:
        memory.put("zero \0 inside", uri="z")
        export(memory, tmp_path / "z.csv")
        report = import_into(again, tmp_path / "z.csv")
        assert not any(isinstance(one, Skipped) for one in report.skipped)
        assert again.text("z") == "zero \0 inside"


@pytest.mark.parametrize(
    "odd",
    [
        {"content": 10**12}, {"tags": 5}, {"metadata": "[1"}, {"metadata": 7}, {"id": None, "uri": None},
        {"parent_id": 3, "place": '{"range": [1]}'}, {"parent_id": 3, "place": '{"range": "xy", "page": {}}'},
        {"parent_id": [], "place": None}, {"embedding": "x"}, {"embedding": {}}, {"timestamp": []},
        {"title": 5, "kind": [], "track": {}}, {"labels": {"a": 1}},
    ],
)  # fmt: skip
def test_rows_that_somebody_changed_stop_nothing(tmp_path: Path, odd: dict[str, Any]) -> None:
    good = {
        "id": 0, "uri": "good", "title": None, "text": "good text", "kind": None, "track": None, "tags": [],
        "labels": [], "metadata": "{}", "timestamp": 5, "put_at": 5, "mime": None,
    }  # fmt: skip
    bare = {"uri": "bare", "text": "only a text"}
    with new(tmp_path / "b.mv2") as memory:
        report = import_into(memory, [good, {**good, "uri": "odd", **odd}, bare, {**good, "uri": "last"}])
        assert report.documents + report.skipped_count >= 4
        assert {"good", "bare", "last"} <= set(shown(memory))
        assert memory.verify(deep=True).ok
