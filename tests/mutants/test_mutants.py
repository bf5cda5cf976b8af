"""The suites can fail.

Each test here takes a promise out of the engine, the way a hasty change might,
and runs a small part of the crash suite on what is left. The suite must turn
red. A mutant that survives means that the suite does not check what it says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import mv2
from mv2.index.frames import FrameIndex
from mv2.ingest import mutations
from mv2.storage import commit, log, state
from mv2.storage.checkpoint import CommitWriter, anchor_of
from mv2.storage.commit import Anchor, encode_header_page
from mv2.storage.device import File
from mv2.storage.log import LogAppender
from mv2.testing import careless
from mv2.testing.check import Outcome, run_cuts
from mv2.testing.recording import RecordingFileSystem
from mv2.testing.scenarios import play

if TYPE_CHECKING:
    from mv2.format.commit_record import CommitRecord
    from mv2.format.frame import FrameRecord

Maker = Callable[[str], RecordingFileSystem]


def _judge(scenarios: Sequence[str], make: Maker = RecordingFileSystem, limit: int = 400) -> tuple[int, str]:
    """Run the scenarios until one check fails; returns (states tried, what failed)."""
    states = 0
    for name in scenarios:
        try:
            story = play(name, make)
        except (mv2.Error, AssertionError, ValueError, KeyError, IndexError) as error:
            return states, f"{name}: {type(error).__name__}: {error}"
        outcome: Outcome = run_cuts(story, limit=limit, seed=3, stop_at=1)
        states += outcome.states
        if outcome.failures:
            return states, str(outcome.failures[0])
    return states, ""


def _assert_caught(scenarios: Sequence[str], make: Maker = RecordingFileSystem) -> None:
    states, failure = _judge(scenarios, make)
    print(f"caught after {states} states: {failure[:600]}")
    assert failure, f"the mutant survived {states} states of {list(scenarios)}"


def test_the_healthy_engine_passes() -> None:
    """The control: the same slice is green without a mutation."""
    states, failure = _judge(["checkpoints", "compaction"], limit=60)
    assert not failure, failure
    assert states > 50


FORGOTTEN = {
    "log": (careless.log_syncs, ["puts"]),
    "contents before the header": (careless.data_syncs, ["checkpoints", "small_after_wrap"]),
    "header": (careless.header_syncs, ["small_after_wrap", "wraps"]),
    "every file": (careless.file_syncs, ["puts"]),
    "directory after a rename": (careless.directory_syncs_after_renames, ["compaction"]),
    "directory after creation": (careless.directory_syncs, ["creation"]),
}


@pytest.mark.parametrize("what", list(FORGOTTEN))
def test_a_sync_left_out(what: str) -> None:
    forgets, scenarios = FORGOTTEN[what]
    _assert_caught(scenarios, partial(careless.ForgetfulFileSystem, forgets=forgets))


def test_acknowledged_before_the_sync() -> None:
    _assert_caught(["puts"], careless.LateFileSystem)


def test_header_written_before_the_contents_are_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    def commit_hastily(self: CommitWriter, record: CommitRecord, checksum: bytes) -> Anchor:
        self._file.write(0, encode_header_page(record, checksum))
        self._file.sync()
        return anchor_of(record)

    monkeypatch.setattr(CommitWriter, "_commit", commit_hastily)
    _assert_caught(["checkpoints"])


def test_no_sentinel_behind_the_last_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor zeros of any other kind: old records stand right behind new ones."""
    monkeypatch.setattr(log, "SENTINEL", b"")
    monkeypatch.setattr(LogAppender, "wipe", lambda self, used: None)
    monkeypatch.setattr(LogAppender, "ensure_clean", lambda self: None)
    _assert_caught(["small_after_wrap", "wraps"])


def test_ids_count_pending_records_instead_of_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    def count_deletions_too(self: mutations._GroupSink) -> int:
        sequences = [*self._view.overlay._ids, self._view.base.frame_count - 1]
        return max(sequences) + 1 + len(self._added)

    monkeypatch.setattr(mutations._GroupSink, "next_id", count_deletions_too)
    _assert_caught(["chunked", "changes"])


def test_records_are_replayed_without_comparing_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that stands in the log is laid over the contents, checkpointed or not."""

    def from_the_start(region: log.LogRegion, checkpoint_sequence: int, *, by_original: bool) -> int:
        del region, checkpoint_sequence, by_original
        return 0

    scan = log.scan

    def whatever_is_there(region: log.LogRegion, position: int, expected: int, **options: Any) -> log.LogScan:
        first = int.from_bytes(region.read(position, 8), "little")
        return scan(region, position, first or expected, **options)

    monkeypatch.setattr(state, "first_pending", from_the_start)
    monkeypatch.setattr(state, "scan", whatever_is_there)
    _assert_caught(["checkpoints"])


def test_the_last_footer_is_trusted_without_a_commit_record(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = commit.resolve

    def newest_footer(file: File) -> Anchor:
        anchor = resolve(file)
        for offset, footer in commit._valid_footers(file, file.size()):
            return dataclasses.replace(
                anchor,
                source="header",
                contents_offset=offset,
                contents_length=footer.contents_length,
                contents_digest=footer.contents_digest,
                record=None,
            )
        return anchor

    monkeypatch.setattr(state, "resolve", newest_footer)
    _assert_caught(["checkpoints"])


def test_a_frame_is_listed_and_not_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    add = FrameIndex.add

    def add_most(self: FrameIndex, record: FrameRecord, text: str) -> None:
        if record.id % 4:
            add(self, record, text)

    monkeypatch.setattr(FrameIndex, "add", add_most)
    _assert_caught(["checkpoints"])


def test_a_deleted_frame_stays_in_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search hides it, so that only ``verify`` can tell."""
    monkeypatch.setattr(FrameIndex, "remove", lambda self, frame_id: None)
    _assert_caught(["changes"])


def test_the_index_is_published_before_the_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit whose frames and index are of different moments is a search that lies."""
    write = CommitWriter._write_lexical

    def keep_the_one_before(self: CommitWriter, files: Any, sequence: int) -> None:
        if self._base is None or not self._tail.catalogue.tantivy_segments:
            write(self, files, sequence)

    monkeypatch.setattr(CommitWriter, "_write_lexical", keep_the_one_before)
    _assert_caught(["checkpoints"])


def test_contents_are_overwritten_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    start = CommitWriter.__init__

    def at_the_old_place(self: CommitWriter, file: File, base: Any, start_at: int, *more: Any) -> None:
        record = None if base is None else base.anchor.record
        start(self, file, base, start_at if record is None else record.accelerator_offset, *more)

    monkeypatch.setattr(CommitWriter, "__init__", at_the_old_place)
    _assert_caught(["checkpoints"])


def test_groups_are_not_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch whose records are shown one by one is half there after a torn write."""
    encode = log.encode_record

    def alone(sequence: int, payload: bytes, remaining: int = 0) -> bytes:
        return encode(sequence, payload, remaining & ~log.REMAINING_MASK)

    monkeypatch.setattr(log, "encode_record", alone)
    _assert_caught(["batches", "chunked"])


def test_records_are_taken_without_their_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    class Anything(bytes):
        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = bytes.__hash__

    monkeypatch.setattr(log, "digest", lambda data: Anything(32))
    _assert_caught(["puts", "wraps"])


def test_the_rest_of_a_torn_write_is_left_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogAppender, "ensure_clean", lambda self: None)
    _assert_caught(["puts", "wraps"])
