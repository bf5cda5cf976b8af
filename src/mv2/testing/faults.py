"""A file system on which a chosen call fails, and which counts every call.

disk = FaultFileSystem()
memory = mv2.open(path, file_system=disk)
disk.arm(Fault(call=3, error=errno.ENOSPC))     # the fourth changing call from here on
memory.put("text")                              # raises DiskFullError
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mv2.storage.device import Buffer, File, FileStatus, FileSystem, storage_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Calls that change something on the medium.
CHANGES = frozenset({"create", "write", "resize", "sync", "rename", "link", "unlink", "sync_directory"})
#: Every kind of call that can be made to fail.
ALL_CALLS = CHANGES | {"open", "read", "status", "names"}


class Call(NamedTuple):
    """One file call: what it was, on which path, at which byte and for how many."""

    kind: str
    path: str
    offset: int = 0
    length: int = 0

    def __str__(self) -> str:
        place = f" of {self.length} bytes at {self.offset}" if self.kind in {"read", "write"} else ""
        return f"{self.kind}{place} ({os.path.basename(self.path)})"


@dataclass(frozen=True, slots=True)
class Fault:
    """Which calls fail, and how.

    Attributes:
        call: how many calls of the given kinds still succeed before the first failure.
        error: the errno they fail with.
        times: how many calls in a row fail; None for all until disarmed.
        partial: a write that fails leaves the first half of its bytes behind.
        kinds: which calls count.
    """

    call: int
    error: int
    times: int | None = 1
    partial: bool = False
    kinds: frozenset[str] = CHANGES


class FaultFile(File):
    """A file that asks its file system before every call."""

    def __init__(self, descriptor: int, path: str, owner: FaultFileSystem) -> None:
        super().__init__(descriptor, path)
        self._owner = owner

    def read(self, offset: int, length: int) -> bytes:
        """Read, unless the call is to fail."""
        self._owner.ask(Call("read", self.path, offset, length))
        return super().read(offset, length)

    def map(self, offset: int, length: int) -> memoryview:
        """Map, unless the call is to fail."""
        self._owner.ask(Call("read", self.path, offset, length))
        return super().map(offset, length)

    def write(self, offset: int, data: Buffer | Sequence[Buffer]) -> None:
        """Write all, or fail after nothing or half of it."""
        parts = [data] if isinstance(data, bytes | bytearray | memoryview) else data
        joined = b"".join(bytes(part) for part in parts)
        try:
            self._owner.ask(Call("write", self.path, offset, len(joined)))
        except OSError:
            if self._owner.fault is not None and self._owner.fault.partial:
                super().write(offset, joined[: len(joined) // 2])
            raise
        super().write(offset, joined)

    def sync(self) -> None:
        """Sync, unless the call is to fail."""
        self._owner.ask(Call("sync", self.path))
        super().sync()

    def resize(self, size: int) -> None:
        """Resize, unless the call is to fail."""
        self._owner.ask(Call("resize", self.path, size))
        super().resize(size)


class FaultFileSystem(FileSystem):
    """The real file system, with faults on demand.

    Attributes:
        calls: every call since the object was made, or since ``calls.clear()``.
        failed: the calls that were made to fail.
        fault: what is armed.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.failed: list[Call] = []
        self.fault: Fault | None = None
        self._until = 0
        self._mutex = threading.Lock()

    def arm(self, fault: Fault) -> None:
        """Let calls fail as ``fault`` says, counted from now."""
        self.fault, self._until = fault, fault.call
        self.failed.clear()

    def disarm(self) -> None:
        """Let every call succeed again."""
        self.fault = None

    def changes(self) -> list[Call]:
        """The calls so far that changed something."""
        return [call for call in self.calls if call.kind in CHANGES]

    def count(self, kinds: Iterable[str] = CHANGES) -> int:
        """How many calls of these kinds there were so far."""
        wanted = frozenset(kinds)
        return sum(call.kind in wanted for call in self.calls)

    def ask(self, call: Call) -> None:
        """Note ``call``, and fail it when its turn has come.

        Raises:
            StorageError: the fault that was armed.
        """
        with self._mutex:
            self.calls.append(call)
            fault = self.fault
            if fault is None or call.kind not in fault.kinds:
                return
            self._until -= 1
            if self._until >= 0 or (fault.times is not None and self._until < -fault.times):
                return
            self.failed.append(call)
        error = OSError(fault.error, os.strerror(fault.error))
        raise storage_error(error, call.kind, call.path, call.offset) from error

    def open_file(
        self, path: str, *, writable: bool, create: bool = False, exclusive: bool = False, mode: int = 0o666
    ) -> File:
        """Open, unless the call is to fail."""
        self.ask(Call("create" if create and not os.path.exists(path) else "open", path))
        return super().open_file(path, writable=writable, create=create, exclusive=exclusive, mode=mode)

    def _make_file(self, descriptor: int, path: str) -> File:
        return FaultFile(descriptor, path, self)

    def status(self, path: str) -> FileStatus | None:
        """Look at a path, unless the call is to fail."""
        self.ask(Call("status", path))
        return super().status(path)

    def names(self, directory: str) -> list[str]:
        """List a directory, unless the call is to fail."""
        self.ask(Call("names", directory))
        return super().names(directory)

    def rename(self, source: str, target: str) -> None:
        """Rename, unless the call is to fail."""
        self.ask(Call("rename", target))
        super().rename(source, target)

    def link(self, source: str, target: str) -> None:
        """Link, unless the call is to fail."""
        self.ask(Call("link", target))
        super().link(source, target)

    def unlink(self, path: str) -> None:
        """Remove, unless the call is to fail."""
        self.ask(Call("unlink", path))
        super().unlink(path)

    def sync_directory(self, directory: str) -> None:
        """Sync a directory, unless the call is to fail."""
        self.ask(Call("sync_directory", directory))
        super().sync_directory(directory)
