"""Temporary directories must not outlive their owners, nor be removed before."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from mv2.errors import DiskFullError, StorageError
from mv2.index import _workdir
from mv2.index.lexical import LexicalWriter

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks and process times as on POSIX")

HOLD = """
import sys, time
from mv2.index.lexical import LexicalWriter
writer = LexicalWriter(None)
writer.add(0, "x")
writer.commit()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(_workdir, "_swept", set())
    return tmp_path


def hold() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str], how: int) -> None:
    process.send_signal(how)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_the_directory_is_private_and_named_after_its_owner(place: Path) -> None:
    with LexicalWriter(None):
        (name,) = os.listdir(place)
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o700
        assert name.startswith(f"mv2-{os.getpid()}-")
    assert os.listdir(place) == []


def test_what_a_killed_process_left_is_removed_at_the_next_use(place: Path) -> None:
    killed = hold()
    end(killed, signal.SIGKILL)
    assert len(os.listdir(place)) == 1
    living = hold()
    try:
        assert [name.split("-")[1] for name in os.listdir(place)] == [str(living.pid)]
        LexicalWriter(None).close()
        assert [name.split("-")[1] for name in os.listdir(place)] == [str(living.pid)]
    finally:
        end(living, signal.SIGKILL)


def test_a_normal_end_leaves_nothing(place: Path) -> None:
    script = HOLD.replace("time.sleep(60)", "writer = None if len(sys.argv) > 5 else writer")
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
    assert os.listdir(place) == []


def test_only_directories_of_our_own_making_are_removed(place: Path) -> None:
    others = ["mv2", "mv2-1", "mv2-99999999-1", "mv2-x-1-abc", "other-99999999-1-abc", "mv2-99999999-1-a.b"]
    for name in others:
        (place / name).mkdir()
    (place / "mv2-99999999-1-file").write_text("")
    target = place / "target"
    target.mkdir()
    (place / "mv2-99999999-1-link").symlink_to(target)
    (place / "mv2-99999999-1-gone").mkdir()
    (place / "mv2-99999999-1-gone" / "x").write_text("")
    LexicalWriter(None).close()
    left = sorted(os.listdir(place))
    assert left == sorted([*others, "mv2-99999999-1-file", "mv2-99999999-1-link", "target"])


def test_a_locked_directory_is_in_use_whatever_the_process_table_says(place: Path) -> None:
    """A process in another name space looks dead from here."""
    directory = place / "mv2-99999999-1-held"
    directory.mkdir()
    lock = _workdir._lock_directory(str(directory))
    assert lock is not None
    LexicalWriter(None).close()
    assert directory.exists()
    os.close(lock)


def test_a_forked_child_does_not_remove_the_directory_of_its_parent(place: Path) -> None:
    with LexicalWriter(None) as writer:
        writer.add(0, "word")
        writer.commit()
        child = os.fork()
        if child == 0:
            writer._directory.remove()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        writer.add(1, "word")
        assert len(writer.commit()) > 2


def test_a_full_or_missing_place_is_a_typed_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    assert tempfile.gettempdir() == str(place)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(DiskFullError, match="TMPDIR"):
            LexicalWriter(None)
    assert os.listdir(place) == []
    monkeypatch.setattr("tempfile.tempdir", str(place / "missing"))
    with pytest.raises(StorageError):
        LexicalWriter(None)


def test_memory_is_used_only_with_room_and_only_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_workdir, "_has_room", lambda path, size: size < 1000)
    monkeypatch.setattr("tempfile.tempdir", "/elsewhere")
    monkeypatch.delenv("TMPDIR", raising=False)
    assert list(_workdir._places(10)) == ["/elsewhere"]
    monkeypatch.setattr(_workdir, "_MARGIN", 0)
    assert list(_workdir._places(10)) == [_workdir._MEMORY_BACKED, "/elsewhere"]
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert list(_workdir._places(10)) == ["/elsewhere"]
