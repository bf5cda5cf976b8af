"""Every way to open a memory, and everything that may stand at the path."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from life import long_text, picture

import mv2
from mv2.errors import (
    AuxiliaryFileError,
    CorruptFileError,
    EncryptedFileError,
    InvalidArgumentError,
    MemoryExistsError,
    MemoryNotFoundError,
    NotAMemoryError,
    UnsupportedVersionError,
)

MODES = ["r", "r+", "a", "x", "w"]
WAYS: dict[str, Callable[[Path], mv2.Memvid]] = {
    "r": lambda path: mv2.open(path, "r"),
    "r+": lambda path: mv2.open(path, "r+"),
    "a": lambda path: mv2.open(path, "a"),
    "default": mv2.open,
    "x": lambda path: mv2.open(path, "x"),
    "w": lambda path: mv2.open(path, "w"),
    "create": mv2.Memvid.create,
    "open": mv2.Memvid.open,
    "open_read_only": mv2.Memvid.open_read_only,
    "try_open": mv2.Memvid.try_open,
}
MUST_EXIST = {"r", "r+", "open", "open_read_only", "try_open"}
MUST_NOT_EXIST = {"x", "create"}
READING = {"r", "open_read_only"}


@pytest.fixture
def filled(path: Path) -> Path:
    with mv2.open(path) as memory:
        memory.put("hello word", uri="mv2://one")
        memory.put(long_text(), uri="mv2://long")
    return path


@pytest.mark.parametrize("way", WAYS)
class TestWhatStandsThere:
    def test_nothing(self, path: Path, way: str) -> None:
        if way in MUST_EXIST:
            with pytest.raises(MemoryNotFoundError) as refusal:
                WAYS[way](path)
            assert isinstance(refusal.value, FileNotFoundError)
            assert (refusal.value.path, bool(refusal.value.remedy)) == (str(path), True)
            assert not path.exists()
        else:
            with WAYS[way](path) as memory:
                assert memory.stats().frame_count == 0
                memory.put("first")
            assert os.listdir(path.parent) == [path.name]
            with mv2.open(path, "r") as memory:
                assert memory.text(0) == "first"

    def test_a_memory(self, filled: Path, way: str) -> None:
        before = picture(filled.parent)
        if way in MUST_NOT_EXIST:
            with pytest.raises(MemoryExistsError) as refusal:
                WAYS[way](filled)
            assert isinstance(refusal.value, FileExistsError)
            assert picture(filled.parent) == before
            return
        with WAYS[way](filled) as memory:
            assert memory.read_only == (way in READING)
            assert memory.path == str(filled)
            assert memory.stats().read_only == (way in READING)
            if way == "w":
                assert memory.stats().frame_count == 0
            else:
                assert memory.text("mv2://one") == "hello word"
                assert memory.text("mv2://long") == long_text()
                assert [hit.uri for hit in memory.find("hello").hits] == ["mv2://one"]
        assert (picture(filled.parent) == before) == (way != "w")

    def test_an_empty_file(self, path: Path, way: str) -> None:
        """As left by touch and by makers of temporary names: nobody's data is at stake."""
        path.touch(mode=0o640)
        path.chmod(0o640)
        if way in MUST_NOT_EXIST:
            with pytest.raises(MemoryExistsError):
                WAYS[way](path)
        elif way in MUST_EXIST:
            with pytest.raises(NotAMemoryError, match="empty"):
                WAYS[way](path)
        else:
            with WAYS[way](path) as memory:
                memory.put("first")
            assert path.stat().st_mode & 0o777 == 0o640
            assert os.listdir(path.parent) == [path.name]
            return
        assert path.stat().st_size == 0

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"Dear diary, " * 600, NotAMemoryError),
            (b"x", NotAMemoryError),
            (b"MV2", CorruptFileError),
            (b"MV2\0\x01\x02\x02\x01" + bytes(30), CorruptFileError),
            (bytes(8192), NotAMemoryError),
            (b"MV2E" + bytes(300), EncryptedFileError),
            (b"SQLite format 3\0" + bytes(4096), NotAMemoryError),
        ],
        ids=[
            "text",
            "one byte",
            "cut off in the magic",
            "cut off in the header",
            "zeros",
            "capsule",
            "sqlite",
        ],
    )
    def test_another_file(self, path: Path, way: str, content: bytes, kind: type[mv2.Error]) -> None:
        path.write_bytes(content)
        if way == "w":
            WAYS[way](path).close()  # as with open(): the old content does not matter
            assert mv2.open(path, "r").stats().frame_count == 0
            return
        with pytest.raises(MemoryExistsError if way in MUST_NOT_EXIST else kind) as refusal:
            WAYS[way](path)
        assert refusal.value.path == str(path)
        assert path.read_bytes() == content
        assert os.listdir(path.parent) == [path.name]

    @pytest.mark.parametrize("place", [4, 5, 6, 7])
    def test_a_newer_version(self, filled: Path, way: str, place: int) -> None:
        data = bytearray(filled.read_bytes())
        data[place] += 1
        filled.write_bytes(data)
        if way in MUST_NOT_EXIST | {"w"}:
            return
        with pytest.raises(UnsupportedVersionError) as refusal:
            WAYS[way](filled)
        assert isinstance(refusal.value, NotAMemoryError)
        assert filled.read_bytes() == data

    def test_a_directory(self, path: Path, way: str) -> None:
        path.mkdir()
        with pytest.raises(MemoryExistsError if way in MUST_NOT_EXIST else NotAMemoryError):
            WAYS[way](path)
        assert path.is_dir()

    def test_a_missing_directory_above(self, tmp_path: Path, way: str) -> None:
        with pytest.raises(MemoryNotFoundError, match="directory"):
            WAYS[way](tmp_path / "none" / "m.mv2")
        assert list(tmp_path.iterdir()) == []

    def test_a_file_as_directory_above(self, tmp_path: Path, way: str) -> None:
        (tmp_path / "file").write_bytes(b"x")
        with pytest.raises(mv2.Error):
            WAYS[way](tmp_path / "file" / "m.mv2")

    def test_a_pipe_and_a_socket(self, tmp_path: Path, way: str) -> None:
        os.mkfifo(tmp_path / "p")
        with socket.socket(socket.AF_UNIX) as listener:
            here = os.getcwd()
            os.chdir(tmp_path)  # names of sockets are short
            try:
                listener.bind("s")
            finally:
                os.chdir(here)
            for name in ("p", "s"):
                with pytest.raises(MemoryExistsError if way in MUST_NOT_EXIST else NotAMemoryError):
                    WAYS[way](tmp_path / name)

    @pytest.mark.parametrize(
        "name", ["{}-wal", "{}-shm", "{}-lock", "{}-journal", ".{}.wal", ".{}.shm", ".{}.lock", ".{}.journal"]
    )
    def test_a_forbidden_file_beside_it(self, filled: Path, way: str, name: str) -> None:
        other = filled.parent / name.format(filled.name)
        other.write_bytes(b"")
        before = picture(filled.parent)
        with pytest.raises(AuxiliaryFileError, match=other.name) as refusal:
            WAYS[way](filled)
        assert refusal.value.remedy
        assert picture(filled.parent) == before

    def test_names_that_only_look_forbidden(self, filled: Path, way: str) -> None:
        if way in MUST_NOT_EXIST:
            filled.unlink()
        for name in (
            "m.mv2-wal2",
            "m.mv2.wal",
            "m-wal",
            ".m.mv2-wal",
            "other.mv2-wal",
            "m.mv2-WAL",
            ".m.mv2.walx",
        ):
            (filled.parent / name).write_bytes(b"")
        WAYS[way](filled).close()

    @pytest.mark.parametrize("bad", ["", b"m.mv2", 5, None], ids=repr)
    def test_not_a_path(self, way: str, bad: object) -> None:
        with pytest.raises((InvalidArgumentError, TypeError)):
            WAYS[way](bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["mode", "durability", "lock", "close"])
