"""Handles: closing, sharing between threads, forking."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from life import found_ids

import mv2
from mv2.errors import ClosedError, ForkedHandleError, HandleError
from mv2.testing.faults import Call, FaultFileSystem

CALLS: dict[str, Callable[[mv2.Memvid], object]] = {
    "put": lambda memory: memory.put("x"),
    "put_many": lambda memory: memory.put_many([{"content": "x"}]),
    "update": lambda memory: memory.update(0, title="x"),
    "delete": lambda memory: memory.delete(0),
    "batch": lambda memory: memory.batch().__enter__(),
    "commit": lambda memory: memory.commit(),
    "vacuum": lambda memory: memory.vacuum(),
    "refresh": lambda memory: memory.refresh(),
    "frame": lambda memory: memory.frame(0),
    "content": lambda memory: memory.content(0),
    "text": lambda memory: memory.text(0),
    "embedding": lambda memory: memory.embedding(0),
    "frames": lambda memory: list(memory.frames()),
    "history": lambda memory: memory.history("mv2://frames/0"),
    "timeline": lambda memory: memory.timeline(),
    "find": lambda memory: memory.find("word"),
    "stats": lambda memory: memory.stats(),
    "verify": lambda memory: memory.verify(),
}


class TestClosing:
    @pytest.mark.parametrize("mode", ["a", "r"])
    @pytest.mark.parametrize("call", CALLS)
    def test_a_closed_handle_cannot_be_used(self, path: Path, mode: mv2.types.Mode, call: str) -> None:
        with mv2.open(path) as memory:
            memory.put("a word")
        memory = mv2.open(path, mode)
        memory.find("word")
        memory.close()
        with pytest.raises(ClosedError) as refusal:
            CALLS[call](memory)
        assert isinstance(refusal.value, ValueError)
        assert isinstance(refusal.value, HandleError)
        assert memory.closed
        assert "closed" in repr(memory)

    def test_twice_is_fine(self, path: Path) -> None:
        memory = mv2.open(path)
        memory.put("x")
        memory.close()
        stamp = path.stat().st_mtime_ns
        memory.close()
        with memory:
            pass
        assert path.stat().st_mtime_ns == stamp

    def test_leaves_nothing_pending(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("a word")
            memory.delete(memory.put("another"))
        with mv2.open(path, "r") as reader:
            assert (reader.stats().pending_count, reader.stats().frame_count) == (0, 2)
            assert reader.stats().log_used_bytes == 0

    def test_an_exception_inside_keeps_what_was_acknowledged(self, path: Path) -> None:
        with pytest.raises(KeyboardInterrupt), mv2.open(path) as memory:  # noqa: PT012
            memory.put("acknowledged")
            raise KeyboardInterrupt
        assert memory.closed
        with mv2.open(path, "r") as reader:
            assert reader.text(0) == "acknowledged"

    def test_gives_the_lock_back(self, path: Path) -> None:
        mv2.open(path, lock="handle").close()
        mv2.open(path, lock="handle", lock_timeout=0).close()

    def test_a_handle_that_is_dropped_gives_the_lock_back(self, path: Path) -> None:
        """Without close() its records stay in the log, where everybody finds them."""
        script = "import mv2, sys, os; m = mv2.open(sys.argv[1]); m.put('a word'); os._exit(0)"
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
        with mv2.open(path, "r") as reader:
            assert reader.stats().pending_count == 1
            assert reader.text(0) == "a word"
        with mv2.open(path, lock="handle", lock_timeout=0) as memory:
            assert found_ids(memory, "word") == {0}
            assert memory.put("next") == 1

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_a_handle_that_is_collected_gives_the_lock_back(self, path: Path) -> None:
        memory = mv2.open(path, lock="handle")
        memory.put("a word")
        memory.find("word")
        del memory
        gc.collect()
        with mv2.open(path, lock="handle", lock_timeout=0) as again:
            assert again.text(0) == "a word"

    def test_repr_and_properties(self, path: Path) -> None:
        with mv2.open(path) as memory:
            assert (memory.closed, memory.read_only, memory.path) == (False, False, str(path))
            assert str(path) in repr(memory)
            assert "open" in repr(memory)
        with mv2.open(path, "r") as memory:
            assert memory.read_only
            assert "read-only" in repr(memory)


class TestThreads:
    def test_share_a_handle(self, path: Path) -> None:
        """Eight threads put, find and delete through one handle; nothing is lost or doubled."""
        errors: list[BaseException] = []
        kept: dict[int, str] = {}

        def work(name: int) -> None:
            try:
                for step in range(12):
                    text = f"common thread{name} step{name}x{step}"
                    number = memory.put(text, uri=f"mv2://{name}/{step}")
                    assert memory.text(number) == text
                    assert number in found_ids(memory, f"step{name}x{step}")
                    if step % 4 == 1:
                        memory.delete(number)
                    elif step % 4 == 2:
                        with memory.batch():
                            kept[memory.put(text + " batch", uri=f"mv2://{name}/{step}")] = text + " batch"
                    else:
                        kept[number] = text
                    if step == 6 + name % 3:
                        (memory.commit, memory.vacuum)[name % 2]()
            except BaseException as error:  # noqa: BLE001 - shown below
                errors.append(error)

        with mv2.open(path) as memory:
            threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            assert memory.stats().frame_count == 8 * (12 + 3)
            assert {frame.id: memory.text(frame.id) for frame in memory.frames()} == kept
            assert found_ids(memory, "common") == set(kept)
        with mv2.open(path, "r") as reader:
            assert {frame.id: reader.text(frame.id) for frame in reader.frames()} == kept
            assert reader.verify(deep=True).ok

    def test_readers_share_a_handle(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put_many([{"content": f"text number{n}"} for n in range(50)])
        right: list[bool] = []

        def read() -> None:
            right.extend(
                reader.text(n) == f"text number{n}" and found_ids(reader, f"number{n}") == {n}
                for n in range(50)
            )

        with mv2.open(path, "r") as reader:
            threads = [threading.Thread(target=read) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert right == [True] * 200

    @pytest.mark.parametrize("by", ["this handle", "another handle"])
    def test_a_read_survives_a_compaction_in_another_thread(self, path: Path, by: str) -> None:
        """The file that is being read is closed when the reading is done, not before."""
        reading, go_on = threading.Event(), threading.Event()

        class Pausing(FaultFileSystem):
            def ask(self, call: Call) -> None:
                if call.kind == "read" and threading.current_thread().name == "slow" and call.length == 3000:
                    reading.set()
                    go_on.wait(30)
                super().ask(call)

        content = b"\xff" * 1500 + bytes(1500)
        outcome: list[object] = []
        with mv2.open(path, file_system=Pausing()) as memory:
            memory.put(content)
            memory.put("a word")
            memory.commit()

            def work() -> None:
                try:
                    outcome.append(memory.content(0))
                except BaseException as error:  # noqa: BLE001 - shown below
                    outcome.append(error)

            slow = threading.Thread(target=work, name="slow")
            slow.start()
            assert reading.wait(30)
            if by == "this handle":
                assert memory.vacuum().compacted
            else:
                with mv2.open(path) as other:
                    assert other.vacuum().compacted
            memory.put("another word")
            assert found_ids(memory, "word") == {1, 2}
            go_on.set()
            slow.join()
            assert outcome == [content]

    def test_closing_while_others_use_it(self, path: Path) -> None:
        """They get a ClosedError, and what was acknowledged before is there."""
        acknowledged: list[int] = []
        endings: list[BaseException] = []
        started = threading.Event()

        def work() -> None:
            try:
                while True:
                    acknowledged.append(memory.put("x"))
                    started.set()
            except BaseException as error:  # noqa: BLE001 - looked at below
                endings.append(error)

        memory = mv2.open(path)
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        started.wait(30)
        memory.close()
        for thread in threads:
            thread.join()
        assert {type(error) for error in endings} == {ClosedError}
        with mv2.open(path, "r") as reader:
            assert sorted(acknowledged) == list(range(reader.stats().frame_count))

    def test_a_batch_keeps_other_threads_out(self, path: Path) -> None:
        with mv2.open(path) as memory:
            numbers: list[int] = []
            with memory.batch():
                memory.put("one")
                thread = threading.Thread(target=lambda: numbers.append(memory.put("from another thread")))
                thread.start()
                memory.put("two")
            thread.join()
            assert numbers == [2]
            assert [memory.text(frame.id) for frame in memory.frames()] == [
                "one",
                "two",
                "from another thread",
            ]


FORKED = """
import os, sys, mv2
from mv2.errors import ForkedHandleError, LockedError
path = sys.argv[1]
memory = mv2.open(path, lock="handle")
memory.put("the parent's word")
memory.find("word")
child = os.fork()
if child == 0:
    failures = []
    for call in (lambda: memory.put("x"), lambda: memory.find("word"), lambda: memory.text(0), memory.commit,
                 memory.stats, memory.refresh, lambda: memory.batch().__enter__()):
        try:
            call()
            failures.append("no error")
        except ForkedHandleError:
            pass
        except BaseException as error:
            failures.append(repr(error))
    try:
        memory.close()
        mv2.open(path, lock_timeout=0)
        failures.append("the parent's lock is gone")
    except LockedError:
        pass
    del memory
    print("child", failures, flush=True)
    sys.exit(0)
_, status = os.waitpid(child, 0)
print("status", status)
try:
    mv2.open(path, lock_timeout=0)
    print("the lock is gone")
except LockedError:
    print("still locked")
print(memory.put("after the fork"), memory.text(0), memory.find("word").total)
memory.close()
with mv2.open(path, "r") as memory:
    print(memory.stats().frame_count, memory.verify(deep=True).ok)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_cannot_use_the_handle(path: Path) -> None:
    """And its end, closing everything it inherited, releases nothing of the parent's."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED, str(path)], capture_output=True, text=True
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "child []",
        "status 0",
        "still locked",
        "1 the parent's word 1",
        "2 True",
    ]


def test_the_error_of_a_forked_handle_is_a_handle_error() -> None:
    assert issubclass(ForkedHandleError, HandleError)
    assert issubclass(ForkedHandleError, RuntimeError)
