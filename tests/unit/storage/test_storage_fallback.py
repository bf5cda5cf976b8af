"""Damage to what names the newest state: an older one is shown, it is said, and writing goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_files import (
    LOG_START,
    codes,
    commit_record,
    flip,
    found,
    log_records,
    open_warned,
    overwrite,
    payload_place,
    quiet,
    read,
    tail_of,
    texts,
)

import mv2
from mv2.errors import ChecksumError, CorruptFileError
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE
from mv2.format.footer import FOOTER_SIZE

LOG_SIZE = 64 << 10
THREE = ["first word", "second word", "third word"]


@pytest.fixture
def filled(path: Path) -> Path:
    """Three commits, so that earlier contents still stand in the file."""
    with mv2.open(path) as memory:
        for number, text in enumerate(THREE):
            memory.put(text, uri=f"mv2://{number}", timestamp=number, embedding=[float(number), 1.0])
            memory.commit()
    return path


def recovered(path: Path, wanted: list[str], code: str) -> None:
    """Reading warns and shows ``wanted``; writing goes on from there, and makes the file whole again."""
    before = path.read_bytes()
    with open_warned(path, "r") as memory:
        assert texts(memory) == wanted
        assert found(memory, "word") == set(range(len(wanted)))
        assert [entry.frame_id for entry in memory.timeline()] == list(range(len(wanted)))
        assert code in codes(memory)
    assert path.read_bytes() == before
    with open_warned(path) as memory:
        assert texts(memory) == wanted
        assert memory.put("the next word") == len(wanted)
        generation = memory.stats().generation
    with mv2.open(path, "r") as memory:  # nobody is warned any more
        assert texts(memory) == [*wanted, "the next word"]
        assert found(memory, "word") == set(range(len(wanted) + 1))
        assert memory.stats().generation >= generation
        assert codes(memory) == set()


class TestContents:
    @pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.999])
    def test_the_commit_before_is_shown(self, filled: Path, place: float) -> None:
        record = commit_record(filled.read_bytes())
        flip(filled, record.contents_offset + int(record.contents_length * place))
        recovered(filled, THREE[:2], "contents_damaged")

    def test_and_the_one_before_that(self, filled: Path) -> None:
        record = commit_record(filled.read_bytes())
        flip(filled, record.contents_offset + 10)
        flip(filled, record.previous_offset + 10)
        recovered(filled, THREE[:1], "contents_damaged")

    def test_generations_are_never_used_again(self, filled: Path) -> None:
        newest = commit_record(filled.read_bytes()).generation
        flip(filled, commit_record(filled.read_bytes()).contents_offset + 10)
        with open_warned(filled) as memory:
            assert memory.stats().generation == newest
            memory.commit()
            assert commit_record(filled.read_bytes()).generation == newest + 1

    def test_a_log_that_still_continues_the_earlier_ones_loses_nothing(self, path: Path) -> None:
        """As when a power cut kept the log from being wiped after the commit, which is damaged too."""
        with mv2.open(path) as memory:
            memory.put(THREE[0])
            memory.commit()
            memory.put(THREE[1])
            memory.put(THREE[2])
            log = path.read_bytes()[LOG_START : LOG_START + LOG_SIZE]
            memory.commit()
        overwrite(path, LOG_START, log)
        assert read(path) == THREE
        flip(path, commit_record(path.read_bytes()).contents_offset + 20)
        recovered(path, THREE, "contents_damaged")

    def test_a_log_that_continues_the_damaged_ones_is_not_laid_over_others(self, path: Path) -> None:
        """Its records would get other ids, and other parents."""
        with mv2.open(path, close="lazy") as memory:
            for text in THREE[:2]:
                memory.put(text)
                memory.commit()
            memory.put("in the log")
        assert read(path) == [*THREE[:2], "in the log"]
        flip(path, commit_record(path.read_bytes()).contents_offset + 20)
        with open_warned(path, "r") as memory:
            assert texts(memory) == THREE[:1]
            assert {"contents_damaged", "log_unbound"} <= codes(memory)
        with open_warned(path) as memory:
            assert memory.put("next") == 1
        assert read(path) == [THREE[0], "next"]

    def test_when_no_earlier_ones_are_left(self, filled: Path) -> None:
        """After a vacuum there is one table of contents only."""
        with mv2.open(filled) as memory:
            memory.vacuum()
        flip(filled, commit_record(filled.read_bytes()).contents_offset + 10)
        before = filled.read_bytes()
        for mode in ("r", "r+", "a"):
            with pytest.raises(ChecksumError) as refusal:
                mv2.open(filled, mode)
            assert refusal.value.path == str(filled)
            assert refusal.value.offset == commit_record(before).contents_offset
            assert refusal.value.remedy
        assert filled.read_bytes() == before


class TestHeader:
    @pytest.mark.parametrize("offset", [0, 2, 9, 17, 25, 33, 41, 50, 79])
    def test_its_fields(self, filled: Path, offset: int) -> None:
        """Our commit record beside them says all that they say."""
        flip(filled, offset)
        try:
            with mv2.open(filled, "r") as memory:
                assert texts(memory) == THREE
        except mv2.RecoveryWarning:
            recovered(filled, THREE, "header_damaged")
            return
        with mv2.open(filled) as memory:
            memory.put("the next word")
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == [*THREE, "the next word"]
            assert codes(memory) == set()

    @pytest.mark.parametrize("offset", [0, 8, 16, 100, 300, 480, 511])
    def test_the_commit_record(self, filled: Path, offset: int) -> None:
        flip(filled, HEADER_POSITION + offset)
        recovered(filled, THREE, "commit_record_damaged")

    @pytest.mark.parametrize("lost", [(0, 80), (0, 512), (0, 1024), (0, 4096), (512, 1024)], ids=str)
    def test_zeros(self, filled: Path, lost: tuple[int, int]) -> None:
        overwrite(filled, lost[0], bytes(lost[1] - lost[0]))
        if lost[0] == 0:
            recovered(filled, THREE, "header_damaged")
            return
        # without a record the file looks as the original leaves it, whose rules then hold
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == THREE
        with mv2.open(filled) as memory:
            memory.put("the next word")
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == [*THREE, "the next word"]
            assert codes(memory) == set()

    def test_the_log_is_not_lost_with_it(self, path: Path) -> None:
        with mv2.open(path, close="lazy") as memory:
            memory.put(THREE[0])
            memory.commit()
            memory.put(THREE[1])
            memory.put(THREE[2])
        overwrite(path, 0, bytes(4096))
        recovered(path, THREE, "header_damaged")

    def test_header_and_contents(self, filled: Path) -> None:
        record = commit_record(filled.read_bytes())
        overwrite(filled, 0, bytes(4096))
        flip(filled, record.contents_offset + 10)
        recovered(filled, THREE[:2], "header_damaged")

    def test_record_and_contents(self, filled: Path) -> None:
        record = commit_record(filled.read_bytes())
        flip(filled, HEADER_POSITION + 20)
        flip(filled, record.contents_offset + 10)
        recovered(filled, THREE[:2], "commit_record_damaged")

    def test_record_and_its_copy(self, filled: Path) -> None:
        """The newest footer whose contents fit counts, whoever wrote it."""
        record = commit_record(filled.read_bytes())
        flip(filled, HEADER_POSITION + 20)
        flip(filled, record.contents_offset - RECORD_SIZE + 20)
        with open_warned(filled, "r") as memory:
            assert texts(memory) in (THREE, THREE[:2])

    def test_everything_that_names_contents(self, filled: Path) -> None:
        data = bytearray(filled.read_bytes())
        data[:4096] = bytes(4096)
        place = data.find(b"MV2FOOT!")
        while place >= 0:
            data[place] ^= 1
            place = data.find(b"MV2FOOT!")
        filled.write_bytes(data)
        for mode in ("r", "r+", "a"):
            with pytest.raises(CorruptFileError):
                mv2.open(filled, mode)
        assert filled.read_bytes() == data


class TestEnd:
    @pytest.mark.parametrize("offset", range(0, FOOTER_SIZE, 11))
    def test_the_footer(self, filled: Path, offset: int) -> None:
        """Only the original needs it; verify says that it is damaged, the next commit makes a new one."""
        record = commit_record(filled.read_bytes())
        flip(filled, record.contents_offset + record.contents_length + offset)
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == THREE
            assert codes(memory) == {"footer_damaged"}
        with mv2.open(filled) as memory:
            memory.put("the next word")
        with mv2.open(filled, "r") as memory:
            assert codes(memory) == set()

    @pytest.mark.parametrize("cut", [1, 30, 56, 57, 200])
    def test_cut_off(self, filled: Path, cut: int) -> None:
        data = filled.read_bytes()
        filled.write_bytes(data[:-cut])
        if cut <= FOOTER_SIZE:
            assert read(filled) == THREE
        else:
            with open_warned(filled, "r") as memory:
                assert texts(memory) == THREE[:2]
        with quiet():
            memory = mv2.open(filled)
        with memory:
            count = memory.stats().frame_count
            assert memory.put("the next word") == count
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == [*THREE[:count], "the next word"]
            assert codes(memory) == set()

    @pytest.mark.parametrize("garbage", [b"x", b"garbage" * 1000, b"MV2FOOT!" * 100, bytes(5000)])
    def test_garbage_behind_it(self, filled: Path, garbage: bytes) -> None:
        """As an unfinished commit leaves it."""
        filled.write_bytes(filled.read_bytes() + garbage)
        assert read(filled) == THREE
        with mv2.open(filled) as memory:
            memory.put("the next word")
        with mv2.open(filled, "r") as memory:
            assert texts(memory) == [*THREE, "the next word"]
            assert codes(memory) == set()

    def test_what_an_unfinished_commit_left_is_given_back(self, filled: Path) -> None:
        """The original would take a footer there for the newest: a writable open removes it."""
        data = filled.read_bytes()
        record = commit_record(data)
        filled.write_bytes(data + data[record.contents_offset - RECORD_SIZE :])
        mv2.open(filled, "r").close()
        assert filled.stat().st_size > len(data)
        mv2.open(filled).close()
        assert filled.read_bytes() == data


class TestDerivedData:
    """What can be made again from the frames is never trusted when damaged, and nobody has to notice."""

    def whole(self, memory: mv2.Memvid) -> None:
        assert texts(memory) == THREE
        assert found(memory, "word") == {0, 1, 2}
        assert found(memory, "second") == {1}
        assert [entry.frame_id for entry in memory.timeline()] == [0, 1, 2]
        assert [entry.frame_id for entry in memory.timeline(since=1, reverse=True)] == [2, 1]
        assert [memory.frame(f"mv2://{number}").id for number in range(3)] == [0, 1, 2]
        assert memory.stats().frame_count == 3

    def damaged(self, path: Path, ranges: list[tuple[int, int]], code: str) -> None:
        """Each range is damaged in turn: answers stay right, verify tells, the next commit heals."""
        data = path.read_bytes()
        assert ranges
        for offset, length in ranges:
            for place in {offset, offset + length // 2, offset + length - 1}:
                path.write_bytes(data)
                flip(path, place)
                with mv2.open(path, "r") as memory:
                    self.whole(memory)
                    report = memory.verify()
                    assert not report.ok
                    assert {f.code for f in report.findings if f.severity == "error"} == {code}
                    assert any(f.offset is not None and f.offset <= place for f in report.findings)
                with mv2.open(path) as memory:
                    self.whole(memory)
                    memory.put("x")
                    memory.delete(3)
                    memory.commit()
                    self.whole_but_for_the_count(memory)

    def whole_but_for_the_count(self, memory: mv2.Memvid) -> None:
        assert found(memory, "word") == {0, 1, 2}
        assert texts(memory) == THREE
        assert codes(memory) == set()

    def test_accelerator(self, filled: Path) -> None:
        record = commit_record(filled.read_bytes())
        self.damaged(filled, [(record.accelerator_offset, record.accelerator_length)], "accelerator_damaged")

    def test_lexical_files(self, filled: Path) -> None:
        segments = tail_of(filled.read_bytes()).catalogue.tantivy_segments
        self.damaged(filled, [(s.offset, s.length) for s in segments], "range_damaged")

    def test_time_index(self, filled: Path) -> None:
        manifest = tail_of(filled.read_bytes()).time_index
        assert manifest is not None
        self.damaged(filled, [(manifest.offset, manifest.length)], "range_damaged")

    def test_sketches(self, filled: Path) -> None:
        manifest = tail_of(filled.read_bytes()).sketch_track
        assert manifest is not None
        self.damaged(filled, [(manifest.offset, manifest.length)], "range_damaged")


class TestOwnData:
    """What cannot be made again: a typed error names the place, and everything else goes on."""

    def test_a_payload(self, filled: Path) -> None:
        data = filled.read_bytes()
        place = payload_place(data, 1)
        flip(filled, place + 3)
        with mv2.open(filled, "r") as memory:
            for read_it in (memory.content, memory.text):
                with pytest.raises(ChecksumError, match="frame 1") as refusal:
                    read_it(1)
                assert (refusal.value.offset, refusal.value.path) == (place, str(filled))
                assert refusal.value.remedy
            assert [memory.text(number) for number in (0, 2)] == [THREE[0], THREE[2]]
            assert [frame.id for frame in memory.frames()] == [0, 1, 2]
            assert "frame_damaged" in codes(memory)
            finding = next(f for f in memory.verify().findings if f.code == "frame_damaged")
            assert finding.frame_id == 1

    def test_a_damaged_payload_stands_in_nobodys_way(self, filled: Path) -> None:
        flip(filled, payload_place(filled.read_bytes(), 1) + 3)
        with mv2.open(filled) as memory:
            assert memory.put("fourth word") == 3
            memory.commit()
            assert {0, 2, 3} <= found(memory, "word")
            with pytest.raises(ChecksumError):
                memory.vacuum()
            assert memory.put("fifth word") == 4
            memory.delete(1)
            memory.commit()
            assert memory.text(0) == THREE[0]
        with mv2.open(filled, "r") as memory:
            assert memory.text(4) == "fifth word"
            with pytest.raises(ChecksumError):
                memory.text(1)

    def test_a_vector_segment(self, filled: Path) -> None:
        segment = tail_of(filled.read_bytes()).catalogue.vec_segments[1]
        flip(filled, segment.offset + segment.length - 3)
        with mv2.open(filled, "r") as memory:
            with pytest.raises(ChecksumError) as refusal:
                memory.embedding(1)
            assert refusal.value.offset == segment.offset
            assert texts(memory) == THREE
            assert found(memory, "word") == {0, 1, 2}
            assert codes(memory) == {"range_damaged"}


def test_a_log_record_damaged_in_the_middle_and_the_header_lost(path: Path) -> None:
    """Both at once: the rest is still there."""
    with mv2.open(path, close="lazy") as memory:
        for number in range(5):
            memory.put(f"text {number}")
    flip(path, log_records(path.read_bytes())[1].start + 60)
    overwrite(path, 0, bytes(1024))
    with open_warned(path) as memory:
        assert texts(memory) == ["text 0", "text 2", "text 3", "text 4"]
        assert memory.put("next") == 5
    assert read(path) == ["text 0", "text 2", "text 3", "text 4", "next"]