def test_unknown_options_are_refused(path: Path, option: str) -> None:
    with pytest.raises(InvalidArgumentError, match=option) as refusal:
        mv2.open(path, **{option: "sometimes"})
    assert refusal.value.remedy
    assert not path.exists()


class TestTheOriginalInTheWay:
    """The original engine keeps a side file while it has a memory open for writing."""

    @pytest.fixture
    def side_file(self, filled: Path) -> Path:
        side = filled.with_suffix(".manifest.wal")
        side.write_bytes(b"")
        return side

    @pytest.mark.parametrize("way", ["r+", "a", "w", "open", "try_open"])
    def test_writers_are_warned(self, filled: Path, side_file: Path, way: str) -> None:
        with pytest.warns(mv2.CompatibilityWarning, match="original"):
            memory = WAYS[way](filled)
        with memory:
            memory.put("x")
        assert side_file.exists()

    def test_readers_are_not(self, filled: Path, side_file: Path) -> None:
        mv2.open(filled, "r").close()

    def test_a_warning_made_an_error_lets_go_of_the_file(self, filled: Path, side_file: Path) -> None:
        with pytest.raises(mv2.CompatibilityWarning):  # as everywhere in these tests
            mv2.open(filled)
        side_file.unlink()
        mv2.open(filled, lock="handle", lock_timeout=0).close()


