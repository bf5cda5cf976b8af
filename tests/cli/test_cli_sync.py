"""``mv2 sync``: a folder and a memory in step, once or for as long as one watches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

BROKEN = b"%PDF-1.7\nthe rest is missing"


@pytest.fixture
def shelf(folder: Path) -> Path:
    """A folder with two notes."""
    path = folder / "shelf"
    (path / "drafts").mkdir(parents=True)
    (path / "key.md").write_text("The cellar key hangs behind the door.\n")
    (path / "drafts" / "tea.md").write_text("Green tea at 80 degrees.\n")
    return path


def texts(memory: str) -> dict[str, str]:
    with library.open(memory, "r") as opened:
        return {(f.uri or "").removeprefix("mv2://files/"): opened.text(f.id) for f in opened.frames()}


def test_new_changed_and_removed_files(shelf: Path, mv2: Command) -> None:
    ran = mv2("sync", "a.mv2", "shelf")
    assert (ran.code, ran.out, ran.err) == (0, "2 added\n", "created a.mv2\n")
    assert mv2("sync", "a.mv2", "shelf").out == "2 unchanged\n"
    (shelf / "key.md").write_text("The cellar key is kept by Ada.\n")
    (shelf / "drafts" / "tea.md").unlink()
    (shelf / "new.txt").write_text("new")
    assert mv2("sync", "a.mv2", "shelf/").out == "1 added, 1 updated, 1 retired\n"
    assert texts("a.mv2") == {"shelf/key.md": "The cellar key is kept by Ada.\n", "shelf/new.txt": "new"}
    assert mv2("view", "a.mv2", "1", "--history").code == 0  # the past of what is gone is kept


def test_a_dry_run_names_files_and_writes_nothing(shelf: Path, mv2: Command) -> None:
    ran = mv2("sync", "a.mv2", "shelf", "--dry-run")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "add     shelf/key.md",
        "add     shelf/drafts/tea.md",
        "dry run: 2 added",
    ]
    assert os.listdir(shelf.parent) == ["shelf"]
    assert mv2("sync", "a.txt", "shelf", "--dry-run").code == 2  # as without --dry-run

    assert mv2("sync", "a.mv2", "shelf", "--quiet").out == ""
    before = (shelf.parent / "a.mv2").read_bytes()
    (shelf / "key.md").unlink()
    ran = mv2("sync", "a.mv2", "shelf", "--dry-run", "--json")
    assert [entry["source"] for entry in ran.json()["retired"]] == ["shelf/key.md"]
    assert ran.json()["dry_run"]
    assert (shelf.parent / "a.mv2").read_bytes() == before


def test_patterns_and_ignore_files(shelf: Path, mv2: Command) -> None:
    (shelf / ".gitignore").write_text("*.log\n")
    (shelf / "noise.log").write_text("noise")
    (shelf / ".secret").write_text("secret")
    assert mv2("sync", "a.mv2", "shelf", "--exclude", "drafts/").out == "1 added\n"
    assert mv2("sync", "b.mv2", "shelf", "--include", "*.log", "--no-gitignore").out == "1 added\n"
    assert mv2("sync", "c.mv2", "shelf", "--hidden", "--include", ".secret").out == "1 added\n"
    # what is left out from now on and still there keeps its document
    assert mv2("sync", "a.mv2", "shelf", "--exclude", "*").out == "no files\n"
    assert list(texts("a.mv2")) == ["shelf/key.md"]


def test_fields_and_reading_options_reach_the_documents(shelf: Path, mv2: Command) -> None:
    os.utime(shelf / "key.md", (86_400, 86_400))
    options = ("--tag", "home", "--meta", "floor=2", "--track", "house", "--use-mtime", "--keep", "text")
    assert mv2("sync", "a.mv2", "shelf", "--include", "key.md", *options).code == 0
    with library.open("a.mv2", "r") as memory:
        frame = memory.frame("mv2://files/shelf/key.md")
    assert (frame.tags, frame.metadata["floor"], frame.track) == (("home",), 2, "house")
    assert frame.timestamp == 86_400


def test_a_file_that_cannot_be_read_is_reported_each_time(shelf: Path, mv2: Command) -> None:
    (shelf / "broken.pdf").write_bytes(BROKEN)
    for counts in ("2 added, 1 failed", "2 unchanged, 1 failed"):
        ran = mv2("sync", "a.mv2", "shelf")
        assert ran.code == 1
        assert ran.out == f"{counts}\n"
        assert "mv2: failed: shelf/broken.pdf: the PDF is damaged" in ran.err


def test_a_folder_that_is_not_there_retires_nothing(shelf: Path, mv2: Command) -> None:
    assert mv2("sync", "a.mv2", "shelf").code == 0
    shelf.rename("elsewhere")
    assert mv2("sync", "a.mv2", "shelf").code == 2
    assert len(texts("a.mv2")) == 2


def test_wrong_usage(shelf: Path, mv2: Command) -> None:
    assert mv2("sync", "a.mv2", "shelf", "--watch", "--dry-run").code == 2
    assert mv2("sync", "a.mv2", "shelf/key.md").code == 2
    assert mv2("sync", "a.txt", "shelf").code == 2
    assert os.listdir(shelf.parent) == ["shelf"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_watching_goes_on_until_ctrl_c(shelf: Path, command_environment: dict[str, str]) -> None:
    pytest.importorskip("watchfiles")
    process = subprocess.Popen(
        [sys.executable, "-m", "mv2", "sync", "a.mv2", "shelf", "--watch", "--json"],
        cwd=shelf.parent,
        env=command_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert len(first["put"]) == 2
        time.sleep(1.0)
        (shelf / "later.txt").write_text("later")
        second = json.loads(process.stdout.readline())
        assert [entry["source"] for entry in second["put"]] == ["shelf/later.txt"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, ""), err
    assert "Traceback" not in err
    assert "shelf/later.txt" in texts(str(shelf.parent / "a.mv2"))
