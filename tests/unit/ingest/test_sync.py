"""A folder and a memory in step."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import mv2
from mv2.ingest import files as files_module
from mv2.ingest.plan import Duplicates


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mv2.Memvid]:
    monkeypatch.chdir(tmp_path)
    Path("notes/sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt", "sub/d.csv"):
        Path("notes", name).write_text(f"name,{name}\nvalue,1\n")
    with mv2.open("m.mv2") as opened:
        yield opened


def counts(report: mv2.IngestReport) -> dict[str, int]:
    found = {file.status for file in report.files}
    return {status: report.count(status) for status in sorted(found)}


def uris(memory: mv2.Memvid) -> list[str]:
    return sorted((frame.uri or "").removeprefix("mv2://files/") for frame in memory.frames())


def test_new_changed_removed_and_unchanged(memory: mv2.Memvid) -> None:
    assert counts(memory.sync("notes")) == {"added": 4}
    assert counts(memory.sync("notes/")) == {"unchanged": 4}
    Path("notes/a.txt").write_text("changed")
    Path("notes/new.txt").write_text("new")
    Path("notes/b.txt").unlink()
    assert counts(memory.sync("./notes")) == {"added": 1, "retired": 1, "unchanged": 2, "updated": 1}
    assert uris(memory) == ["notes/a.txt", "notes/new.txt", "notes/sub/c.txt", "notes/sub/d.csv"]
    assert memory.history("mv2://files/notes/b.txt")[0].status == "deleted"
    assert memory.text(memory.history("mv2://files/notes/b.txt")[0].id).startswith("name,b.txt")
    shutil.rmtree("notes/sub")
    assert counts(memory.sync("notes")) == {"retired": 2, "unchanged": 2}
    assert memory.verify(deep=True).findings == ()


def test_put_and_sync_know_the_same_documents(memory: mv2.Memvid) -> None:
    memory.put_files("notes")
    memory.put("not of a file", uri="mv2://files/notes/by-hand")
    assert counts(memory.sync("notes")) == {"unchanged": 4}
    assert "notes/by-hand" in uris(memory)


def test_an_unchanged_file_is_not_opened(memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.sync("notes")
    monkeypatch.setattr(files_module, "_read", lambda path: pytest.fail(f"{path} was read"))
    assert counts(memory.sync("notes")) == {"unchanged": 4}


def test_a_touched_file_with_the_same_bytes_is_unchanged(memory: mv2.Memvid) -> None:
    memory.sync("notes")
    os.utime("notes/a.txt", (5, 5))
    assert counts(memory.sync("notes")) == {"unchanged": 4}


def test_a_dry_run_writes_nothing_and_says_what_would_be_done(memory: mv2.Memvid) -> None:
    memory.sync("notes")
    Path("notes/a.txt").write_text("changed")
    Path("notes/b.txt").unlink()
    Path("notes/new.txt").write_text("new")
    before = memory.stats().frame_count, uris(memory)
    report = memory.sync("notes", dry_run=True)
    assert report.dry_run
    assert counts(report) == {"added": 1, "retired": 1, "unchanged": 2, "updated": 1}
    assert (memory.stats().frame_count, uris(memory)) == before


def test_gitignore_and_patterns(memory: mv2.Memvid) -> None:
    Path("notes/.gitignore").write_text("*.csv\n")
    assert counts(memory.sync("notes", exclude=["b.txt"])) == {"added": 2}
    assert uris(memory) == ["notes/a.txt", "notes/sub/c.txt"]
    assert counts(memory.sync("notes", gitignore=False)) == {"added": 2, "unchanged": 2}
    left_out = memory.sync("notes", include=["a.txt"])
    assert counts(left_out) == {"unchanged": 1}, "what is left out and still there is not retired"
    assert len(uris(memory)) == 4


def test_a_folder_that_is_gone_retires_nothing(memory: mv2.Memvid) -> None:
    memory.sync("notes")
    shutil.move("notes", "elsewhere")
    with pytest.raises(mv2.MemoryNotFoundError, match="no folder notes"):
        memory.sync("notes")
    with pytest.raises(mv2.InvalidArgumentError, match="not a folder"):
        memory.sync("m.mv2")
    assert len(uris(memory)) == 4


def test_what_cannot_be_looked_into_is_not_taken_for_gone(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.sync("notes")
    real = os.scandir

    def refuse(path: str) -> object:
        if path == os.path.join("notes", "sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    real_lstat = os.lstat

    def lstat(path: bytes) -> os.stat_result:
        if os.fsdecode(path).startswith("notes/sub/"):
            raise FileNotFoundError(path)
        return real_lstat(path)

    monkeypatch.setattr(os, "lstat", lstat)
    report = memory.sync("notes")
    assert counts(report) == {"failed": 1, "unchanged": 2}
    assert len(uris(memory)) == 4


def test_only_files_below_the_folder_are_retired(memory: mv2.Memvid) -> None:
    Path("notes2").mkdir()
    Path("notes2/x.txt").write_text("x")
    memory.sync("notes2")
    memory.sync("notes")
    Path("notes2/x.txt").unlink()
    assert counts(memory.sync("notes")) == {"unchanged": 4}
    assert counts(memory.sync(".", include=["notes2/"])) == {"retired": 1}


def test_watching_reports_what_changes(memory: mv2.Memvid) -> None:
    stop = threading.Event()
    reports = memory.watch("notes", stop=stop)
    assert counts(next(reports)) == {"added": 4}

    def change() -> None:
        Path("notes/later.txt").write_text("later")

    timer = threading.Timer(0.5, change)
    timer.start()
    second = next(reports)
    assert counts(second) == {"added": 1, "unchanged": 4}
    stop.set()
    assert list(reports) == []
    timer.join()


def test_a_file_of_another_folder_is_not_retired_with_the_working_directory(
    memory: mv2.Memvid, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.txt").write_text("x")
    (elsewhere / "y.txt").write_text("y")
    os.chdir("notes")
    memory.put_files([elsewhere / "x.txt", "../elsewhere/y.txt", "sub/../../elsewhere/x.txt"])
    memory.put_files("sub")
    shutil.rmtree(elsewhere)
    shutil.rmtree("sub")
    assert counts(memory.sync(".")) == {"added": 2, "retired": 2}
    assert len(uris(memory)) == 5
    assert counts(memory.sync("..", exclude=["*"])) == {"retired": 1}
    assert len(uris(memory)) == 4


def test_a_file_that_became_a_folder_is_gone(memory: mv2.Memvid) -> None:
    memory.sync("notes")
    Path("notes/a.txt").unlink()
    Path("notes/a.txt").mkdir()
    Path("notes/a.txt/b.md").write_text("in a folder now")
    assert counts(memory.sync("notes")) == {"added": 1, "retired": 1, "unchanged": 3}
    shutil.rmtree("notes/a.txt")
    Path("notes/a.txt").write_text("a file again")
    assert counts(memory.sync("notes")) == {"added": 1, "retired": 1, "unchanged": 3}


def test_a_file_with_a_name_that_is_no_unicode_is_still_there(memory: mv2.Memvid) -> None:
    with open(b"notes/\xff.txt", "w") as file:
        file.write("odd name")
    assert counts(memory.sync("notes")) == {"added": 5}
    assert counts(memory.sync("notes", exclude=["*.txt"])) == {"unchanged": 1}
    os.unlink(b"notes/\xff.txt")
    assert counts(memory.sync("notes", exclude=["*.txt"])) == {"retired": 1, "unchanged": 1}


def test_of_a_name_whose_case_changed_one_document_stays(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.sync("notes")
    os.rename("notes/a.txt", "notes/A.txt")
    real = os.lstat

    def lstat(path: str | bytes) -> os.stat_result:  # as where names differ by more than case only
        return real("notes/A.txt" if os.fsdecode(path) == "notes/a.txt" else path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert counts(memory.sync("notes")) == {"added": 1, "retired": 1, "unchanged": 3}


@pytest.mark.parametrize("policy", ["skip", "link"])
def test_a_file_that_was_moved_is_no_duplicate_of_what_goes(memory: mv2.Memvid, policy: Duplicates) -> None:
    Path("notes/a.txt").write_text("The heron waits.")
    memory.sync("notes", duplicates=policy)
    os.rename("notes/a.txt", "notes/moved.txt")
    plan = counts(memory.sync("notes", duplicates=policy, dry_run=True))
    assert counts(memory.sync("notes", duplicates=policy)) == plan
    assert plan == {"added": 1, "retired": 1, "unchanged": 3}
    assert [hit.uri for hit in memory.find("heron").hits] == ["mv2://files/notes/moved.txt"]


def test_a_dry_run_tells_duplicates_too(memory: mv2.Memvid) -> None:
    Path("notes/b.txt").write_text(Path("notes/a.txt").read_text())
    planned = memory.sync("notes", duplicates="report", dry_run=True)
    done = memory.sync("notes", duplicates="report")
    assert [(file.name, file.status) for file in planned.files] == [(f.name, f.status) for f in done.files]
    assert counts(done) == {"added": 3, "duplicate": 1}


def test_an_interrupted_sync_tells_what_it_retired(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.sync("notes")
    Path("notes/b.txt").unlink()
    Path("notes/new.txt").write_text("new")

    def progress(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(mv2.Interrupted) as caught:
        memory.sync("notes", progress=progress)
    assert caught.value.report.count("retired") == 1
    assert "notes/b.txt" not in uris(memory)
    assert memory.sync("notes").count("retired") == 0


def test_two_folders_share_a_memory(memory: mv2.Memvid) -> None:
    Path("notes2").mkdir()
    Path("notes2/a.txt").write_text("two")
    for _ in range(2):
        first, second = memory.sync("notes"), memory.sync("notes2")
    assert (counts(first), counts(second)) == ({"unchanged": 4}, {"unchanged": 1})
    shutil.rmtree("notes2")
    with pytest.raises(mv2.MemoryNotFoundError):
        memory.sync("notes2")
    assert len(uris(memory)) == 5


def test_what_is_inside_of_a_deleted_document_goes_with_it(memory: mv2.Memvid) -> None:
    reading = mv2.ReadOptions(tables=True)
    memory.sync("notes", reading=reading)
    assert len(memory.tables()) == 1
    memory.delete("mv2://files/notes/sub/d.csv")
    assert memory.tables() == []
    assert counts(memory.sync("notes", reading=reading)) == {"added": 1, "unchanged": 3}
    assert len(memory.tables()) == 1
    shutil.rmtree("notes/sub")
    memory.sync("notes")
    assert uris(memory) == ["notes/a.txt", "notes/b.txt"]


def test_watching_reports_differences_only(memory: mv2.Memvid) -> None:
    Path("notes/broken.xlsx").write_bytes(b"PK\x03\x04 broken")
    Path("notes/node_modules").mkdir()
    stop = threading.Event()
    reports = memory.watch("notes", stop=stop)
    assert counts(next(reports)) == {"added": 4, "failed": 1}

    def change() -> None:
        os.utime("notes/a.txt", (5, 5))  # touched, and the same
        threading.Event().wait(2.0)
        Path("notes/node_modules/x.txt").write_text("x")

    changing = threading.Thread(target=change)
    changing.start()
    assert counts(next(reports)) == {"added": 1, "failed": 1, "unchanged": 4}
    changing.join()
    stop.set()
    assert list(reports) == []


def test_what_cannot_be_watched_is_an_error_of_ours(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    import watchfiles

    def refuse(*_: object, **__: object) -> Iterator[set[object]]:
        raise OSError(28, "no more watches")
        yield set()

    monkeypatch.setattr(watchfiles, "watch", refuse)
    reports = memory.watch("notes")
    next(reports)
    with pytest.raises(mv2.StorageError, match="notes cannot be watched"):
        next(reports)