@pytest.mark.parametrize("seconds", [None, "1", float("nan"), [1]], ids=repr)
def test_a_lock_timeout_is_a_number_of_seconds(path: Path, seconds: object) -> None:
    with pytest.raises(InvalidArgumentError, match="lock_timeout"):
        mv2.open(path, lock_timeout=seconds)  # type: ignore[arg-type]
    assert not path.exists()


def test_the_directory_of_a_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a directory is in the current one, also after that changes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    with mv2.open("m.mv2") as memory:
        memory.put("one")
        monkeypatch.chdir(tmp_path / "other")
        memory.put("two")
        memory.vacuum()
        assert memory.path == str(tmp_path / "m.mv2")
    assert os.listdir(tmp_path / "other") == []
    assert sorted(os.listdir(tmp_path)) == ["m.mv2", "other"]


@pytest.mark.parametrize(
    "name",
    ["ünï 東京.mv2", "with space", "no-extension", ".hidden", "a.b.c", "-dash", "a\nb", "x" * 255, "ü" * 127],
)
def test_any_name(tmp_path: Path, name: str) -> None:
    """Up to the longest the file system has, which leaves no room for a longer temporary one."""
    with mv2.open(tmp_path / name) as memory:
        memory.put("one")
        assert memory.vacuum().compacted
    assert os.listdir(tmp_path) == [name]
    mv2.open(tmp_path / name, "w").close()
    with mv2.open(tmp_path / name) as memory:
        memory.put("one")
    with mv2.open(str(tmp_path / name), "r") as memory:
        assert memory.text(0) == "one"


class TestLinks:
    @pytest.mark.parametrize("way", ["r", "r+", "a", "w"])
    def test_to_a_memory(self, tmp_path: Path, filled: Path, way: str) -> None:
        """The link stays a link and the file's mode its mode, through compaction too."""
        filled.chmod(0o640)
        place = tmp_path / "elsewhere"
        place.mkdir()
        (place / "second.mv2").symlink_to("first.mv2")
        (place / "first.mv2").symlink_to(filled)
        with WAYS[way](place / "second.mv2") as memory:
            assert memory.path == str(filled)
            if way != "r":
                memory.put("written through the link", uri="mv2://new")
                memory.vacuum()
                memory.put("and again")
        assert sorted(os.listdir(place)) == ["first.mv2", "second.mv2"]
        assert os.readlink(place / "second.mv2") == "first.mv2"
        assert os.readlink(place / "first.mv2") == str(filled)
        assert filled.stat().st_mode & 0o777 == 0o640
        with mv2.open(filled, "r") as memory:
            uris = {frame.uri for frame in memory.frames()}
        assert ("mv2://new" in uris) == (way != "r")
        assert ("mv2://one" in uris) == (way != "w")

    @pytest.mark.parametrize("way", WAYS)
    def test_to_nothing(self, tmp_path: Path, way: str) -> None:
        """What is made stands where the link points."""
        (tmp_path / "place").mkdir()
        link, target = tmp_path / "link.mv2", tmp_path / "place" / "target.mv2"
        link.symlink_to(target)
        if way in MUST_EXIST:
            with pytest.raises(MemoryNotFoundError):
                WAYS[way](link)
            assert not target.exists()
        else:
            with WAYS[way](link) as memory:
                memory.put("one")
            assert link.is_symlink()
            with mv2.open(target, "r") as memory:
                assert memory.text(0) == "one"
            assert os.listdir(target.parent) == ["target.mv2"]

    @pytest.mark.parametrize("way", WAYS)
    def test_in_a_circle(self, tmp_path: Path, way: str) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(mv2.Error):
            WAYS[way](tmp_path / "a")
        assert sorted(os.listdir(tmp_path)) == ["a", "b"]

    def test_forbidden_files_beside_the_target(self, tmp_path: Path, filled: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "elsewhere" / "m.mv2"
        link.symlink_to(filled)
        (tmp_path / "elsewhere" / "m.mv2-wal").write_bytes(b"")
        mv2.open(link, "r").close()
        (tmp_path / "m.mv2-wal").write_bytes(b"")
        with pytest.raises(AuxiliaryFileError):
            mv2.open(link, "r")
