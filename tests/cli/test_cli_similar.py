"""``mv2 similar`` and ``mv2 duplicates``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

LONG = "The old kettle in the kitchen of the house by the river is descaled with vinegar each spring"


@pytest.fixture
def kitchen(folder: Path) -> Path:
    path = folder / "kitchen.mv2"
    with library.open(path, embedder="none") as memory:
        memory.put(LONG, uri="mv2://a", title="A", timestamp="2024-03-01")
        memory.put(LONG + " and autumn.", uri="mv2://b", title="B", timestamp="2024-03-02")
        memory.put("The kettle whistles.", uri="mv2://c", title="C", timestamp="2024-03-03")
        memory.put("Zebras sleep standing.", uri="mv2://d", title="D", timestamp="2024-03-04")
        memory.delete("mv2://c")
    return path


def test_similar(kitchen: Path, mv2: Command) -> None:
    ran = mv2("similar", kitchen, 0)
    assert ran.out.startswith(" 1. B  2024-03-02  mv2://b  frame 1\n")
    assert mv2("similar", kitchen, "mv2://a", "--json").json()["hits"][0]["title"] == "B"
    (line,) = mv2("similar", kitchen, 0, "-k", 1, "--jsonl").out.splitlines()
    assert json.loads(line)["title"] == "B"
    assert mv2("similar", kitchen, 99).code == 3


def test_similar_within_limits(kitchen: Path, mv2: Command) -> None:
    def titles(*options: object) -> list[str]:
        return [hit["title"] for hit in mv2("similar", kitchen, 0, "--json", *options).json()["hits"]]

    assert titles() == ["B"]
    assert titles("--as-of-frame", 3) == ["B", "C"]
    assert titles("--as-of-frame", 3, "--k", 1) == ["B"]
    assert titles("--as-of-frame", 3, "--on", "2024-03-03") == ["C"]
    assert titles("--as-of-frame", 3, "--since", "2024-03-03") == ["C"]
    assert titles("--as-of-frame", 3, "--on", "3 march 2024", "--tz", "UTC") == ["C"]
    assert titles("--as-of-frame", 3, "--scope", "mv2://c") == ["C"]
    assert titles("--filter", "title!=B") == []
    assert mv2("similar", kitchen, 0, "--filter", "title!=B").err == "nothing is like it\n"


def test_duplicates(kitchen: Path, mv2: Command) -> None:
    assert mv2("duplicates", kitchen, "--threshold", 0.95, "--json").json() == []
    ran = mv2("duplicates", kitchen, "--threshold", 0.7)
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == ["A", "B"]
    assert "alike" in ran.out.splitlines()[0]
    assert ran.err == "1 group, 1 document more than needed\n"
    (group,) = mv2("duplicates", kitchen, "--threshold", 0.7, "--json").json()
    assert group["frame_ids"] == [0, 1]
    (line,) = mv2("duplicates", kitchen, "--threshold", 0.7, "--jsonl").out.splitlines()
    assert json.loads(line) == group
    assert mv2("duplicates", kitchen, "--threshold", 0).code == 2
