"""Arrow tables of a memory, and the files they make."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING

import pytest
from exchange_stories import START, Clock, clock, new

import mv2
from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.exchange import import_into
from mv2.exchange.exporting import export

pa = pytest.importorskip("pyarrow")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        made.put("old", uri="mv2://a")
        made.put("first ü", uri="mv2://a", title="A", tags=["x", "y"], metadata={"n": 1}, embedding=[0.25, 3])
        made.put(b"\xff", uri="mv2://b", timestamp=10**15)
        made.put("long text. " * 300, uri="mv2://c", embedding=None, labels=["l"])
        yield made


def test_a_table_of_the_documents(memory: mv2.Memvid) -> None:
    table = memory.to_arrow()
    assert table.num_rows == 3
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), 2)
    assert table.schema.field("timestamp").type == pa.timestamp("s", tz="UTC")
    first, second, third = table.to_pylist()
    assert (first["id"], first["uri"], first["text"], first["tags"]) == (1, "mv2://a", "first ü", ["x", "y"])
    assert first["embedding"] == [0.25, 3.0]
    assert first["timestamp"] == dt.datetime.fromtimestamp(START, dt.UTC)
    assert (first["content"], first["supersedes"], json.loads(first["metadata"])) == (None, 0, {"n": 1})
    assert (second["content"], second["timestamp"], second["embedding"]) == (b"\xff", None, None)
    assert (third["text"], third["embedding"], third["labels"]) == ("long text. " * 300, None, ["l"])


def test_rows_of_chunks_of_history_and_of_a_filter(memory: mv2.Memvid) -> None:
    chunks = memory.to_arrow(chunks=True, filter={"uri": "mv2://c"}).to_pylist()
    parent = memory.frame("mv2://c")
    assert [row["id"] for row in chunks] == [parent.id + 1 + n for n in range(parent.chunk_count or 0)]
    assert "".join(row["text"] for row in chunks) == "long text. " * 300
    assert {row["parent_id"] for row in chunks} == {parent.id}
    assert json.loads(chunks[0]["place"])["range"][0] == 0
    assert memory.to_arrow(history=True)["status"].to_pylist() == ["superseded", "active", "active", "active"]


def test_columns_are_chosen_and_batches_small(memory: mv2.Memvid) -> None:
    reader = memory.to_arrow_batches(columns=["uri", "id"], batch_rows=2)
    assert [(batch.num_rows, batch.schema.names) for batch in reader] == [
        (2, ["uri", "id"]),
        (1, ["uri", "id"]),
    ]
    for wrong in ({"columns": ["colour"]}, {"columns": "uri"}, {"batch_rows": 0}):
        with pytest.raises(InvalidArgumentError):
            memory.to_arrow_batches(**wrong)  # type: ignore[arg-type]


def test_an_empty_memory_has_an_empty_table(tmp_path: Path) -> None:
    with new(tmp_path / "e.mv2") as memory:
        assert memory.to_arrow().num_rows == 0
        memory.put("no vectors here")
        assert memory.to_arrow()["embedding"].to_pylist() == [None]


def test_without_pyarrow_the_line_that_installs_it(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="pyarrow"):
        memory.to_arrow()


@pytest.mark.parametrize("name", ["m.parquet", "m.feather", "m.arrow"])
def test_files_hold_the_table(memory: mv2.Memvid, tmp_path: Path, name: str) -> None:
    import pyarrow.feather
    import pyarrow.parquet

    assert export(memory, tmp_path / name).documents == 3
    read = pyarrow.parquet.read_table if name.endswith("parquet") else pyarrow.feather.read_table
    assert read(tmp_path / name).to_pylist() == memory.to_arrow().to_pylist()
    export(memory, tmp_path / name, vectors=False, chunks=True, history=True)
    assert "embedding" not in read(tmp_path / name).schema.names


def test_parquet_comes_back_as_documents(memory: mv2.Memvid, tmp_path: Path) -> None:
    export(memory, tmp_path / "m.parquet", filter={"uri": {"$ne": "mv2://b"}})
    with new(tmp_path / "again.mv2") as again:
        import_into(again, tmp_path / "m.parquet")
        assert {frame.uri: again.text(frame.id) for frame in again.frames()} == {
            "mv2://a": "first ü",
            "mv2://c": "long text. " * 300,
        }
        frame = again.frame("mv2://a")
        assert (frame.title, frame.tags, frame.timestamp) == ("A", ("x", "y"), START)
        assert list(again.embedding("mv2://a") or ()) == [0.25, 3.0]
