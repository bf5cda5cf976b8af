"""Files into a memory: what is read, what is left alone, what fails, and what an interrupt leaves."""

from __future__ import annotations

import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import mv2
from mv2 import ReadOptions
from mv2.ingest import files as files_module
from mv2.ingest import storing
from mv2.ingest.plan import Duplicates


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
def test_equal_files(memory: mv2.Memvid, policy: Duplicates) -> None:
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
def test_nearly_equal_files(memory: mv2.Memvid, policy: Duplicates) -> None:
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


def test_one_document_that_cannot_be_stored_does_not_cost_its_batch(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files_module.prepare_whole

    def prepare_whole(documents: list[mv2.Document]) -> object:
        if documents[0].uri == "mv2://files/b.txt":
            raise mv2.LimitError("too many tags")
        return real(documents)

    monkeypatch.setattr(files_module, "prepare_whole", prepare_whole)
    for name in "abc":
        write(f"{name}.txt", f"good {name}")
    report = memory.put_files(["a.txt", "b.txt", "c.txt"])
    assert [file.status for file in report.files] == ["added", "failed", "added"]
    assert uris(memory) == ["mv2://files/a.txt", "mv2://files/c.txt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": "not a time"},
        {"tags": "work"},
        {"labels": "work"},
        {"include": "*.txt"},
        {"exclude": "*.txt"},
        {"metadata": {1: 2}},
        {"near": 7},
        {"on_conflict": "bogus"},
        {"paths": b"a.txt"},
        {"paths": [b"a.txt"]},
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_wrong_arguments_are_refused_before_anything_is_read(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], known: bool
) -> None:
    write("a.txt", "x")
    if known:
        memory.put_files("a.txt")
    monkeypatch.setattr(files_module, "_read", lambda path: pytest.fail(f"{path} was read"))
    with pytest.raises(mv2.InvalidArgumentError):
        memory.put_files(**{"paths": "a.txt", **wrong})  # type: ignore[arg-type]
    assert memory.stats().frame_count == known


