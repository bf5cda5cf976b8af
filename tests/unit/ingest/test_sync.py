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
    monkeypatch.setattr(os.path, "lexists", lambda path: not os.fsdecode(path).startswith("notes/sub/"))
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
