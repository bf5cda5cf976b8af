"""The engine of one handle: turns, groups, commits, compaction.

All public methods may be called from several threads. None may be called
after ``fork`` in the child.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from mv2.errors import (
    ChecksumError,
    ClosedError,
    DiskFullError,
    FileReplacedError,
    ForkedHandleError,
    FormatError,
    HandleError,
    LimitError,
    LockedError,
    Mv2Warning,
    PoisonedError,
    ReadOnlyError,
    StorageError,
)
from mv2.format.frame import ROLE_CHUNK, FrameRecord
from mv2.format.wal import FrameEntry, encode_frame_entry
from mv2.storage.bulk import BulkWriter
from mv2.storage.checkpoint import (
    FLAG_FRAGILE,
    CommitIdentity,
    CommitWriter,
    HeaderUncertainError,
    LogPlace,
    live_bytes,
)
from mv2.storage.commit import GHOST_MAGIC, SECTOR_SIZE, GhostError, resolve
from mv2.storage.compact import DEAD_MARGIN, LOG_OFFSET, Compactor, wanted_log_size
from mv2.storage.device import File, FileSystem
from mv2.storage.holders import HolderNote
from mv2.storage.indexing import FrameIndexer, IndexerFactory
from mv2.storage.lock import TurnLock, acquire_presence
from mv2.storage.log import group_size
from mv2.storage.overlay import Overlay
from mv2.storage.paths import leftover_temporaries, temporary_path
from mv2.storage.state import LiveState
from mv2.storage.syncer import BackgroundSyncer
from mv2.storage.view import View
from mv2.types import CloseMode, Durability, LockMode, VacuumReport

#: A checkpoint runs when this part of the log is used.
LOG_FULL_SHARE = 0.75
#: … or when this many entries are pending, at least; the bound grows with the file.
FEWEST_PENDING = 4096
_PENDING_SHARE = 4
#: A log this much smaller than the file wants is re-sized by a compaction.
_SMALL_LOG_FACTOR = 4


@dataclass(slots=True, kw_only=True)
class Options:
    """How a handle behaves; see ``mv2.open``."""

    writable: bool
    indexer: IndexerFactory
    durability: Durability = "full"
    lock: LockMode = "write"
    lock_timeout: float = 0.25
    close: CloseMode = "checkpoint"
    file_system: FileSystem = field(default_factory=FileSystem)


_open_stores: weakref.WeakSet[Store] = weakref.WeakSet()


def _close_in_child() -> None:
    """A forked child gives up its copies of the descriptors; the parent's locks are not touched."""
    for store in list(_open_stores):
        store.abandon_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Store:
    """One open memory file."""

    def __init__(self, path: str, options: Options) -> None:
        self.path = path
        self.options = options
        self._files = options.file_system
        self._mutex = threading.RLock()
        self._pid = os.getpid()
        self._closed = False
        self._poison: str | None = None
        self._note: HolderNote | None = None
        self._turn_depth = 0
        self._batch: list[FrameEntry] | None = None
        self._own: list[FrameEntry] = []
        self._indexer: FrameIndexer | None = None
        self._indexer_generation = -1
        self._retry_checkpoint_at = 0
        self._syncer = BackgroundSyncer(self._sync_late)
        while True:
            self._file = self._open_file()
            try:
                self._state = LiveState(self._file, eager=self._eager)
                break
            except GhostError:
                self._release()
            except BaseException:
                self._release()
                raise
        try:
            if options.writable:
                self._after_open()
        except BaseException:
            self._release()
            raise
        _open_stores.add(self)

    @property
    def _eager(self) -> bool:
        """Verify the contents when opening; a lazy writer only when they are needed."""
        return not self.options.writable or self.options.close == "checkpoint"

    # --- opening ------------------------------------------------------------------

    def _open_file(self) -> File:
        """Open the path; a writing handle takes its presence lock and makes sure of the inode."""
        options = self.options
        while True:
            file = self._files.open_file(self.path, writable=options.writable)
            try:
                if options.writable:
                    acquire_presence(file, exclusive=options.lock == "handle", timeout=options.lock_timeout)
                status = self._files.status(self.path)
                if status is not None and status.identity == file.identity():
                    self._identity = status.identity
                    self._turn = TurnLock(file)
                    if options.writable:
                        self._note = HolderNote(self._identity)
                    return file
                file.close()
                if status is None:
                    raise FileReplacedError(f"{self.path} was removed while it was opened", path=self.path)
            except BaseException:
                file.close()
                raise

    def _after_open(self) -> None:
        """Remove what a crash left beside the file; the file itself has been verified by now."""
        if self.options.close == "lazy":
            record = self._state.anchor.record
            if record is None or record.flags & FLAG_FRAGILE:
                self._state.base.load()
                raise HandleError(
                    'close="lazy" leaves records pending, and this file has vectors, cards or a mesh that '
                    "the original engine destroys when it finds pending records",
                    path=self.path,
                    remedy='Use close="checkpoint", or close="force-lazy" if the original never opens this file.',
                )
        if leftover_temporaries(self._files, self.path):
            with contextlib.suppress(LockedError), self.turn():  # under the turn nobody is compacting
                for leftover in leftover_temporaries(self._files, self.path):
                    with contextlib.suppress(StorageError):
                        self._files.unlink(leftover)

    # --- guards -------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def writable(self) -> bool:
        return self.options.writable

    def _check_usable(self) -> None:
        if self._pid != os.getpid():
            raise ForkedHandleError(
                "this handle belongs to the parent process", path=self.path, remedy="Open the memory again here."
            )
        if self._closed:
            raise ClosedError("the memory is closed", path=self.path, remedy="Open it again.")

    def _check_writable(self) -> None:
        self._check_usable()
        if not self.options.writable:
            raise ReadOnlyError(
                "the memory is open for reading only", path=self.path, remedy='Open it with mode "r+" or "a".'
            )
        if self._poison is not None:
            raise PoisonedError(
                f"an earlier write failed ({self._poison}), so what is on the medium is unknown",
                path=self.path,
                remedy="Close this handle and open the memory again; nothing acknowledged is lost.",
            )

    # --- reading ------------------------------------------------------------------

    def view(self) -> View:
        """The newest state for a writing handle, the snapshot for a reading one."""
        with self._mutex:
            self._check_usable()
            if self.options.writable and self._turn_depth == 0:
                self._catch_up()
            return self._state.view()

    @property
    def state(self) -> LiveState:
        return self._state

    def refresh(self) -> View:
        """Take the newest state, following the path when the file was replaced."""
        with self._mutex:
            self._check_usable()
            if self._turn_depth == 0:
                self._catch_up()
            return self._state.view()

    def _catch_up(self) -> None:
        """Follow the path and read what is new.

        Raises:
            FileReplacedError: the path names a file that does not continue this one.
        """
        while True:
            generation = self._state.anchor.generation
            try:
                if self._path_is_ours():
                    self._state.catch_up()
                    if self._state.anchor.generation != generation:
                        self._own = []
                    return
            except GhostError:
                pass
            self._follow()

    def _path_is_ours(self) -> bool:
        status = self._files.status(self.path)
        return status is not None and status.identity == self._identity

    def _follow(self) -> None:
        """Go on with the file the path names now, if it continues ours."""
        file: File | None = None
        try:
            file = self._files.open_file(self.path, writable=self.options.writable)
            anchor = resolve(file)
        except GhostError:
            assert file is not None
            file.close()
            return  # replaced once more in between
        except Exception as error:
            if file is not None:
                file.close()
            raise self._replaced(f"{self.path} was removed or replaced") from error
        ours = self._state.anchor
        follows = anchor.file_id == ours.file_id and anchor.generation >= ours.generation
        if self.options.writable and (not follows or ours.file_id is None):
            file.close()
            raise self._replaced(f"{self.path} names another file now")
        try:
            if self.options.writable:
                exclusive = self.options.lock == "handle"
                acquire_presence(file, exclusive=exclusive, timeout=self.options.lock_timeout)
            state = LiveState(file, eager=self._eager)
        except GhostError:
            file.close()
            return
        except BaseException:
            file.close()
            raise
        self._adopt(file, state)

    def _adopt(self, file: File, state: LiveState) -> None:
        old, self._file = self._file, file
        self._state = state
        self._identity = file.identity()
        self._turn = TurnLock(file)
        self._own = []
        if self._note is not None:
            self._note.close()
            self._note = HolderNote(self._identity)
        old.close()

    def _replaced(self, message: str) -> FileReplacedError:
        error = FileReplacedError(
            message,
            path=self.path,
            remedy="Open the path again; the error's `unsaved` holds what this handle wrote and the new file lacks.",
        )
        error.entries = list(self._own)
        return error

    # --- turns --------------------------------------------------------------------

    @contextlib.contextmanager
    def turn(self) -> Iterator[View]:
        """Hold the right to write, with the newest state; nests.

        Raises:
            LockedError: others kept the turn for ``lock_timeout`` seconds.
        """
        with self._mutex:
            self._check_writable()
            if self._turn_depth:
                self._turn_depth += 1
                try:
                    yield self._state.view()
                finally:
                    self._turn_depth -= 1
                return
            self._take_turn()
            self._turn_depth = 1
            try:
                yield self._state.view()
            finally:
                self._turn_depth = 0
                self._release_turn()

    def _take_turn(self) -> None:
        """Acquire the turn on the file that the path names, and catch up with it."""
        while True:
            turn = self._turn
            turn.acquire(self.options.lock_timeout)
            if self._note is not None:
                self._note.set_turn(True)
            try:
                self._catch_up()
            except BaseException:
                self._release_turn()
                raise
            if self._turn is turn:
                return
            # The path was followed to another file, whose turn is another one; the old
            # file is closed, and with it its lock is gone.

    def _release_turn(self) -> None:
        if self._note is not None:
            self._note.set_turn(False)
        self._turn.release()

    # --- groups -------------------------------------------------------------------

    def append(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        """Write one group; returns the ids of its inserts. When it returns, the group is as
        durable as ``durability`` says.

        Args:
            entries: a chunk's ``parent_sequence`` is its parent's place in this list.
            texts: text to index of each entry, None where there is none.
        """
        with self.turn():
            if self._batch is not None:
                moved = [_moved(entry, len(self._batch)) for entry in entries]
                self._batch += moved
                return self._lay_over(moved[-len(entries) :], texts, len(self._batch) - len(moved))
            try:
                self._make_ready()
                payloads = self._encode(entries)
                log = self._state.log
                if group_size(payloads) > log.room():
                    if group_size(payloads) > log.capacity:
                        return self._commit_directly(entries, texts)
                    self._checkpoint()
                    self._make_ready()
                    payloads = self._encode(entries)
                first = self._state.log.next_sequence
                self._log_group(entries, payloads)
                ids = self._lay_over(entries, texts, 0, first)
            except BaseException:
                self._state.forget()
                raise
            self._checkpoint_if_due()
            return ids

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Collect what is written inside into one group with one sync; an exception drops all of it."""
        with self.turn():
            if self._batch is not None:
                raise HandleError("batches do not nest", path=self.path)
            self._make_ready()
            self._batch = entries = []
            try:
                yield
                self._batch = None
                payloads = self._encode(entries)
                if group_size(payloads) > self._state.log.room():
                    self._checkpoint()  # it is laid over, so one commit holds it and all before it
                elif entries:
                    self._log_group(entries, payloads)
            except BaseException:
                self._state.forget()
                raise
            finally:
                self._batch = None
            self._checkpoint_if_due()

    def _make_ready(self) -> None:
        """See to it that the log may be appended to."""
        if self._state.needs_commit:
            self._checkpoint()
        self._state.log.ensure_clean()
        self._state.unfinished = False

    def _encode(self, entries: Sequence[FrameEntry]) -> list[bytes]:
        first = self._state.log.next_sequence
        return [encode_frame_entry(_moved(entry, first)) for entry in entries]

    def _log_group(self, entries: Sequence[FrameEntry], payloads: Sequence[bytes]) -> None:
        """Append a group and, in full durability, sync; raises unless it may be acknowledged."""
        self._state.log.append(payloads)
        if self.options.durability == "full":
            self._sync()
        elif self.options.durability == "batch":
            self._syncer.mark()
        self._own += entries
        if not self._path_is_ours():
            raise self._replaced(f"{self.path} was removed or replaced during the write")

    def _lay_over(
        self, entries: Sequence[FrameEntry], texts: Sequence[str | None], place: int, first: int | None = None
    ) -> list[int]:
        """Add entries to the overlay; ``place`` is where they stand in their group."""
        first = self._state.log.next_sequence if first is None else first
        ids = []
        for index, (entry, text) in enumerate(zip(entries, texts, strict=True)):
            frame_id = self._state.overlay.apply(first + place + index, _moved(entry, first), text=text)
            if frame_id is not None:
                ids.append(frame_id)
        return ids

    def _commit_directly(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        """A group larger than the log becomes a commit, with all that is pending before it."""
        ids = self._lay_over(entries, texts, 0)
        self._checkpoint()
        return ids

    def _sync(self) -> None:
        try:
            self._file.sync()
        except StorageError as error:
            self._poison = error.message
            raise
        self._state.log.synced = True

    def _sync_late(self) -> None:
        """Called by the background thread; a failure shows at the next write."""
        with self._mutex:
            if not self._closed and self._poison is None:
                with contextlib.suppress(StorageError):
                    self._sync()

    # --- commits ------------------------------------------------------------------

    def commit(self) -> None:
        """Move everything pending into frames and make it durable."""
        with self.turn():
            self._check_no_batch("commit")
            if self._state.overlay or self._state.needs_commit:
                self._checkpoint()
                self._compact_if_due()

    @contextlib.contextmanager
    def bulk(self) -> Iterator[BulkWriter]:
        """Write documents straight into a commit; an exception inside drops all of them."""
        with self.turn():
            self._check_no_batch("put_many")
            writer = self._commit_writer(bulk=True)
            try:
                self._add_pending(writer)
                bulk = BulkWriter(writer, self._state.view())
                yield bulk
                if bulk.frame_count:
                    self._finish(writer)
                else:
                    writer.abandon()
            except BaseException:
                self._undo(writer)
                raise
            self._compact_if_due()

    def _check_no_batch(self, what: str) -> None:
        if self._batch is not None:
            raise HandleError(f"{what} cannot run inside a batch", path=self.path)

    def _checkpoint(self) -> None:
        """Move everything pending into frames."""
        writer = self._commit_writer(bulk=False)
        try:
            self._add_pending(writer)
            self._finish(writer)
        except BaseException:
            self._undo(writer)
            raise

    def _undo(self, writer: CommitWriter) -> None:
        """After a failure: give space back, and read the file again before it is used."""
        writer.abandon()
        self._state.forget()

    def _commit_writer(self, *, bulk: bool) -> CommitWriter:
        state = self._state
        state.base.load()
        start = max(self._file.size(), state.anchor.data_end)
        return CommitWriter(self._file, state.base, start, self._current_indexer(bulk))

    def _current_indexer(self, bulk: bool) -> FrameIndexer:
        """The indexer in the state of the current commit; rebuilt when the stored index is not to be trusted."""
        base = self._state.base
        if self._indexer is not None and self._indexer_generation == base.anchor.generation and not bulk:
            return self._indexer
        self._drop_indexer()
        files = base.lexical_files()
        self._indexer = indexer = self.options.indexer(files, bulk)
        self._indexer_generation = base.anchor.generation
        if files is None:
            index_everything(View(self._file, base, Overlay(base.frame_count)), indexer)
        return indexer

    def _drop_indexer(self) -> None:
        indexer, self._indexer = self._indexer, None
        if indexer is not None:
            indexer.close()

    def _add_pending(self, writer: CommitWriter) -> None:
        view = self._state.view()
        for frame in view.overlay.frames:
            text = frame.text if frame.text is not None else index_text(view, frame.record)
            writer.add(frame, text)
        for frame_id, change in view.overlay.changes.items():
            writer.change(frame_id, change)

    def _finish(self, writer: CommitWriter) -> None:
        """Commit, then wipe the log, whose records are obsolete from then on."""
        state = self._state
        anchor, log = state.anchor, state.log
        used = log.head if log.clean and not state.needs_commit else None
        try:
            committed = writer.finish(
                CommitIdentity(
                    file_id=anchor.file_id or os.urandom(16),
                    generation=anchor.generation + 1,
                    checkpoint_sequence=self._next_checkpoint_sequence(),
                    log=LogPlace(anchor.log_offset, anchor.log_size, log.head),
                )
            )
        except HeaderUncertainError as error:
            self._poison = error.cause.message
            raise error.cause from error
        if not self._path_is_ours():
            raise self._replaced(f"{self.path} was removed or replaced during the commit")
        state.committed(committed)
        self._indexer_generation = committed.generation
        self._own = []
        with contextlib.suppress(StorageError):  # it stays unclean then, and is wiped before the next append
            state.log.wipe(used)

    def _next_checkpoint_sequence(self) -> int:
        """The last sequence in the log, or a fresh one when nothing was logged since the last commit:
        two commits never share one, so a log cannot be taken for the continuation of both."""
        last = self._state.log.next_sequence - 1
        return last if last > self._state.anchor.checkpoint_sequence else last + 1

    def _checkpoint_if_due(self) -> None:
        """Checkpoint when the log fills up. What was acknowledged stays so if that fails."""
        state = self._state
        if self._batch is not None or state.log.head < self._retry_checkpoint_at:
            return
        pending = len(state.overlay.frames) + len(state.overlay.changes)
        most = max(FEWEST_PENDING, state.base.frame_count // _PENDING_SHARE)
        if state.log.head <= state.log.region.size * LOG_FULL_SHARE and pending <= most:
            return
        try:
            self._checkpoint()
        except (StorageError, LimitError) as error:
            left = state.log.region.size - state.log.head
            self._retry_checkpoint_at = state.log.head + left // 4
            warnings.warn(f"{self.path}: the checkpoint failed and will be tried again: {error}", Mv2Warning, stacklevel=3)
            return
        self._retry_checkpoint_at = 0
        self._compact_if_due()

    # --- compaction ---------------------------------------------------------------

    def _compact_if_due(self) -> None:
        """Compact when half of the file is dead, or when the log has become too small for the file."""
        base = self._state.base
        live = live_bytes(base)
        dead = self._file.size() - live
        log_size = self._state.anchor.log_size
        small_log = log_size * _SMALL_LOG_FACTOR < wanted_log_size(live) and self._log_filled
        if (dead > live + DEAD_MARGIN or small_log) and self._obstacle() is None:
            with contextlib.suppress(StorageError, ChecksumError):
                self._compact()

    @property
    def _log_filled(self) -> bool:
        """The last checkpoint happened because the log was full."""
        return self._state.anchor.log_used_end > self._state.anchor.log_size * LOG_FULL_SHARE

    def _obstacle(self) -> str | None:
        """Why the file cannot be replaced by a compacted one, or None."""
        status = self._files.status(self.path)
        if status is None or status.links > 1:
            return "the file has other hard links, which would keep the old bytes"
        return None

    def vacuum(self) -> VacuumReport:
        """Compact now; see ``Memvid.vacuum``."""
        with self.turn():
            self._check_no_batch("vacuum")
            before = self._file.size()
            obstacle = self._obstacle()
            if obstacle is not None:
                return VacuumReport(compacted=False, size_before=before, size_after=before, reason=obstacle)
            if self._state.overlay or self._state.needs_commit:
                self._checkpoint()
            try:
                self._compact()
            except StorageError as error:
                if self._poison is not None:
                    raise
                return VacuumReport(compacted=False, size_before=before, size_after=before, reason=str(error))
            return VacuumReport(compacted=True, size_before=before, size_after=self._file.size())

    def _compact(self) -> None:
        """Copy every live byte to a new file and rename it over this one."""
        state, options = self._state, self.options
        temporary = temporary_path(self.path)
        target = self._files.open_file(temporary, writable=True, create=True, exclusive=True, mode=0o600)
        renamed = False
        try:
            self._files.copy_attributes(self._file, target)
            anchor = state.anchor
            assert anchor.file_id is not None
            identity = CommitIdentity(
                file_id=anchor.file_id,
                generation=anchor.generation + 1,
                checkpoint_sequence=self._next_checkpoint_sequence(),
                log=LogPlace(LOG_OFFSET, wanted_log_size(live_bytes(state.base)), 0),
            )
            Compactor(state.base, target).run(identity)
            acquire_presence(target, exclusive=options.lock == "handle", timeout=options.lock_timeout)
            turn = TurnLock(target)
            turn.acquire(options.lock_timeout)
            self._files.rename(temporary, self.path)
            renamed = True
            self._files.sync_directory(os.path.dirname(self.path))
            fresh = LiveState(target, eager=False)
        except BaseException as error:
            if renamed:  # whether the rename is durable is unknown, so nothing may be acknowledged any more
                self._poison = str(error)
            else:
                with contextlib.suppress(StorageError):
                    self._files.unlink(temporary)
            target.close()
            raise
        old = self._file
        self._lay_ghost(old)
        self._adopt(target, fresh)
        self._turn = turn
        self._indexer_generation = fresh.anchor.generation

    def _lay_ghost(self, old: File) -> None:
        """Spoil the replaced file for a program that waits for its lock, unless it has other names."""
        with contextlib.suppress(StorageError):
            if old.status().links == 0:
                old.write(0, GHOST_MAGIC.ljust(SECTOR_SIZE, b"\0"))

    # --- closing ------------------------------------------------------------------

    def close(self) -> None:
        """Finish what is pending as ``close`` says, and let go of the file. Safe to call twice."""
        with self._mutex:
            if self._closed or self._pid != os.getpid():
                return
        self._syncer.stop()
        with self._mutex:
            if self._closed:
                return
            try:
                if self.options.writable and self._poison is None:
                    self._settle()
            finally:
                self._closed = True
                self._release()

    def _settle(self) -> None:
        if self.options.close == "checkpoint":
            try:
                with self.turn():
                    if self._state.overlay:
                        self._checkpoint()
                        self._compact_if_due()
                    return
            except LockedError:
                pass  # another process is writing; it, or the next to open, moves the log
            except DiskFullError as error:
                warnings.warn(f"{self.path}: closed with its log pending: {error}", Mv2Warning, stacklevel=4)
        if self.options.durability != "full" and not self._state.log.synced:
            self._sync()

    def _release(self) -> None:
        self._drop_indexer()
        if self._note is not None:
            self._note.close()
            self._note = None
        self._file.close()
        _open_stores.discard(self)

    def abandon_after_fork(self) -> None:
        """In a forked child: close the copies of the descriptors and nothing else."""
        self._closed = True
        _kept_after_fork.append((self._indexer, self._note))  # their destructors belong to the parent
        self._file.close()


_kept_after_fork: list[object] = []


def _moved(entry: FrameEntry, offset: int) -> FrameEntry:
    """The entry with its parent's place counted from ``offset`` on."""
    if entry.parent_sequence is None or offset == 0:
        return entry
    return replace(entry, parent_sequence=entry.parent_sequence + offset)


def index_text(view: View, record: FrameRecord) -> str:
    """The text a frame is indexed under: empty without text, and for the parent of chunks, which carry it."""
    if record.chunk_manifest is not None and record.role != ROLE_CHUNK and record.payload_length == 0:
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