def test_a_memory_for_reading_only_is_refused_at_once(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.txt", "x")
    memory.commit()
    with mv2.open("m.mv2", "r") as reader:
        assert reader.sync(".", dry_run=True).count("added") == 1
        monkeypatch.setattr(files_module, "_read", lambda path: pytest.fail(f"{path} was read"))
        with pytest.raises(mv2.ReadOnlyError):
            reader.put_files("a.txt")
        with pytest.raises(mv2.ReadOnlyError):
            reader.put(Path("gone.txt"))


def test_the_memory_is_not_put_into_itself_when_it_is_named(memory: mv2.Memvid) -> None:
    write("a.txt", "x")
    memory.commit()
    os.symlink("m.mv2", "link.mv2")
    assert statuses(memory.put_files(["a.txt", "m.mv2", "link.mv2"])) == {"a.txt": "added"}


def test_names_that_are_no_unicode_hide_no_other_file(memory: mv2.Memvid) -> None:
    os.mkdir("in")
    for name in (b"in/\xff.txt", b"in/\\xff.txt"):
        with open(name, "w") as file:
            file.write(repr(name))
    report = memory.put_files("in")
    assert sorted(file.status for file in report.files) == ["added", "failed"]
    assert report.failed[0].reason == "another file has its uri"
    assert memory.put_files(["in", "in/."]).count("unchanged") == 1


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_paths_that_name_nothing_are_reported(memory: mv2.Memvid, path: str) -> None:
    write("a.txt", "x")
    (result,) = memory.put_files(path).files
    assert (result.status, result.reason) == ("failed", "there is no such file")


def test_odd_names_are_found_again(memory: mv2.Memvid) -> None:
    names = [
        "a b.txt",
        "a%20b.txt",
        "a#page-1",
        "a\nb.txt",
        "ü.txt",
        "x" * 200 + ".txt",
        "q?.txt",
        "C:\\x.txt",
    ]
    for name in names:
        write(f"in/{name}", name)
    assert memory.put_files("in").count("added") == len(names)
    assert memory.put_files("in").count("unchanged") == len(names)
    for name in names:
        assert memory.text(f"mv2://files/in/{name}") == name


def test_files_of_other_encodings_keep_their_bytes(memory: mv2.Memvid) -> None:
    made = {
        "latin.txt": "Grüße aus Köln, schöne Tage".encode("latin-1"),
        "bom.txt": "\ufeffGrüße".encode(),
        "wide.txt": "Grüße".encode("utf-16"),
        "lines.txt": b"one\r\ntwo\rthree\n",
        "page.md": "# Grüße\r\n\r\nText\r\n".encode("utf-16"),
    }
    for name, raw in made.items():
        Path(name).write_bytes(raw)
    memory.put_files(list(made))
    for name, raw in made.items():
        assert memory.content(f"mv2://files/{name}") == raw, name
        assert "\ufeff" not in memory.text(f"mv2://files/{name}")


def test_a_changed_file_that_is_a_duplicate_now_loses_its_old_text(memory: mv2.Memvid) -> None:
    write("a.txt", "the same")
    write("b.txt", "before")
    memory.put_files(["a.txt", "b.txt"])
    write("b.txt", "the same")
    report = memory.put_files(["a.txt", "b.txt"], duplicates="skip")
    assert statuses(report) == {"a.txt": "unchanged", "b.txt": "duplicate"}
    assert report.files[1].reason == "mv2://files/a.txt"
    assert uris(memory) == ["mv2://files/a.txt"]
    assert memory.find("before").total == 0


def test_nearly_equal_files_that_are_linked_are_known_the_next_time(memory: mv2.Memvid) -> None:
    words = " ".join(f"word{n}" for n in range(200))
    write("a.txt", words)
    write("b.txt", words + " and a few more")
    memory.put_files(["a.txt", "b.txt"], duplicates="link", near=0.9)
    count = memory.stats().frame_count
    again = memory.put_files(["a.txt", "b.txt"], duplicates="link", near=0.9)
    assert statuses(again) == {"a.txt": "unchanged", "b.txt": "unchanged"}
    assert memory.stats().frame_count == count


def test_the_time_that_a_file_says_goes_before_that_of_its_modification(memory: mv2.Memvid) -> None:
    write("m.eml", "From: a@x.org\nDate: Mon, 06 May 2024 10:00:00 +0000\nSubject: S\n\nHello there.\n")
    write("a.txt", "x")
    write("b.bin", "\0\1")
    for name in ("m.eml", "a.txt", "b.bin"):
        os.utime(name, (1_000_000, 1_000_000))
    memory.put_files(["m.eml", "a.txt", "b.bin"], use_mtime=True)
    assert memory.frame("mv2://files/m.eml").timestamp == 1714989600
    assert memory.frame("mv2://files/a.txt").timestamp == 1_000_000
    assert memory.frame("mv2://files/b.bin").timestamp == 1_000_000


def test_a_batch_is_bounded_by_what_it_holds_not_by_what_it_packs_to(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_BYTES", 100_000)
    for number in range(8):
        write(f"in/{number}.txt", f"{number} " * 30_000)
    before = len(memory.commits())
    memory.put_files("in")
    assert len(memory.commits()) - before >= 4


def test_an_error_of_the_memory_says_what_is_kept(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_DOCUMENTS", 2)
    for number in range(6):
        write(f"in/{number}.txt", f"text {number}")
    real, calls = storing.put_prepared, []

    def put_prepared(*args: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise mv2.LockedError("another process writes")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "put_prepared", put_prepared)
    with pytest.raises(mv2.LockedError) as caught:
        memory.put_files("in")
    assert caught.value.__notes__ == ["2 documents were settled before, and stay so."]
    assert len(uris(memory)) == 2
    again = memory.put_files("in")
    assert (again.count("unchanged"), again.count("added")) == (2, 4)


def test_an_interrupt_out_of_progress_keeps_what_is_finished(memory: mv2.Memvid) -> None:
    for number in range(30):
        write(f"in/{number:02}.txt", f"text {number}")

    def progress(done: int, total: int | None) -> None:
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(mv2.Interrupted) as caught:
        memory.put_files("in", progress=progress)
    added = caught.value.report.count("added")
    assert 5 <= added < 30
    assert len(uris(memory)) == added


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

    def test_tables_change_with_their_document(self, memory: mv2.Memvid) -> None:
        reading = ReadOptions(tables=True)
        for way in ("put", "put_many"):
            write("p.csv", PEOPLE + "Cid,52\n")
            memory.put(Path("p.csv"), uri=f"mv2://{way}", reading=reading)
            write("p.csv", PEOPLE)
            if way == "put":
                memory.put(Path("p.csv"), uri="mv2://put", reading=reading)
            else:
                memory.put_many([{"content": Path("p.csv"), "uri": "mv2://put_many"}], reading=reading)
            (info,) = memory.tables(f"mv2://{way}")
            assert [row["name"] for row in memory.table(info.id).to_dicts()] == ["Ann", "Bob"]
        assert memory.find("Cid").total == 0

    def test_tables_go_with_replaced_and_deleted_documents(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        for way in ("put", "update", "delete"):
            memory.put(Path("p.csv"), uri="mv2://p", reading=ReadOptions(tables=True))
            assert len(memory.tables("mv2://p")) == 1
            if way == "put":
                memory.put("something else", uri="mv2://p")
            elif way == "update":
                memory.update("mv2://p", content="something else")
                assert "parts" not in memory.frame("mv2://p").metadata
            else:
                memory.delete("mv2://p")
            assert memory.tables() == []
            assert uris(memory) == ([] if way == "delete" else ["mv2://p"])
        assert memory.verify(deep=True).findings == ()

    def test_documents_without_a_uri_have_tables_of_their_own(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        first, second = (memory.put(Path("p.csv"), reading=ReadOptions(tables=True)) for _ in range(2))
        assert len(memory.tables()) == 2
        (own,) = memory.tables(first)
        (other,) = memory.tables(second)
        assert own.id != other.id
        memory.delete(first)
        assert memory.tables() == [other]
        assert len(memory.table(other.id).rows) == 2

    def test_what_is_there_already_brings_no_tables_again(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        first = memory.put(Path("p.csv"), reading=ReadOptions(tables=True), dedup=True)
        count = memory.stats().frame_count
        assert memory.put(Path("p.csv"), reading=ReadOptions(tables=True), dedup=True) == first
        documents = [{"content": Path("p.csv"), "dedup": True}] * 2
        assert memory.put_many(documents, reading=ReadOptions(tables=True)) == [first, first]
        assert memory.stats().frame_count == count

    def test_a_deleted_row_does_not_hide_those_behind_it(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE + "Cid,52\n")
        memory.put_files("p.csv", reading=ReadOptions(tables=True))
        (info,) = memory.tables()
        memory.delete(f"mv2://tables/{info.id}/row/2")
        assert [row["name"] for row in memory.table(info.id).to_dicts()] == ["Ann", "Cid"]
        memory.delete("mv2://files/p.csv")
        assert uris(memory) == []

    def test_files_with_something_inside_fit_into_a_batch(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        with memory.batch():
            memory.put("a note", uri="mv2://note")
            frame_id = memory.put(Path("p.csv"), uri="mv2://p", reading=ReadOptions(tables=True))
        assert memory.frame("mv2://p").id == frame_id
        assert len(memory.table(memory.tables("mv2://p")[0].id).rows) == 2
        with pytest.raises(mv2.DocumentError), memory.batch():  # noqa: PT012 - an error after a put
            memory.put(Path("p.csv"), uri="mv2://q", reading=ReadOptions(tables=True))
            Path("b.xlsx").write_bytes(b"PK\x03\x04 broken")
            memory.put(Path("b.xlsx"))
        assert len(memory.tables()) == 1

    def test_an_update_reads_the_new_file(self, memory: mv2.Memvid) -> None:
        write("p.csv", PEOPLE)
        memory.put("old", uri="mv2://p", title="T")
        new = memory.update("mv2://p", content=Path("p.csv"))
        assert "| Ann | 30 |" in memory.text(new)
        assert memory.frame(new).title == "T"
        assert memory.frame(new).mime == "text/csv"


def test_archives_are_kept_whole_unless_their_members_are_wanted(memory: mv2.Memvid) -> None:
    with zipfile.ZipFile("z.zip", "w") as packed:
        packed.writestr("inner.txt", "a heron inside")
    raw = Path("z.zip").read_bytes()
    assert statuses(memory.put_files("z.zip")) == {"z.zip": "added"}
    assert uris(memory) == ["mv2://files/z.zip"]
    assert memory.content("mv2://files/z.zip") == raw
    memory.put_files("z.zip", reading=ReadOptions(archives=True), again=True)
    assert "mv2://files/z.zip!/inner.txt" in uris(memory)
    assert memory.find("heron").hits[0].uri == "mv2://files/z.zip!/inner.txt"


def test_tags_and_dates_are_found_only_on_request_and_never_stand_in_the_text(memory: mv2.Memvid) -> None:
    text = "The kingfisher dived on 5 March 2024. The kingfisher came back. Kingfisher again!"
    write("a.txt", text)
    plain = memory.frame(memory.put(Path("a.txt")))
    assert (plain.tags, plain.content_dates) == ((), ())
    memory.put_files("a.txt", reading=ReadOptions(auto_tag=True, extract_dates=True))
    frame = memory.frame("mv2://files/a.txt")
    assert "kingfisher" in frame.tags
    assert frame.content_dates == ("2024-03-05",)
    assert memory.text(frame.id) == text


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"reading": ReadOptions(reader="pdff")}, "no reader 'pdff'"),
        ({"reading": ReadOptions(keep="foo")}, "keep 'foo'"),  # type: ignore[arg-type]
        ({"chunking": mv2.Chunking(size=-1)}, "not positive"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_read(
    memory: mv2.Memvid, options: dict[str, object], match: str
) -> None:
    write("a.md", "# A\n\ntext")
    with pytest.raises(mv2.InvalidArgumentError, match=match):
        memory.put_files("a.md", **options)  # type: ignore[arg-type]
    with pytest.raises(mv2.InvalidArgumentError, match=match):
        memory.put(Path("a.md"), **options)  # type: ignore[arg-type]
    assert uris(memory) == []


def test_a_name_is_no_path_where_a_file_is_to_be_read() -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="neither bytes nor a path"):
        mv2.read_document("report.pdf")  # type: ignore[arg-type]


def test_an_interrupt_while_the_readers_end_tells_what_is_kept(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mv2.extract.pool import ReaderPool

    real = ReaderPool.close

    def close(self: ReaderPool) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        real(self)

    monkeypatch.setattr(ReaderPool, "close", close)
    write("a.txt", "alpha")
    with pytest.raises(mv2.Interrupted) as caught:
        memory.put_files("a.txt")
    assert caught.value.report.count("added") == 1
