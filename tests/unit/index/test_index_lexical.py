"""Writing and reading the embedded index."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from mv2.errors import ClosedError, CorruptFileError, InvalidArgumentError
from mv2.index import _schema
from mv2.index.lexical import LexicalFile, LexicalReader, LexicalWriter, indexed_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test's temporary directory is its own, and is empty at the end."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield place
    assert os.listdir(place) == []


def contents(files: list[LexicalFile]) -> list[tuple[str, bytes]]:
    return [(file.name, file.read()) for file in files]


def ids(reader: LexicalReader, word: str) -> list[int]:
    return sorted(frame_id for _, frame_id in reader.search(reader.queries.term("content", word), 100))


def test_documents_come_back_and_nothing_is_left(temporary: Path) -> None:
    with LexicalWriter(None) as writer:
        writer.add(7, "red apples", tags=["Fruit"], labels=["L"], track="Main", uri="mv2://A/b", timestamp=-5)
        writer.add(8, "green pears", timestamp=5)
        assert writer.num_docs == 0
        files = writer.commit()
        assert (writer.num_docs, writer.num_segments) == (2, 1)
        saved = contents(files)
        assert [file.size for file in files] == [len(data) for _, data in saved]
    names = [name for name, _ in saved]
    assert names == sorted(names)
    assert {"meta.json", ".managed.json"} < set(names)
    assert not any(name.startswith(".tantivy-") for name in names)
    reader = LexicalReader.open(saved)
    assert os.listdir(temporary) == []
    assert (reader.num_docs, reader.num_segments, reader.trusted) == (2, 1, True)
    assert ids(reader, "appl") == [7]
    assert reader.doc_freq("content", "appl") == 1
    assert reader.doc_freq("tags", "fruit") == 1
    assert reader.doc_freq("track", "main") == 1
    assert reader.count(reader.queries.uri("mv2://a/b")) == 1
    assert reader.terms_with_prefix("content", "gr", 5) == [("green", 1)]
    assert reader.mean_length == 2.0
    assert reader.search(reader.queries.during(-5, 5), 10) == [(1.0, 7)]
    assert reader.top(reader.queries.everything(), 10, newest=True) == ([(5, 8), (-5, 7)], 2)
    reader.close()
    reader.close()
    with pytest.raises(ClosedError):
        reader.count(reader.queries.everything())


def test_the_settings_other_readers_depend_on() -> None:
    with LexicalWriter(None) as writer:
        writer.add(0, "word")
        meta = json.loads(dict(contents(writer.commit()))["meta.json"])
    assert meta["index_settings"]["docstore_compression"] == "none"
    assert [field["name"] for field in meta["schema"]] == list(_schema.FIELDS)
    assert meta["schema"] == _schema.SCHEMA


def test_commit_after_commit_deletes_and_rollback() -> None:
    with LexicalWriter(None) as writer:
        for frame_id in range(20):
            writer.add(frame_id, f"common word{frame_id}")
        first = dict(contents(writer.commit()))
        writer.delete(3)
        writer.add(3, "common again")
        writer.delete(4)
        writer.add(50, "common fresh")
        writer.delete(50)
        second = dict(contents(writer.commit()))
        writer.add(60, "common lost")
        writer.delete(5)
        writer.rollback()
        writer.rollback()
        writer.add(61, "common kept")
        third = dict(contents(writer.commit()))
        assert writer.num_docs == 20
    for name in first.keys() & second.keys():
        assert first[name] == second[name] or name.endswith(".json")
    wanted = [k for k in range(20) if k != 4]
    assert ids(LexicalReader.open(first.items()), "common") == list(range(20))
    assert ids(LexicalReader.open(second.items()), "common") == wanted
    assert ids(LexicalReader.open(second.items()), "word3") == []
    assert ids(LexicalReader.open(third.items()), "common") == [*wanted, 61]


def test_a_writer_goes_on_from_embedded_files() -> None:
    files: list[tuple[str, bytes]] | None = None
    for frame_id in range(30):
        with LexicalWriter(files) as writer:
            assert writer.num_docs == frame_id
            writer.add(frame_id, f"common number{frame_id}")
            files = contents(writer.commit())
    assert files is not None
    reader = LexicalReader.open(files)
    assert ids(reader, "common") == list(range(30))
    # Merged-away segments must not be embedded for ever.
    stems = {name.split(".")[0] for name, _ in files if not name.endswith(".json")}
    assert len(stems) == reader.num_segments < 12


def test_a_commit_without_changes_is_harmless() -> None:
    with LexicalWriter(None) as writer:
        empty = contents(writer.commit())
        assert LexicalReader.open(empty).num_docs == 0
        assert contents(writer.commit()) == contents(writer.files())
    reader = LexicalReader.open(empty)
    assert reader.search(reader.queries.everything(), 10) == []
    assert reader.mean_length == 0.0
    assert reader.count(reader.queries.everything()) == 0


def test_values_out_of_range_are_refused_before_they_do_harm() -> None:
    with LexicalWriter(None) as writer:
        for frame_id, timestamp in ((-1, 0), (2**64, 0), (0, 2**63), (0, -(2**63) - 1)):
            with pytest.raises(InvalidArgumentError):
                writer.add(frame_id, "x", timestamp=timestamp)
        writer.add(1, "sur\ud800rogate", tags=["\udfff"], uri="\ud800", timestamp=2**63 - 1)
        reader = LexicalReader.open(contents(writer.commit()))
    assert ids(reader, "sur") == [1]
    assert reader.search(reader.queries.during(2**63 - 1, None), 5) == [(1.0, 1)]
    assert reader.search(reader.queries.during(2**70, None), 5) == []
    assert reader.search(reader.queries.during(None, -(2**70)), 5) == []


def test_any_limit_is_safe() -> None:
    with LexicalWriter(None) as writer:
        writer.add(0, "x")
        reader = LexicalReader.open(contents(writer.commit()))
    everything = reader.queries.everything()
    assert reader.search(everything, 10**15) == [(1.0, 0)]
    assert reader.search(everything, 0) == []
    assert reader.search(everything, 5, offset=10**9) == []
    assert reader.top(everything, -3) == ([], 1)


def test_a_frame_that_stands_twice_is_found_once() -> None:
    with LexicalWriter(None) as writer:
        writer.add(4, "twice upon")
        writer.add(4, "twice upon")
        writer.add(5, "twice")
        reader = LexicalReader.open(contents(writer.commit()))
    assert ids(reader, "twice") == [4, 5]
    assert reader.count(reader.queries.term("content", "twice")) == 3


def test_a_closed_writer_says_so() -> None:
    writer = LexicalWriter(None)
    writer.close()
    writer.close()
    with pytest.raises(ClosedError):
        writer.add(0, "x")
    with pytest.raises(ClosedError):
        writer.commit()


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/b", "", ".", "..", "a\0b", "a b", "ü", "x" * 300, "a\n"]
)
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    with LexicalWriter(None) as writer:
        writer.add(0, "x")
        files = contents(writer.commit())
    for kind in (LexicalReader.open, LexicalWriter):
        with pytest.raises(CorruptFileError, match="plain file name"):
            kind([*files, (name, b"evil")])
    assert sorted(os.listdir(tmp_path)) == ["tmp"]


def test_what_tantivy_would_delete_is_never_taken_from_the_file(tmp_path: Path) -> None:
    """The list of managed files in a memory may name a victim; collecting garbage must not reach it."""
    victim = tmp_path / "victim"
    victim.write_text("keep me")
    with LexicalWriter(None) as writer:
        writer.add(0, "x")
        files = dict(contents(writer.commit()))
    hostile = [f"../{'../' * up}{victim.name}" for up in range(3)] + [str(victim)]
    files[".managed.json"] = json.dumps([*json.loads(files[".managed.json"]), *hostile]).encode()
    with LexicalWriter(files.items()) as writer:
        writer.add(1, "y")
        writer.commit()
    assert victim.read_text() == "keep me"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_errors(seed: int) -> None:
    """Damage is refused, or it lies where nothing is read; a panic of tantivy's must not come through."""
    with LexicalWriter(None) as writer:
        for frame_id in range(50):
            writer.add(frame_id, f"some words here {frame_id}")
        files = contents(writer.commit())
    which = seed % len(files)
    name, data = files[which]
    changed = [data[: len(data) // 2], b"", data + b"xx", bytes(len(data)), data[::-1]][
        seed // len(files) % 5
    ]
    files[which] = (name, changed)
    try:
        reader = LexicalReader.open(files)
        reader.search(reader.queries.phrase(["some", "word"]), 10)
        reader.top(reader.queries.everything(), 10, newest=True)
    except CorruptFileError:
        pass


def test_no_index_at_all_is_an_error() -> None:
    for files in (
        [],
        [("x.idx", b"")],
        [("meta.json", b"{")],
        [("meta.json", b'{"schema":[]}')],
        [("meta.json", b"[]")],
    ):
        with pytest.raises(CorruptFileError):
            LexicalReader.open(files)
    with pytest.raises(CorruptFileError, match="twice"):
        LexicalReader.open([*_schema.seed(), *_schema.seed()])


def test_titles_are_part_of_the_text() -> None:
    assert indexed_text("a", None) == "a"
    assert indexed_text("a", "") == "a"
    assert indexed_text("a", "T") == "a\nT\nT"
