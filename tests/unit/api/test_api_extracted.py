"""Documents whose text is not their content: PDFs, tables, chunks given by the caller."""

from __future__ import annotations

from pathlib import Path

import pytest

import mv2
from mv2 import Chunk, Document, Origin, Place

RAW = b"%PDF-1.7 \xff\xfe binary"
TEXT = "The heron waits.\n\nThe kingfisher dives."
CHUNKS = [
    Chunk(text="The heron waits.\n\n", start=0, end=18, place=Place(page=1, headings=("Birds",))),
    Chunk(text="Birds: The kingfisher dives.", start=18, end=len(TEXT), kind="table", place=Place(page=2)),
]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "m.mv2")


def document(**changes: object) -> Document:
    fields = {"content": RAW, "text": TEXT, "uri": "mv2://doc", "mime": "application/pdf", **changes}
    return Document(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("chunks", [None, CHUNKS])
@pytest.mark.parametrize("way", ["pending", "committed", "bulk", "updated"])
def test_content_and_text_are_kept_apart(path: str, way: str, chunks: list[Chunk] | None) -> None:
    origin = Origin(reader="pdf", mime="application/pdf", sha256="ab" * 32, size=len(RAW))
    given = document(chunks=chunks, origin=origin, metadata={"author": "Ann"}, content_dates=("2024-05-06",))
    with mv2.open(path) as memory:
        if way == "bulk":
            memory.put_many([given])
        else:
            memory.put(**{name: getattr(given, name) for name in given.__dataclass_fields__})
        if way == "committed":
            memory.commit()
        if way == "updated":
            memory.update("mv2://doc", metadata={"author": "Bob"})
            memory.update("mv2://doc", title="Fauna")
    with mv2.open(path, "r") as memory:
        frame = memory.frame("mv2://doc")
        assert memory.content("mv2://doc") == RAW
        assert memory.text("mv2://doc") == TEXT
        assert frame.length == len(RAW)
        assert frame.mime == "application/pdf"
        assert frame.origin == origin
        assert frame.content_dates == ("2024-05-06",)
        hit = memory.find("kingfisher").hits[0]
        assert hit.uri == "mv2://doc"
        assert "kingfisher" in hit.snippet
        assert memory.verify(deep=True).findings == ()
        if chunks is None:
            assert hit.frame_id == frame.id
            assert hit.place is None
        else:
            assert hit.parent_id == frame.id
            assert hit.snippet == "Birds: The kingfisher dives."
            assert hit.place == Place(page=2, range=(18, len(TEXT)))
            assert memory.frame(frame.id + 1).place == Place(page=1, headings=("Birds",), range=(0, 18))
            assert memory.find("kingfisher", filter={"mime": "text/plain"}).total == 0
            assert memory.find("kingfisher", filter={"mime": "application/pdf"}).total == 1


def test_chunks_of_text_that_are_slices_are_its_only_copy(path: str) -> None:
    text = "alpha beta\ngamma delta\n"
    with mv2.open(path) as memory:
        memory.put(
            text,
            uri="mv2://t",
            chunks=[Chunk(text=text[:11], start=0, end=11), Chunk(text=text[11:], start=11, end=23)],
        )
        assert memory.text("mv2://t") == text
        assert memory.content("mv2://t") == text.encode()
        assert [hit.range for hit in memory.find("gamma").hits] == [(0, 11)]


@pytest.mark.parametrize(
    "chunks",
    [
        [Chunk(text="x", start=1, end=2)],
        [Chunk(text=TEXT[:5], start=0, end=5)],
        [Chunk(text="other", start=0, end=len(TEXT))],
        [Chunk(text=TEXT, start=0, end=len(TEXT)), Chunk(text="", start=len(TEXT), end=len(TEXT))],
        ["not a chunk"],
    ],
)
def test_chunks_that_do_not_make_the_text_are_refused(path: str, chunks: list[Chunk]) -> None:
    with mv2.open(path) as memory:
        with pytest.raises(mv2.InvalidArgumentError, match="chunk"):
            memory.put(RAW, text=TEXT, chunks=chunks)
        assert memory.stats().frame_count == 0


def test_a_text_may_be_empty(path: str) -> None:
    with mv2.open(path) as memory:
        frame_id = memory.put(b"just bytes that decode", text="")
        assert memory.text(frame_id) == ""
        assert memory.find("decode").total == 0
        memory.commit()
        assert memory.text(frame_id) == ""
        assert memory.verify(deep=True).findings == ()


def test_long_extracted_text_is_cut_by_the_plain_rule(path: str) -> None:
    text = "".join(f"Sentence number {i} of the report. " for i in range(200))
    with mv2.open(path) as memory:
        frame_id = memory.put(RAW, text=text, embedding=None)
        assert memory.text(frame_id) == text
        assert memory.frame(frame_id).chunk_count == len(text) // 1200 + 1
        assert memory.content(frame_id) == RAW
        assert memory.find('"number 150"').hits[0].parent_id == frame_id
