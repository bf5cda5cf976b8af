"""Commits of one handle: checkpoints of the log, bulk loads, compaction.

Every method that writes is called inside the handle's turn.
"""

from __future__ import annotations

import contextlib
import os
import warnings

from mv2.errors import (
    ChecksumError,
    Error,
    FileReplacedError,
    FormatError,
    Mv2Warning,
    StorageError,
)
from mv2.format.frame import FrameRecord
from mv2.storage.capacity import live_bytes
from mv2.storage.checkpoint import (
    CommitIdentity,
    CommitWriter,
    HeaderUncertainError,
    LogPlace,
)
from mv2.storage.commit import GHOST_MAGIC, SECTOR_SIZE
from mv2.storage.compact import (
    BULK_DEAD_SHARE,
    DEAD_MARGIN,
    LOG_OFFSET,
    MOST_MARGIN,
    Compactor,
    wanted_log_size,
)
from mv2.storage.device import File
from mv2.storage.handle import Handle
from mv2.storage.indexing import FrameIndexer
from mv2.storage.lock import TurnLock, acquire_presence
from mv2.storage.overlay import Overlay
from mv2.storage.own_text import text_in_chunks
from mv2.storage.paths import temporary_path
from mv2.storage.state import LiveState
from mv2.storage.view import View
from mv2.types import VacuumReport, VectorCompression

#: A checkpoint runs when this part of the log is used.
LOG_FULL_SHARE = 0.75
#: … or when this many entries are pending, at least; the bound grows with the file.
FEWEST_PENDING = 4096
_PENDING_SHARE = 4
#: A log this much smaller than the file wants is re-sized by a compaction.
_SMALL_LOG_FACTOR = 4


