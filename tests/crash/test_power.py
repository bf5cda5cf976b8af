"""The simulation of power cuts itself.

A crash suite that passes proves nothing if the simulation never produces the
dangerous states. Here two tiny programs of known quality go through it: the
careful ones must survive every state, and each careless one must be caught.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from mv2.testing.events import DirectorySync, Entry, Image, Note, Record, Rename, Resize, Sync, Write
from mv2.testing.fates import GHOST, KEPT, LOST, SECTOR, Fate, histories, survive
from mv2.testing.power import Cut, count_cuts, power_cuts
from mv2.testing.recording import RecordingFileSystem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mv2.storage.device import File

A, B, C = (bytes([letter]) * SECTOR for letter in b"abc")


class TestSurvive:
    def test_kept_and_lost_writes(self) -> None:
        pending = [Write(1, 0, B), Write(1, SECTOR, C)]
        assert survive(A, pending, [KEPT, KEPT]) == B + C
        assert survive(A, pending, [LOST, KEPT]) == A + C
        assert survive(A, pending, [KEPT, LOST]) == B
        assert survive(A, pending, [LOST, LOST]) == A

    def test_a_file_may_have_grown_without_its_bytes(self) -> None:
        assert survive(A, [Write(1, SECTOR, B)], [GHOST]) == A + bytes(SECTOR)

    def test_torn_at_sectors(self) -> None:
        write = [Write(1, 0, A + B + C)]
        assert survive(b"", write, [Fate("head", 1)]) == A
        assert survive(b"", write, [Fate("head", 1, grown=True)]) == A + bytes(2 * SECTOR)
        assert survive(b"", write, [Fate("tail", 2, grown=True)]) == bytes(SECTOR) + B + C
        assert survive(b"", write, [Fate("even", grown=True)]) == A + bytes(SECTOR) + C
        assert survive(b"", write, [Fate("odd", grown=True)]) == bytes(SECTOR) + B + bytes(SECTOR)

    def test_tears_follow_sectors_of_the_disk_not_of_the_write(self) -> None:
        write = [Write(1, 500, b"x" * 24)]
        assert survive(bytes(1024), write, [Fate("head", 1)]) == bytes(500) + b"x" * 12 + bytes(512)
        assert survive(bytes(1024), write, [Fate("tail", 1)]) == bytes(512) + b"x" * 12 + bytes(500)

    def test_a_sector_holds_one_moment_of_its_history(self) -> None:
        """A later write to a sector cannot reach the disk without an earlier one to the same sector."""
        pending = [Write(1, 0, b"1"), Write(1, 1, b"2")]
        assert survive(bytes(4), pending, [LOST, KEPT]) == b"12\0\0"
        assert survive(bytes(4), pending, [KEPT, LOST]) == b"1\0\0\0"

    def test_resizes(self) -> None:
        assert survive(A + B, [Resize(1, SECTOR)], [KEPT]) == A
        assert survive(A + B, [Resize(1, SECTOR)], [LOST]) == A + B
        assert survive(A, [Resize(1, 2 * SECTOR)], [KEPT]) == A + bytes(SECTOR)
        assert survive(A + B, [Resize(1, 10), Write(1, 2 * SECTOR, C)], [KEPT, KEPT])[10:SECTOR] == bytes(502)

    def test_histories_cover_the_named_cases(self) -> None:
        pending = [Write(1, 0, A), Write(1, SECTOR, B + C), Write(1, 3 * SECTOR, A)]
        results = {survive(b"", pending, fates) for _, fates in histories(pending, seed=1)}
        assert {b"", A, A + B + C, A + B + C + A} <= results, "every prefix"
        assert A + bytes(2 * SECTOR) + A in results, "the middle one missing"
        assert bytes(3 * SECTOR) + A in results, "only the last"
        assert bytes(4 * SECTOR) in results, "sizes without contents"
        assert {A + B, A + bytes(SECTOR) + C} <= results, "the middle one torn"

    def test_histories_do_not_change_with_the_same_seed(self) -> None:
        pending = [Write(1, 0, A * 9), Write(1, 0, B * 3)]
        assert list(histories(pending, seed=7)) == list(histories(pending, seed=7))


class TestPowerCuts:
    def test_nothing_is_lost_after_a_sync(self) -> None:
        record = Record({1: b""}, {"m": 1}, [Write(1, 0, A), Sync(1), Note("done", 0), Write(1, SECTOR, B)])
        after = [cut for cut in power_cuts(record) if cut.done == 0]
        assert after
        assert all(cut.image.files["m"].startswith(A) for cut in after)
        assert {cut.image.files["m"] for cut in after} == {A, A + B, A + bytes(SECTOR)}

    def test_a_name_is_durable_only_after_the_directory_is_synced(self) -> None:
        record = Record({1: A, 2: B}, {"m": 1, "t": 2}, [Rename("t", "m", 2), Note("done", 0)])
        assert {frozenset(cut.image.files.items()) for cut in power_cuts(record) if cut.done == 0} == {
            frozenset({"m": A, "t": B}.items()),
            frozenset({"m": B}.items()),
        }
        record.events.insert(1, DirectorySync(""))
        images = [cut.image.files for cut in power_cuts(record) if cut.done == 0]
        assert images == [{"m": B}]

    def test_a_created_file_may_have_a_name_and_no_contents(self) -> None:
        record = Record({}, {}, [Entry("m", 1), Write(1, 0, A), Sync(1)])
        images = [cut.image.files for cut in power_cuts(record)]
        assert {} in images
        assert {"m": b""} in images
        assert {"m": A} in images

    def test_a_limit_spreads_over_all_moments(self) -> None:
        events = [event for i in range(50) for event in (Write(1, i * 2000, A * 3), Sync(1), Note("done", i))]
        record = Record({1: b""}, {"m": 1}, events)
        assert sum(count_cuts(record).values()) > 200
        cuts = list(power_cuts(record, limit=100, seed=3))
        assert 80 <= len(cuts) <= 100
        assert {cut.done for cut in cuts} >= set(range(0, 49, 2))
        assert [str(cut) for cut in cuts] == [str(cut) for cut in power_cuts(record, limit=100, seed=3)]

    def test_equal_states_come_once(self) -> None:
        record = Record({1: A}, {"m": 1}, [Sync(1), Sync(1), Write(1, 0, A), Sync(1)])
        assert len(list(power_cuts(record))) == 1


class TestRecording:
    def test_the_record_ends_where_the_directory_ends(self, tmp_path: Path) -> None:
        (tmp_path / "old").write_bytes(b"was here")
        recorder = RecordingFileSystem(str(tmp_path))
        file = recorder.open_file(str(tmp_path / "new"), writable=True, create=True, exclusive=True)
        file.write(3, [b"ab", memoryview(b"cd")])
        file.resize(6)
        file.sync()
        file.close()
        recorder.link(str(tmp_path / "new"), str(tmp_path / "other"))
        recorder.rename(str(tmp_path / "new"), str(tmp_path / "old"))
        recorder.unlink(str(tmp_path / "other"))
        recorder.sync_directory(str(tmp_path))
        assert recorder.record.final_image() == Image.of(str(tmp_path)) == Image({"old": b"\0\0\0abc"})
        kinds = [type(event).__name__ for event in recorder.record]
        assert kinds == ["Entry", "Write", "Resize", "Sync", "Entry", "Rename", "Removal", "DirectorySync"]

    def test_other_directories_are_not_recorded(self, tmp_path: Path) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        recorder = RecordingFileSystem(str(inside))
        recorder.open_file(str(tmp_path / "x"), writable=True, create=True).close()
        assert recorder.record.events == []


class TinyLog:
    """Appends checksummed records to one file; ``careful`` syncs before it acknowledges."""

    def __init__(self, recorder: RecordingFileSystem, path: str, *, careful: bool) -> None:
        self.recorder, self.careful, self.end = recorder, careful, 0
        self.file: File = recorder.open_file(path, writable=True)

    def append(self, number: int, data: bytes) -> None:
        self.recorder.begin(number)
        self.file.write(self.end, struct.pack("<II", len(data), zlib.crc32(data)) + data)
        self.end += 8 + len(data)
        if self.careful:
            self.file.sync()
        self.recorder.done(number)
        if not self.careful:
            self.file.sync()

    @staticmethod
    def read(content: bytes) -> list[bytes]:
        found, position = [], 0
        while position + 8 <= len(content):
            length, check = struct.unpack_from("<II", content, position)
            data = content[position + 8 : position + 8 + length]
            if length == 0 or len(data) < length or zlib.crc32(data) != check:
                break
            found.append(data)
            position += 8 + length
        return found


def _replace(recorder: RecordingFileSystem, root: Path, data: bytes, *, leave_out: str) -> None:
    """Replace a file through a temporary one, with one step left out."""
    temporary, target = str(root / "m.tmp"), str(root / "m")
    recorder.begin(0)
    file = recorder.open_file(temporary, writable=True, create=True)
    file.write(0, data)
    if leave_out != "file sync":
        file.sync()
    recorder.rename(temporary, target)
    if leave_out != "directory sync":
        recorder.sync_directory(str(root))
    recorder.done(0)
    file.close()


class TestKnownPrograms:
    """What the enumeration is for: telling careful programs from careless ones."""

    @pytest.mark.parametrize("careful", [True, False])
    def test_log(self, tmp_path: Path, careful: bool) -> None:
        (tmp_path / "m").touch()
        recorder = RecordingFileSystem(str(tmp_path))
        log = TinyLog(recorder, str(tmp_path / "m"), careful=careful)
        records = [bytes([65 + i]) * (700 * i + 10) for i in range(4)]
        for number, data in enumerate(records):
            log.append(number, data)

        def complaint(cut: Cut) -> str | None:
            found = TinyLog.read(cut.image.files["m"])
            lost = found[: cut.done + 1] != records[: cut.done + 1]
            return "acknowledged record lost" if lost or found != records[: len(found)] else None

        _assert_caught(recorder, complaint, careless=not careful)

    @pytest.mark.parametrize("leave_out", ["", "file sync", "directory sync"])
    def test_replacement(self, tmp_path: Path, leave_out: str) -> None:
        old, new = A * 2, B * 5
        (tmp_path / "m").write_bytes(old)
        recorder = RecordingFileSystem(str(tmp_path))
        _replace(recorder, tmp_path, new, leave_out=leave_out)

        def complaint(cut: Cut) -> str | None:
            allowed = [new] if cut.done == 0 else [old, new]
            return None if cut.image.files.get("m") in allowed else "neither the old nor the new file"

        _assert_caught(recorder, complaint, careless=bool(leave_out))


def _assert_caught(
    recorder: RecordingFileSystem, complaint: Callable[[Cut], str | None], *, careless: bool
) -> None:
    complaints = [f"{text}: {cut}" for cut in power_cuts(recorder.record) if (text := complaint(cut))]
    if careless:
        assert complaints, "the careless program was not caught"
    else:
        assert not complaints, complaints[0]
