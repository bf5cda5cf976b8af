"""Healing at a writable open: what a power cut left, made as a finished commit leaves it.

Nothing acknowledged depends on it. It makes the file one that the original
engine reads as we do, and gives unfinished commits' space back.
"""

from __future__ import annotations

from mv2.format.contents import CHECKSUM_SIZE
from mv2.format.header import HEADER_SIZE
from mv2.storage.commit import encode_header_page
from mv2.storage.state import LiveState


def _wanted_header(state: LiveState) -> bytes | None:
    """The header page of the current commit; None when only a new commit can write one."""
    record = state.anchor.record
    if record is None or state.anchor.source != "header":
        return None
    end = record.contents_offset + record.contents_length
    checksum = state.file.read(end - CHECKSUM_SIZE, CHECKSUM_SIZE)
    return encode_header_page(record, checksum)


def _header_is_torn(state: LiveState) -> bool:
    wanted = _wanted_header(state)
    return wanted is not None and state.file.read(0, HEADER_SIZE) != wanted


def _has_unfinished_commit(state: LiveState) -> bool:
    """Bytes behind the current commit: another footer there would be taken for the newest by the original."""
    return state.anchor.source == "header" and state.file.size() > state.anchor.data_end


def _log_is_unclean(state: LiveState) -> bool:
    """An unfinished record, or obsolete ones that were not wiped: the original refuses bad ones."""
    if state.anchor.source != "header":
        return False
    return state.unfinished or any(state.log.region.read(state.log.head, 48))


def needs_healing(state: LiveState) -> bool:
    """Whether ``heal`` would change anything; reads a few bytes only."""
    return _header_is_torn(state) or _has_unfinished_commit(state) or _log_is_unclean(state)


def heal(state: LiveState) -> None:
    """Put right what is not as a finished commit leaves it. Called inside the turn.

    Raises:
        StorageError: the file cannot be written; it is as it was.
        ChecksumError: the contents are damaged, so nothing is known to be right.
    """
    file = state.file
    if _header_is_torn(state):
        state.base.load()  # the header repeats a checksum of the contents, so they must be right
        wanted = _wanted_header(state)
        assert wanted is not None
        file.write(0, wanted)
        file.sync()
        state.forget()
        state.catch_up()
    if _has_unfinished_commit(state):
        file.resize(state.anchor.data_end)
        file.sync()
    if _log_is_unclean(state):
        state.log.clean = False
        state.log.ensure_clean()
        state.unfinished = False
