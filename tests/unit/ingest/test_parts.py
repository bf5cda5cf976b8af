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
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
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


def test_members_of_one_name_are_all_kept(memory: mv2.Memvid) -> None:
    members = {"A/x.txt": "one", "A//x.txt": "two", "A/x (2).txt": "three"}
    Path("a.zip").write_bytes(zipped(members))
    report = memory.put_files("a.zip", reading=ARCHIVES)
    assert len(report.files) == 4
    assert len({file.uri for file in report.files}) == 4
    assert sorted(texts(memory).values()) == ["one", "three", "two"]
    again = memory.put_files("a.zip", reading=ARCHIVES, again=True)
    assert again.count("updated") == 4
    assert sorted(texts(memory).values()) == ["one", "three", "two"]
    memory.put(Path("a.zip"), uri="mv2://alone", reading=ARCHIVES)
    assert (
        len([uri for uri in (f.uri or "" for f in memory.frames()) if uri.startswith("mv2://alone!/")]) == 3
    )


def test_a_member_does_not_take_the_uri_of_a_file(memory: mv2.Memvid) -> None:
    Path("in/a.zip!").mkdir(parents=True)
    Path("in/a.zip").write_bytes(zipped({"x.txt": "inner", "y.txt": "other"}))
    Path("in/a.zip!/x.txt").write_text("outer")
    for expected in ({"added": 4}, {"unchanged": 2}):
        report = memory.put_files("in", reading=ARCHIVES)
        assert {status: report.count(status) for status in expected} == expected
        assert sorted(texts(memory).values()) == ["inner", "other", "outer"]
        assert memory.text("mv2://files/in/a.zip!/x.txt") == "outer"
    Path("in/a.zip!/y.txt").write_text("a file that came later")
    (failed,) = memory.put_files("in", reading=ARCHIVES).failed
    assert failed.code == mv2.DuplicateUriError.code
    assert memory.text("mv2://files/in/a.zip!/y.txt") == "other"


def test_archives_with_members_of_the_same_names_are_no_duplicates(memory: mv2.Memvid) -> None:
    Path("a.zip").write_bytes(zipped({"x.txt": "one"}))
    Path("b.zip").write_bytes(zipped({"x.txt": "two"}))
    Path("c.zip").write_bytes(Path("a.zip").read_bytes())
    report = memory.put_files(["a.zip", "b.zip", "c.zip"], duplicates="skip", reading=ARCHIVES)
    assert (report.count("added"), report.count("duplicate")) == (4, 1)
    again = memory.put_files(["a.zip", "b.zip"], duplicates="skip", reading=ARCHIVES)
    assert again.count("unchanged") == 2
    assert memory.text("mv2://files/a.zip!/x.txt") == "one"
    assert memory.text("mv2://files/b.zip!/x.txt") == "two"


def test_a_changed_member_that_is_a_duplicate_now_loses_its_old_text(memory: mv2.Memvid) -> None:
    Path("x.txt").write_text("the same")
    for text in ("before", "the same"):
        Path("a.zip").write_bytes(zipped({"y.txt": text}))
        memory.put_files(["x.txt", "a.zip"], duplicates="skip", reading=ARCHIVES)
    assert memory.find("before").total == 0
    assert memory.find("same").total == 1


def test_metadata_cannot_make_a_document_of_ours_a_part(memory: mv2.Memvid) -> None:
    Path("mine.txt").write_text("mine")
    Path("a.txt").write_text("one")
    Path("a.zip").write_bytes(zipped({"x.txt": "inner"}))
    memory.put_files(["mine.txt", "a.zip"], reading=ARCHIVES)
    listed = ["mv2://files/mine.txt", "mv2://files/a.zip!/x.txt", "mv2://tables/none", 5]
    memory.put_files("a.txt", metadata={"parts": listed})
    Path("a.txt").write_text("two")
    memory.put_files("a.txt")
    memory.delete("mv2://files/a.txt")
    assert memory.text("mv2://files/mine.txt") == "mine"
    assert texts(memory) == {"x.txt": "inner"}


def test_changed_fields_keep_what_is_inside_with_its_document(memory: mv2.Memvid) -> None:
    Path("a.zip").write_bytes(zipped({"x.txt": "inner"}))
    memory.put_files("a.zip", reading=ARCHIVES)
    memory.update("mv2://files/a.zip", metadata={"mine": 1})
    assert memory.frame("mv2://files/a.zip").metadata["mine"] == 1
    assert texts(memory) == {"x.txt": "inner"}
    memory.delete("mv2://files/a.zip")
    assert texts(memory) == {}
    assert memory.history("mv2://files/a.zip!/x.txt")[-1].status == "deleted"


def nested(depth: int, width: int) -> bytes:
    if not depth:
        return zipped({"x.txt": "deep"})
    return zipped({f"{n}.zip": nested(depth - 1, width) for n in range(width)})


def test_what_nests_without_end_is_bounded(memory: mv2.Memvid) -> None:
    Path("a.zip").write_bytes(nested(3, 5))
    options = ReadOptions(archives=True, limits=mv2.Limits(members=5))
    told: list[tuple[int, int | None]] = []
    report = memory.put_files("a.zip", reading=options, progress=lambda *both: told.append(both))
    assert report.count("added") == 1 + 50
    assert {file.code for file in report.failed} == {mv2.DocumentLimitError.code}
    assert len(report.failed) < 150
    assert told[-1] == (len(report.files), len(report.files))
    memory.put(Path("a.zip"), uri="mv2://alone", reading=options)
    assert len([f for f in memory.frames() if (f.uri or "").startswith("mv2://alone")]) == 51
    size = len(nested(2, 5)) * 5
    tight = ReadOptions(archives=True, limits=mv2.Limits(expanded_bytes=size))
    assert 5 < memory.put_files("a.zip", reading=tight, again=True).count("updated") < 100
    assert memory.put_files("a.zip", reading=ARCHIVES, again=True).ok


def test_of_nested_archives_few_members_wait_at_a_time(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0
    real = files_module.FileIngest._queue_parts

    def queue(self: files_module.FileIngest, job: files_module.Job) -> None:
        nonlocal most
        real(self, job)
        most = max(most, len(self._parts))

    monkeypatch.setattr(files_module.FileIngest, "_queue_parts", queue)
    Path("a.zip").write_bytes(nested(3, 6))
    report = memory.put_files("a.zip", reading=ARCHIVES)
    assert report.count("added") == 1 + 6 + 36 + 216 + 216
    assert most < 150