class Committer:
    """Writes the commits of a handle, and keeps the index writer between them."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._indexer: FrameIndexer | None = None
        self._indexed = b""  # digest of the contents that the index writer is in the state of
        self._retry_at = 0

    def checkpoint(self) -> None:
        """Move everything pending into frames."""
        writer = self.writer(bulk=False)
        try:
            self.add_pending(writer)
            self.finish(writer)
        except BaseException:
            self.undo(writer)
            raise

    def undo(self, writer: CommitWriter) -> None:
        """After a failure: give space back, and read the file again before it is used."""
        writer.abandon()
        if writer.header_touched and self._handle.poison is None:
            self._handle.poison = "a commit was interrupted"
        self.close()  # the index writer may hold what the file does not
        self._handle.reload()

    def writer(self, *, bulk: bool) -> CommitWriter:
        """A commit to be filled; ``bulk`` says that many frames will come."""
        state = self._handle.state
        state.base.load()
        start = max(self._handle.file.size(), state.anchor.data_end)
        indexer = self._current_indexer(bulk)
        return CommitWriter(self._handle.file, state.base, start, indexer, self._handle.options.deriver)

    def _current_indexer(self, bulk: bool) -> FrameIndexer:
        """The indexer in the state of the current commit; rebuilt when the stored one cannot be trusted."""
        base = self._handle.state.base
        if self._indexer is not None and self._indexed == base.anchor.contents_digest and not bulk:
            return self._indexer
        self.close()
        files = base.lexical_files()
        indexer = self._handle.options.indexer(files, bulk)
        try:
            if files is None:
                index_everything(View(self._handle.file, base, Overlay(base.frame_count)), indexer)
        except BaseException:
            indexer.close()  # half an index must never be taken for the whole one
            raise
        self._indexer, self._indexed = indexer, base.anchor.contents_digest
        return indexer

    def close(self) -> None:
        """Give back the index writer."""
        indexer, self._indexer = self._indexer, None
        if indexer is not None:
            indexer.close()

    def add_pending(self, writer: CommitWriter) -> None:
        """Give a commit everything that the log holds."""
        view = self._handle.state.view()
        for frame in view.overlay.frames:
            text = frame.text if frame.text is not None else index_text(view, frame.record)
            writer.add(frame, text)
        for frame_id, change in view.overlay.changes.items():
            writer.change(frame_id, change)

    def finish(self, writer: CommitWriter) -> None:
        """Commit, then wipe the log, whose records are obsolete from then on."""
        state = self._handle.state
        anchor, log = state.anchor, state.log
        used = log.head if log.clean and not state.needs_commit else None
        try:
            committed = writer.finish(
                CommitIdentity(
                    file_id=anchor.file_id or os.urandom(16),
                    generation=anchor.generation + 1,
                    checkpoint_sequence=self._next_checkpoint_sequence(),
                    log=LogPlace(anchor.log_offset, anchor.log_size, log.head),
                    at=self._handle.options.clock(),
                )
            )
        except HeaderUncertainError as error:
            self._handle.poison = error.cause.message
            raise error.cause from error
        if not self._handle.path_is_ours():
            raise self._handle.replaced(f"{self._handle.path} was removed or replaced during the commit")
        state.committed(committed, writer.header)
        self._indexed = committed.contents_digest
        self._handle.own = []
        with contextlib.suppress(StorageError):  # it stays unclean then, and is wiped before the next append
            state.log.wipe(used)

    def _next_checkpoint_sequence(self) -> int:
        """The last sequence in the log, or a fresh one when nothing was logged since the last commit:
        two commits never share one, so a log cannot be taken for the continuation of both.
        """
        last = self._handle.state.log.next_sequence - 1
        return last if last > self._handle.state.anchor.checkpoint_sequence else last + 1

    def checkpoint_if_due(self) -> None:
        """Checkpoint when the log fills up. What was acknowledged stays so if that fails."""
        state = self._handle.state
        if state.log.head < self._retry_at:
            return
        pending = len(state.overlay.frames) + len(state.overlay.changes)
        most = max(FEWEST_PENDING, state.base.frame_count // _PENDING_SHARE)
        if state.log.head <= state.log.region.size * LOG_FULL_SHARE and pending <= most:
            return
        try:
            self.checkpoint()
        except FileReplacedError:
            raise
        except Exception as error:  # noqa: BLE001 - what was acknowledged must not be refused any more
            left = state.log.region.size - state.log.head
            self._retry_at = state.log.head + left // 4
            warnings.warn(
                f"{self._handle.path}: the checkpoint failed and will be tried again: {error}",
                Mv2Warning,
                stacklevel=3,
            )
            return
        self._retry_at = 0
        self.compact_if_due()

    # --- compaction ---------------------------------------------------------------

    def compact_if_due(self, *, after_bulk: bool = False) -> None:
        """Compact when too much of the file is dead, or when the log has become too small for it.

        Whatever goes wrong here, what was committed before stays committed.

        Args:
            after_bulk: a large part of the file has just been written, so copying it costs
                little in comparison, and less dead space is suffered.
        """
        with contextlib.suppress(Error):
            live = live_bytes(self._handle.state.base)
            dead = self._handle.file.size() - live
            wanted = wanted_log_size(live)
            most = live // BULK_DEAD_SHARE if after_bulk else live + min(live // 4, MOST_MARGIN)
            small_log = self._handle.state.anchor.log_size * _SMALL_LOG_FACTOR < wanted and self._log_filled
            if (dead > most + DEAD_MARGIN or small_log) and self._obstacle() is None:
                self._compact(wanted if self._log_filled else self._handle.state.anchor.log_size)

    @property
    def _log_filled(self) -> bool:
        """The last checkpoint happened because the log was full."""
        return self._handle.state.anchor.log_used_end > self._handle.state.anchor.log_size // 2

    def _obstacle(self) -> str | None:
        """Why the file cannot be replaced by a compacted one, or None."""
        status = self._handle.files.status(self._handle.path)
        if status is None or status.links > 1:
            return "the file has other hard links, which would keep the old bytes"
        return None

    def vacuum(self, vector_compression: VectorCompression | None = None) -> VacuumReport:
        """Compact now; see ``Memvid.vacuum``."""
        before = self._handle.file.size()
        obstacle = self._obstacle()
        if obstacle is not None:
            return VacuumReport(compacted=False, size_before=before, size_after=before, reason=obstacle)
        if self._handle.state.overlay or self._handle.state.needs_commit:
            self.checkpoint()
        try:
            self._compact(wanted_log_size(live_bytes(self._handle.state.base)), vector_compression)
        except StorageError as error:
            if self._handle.poison is not None or isinstance(error, FileReplacedError):
                raise
            return VacuumReport(compacted=False, size_before=before, size_after=before, reason=str(error))
        return VacuumReport(compacted=True, size_before=before, size_after=self._handle.file.size())

    def _compact(self, log_size: int, vector_compression: VectorCompression | None = None) -> None:
        """Copy every live byte to a new file, with a log of that many bytes, and rename it over this one."""
        state, options = self._handle.state, self._handle.options
        temporary = temporary_path(self._handle.path)
        target = self._handle.files.open_file(
            temporary, writable=True, create=True, exclusive=True, mode=0o600
        )
        renamed = False
        try:
            self._handle.files.copy_attributes(self._handle.file, target)
            anchor = state.anchor
            assert anchor.file_id is not None
            identity = CommitIdentity(
                file_id=anchor.file_id,
                generation=anchor.generation + 1,
                checkpoint_sequence=self._next_checkpoint_sequence(),
                log=LogPlace(LOG_OFFSET, log_size, 0),
                at=options.clock(),
            )
            Compactor(state.base, target, options.deriver, vector_compression).run(identity)
            acquire_presence(target, exclusive=options.lock == "handle", timeout=options.lock_timeout)
            turn = TurnLock(target)
            turn.acquire(options.lock_timeout)
            if not self._handle.path_is_ours():
                raise self._handle.replaced(f"{self._handle.path} was removed or replaced meanwhile")
            self._handle.files.rename(temporary, self._handle.path)
            renamed = True
            self._handle.files.sync_directory(os.path.dirname(self._handle.path))
            fresh = LiveState(target, eager=False)
        except BaseException as error:
            if renamed:  # whether the rename is durable is unknown, so nothing may be acknowledged any more
                self._handle.poison = str(error)
            else:
                with contextlib.suppress(StorageError):
                    self._handle.files.unlink(temporary)
            target.close()
            raise
        target.path = self._handle.path
        self._lay_ghost(self._handle.file)
        self._handle.adopt(target, fresh, turn)
        if self._indexed == anchor.contents_digest:  # an older writer must not become current
            self._indexed = fresh.anchor.contents_digest

    def _lay_ghost(self, old: File) -> None:
        """Spoil the replaced file for a program that waits for its lock, unless it has other names."""
        with contextlib.suppress(StorageError):
            if old.status().links == 0:
                old.write(0, GHOST_MAGIC.ljust(SECTOR_SIZE, b"\0"))


def index_text(view: View, record: FrameRecord) -> str:
    """The text a frame is indexed under: empty without text, and for the parent of chunks, which carry it."""
    if text_in_chunks(record):
        return ""
    try:
        return view.text(record.id, record) or ""
    except (ChecksumError, FormatError):
        return ""  # verify reports it; its text cannot be searched


def index_everything(view: View, indexer: FrameIndexer) -> None:
    """Add every active frame to an empty index."""
    for frame_id in view.active_ids():
        record = view.record(frame_id)
        indexer.add(record, index_text(view, record))
