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


LONG = [f"topic number {number}" for number in range(60)]
WORDS = "The heron waits in the shallow water. " * 200


def test_all_that_is_given_can_be_filtered_by_also_in_chunks(path: str, tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("# Birds\n\n" + WORDS)
    with mv2.open(path) as memory:
        memory.put_files(tmp_path / "p.md", metadata={"topics": LONG})
        memory.put(tmp_path / "p.md", metadata={"topics": LONG}, uri="mv2://put")
        for _ in range(2):
            assert memory.frame("mv2://put").chunk_count
            hits = memory.find("heron", filter={"topics": "topic number 3"}).hits
            assert {hit.uri for hit in hits} == {f"mv2://files/{tmp_path}/p.md", "mv2://put"}
            memory.commit()


def test_what_a_reader_finds_at_length_is_not_repeated_in_chunks(path: str) -> None:
    from mv2.ingest.documents import FoundMetadata, prepare

    metadata = FoundMetadata({"links": LONG, "author": "Ann", "given": "x"}, {"given": LONG})
    prepared = prepare(document(content=WORDS, text=None, metadata=metadata, mime=None))
    assert {"author", "given"} <= prepared.entries[1].extra_metadata.keys()
    assert "links" not in prepared.entries[1].extra_metadata
    assert "links" in prepared.head.extra_metadata


def test_an_update_does_not_copy_long_metadata_into_chunks(path: str, tmp_path: Path) -> None:
    links = "".join(f"[site {n}](https://example.org/{n}) " for n in range(100))
    (tmp_path / "p.md").write_text("# Birds\n\n" + WORDS + links)
    with mv2.open(path) as memory:
        first = memory.put(tmp_path / "p.md", uri="mv2://p", metadata={"topics": LONG})
        found = [key for key, value in memory.frame(first).metadata.items() if len(str(value)) > 300]
        assert len(found) > 1
        assert set(found) & memory.frame(first + 1).metadata.keys() == {"topics"}
        for changes in ({"title": "New"}, {"metadata": {"more": LONG}}, {"content": WORDS * 2}):
            new = memory.update("mv2://p", merge=True, **changes)  # type: ignore[arg-type]
            assert set(found) <= memory.frame(new).metadata.keys()
            assert "topics" in memory.frame(new + 1).metadata
            assert set(found) & memory.frame(new + 1).metadata.keys() == {"topics"}
        assert "more" in memory.frame(new + 1).metadata


def test_the_media_type_of_long_text_is_that_of_its_chunks(path: str, tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("# Birds\n\n" + WORDS)
    with mv2.open(path) as memory:
        memory.put(WORDS, mime="text/x-notes", uri="mv2://text")
        memory.put(tmp_path / "p.md", uri="mv2://file")
        memory.put(RAW, text=WORDS, mime="application/pdf", uri="mv2://pdf")
        for uri, mime in (
            ("mv2://text", "text/x-notes"),
            ("mv2://file", "text/markdown"),
            ("mv2://pdf", "application/pdf"),
        ):
            assert {hit.uri for hit in memory.find("heron", filter={"mime": mime}).hits} == {uri}
            memory.update(uri, mime="text/x-other")
            assert memory.frame(uri).mime == "text/x-other"
            assert memory.find("heron", filter={"mime": mime}).total == 0
            assert {hit.uri for hit in memory.find("heron", filter={"mime": "text/x-other"}).hits} == {uri}
            memory.update(uri, mime="text/plain")
            assert memory.frame(uri).mime == "text/plain"
            assert uri in {hit.uri for hit in memory.find("heron", filter={"mime": "text/plain"}).hits}
        assert memory.verify(deep=True).findings == ()


def test_bytes_without_a_media_type_can_get_one(path: str) -> None:
    with mv2.open(path) as memory:
        frame_id = memory.update(memory.put(RAW), mime="application/pdf")
        assert memory.frame(frame_id).mime == "application/pdf"
        memory.commit()
        assert memory.frame(memory.update(frame_id, mime=None)).mime is None


def test_text_without_content_is_no_update(path: str) -> None:
    with mv2.open(path) as memory:
        frame_id = memory.put(RAW, text=TEXT)
        for changes in ({"text": "other"}, {"chunks": CHUNKS}):
            with pytest.raises(mv2.InvalidArgumentError, match="without content"):
                memory.update(frame_id, **changes)  # type: ignore[arg-type]
        new = memory.update(frame_id, content=RAW, text="other")
        assert memory.text(new) == "other"


@pytest.mark.parametrize("passages", [False, True])
def test_ranges_of_hits_are_of_the_text_of_their_frame(path: str, tmp_path: Path, passages: bool) -> None:
    rows = "".join(f"item{number},shade number {number} of the long list\n" for number in range(300))
    (tmp_path / "p.csv").write_text("name,colour\n" + rows)
    with mv2.open(path) as memory:
        frame_id = memory.put(tmp_path / "p.csv")
        (hit,) = memory.find("item250", passages=passages, fragments=2).hits
        assert hit.parent_id == frame_id
        text = memory.text(hit.frame_id)
        for piece in (hit, *hit.fragments):
            start, end = piece.range
            shown = hit.snippet if piece is hit else piece.text  # type: ignore[union-attr]
            assert text[start:end] == shown
        assert [hit.snippet[start:end] for start, end in hit.highlights] == ["item250"]
        assert hit.place is not None
        assert hit.place.range is not None
        start, end = hit.place.range
        assert memory.text(frame_id)[start:end] in text


def test_updates_survive_a_vacuum_and_the_past(path: str) -> None:
    with mv2.open(path) as memory:
        first = memory.put(RAW, text=TEXT, chunks=CHUNKS, uri="mv2://doc", content_dates=["2024-05-06"])
        second = memory.update("mv2://doc", title="T")
        third = memory.update("mv2://doc", content=b"\xff new", text="Something else entirely.")
        memory.delete("mv2://doc")
        memory.vacuum()
        for frame_id, content, text in (
            (first, RAW, TEXT),
            (second, RAW, TEXT),
            (third, b"\xff new", "Some"),
        ):
            assert memory.content(frame_id) == content
            assert memory.text(frame_id).startswith(text)
        assert memory.frame(second).content_dates == ("2024-05-06",)
        assert memory.find("kingfisher").total == 0
        assert memory.find("kingfisher", as_of_frame=second + 2).hits[0].uri == "mv2://doc"
        assert memory.verify(deep=True).findings == ()
