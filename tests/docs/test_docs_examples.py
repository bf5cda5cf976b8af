"""The examples in README and docs/ are run, in order, in an empty folder for each document.

Blocks marked ``python`` must end without an error. In blocks marked
``console``, lines that begin with ``$ `` are run and what follows them is
compared with what they print: dates, sizes, times, scores and widths of
spaces may differ, and a line ``...`` stands for any lines, ``…`` for any text in a line. Commands for work
on the project itself (make, pip, git, pytest) are not run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])

BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"(make|pip|git|python -m (pip|pytest|venv))\b")
LOOSE = (
    (re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?"), "DATE"),
    (re.compile(r"[\d,.]+ (bytes|KiB|MiB)"), "SIZE"),
    (re.compile(r"\b1[789]\d{8}\b"), "TIME"),
    (re.compile(r"\d+\.\d+( s| ms)?"), "NUMBER"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Block:
    """A fenced example; ``line`` is where it begins."""

    language: str
    text: str
    line: int


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [Block(m.group(1), m.group(2), text.count("\n", 0, m.start()) + 1) for m in BLOCK.finditer(text)]


def loosely(text: str) -> str:
    for pattern, name in LOOSE:
        text = pattern.sub(name, text)
    return text.strip()


def matches(expected: str, actual: str) -> bool:
    parts = [
        ".*" if line.strip() == "..." else re.escape(loosely(line)).replace("…", ".*")
        for line in expected.splitlines()
        if line.strip()
    ]
    shown = "\n".join(loosely(line) for line in actual.splitlines() if line.strip())
    return re.fullmatch("\n".join(parts).replace("\n.*", "(?:\n.*)?"), shown, re.DOTALL) is not None


def steps(block: Block) -> list[tuple[str, str]]:
    """(command, what the document says it prints) in order; ``> `` continues a command."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
            continue
        assert found, f"line {block.line}: output before the first command"
        command, output = found[-1]
        if line.startswith("> ") and not output:
            command.append(line[2:])
        else:
            output.append(line + "\n")
    return [("\n".join(command), "".join(output)) for command, output in found]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_run(path: Path, tmp_path: Path, command_environment: dict[str, str]) -> None:
    for block in blocks(path):
        where = f"{path.name}:{block.line}"
        if block.language == "python":
            ran = subprocess.run(
                [sys.executable, "-W", "error", "-c", block.text],
                cwd=tmp_path,
                env=command_environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert ran.returncode == 0, f"{where}\n{ran.stderr}"
        elif block.language == "console":
            for command, expected in steps(block):
                if NOT_RUN.match(command):
                    continue
                ran = subprocess.run(
                    ["bash", "-c", command],
                    cwd=tmp_path,
                    env=command_environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=120,
                )
                told = f"{where}: $ {command}\n--- documented\n{expected}\n--- printed\n{ran.stdout}"
                assert matches(expected, ran.stdout), told


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_readme_example_is_short_and_first() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first = next(block for block in blocks(ROOT / "README.md") if block.language == "python")
    assert len(first.text.splitlines()) <= 15
    assert first.line <= 40
    assert text.index("make demo") < text.index("```python")
    assert text.index("make test") < text.index("```python")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_documents_name_exist(path: Path) -> None:
    for name in re.findall(r"`(tests/[\w/.]+)`", path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_the_comparison_is_loose_only_where_it_should_be() -> None:
    assert matches("put 3 documents\n", "put 3  documents\n")
    assert not matches("put 3 documents\n", "put 4 documents\n")
    assert matches("a\n...\nz\n", "a\nb\nc\nz\n")
    assert matches("a\n...\n", "a\n")
    assert not matches("a\n", "a\nb\n")
    assert matches("a … z\n", "a b z\n")
    assert matches("file 1.0 KiB 2024-01-01\n", "file 9.3 KiB 2026-11-30\n")


FRAGMENT = re.compile(r"\+[a-z0-9-]+\.(added|changed|fixed|removed)\.md")


def test_change_fragments_are_named_as_agreed() -> None:
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [name for name in names if not FRAGMENT.fullmatch(name)] == []
