"""Searching files without a memory: ``mv2 peek``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Command

SAMPLES = Path(__file__).parents[1] / "samples"
COMMAND = [sys.executable, "-m", "mv2"]


@pytest.fixture
def papers(folder: Path) -> Path:
    """A folder with notes, code, a table, something hidden, ignored and unknown."""
    top = folder / "papers"
    (top / "deep").mkdir(parents=True)
    (top / "key.md").write_text("# Keys\n\nThe attic is open.\nThe cellar key hangs behind the door.\n")
    (top / "deep" / "tea.txt").write_text("More tea,\nfewer meetings.\n")
    (top / "people.csv").write_text("id,name,comment\n1,Ada,Likes porridge\n")
    (top / ".secret.md").write_text("The cellar key is a copy.\n")
    (top / "old.md").write_text("The cellar key was lost.\n")
    (top / ".gitignore").write_text("old.md\n")
    (top / "raw.bin").write_bytes(b"\0\1\2cellar")
    return top


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where temporary files go."""
    import tempfile

    path = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def found(mv2: Command, *arguments: object) -> list[str]:
    ran = mv2("peek", *arguments, "--json")
    assert ran.code == 0, ran.err
    return [f"{hit['path']}:{hit['line']}" for hit in ran.json()["hits"]]


def test_hits_name_the_file_and_the_line(papers: Path, scratch: Path, mv2: Command) -> None:
    before = sorted(papers.rglob("*"))
    ran = mv2("peek", "papers", "where is the cellar key")
    assert ran.code == 0
    assert ran.out.startswith(" 1. papers/key.md:4  20")
    assert "    # Keys The attic is open. The cellar key hangs behind the door." in ran.out
    assert ran.err == "1 of 1 hit in 3 files (without 1 of unknown kind; -v lists them)\n"
    assert sorted(papers.rglob("*")) == before
    assert list(papers.parent.iterdir()) == [papers]
    assert list(scratch.iterdir()) == []


def test_which_files_are_searched(papers: Path, mv2: Command) -> None:
    assert found(mv2, "papers", "cellar") == ["papers/key.md:4"]
    assert set(found(mv2, "papers", "cellar", "--hidden", "--no-gitignore")) == {
        "papers/key.md:4",
        "papers/old.md:1",
        "papers/.secret.md:1",
    }
    assert found(mv2, "papers/old.md", "papers/deep", "cellar") == ["papers/old.md:1"]
    assert found(mv2, "papers", "tea", "--include", "*.md") == []
    assert found(mv2, "papers", "tea", "--exclude", "deep") == []
    assert found(mv2, "papers", "tea", "--include", "deep") == ["papers/deep/tea.txt:1"]
    assert found(mv2, papers / "deep", "fewer meetings") == [f"{papers}/deep/tea.txt:2"]


def test_lines_are_told_only_where_they_can_be_counted(papers: Path, mv2: Command) -> None:
    assert found(mv2, "papers", "porridge") == ["papers/people.csv:None"]
    long = "".join(f"## Part {n}\n\n{f'plain words of part {n}. ' * 40}\n\n" for n in range(30))
    (papers / "long.md").write_text(f"{long}The hedgehog sleeps here.\n{long}")
    line = long.count("\n") + 1
    assert found(mv2, "papers", "hedgehog") == [f"papers/long.md:{line}"]
    (papers / "windows.md").write_bytes("\ufeffone\r\ntwo\r\nthe badger\r\n".encode())
    assert found(mv2, "papers", "badger") == ["papers/windows.md:3"]


def test_places_in_documents(folder: Path, mv2: Command) -> None:
    pytest.importorskip("pypdfium2")
    ran = mv2("peek", SAMPLES / "pdf" / "rivers.pdf", "why the level of the river was read", "-q")
    assert ran.code == 0
    assert "rivers.pdf  page" in ran.out
    assert ran.err == ""


def test_the_number_of_hits(folder: Path, mv2: Command) -> None:
    for number in range(5):
        Path(f"{number}.md").write_text(f"pebble number {number}\n")
    ran = mv2("peek", ".", "pebble", "-k", 2)
    assert ran.out.count("pebble number") == 2
    assert "2 of " in ran.err
    assert " in 5 files" in ran.err


