"""Reads documents in processes of their own, so that none can harm the program or another document."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from mv2.errors import (
    ClosedError,
    DocumentError,
    ForkedHandleError,
    InvalidArgumentError,
    Mv2Warning,
    UnsupportedDocumentError,
)
from mv2.extract._plugins import Offer, offers
from mv2.extract._process import ReaderProcess, Watch
from mv2.extract.chunking import check_chunking
from mv2.extract.model import ReadOptions, Source
from mv2.extract.registry import Registry
from mv2.extract.wire import Outcome
from mv2.types import Chunking

__all__ = ["Job", "Outcome", "ReaderPool"]

_CHOICES = {"keep": ("bytes", "text"), "revisions": ("accepted", "original", "marked")}
_Key = TypeVar("_Key")
_FEWEST_IN_FLIGHT = 16
_IN_FLIGHT_EACH = 8


def _check_options(options: ReadOptions) -> None:
    """Refuse options that mean nothing, before a document is read.

    Raises:
        InvalidArgumentError: for those.
    """
    for name, choices in _CHOICES.items():
        if getattr(options, name) not in choices:
            raise InvalidArgumentError(
                f"{name} {getattr(options, name)!r} is unknown", remedy=f"Use one of {', '.join(choices)}."
            )
    if options.reader is not None:
        try:
            Registry().named(options.reader)
        except UnsupportedDocumentError as error:
            raise InvalidArgumentError(error.message, remedy=error.remedy) from None


class Job:
    """A document that is on its way; ``result`` waits for it."""

    def __init__(self, source: Source) -> None:
        self.source: Source | None = source
        # Bytes that it holds: of the source before it was read, of what was found after.
        self.size = len(source.data)
        self.cancelled = False
        self._done = threading.Event()
        self._outcome: Outcome | None = None

    def finish(self, outcome: Outcome | None, size: int = 0) -> None:
        """Called once; None says that the pool was closed before."""
        self.source = None
        self.size = size
        self._outcome = outcome
        self._done.set()

    def result(self) -> Outcome:
        """What became of it.

        Raises:
            ClosedError: the pool was closed before it was read.
        """
        # In short steps: a wait without an end cannot be interrupted everywhere.
        while not self._done.wait(1.0):
            pass
        if self._outcome is None:
            raise ClosedError("the readers were closed before the document was read")
        return self._outcome


class ReaderPool:
    """Processes that read documents, as many at a time as there are workers.

    A document that takes too long or too much memory, or that crashes its reader, costs its own
    outcome and nothing else; one that fails in a process that read others before is tried again in
    a new one. Processes are started when they are needed and replaced when they
    are worn. What they are held to differs by platform: see ``mv2.extract.sandbox``; the time
    limit and the isolation of crashes hold everywhere. Safe to use from several threads.

    Args:
        workers: processes at a time, 1 or more.
        options: how documents are read.
        chunking: how their text is cut.
        in_flight: documents that ``map`` takes in advance at most; None means 8 a worker, at least 16.
        budget: bytes of documents and results that ``map`` holds at a time, about: one document
            more is taken when a single one is larger.

    Attributes:
        broken_plugins: readers of other packages that could not be loaded, and why.
    """

    def __init__(
        self,
        workers: int = 1,
        options: ReadOptions | None = None,
        chunking: Chunking | None = None,
        *,
        in_flight: int | None = None,
        budget: int = 256 << 20,
    ) -> None:
        if workers < 1 or budget < 1 or (in_flight is not None and in_flight < 1):
            raise InvalidArgumentError("workers, in_flight and budget must be 1 or more")
        options, chunking = options or ReadOptions(), chunking or Chunking()
        _check_options(options)
        check_chunking(chunking)
        self._in_flight = in_flight or max(_FEWEST_IN_FLIGHT, _IN_FLIGHT_EACH * workers)
        self._budget = budget
        self._crew = _Crew(workers, options, chunking)
        self._finalizer = weakref.finalize(self, self._crew.close)
        self.broken_plugins: dict[str, str] = {}

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop all processes, at once; documents that are being read are given up."""
        self._finalizer()

    def submit(self, source: Source) -> Job:
        """Have a document read; ``Job.result`` waits for the outcome.

        Raises:
            ClosedError: the pool is closed.
        """
        return self._crew.submit(Job(source))

    def read_one(self, source: Source) -> Outcome:
        """Read a document, before all that ``map`` has taken in advance.

        Raises:
            ClosedError: the pool is closed.
        """
        outcome = self._crew.submit(Job(source), first=True).result()
        self._tell_broken()
        return outcome

    def map(self, items: Iterable[tuple[_Key, Source]]) -> Iterator[tuple[_Key, Outcome]]:
        """Read documents; the outcomes come in the order of the items.

        Items are taken as there is room for them, in the thread that asks for the outcomes.

        Raises:
            ClosedError: the pool is closed.
        """
        taken = iter(items)
        waiting = deque[tuple[_Key, Job]]()
        more = True
        try:
            while True:
                while more and self._has_room(waiting):
                    item = next(taken, None)
                    if item is None:
                        more = False
                    else:
                        waiting.append((item[0], self.submit(item[1])))
                        del item
                if not waiting:
                    return
                key, job = waiting.popleft()
                outcome = job.result()
                self._tell_broken()
                yield key, outcome
        finally:
            for _, job in waiting:
                job.cancelled = True

    def _has_room(self, waiting: deque[tuple[_Key, Job]]) -> bool:
        if not waiting:
            return True
        return len(waiting) < self._in_flight and sum(job.size for _, job in waiting) < self._budget

    def _tell_broken(self) -> None:
        """In the thread of the caller, who may have made warnings errors."""
        for name, why in self._crew.news_of_plugins():
            if name not in self.broken_plugins:
                self.broken_plugins[name] = why
                warnings.warn(
                    f"the reader plug-in {name!r} cannot be loaded: {why}", Mv2Warning, stacklevel=3
                )


