"""Memories for asynchronous programs.

    async with mv2.aio.open("notes.mv2") as memory:
        await memory.put("The kettle is descaled with vinegar.")
        answer = await memory.ask("How is the kettle descaled?")

``AsyncMemvid`` has a twin of everything in ``Memvid`` that waits, with the same arguments
and results, but of ``watch``, which never ends: that is for a thread of the program's own.
The work is done in threads of its own; no event loop is held up.

Cancelling an ``await`` gives up waiting, not the work: what has begun goes on to its end, and
``close`` waits for it. What has not begun is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from mv2.errors import ClosedError, HandleError, InvalidArgumentError
from mv2.memvid import Memvid, open_memory
from mv2.types import Answer

__all__ = ["AsyncMemvid", "open"]

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 4
_LOT: Final = 256
_in_batch: contextvars.ContextVar[object] = contextvars.ContextVar("mv2_batch", default=None)


def _reading(
    method: Callable[Concatenate[Memvid, P], T],
) -> Callable[Concatenate[AsyncMemvid, P], Coroutine[Any, Any, T]]:
    """The twin of a method that may run beside others."""

    @functools.wraps(method)
    async def twin(self: AsyncMemvid, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(functools.partial(method, self._memory, *args, **kwargs), writes=False)

    return twin


def _writing(
    method: Callable[Concatenate[Memvid, P], T],
) -> Callable[Concatenate[AsyncMemvid, P], Coroutine[Any, Any, T]]:
    """The twin of a method that writes: one after the other, in the order of the calls."""

    @functools.wraps(method)
    async def twin(self: AsyncMemvid, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(functools.partial(method, self._memory, *args, **kwargs), writes=True)

    return twin


def _listing(
    method: Callable[Concatenate[Memvid, P], Iterator[T]],
    lot_size: int = _LOT,
) -> Callable[Concatenate[AsyncMemvid, P], AsyncIterator[T]]:
    """The twin of a method that yields: an asynchronous iterator, which fetches so many at a time."""

    @functools.wraps(method)
    async def twin(self: AsyncMemvid, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        found = await self._run(functools.partial(method, self._memory, *args, **kwargs), writes=False)
        while lot := await self._run(functools.partial(_some, found, lot_size), writes=False):
            for item in lot:
                yield item

    return twin


def _some(found: Iterator[T], count: int) -> list[T]:
    return [item for _, item in zip(range(count), found, strict=False)]


def _streaming(
    method: Callable[Concatenate[Memvid, P], Answer],
) -> Callable[Concatenate[AsyncMemvid, P], AsyncIterator[str | Answer]]:
    """The twin of ``ask`` that yields the text piece by piece, and the Answer at the end."""

    @functools.wraps(method)
    async def twin(self: AsyncMemvid, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[str | Answer]:
        if kwargs.get("on_token") is not None:
            raise InvalidArgumentError("ask_stream yields the pieces itself", remedy="Leave out on_token.")
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        stream = _Stream(pieces)
        kwargs["on_token"] = stream.take if kwargs.get("model") is not None else None
        asked = asyncio.ensure_future(
            self._run(functools.partial(method, self._memory, *args, **kwargs), writes=False)
        )
        asked.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            yield await asked
        finally:
            stream.stopped = True
            asked.cancel()

    return twin


class _Stream:
    """Carries the pieces of a text from a thread into the event loop."""

    def __init__(self, pieces: asyncio.Queue[str | None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces = pieces
        self.stopped = False

    def take(self, piece: str) -> None:
        """Called in the thread; ends the model's answer when nobody listens any more."""
        if self.stopped:
            raise _StoppedError
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)


class _StoppedError(Exception):
    """Nobody listens to the stream any more."""


