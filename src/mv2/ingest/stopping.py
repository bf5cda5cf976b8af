"""What Ctrl-C means while much is being done: finish what is at hand, keep it, and say so."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


class Stop(threading.Event):
    """Set by the first Ctrl-C; the second one raises KeyboardInterrupt, but not while ``held``."""

    held = False


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[Stop]:
    """A stop that Ctrl-C sets. Outside the main thread nothing can catch the signal, and it is never set."""
    stopped = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(*_: object) -> None:
        if stopped.is_set() and not stopped.held:
            raise KeyboardInterrupt
        stopped.set()

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
