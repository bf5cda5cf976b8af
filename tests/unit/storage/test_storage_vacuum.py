"""Compaction: space comes back, everything else stays, and a file that cannot be replaced stays as it is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from memory_files import codes, flip, found, noise, overwrite, payload_place, read, texts

import mv2
from mv2.testing.faults import Fault, FaultFileSystem
from mv2.testing.observe import observe

LONG = "A sentence of some length, again and again. " * 120


@pytest.fixture
def wasteful(path: Path) -> Path:
    """A file with many commits behind it."""
    with mv2.open(path) as memory:
        for step in range(25):
            memory.put(f"text word{step}", uri=f"mv2://{step % 5}", embedding=[float(step), 1.0])
            if step % 4 == 0:
                memory.commit()
        memory.put(LONG, uri="mv2://long")
        memory.put(noise(2000), uri="mv2://noise")
        memory.delete("mv2://3")
    return path


def test_the_file_shrinks_and_nothing_else_changes(wasteful: Path) -> None:
    with mv2.open(wasteful) as memory:
        before, size = observe(memory), wasteful.stat().st_size
        vectors = [memory.embedding(number) for number in range(len(before.frames))]
        report = memory.vacuum()
        assert (report.compacted, report.reason) == (True, None)
        assert (report.size_before, report.size_after) == (size, wasteful.stat().st_size)
        assert report.size_after < report.size_before * 0.8
        for _ in range(2):
            assert observe(memory) == before
            assert [memory.embedding(number) for number in range(len(before.frames))] == vectors
            assert found(memory, "word24") == {24}
            assert found(memory, "word3") == found(memory, "word23") == set()
            assert codes(memory) == set()
            memory.put("more")
            memory.delete(memory.stats().frame_count - 1)
            memory.commit()
            before = observe(memory)
            vectors.append(None)
    assert os.listdir(wasteful.parent) == [wasteful.name]


def test_twice_changes_nothing_more(wasteful: Path) -> None:
    with mv2.open(wasteful) as memory:
        first = memory.vacuum()
        second = memory.vacuum()
        assert second.compacted
        assert abs(second.size_after - first.size_after) < 200


def test_pending_records_come_along(path: Path) -> None:
    with mv2.open(path) as memory:
        memory.put("one")
        memory.commit()
        memory.put("two", uri="mv2://two")
        memory.put(LONG)
        memory.delete(0)
        assert memory.vacuum().compacted
        assert memory.stats().pending_count == 0
        assert memory.text("mv2://two") == "two"
        assert memory.put("three") == memory.stats().frame_count - 1
    with mv2.open(path, "r") as memory:
        assert texts(memory) == ["two", LONG, "three"]
        assert memory.text(0) == "one"


def test_of_an_empty_memory(path: Path) -> None:
    with mv2.open(path) as memory:
        assert memory.vacuum().compacted
        assert memory.put("one") == 0
    assert read(path) == ["one"]


def test_shared_bytes_stay_shared(path: Path) -> None:
    """Versions with the same content use it together, after a compaction too."""
    with mv2.open(path) as memory:
        memory.put(noise(100_000), uri="mv2://a")
        for step in range(5):
            memory.update("mv2://a", metadata={"step": step})
            memory.commit()
        memory.vacuum()
        assert path.stat().st_size < 350_000
        for number in range(6):
            assert memory.content(number) == noise(100_000)


def large_contents(memory: mv2.Memvid) -> None:
    """Many documents, so that every commit writes, and leaves behind, much."""
    memory.put_many([{"content": f"document {n}", "metadata": {"pad": "x" * 300}} for n in range(400)])


def test_happens_by_itself_when_most_of_the_file_is_dead(path: Path) -> None:
    with mv2.open(path) as memory:
        large_contents(memory)
        inode = path.stat().st_ino
        for step in range(16):
            memory.put(f"text {step}", uri="mv2://a")
            memory.commit()
            stats = memory.stats()
            assert stats.dead_bytes <= 1.25 * stats.live_bytes + (128 << 10)
        assert path.stat().st_ino != inode
        assert stats.frame_count == 416
        assert codes(memory) == set()


class TestAttributes:
    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o604])
    def test_the_mode_is_kept(self, wasteful: Path, mode: int) -> None:
        wasteful.chmod(mode)
        with mv2.open(wasteful) as memory:
            assert memory.vacuum().compacted
            assert wasteful.stat().st_mode & 0o7777 == mode

    @pytest.mark.skipif(not hasattr(os, "setxattr"), reason="needs extended attributes")
    def test_extended_attributes_are_kept(self, wasteful: Path) -> None:
        try:
            os.setxattr(wasteful, "user.mv2.origin", b"mail \x00 attachment")
        except OSError as error:
            if error.errno == errno.ENOTSUP:
                pytest.skip("the file system has no extended attributes")
            raise
        with mv2.open(wasteful) as memory:
            assert memory.vacuum().compacted
        assert os.getxattr(wasteful, "user.mv2.origin") == b"mail \x00 attachment"

    @pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to give files away"
    )
    def test_the_owner_is_kept(self, wasteful: Path) -> None:
        os.chown(wasteful, 12345, 23456)
        with mv2.open(wasteful) as memory:
            assert memory.vacuum().compacted
        assert (wasteful.stat().st_uid, wasteful.stat().st_gid) == (12345, 23456)

    def test_a_symbolic_link_stays_one(self, wasteful: Path, tmp_path: Path) -> None:
        (tmp_path / "links").mkdir()
        link = tmp_path / "links" / "link.mv2"
        link.symlink_to("../m.mv2")
        with mv2.open(link) as memory:
            assert memory.vacuum().compacted
        assert os.readlink(link) == "../m.mv2"
        assert not wasteful.is_symlink()
        assert os.listdir(tmp_path / "links") == ["link.mv2"]
        assert found(mv2.open(wasteful, "r"), "word24") == {24}


class TestNotPossible:
    def test_with_another_hard_link(self, wasteful: Path) -> None:
        """Renaming would part the two names: the file stays as it is, and the report says why."""
        os.link(wasteful, wasteful.with_name("second.mv2"))
        with mv2.open(wasteful) as memory:
            memory.put("pending", uri="mv2://pending")
            report = memory.vacuum()
            assert not report.compacted
            assert "link" in (report.reason or "")
            assert report.size_before == report.size_after
            assert memory.text("mv2://pending") == "pending"
        assert wasteful.stat().st_ino == wasteful.with_name("second.mv2").stat().st_ino
        assert found(mv2.open(wasteful.with_name("second.mv2"), "r"), "pending") != set()

    def test_a_hard_link_keeps_the_automatic_one_away_too(self, path: Path) -> None:
        with mv2.open(path) as memory:
            large_contents(memory)
            os.link(path, path.with_name("second.mv2"))
            for step in range(10):
                memory.put(f"text {step}", uri="mv2://a")
                memory.commit()
            assert memory.stats().dead_bytes > memory.stats().live_bytes + (128 << 10)
        assert path.stat().st_nlink == 2

    @pytest.mark.parametrize("error", [errno.EXDEV, errno.EBUSY, errno.EACCES, errno.EROFS])
    @pytest.mark.parametrize("call", ["create", "rename"])
    def test_where_a_new_file_cannot_take_the_name(self, wasteful: Path, call: str, error: int) -> None:
        """A bind mount, a directory that may not be written: the file is larger, and works."""
        disk = FaultFileSystem()
        with mv2.open(wasteful, file_system=disk) as memory:
            before = observe(memory)
            disk.arm(Fault(0, error, times=None, kinds=frozenset({call})))
            report = memory.vacuum()
            assert not report.compacted
            assert os.strerror(error) in (report.reason or "")
            assert observe(memory) == before
            assert memory.put("after", uri="mv2://after") == len(before.frames)
            memory.commit()
            assert memory.text("mv2://after") == "after"
        assert os.listdir(wasteful.parent) == [wasteful.name]
        assert codes(mv2.open(wasteful, "r")) == set()


@pytest.mark.parametrize("how", ["vacuum", "automatic"])
def test_the_index_of_another_handles_commit_is_not_forgotten(path: Path, how: str) -> None:
    """Each handle keeps an index writer; after a compaction it must not be taken for newer than it is."""
    with mv2.open(path) as first, mv2.open(path) as second:
        if how == "automatic":
            large_contents(second)
        second.put("first word", uri="mv2://first")
        second.commit()
        first.put("second word", uri="mv2://second")
        first.put("gone word", uri="mv2://first")
        first.commit()
        inode = path.stat().st_ino
        if how == "vacuum":
            second.vacuum()
        for step in range(20 if how == "automatic" else 1):
            second.put(f"more {step}", uri="mv2://more")
            second.commit()
        assert path.stat().st_ino != inode
        second.delete("mv2://first")
        second.commit()
        assert found(second, "word") == {second.frame("mv2://second").id}
        assert codes(second) == set()


def test_errors_name_the_memory_afterwards(path: Path) -> None:
    """Not the temporary file that became the memory."""
    with mv2.open(path) as memory:
        memory.put(noise(2000))
        memory.vacuum()
        flip(path, payload_place(path.read_bytes(), 0))
        with pytest.raises(mv2.ChecksumError) as refusal:
            memory.content(0)
        assert refusal.value.path == str(path)
        assert "mv2-new" not in str(refusal.value)


class TestTheReplacedFile:
    def test_is_spoilt_for_whoever_waits_for_it(self, wasteful: Path) -> None:
        """A program that holds the old file must not rename it over the new one."""
        with wasteful.open("rb") as old, mv2.open(wasteful) as memory:
            memory.vacuum()
            old.seek(0)
            assert old.read(4) == b"MV2\xff"

    def test_but_not_where_it_has_another_name(self, wasteful: Path) -> None:
        """Somebody's snapshot of the file, made between the look at the links and the rename."""

        class Snapshotting(FaultFileSystem):
            def rename(self, source: str, target: str) -> None:
                os.link(target, wasteful.with_name("snapshot.mv2"))
                super().rename(source, target)

        with mv2.open(wasteful, file_system=Snapshotting()) as memory:
            before = texts(memory)
            assert memory.vacuum().compacted
            memory.put("after")
        assert texts(mv2.open(wasteful.with_name("snapshot.mv2"), "r")) == before

    def test_readers_of_it_go_on(self, wasteful: Path) -> None:
        with mv2.open(wasteful, "r") as reader:
            before = observe(reader)
            with mv2.open(wasteful) as memory:
                for step in range(3):
                    memory.put(f"new {step}")
                    memory.vacuum()
                assert observe(reader) == before
                assert found(reader, "word24") == {24}
                reader.refresh()
                assert found(reader, "new") != set()


