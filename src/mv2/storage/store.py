"""The engine of one memory: groups into the log, commits, and the end of a handle."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mv2.errors import DiskFullError, HandleError, LockedError, Mv2Warning, PoisonedError, StorageError
from mv2.format.wal import FrameEntry, encode_frame_entry
from mv2.storage.assemble import check_ceilings
from mv2.storage.commit import FLAG_FRAGILE
from mv2.storage.handle import Handle, Options
from mv2.storage.log import group_size
from mv2.storage.overlay import OP_INSERT, weight
from mv2.storage.state import LiveState
from mv2.storage.syncer import BackgroundSyncer
from mv2.types import VacuumReport, VectorCompression

if TYPE_CHECKING:
    from mv2.storage.bulk import BulkWriter
    from mv2.storage.committer import Committer


#: A load that makes up at least this part (1/n) of the frames counts as bulk.
BULK_SHARE = 20


class Store:
    """One open memory file. Safe to share between threads."""

    def __init__(self, path: str, options: Options) -> None:
        self._handle = Handle(path, options)
        self._lazy_committer: Committer | None = None
        self._batch: list[FrameEntry] | None = None
        self._in_bulk = False
        self._failed_late = False
        self._syncer = BackgroundSyncer(self._sync_late)
        self.path = path
        self.view = self._handle.view
        self.refresh = self._handle.refresh
        self.turn = self._handle.turn

    @property
    def _committer(self) -> Committer:
        """Made at the first write: a handle that only reads never loads the code for it."""
        if self._lazy_committer is None:
            from mv2.storage.committer import Committer

            self._lazy_committer = Committer(self._handle)
        return self._lazy_committer

    @property
    def closed(self) -> bool:
        return self._handle.closed

    @property
    def writable(self) -> bool:
        return self._handle.writable

    @property
    def state(self) -> LiveState:
        return self._handle.state

    # --- groups -------------------------------------------------------------------

    def append(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        """Write one group; returns the ids of its inserts. When it returns, the group is as
        durable as ``durability`` says.

        Args:
            entries: a chunk's ``parent_sequence`` is its parent's place in this list.
            texts: text to index of each entry, None where there is none.
        """
        with self.turn():
            self._check_no_bulk("write")
            self._check_ceilings(entries)
            if self._batch is not None:
                moved = [_moved(entry, len(self._batch)) for entry in entries]
                self._batch += moved
                return self._lay_over(moved[-len(entries) :], texts, len(self._batch) - len(moved))
            try:
                self._make_ready()
                payloads = self._encode(entries)
                log = self._handle.state.log
                if group_size(payloads) > log.room():
                    if group_size(payloads) > log.capacity:
                        return self._commit_directly(entries, texts)
                    self._checkpoint()
                    self._make_ready()
                    payloads = self._encode(entries)
                first = self._handle.state.log.next_sequence
                self._log_group(entries, payloads)
                ids = self._lay_over(entries, texts, 0, first)
            except BaseException:
                self._handle.reload()
                raise
            self._committer.checkpoint_if_due()
            return ids

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Collect what is written inside into one group with one sync; an exception drops all of it."""
        with self.turn():
            self._check_no_bulk("batch")
            if self._batch is not None:
                raise HandleError("batches do not nest", path=self.path)
            self._make_ready()
            entries: list[FrameEntry] = []
            self._batch = entries
            # Views that others hold must not see what may be taken back.
            self._handle.state.overlay = self._handle.state.overlay.copy()
            try:
                yield
                self._batch = None
                payloads = self._encode(entries)
                if group_size(payloads) > self._handle.state.log.room():
                    self._checkpoint()  # it is laid over, so one commit holds it and all before it
                elif entries:
                    self._log_group(entries, payloads)
            except BaseException:
                self._handle.reload()
                raise
            finally:
                self._batch = None
            self._committer.checkpoint_if_due()

    def size(self) -> int:
        """Bytes the file has, what an open batch will add included."""
        return self._handle.file.size() + sum(len(entry.payload) for entry in self._batch or ())

    def _check_ceilings(self, entries: Sequence[FrameEntry]) -> None:
        """Refuse what the next checkpoint could not write. Deletions always pass.

        Raises:
            LimitError: the format holds no more frames, or no larger contents.
        """
        new = [entry for entry in entries if entry.op == OP_INSERT]
        state = self._handle.state
        if not new:
            return
        size = state.anchor.contents_length + state.overlay.weight + sum(map(weight, new))
        check_ceilings(state.overlay.next_id + len(new), size)

    def _make_ready(self) -> None:
        """See to it that the log may be appended to."""
        if self._handle.state.needs_commit:
            self._committer.checkpoint()
        self._handle.state.log.ensure_clean()
        self._handle.state.unfinished = False

    def _encode(self, entries: Sequence[FrameEntry]) -> list[bytes]:
        first = self._handle.state.log.next_sequence
        return [encode_frame_entry(_moved(entry, first)) for entry in entries]

    def _log_group(self, entries: Sequence[FrameEntry], payloads: Sequence[bytes]) -> None:
        """Append a group and, in full durability, sync; raises unless it may be acknowledged."""
        self._handle.state.log.append(payloads)
        if self._handle.options.durability == "full":
            self._handle.sync()
        elif self._handle.options.durability == "batch":
            self._syncer.mark()
        self._handle.own += entries
        if not self._handle.path_is_ours():
            raise self._handle.replaced(f"{self.path} was removed or replaced during the write")

    def _lay_over(
        self, entries: Sequence[FrameEntry], texts: Sequence[str | None], place: int, first: int | None = None
    ) -> list[int]:
        """Add entries to the overlay; ``place`` is where they stand in their group."""
        first = self._handle.state.log.next_sequence if first is None else first
        ids = []
        for index, (entry, text) in enumerate(zip(entries, texts, strict=True)):
            frame_id = self._handle.state.overlay.apply(
                first + place + index, _moved(entry, first), text=text
            )
            if frame_id is not None:
                ids.append(frame_id)
        return ids

    def _commit_directly(self, entries: Sequence[FrameEntry], texts: Sequence[str | None]) -> list[int]:
        """A group larger than the log becomes a commit, with all that is pending before it."""
        ids = self._lay_over(entries, texts, 0)
        self._checkpoint()
        return ids

    def _checkpoint(self) -> None:
        self._committer.checkpoint()
        self._committer.compact_if_due()

    def _sync_late(self) -> None:
        """Called by the background thread; a failure shows at the next write."""
        with self._handle.mutex:
            if not self._handle.closed and self._handle.poison is None:
                try:
                    self._handle.sync()
                except StorageError:
                    self._failed_late = True

    # --- commits ------------------------------------------------------------------

    def commit(self) -> None:
        """Move everything pending into frames and make it durable."""
        with self.turn():
            self._check_no_batch("commit")
            if self._handle.state.overlay or self._handle.state.needs_commit:
                self._checkpoint()

    @contextlib.contextmanager
    def bulk(self) -> Iterator[BulkWriter]:
        """Write documents straight into a commit; an exception inside drops all of them."""
        with self.turn():
            self._check_no_batch("put_many")
            writer = self._committer.writer(bulk=True)
            self._in_bulk = True
            try:
                self._committer.add_pending(writer)
                from mv2.storage.bulk import BulkWriter

                bulk = BulkWriter(writer, self._handle.state.view())
                yield bulk
                if bulk.frame_count:
                    self._committer.finish(writer)
                else:
                    writer.abandon()
            except BaseException:
                self._committer.undo(writer)
                raise
            finally:
                self._in_bulk = False
            much = bulk.frame_count * BULK_SHARE >= self._handle.state.base.frame_count
            self._committer.compact_if_due(after_bulk=much)

    def _check_no_bulk(self, what: str) -> None:
        if self._in_bulk:
            raise HandleError(
                f"{what} cannot run inside put_many, from its documents or its progress",
                path=self.path,
                remedy="Write before or after put_many.",
            )

    def _check_no_batch(self, what: str) -> None:
        self._check_no_bulk(what)
        if self._batch is not None:
            raise HandleError(f"{what} cannot run inside a batch", path=self.path)

    def vacuum(self, vector_compression: VectorCompression | None = None) -> VacuumReport:
        """Compact now; see ``Memvid.vacuum``."""
        with self.turn():
            self._check_no_batch("vacuum")
            return self._committer.vacuum(vector_compression)

    # --- closing ------------------------------------------------------------------

    def close(self) -> None:
        """Finish what is pending as ``close`` says, and let go of the file. Safe to call twice."""
        if self._handle.closed:  # before the mutex, which another thread may have held at a fork
            return
        with self._handle.mutex:
            if self._handle.closed:
                return
            self._check_no_batch("close")
        self._syncer.stop()
        with self._handle.mutex:
            if self._handle.closed:
                return
            try:
                if self._handle.options.writable and self._handle.poison is None:
                    self._settle()
            finally:
                self._handle.closed = True
                self._release()
            if self._failed_late and not self._handle.poison_told:
                raise PoisonedError(
                    f"a sync behind the last writes failed ({self._handle.poison})",
                    path=self.path,
                    remedy="Open the memory again and look whether the last documents are there.",
                )

    def _settle(self) -> None:
        record = self._handle.state.anchor.record
        fragile = record is None or record.flags & FLAG_FRAGILE
        if self._handle.options.close == "checkpoint" or (self._handle.options.close == "lazy" and fragile):
            try:
                with self.turn():
                    if self._handle.state.overlay:
                        self._checkpoint()
                    return
            except LockedError:
                pass  # another process is writing; it, or the next to open, moves the log
            except DiskFullError as error:
                warnings.warn(f"{self.path}: closed with its log pending: {error}", Mv2Warning, stacklevel=4)
        if self._handle.options.durability != "full" and not self._handle.state.log.synced:
            self._handle.sync()

    def _release(self) -> None:
        try:
            if self._lazy_committer is not None:
                self._lazy_committer.close()
        finally:
            self._handle.release()


def _moved(entry: FrameEntry, offset: int) -> FrameEntry:
    """The entry with its parent's place counted from ``offset`` on."""
    if entry.parent_sequence is None or offset == 0:
        return entry
    return replace(entry, parent_sequence=entry.parent_sequence + offset)