class AsyncMemvid:
    """One memory, open, for asynchronous programs. Made by ``mv2.aio.open``; an async context manager.

    Reads run beside each other, writes one after the other. See ``Memvid`` for what each
    method does. Use it in the event loop it was opened in.
    """

    def __init__(self, memory: Memvid, threads: int = THREADS) -> None:
        self._memory = memory
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="mv2-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="mv2-write")
        self._begun: set[Future[Any]] = set()
        self._batch: _Batch | None = None
        self._closing: asyncio.Future[None] | None = None

    put = _writing(Memvid.put)
    put_many = _writing(Memvid.put_many)
    update = _writing(Memvid.update)
    delete = _writing(Memvid.delete)
    correct = _writing(Memvid.correct)
    embed = _writing(Memvid.embed)
    put_files = _writing(Memvid.put_files)
    put_url = _writing(Memvid.put_url)
    sync = _writing(Memvid.sync)
    add_messages = _writing(Memvid.add_messages)
    restore = _writing(Memvid.restore)
    commit = _writing(Memvid.commit)
    vacuum = _writing(Memvid.vacuum)
    refresh = _writing(Memvid.refresh)

    frame = _reading(Memvid.frame)
    content = _reading(Memvid.content)
    text = _reading(Memvid.text)
    embedding = _reading(Memvid.embedding)
    history = _reading(Memvid.history)
    timeline = _reading(Memvid.timeline)
    find = _reading(Memvid.find)
    ask = _reading(Memvid.ask)
    similar = _reading(Memvid.similar)
    duplicates = _reading(Memvid.duplicates)
    commits = _reading(Memvid.commits)
    diff = _reading(Memvid.diff)
    stats = _reading(Memvid.stats)
    verify = _reading(Memvid.verify)
    preview_chunks = _reading(Memvid.preview_chunks)
    tables = _reading(Memvid.tables)
    table = _reading(Memvid.table)
    conversation = _reading(Memvid.conversation)
    sessions = _reading(Memvid.sessions)
    to_arrow = _reading(Memvid.to_arrow)
    frames = _listing(Memvid.frames)
    records = _listing(Memvid.records)
    to_arrow_batches = _listing(Memvid.to_arrow_batches, 1)
    ask_stream = _streaming(Memvid.ask)

    @property
    def path(self) -> str:
        """The file, links resolved."""
        return self._memory.path

    @property
    def closed(self) -> bool:
        """Whether it was closed, or is being closed."""
        return self._closing is not None or self._memory.closed

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""
        return self._memory.read_only

    @contextlib.asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Everything this task (and tasks it starts) writes inside is kept or lost together.

        Other tasks wait until it ends. Reads inside see what was written inside.
        """
        if _in_batch.get() is not None and _in_batch.get() is self._batch:
            raise HandleError("batches do not nest", path=self.path)
        while self._batch is not None:
            await self._batch.ended.wait()
        self._batch = batch = _Batch()
        token = _in_batch.set(batch)
        try:
            # Reads that have begun must not need the turn while this task waits for them.
            await asyncio.get_running_loop().run_in_executor(None, wait, list(self._begun))
            entering = self._submit(functools.partial(batch.enter, self._memory))
            try:
                await asyncio.shield(entering)
                yield
            except BaseException as error:
                await asyncio.shield(self._submit(functools.partial(batch.leave, error)))
                raise
            await asyncio.shield(self._submit(functools.partial(batch.leave, None)))
        finally:
            _in_batch.reset(token)
            self._batch = None
            batch.ended.set()

    async def close(self) -> None:
        """Wait for what has begun, finish what is pending and let go of the file. Safe to call twice.

        Raises: as ``Memvid.close``.
        """
        if self._batch is not None and _in_batch.get() is self._batch:
            raise HandleError("close cannot run inside a batch", path=self.path)
        while self._batch is not None:
            await self._batch.ended.wait()
        if self._closing is None:
            self._closing = asyncio.get_running_loop().run_in_executor(None, self._close)
        await asyncio.shield(self._closing)

    def _close(self) -> None:
        self._readers.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        self._memory.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<mv2.aio.AsyncMemvid of {self._memory!r}>"

    async def _run(self, call: Callable[[], T], *, writes: bool) -> T:
        """Run `call` in a thread; inside a batch in the one that holds the turn."""
        while self._batch is not None and _in_batch.get() is not self._batch:
            await self._batch.ended.wait()
        if self._closing is not None:
            raise ClosedError("the memory was closed", path=self.path)
        if writes or self._batch is not None:
            return await self._submit(call)
        context = contextvars.copy_context()
        begun: Future[T] = self._readers.submit(context.run, call)
        self._begun.add(begun)
        begun.add_done_callback(self._begun.discard)
        return await asyncio.wrap_future(begun)

    def _submit(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Run `call` in the thread that writes."""
        context = contextvars.copy_context()
        return asyncio.get_running_loop().run_in_executor(self._writer, context.run, call)


class _Batch:
    """A batch of a memory; entered and left in the thread that writes."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._stack = contextlib.ExitStack()

    def enter(self, memory: Memvid) -> None:
        self._stack.enter_context(memory.batch())

    def leave(self, error: BaseException | None) -> None:
        """Keep what was written, or drop it because of `error`."""
        if error is None:
            self._stack.close()
            return
        try:
            self._stack.__exit__(type(error), error, error.__traceback__)
        except BaseException as raised:
            if raised is not error:
                raise


class _Opening:
    """A memory about to be opened: to be awaited, or entered with ``async with``."""

    def __init__(self, make: Callable[[], Memvid]) -> None:
        self._make = make
        self._opened: AsyncMemvid | None = None

    def __await__(self) -> Generator[Any, None, AsyncMemvid]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncMemvid:
        self._opened = await self._open()
        return self._opened

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _open(self) -> AsyncMemvid:
        opening = asyncio.get_running_loop().run_in_executor(None, self._make)
        try:
            return AsyncMemvid(await asyncio.shield(opening))
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise


def _close_unwanted(opening: asyncio.Future[Memvid]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _opening(make: Callable[P, Memvid]) -> Callable[P, _Opening]:
    @functools.wraps(make)
    def opening(*args: P.args, **kwargs: P.kwargs) -> _Opening:
        return _Opening(functools.partial(make, *args, **kwargs))

    return opening


open = _opening(open_memory)  # noqa: A001 (as mv2.open)
