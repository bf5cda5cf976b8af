"""Capacity: the ticket every new file has limits nothing, one that somebody applied does."""

from __future__ import annotations

from pathlib import Path

import pytest
from life import stored_tail

import mv2
from mv2.errors import CapacityExceededError
from mv2.format.checksum import digest, hasher
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE, decode_commit_record, encode_commit_record
from mv2.format.contents import contents_checksum, decode_contents, encode_contents_tail
from mv2.format.footer import Footer, encode_footer
from mv2.format.header import decode_header, encode_header
from mv2.format.manifests import TicketRef

NOISE = b"\xff" + bytes(range(256)) * 40


def apply_ticket(path: Path, ticket: TicketRef, *, by_original: bool = False) -> None:
    """Write the newest contents again with another ticket, by the format's rules alone."""
    data = path.read_bytes()
    record = decode_commit_record(data[HEADER_POSITION:][:RECORD_SIZE])
    old = data[record.contents_offset :][: record.contents_length]
    _, columns, tail = decode_contents(old)
    tail.ticket = ticket
    state = hasher()
    state.update(body := old[: columns.end] + encode_contents_tail(tail))
    contents = body + contents_checksum(state)
    record.contents_digest = digest(contents)
    record.contents_length = len(contents)
    record.data_end = record.contents_offset + len(contents) + 56
    record.accelerator_length = record.accelerator_offset = 0
    record.accelerator_digest = bytes(32)
    record.flags |= 2
    header = decode_header(data)
    header.toc_checksum = contents[-32:]
    sealed = encode_commit_record(record)
    start = record.contents_offset
    end = encode_footer(Footer(len(contents), record.contents_digest, record.generation))
    new = bytearray(data[: start - RECORD_SIZE] + sealed + contents + end)
    new[:80] = encode_header(header)
    new[HEADER_POSITION:][:RECORD_SIZE] = sealed
    new[HEADER_POSITION : HEADER_POSITION + RECORD_SIZE] = bytes(RECORD_SIZE) if by_original else sealed
    path.write_bytes(new)


@pytest.fixture
def filled(path: Path) -> Path:
    with mv2.open(path) as memory:
        memory.put("first", uri="mv2://first")
    return path


def room(path: Path, more: int) -> int:
    """A capacity that leaves ``more`` bytes beyond the file as it is."""
    return path.stat().st_size + more


@pytest.mark.parametrize("by_original", [False, True])
class TestApplied:
    def test_what_does_not_fit_is_refused(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("me", 2, 0, room(filled, 5000)), by_original=by_original)
        with mv2.open(filled) as memory:
            for refused in (
                lambda: memory.put(NOISE),
                lambda: memory.put_many([{"content": "small"}, {"content": NOISE}]),
                lambda: memory.update("mv2://first", content=NOISE),
            ):
                with pytest.raises(CapacityExceededError) as refusal:
                    refused()
                assert refusal.value.path == str(filled)
                assert refusal.value.remedy
                assert refusal.value.code == "MV001"
            assert memory.stats().frame_count == 1
            assert memory.put("this fits") == 1
        with mv2.open(filled, "r") as memory:
            assert [memory.text(frame.id) for frame in memory.frames()] == ["first", "this fits"]

    def test_the_ticket_stays(self, filled: Path, by_original: bool) -> None:
        ticket = TicketRef("me", 7, 99, 10**9)
        apply_ticket(filled, ticket, by_original=by_original)
        with mv2.open(filled) as memory:
            memory.put(NOISE)
            memory.commit()
            assert stored_tail(filled).ticket == ticket
            memory.vacuum()
        assert stored_tail(filled).ticket == ticket

    def test_a_batch_is_refused_as_a_whole(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("me", 2, 0, room(filled, 5000)), by_original=by_original)
        with mv2.open(filled) as memory:
            with pytest.raises(CapacityExceededError), memory.batch():  # noqa: PT012
                memory.put("small")
                memory.put(NOISE)
            assert memory.stats().frame_count == 1

    def test_many_small_ones_do_not_slip_through(self, filled: Path, by_original: bool) -> None:
        """Each alone would fit, in one call or one after the other."""
        capacity = room(filled, 60_000)
        apply_ticket(filled, TicketRef("me", 2, 0, capacity), by_original=by_original)
        rows = [{"content": b"%03d" % n + NOISE[:2000]} for n in range(200)]
        with mv2.open(filled) as memory:
            with pytest.raises(CapacityExceededError):
                memory.put_many(rows)
            assert memory.stats().frame_count == 1
            with pytest.raises(CapacityExceededError), memory.batch():  # noqa: PT012
                for row in rows:
                    memory.put(**row)
            assert memory.stats().frame_count == 1
            with pytest.raises(CapacityExceededError):  # noqa: PT012
                for row in rows:
                    memory.put(**row)
        with mv2.open(filled, "r") as memory:
            assert 1 < memory.stats().frame_count < 40

    def test_a_full_memory_can_be_read_and_emptied(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("me", 2, 0, 1), by_original=by_original)
        with mv2.open(filled) as memory:
            with pytest.raises(CapacityExceededError):
                memory.put("x")
            assert memory.find("first").total == 1
            memory.delete("mv2://first")
            memory.commit()
            memory.vacuum()
            assert memory.stats().active_frame_count == 0

    def test_the_original_default_means_no_limit(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("free-tier", 1, 0, 1000), by_original=by_original)
        with mv2.open(filled) as memory:
            memory.put(NOISE)

    def test_zero_means_no_limit(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("me", 1, 0, 0), by_original=by_original)
        with mv2.open(filled) as memory:
            memory.put(NOISE)

    def test_a_verified_one_counts_whoever_issued_it(self, filled: Path, by_original: bool) -> None:
        apply_ticket(filled, TicketRef("free-tier", 1, 0, 1000, True), by_original=by_original)
        with mv2.open(filled) as memory, pytest.raises(CapacityExceededError):
            memory.put(NOISE)


def test_a_new_file_has_the_originals_ticket(path: Path) -> None:
    """50 MiB stand in the file for the original's sake; the test above shows that it is no limit."""
    with mv2.open(path) as memory:
        memory.put("x")
        memory.commit()
        memory.vacuum()
    assert stored_tail(path).ticket == TicketRef("free-tier", 1, 0, 50 << 20, False)
