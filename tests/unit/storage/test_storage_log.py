"""The embedded log: groups, torn ends, damage in the middle, and starting again at its beginning."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from memory_files import (
    LOG_START,
    codes,
    commit_record,
    flip,
    found,
    log_records,
    noise,
    open_warned,
    overwrite,
    quiet,
    read,
    texts,
)

import mv2
from mv2.testing.faults import FaultFileSystem

LOG_SIZE = 64 << 10
LONG = "A sentence of some length, again and again. " * 120


@pytest.fixture
def pending(path: Path) -> Path:
    """Two committed documents, and five that stand in the log."""
    with mv2.open(path, close="lazy") as memory:
        memory.put("committed 0")
        memory.put("committed 1")
        memory.commit()
        for number in range(2, 7):
            memory.put(f"pending word{number}", uri=f"mv2://{number}")
    return path


ALL = ["committed 0", "committed 1", *(f"pending word{number}" for number in range(2, 7))]


class TestGroups:
    def test_a_put_is_a_group_of_one(self, pending: Path) -> None:
        records = log_records(pending.read_bytes())
        first = commit_record(pending.read_bytes()).checkpoint_sequence + 1
        assert [record.sequence for record in records] == list(range(first, first + 5))
        assert {(record.remaining, record.starts_group) for record in records} == {(0, True)}

    def test_a_batch_and_a_long_document_count_down(self, path: Path) -> None:
        with mv2.open(path, close="lazy") as memory:
            with memory.batch():
                for word in ("one", "two", "three"):
                    memory.put(word)
            number = memory.put(LONG)
            count = memory.frame(number).chunk_count or 0
            memory.delete(number)
        rows = [(record.remaining, record.starts_group) for record in log_records(path.read_bytes())]
        wanted: list[tuple[int, bool]] = []
        for size in (3, count + 1, count + 1):
            wanted += [(size - 1 - place, place == 0) for place in range(size)]
        assert rows == wanted

    @pytest.mark.parametrize("lost", [1, 2])
    def test_an_incomplete_one_is_not_shown(self, path: Path, lost: int) -> None:
        """A crash in the middle of a batch: nothing of it is there, and its ids are used again."""
        with mv2.open(path, close="lazy") as memory:
            memory.put("before", uri="mv2://before")
            with memory.batch():
                memory.put("one word")
                memory.delete("mv2://before")
                memory.put("two word")
        last = log_records(path.read_bytes())[-lost]
        overwrite(path, last.start, bytes(LOG_START + LOG_SIZE - last.start))
        assert read(path) == ["before"]
        with mv2.open(path) as memory:
            assert found(memory, "word") == set()
            assert memory.put("after") == 1
        assert read(path) == ["before", "after"]

    def test_a_long_document_is_whole_or_absent(self, path: Path) -> None:
        with mv2.open(path, close="lazy") as memory:
            memory.put("before")
            memory.put(LONG)
        records = log_records(path.read_bytes())
        for record in records[2:]:
            overwrite(path, record.start, bytes(LOG_START + LOG_SIZE - record.start))
            assert read(path) == ["before"]
            overwrite(path, 0, path.read_bytes())


class TestTornEnd:
    """A write that was cut short by a crash was never acknowledged."""

    def cuts(self, path: Path) -> list[int]:
        """Places in the last record from which on nothing was written."""
        data = path.read_bytes()
        last = log_records(data)[-1]
        end = last.start + len(data[last.start : last.end].rstrip(b"\0"))
        inner = random.Random(1).sample(range(last.start + 1, end), 12)
        return [last.start + 8, last.start + 48, *inner, end - 1]

    def test_is_not_shown_and_not_complained_about(self, pending: Path) -> None:
        data = pending.read_bytes()
        for cut in self.cuts(pending):
            torn = bytearray(data)
            torn[cut : LOG_START + LOG_SIZE] = bytes(LOG_START + LOG_SIZE - cut)
            pending.write_bytes(torn)
            assert read(pending) == ALL[:-1], cut

    def test_is_cleared_by_the_next_writer(self, pending: Path) -> None:
        data = pending.read_bytes()
        for cut in self.cuts(pending):
            torn = bytearray(data)
            torn[cut : LOG_START + LOG_SIZE] = bytes(LOG_START + LOG_SIZE - cut)
            pending.write_bytes(torn)
            with mv2.open(pending, close="lazy") as memory:
                assert texts(memory) == ALL[:-1]
                assert memory.put("x") == 6
                assert codes(memory) == set()
            records = log_records(pending.read_bytes())
            assert [record.entry.payload for record in records][-1] == b"x"
            end = records[-1].end
            assert not any(pending.read_bytes()[end : LOG_START + LOG_SIZE]), cut
            assert read(pending) == [*ALL[:-1], "x"]

    def test_old_bytes_behind_it_never_come_back(self, pending: Path) -> None:
        """A torn record with good ones of a later write behind it, as reordered sectors leave it."""
        records = log_records(pending.read_bytes())
        flip(pending, records[3].start + 60)  # nothing says that this one had been synced but the last
        overwrite(pending, records[4].start, bytes(LOG_START + LOG_SIZE - records[4].start))
        tail = pending.read_bytes()[records[3].end : records[3].end + 400]
        assert not any(tail)
        with mv2.open(pending) as memory:
            assert texts(memory) == ALL[:5]
            assert memory.put("next") == 5
        assert read(pending) == [*ALL[:5], "next"]

    def test_is_reported_by_verify(self, pending: Path) -> None:
        last = log_records(pending.read_bytes())[-1]
        flip(pending, last.end - 1)
        with mv2.open(pending, "r") as memory:
            assert texts(memory) == ALL[:-1]
            assert codes(memory) == {"log_unfinished"}


class TestDamage:
    """A bad record that later records prove to have been acknowledged: the rest is kept, and it is said."""

    @pytest.mark.parametrize("place", ["sequence", "length", "digest", "payload", "last byte"])
    def test_in_the_middle(self, pending: Path, place: str) -> None:
        victim = log_records(pending.read_bytes())[2]
        offset = {"sequence": 1, "length": 9, "digest": 20, "payload": 60, "last byte": -1}[place]
        flip(pending, victim.end - 1 if offset < 0 else victim.start + offset)
        with open_warned(pending, "r", "log record") as memory:
            self._kept(memory)
            assert "log_record_damaged" in codes(memory)

    def _kept(self, memory: mv2.Memvid) -> None:
        """The id of the lost one is held by a placeholder, so the others keep theirs."""
        assert texts(memory) == [text for number, text in enumerate(ALL) if number != 4]
        assert [memory.frame(f"mv2://{number}").id for number in (2, 3, 5, 6)] == [2, 3, 5, 6]
        placeholder = memory.frame(4)
        assert (placeholder.status, placeholder.kind) == ("deleted", "mv2:damaged")
        assert memory.content(4) == b""
        assert found(memory, "pending") == {2, 3, 5, 6}
        with pytest.raises(mv2.FrameNotFoundError):
            memory.frame("mv2://4")

    def test_is_made_final_by_the_next_writer(self, pending: Path) -> None:
        flip(pending, log_records(pending.read_bytes())[2].start + 60)
        with open_warned(pending) as memory:
            self._kept(memory)
            assert memory.put("next") == 7
            memory.commit()
            self._kept_with_next(memory)
            memory.vacuum()
            self._kept_with_next(memory)
        with mv2.open(pending, "r") as memory:  # and nobody is warned again
            self._kept_with_next(memory)
            assert codes(memory) == set()

    def _kept_with_next(self, memory: mv2.Memvid) -> None:
        assert texts(memory) == [*(text for number, text in enumerate(ALL) if number != 4), "next"]
        assert memory.frame(4).status == "deleted"

    def test_of_several(self, pending: Path) -> None:
        records = log_records(pending.read_bytes())
        for victim in (records[0], records[2], records[3]):
            flip(pending, victim.start + 70)
        with open_warned(pending) as memory:
            assert texts(memory) == [*ALL[:2], ALL[3], ALL[6]]
            assert [memory.frame(number).status for number in (2, 4, 5)] == ["deleted"] * 3
            findings = [f for f in memory.verify().findings if f.code == "log_record_damaged"]
            assert len(findings) == 3
            assert all(finding.offset is not None for finding in findings)
        assert read(pending) == [*ALL[:2], ALL[3], ALL[6]]

    def test_the_last_one_is_a_torn_end(self, pending: Path) -> None:
        """Nothing proves that it had been acknowledged."""
        flip(pending, log_records(pending.read_bytes())[-1].start + 60)
        assert read(pending) == ALL[:-1]

    def test_inside_a_batch(self, path: Path) -> None:
        """Ids behind it stay what they were."""
        with mv2.open(path, close="lazy") as memory:
            with memory.batch():
                for number in range(3):
                    memory.put(f"batch {number}", uri=f"mv2://{number}")
            memory.put("after", uri="mv2://after")
        flip(path, log_records(path.read_bytes())[1].start + 60)
        with quiet(), mv2.open(path) as memory:
            assert memory.frame("mv2://after").id == 3
            assert memory.text(3) == "after"
            assert memory.frame(1).status == "deleted"
        with mv2.open(path, "r") as memory:
            assert memory.frame("mv2://after").id == 3


class TestStartingAgain:
    def test_at_the_beginning_after_each_commit(self, path: Path) -> None:
        with mv2.open(path, close="lazy") as memory:
            sequences = []
            for step in range(4):
                for number in range(step + 1):
                    memory.put(f"text {step}.{number}")
                records = log_records(path.read_bytes())
                assert records[0].start == LOG_START
                assert len(records) == step + 1
                sequences += [record.sequence for record in records]
                memory.commit()
                assert memory.stats().log_used_bytes == 0
                assert log_records(path.read_bytes()) == []
            assert sequences == sorted(set(sequences))

    def test_obsolete_records_are_never_shown_again(self, path: Path) -> None:
        """As when a power cut keeps the log from being wiped after the commit."""
        with mv2.open(path) as memory:
            memory.put("one")
            memory.put("two")
            log = path.read_bytes()[LOG_START : LOG_START + LOG_SIZE]
            memory.commit()
        overwrite(path, LOG_START, log)
        assert read(path) == ["one", "two"]
        with mv2.open(path) as memory:
            assert memory.put("three") == 2
            assert texts(memory) == ["one", "two", "three"]
        assert read(path) == ["one", "two", "three"]
        with mv2.open(path, "r") as memory:
            assert codes(memory) == set()

    def test_another_handle_notices(self, path: Path) -> None:
        with mv2.open(path) as first, mv2.open(path) as second:
            for step in range(6):
                (first, second)[step % 2].put(f"text {step}")
                if step % 3 == 2:
                    (second, first)[step % 2].commit()
                    assert first.stats().pending_count == second.stats().pending_count == 0
                assert texts(first) == texts(second) == [f"text {n}" for n in range(step + 1)]


class TestFillingUp:
    def test_a_checkpoint_comes_at_three_quarters(self, path: Path) -> None:
        with mv2.open(path) as memory:
            generation, used = memory.stats().generation, 0
            for step in range(200):
                memory.put(noise(500, step))
                stats = memory.stats()
                if stats.generation != generation:
                    break
                used = stats.log_used_bytes
                assert used <= LOG_SIZE * 0.75
            assert used > LOG_SIZE * 0.75 - 1000
            assert (stats.pending_count, stats.log_used_bytes, stats.frame_count) == (0, 0, step + 1)
            assert [memory.content(n) for n in range(step + 1)] == [noise(500, n) for n in range(step + 1)]

    @pytest.mark.parametrize("slack", [-2, -1, 0, 1, 2, 46, 47, 48, 49, 50])
    def test_48_bytes_are_always_left(self, path: Path, slack: int) -> None:
        """The original loses a record that ends nearer than that to the end of the log."""
        disk = FaultFileSystem()
        with mv2.open(path, file_system=disk) as memory:
            start = memory.stats().log_used_bytes
            memory.put(noise(1000))
            overhead = memory.stats().log_used_bytes - start - 1000
            memory.commit()
            disk.calls.clear()
            size = LOG_SIZE - overhead - 48 + slack
            number = memory.put(noise(size))
            assert memory.content(number) == noise(size)
            first = next(call for call in disk.calls if call.kind == "write")
            assert (first.offset == LOG_START) == (slack <= 0)
            if slack <= 0:  # the record and the sentinel behind it
                assert first.offset + first.length <= LOG_START + LOG_SIZE
                assert first.length == size + overhead + 48
        assert path.stat().st_size > size

    def test_a_put_that_does_not_fit_behind_others(self, path: Path) -> None:
        with mv2.open(path) as memory:
            for step in range(6):
                memory.put(noise(40_000, step))
                assert memory.content(step) == noise(40_000, step)
            assert memory.stats().frame_count == 6
        with mv2.open(path, "r") as memory:
            assert [memory.content(n) for n in range(6)] == [noise(40_000, n) for n in range(6)]
            assert codes(memory) == set()

    def test_its_size_follows_the_file(self, path: Path) -> None:
        """A large file has a larger log, after a compaction."""
        with mv2.open(path) as memory:
            memory.put_many([{"content": noise(50_000, n)} for n in range(80)])
            assert memory.stats().log_bytes == LOG_SIZE
            memory.vacuum()
            assert 4 * LOG_SIZE <= memory.stats().log_bytes <= 16 * LOG_SIZE
            generation = memory.stats().generation
            memory.put(noise(100_000))
            assert memory.stats().generation == generation
            assert memory.stats().pending_count == 1
        with mv2.open(path, "r") as memory:
            assert memory.content(80) == noise(100_000)


class TestClosingLazily:
    def test_leaves_records_for_the_next(self, path: Path) -> None:
        for step in range(12):
            with mv2.open(path, close="lazy") as memory:
                memory.put(f"text {step}")
            with mv2.open(path, "r") as reader:
                assert reader.stats().pending_count == step + 1
                assert texts(reader) == [f"text {n}" for n in range(step + 1)]
                assert found(reader, "text") == set(range(step + 1))
        mv2.open(path).close()
        with mv2.open(path, "r") as reader:
            assert reader.stats().pending_count == 0
            assert len(texts(reader)) == 12

    def test_writes_the_record_and_nothing_else(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("first")
        disk = FaultFileSystem()
        with mv2.open(path, close="lazy", file_system=disk) as memory:
            memory.put("second")
        # The directory first: whoever gave the file its name may have died before making sure of it.
        assert [call.kind for call in disk.changes()] == ["sync_directory", "write", "sync"]

    def test_is_refused_where_the_original_would_destroy_vectors(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("x", embedding=[1, 2])
        before = path.read_bytes()
        with pytest.raises(mv2.HandleError, match="vectors") as refusal:
            mv2.open(path, close="lazy")
        assert "force-lazy" in str(refusal.value)
        assert path.read_bytes() == before
        mv2.open(path, lock="handle", lock_timeout=0).close()  # the refused open let go of the file

    def test_unless_forced(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("x", embedding=[1, 2])
        with mv2.open(path, close="force-lazy") as memory:
            memory.put("y", embedding=[3, 4])
        with mv2.open(path, "r") as reader:
            assert reader.stats().pending_count == 1
            assert [list(reader.embedding(n) or ()) for n in (0, 1)] == [[1, 2], [3, 4]]

    def test_vectors_that_came_meanwhile(self, path: Path) -> None:
        """The file had none when it was opened; now it has, so nothing may stay pending."""
        with mv2.open(path, close="lazy") as memory:
            memory.put("x", embedding=[1, 2])
            memory.commit()
            memory.put("y")
        with mv2.open(path, "r") as reader:
            assert reader.stats().pending_count == 0
            assert texts(reader) == ["x", "y"]

    def test_a_full_log_is_moved_all_the_same(self, path: Path) -> None:
        for step in range(30):
            with mv2.open(path, close="lazy") as memory:
                memory.put(noise(5000, step))
                assert memory.stats().log_used_bytes < LOG_SIZE * 0.76
        with mv2.open(path, "r") as reader:
            assert reader.stats().frame_count == 30
            assert codes(reader) == set()
