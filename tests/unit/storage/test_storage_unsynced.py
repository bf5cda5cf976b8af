"""Records that nobody has forced to the medium: they prove nothing about those before them."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_files import flip, log_records, open_warned, read, texts

import mv2
from mv2.format.wal import OP_TOMBSTONE, FrameEntry
from mv2.storage.overlay import Overlay


def put_five(path: Path, durability: mv2.types.Durability) -> None:
    with mv2.open(path, durability=durability, close="lazy") as memory:
        for number in range(5):
            memory.put(f"text {number}")


def test_marks_of_synced_records(path: Path) -> None:
    """Each record says whether everything before it was on the medium when it was written."""
    put_five(path, "full")
    assert [record.synced for record in log_records(path.read_bytes())] == [True] * 5


def test_marks_of_unsynced_records(path: Path) -> None:
    put_five(path, "none")
    assert [record.synced for record in log_records(path.read_bytes())] == [True] + [False] * 4


@pytest.mark.parametrize("victim", [1, 2, 3])
def test_a_bad_record_among_unsynced_ones_is_the_torn_end(path: Path, victim: int) -> None:
    """The system may have written later ones first: nothing behind the bad one is known to be durable."""
    put_five(path, "none")
    flip(path, log_records(path.read_bytes())[victim].start + 60)
    assert read(path) == [f"text {number}" for number in range(victim)]
    with mv2.open(path) as memory:
        assert memory.put("next") == victim
    assert read(path) == [*(f"text {number}" for number in range(victim)), "next"]


def test_a_sync_in_between_vouches_for_what_came_before(path: Path) -> None:
    put_five(path, "none")
    with mv2.open(path, close="lazy") as memory:
        memory.put("text 5")
        memory.put("text 6")  # knows of the sync that the one before has made
    flip(path, log_records(path.read_bytes())[2].start + 60)
    with open_warned(path, "r") as memory:
        assert texts(memory) == ["text 0", "text 1", "text 3", "text 4", "text 5", "text 6"]


def test_the_first_cause_of_a_change_stays() -> None:
    """Logs of others may delete a frame twice; when it stopped being active is not changed by that."""
    overlay = Overlay(3)
    for at in (100, 200):
        overlay.apply(at, FrameEntry(timestamp=at, op=OP_TOMBSTONE, target_frame_id=1))
    overlay.apply(300, FrameEntry(timestamp=300, supersedes_frame_id=1, search_text=""))
    assert (overlay.changes[1].at, overlay.changes[1].superseded_by) == (100, None)
