"""Looks into memory files, and damages them, by the rules of the format alone."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mv2
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE, CommitRecord, decode_commit_record
from mv2.format.contents import ContentsTail, decode_contents
from mv2.format.frame import decode_frame
from mv2.format.wal import (
    FLAG_GROUP_START,
    FLAG_SYNCED,
    RECORD_HEAD,
    REMAINING_MASK,
    FrameEntry,
    decode_record_head,
    decode_wal_payload,
)

LOG_START = 4096


class LogRecord(NamedTuple):
    """A record of the log: its place in the file, its marks, and what it says."""

    start: int
    end: int
    sequence: int
    remaining: int
    starts_group: bool
    synced: bool
    entry: FrameEntry


def commit_record(data: bytes) -> CommitRecord:
    """The commit record in the header."""
    return decode_commit_record(data[HEADER_POSITION : HEADER_POSITION + RECORD_SIZE])


def tail_of(data: bytes) -> ContentsTail:
    """What stands behind the frames in the newest contents."""
    record = commit_record(data)
    return decode_contents(data[record.contents_offset :][: record.contents_length])[2]


def payload_place(data: bytes, frame_id: int) -> int:
    """Where the stored bytes of a committed frame stand."""
    record = commit_record(data)
    contents = data[record.contents_offset :][: record.contents_length]
    starts = decode_contents(contents)[1].starts
    return decode_frame(contents, starts[frame_id], starts[frame_id + 1]).payload_offset


def log_records(data: bytes) -> list[LogRecord]:
    """Every record from the start of the log to the first sentinel."""
    record = commit_record(data)
    found = []
    position, end = record.log_offset, record.log_offset + record.log_size
    while position + RECORD_HEAD <= end:
        head = decode_record_head(data, position)
        if head.is_sentinel:
            break
        stop = position + RECORD_HEAD + head.length
        entry = decode_wal_payload(data[position + RECORD_HEAD : stop])
        assert isinstance(entry, FrameEntry)
        found.append(
            LogRecord(
                position,
                stop,
                head.sequence,
                head.reserved & REMAINING_MASK,
                bool(head.reserved & FLAG_GROUP_START),
                bool(head.reserved & FLAG_SYNCED),
                entry,
            )
        )
        position = stop
    return found


def flip(path: Path, offset: int, mask: int = 0x40) -> None:
    """Damage one byte."""
    with path.open("r+b") as file:
        file.seek(offset)
        value = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([value ^ mask]))


def overwrite(path: Path, offset: int, data: bytes) -> None:
    """Write over bytes."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def noise(size: int, seed: object = 0) -> bytes:
    """Bytes that do not compress and are no text."""
    return b"\xff" + random.Random(repr(seed)).randbytes(size - 1)


def texts(memory: mv2.Memvid) -> list[str]:
    """The texts of the active documents in order."""
    return [memory.text(frame.id) for frame in memory.frames()]


def read(path: Path) -> list[str]:
    """The texts a new reader sees; warnings are errors."""
    with mv2.open(path, "r") as memory:
        return texts(memory)


def found(memory: mv2.Memvid, word: str) -> set[int]:
    """Ids of the documents that a search finds."""
    return {
        hit.frame_id if hit.parent_id is None else hit.parent_id for hit in memory.find(word, k=1000).hits
    }


def codes(memory: mv2.Memvid, *, deep: bool = True) -> set[str]:
    """Codes of the errors that verify finds."""
    report = memory.verify(deep=deep)
    errors = {finding.code for finding in report.findings if finding.severity == "error"}
    assert report.ok == (not errors)
    return errors


def open_warned(path: Path, mode: mv2.types.Mode = "a", match: str | None = None) -> mv2.Memvid:
    """Open a memory, which must warn that it had to be recovered."""
    with pytest.warns(mv2.RecoveryWarning, match=match):
        return mv2.open(path, mode)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Recovery is expected here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mv2.RecoveryWarning)
        yield
