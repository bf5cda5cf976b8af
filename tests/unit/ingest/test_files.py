"""Files into a memory: what is read, what is left alone, what fails, and what an interrupt leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import mv2
from mv2 import ReadOptions
from mv2.ingest import files as files_module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def memory(folder: Path) -> Iterator[mv2.Memvid]:
    with mv2.open("m.mv2") as opened:
        yield opened


def statuses(report: mv2.IngestReport) -> dict[str, str]:
    return {file.name: file.status for file in report.files}


def uris(memory: mv2.Memvid) -> list[str]:
    return sorted(frame.uri or "" for frame in memory.frames())


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


PEOPLE = "name,age\nAnn,30\nBob,41\n"


def test_a_folder_becomes_documents_that_know_their_files(memory: mv2.Memvid) -> None:
    write("in/a.txt", "The heron waits.")
    write("in/sub/people.csv", PEOPLE)
    report = memory.put_files("in", tags=["t"], metadata={"k": 1})
    assert statuses(report) == {"in/a.txt": "added", "in/sub/people.csv": "added"}
    assert report.ok
    frame = memory.frame("mv2://files/in/sub/people.csv")
    assert memory.content(frame.id) == PEOPLE.encode()
    assert "| Bob | 41 |" in memory.text(frame.id)
    assert frame.origin is not None
    assert (frame.origin.reader, frame.origin.mime, frame.origin.size) == (
        "delimited",
        "text/csv",
        len(PEOPLE),
    )
    assert frame.origin.modified_ns == os.stat("in/sub/people.csv").st_mtime_ns
    assert (frame.source_path, frame.title) == ("in/sub/people.csv", "people.csv")
    assert (frame.tags, frame.metadata["k"]) == (("t",), 1)
    assert memory.find("Bob").hits[0].frame_id == frame.id
    assert memory.verify(deep=True).findings == ()


def test_what_did_not_change_is_left_alone_and_what_did_becomes_a_version(memory: mv2.Memvid) -> None:
    write("a.txt", "one")
    write("b.csv", PEOPLE)
    memory.put_files(["a.txt", "b.csv"])
    assert statuses(memory.put_files(["a.txt", "b.csv"])) == {"a.txt": "unchanged", "b.csv": "unchanged"}
    os.utime("b.csv", (1, 1))
    assert statuses(memory.put_files(["b.csv"])) == {"b.csv": "unchanged"}
    write("a.txt", "two")
    assert statuses(memory.put_files(["a.txt", "b.csv"])) == {"a.txt": "updated", "b.csv": "unchanged"}
    assert len(memory.history("mv2://files/a.txt")) == 2
    assert statuses(memory.put_files(["a.txt"], tags=["new"])) == {"a.txt": "updated"}


def test_text_alone_can_be_kept(memory: mv2.Memvid) -> None:
    write("p.csv", PEOPLE)
    memory.put_files("p.csv", reading=ReadOptions(keep="text"))
    frame = memory.frame("mv2://files/p.csv")
    assert memory.content(frame.id).decode() == memory.text(frame.id)
    assert memory.content(frame.id) != PEOPLE.encode()
    assert frame.origin is not None
    assert frame.origin.size == len(PEOPLE)
    assert statuses(memory.put_files("p.csv", reading=ReadOptions(keep="text"))) == {"p.csv": "unchanged"}


def test_a_broken_file_is_reported_and_stops_nothing(memory: mv2.Memvid) -> None:
    write("a.txt", "good")
    Path("b.xlsx").write_bytes(b"PK\x03\x04 broken")
    write("c.csv", PEOPLE)
    os.symlink("nowhere", "d.txt")
    report = memory.put_files(["a.txt", "b.xlsx", "c.csv", "d.txt", "e.txt"])
    assert [file.status for file in report.files] == ["added", "failed", "added", "failed", "failed"]
    reasons = {file.name: file.reason or "" for file in report.failed}
    assert reasons["d.txt"] == "the link leads nowhere"
    assert reasons["e.txt"] == "there is no such file"
    assert not report.ok
    assert uris(memory) == ["mv2://files/a.txt", "mv2://files/c.csv"]


@pytest.mark.parametrize("store", [True, False])
def test_unknown_kinds_are_kept_as_bytes_or_skipped(memory: mv2.Memvid, store: bool) -> None:
    Path("raw.bin").write_bytes(bytes(range(256)))
    report = memory.put_files("raw.bin", store_unknown=store)
    if store:
        assert statuses(report) == {"raw.bin": "added"}
        assert memory.content("mv2://files/raw.bin") == bytes(range(256))
        assert memory.text("mv2://files/raw.bin") == ""
    else:
        assert statuses(report) == {"raw.bin": "skipped"}
        assert uris(memory) == []


@pytest.mark.parametrize("policy", ["keep", "report", "skip", "link"])
def test_equal_files(memory: mv2.Memvid, policy: files_module.Duplicates) -> None:
    write("a.csv", PEOPLE)
    memory.put_files("a.csv")
    write("b.csv", PEOPLE)
    write("c.csv", PEOPLE)
    report = memory.put_files(["b.csv", "c.csv"], duplicates=policy)
    expected = "added" if policy == "keep" else "duplicate"
    assert statuses(report) == {"b.csv": expected, "c.csv": expected}
    if policy != "keep":
        assert [file.reason for file in report.files] == ["mv2://files/a.csv"] * 2
    assert len(uris(memory)) == (1 if policy == "skip" else 3)
    assert memory.find("Bob").total == (1 if policy in ("skip", "link") else 3)
    if policy == "link":
        assert memory.frame("mv2://files/b.csv").metadata["duplicate_of"] == "mv2://files/a.csv"


@pytest.mark.parametrize("policy", ["report", "skip", "link"])
def test_nearly_equal_files(memory: mv2.Memvid, policy: files_module.Duplicates) -> None:
    words = " ".join(f"word{n}" for n in range(200))
    write("a.txt", words)
    write("b.txt", words + " and a few more")
    write("c.txt", "something else")
    report = memory.put_files(["a.txt", "b.txt", "c.txt"], duplicates=policy, near=0.9)
    (group,) = report.duplicates
    assert group.frame_ids == (0, 1)
    second = "added" if policy == "report" else "duplicate"
    assert statuses(report) == {"a.txt": "added", "b.txt": second, "c.txt": "added"}
    assert memory.find("word150").total == (2 if policy == "report" else 1)


def test_conflicts(memory: mv2.Memvid) -> None:
    write("a.txt", "one")
    memory.put_files("a.txt")
    write("a.txt", "two")
    assert statuses(memory.put_files("a.txt", on_conflict="skip")) == {"a.txt": "unchanged"}
    report = memory.put_files("a.txt", on_conflict="error")
    assert report.failed[0].code == mv2.DuplicateUriError.code
    assert statuses(memory.put_files("a.txt", on_conflict="keep_both")) == {"a.txt": "added"}
    assert uris(memory) == ["mv2://files/a.txt"] * 2


def test_tables_go_with_their_document(memory: mv2.Memvid) -> None:
    write("p.csv", PEOPLE + "Cid,52\n")
    reading = ReadOptions(tables=True)
    memory.put_files("p.csv", reading=reading)
    (info,) = memory.tables()
    assert (info.headers, info.row_count, info.source_uri) == (("name", "age"), 3, "mv2://files/p.csv")
    assert memory.tables("mv2://files/p.csv") == [info]
    table = memory.table(info.id)
    assert [row["name"] for row in table.to_dicts()] == ["Ann", "Bob", "Cid"]
    assert memory.find("Bob", filter={"kind": "table_row"}).hits[0].snippet == "name: Bob | age: 41"
    write("p.csv", PEOPLE)
    memory.put_files("p.csv", reading=reading)
    assert [row["name"] for row in memory.table(info.id).to_dicts()] == ["Ann", "Bob"]
    memory.put_files("p.csv", reading=ReadOptions(tables=False), tags=["again"])
    assert memory.tables() == []
    assert uris(memory) == ["mv2://files/p.csv"]
    with pytest.raises(mv2.FrameNotFoundError):
        memory.table(info.id.replace("tbl", "xyz"))


def test_patterns_choose_files(memory: mv2.Memvid) -> None:
    for name in ("in/a.txt", "in/b.log", "in/keep/c.txt", "in/build/d.txt", "in/.e.txt"):
        write(name, name)
    write("in/.gitignore", "build/\n")
    found = [file.name for file in mv2.list_files("in", include=["*.txt"], exclude=["keep/"], gitignore=True)]
    assert found == ["in/a.txt"]
    report = memory.put_files("in", exclude=["*.log"], hidden=True, gitignore=True)
    assert sorted(statuses(report)) == ["in/.e.txt", "in/.gitignore", "in/a.txt", "in/keep/c.txt"]


def test_the_memory_itself_is_not_put_into_it(memory: mv2.Memvid) -> None:
    write("a.txt", "x")
    memory.commit()
    assert statuses(memory.put_files(".")) == {"a.txt": "added"}


def test_an_interrupt_keeps_what_is_finished_and_a_rerun_goes_on(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_DOCUMENTS", 5)
    for number in range(60):
        write(f"in/{number:02}.txt", f"text number {number}")

    def stop_after_ten(done: int, total: int | None) -> None:
        if done >= 10:  # again and again, as people do
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(mv2.Interrupted) as caught:
        memory.put_files("in", progress=stop_after_ten)
    assert signal.getsignal(signal.SIGINT) is before
    report = caught.value.report
    assert report.interrupted
    done = report.count("added")
    assert 10 <= done < 60
    assert len(uris(memory)) == done
    again = memory.put_files("in")
    assert (again.count("unchanged"), again.count("added")) == (done, 60 - done)
    assert len(uris(memory)) == 60


def test_one_document_that_cannot_be_stored_does_not_cost_its_batch(memory: mv2.Memvid) -> None:
    write("a.txt", "good")
    write("b.txt", "good too")
    report = memory.put_files(["a.txt", "b.txt"], timestamp="not a time")
    assert [file.status for file in report.files] == ["failed", "failed"]
    assert uris(memory) == []
    assert memory.put_files(["a.txt", "b.txt"]).ok


class TestOneFile:
    """``put`` of a path."""

    def test_it_is_read(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        frame_id = memory.put(Path("p.csv"), title="People", tags=["x"])
        assert memory.frame(frame_id).title == "People"
        assert "| Ann | 30 |" in memory.text(frame_id)
        assert memory.content(frame_id) == PEOPLE.encode()

    def test_what_cannot_be_read_is_an_error_and_leaves_nothing(self, memory: mv2.Memvid) -> None:
        Path("b.xlsx").write_bytes(b"PK\x03\x04 broken")
        with pytest.raises(mv2.DocumentError) as caught:
            memory.put(Path("b.xlsx"))
        assert caught.value.path == "b.xlsx"
        assert memory.stats().frame_count == 0

    def test_bytes_are_read_when_asked_for(self, memory: mv2.Memvid) -> None:
        raw = PEOPLE.encode()
        assert memory.text(memory.put(raw)) == PEOPLE
        read = memory.put(raw, reading=ReadOptions(reader="delimited"))
        assert "| Ann | 30 |" in memory.text(read)

    def test_many_with_paths_among_them(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        reading = ReadOptions(tables=True)
        ids = memory.put_many([{"content": c} for c in ("x", Path("p.csv"), "y")], reading=reading)
        assert [memory.text(i)[:8] for i in ids] == ["x", "| name |", "y"]
        assert len(memory.tables()) == 1

    def test_an_update_reads_the_new_file(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        memory.put("old", uri="mv2://p", title="T")
        new = memory.update("mv2://p", content=Path("p.csv"))
        assert "| Ann | 30 |" in memory.text(new)
        assert memory.frame(new).title == "T"
        assert memory.frame(new).mime == "text/csv"
