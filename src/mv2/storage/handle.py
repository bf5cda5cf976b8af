"""One open memory file: its locks, its turn to write, its newest state.

Everything here may be called from several threads. Nothing may be called
after ``fork`` in the child.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace

from mv2._record import dataclass
from mv2.errors import (
    ClosedError,
    Error,
    FileReplacedError,
    ForkedHandleError,
    HandleError,
    LockedError,
    NotAMemoryError,
    PoisonedError,
    ReadOnlyError,
    StorageError,
)
from mv2.format.checksum import EMPTY
from mv2.format.frame import FrameRecord
from mv2.format.wal import FrameEntry
from mv2.storage.commit import FLAG_FRAGILE, GhostError
from mv2.storage.device import File, FileSystem
from mv2.storage.heal import heal, needs_healing
from mv2.storage.holders import HolderNote
from mv2.storage.indexing import IndexerFactory, VectorDeriver
from mv2.storage.lock import TurnLock, acquire_presence, release_presence
from mv2.storage.paths import leftover_temporaries
from mv2.storage.state import LiveState
from mv2.storage.view import View
from mv2.types import CloseMode, Document, Durability, LockMode


@dataclass(slots=True, kw_only=True)
class Options:
    """How a handle behaves; see ``mv2.open``.

    Attributes:
        deriver: makes what is derived from vectors; None leaves it to whoever searches.
        lost_documents: turns log entries into what people put, for ``FileReplacedError``.
        clock: the present moment in whole UTC seconds, which commits are stamped with.
    """

    writable: bool
    indexer: IndexerFactory
    lost_documents: Callable[[list[FrameEntry]], Iterable[Document]]
    deriver: VectorDeriver | None = None
    durability: Durability = "full"
    lock: LockMode = "write"
    lock_timeout: float = 0.25
    close: CloseMode = "checkpoint"
    file_system: FileSystem = field(default_factory=FileSystem)
    clock: Callable[[], int] = lambda: int(time.time())


_open_handles: weakref.WeakSet[Handle] = weakref.WeakSet()
_ATTEMPTS = 20


def _close_in_child() -> None:
    """A forked child gives up its copies of the descriptors; the parent's locks are not touched."""
    for handle in list(_open_handles):
        handle.abandon_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


def _still_a_ghost(path: str) -> NotAMemoryError:
    return NotAMemoryError(
        f"{path} is what a compaction left of an older file", path=path, remedy="Restore it from a copy."
    )


def _same_frame(one: FrameRecord, other: FrameRecord) -> bool:
    """Whether two records of an id are the same put; a copy that went its own way has others."""
    return (one.uri, one.anchor_ts, one.timestamp, one.canonical_length) == (
        other.uri,
        other.anchor_ts,
        other.timestamp,
        other.canonical_length,
    ) and one.checksum in (other.checksum, EMPTY, one.checksum if other.checksum == EMPTY else b"")


