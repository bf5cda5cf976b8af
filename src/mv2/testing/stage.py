"""A recorded story: operations on a memory, what it showed after each, and what reached the disk.

A scenario is a function that plays operations on a ``Stage`` through the public
API. ``check_cut`` then opens what a power cut would have left and compares it
with what the memory showed: everything up to the last acknowledged operation
must be there, the next one wholly or not at all, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import mv2
from mv2.errors import Mv2Warning
from mv2.testing.observe import Snapshot, observe, unique_text
from mv2.testing.recording import RecordingFileSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mv2.memvid import Memvid
    from mv2.storage.device import FileSystem
    from mv2.testing.events import Record
    from mv2.types import Mode

T = TypeVar("T")
NAME = "m.mv2"
EMPTY = Snapshot(())


@dataclass(slots=True)
class Play:
    """What a scenario left for the checks.

    Attributes:
        name: of the scenario.
        record: what reached the disk.
        titles: the operations, in words.
        snapshots: ``snapshots[i]`` is what the memory shows when ``i`` operations are done.
        creates: number of the operation that created the file; before it is
            acknowledged the file may be absent. None: it was there at the start.
        adds: contents each operation added, for the checks of weak durability.
        loose: an unsynced operation may be missing while a later one is there.
    """

    name: str
    record: Record
    titles: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    creates: int | None = None
    adds: list[frozenset[bytes]] = field(default_factory=list)
    loose: bool = False


class Stage:
    """Where a scenario plays.

    Attributes:
        path: the memory file.
        memory: the handle that operations use and that is observed after each.
    """

    def __init__(
        self,
        directory: str,
        name: str,
        make_file_system: Callable[[str], RecordingFileSystem] | None = None,
    ) -> None:
        self.path = os.path.join(directory, NAME)
        self.directory = directory
        self.memory: Memvid | None = None
        self._name = name
        self._make = make_file_system or RecordingFileSystem
        self._recorder: RecordingFileSystem | None = None
        self._play: Play | None = None
        self._texts = 0

    def start(self) -> None:
        """Everything before this call is durable; everything after it is recorded."""
        self._recorder = self._make(self.directory)
        self._play = Play(self._name, self._recorder.record)
        exists = os.path.exists(self.path)
        self._play.snapshots.append(self._look() if exists else EMPTY)
        self._play.creates = None if exists else 0

    @property
    def play(self) -> Play:
        """The story so far."""
        assert self._play is not None, "start() was not called"
        return self._play

    @property
    def handle(self) -> Memvid:
        """The open memory."""
        assert self.memory is not None, "open() was not called"
        return self.memory

    def open(self, mode: Mode = "a", **options: Any) -> Memvid:
        """Open the memory on the recorded disk (before ``start``: on the plain one)."""
        file_system: FileSystem | None = self._recorder
        options.setdefault("embedder", "none")
        if file_system is not None:
            options["file_system"] = file_system
        self.memory = mv2.open(self.path, mode, **options)
        return self.memory

    def another(self) -> Memvid:
        """A further handle on the recorded disk."""
        assert self._recorder is not None, "start() was not called"
        return mv2.open(self.path, embedder="none", file_system=self._recorder)

    def close(self) -> None:
        """Close the memory."""
        self.handle.close()
        self.memory = None

    def text(self, size: int = 300) -> str:
        """A new text with words that stand nowhere else."""
        self._texts += 1
        return unique_text(self._texts, size)

    def do(self, title: str, action: Callable[[], T], *, durable: bool = True) -> T:
        """Play one operation and look at the result.

        Args:
            title: the operation in words.
            action: performs it.
            durable: returning from it acknowledges it, and all before it.
        """
        assert self._recorder is not None, "start() was not called"
        number = len(self.play.titles)
        self.play.titles.append(title)
        self._recorder.begin(number)
        result = action()
        if durable:
            self._recorder.done(number)
        before = self.play.snapshots[-1]
        now = before if self.memory is None else self._look()
        had = {seen.content for seen in before.frames}
        self.play.adds.append(frozenset(seen.content for seen in now.frames) - had)
        self.play.snapshots.append(now)
        return result

    def put(self, size: int = 300, *, durable: bool = True, **options: Any) -> int:
        """Play one ``put`` of a new text; the text must come back at once."""
        text = self.text(size)
        handle = self.handle
        number = self.do(f"put of {size} characters", lambda: handle.put(text, **options), durable=durable)
        assert handle.text(number) == text, f"put returned {number}, whose text is another one"
        return number

    def _look(self) -> Snapshot:
        if self.memory is not None:
            return observe(self.memory)
        with quiet(), mv2.open(self.path, "r", embedder="none") as memory:
            return observe(memory)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Recovery is reported as a warning; here it is expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Mv2Warning)
        yield
