"""Every command but ``put``: what it prints for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


def test_create_makes_an_empty_memory_and_never_replaces(folder: Path, mv2: Command) -> None:
    assert mv2("create", "a.mv2").out == "created a.mv2\n"
    before = (folder / "a.mv2").read_bytes()
    ran = mv2("create", "a.mv2", "--json")
    assert ran.code == 1
    assert ran.error()["code"] == "MV027"
    assert (folder / "a.mv2").read_bytes() == before


def test_find_for_people(notes: Path, mv2: Command) -> None:
    ran = mv2("find", notes, "cellar key")
    assert ran.code == 0
    first, second = ran.out.splitlines()
    assert first.startswith(" 1. key.md")
    assert "mv2://files/notes/key.md" in first
    assert second.strip() == "The cellar key hangs behind the door."
    assert "\x1b" not in ran.out
    assert "1 of 1 hit" in ran.err


def test_find_for_programs(notes: Path, mv2: Command) -> None:
    found = mv2("find", notes, "cellar", "--json").json()
    assert found["query"] == "cellar"
    assert [hit["uri"] for hit in found["hits"]] == ["mv2://files/notes/key.md"]
    lines = mv2("find", notes, "cellar", "--jsonl").out.splitlines()
    assert [json.loads(line)["frame_id"] for line in lines] == [0]


def test_find_pages(folder: Path, mv2: Command) -> None:
    with library.open("a.mv2") as memory:
        memory.put_many([{"content": f"apple number {n}"} for n in range(5)])
    seen = []
    cursor: list[str] = []
    for _ in range(3):
        page = mv2("find", "a.mv2", "apple", "-k", 2, "--json", *cursor).json()
        seen += [hit["frame_id"] for hit in page["hits"]]
        cursor = ["--cursor", page["next_cursor"]]
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert page["next_cursor"] is None


def test_find_without_a_hit(notes: Path, mv2: Command) -> None:
    assert mv2("find", notes, "zeppelin").code == 0
    assert mv2("find", notes, "zeppelin").err == "no hits\n"
    assert mv2("find", notes, "zeppelin", "-e").code == 3
    assert mv2("find", notes, "zeppelin", "--json").json()["hits"] == []


def test_control_sequences_in_documents_do_not_reach_the_terminal(folder: Path, mv2: Command) -> None:
    evil = "owned \x1b]0;title\x07\x1b[2J\u202e text"
    assert mv2("put", "a.mv2", "--text", evil, "--title", evil).code == 0
    for command in (("find", "a.mv2", "owned"), ("timeline", "a.mv2")):
        ran = mv2(*command)
        assert "owned" in ran.out
        assert "\x1b" not in ran.out
        assert "\x07" not in ran.out
        assert "\u202e" not in ran.out
    assert mv2("view", "a.mv2", "0").out == evil


def test_timeline(folder: Path, mv2: Command) -> None:
    for day in (3, 1, 2):
        name = f"day {day}"
        assert (
            mv2("put", "a.mv2", "--text", name, "--title", name, "--timestamp", f"2024-05-0{day}").code == 0
        )
    rows = mv2("timeline", "a.mv2").out.splitlines()
    assert [row[:10] for row in rows] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    newest = mv2("timeline", "a.mv2", "--reverse", "--limit", 1, "--json").json()
    assert [entry["title"] for entry in newest] == ["day 3"]
    inside = mv2("timeline", "a.mv2", "--since", "2024-05-02", "--until", "2024-05-03", "--json").json()
    assert [entry["title"] for entry in inside] == ["day 2"]


def test_view(notes: Path, mv2: Command) -> None:
    assert mv2("view", notes, 0).out == "The cellar key hangs behind the door.\n"
    assert mv2("view", notes, "mv2://files/notes/key.md").out == mv2("view", notes, 0).out
    fields = mv2("view", notes, 0, "--json").json()
    assert fields["uri"] == "mv2://files/notes/key.md"
    assert fields["tags"] == ["diary"]
    assert fields["status"] == "active"


def test_update_and_history(notes: Path, mv2: Command) -> None:
    ran = mv2("update", notes, 0, "--text", "The key is lost.", "--meta", 'who="Ada"', "--json")
    assert ran.code == 0
    new = ran.json()
    assert new["supersedes"] == 0
    assert new["tags"] == ["diary"]
    assert mv2("view", notes, new["id"]).out == "The key is lost."
    assert mv2("view", notes, 0).out == "The cellar key hangs behind the door.\n"
    history = mv2("view", notes, new["id"], "--history", "--json").json()
    assert sorted(version["status"] for version in history) == ["active", "superseded"]
    assert len(mv2("view", notes, 0, "--history").out.splitlines()) == 2


def test_update_from_a_file_and_clearing(folder: Path, notes: Path, mv2: Command) -> None:
    (folder / "new.txt").write_text("from a file")
    new = mv2("update", notes, 0, "--from", "new.txt", "--clear", "tags", "--json").json()
    assert new["tags"] == []
    assert mv2("view", notes, new["id"]).out == "from a file"
    new = mv2("update", notes, new["id"], "--from", "-", "--json", stdin=b"from a pipe").json()
    assert mv2("view", notes, new["id"]).out == "from a pipe"
    assert mv2("update", notes, new["id"], "--from", "missing.txt").code == 1
    assert mv2("update", notes, new["id"]).code == 2
    assert mv2("update", notes, new["id"], "--tag", "x", "--clear", "tags").code == 2


def test_delete_needs_yes_without_a_terminal(notes: Path, mv2: Command) -> None:
    ran = mv2("delete", notes, 0)
    assert ran.code == 2
    assert "--yes" in ran.err
    assert mv2("view", notes, 0, "--json").json()["status"] == "active"
    assert mv2("delete", notes, 0, "--yes").out == "deleted 1 document\n"
    assert mv2("view", notes, 0, "--json").json()["status"] == "deleted"
    assert mv2("find", notes, "cellar", "--json").json()["hits"] == []


def test_delete_is_all_or_nothing(notes: Path, mv2: Command) -> None:
    assert mv2("delete", notes, 0, 99, "--yes").code == 3
    assert mv2("view", notes, 0, "--json").json()["status"] == "active"
    assert mv2("delete", notes, 0, 1, "--yes", "--json").json() == {"deleted": [0, 1]}
    assert mv2("delete", notes, 0, "--yes").code == 1


def test_stats(notes: Path, mv2: Command) -> None:
    found = mv2("stats", notes, "--json").json()
    assert found["document_count"] == 3
    assert found["size_bytes"] == notes.stat().st_size
    assert mv2("stats", notes).out.startswith("documents   3\n")


def test_verify(notes: Path, mv2: Command) -> None:
    assert mv2("verify", notes, "--deep").out.splitlines()[-1].startswith("ok: ")
    report = mv2("verify", notes, "--json").json()
    assert report["ok"] is True
    assert report["frames_checked"] == 3


def test_vacuum_keeps_everything(notes: Path, mv2: Command) -> None:
    for n in range(20):
        assert mv2("update", notes, "mv2://files/notes/plan.md", "--text", f"version {n} " * 200).code == 0
    before = mv2("view", notes, "mv2://files/notes/plan.md", "--history", "--json").json()
    report = mv2("vacuum", notes, "--json").json()
    assert report["size_after"] == notes.stat().st_size
    assert mv2("view", notes, "mv2://files/notes/plan.md", "--history", "--json").json() == before


def test_reading_never_creates_a_file(folder: Path, mv2: Command) -> None:
    for command in (("find", "no.mv2", "x"), ("timeline", "no.mv2"), ("view", "no.mv2", "0")):
        ran = mv2(*command)
        assert ran.code == 1
        assert "no.mv2" in ran.err
    for name in ("stats", "verify", "vacuum"):
        assert mv2(name, "no.mv2").code == 1
    assert mv2("update", "no.mv2", "0", "--text", "x").code == 1
    assert mv2("delete", "no.mv2", "0", "--yes").code == 1
    assert list(folder.iterdir()) == []


def test_reading_leaves_the_file_alone(notes: Path, mv2: Command) -> None:
    notes.chmod(0o444)
    before = (notes.read_bytes(), notes.stat().st_mtime_ns)
    for command in (("find", notes, "key"), ("timeline", notes), ("view", notes, 0), ("stats", notes)):
        assert mv2(*command).code == 0
    assert mv2("verify", notes, "--deep").code == 0
    assert (notes.read_bytes(), notes.stat().st_mtime_ns) == before
    assert [path.name for path in notes.parent.iterdir() if path.is_file()] == ["notes.mv2"]


def test_version(mv2: Command) -> None:
    assert mv2("--version").out == f"mv2 {library.__version__}\n"
    assert mv2("version", "--json").json()["mv2"] == library.__version__


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(mv2: Command, shell: str) -> None:
    assert "_MV2_COMPLETE" in mv2("completion", shell).out
