"""Locks: who keeps whom out, for how long, and errors that name the holder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from life import found_ids

import mv2
from mv2.errors import LockedError
from mv2.testing.processes import Worker, workers


class TestLocks:
    def test_writers_share_by_default(self, path: Path) -> None:
        with mv2.open(path, lock_timeout=0) as first, mv2.open(path, lock_timeout=0) as second:
            first.put("x")
            second.put("y")

    def test_a_handle_lock_excludes_other_writers(self, path: Path) -> None:
        with mv2.open(path, lock="handle") as memory:
            for lock in ("write", "handle"):
                with pytest.raises(LockedError) as refusal:
                    mv2.open(path, lock=lock, lock_timeout=0)
                assert isinstance(refusal.value, TimeoutError)
                assert refusal.value.path == str(path)
                assert refusal.value.remedy
                assert os.getpid() in [holder.pid for holder in refusal.value.holders]
            memory.put("x")
            memory.vacuum()  # makes another file, which must be locked too
            with pytest.raises(LockedError):
                mv2.open(path, lock_timeout=0)
            with mv2.open(path, "r") as reader:
                assert reader.text(0) == "x"

    def test_a_handle_lock_waits_for_other_writers(self, path: Path) -> None:
        with mv2.open(path) as memory:
            with pytest.raises(LockedError):
                mv2.open(path, lock="handle", lock_timeout=0)
            memory.put("x")
        mv2.open(path, lock="handle", lock_timeout=0).close()

    @pytest.mark.parametrize("way", [mv2.Memvid.open, mv2.Memvid.try_open])
    def test_the_originals_ways_in_lock_the_handle(self, path: Path, way: Callable[..., mv2.Memvid]) -> None:
        mv2.open(path).close()
        with way(path), pytest.raises(LockedError):
            mv2.open(path, lock_timeout=0)

    def test_a_handle_that_followed_a_compaction_keeps_others_out_of_the_new_file(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("x")
            with mv2.open(path) as other:
                other.vacuum()
            assert memory.text(0) == "x"
            with pytest.raises(LockedError):
                mv2.open(path, lock="handle", lock_timeout=0)
        mv2.open(path, lock="handle", lock_timeout=0).close()

    def test_a_refused_open_leaves_nothing_behind(self, path: Path) -> None:
        with mv2.open(path, lock="handle"):
            descriptors = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
            for _ in range(5):
                with pytest.raises(LockedError):
                    mv2.open(path, lock_timeout=0)
            if descriptors:
                assert len(os.listdir("/proc/self/fd")) == descriptors
        assert os.listdir(path.parent) == [path.name]

    @pytest.mark.parametrize("lock", ["write", "handle"])
    def test_names_the_process_that_holds_the_file(self, path: Path, lock: str) -> None:
        mv2.open(path).close()
        with workers([{"role": "keeper", "path": str(path), "lock": lock}]) as (keeper,):
            keeper.wait_for("opened")
            with pytest.raises(LockedError) as refusal:
                mv2.open(path, lock="handle", lock_timeout=0.01)
            self._names(refusal.value, keeper)
            keeper.release()
            keeper.finish()
        mv2.open(path, lock="handle", lock_timeout=0).close()

    def test_names_the_process_that_is_writing(self, path: Path) -> None:
        """Its turn does not end; this handle gives up after lock_timeout, and works again later."""
        with mv2.open(path, lock_timeout=0.02) as memory:
            memory.put("first")
            with workers([{"role": "stall", "path": str(path), "worker": 1}]) as (staller,):
                staller.wait_for("holding")
                for write in (
                    lambda: memory.put("x"),
                    memory.commit,
                    lambda: memory.delete(0),
                    memory.vacuum,
                ):
                    with pytest.raises(LockedError) as refusal:
                        write()
                    self._names(refusal.value, staller)
                    assert refusal.value.holders[0].has_turn
                assert memory.text(0) == "first"
                staller.kill()
            assert memory.put("second") in {1, 2}  # after what the other wrote, which nobody acknowledged
            assert found_ids(memory, "second") != set()

    @staticmethod
    def _names(error: LockedError, worker: Worker) -> None:
        (holder,) = [holder for holder in error.holders if holder.pid == worker.pid]
        assert f"process {worker.pid}" in str(error) or error.holders[0].pid == os.getpid()
        assert "worker" in holder.command
        assert holder.since

    def test_the_dead_hold_nothing(self, path: Path) -> None:
        mv2.open(path).close()
        with workers([{"role": "keeper", "path": str(path), "lock": "handle"}]) as (keeper,):
            keeper.wait_for("opened")
            keeper.kill()
            with mv2.open(path, lock="handle", lock_timeout=0) as memory:
                with pytest.raises(LockedError) as refusal:
                    mv2.open(path, lock_timeout=0)
                assert [holder.pid for holder in refusal.value.holders] == [os.getpid()]
                memory.put("x")
