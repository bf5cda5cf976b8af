"""Several programs take files into one memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import mv2
from mv2.ingest import storing
from mv2.types import OnConflict


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mv2.Memvid]:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for name in "abc":
        Path("in", f"{name}.txt").write_text(f"text of {name}")
    with mv2.open("m.mv2", embedder="none") as opened:
        yield opened


@pytest.fixture
def first(memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What another handle does when this one has read its files and not yet stored them: call these."""
    todo: list[object] = []
    real = storing.put_prepared

    def put_prepared(*args: object) -> object:
        while todo:
            todo.pop()()  # type: ignore[operator]
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "put_prepared", put_prepared)
    yield todo
    assert todo == []


def versions(memory: mv2.Memvid) -> dict[str, int]:
    return {frame.uri or "": len(memory.history(frame.uri or "")) for frame in memory.frames()}


@pytest.mark.parametrize(
    ("on_conflict", "status"),
    [("version", "unchanged"), ("skip", "unchanged"), ("error", "failed"), ("keep_both", "added")],
)
def test_what_another_one_stored_meanwhile_is_not_stored_again(
    memory: mv2.Memvid, first: list[object], on_conflict: OnConflict, status: str
) -> None:
    with mv2.open("m.mv2", embedder="none") as other:
        first.append(lambda: other.put_files(["in/a.txt", "in/b.txt"]))
        report = memory.put_files("in", on_conflict=on_conflict)
    assert [file.status for file in report.files] == [status, status, "added"]
    frames = list(memory.frames())
    if on_conflict == "keep_both":
        assert len(frames) == 5
    else:
        assert versions(memory) == {f"mv2://files/in/{name}.txt": 1 for name in "abc"}
        assert {file.frame_id for file in report.files} <= {None, *(frame.id for frame in frames)}


def test_what_another_one_changed_meanwhile_becomes_a_version_of_that(
    memory: mv2.Memvid, first: list[object]
) -> None:
    memory.put_files("in")

    def change() -> None:
        with mv2.open("m.mv2", embedder="none") as other:
            other.update("mv2://files/in/a.txt", tags=["other"])
            other.delete("mv2://files/in/b.txt")

    first.append(change)
    for name in "ab":
        Path("in", f"{name}.txt").write_text(f"new text of {name}")
    report = memory.put_files("in")
    assert [file.status for file in report.files] == ["updated", "updated", "unchanged"]
    assert versions(memory)["mv2://files/in/a.txt"] == 3
    assert memory.text("mv2://files/in/b.txt") == "new text of b"
    assert len(list(memory.frames())) == 3


def test_a_sync_does_not_retire_what_another_one_put_meanwhile(
    memory: mv2.Memvid, first: list[object]
) -> None:
    memory.sync("in")

    def put() -> None:
        with mv2.open("m.mv2", embedder="none") as other:
            Path("in/later.txt").write_text("later")
            other.sync("in")

    first.append(put)
    Path("in/new.txt").write_text("new")
    assert memory.sync("in").count("retired") == 0
    assert memory.text("mv2://files/in/later.txt") == "later"
    assert set(versions(memory).values()) == {1}