class _Crew:
    """The threads of a pool, one for each process; knows nothing of the pool, so that it can go away."""

    def __init__(self, workers: int, options: ReadOptions, chunking: Chunking) -> None:
        self._workers = workers
        self._options = options
        self._chunking = chunking
        self._changed = threading.Condition()
        self._jobs = deque[Job]()
        self._idle = 0
        self._members = list["_Member"]()
        self._closed = False
        self._offers: tuple[Offer, ...] | None = None
        self._offers_lock = threading.Lock()
        self._news = list[tuple[str, str]]()
        self._owner = os.getpid()
        self.watch = Watch()

    def submit(self, job: Job, *, first: bool = False) -> Job:
        with self._changed:
            if self._closed:
                raise ClosedError("the readers are closed")
            if self._owner != os.getpid():
                raise ForkedHandleError("the readers belong to the parent process")
            if first:
                self._jobs.appendleft(job)
            else:
                self._jobs.append(job)
            if self._idle < len(self._jobs) and len(self._members) < self._workers:
                member = _Member(self)
                self._members.append(member)
                member.start()
            self._changed.notify()
        return job

    def next_job(self) -> Job | None:
        """Waits for it; None when there will be no more."""
        with self._changed:
            self._idle += 1
            try:
                while True:
                    while self._jobs:
                        job = self._jobs.popleft()
                        if not job.cancelled:
                            return job
                    if self._closed:
                        return None
                    self._changed.wait()
            finally:
                self._idle -= 1

    def process(self) -> ReaderProcess:
        """A new one; what other packages offer is found out while it starts."""
        return ReaderProcess(self._options, self._chunking, self._offered, self.watch)

    def _offered(self) -> tuple[Offer, ...]:
        with self._offers_lock:
            if self._offers is None:
                self._offers = offers()
            return self._offers

    def tell(self, broken: dict[str, str]) -> None:
        with self._changed:
            self._news += broken.items()

    def news_of_plugins(self) -> list[tuple[str, str]]:
        if not self._news:
            return []
        with self._changed:
            news, self._news = self._news, []
        return news

    def close(self) -> None:
        if self._owner != os.getpid():
            return
        with self._changed:
            self._closed = True
            given_up = list(self._jobs)
            self._jobs.clear()
            self._changed.notify_all()
        for job in given_up:
            job.finish(None)
        for member in self._members:
            member.stop()
        for member in self._members:
            if member is not threading.current_thread() and member.ident is not None:
                member.join()
        self.watch.close()

    @property
    def closed(self) -> bool:
        return self._closed


class _Member(threading.Thread):
    """A thread and its process. The process is started here: it dies with the thread that starts it."""

    def __init__(self, crew: _Crew) -> None:
        super().__init__(name="mv2-reader", daemon=True)
        self._crew = crew
        self._process: ReaderProcess | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        try:
            while (job := self._crew.next_job()) is not None:
                self._do(job)
        finally:
            with self._lock:
                if self._process is not None:
                    self._process.end()

    def _do(self, job: Job) -> None:
        source = job.source
        if source is None:
            return
        outcome: Outcome | None = None
        size = 0
        try:
            process = self._ready()
            if process is not None:
                outcome, size, broken = process.read(source)
                if process.in_doubt and (process := self._ready()) is not None:
                    outcome, size, broken = process.read(source)
                if broken:
                    self._crew.tell(broken)
        except DocumentError as error:
            outcome = Outcome(error=error)
        except Exception as error:  # noqa: BLE001 - whoever waits must get an answer
            outcome = Outcome(error=DocumentError(f"it could not be read: {type(error).__name__}: {error}"))
        job.finish(None if self._crew.closed else outcome, size)

    def _ready(self) -> ReaderProcess | None:
        """The process; a new one when there is none or it is worn, None when the pool is closed."""
        with self._lock:
            if self._crew.closed:
                return None
            if self._process is not None and not self._process.usable:
                self._process.end()
                self._process = None
            if self._process is None:
                self._process = self._crew.process()
            return self._process

    def stop(self) -> None:
        """Kill the process, whatever it does; the thread itself takes it away."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
