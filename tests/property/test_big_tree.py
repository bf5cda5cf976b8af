"""A large folder, taken in, left alone, changed and taken in again: every count is right.

``MV2_TREE_FILES`` sets how many files (2,000; 20,000 in the long runs).
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import mv2

if TYPE_CHECKING:
    import pytest

FILES = int(os.environ.get("MV2_TREE_FILES", "2000"))


def content(kind: str, number: int, version: int = 0) -> str:
    word = f"marker{number}x{version}"
    if kind == "csv":
        return f"name,value\n{word},{number}\n"
    if kind == "json":
        return f'{{"name": "{word}", "value": {number}}}'
    return f"# Note {number}\n\nThe word of this one is {word}.\n"


def test_every_count_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(11)
    kinds = ["md", "txt", "csv", "json"]
    names = [f"tree/d{n % 37}/e{n % 11}/f{n}.{kinds[n % 4]}" for n in range(FILES)]
    for number, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content(kinds[number % 4], number))
    with mv2.open("m.mv2") as memory:
        report = memory.sync("tree")
        assert report.count("added") == len(report.files) == FILES
        assert memory.sync("tree").count("unchanged") == FILES
        picked = chance.sample(range(FILES), FILES // 10)
        changed, removed = picked[: len(picked) // 2], picked[len(picked) // 2 :]
        for number in changed:
            Path(names[number]).write_text(content(kinds[number % 4], number, 1) + " ")
        for number in removed:
            Path(names[number]).unlink()
        for number in range(FILES, FILES + 25):
            Path(f"tree/new{number}.txt").write_text(content("txt", number))
        report = memory.sync("tree")
        counts = {status: report.count(status) for status in ("added", "updated", "retired", "unchanged")}
        assert counts == {
            "added": 25,
            "updated": len(changed),
            "retired": len(removed),
            "unchanged": FILES - len(picked),
        }
        assert report.ok
        assert sum(1 for _ in memory.frames()) == FILES + 25 - len(removed)
    with mv2.open("m.mv2", "r") as memory:
        for number in chance.sample(range(FILES), min(100, FILES)):
            found = {hit.uri for hit in memory.find(f"marker{number}x0").hits}
            gone = number in picked
            assert found == (set() if gone else {f"mv2://files/{names[number]}"})
        for number in changed[:50]:
            assert memory.find(f"marker{number}x1").total == 1
        assert memory.verify(deep=True).findings == ()
