"""Documents whose text was extracted: what the original sees of them, and what is left after it wrote."""

from __future__ import annotations

import pytest
from scenarios import EPOCH

import mv2
from mv2 import Chunk, Document, Origin, Place

HTML = b"<html><body><p>The <b>marshwren</b> sings.</p></body></html>"
PDF = b"%PDF-1.7 \xff\xfe" + bytes(range(256)) * 4
LONG = "Of the quagmoth. " + "Night after night it comes back to the lamp. " * 40


def documents() -> list[Document]:
    half = len(LONG) // 2
    head, tail = LONG[:half], LONG[half:]
    pages = [
        Chunk(text=head, start=0, end=half, place=Place(page=1, headings=("Moths",))),
        Chunk(text="Moths: " + tail, start=half, end=len(LONG), place=Place(page=2), kind="table"),
    ]
    pdf = "application/pdf"
    origin = Origin(reader="pdf", mime=pdf, sha256="0" * 64, size=len(PDF))
    return [
        Document(content=HTML, text="The marshwren sings.", uri="mv2://page", mime="text/html"),
        Document(content=PDF, text="A short grebewort.", uri="mv2://short", mime=pdf),
        Document(content=PDF, text=LONG, chunks=pages, uri="mv2://long", mime=pdf, origin=origin),
        Document(content=HTML * 80, text=LONG, chunks=pages, uri="mv2://site", mime="text/html"),
        Document(content=PDF, text="", uri="mv2://silent", mime="image/png"),
    ]


def state(memory: mv2.Memvid) -> list[object]:
    found: list[object] = []
    for frame in memory.frames():
        if frame.uri and frame.uri.startswith("mv2://theirs"):
            continue
        chunks = [memory.frame(frame.id + 1 + n) for n in range(frame.chunk_count or 0)]
        found.append(
            (
                frame.uri,
                frame.mime,
                frame.origin,
                memory.content(frame.id),
                memory.text(frame.id),
                [(chunk.place, memory.text(chunk.id)) for chunk in chunks],
            )
        )
    return found


@pytest.mark.parametrize("way", ["bulk", "log"])
def test_the_original_finds_them_and_leaves_them_whole(peer, tmp_path, way):
    path = tmp_path / "m.mv2"
    with mv2.open(path) as memory:
        if way == "bulk":
            memory.put_many(documents())
        else:
            for document in documents():
                fields = {name: getattr(document, name) for name in document.__dataclass_fields__}
                memory.put(**fields)
        before = state(memory)
        ids = {frame.uri: frame.id for frame in memory.frames()}
    seen = peer.snapshot(path, words=["marshwren", "grebewort", "quagmoth"], uris=list(ids))
    assert ids["mv2://page"] in seen.found["marshwren"]
    assert ids["mv2://short"] in seen.found["grebewort"]
    assert seen.found["quagmoth"]
    assert seen.blobs["mv2://short"] == seen.blobs["mv2://long"] == PDF
    assert seen.blobs["mv2://page"] == HTML
    peer.call("open", path=path, read_only=False)
    document = {
        "text": "added by theirs",
        "uri": "mv2://theirs/b",
        "title": "",
        "tags": [],
        "timestamp": EPOCH,
    }
    peer.call("put", document=document)
    peer.call("close")
    with mv2.open(path) as memory:
        assert state(memory) == before
        assert memory.find("marshwren").hits[0].uri == "mv2://page"
        assert memory.find("theirs").total == 1
        assert {hit.uri for hit in memory.find("quagmoth").hits} == {"mv2://long", "mv2://site"}
        memory.put("ours again")
    with mv2.open(path) as memory:
        assert memory.verify(deep=True).findings == ()


def test_files_of_many_kinds_are_found_by_both(peer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    long = "\n\n".join(
        f"## Part {n}\n\nThe marshwren number {n} sings in the reeds all night." for n in range(80)
    )
    (tmp_path / "in/notes.md").write_text("# Birds\n\nA quagmoth in the lamp.\n")
    (tmp_path / "in/long.md").write_text(f"# Wrens\n\n{long}\n")
    (tmp_path / "in/people.csv").write_text("name,city\nGrebewort,Oslo\nLapwing,Rome\n")
    (tmp_path / "in/page.html").write_text("<title>T</title><p>The <b>sandgrouse</b> drinks at dawn.</p>")
    (tmp_path / "in/raw.bin").write_bytes(bytes(range(256)))
    with mv2.open("m.mv2") as memory:
        assert memory.put_files("in", reading=mv2.ReadOptions(tables=True)).ok
        before = state(memory)
        ids = {frame.uri: frame.id for frame in memory.frames()}
        chunks = set(range(ids["mv2://files/in/long.md"] + 1, len(list(memory.frames())) + 200))
    words = ["quagmoth", "marshwren", "grebewort", "sandgrouse"]
    seen = peer.snapshot(
        tmp_path / "m.mv2", words=words, uris=["mv2://files/in/raw.bin", "mv2://files/in/page.html"]
    )
    assert ids["mv2://files/in/notes.md"] in seen.found["quagmoth"]
    assert seen.found["marshwren"]
    assert set(seen.found["marshwren"]) <= chunks
    assert ids["mv2://files/in/people.csv"] in seen.found["grebewort"]
    assert ids["mv2://files/in/page.html"] in seen.found["sandgrouse"]
    assert seen.blobs["mv2://files/in/raw.bin"] == bytes(range(256))
    peer.call("open", path=tmp_path / "m.mv2", read_only=False)
    assert list(peer.call("tables").values()) == ["name,city\nGrebewort,Oslo\nLapwing,Rome\n"]
    document = {"text": "by theirs", "uri": "mv2://theirs/b", "title": "", "tags": [], "timestamp": EPOCH}
    peer.call("put", document=document)
    peer.call("close")
    with mv2.open("m.mv2") as memory:
        assert state(memory) == before
        assert [table.to_dicts() for table in map(memory.table, [t.id for t in memory.tables()])] == [
            [{"name": "Grebewort", "city": "Oslo"}, {"name": "Lapwing", "city": "Rome"}]
        ]
        assert memory.verify(deep=True).ok