def test_finding_nothing(papers: Path, mv2: Command) -> None:
    ran = mv2("peek", "papers", "zeppelin")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("no hits in 3 files")
    assert mv2("peek", "papers", "zeppelin", "-e").code == 3
    assert mv2("peek", "papers", "cellar", "-e").code == 0


def test_what_cannot_be_read_is_told(papers: Path, mv2: Command) -> None:
    (papers / "broken.zip.docx").write_bytes(b"PK\3\4 no zip at all")
    ran = mv2("peek", "papers", "cellar", "-v")
    assert ran.code == 0
    assert "mv2: papers/raw.bin: skipped: " in ran.err
    assert "mv2: papers/broken.zip.docx: " in ran.err
    assert "searched: words only" in ran.err
    report = mv2("peek", "papers", "cellar", "--json").json()
    assert report["files"]["read"] == 3
    assert {one["source"] for one in report["problems"]} == {"papers/raw.bin", "papers/broken.zip.docx"}


def test_when_nothing_at_all_can_be_read_it_is_an_error(folder: Path, mv2: Command) -> None:
    pytest.importorskip("pypdfium2")
    ran = mv2("peek", SAMPLES / "pdf" / "encrypted.pdf", "tea")
    assert ran.code == 1
    assert "1 that cannot be read" in ran.err


def test_arguments_that_mean_nothing(papers: Path, scratch: Path, mv2: Command) -> None:
    ran = mv2("peek", "papers", "where", "is", "it")
    assert ran.code == 2
    assert "where: there is no such file or folder. The last argument is the query" in ran.err
    assert mv2("peek", "papers").code == 2
    assert mv2("peek", "papers", " ").code == 2
    ran = mv2("peek", "papers", "tea AND")
    assert ran.code == 2
    assert ran.err.splitlines()[-1].strip() == "^"
    assert mv2("peek", "papers", "tea", "--embedder", "nobody:knows").code == 2
    assert list(scratch.iterdir()) == []


def test_words_that_are_misspelt_and_words_that_are_not_together(papers: Path, mv2: Command) -> None:
    ran = mv2("peek", "papers", "celar")
    assert "did you mean: cellar" in ran.err
    ran = mv2("peek", "papers", "cellar zeppelin")
    assert ", for any of the words in 3 files" in ran.err


def test_by_meaning_on_demand(papers: Path, mv2: Command) -> None:
    pytest.importorskip("wordllama")
    pytest.importorskip("tokenizers")
    assert mv2("peek", "papers", "unlock a padlock", "--json").json()["hits"] == []
    report = mv2("peek", "papers", "unlock a padlock", "--embedder", "wordllama", "--json").json()
    assert report["mode"] == "hybrid"
    assert report["hits"][0]["path"] == "papers/key.md"


def test_a_document_cannot_speak_to_the_terminal(folder: Path, mv2: Command) -> None:
    Path("a.md").write_text("before \x1b[2J behind the door\n")
    ran = mv2("peek", ".", "door")
    assert ran.code == 0
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)], ids=str)
def test_nothing_is_left_when_it_is_stopped(
    tmp_path: Path, command_environment: dict[str, str], name: str, code: int
) -> None:
    if not hasattr(signal, name):
        pytest.skip(f"this system has no {name}")
    (tmp_path / "many").mkdir()
    (tmp_path / "scratch").mkdir()
    for number in range(2_000):
        (tmp_path / "many" / f"{number}.md").write_text(f"pebble number {number}\n" * 20)
    process = subprocess.Popen(
        [*COMMAND, "peek", "many", "pebble"],
        cwd=tmp_path,
        env={**command_environment, "TMPDIR": str(tmp_path / "scratch")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    memories: list[Path] = []
    while time.monotonic() < deadline and process.poll() is None and not memories:
        time.sleep(0.02)
        memories = list((tmp_path / "scratch").glob("mv2-peek-*/peek.mv2"))
    assert memories
    assert memories[0].parent.stat().st_mode & 0o077 == 0
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, b""), err
    assert b"Traceback" not in err
    assert os.listdir(tmp_path / "scratch") == []
