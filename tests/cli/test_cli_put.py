"""``mv2 put``: what goes in, what is left alone, and what happens when some of it cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


def contents(path: Path) -> dict[str | None, bytes]:
    with library.open(path, "r") as memory:
        return {f.uri: memory.content(f.id) for f in memory.frames() if f.role == "document"}


def test_text_makes_the_memory(folder: Path, mv2: Command) -> None:
    ran = mv2("put", "a.mv2", "--text", "Hello", "--uri", "mv2://hello", "--title", "Greeting")
    assert ran.code == 0
    assert "put frame 0 (mv2://hello)" in ran.out
    assert "created a.mv2" in ran.err
    assert contents(folder / "a.mv2") == {"mv2://hello": b"Hello"}


def test_files_and_folders_become_documents_named_by_their_paths(notes: Path) -> None:
    found = contents(notes)
    assert sorted(map(str, found)) == [
        "mv2://files/notes/key.md",
        "mv2://files/notes/plan.md",
        "mv2://files/notes/raw.bin",
    ]
    assert found["mv2://files/notes/raw.bin"] == bytes(range(256))


def test_hidden_entries_and_the_memory_itself_are_skipped(folder: Path, mv2: Command) -> None:
    for name in ("a.txt", ".hidden", ".git/config", "sub/.secret", "sub/b.txt"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text of {name}")
    assert mv2("put", "all.mv2", ".").code == 0
    assert mv2("put", "all.mv2", ".").out == "put 0 documents, 2 unchanged\n"
    assert sorted(map(str, contents(folder / "all.mv2"))) == ["mv2://files/a.txt", "mv2://files/sub/b.txt"]


def test_standard_input(folder: Path, mv2: Command) -> None:
    assert mv2("put", "a.mv2", "-", "--uri", "mv2://in", stdin=b"\x00from a pipe\xff").code == 0
    assert contents(folder / "a.mv2") == {"mv2://in": b"\x00from a pipe\xff"}


def test_again_makes_versions_only_of_what_changed(folder: Path, notes: Path, mv2: Command) -> None:
    (folder / "notes" / "plan.md").write_text("Budget for 2027: only tea.\n")
    ran = mv2("put", notes.name, "notes", "--tag", "diary", "--json")
    assert ran.code == 0
    assert [item["source"] for item in ran.json()["put"]] == ["notes/plan.md"]
    assert ran.json()["unchanged"] == ["notes/key.md", "notes/raw.bin"]
    with library.open(notes, "r") as memory:
        assert len(memory.history("mv2://files/notes/plan.md")) == 2


def test_new_fields_count_as_a_change(notes: Path, mv2: Command) -> None:
    ran = mv2("put", notes.name, "notes/key.md", "--tag", "home", "--meta", "room=3")
    assert "put frame" in ran.out
    with library.open(notes, "r") as memory:
        frame = memory.frame("mv2://files/notes/key.md")
    assert frame.tags == ("home",)
    assert frame.metadata == {"room": 3}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(folder: Path, mv2: Command) -> None:
    (folder / "good.txt").write_text("good")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    ran = mv2("put", "a.mv2", "missing.txt", "dangling", "pipe", "good.txt")
    assert ran.code == 1
    assert contents(folder / "a.mv2") == {"mv2://files/good.txt": b"good"}
    assert "missing.txt: there is no such file" in ran.err
    assert "dangling: the link leads nowhere" in ran.err
    assert "pipe: not a regular file" in ran.err
    assert "3 failed" in ran.out


def test_nothing_readable_makes_no_memory(folder: Path, mv2: Command) -> None:
    assert mv2("put", "a.mv2", "missing.txt").code == 1
    assert list(folder.iterdir()) == []


def test_only_a_memory_name_is_created_by_the_way(folder: Path, mv2: Command) -> None:
    (folder / "a.txt").write_text("a")
    ran = mv2("put", "b.txt", "a.txt")
    assert ran.code == 2
    assert "b.txt" in ran.err
    assert not (folder / "b.txt").exists()


def test_a_file_that_is_no_memory_is_not_touched(folder: Path, mv2: Command) -> None:
    (folder / "a.txt").write_text("a" * 10_000)
    ran = mv2("put", "a.txt", "--text", "x")
    assert ran.code == 1
    assert (folder / "a.txt").read_text() == "a" * 10_000


def test_on_conflict(notes: Path, mv2: Command) -> None:
    path = "notes/key.md"
    assert mv2("put", notes.name, path, "--on-conflict", "error").code == 1
    assert mv2("put", notes.name, path, "--on-conflict", "keep_both").code == 0
    with library.open(notes, "r") as memory:
        active = [f for f in memory.frames() if f.uri == "mv2://files/notes/key.md"]
    assert len(active) == 2


def test_timestamps(folder: Path, mv2: Command) -> None:
    (folder / "old.txt").write_text("old")
    os.utime(folder / "old.txt", (86_400, 86_400))
    assert mv2("put", "a.mv2", "old.txt", "--timestamp", "mtime").code == 0
    assert mv2("put", "a.mv2", "--text", "x", "--uri", "mv2://x", "--timestamp", "2024-02-29").code == 0
    with library.open("a.mv2", "r") as memory:
        assert memory.frame("mv2://files/old.txt").timestamp == 86_400
        assert memory.frame("mv2://x").timestamp == 1_709_164_800


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.mv2",),
        ("a.mv2", "x", "--text", "y"),
        ("a.mv2", "--text", "y", "--meta", "novalue"),
        ("a.mv2", "notes", "--uri", "mv2://one"),
    ],
)
def test_wrong_usage(notes: Path, mv2: Command, arguments: tuple[str, ...]) -> None:
    ran = mv2("put", *arguments)
    assert ran.code == 2
    assert not (notes.parent / "a.mv2").exists()


def test_a_source_that_is_named_twice_is_put_once(folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    assert [file.name for file in library.list_files(["a.txt", "./a.txt", "."])] == ["a.txt"]


def test_names_that_are_not_unicode(folder: Path, mv2: Command) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        (folder / name).write_text("coffee")
    except OSError:
        pytest.skip("the file system takes Unicode names only")
    assert mv2("put", "a.mv2", ".").code == 0
    assert list(contents(folder / "a.mv2").values()) == [b"coffee"]
