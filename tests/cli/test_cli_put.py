"""``mv2 put``: what goes in, what is left alone, and what happens when some of it cannot be read."""

from __future__ import annotations

import os
import signal
import zipfile
from typing import TYPE_CHECKING

import pytest

import mv2 as library
from mv2.cli._progress import Progress

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


def test_everything_is_put_in_the_order_it_is_named(folder: Path, mv2: Command) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(name)
    assert mv2("put", "a.mv2", "c.txt", "-", "a.txt", "b.txt", stdin=b"piped").code == 0
    assert list(contents(folder / "a.mv2").values()) == [b"c.txt", b"piped", b"a.txt", b"b.txt"]


def test_standard_input_is_read_like_a_file_where_that_is_asked_for(folder: Path, mv2: Command) -> None:
    assert mv2("put", "a.mv2", "-", "--reader", "delimited", "--tables", stdin=b"a,b\n1,2\n").code == 0
    assert len(mv2("tables", "a.mv2", "--json").json()["tables"]) == 1
    ran = mv2("put", "a.mv2", "-", "--reader", "pdf", "--uri", "mv2://in", stdin=b"%PDF-1.7 broken")
    assert ran.code == 1
    assert "standard input: the PDF is damaged" in ran.err


def test_files_are_chosen_by_patterns(folder: Path, mv2: Command) -> None:
    for name in ("a.txt", "b.md", ".hidden.md", "c.log", "sub/d.md"):
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}")
    (folder / "in" / ".gitignore").write_text("*.log\n")

    def taken(*options: str) -> list[str]:
        ran = mv2("put", f"{len(options)}{options[0]}.mv2", "in", "--json", *options)
        return [item["source"] for item in ran.json()["put"]]

    assert taken("--include", "*.md") == ["in/b.md", "in/sub/d.md"]
    assert taken("--exclude", "*.md", "--exclude", "*.log") == ["in/a.txt"]
    assert taken("--hidden", "--include", ".hidden*") == ["in/.hidden.md"]
    assert "in/c.log" not in taken("--gitignore")


def test_duplicates_and_near_duplicates(folder: Path, mv2: Command) -> None:
    text = " ".join(f"word{n} follows word{n + 1}" for n in range(40))
    (folder / "a.txt").write_text(text)
    (folder / "b.txt").write_text(text)
    (folder / "c.txt").write_text(f"{text} and more")
    ran = mv2("put", "a.mv2", "a.txt", "b.txt", "--duplicates", "report")
    assert (ran.code, ran.out) == (0, "put frame 0 (mv2://files/a.txt), 1 duplicate\n")
    assert "b.txt: same content as mv2://files/a.txt" in ran.err
    assert mv2("put", "b.mv2", "a.txt", "b.txt", "--dedup").code == 0
    assert list(contents(folder / "b.mv2")) == ["mv2://files/a.txt"]
    ran = mv2("put", "c.mv2", "a.txt", "c.txt", "--near", "0.8")
    assert "mv2://files/a.txt: nearly the same: mv2://files/c.txt" in ran.err
    assert len(contents(folder / "c.mv2")) == 2
    assert mv2("put", "d.mv2", "a.txt", "c.txt", "--near", "0.8", "--duplicates", "skip").code == 0
    assert list(contents(folder / "d.mv2")) == ["mv2://files/a.txt"]


def test_what_no_reader_knows(folder: Path, mv2: Command) -> None:
    (folder / "raw.bin").write_bytes(bytes(range(256)))
    ran = mv2("put", "a.mv2", "raw.bin", "--skip-unknown")
    assert (ran.code, ran.out) == (0, "put 0 documents, 1 skipped\n")
    assert "raw.bin: skipped: the document is binary data" in ran.err
    assert mv2("put", "a.mv2", "raw.bin").out == "put frame 0 (mv2://files/raw.bin)\n"


def test_files_inside_of_files(folder: Path, mv2: Command) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("inner.txt", "Sow the beans in May.")
    assert mv2("put", "a.mv2", "a.zip", "--archives").out == "put 2 documents (1 archive, 1 text)\n"
    assert mv2("view", "a.mv2", "mv2://files/a.zip!/inner.txt").out == "Sow the beans in May."
    assert mv2("put", "a.mv2", "a.zip", "--archives").out == "put 0 documents, 1 unchanged\n"


def test_many_notes_are_counted_rather_than_printed(folder: Path, mv2: Command) -> None:
    (folder / "in").mkdir()
    for number in range(30):
        (folder / "in" / f"{number:02}.bin").write_bytes(bytes(range(256)) + bytes([number]))
    ran = mv2("put", "a.mv2", "in", "--skip-unknown")
    assert ran.err.count("skipped:") == 20
    assert "and 10 more like these" in ran.err
    assert len(mv2("put", "a.mv2", "in", "--skip-unknown", "--json").json()["skipped"]) == 30


def test_pages_that_may_not_be_fetched_stop_nothing(folder: Path, mv2: Command) -> None:
    pytest.importorskip("httpx")
    (folder / "a.txt").write_text("a")
    ran = mv2("put", "a.mv2", "http://127.0.0.1:9/page", "a.txt")
    assert ran.code == 1
    assert "http://127.0.0.1:9/page: " in ran.err
    assert contents(folder / "a.mv2") == {"mv2://files/a.txt": b"a"}


def test_an_interrupt_says_what_is_kept_and_the_same_command_goes_on(
    folder: Path, mv2: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "in").mkdir()
    for number in range(60):
        (folder / "in" / f"{number:02}.txt").write_text(f"text number {number}")
    show = Progress.__call__

    def show_and_stop(self: Progress, done: int, total: int | None) -> None:
        show(self, done, total)
        if done >= 5:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", show_and_stop)
        ran = mv2("put", "a.mv2", "in", "later.txt", "-", "--workers", "1", stdin=b"never read")
    assert ran.code == 130
    kept = len(contents(folder / "a.mv2"))
    assert 5 <= kept < 60
    assert f"interrupted: {kept} documents put and kept, {60 - kept + 2} not" in ran.err
    ran = mv2("put", "a.mv2", "in")
    assert ran.out == f"put {60 - kept} documents, {kept} unchanged\n"
