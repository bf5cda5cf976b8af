"""Who sees what, and when: one's own writes at once, others' at the latest at ``refresh()``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from life import found_ids, long_text

import mv2
from mv2.testing.processes import workers


class TestOneHandle:
    def test_finds_what_it_has_just_put(self, memory: mv2.Memvid) -> None:
        for step in range(30):
            number = memory.put(f"common word{step}", title=f"title{step}", tags=[f"tag{step}"])
            assert found_ids(memory, f"word{step}") == found_ids(memory, f"tag:tag{step}") == {number}
            assert len(found_ids(memory, "common")) == step + 1
            assert memory.timeline(reverse=True, limit=1)[0].frame_id == number
            if step % 7 == 6:
                memory.commit()

    @pytest.mark.parametrize("committed", [False, True])
    def test_does_not_find_what_it_has_just_removed(self, memory: mv2.Memvid, committed: bool) -> None:
        memory.put("alpha common", uri="mv2://a")
        memory.put("beta common", uri="mv2://b")
        memory.put("gamma common", uri="mv2://c")
        if committed:
            memory.commit()
        memory.delete("mv2://a")
        memory.update("mv2://b", content="delta common")
        memory.update("mv2://c", tags=["new"])
        assert found_ids(memory, "alpha") == found_ids(memory, "beta") == set()
        assert found_ids(memory, "gamma") == found_ids(memory, "tag:new") == {4}
        assert found_ids(memory, "common") == {3, 4}

    def test_a_long_document(self, memory: mv2.Memvid) -> None:
        number = memory.put(long_text(6000) + " needle")
        assert found_ids(memory, "needle") == {number}


class TestTwoHandles:
    def test_a_writer_sees_the_other_at_once(self, path: Path) -> None:
        with mv2.open(path) as first, mv2.open(path) as second:
            for step in range(12):
                writer, watcher = (first, second) if step % 2 else (second, first)
                assert writer.put(f"word{step}", uri=f"mv2://{step}", embedding=[float(step)]) == step
                assert watcher.text(step) == f"word{step}"
                assert watcher.stats().frame_count == step + 1
                assert found_ids(watcher, f"word{step}") == {step}
                assert list(watcher.embedding(f"mv2://{step}") or ()) == [float(step)]
                if step in {4, 8}:
                    watcher.commit()
                if step == 6:
                    writer.vacuum()

    @pytest.mark.parametrize("change", ["put", "delete", "version", "commit", "vacuum", "put_many"])
    def test_a_reader_is_a_snapshot(self, path: Path, change: str) -> None:
        with mv2.open(path) as memory:
            memory.put("alpha word", uri="mv2://a")
            memory.commit()
            memory.put("beta word", uri="mv2://b")
            with mv2.open(path, "r") as reader:
                before = self._picture(reader)
                assert before["found"] == [0, 1]
                {
                    "put": lambda: memory.put("gamma word", uri="mv2://a"),
                    "delete": lambda: memory.delete("mv2://a"),
                    "version": lambda: memory.update("mv2://b", content="delta word"),
                    "commit": memory.commit,
                    "vacuum": memory.vacuum,
                    "put_many": lambda: memory.put_many([{"content": "gamma word"}]),
                }[change]()
                assert self._picture(reader) == before
                reader.refresh()
                assert self._picture(reader) == self._picture(memory)

    @staticmethod
    def _picture(memory: mv2.Memvid) -> dict[str, Any]:
        count = memory.stats().frame_count
        return {
            "frames": [memory.frame(number) for number in range(count)],
            "contents": [memory.content(number) for number in range(count)],
            "found": sorted(found_ids(memory, "word")),
            "timeline": memory.timeline(),
        }

    def test_a_reader_follows_many_vacuums(self, path: Path) -> None:
        with mv2.open(path) as memory, mv2.open(path, "r") as reader:
            for step in range(5):
                memory.put(f"word{step}")
                memory.vacuum()
                memory.put(f"pending{step}")
                assert reader.stats().frame_count == 2 * max(0, step - 1) + (2 if step else 0)
                reader.refresh()
                assert found_ids(reader, f"word{step}") == {2 * step}
                assert found_ids(reader, f"pending{step}") == {2 * step + 1}

    def test_a_reader_opened_on_pending_records(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("committed word")
            memory.commit()
            memory.put("pending word", uri="mv2://p")
            memory.delete(0)
            with mv2.open(path, "r") as reader:
                assert found_ids(reader, "word") == {1}
                assert reader.stats().pending_count == 2
                assert reader.frame(0).status == "deleted"


PROGRAM = """
import json, sys, mv2
with mv2.open(sys.argv[1]) as memory:
    number = memory.put(sys.argv[2], uri=sys.argv[3])
    print(json.dumps([number, [frame.uri for frame in memory.frames()]]))
"""


def in_another_process(path: Path, text: str, uri: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), text, uri], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


class TestProcesses:
    def test_take_turns_on_one_memory(self, path: Path) -> None:
        with mv2.open(path) as memory, mv2.open(path, "r") as reader:
            memory.put("ours", uri="mv2://ours/0")
            assert in_another_process(path, "theirs word", "mv2://theirs") == [
                1,
                ["mv2://ours/0", "mv2://theirs"],
            ]
            assert memory.text("mv2://theirs") == "theirs word"
            assert found_ids(memory, "theirs") == {1}
            assert memory.put("ours again", uri="mv2://theirs") == 2
            assert memory.frame(1).status == "superseded"
            assert reader.stats().frame_count == 0
            reader.refresh()
            assert [frame.uri for frame in reader.frames()] == ["mv2://ours/0", "mv2://theirs"]
        with mv2.open(path, "r") as memory:
            assert memory.text("mv2://theirs") == "ours again"

    def test_several_at_once_lose_nothing(self, path: Path) -> None:
        """Two processes and this one, each with a handle that stays open."""
        tasks = [{"role": "turns", "path": str(path), "worker": number, "count": 25} for number in (1, 2)]
        with mv2.open(path, lock_timeout=30) as memory, workers(tasks) as running:
            own = [memory.put(f"own number{n}") for n in range(25)]
            for worker in running:
                worker.finish()
            uris = {frame.uri for frame in memory.frames()}
            assert {f"mv2://t/{number * 100_000 + n}" for number in (1, 2) for n in range(1, 26)} <= uris
            assert [memory.text(number) for number in own] == [f"own number{n}" for n in range(25)]
            assert memory.stats().frame_count == 75
            memory.commit()
            assert memory.verify(deep=True).ok