class Handle:
    """A memory file that is open, and who may do what with it now.

    Attributes:
        files: where calls on paths go.
        file: the open file; another one after the path was followed.
        state: what is known of it.
        own: entries this handle logged that no commit is known to hold yet.
        poison: why nothing may be written any more, or None.
        turn_depth: how often the turn is held by this handle's current thread.
    """

    def __init__(self, path: str, options: Options) -> None:
        self.path = path
        self.options = options
        self.files = options.file_system
        self.mutex = threading.RLock()
        self.closed = False
        self.poison: str | None = None
        self.poison_told = False
        self.own: list[FrameEntry] = []
        self.turn_depth = 0
        self._pid = os.getpid()
        self._note: HolderNote | None = None
        for attempt in range(_ATTEMPTS):
            self.file = self._open_file()
            try:
                self.state = LiveState(self.file, eager=self._eager)
                if options.writable:
                    self._after_open()
                break
            except GhostError as error:
                self.release()
                if attempt == _ATTEMPTS - 1:
                    raise _still_a_ghost(path) from error
            except BaseException:
                self.release()
                raise
        _open_handles.add(self)

    @property
    def _eager(self) -> bool:
        """Verify the contents when opening; a lazy writer only when they are needed."""
        return not self.options.writable or self.options.close == "checkpoint"

    @property
    def writable(self) -> bool:
        return self.options.writable

    # --- opening ------------------------------------------------------------------

    def _open_file(self) -> File:
        """Open the path; a writing handle takes its presence lock and makes sure of the inode."""
        options = self.options
        while True:
            file = self.files.open_file(self.path, writable=options.writable)
            try:
                if options.writable:
                    acquire_presence(file, exclusive=options.lock == "handle", timeout=options.lock_timeout)
                status = self.files.status(self.path)
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
        """Heal what a crash left in and beside the file, which has been verified by now."""
        if self.options.close == "lazy":
            record = self.state.anchor.record
            if record is None or record.flags & FLAG_FRAGILE:
                self.state.base.load()
                raise HandleError(
                    'close="lazy" leaves records pending, and this file has vectors, cards or a mesh that '
                    "the original engine destroys when it finds pending records",
                    path=self.path,
                    remedy='Use close="checkpoint", or "force-lazy" if the original never opens this file.',
                )
        self._sync_name()
        if needs_healing(self.state):
            with contextlib.suppress(LockedError), self.turn():
                heal(self.state)
        if leftover_temporaries(self.files, self.path):
            with contextlib.suppress(LockedError), self.turn():  # under the turn nobody is compacting
                for leftover in leftover_temporaries(self.files, self.path):
                    with contextlib.suppress(StorageError):
                        self.files.unlink(leftover)

    # --- guards -------------------------------------------------------------------

    def check_usable(self) -> None:
        if self._pid != os.getpid():
            raise ForkedHandleError(
                "this handle belongs to the parent process",
                path=self.path,
                remedy="Open the memory again here.",
            )
        if self.closed:
            raise ClosedError("the memory is closed", path=self.path, remedy="Open it again.")

    def check_writable(self) -> None:
        self.check_usable()
        if not self.options.writable:
            raise ReadOnlyError(
                "the memory is open for reading only", path=self.path, remedy='Open it with mode "r+" or "a".'
            )
        if self.poison is not None:
            self.poison_told = True
            raise PoisonedError(
                f"an earlier write failed ({self.poison}), so what is on the medium is unknown",
                path=self.path,
                remedy="Close this handle and open the memory again; nothing acknowledged is lost.",
            )

    # --- reading ------------------------------------------------------------------

    def view(self) -> View:
        """The newest state for a writing handle, the snapshot for a reading one."""
        self.check_usable()  # before the mutex, which another thread may have held at a fork
        with self.mutex:
            self.check_usable()
            if self.options.writable and self.turn_depth == 0:
                self.catch_up()
            return self.state.view()

    def refresh(self) -> View:
        """Take the newest state, following the path when the file was replaced."""
        self.check_usable()
        with self.mutex:
            self.check_usable()
            if self.turn_depth == 0:
                self.catch_up()
            return self.state.view()

    def catch_up(self) -> None:
        """Follow the path and read what is new.

        Raises:
            FileReplacedError: the path names a file that does not continue this one.
        """
        for _ in range(_ATTEMPTS):
            generation = self.state.anchor.generation
            try:
                if self.path_is_ours():
                    self.state.catch_up()
                    if self.state.anchor.generation != generation:
                        self.own = []
                    return
            except GhostError:
                pass
            self._follow()
        raise _still_a_ghost(self.path)

    def reload(self) -> None:
        """After something was taken back: read the file again, now if possible, else before the next use."""
        self.state.forget()
        with contextlib.suppress(Error, GhostError):
            self.state.catch_up()

    def path_is_ours(self) -> bool:
        status = self.files.status(self.path)
        return status is not None and status.identity == self._identity

    def _follow(self) -> None:
        """Go on with the file the path names now, if it continues ours.

        Raises:
            FileReplacedError: it does not, or there is none.
        """
        file: File | None = None
        try:
            file = self.files.open_file(self.path, writable=self.options.writable)
            if self.options.writable:
                exclusive = self.options.lock == "handle"
                acquire_presence(file, exclusive=exclusive, timeout=self.options.lock_timeout)
            state = LiveState(file, eager=self._eager)
        except LockedError:
            assert file is not None
            file.close()
            raise
        except GhostError:
            assert file is not None
            file.close()
            return  # replaced once more in between
        except (Error, OSError) as error:
            if file is not None:
                file.close()
            raise self.replaced(f"{self.path} was removed or replaced") from error
        except BaseException:
            if file is not None:
                file.close()
            raise
        if self.options.writable and not self._continues_ours(state):
            file.close()
            raise self.replaced(f"{self.path} names another file now")
        self.adopt(file, state)
        if self.options.writable and self.poison is None:
            self._sync_name()

    def _sync_name(self) -> None:
        """Make sure of the path's name before anything is acknowledged into the file behind it:
        whoever renamed it there may have died before doing so.
        """
        self.files.sync_directory(os.path.dirname(self.path))

    def _continues_ours(self, state: LiveState) -> bool:
        """Whether a file is a compaction of ours, or a copy that lacks nothing this handle knows of."""
        new, old = state.anchor, self.state.anchor
        if new.file_id is None or new.file_id != old.file_id or new.generation < old.generation:
            return False
        if state.log.next_sequence < self.state.log.next_sequence:
            return False
        theirs, ours = state.view(), self.state.view()
        known = range(max(0, ours.indexed_count - 1), ours.frame_count)
        return theirs.frame_count >= ours.frame_count and all(
            _same_frame(theirs.record(i), ours.record(i)) for i in known
        )

    def adopt(self, file: File, state: LiveState, turn: TurnLock | None = None) -> None:
        """Go on with another file (and its turn, when that is held already); lets go of the old one."""
        self._turn.release()
        release_presence(self.file)
        self.file = file  # the old one closes itself when no view reads it any more
        self.state = state
        self._identity = file.identity()
        self._turn = TurnLock(file) if turn is None else turn
        self.own = []
        if self._note is not None:
            self._note.close()
            self._note = HolderNote(self._identity)

    def replaced(self, message: str) -> FileReplacedError:
        """The error for a path that names another file, with what this handle wrote and nobody has."""
        error = FileReplacedError(
            message,
            path=self.path,
            remedy="Open the path again; `unsaved` of this error holds what the new file lacks.",
        )
        view = self.state.view()
        entries = []
        for entry in self.own:
            if entry.reuse_payload_from is not None:  # only readable while the lost file is open
                with contextlib.suppress(Error):
                    payload = view.payload(entry.reuse_payload_from)
                    entry = replace(entry, payload=payload, reuse_payload_from=None)  # noqa: PLW2901
            entries.append(entry)
        error.unsaved = tuple(self.options.lost_documents(entries))
        return error

    # --- turns --------------------------------------------------------------------

    @contextlib.contextmanager
    def turn(self) -> Iterator[View]:
        """Hold the right to write, with the newest state; nests.

        Raises:
            LockedError: others kept the turn for ``lock_timeout`` seconds.
        """
        self.check_usable()
        with self.mutex:
            self.check_writable()
            if self.turn_depth:
                self.turn_depth += 1
                try:
                    yield self.state.view()
                finally:
                    self.turn_depth -= 1
                return
            self._take_turn()
            self.turn_depth = 1
            try:
                yield self.state.view()
            finally:
                self.turn_depth = 0
                self._release_turn()

    def _take_turn(self) -> None:
        """Acquire the turn on the file that the path names, and catch up with it."""
        deadline = time.monotonic() + self.options.lock_timeout
        while True:
            turn = self._turn
            turn.acquire(max(0.0, deadline - time.monotonic()))
            if self._note is not None:
                self._note.set_turn(True)
            try:
                self.catch_up()
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

    # --- syncing and letting go -------------------------------------------------------

    def sync(self) -> None:
        """Make everything written durable; a failure poisons the handle."""
        try:
            self.file.sync()
        except StorageError as error:
            self.poison = error.message
            raise
        self.state.log.synced = True

    def release(self) -> None:
        """Close the file, and with it give up the locks."""
        if self._note is not None:
            self._note.close()
            self._note = None
        self.file.close()
        _open_handles.discard(self)

    def abandon_after_fork(self) -> None:
        """In a forked child: close the copy of the descriptor and nothing else."""
        self.closed = True
        self.file.close()
