"""One reader process, as the program that started it sees it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract import wire
from mv2.extract._plugins import Offer
from mv2.extract.model import ReadOptions, Source
from mv2.extract.wire import Outcome
from mv2.types import Chunking

_START = "import sys; sys.path[:] = sys.argv[1].split('\\n'); from mv2.extract.worker import main; main()"
_STARTING_SECONDS = 60.0
# Keys of services and the like stay here; these are what Python itself and libraries need.
_ENVIRONMENT = (
    "SYSTEMROOT",
    "WINDIR",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONHOME",
)


class Watch:
    """A clock that kills processes whose time is over; one thread for all, started when first needed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[ReaderProcess, float] = {}
        self._thread: threading.Thread | None = None
        self._wakes = 0.0
        self._closed = False

    def begin(self, process: ReaderProcess, seconds: float) -> None:
        """The process is killed after so many seconds, unless ``end`` comes first."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._deadlines[process] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mv2-reader-clock", daemon=True)
                self._thread.start()
            elif deadline < self._wakes:
                self._changed.notify()

    def end(self, process: ReaderProcess) -> None:
        """The process did what it had to do in time."""
        with self._changed:
            self._deadlines.pop(process, None)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for process in [one for one, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[process]
                    process.overdue = True
                    process.kill()
                # Waking up for nothing now and then is cheaper than being woken for each document.
                self._wakes = min(self._deadlines.values(), default=now + 3600.0)
                self._changed.wait(max(0.0, self._wakes - now))


class ReaderProcess:
    """A process that reads one document at a time.

    Args:
        offered: finds the readers of other packages; called while the process starts.

    Attributes:
        usable: False when it must be replaced.
        overdue: it was killed because its time was over.
        in_doubt: what went wrong with the last document may be due to one that was read before it.
        without_filter: why native code in it is not held to the sandbox; None when it is.
    """

    def __init__(
        self,
        options: ReadOptions,
        chunking: Chunking,
        offered: Callable[[], tuple[Offer, ...]],
        watch: Watch,
    ) -> None:
        self._options = options
        self._watch = watch
        self._served = 0
        self.usable = True
        self.overdue = False
        self.in_doubt = False
        self.without_filter: str | None = None
        self._config = (chunking, offered)
        self._is_started = False
        self._popen = _start()

    def read(self, source: Source) -> tuple[Outcome, int, dict[str, str]]:
        """The outcome, the bytes it holds, and the plug-ins that turned out to be broken."""
        try:
            if not self._is_started:
                self._finish_start()
            return self._exchange(source)
        except wire.Wrong as error:
            self.end()
            self.in_doubt = self._served > 0
            return _failed(source, DocumentError(f"the reader returned {error}")), 0, {}
        except OSError:
            # The pipe is gone because the process is; its last word is its exit code.
            self.end(patience=1.0)
            self.in_doubt = self._served > 0 and not self.overdue
            return _failed(source, self._reason()), 0, {}

    def _exchange(self, source: Source) -> tuple[Outcome, int, dict[str, str]]:
        limits = self._options.limits
        # Nobody can answer ahead of time for a document whose number nobody can guess.
        number = secrets.randbits(52)
        self._watch.begin(self, limits.seconds)
        try:
            self._send(wire.request_header(number, source), source.data)
            message = wire.read_message(self._replies, wire.largest_reply(limits))
        finally:
            self._watch.end(self)
        if message is None:
            raise BrokenPipeError
        header, raw = message
        if header.get("id") != number:
            raise wire.Wrong("an answer that was not asked for")
        reply = wire.decode_reply(header, raw, limits)
        self._served += 1
        if reply.retire:
            self.usable = False
        outcome = reply.outcome
        if outcome.error is not None and source.name:
            outcome.error.path = source.name
        return outcome, reply.size, reply.broken

    def _finish_start(self) -> None:
        """Tell it how to read, and wait until it is ready for hostile bytes."""
        chunking, offered = self._config
        more = {"parent": os.getpid(), "plugins": offered()}
        self._watch.begin(self, _STARTING_SECONDS)
        try:
            self._send(wire.config_header(self._options, chunking, **more))
            message = wire.read_message(self._replies, 1 << 20)
        finally:
            self._watch.end(self)
        if message is None or message[0].get("ready") is not True:
            raise BrokenPipeError
        self.without_filter = cast("str | None", message[0].get("filter"))
        self._is_started = True

    @property
    def _replies(self) -> Any:
        return self._popen.stdout

    def _send(self, header: dict[str, Any], data: bytes = b"") -> None:
        stream = self._popen.stdin
        if stream is None:
            raise BrokenPipeError
        wire.write_message(stream, wire.pack(header), data)

    def _reason(self) -> DocumentError:
        limits = self._options.limits
        if self.overdue and self._is_started:
            return DocumentLimitError(
                f"reading it took longer than {limits.seconds:g} seconds (limit seconds)"
            )
        code = self._popen.returncode
        how = f"exit code {code}" if code is None or code >= 0 else _signal_name(-code)
        if not self._is_started:
            return DocumentError(
                f"the reader process could not be started ({how})",
                remedy=f"Check that {sys.executable} runs and can import mv2",
            )
        return DocumentError(f"the reader crashed ({how})")

    def kill(self) -> None:
        """End it at once; whoever waits for it finds its pipe at an end."""
        self._popen.kill()

    def end(self, patience: float = 0.0) -> None:
        """Take it away, by the thread that started it; killed unless it ends within so many seconds."""
        self.usable = False
        popen = self._popen
        try:
            popen.wait(patience)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        for stream in (popen.stdin, popen.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was still to be written has no reader
                    stream.close()


def _failed(source: Source, error: DocumentError) -> Outcome:
    error.path = source.name or None
    return Outcome(error=error)


def _start() -> subprocess.Popen[bytes]:
    """A Python that finds the same packages as this one, and starts without looking for others."""
    paths = [os.path.abspath(path) for path in sys.path]
    flags = ["-P", "-s", "-B", "-X", "utf8"]
    if not _has_import_hooks():
        flags.append("-S")
    more: dict[str, Any] = {}
    if sys.platform == "win32":
        more["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        # A group of its own: Ctrl-C is for the program, which then decides.
        more["start_new_session"] = True
        more["cwd"] = "/"
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, with our own arguments
            [sys.executable, *flags, "-c", _START, "\n".join(paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name in _ENVIRONMENT if (value := os.environ.get(name)) is not None},
            **more,
        )
    except OSError as error:
        raise DocumentError(f"no reader process could be started: {error}") from error


def _has_import_hooks() -> bool:
    """Whether packages under development are found by hooks that only the ``site`` module sets."""
    return any(
        (getattr(finder, "__module__", "") or "").startswith("__editable__") for finder in sys.meta_path
    )


def _signal_name(number: int) -> str:
    try:
        return f"signal {number}, {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"