class TestLeftovers:
    """What a crash leaves beside the file is removed at the next writable open; what is not ours stays."""

    OURS = ".m.mv2.mv2-new-0123456789ab"
    FOREIGN = (
        ".m.mv2.mv2-new-", ".m.mv2.mv2-new-0123456789a", ".m.mv2.mv2-new-0123456789abc",
        ".m.mv2.mv2-new-0123456789aX", ".m.mv2.mv2-new-0123456789AB", "m.mv2.mv2-new-0123456789ab",
        ".other.mv2.mv2-new-0123456789ab", ".m.mv2.aBcDeF", "m.mv2~", ".m.mv2.mv2-new-0123456789ab.bak",
    )  # fmt: skip

    def test_ours_go_and_foreign_ones_stay(self, wasteful: Path) -> None:
        for name in (self.OURS, *self.FOREIGN):
            (wasteful.parent / name).write_bytes(b"x" * 100)
        mv2.open(wasteful, "r").close()
        assert (wasteful.parent / self.OURS).exists()
        mv2.open(wasteful).close()
        assert sorted(os.listdir(wasteful.parent)) == sorted([*self.FOREIGN, wasteful.name])

    def test_not_before_the_memory_is_known_to_be_whole(self, wasteful: Path) -> None:
        """It may be all that is left."""
        leftover = wasteful.parent / self.OURS
        leftover.write_bytes(wasteful.read_bytes())
        overwrite(wasteful, 0, bytes(wasteful.stat().st_size))
        with pytest.raises(mv2.NotAMemoryError):
            mv2.open(wasteful)
        assert leftover.exists()

    def test_not_while_another_compacts(self, path: Path) -> None:
        """The file that is being written is nobody's leftover."""

        class Watching(FaultFileSystem):
            seen: list[str]

            def rename(self, source: str, target: str) -> None:
                with mv2.open(path, lock_timeout=0):
                    pass
                self.seen = os.listdir(path.parent)
                super().rename(source, target)

        disk = Watching()
        with mv2.open(path, file_system=disk) as memory:
            memory.put("text")
            assert memory.vacuum().compacted
        assert len(disk.seen) == 2
        assert read(path) == ["text"]
