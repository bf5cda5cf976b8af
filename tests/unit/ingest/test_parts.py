"""What is inside of files: archives and mails are complete or not there, and change part by part."""

from __future__ import annotations

import io
import os
import signal
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import mv2
from mv2 import ReadOptions
from mv2.ingest import files as files_module

ARCHIVES = ReadOptions(archives=True)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mv2.Memvid]:
    monkeypatch.chdir(tmp_path)
    with mv2.open("m.mv2", embedder="none") as opened:
        yield opened


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def texts(memory: mv2.Memvid) -> dict[str, str]:
    """Active documents inside of the archive, by what follows its name."""
    found = {f.uri or "": memory.text(f.id) for f in memory.frames() if f.status == "active"}
    return {uri.partition("!/")[2]: text for uri, text in found.items() if "!/" in uri}


def statuses(report: mv2.IngestReport) -> dict[str, str]:
    return {file.name.partition("!/")[2]: file.status for file in report.files}


def test_an_interrupted_archive_is_completed_by_the_next_run(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_DOCUMENTS", 10)
    Path("a.zip").write_bytes(zipped({f"{n:03}.txt": f"member number {n}" for n in range(100)}))

    def stop(done: int, total: int | None) -> None:
        if done >= 25:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(mv2.Interrupted) as caught:
        memory.put_files("a.zip", reading=ARCHIVES, progress=stop)
    kept = len(texts(memory))
    assert 0 < kept < 100
    assert caught.value.report.count("added") == kept
    again = memory.put_files("a.zip", reading=ARCHIVES)
    assert (again.count("unchanged"), again.count("added")) == (kept, 101 - kept)
    assert texts(memory) == {f"{n:03}.txt": f"member number {n}" for n in range(100)}


def test_of_a_changed_archive_only_changed_members_are_read(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_DOCUMENTS", 1)  # each document is a commit of its own
    inner = zipped({"deep.txt": "deep down", "deeper.txt": "deeper down"})
    first = {"same.txt": "the same", "old.txt": "old", "changes.txt": "before", "inner.zip": inner}
    Path("a.zip").write_bytes(zipped(first))
    memory.put_files("a.zip", reading=ARCHIVES)
    second = {"same.txt": "the same", "changes.txt": "after", "inner.zip": inner, "new.txt": "new"}
    Path("a.zip").write_bytes(zipped(second))
    report = memory.put_files("a.zip", reading=ARCHIVES)
    assert statuses(report) == {
        "": "updated",
        "same.txt": "unchanged",
        "changes.txt": "updated",
        "inner.zip": "unchanged",
        "new.txt": "added",
    }
    found = texts(memory)
    assert sorted(found) == [
        "changes.txt", "inner.zip", "inner.zip!/deep.txt", "inner.zip!/deeper.txt", "new.txt", "same.txt",
    ]  # fmt: skip
    assert found["changes.txt"] == "after"


def test_what_is_changed_deep_inside_keeps_its_neighbours(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BATCH_DOCUMENTS", 1)
    for word in ("one", "two"):
        inner = zipped({"deep.txt": "the same", "changes.txt": word})
        Path("a.zip").write_bytes(zipped({"inner.zip": inner}))
        memory.put_files("a.zip", reading=ARCHIVES)
    found = texts(memory)
    assert sorted(found) == ["inner.zip", "inner.zip!/changes.txt", "inner.zip!/deep.txt"]
    assert found["inner.zip!/changes.txt"] == "two"


def test_progress_counts_what_is_inside_and_ends_at_the_end(memory: mv2.Memvid) -> None:
    Path("a.zip").write_bytes(zipped({f"{n}.txt": f"member {n}" for n in range(9)}))
    told: list[tuple[int, int | None]] = []
    memory.put_files("a.zip", reading=ARCHIVES, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (10, 10) not in told[:-2]


def test_an_unreadable_member_is_reported_and_the_others_stay(memory: mv2.Memvid) -> None:
    Path("a.zip").write_bytes(zipped({"good.txt": "good", "bad.pdf": b"%PDF-1.7\nbroken"}))
    report = memory.put_files("a.zip", reading=ARCHIVES)
    assert statuses(report) == {"": "added", "good.txt": "added", "bad.pdf": "failed"}
    assert texts(memory) == {"good.txt": "good"}
    assert memory.put_files("a.zip", reading=ARCHIVES).count("unchanged") == 1
