"""Running the command in this process, in an empty folder."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from mv2.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def error(self) -> Any:
        """The error a command with --json reported."""
        return json.loads(self.err.splitlines()[-1])["error"]


class Command(Protocol):
    def __call__(self, *arguments: object, stdin: bytes | None = None) -> Ran: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mv2(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``mv2`` with these arguments; an error inside it that is not expected fails the test."""
    monkeypatch.setenv("COLUMNS", "96")

    def run(*arguments: object, stdin: bytes | None = None) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin or b"")))
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "internal error" not in err, err
        return Ran(code, out, err)

    return run


@pytest.fixture
def notes(folder: Path, mv2: Command) -> Path:
    """A memory with three documents: frames 0 (key), 1 (budget), 2 (bytes that are no text)."""
    source = folder / "notes"
    source.mkdir()
    (source / "key.md").write_text("The cellar key hangs behind the door.\n")
    (source / "plan.md").write_text("Budget for 2026: more tea, fewer meetings.\n")
    (source / "raw.bin").write_bytes(bytes(range(256)))
    ran = mv2("put", "notes.mv2", "notes", "--tag", "diary")
    assert ran.code == 0, ran.err
    return folder / "notes.mv2"
