"""Errors: one clear line, a stable exit code, JSON for programs, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mv2 as library
from mv2 import errors
from mv2.cli import _exit, _run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.LockedError("held"), 5),
        (errors.FrameNotFoundError("none"), 3),
        (errors.ChecksumError("bad"), 4),
        (errors.FormatError("bad"), 4),
        (errors.NotAMemoryError("no"), 1),
        (errors.EncryptedFileError("capsule"), 1),
        (errors.QueryError("bad query"), 2),
        (errors.InvalidArgumentError("bad"), 2),
        (errors.LimitError("too much"), 1),
        (errors.DiskFullError("full"), 1),
        (errors.MissingExtraError("extra"), 1),
    ],
)
def test_exit_codes(error: errors.Error, code: int) -> None:
    assert _exit.code_for(error) == code


def test_an_error_is_one_line_with_its_remedy(folder: Path, mv2: Command) -> None:
    ran = mv2("find", "no.mv2", "x")
    assert ran.out == ""
    assert ran.err.startswith("mv2: ")
    assert ran.err.count("\n") == 1


def test_errors_for_programs(notes: Path, mv2: Command) -> None:
    ran = mv2("view", notes, 99, "--json")
    assert ran.code == 3
    assert ran.out == ""
    assert ran.error()["code"] == "MV010"
    assert ran.error()["type"] == "FrameNotFoundError"
    ran = mv2("find", notes, "--json")
    assert ran.code == 2
    assert ran.error()["code"] == "USAGE"


def test_an_unknown_command_and_option(mv2: Command) -> None:
    assert mv2("fnid", "a.mv2").code == 2
    assert mv2("find", "a.mv2", "x", "--nope").code == 2


def test_a_locked_memory(notes: Path, mv2: Command) -> None:
    with library.open(notes, lock="handle"):
        ran = mv2("put", notes, "--text", "x", "--lock-timeout", 0, "--json")
        assert ran.code == 5
        assert ran.error()["code"] == "MV007"
        assert mv2("find", notes, "cellar").code == 0


def test_a_damaged_memory_is_reported(notes: Path, mv2: Command) -> None:
    data = bytearray(notes.read_bytes())
    with library.open(notes, "r") as memory:
        start = memory.content(0)[:20]
    places = [at for at in range(len(data)) if data.startswith(start, at)]
    for place in places:
        data[place] ^= 0x20
    notes.write_bytes(data)
    ran = mv2("verify", notes, "--deep", "--json")
    assert ran.code == 4
    assert ran.json()["ok"] is False
    assert ran.json()["findings"]
    assert mv2("view", notes, 0).code == 4


def test_a_folder_is_no_memory(folder: Path, mv2: Command) -> None:
    ran = mv2("find", ".", "x")
    assert ran.code == 2
    assert "directory" in ran.err


def test_a_bug_is_one_line_unless_debugging(
    notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(library.Memvid, "stats", broken)
    capsys.readouterr()
    assert _run.run(["stats", str(notes)]) == 1
    assert capsys.readouterr().err == (
        "mv2: internal error: ZeroDivisionError: oops (MV2_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("MV2_DEBUG", "1")
    assert _run.run(["stats", str(notes)]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_warnings_are_lines_too(
    notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import warnings

    real = library.Memvid.stats

    def warning(self: library.Memvid) -> library.Stats:
        warnings.warn("the log was\nrepaired", library.RecoveryWarning, stacklevel=2)
        return real(self)

    monkeypatch.setattr(library.Memvid, "stats", warning)
    capsys.readouterr()
    assert _run.run(["stats", str(notes)]) == 0
    assert capsys.readouterr().err == "mv2: warning: the log was repaired\n"
    assert _run.run(["stats", str(notes), "--json"]) == 0
    assert '"type": "RecoveryWarning"' in capsys.readouterr().err
