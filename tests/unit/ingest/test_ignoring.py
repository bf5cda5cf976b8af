"""Patterns of .gitignore files mean what Git takes them to mean."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mv2.ingest.walking import walk

NAMES = ["a", "b.txt", "build", "doc", "x.log", "ä b.txt", "a.b", "-", "c[1]"]
PATTERNS = [
    "*.txt", "!b.txt", "build/", "/build", "doc/**", "**/a", "a/**/b.txt", "*", "!*/", "x.*", "[ab].txt",
    "[!a]*", "a*b", "?", "doc/*.txt", "# comment", "", "  ", "\\#x", "a/", "!a/b.txt", "**", "*.log ",
    "c[1]", "c\\[1\\]", "[]a]", "**/build/", "doc/a", "/*", "!/doc", "a/*/x.log", "[z-a]", "build/**/", "-",
]  # fmt: skip


def git_listing(folder: Path) -> set[str]:
    done = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
        cwd=folder,
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return {name for name in done.stdout.decode().split("\0") if name}


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with Git")
@pytest.mark.parametrize("seed", range(40))
def test_the_same_files_as_git(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    folders = [tmp_path]
    for _ in range(12):
        folder = chance.choice(folders) / chance.choice(NAMES)
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for folder in folders:
        for name in NAMES:
            if not (folder / name).exists():
                (folder / name).write_text("x")
    for folder in chance.sample(folders, min(3, len(folders))):
        lines = chance.choices(PATTERNS, k=chance.randint(1, 5))
        (folder / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    expected = git_listing(tmp_path)
    found = {
        os.path.relpath(file.path, tmp_path) for file in walk([str(tmp_path)], gitignore=True, hidden=True)
    }
    assert found == expected
