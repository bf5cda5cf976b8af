"""The past on the command line: commits, differences, versions, and views of what was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


@pytest.fixture
def plan(folder: Path) -> tuple[Path, list[int]]:
    """A memory changed four times, and the number of the commit after each change."""
    path = folder / "plan.mv2"
    numbers = []
    for change in range(4):
        with library.open(path, embedder="none") as memory:
            if change == 0:
                memory.put("first draft", uri="mv2://plan", title="Plan", timestamp="2024-03-01")
            elif change == 1:
                memory.put("a note", uri="mv2://note", title="Note", timestamp="2024-03-05")
            elif change == 2:
                memory.update("mv2://plan", content="second draft")
            else:
                memory.delete("mv2://note")
        with library.open(path, "r") as memory:
            numbers.append(memory.commits()[-1].number)
    return path, numbers


def test_commits(plan: tuple[Path, list[int]], mv2: Command) -> None:
    path, numbers = plan
    rows = mv2("commits", path).out.splitlines()
    assert rows[-1].startswith(f"commit {numbers[-1]}  20")
    assert rows[-1].endswith("  3 frames")
    ran = mv2("commits", path, "--limit", 2)
    assert len(ran.out.splitlines()) == 2
    assert "the newest 2 of" in ran.err
    listed = mv2("commits", path, "--json").json()
    assert [commit["number"] for commit in listed][-4:] == numbers
    lines = mv2("commits", path, "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == listed


def test_diff(plan: tuple[Path, list[int]], mv2: Command) -> None:
    path, numbers = plan
    ran = mv2("diff", path, numbers[1])
    assert [line.split()[0] for line in ran.out.splitlines()] == ["replaced", "by", "removed"]
    assert "frame 2" in ran.out
    assert ran.err == "0 added, 1 replaced, 1 removed\n"
    between = mv2("diff", path, numbers[0], numbers[1], "--json").json()
    assert [frame["uri"] for frame in between["added"]] == ["mv2://note"]
    assert between["removed"] == between["replaced"] == []
    since = mv2("diff", path, "2020-01-01", "--jsonl").out.splitlines()
    assert [json.loads(line)["added"]["uri"] for line in since] == ["mv2://plan"]
    assert mv2("diff", path, "yesterday", "--json").json()["added"]
    assert mv2("diff", path, 999).code == 3
    assert mv2("diff", path, "blorp").code == 2


def test_history(plan: tuple[Path, list[int]], mv2: Command) -> None:
    path, numbers = plan
    rows = mv2("history", path, "mv2://plan").out.splitlines()
    assert [row.split("  ")[0] for row in rows] == ["frame 0", "frame 2"]
    assert mv2("history", path, 2).out.splitlines() == rows
    assert mv2("view", path, 0, "--history").out.splitlines() == rows
    then = mv2("history", path, "mv2://plan", "--as-of-commit", numbers[1], "--json").json()
    assert [version["status"] for version in then] == ["active"]
    assert len(mv2("history", path, "mv2://plan", "--jsonl").out.splitlines()) == 2
    assert mv2("history", path, "mv2://nothing").code == 3


def test_views_of_what_was(plan: tuple[Path, list[int]], mv2: Command) -> None:
    path, numbers = plan
    assert mv2("view", path, "mv2://plan").out == "second draft"
    assert mv2("view", path, "mv2://plan", "--as-of-commit", numbers[1]).out == "first draft"
    assert mv2("view", path, "mv2://plan", "--as-of-frame", 1, "--binary").out == "first draft"
    assert mv2("view", path, "mv2://plan", "--as-of-frame", 1, "--json").json()["status"] == "active"
    assert mv2("view", path, "mv2://plan", "--as-of", "2020-01-01").code == 3
    assert mv2("stats", path, "--json").json()["document_count"] == 1
    assert mv2("stats", path, "--as-of-commit", numbers[1], "--json").json()["document_count"] == 2
    assert mv2("stats", path, "--as-of-frame", 0, "--json").json()["document_count"] == 1
    assert mv2("stats", path, "--as-of", "2020-01-01", "--json").json()["document_count"] == 0


def test_the_timeline_of_what_was_and_of_a_day(plan: tuple[Path, list[int]], mv2: Command) -> None:
    path, numbers = plan

    def titles(*options: object) -> list[str]:
        ran = mv2("timeline", path, "--jsonl", *options)
        assert ran.code == 0, ran.err
        return [json.loads(line)["title"] for line in ran.out.splitlines()]

    assert titles() == ["Plan"]
    assert titles("--as-of-commit", numbers[1]) == ["Plan", "Note"]
    assert titles("--as-of-frame", 1) == ["Plan", "Note"]
    assert titles("--as-of", "2020-01-01") == []
    assert titles("--as-of-frame", 1, "--on", "2024-03-05") == ["Note"]
    assert titles("--as-of-frame", 1, "--since", "2 march 2024") == ["Note"]
    assert titles("--as-of-frame", 1, "--until", "2024-03-05") == ["Plan"]
    assert mv2("timeline", path, "--on", "blorp").code == 2


def test_when(mv2: Command) -> None:
    ran = mv2("when", "Q3", "2024", "--tz", "UTC")
    assert ran.out.splitlines() == [
        "from    2024-07-01T00:00:00Z  1719792000",
        "before  2024-10-01T00:00:00Z  1727740800",
    ]
    assert ran.err == "92 days, named to the quarter\n"
    paris = mv2("when", "5 march 2024", "--tz", "Europe/Paris", "--json").json()
    assert paris == {
        "text": "5 march 2024",
        "start": 1709593200,
        "end": 1709679600,
        "grain": "day",
        "start_utc": "2024-03-04T23:00:00Z",
        "end_utc": "2024-03-05T23:00:00Z",
    }
    assert "from    open" in mv2("when", "before 2024", "--tz", "UTC").out
    assert mv2("when", "yesterday", "--quiet").err == ""
    assert mv2("when", "the day the music died").code == 2
    assert mv2("when", "today", "--tz", "Nowhere/Land").code == 2
