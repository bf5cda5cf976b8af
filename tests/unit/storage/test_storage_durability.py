"""What is forced to the medium, and when: one sync for each acknowledgement, two for a commit."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from memory_files import LOG_START, commit_record, noise, texts

import mv2
from mv2.storage import syncer
from mv2.testing.faults import Call, FaultFileSystem

LONG = "A sentence of some length, again and again. " * 120


@pytest.fixture
def disk() -> FaultFileSystem:
    return FaultFileSystem()


def story(disk: FaultFileSystem) -> list[str]:
    """What was changed since the calls were cleared, one word for each call."""
    return [_word(call) for call in disk.changes()]


def _word(call: Call) -> str:
    if call.kind != "write":
        return call.kind
    if call.offset == 0:
        return "header"
    return "log" if call.offset < LOG_START + (64 << 10) else "data"


WRITES: dict[str, Callable[[mv2.Memvid], object]] = {
    "a short text": lambda memory: memory.put("short"),
    "a long text": lambda memory: memory.put(LONG),
    "bytes": lambda memory: memory.put(noise(3000)),
    "a vector": lambda memory: memory.put("x", embedding=[1.0] * 500),
    "a version": lambda memory: memory.put(LONG, uri="mv2://old"),
    "an update": lambda memory: memory.update("mv2://old", title="T"),
    "a deletion": lambda memory: memory.delete("mv2://old"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_one_write_and_one_sync(
    path: Path, disk: FaultFileSystem, write: Callable[[mv2.Memvid], object]
) -> None:
    with mv2.open(path, file_system=disk) as memory:
        memory.put(LONG, uri="mv2://old")
        disk.calls.clear()
        write(memory)
        assert story(disk) == ["log", "sync"]


def test_a_batch_shares_one_sync(path: Path, disk: FaultFileSystem) -> None:
    with mv2.open(path, file_system=disk) as memory:
        memory.put(LONG, uri="mv2://old")
        disk.calls.clear()
        with memory.batch():
            for write in WRITES.values():
                write(memory)
                assert disk.changes() == []
        assert story(disk) == ["log", "sync"]


def test_what_is_acknowledged_is_in_the_file(path: Path, tmp_path: Path) -> None:
    """A copy of the file taken right after an acknowledgement has it, without any close."""
    with mv2.open(path) as memory:
        wanted = []
        for step in range(6):
            memory.put(f"text {step}")
            wanted.append(f"text {step}")
            if step == 3:
                memory.commit()
            shutil.copy(path, tmp_path / "copy.mv2")
            with mv2.open(tmp_path / "copy.mv2", "r") as copy:
                assert texts(copy) == wanted


COMMITS: dict[str, Callable[[mv2.Memvid], object]] = {
    "commit": lambda memory: memory.commit(),
    "put_many": lambda memory: memory.put_many([{"content": f"text {n}"} for n in range(50)]),
    "more than the log holds": lambda memory: memory.put(noise(100_000)),
    "a full log": lambda memory: [memory.put(noise(6000, n)) for n in range(8)],
}


class TestCommit:
    @pytest.mark.parametrize("commit", COMMITS.values(), ids=COMMITS)
    def test_contents_are_synced_before_the_header_names_them(
        self, path: Path, disk: FaultFileSystem, commit: Callable[[mv2.Memvid], object]
    ) -> None:
        with mv2.open(path, file_system=disk) as memory:
            memory.put("pending", uri="mv2://a")
            generation = memory.stats().generation
            disk.calls.clear()
            commit(memory)
            assert memory.stats().generation == generation + 1
            words = story(disk)
            assert words.count("header") == 1
            place = words.index("header")
            before, after = words[:place], words[place + 1 :]
            while before[:2] == ["log", "sync"]:  # the puts that filled the log
                del before[:2]
            assert before[-1] == "sync"
            assert set(before[:-1]) == {"data"}
            assert after[0] == "sync"
            assert "sync" not in after[1:]

    def test_two_syncs(self, path: Path, disk: FaultFileSystem) -> None:
        with mv2.open(path, file_system=disk) as memory:
            memory.put("pending")
            disk.calls.clear()
            memory.commit()
            assert disk.count({"sync"}) == 2
            disk.calls.clear()
            memory.commit()  # nothing to do
            assert disk.changes() == []

    def test_nothing_that_readers_use_is_overwritten(self, path: Path, disk: FaultFileSystem) -> None:
        """But for the header and the log, writing goes behind the end of the file."""
        with mv2.open(path, file_system=disk) as memory:
            for step in range(5):
                memory.put(f"text {step}", uri=f"mv2://{step % 2}", embedding=[1.0, 2.0])
                end = commit_record(path.read_bytes()).data_end
                disk.calls.clear()
                memory.commit()
                places = [call.offset for call in disk.calls if call.kind == "write"]
                assert all(place < LOG_START + (64 << 10) or place >= end for place in places)
                assert disk.count({"resize"}) == 0

    def test_the_header_is_written_as_a_whole(self, path: Path, disk: FaultFileSystem) -> None:
        with mv2.open(path, file_system=disk) as memory:
            memory.put("text")
            disk.calls.clear()
            memory.commit()
            assert [call.length for call in disk.calls if call.kind == "write" and call.offset == 0] == [4096]


class TestDurability:
    def test_none_syncs_at_commit_only(self, path: Path, disk: FaultFileSystem) -> None:
        with mv2.open(path, durability="none", file_system=disk) as memory:
            disk.calls.clear()
            for step in range(10):
                memory.put(f"text {step}")
            with memory.batch():
                memory.put("in a batch")
            assert disk.count({"sync"}) == 0
            memory.commit()
            assert disk.count({"sync"}) == 2
            memory.put("last")
            assert disk.count({"sync"}) == 2
        assert disk.count({"sync"}) == 4

    @pytest.mark.parametrize("durability", ["none", "batch"])
    def test_closing_syncs_what_stays_in_the_log(
        self, path: Path, disk: FaultFileSystem, durability: mv2.types.Durability
    ) -> None:
        with mv2.open(path, durability=durability, close="lazy", file_system=disk) as memory:
            disk.calls.clear()
            memory.put("text")
        assert story(disk)[0] == "log"
        assert story(disk)[-1] == "sync"
        assert disk.count({"sync"}) <= 2

    def test_batch_syncs_soon_without_being_asked(self, path: Path, disk: FaultFileSystem) -> None:
        with mv2.open(path, durability="batch", file_system=disk) as memory:
            for _ in range(3):
                disk.calls.clear()
                for step in range(5):
                    memory.put(f"text {step}")
                deadline = time.monotonic() + 30
                while disk.count({"sync"}) == 0 and time.monotonic() < deadline:
                    time.sleep(0.005)
                assert disk.count({"sync"}) >= 1
                last_write = max(n for n, call in enumerate(disk.calls) if call.kind == "write")
                while time.monotonic() < deadline:
                    if "sync" in [call.kind for call in disk.calls[last_write:]]:
                        break
                    time.sleep(0.005)
                else:
                    raise AssertionError("the last put was not synced")
                assert disk.count({"sync"}) < 5

    @pytest.mark.parametrize("durability", ["full", "batch", "none"])
    def test_whatever_it_is_everything_is_there_after_close(
        self, path: Path, durability: mv2.types.Durability
    ) -> None:
        with mv2.open(path, durability=durability) as memory:
            for step in range(5):
                memory.put(f"text {step}")
        with mv2.open(path, "r") as memory:
            assert texts(memory) == [f"text {step}" for step in range(5)]

    @pytest.mark.parametrize("durability", ["batch", "none"])
    def test_others_see_unsynced_records(self, path: Path, durability: mv2.types.Durability) -> None:
        with mv2.open(path, durability=durability) as memory, mv2.open(path) as other:
            memory.put("text")
            assert texts(other) == ["text"]
            with mv2.open(path, "r") as reader:
                assert texts(reader) == ["text"]


class TestCompaction:
    def test_order(self, path: Path, disk: FaultFileSystem) -> None:
        """The new file is synced before it takes the name, and the name before anything is acknowledged."""
        with mv2.open(path, file_system=disk) as memory:
            for step in range(4):
                memory.put(f"text {step}")
                memory.commit()
            disk.calls.clear()
            assert memory.vacuum().compacted
            changes = disk.changes()
            kinds = [call.kind for call in changes]
            renamed = kinds.index("rename")
            assert kinds[0] == "create"
            temporary = changes[0].path
            assert temporary != str(path)
            assert os.path.dirname(temporary) == str(path.parent)
            assert {call.path for call in changes[:renamed]} == {temporary}
            assert kinds[renamed - 1] == "sync"
            assert kinds[renamed + 1] == "sync_directory"
            assert changes[renamed].path == str(path)
            disk.calls.clear()
            memory.put("after")
            assert story(disk) == ["log", "sync"]


class TestCreation:
    def test_the_name_appears_when_everything_is_on_the_medium(
        self, path: Path, disk: FaultFileSystem
    ) -> None:
        mv2.open(path, file_system=disk).close()
        kinds = [call.kind for call in disk.changes()]
        named = kinds.index("link")
        assert "sync" in kinds[:named]
        assert "write" not in kinds[named:]
        assert kinds[named : named + 3] == ["link", "unlink", "sync_directory"]
        assert set(kinds[named + 3 :]) <= {"sync_directory"}

    def test_without_hard_links(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class NoLinks(FaultFileSystem):
            def link(self, source: str, target: str) -> None:
                raise mv2.StorageError("links are not possible here", errno=95)

        disk = NoLinks()
        with mv2.open(path, file_system=disk) as memory:
            memory.put("text")
        assert os.listdir(path.parent) == [path.name]
        with pytest.raises(mv2.MemoryExistsError):
            mv2.open(path, "x", file_system=disk)


def test_the_background_syncer_always_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """At whatever moment it is stopped, between two syncs too; closing would hang otherwise."""
    monkeypatch.setattr(syncer, "LATENESS", 0.002)
    choose = random.Random(1)
    finished: list[bool] = []

    def start_and_stop() -> None:
        for _ in range(1000):
            made = syncer.BackgroundSyncer(lambda: None)
            made.mark()
            time.sleep(choose.uniform(0.0008, 0.0012))
            made.stop()
        finished.append(True)

    worker = threading.Thread(target=start_and_stop, daemon=True)
    worker.start()
    worker.join(60)
    assert finished == [True]
