"""Records: everything of a memory in values, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from exchange_stories import START, Clock, clock, new

import mv2
from mv2.errors import ChecksumError, FilterError, InvalidArgumentError
from mv2.types import Chunk, Document, Origin, Place

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["clock"]


def by_id(memory: mv2.Memvid, **options: Any) -> dict[int, mv2.Record]:
    return {record.id: record for record in memory.records(**options)}


@pytest.fixture
def past(tmp_path: Path, clock: Clock) -> mv2.Memvid:
    """Three versions of one document, a deleted one, a long one with a vector."""
    with new(tmp_path / "past.mv2") as memory:
        memory.put("first", uri="note", title="A note", tags=["x"], metadata={"n": 1, "f": 1.0}, track="t")
        clock.at(10)
        memory.put("second", uri="note")
        memory.put("gone soon", uri="gone")
        clock.at(20)
        memory.delete("gone")
        memory.put("long " * 900, uri="long", embedding=[0.25, 1], embedding_model="m")
        clock.at(30)
        memory.update("note", track="other")
    return mv2.open(tmp_path / "past.mv2", "r", embedder="none")


def test_a_record_says_everything_of_a_version(past: mv2.Memvid) -> None:
    first = by_id(past)[0]
    assert first == mv2.Record(
        id=0,
        uri="note",
        content=b"first",
        timestamp=START,
        title="A note",
        tags=("x",),
        metadata={"n": 1, "f": 1.0},
        track="t",
        put_at=START,
        status="superseded",
        superseded_by=1,
        replaced_at=START + 10,
        ended_before=1,
        mime="text/plain",
    )
    assert {key: type(value) for key, value in first.metadata.items()} == {"n": int, "f": float}


def test_versions_deletions_chunks_and_vectors_are_there(past: mv2.Memvid) -> None:
    records = by_id(past)
    gone, long = records[2], records[3]
    assert (gone.status, gone.deleted_at, gone.ended_before) == ("deleted", START + 20, 3)
    assert "".join(chunk.text for chunk in long.chunks) == long.content.decode() == "long " * 900
    assert [chunk.id for chunk in long.chunks] == [4, 5, 6, 7][: len(long.chunks)]
    assert (list(long.vector or ()), long.vector_model, long.text) == ([0.25, 1.0], "m", None)
    newest = max(records)
    assert (records[newest].supersedes, records[newest].track, records[newest].content) == (
        1,
        "other",
        b"second",
    )


def test_only_active_documents_without_vectors(past: mv2.Memvid) -> None:
    records = by_id(past, history=False, vectors=False)
    assert sorted(record.uri or "" for record in records.values()) == ["long", "note"]
    assert all(record.vector is None for record in records.values())


def test_a_filter_asks_the_newest_version_and_takes_the_others_along(past: mv2.Memvid) -> None:
    assert [r.content for r in past.records(filter={"track": "other"})] == [b"first", b"second", b"second"]
    assert list(past.records(filter={"track": "t"})) == []
    with pytest.raises(FilterError):
        past.records(filter={"track": {"$no": 1}})


def test_records_of_the_past_are_as_they_were(past: mv2.Memvid) -> None:
    records = by_id(past, as_of=START + 10)
    assert {record.id: record.status for record in records.values()} == {
        0: "superseded",
        1: "active",
        2: "active",
    }
    assert records[2].deleted_at is None
    assert records[1].superseded_by is None


def test_damaged_content_is_an_error(tmp_path: Path) -> None:
    with new(tmp_path / "m.mv2") as memory:
        memory.put(b"\xffdamage me" * 30)
    data = (tmp_path / "m.mv2").read_bytes()
    (tmp_path / "m.mv2").write_bytes(data.replace(b"\xffdamage me", b"\xffdamage ME"))
    with mv2.open(tmp_path / "m.mv2", "r") as memory, pytest.raises(ChecksumError):
        list(memory.records())


def test_a_document_with_extracted_text_comes_back_whole(tmp_path: Path) -> None:
    text = "Page one.\nPage two has a table."
    document = Document(
        content=b"%PDF-\xff",
        text=text,
        chunks=[
            Chunk(text=text[:10], start=0, end=10, place=Place(page=1, headings=("A", "B"))),
            Chunk(
                text="| h |\n" + text[10:], start=10, end=len(text), kind="table", place=Place(rows=(2, 5))
            ),
        ],
        mime="application/pdf",
        metadata={"pages": 2, "outline": "o" * 400},
        origin=Origin(reader="pdf", sha256="ab", size=7),
        content_dates=["2024-01-02"],
        uri="doc.pdf",
    )
    with new(tmp_path / "a.mv2") as first, new(tmp_path / "b.mv2") as second:
        first.put_many([document])
        record = next(iter(first.records()))
        assert (record.text, record.content, record.origin) == (text, b"%PDF-\xff", document.origin)
        assert [chunk.kind for chunk in record.chunks] == ["text", "table"]
        assert record.chunks[1].text.startswith("| h |")
        assert all(chunk.own == {} for chunk in record.chunks)
        second.restore(first.records())
        assert list(second.records()) == [record]
        for frame_id in range(3):
            assert second.frame(frame_id) == first.frame(frame_id)
        assert second.find("table").hits[0].frame_id == 2
        assert second.verify(deep=True).ok


def test_a_memory_of_the_original_engine_keeps_what_it_shows(original: Path, tmp_path: Path) -> None:
    with mv2.open(original, "r", embedder="none") as first, new(tmp_path / "copy.mv2") as copy:
        records = list(first.records())
        assert len(records) + sum(len(r.chunks) for r in records) == first.stats().frame_count
        copy.restore(records)
        assert [replace(r, digest=None) for r in copy.records()] == [replace(r, digest=None) for r in records]
        assert [frame.id for frame in copy.frames()] == [frame.id for frame in first.frames()]
        for frame in first.frames():
            assert copy.content(frame.id) == first.content(frame.id)
            assert copy.text(frame.id) == first.text(frame.id)
        assert copy.verify(deep=True).ok


def original_files() -> list[Path]:
    from pathlib import Path

    return sorted((Path(__file__).parents[2] / "fixtures").rglob("*.mv2"))


@pytest.fixture(params=original_files(), ids=lambda path: path.stem)
def original(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    try:
        mv2.open(path, "r").close()
    except mv2.Error:
        pytest.skip("no memory that opens")
    return path


# --- restoring ------------------------------------------------------------------------------


def test_nothing_is_kept_when_the_records_end_in_an_error(past: mv2.Memvid, tmp_path: Path) -> None:
    def broken() -> Any:
        yield from past.records()
        raise RuntimeError("the disk is gone")

    with new(tmp_path / "n.mv2") as memory:
        memory.put("before")
        with pytest.raises(RuntimeError):
            memory.restore(broken())
        assert memory.stats().frame_count == 1


def test_progress_is_told(past: mv2.Memvid, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    records = list(past.records())
    with new(tmp_path / "n.mv2") as memory:
        memory.restore(records, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(records), len(records))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": -1}, "the id -1"),
        ({"id": 1 << 70}, "the id"),
        ({"superseded_by": -3}, "the id -3"),
        ({"put_at": 1 << 70}, "is not a time"),
        ({"status": "lost"}, "status 'lost'"),
        ({"digest": "zz"}, "hexadecimal"),
        ({"media": {"width": -1}}, "media data"),
        ({"media": {"nonsense": 1}}, "media data"),
        ({"vector": [float("nan")]}, "NaN"),
        ({"metadata": {"mv2:x": 1}}, "reserved"),
        ({"chunks": (mv2.RecordChunk(id=1, text="ab", start=0, end=2, own={"x": 1}),)}, "of its own"),
        ({"chunks": (mv2.RecordChunk(id=1, text="ab", start=1, end=2),)}, "chunk 0"),
    ],
)
def test_impossible_records_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    record = replace(mv2.Record(id=0, uri="a", content=b"ab", timestamp=0), **change)
    with new(tmp_path / "n.mv2") as memory:
        with pytest.raises(InvalidArgumentError, match=message):
            memory.restore([record])
        assert memory.stats().frame_count == 0


def test_records_come_in_order(tmp_path: Path) -> None:
    records = [mv2.Record(id=number, uri=str(number), content=b"", timestamp=0) for number in (1, 0)]
    with new(tmp_path / "n.mv2") as memory:
        with pytest.raises(InvalidArgumentError, match="comes behind"):
            memory.restore(records)
        with pytest.raises(InvalidArgumentError, match="not a record"):
            memory.restore(["text"])  # type: ignore[list-item]


def test_ids_close_up_where_records_are_left_out(past: mv2.Memvid, tmp_path: Path) -> None:
    with new(tmp_path / "n.mv2") as memory:
        memory.restore(past.records(filter={"uri": "note"}))
        frames = memory.history("note")
        assert [(f.id, f.status, f.supersedes, f.superseded_by) for f in frames] == [
            (0, "superseded", None, 1),
            (1, "superseded", 0, 2),
            (2, "active", 1, None),
        ]
        assert [frame.replaced_at for frame in frames] == [START + 10, START + 30, None]
        assert [frame.id for frame in memory.frames(as_of=START + 15)] == [1]
        assert [frame.id for frame in memory.frames(as_of_frame=1)] == [1]
        assert memory.verify(deep=True).ok


def test_a_successor_that_was_left_out_is_none(past: mv2.Memvid, tmp_path: Path) -> None:
    records = [record for record in past.records() if record.id in (0, 2)]
    with new(tmp_path / "n.mv2") as memory:
        memory.restore(records)
        frame = memory.frame(0)
        assert (frame.status, frame.superseded_by, frame.replaced_at) == ("superseded", None, START + 10)
        assert memory.verify(deep=True).ok


def test_content_that_versions_share_is_stored_once(tmp_path: Path) -> None:
    with new(tmp_path / "a.mv2") as first, new(tmp_path / "b.mv2") as second:
        first.put(bytes(range(256)) * 200, uri="big")
        first.update("big", title="new")
        first.put("small")
        second.restore(first.records())
        assert 256 * 200 <= second.stats().payload_bytes < 256 * 201
