"""Syncing behind the caller's back, for ``durability="batch"``: at most 100 ms late."""

from __future__ import annotations

import threading
from collections.abc import Callable

#: Longest time between a put and the sync that makes it durable, in seconds.
LATENESS = 0.1


class BackgroundSyncer:
    """Calls ``sync`` within ``LATENESS`` seconds of ``mark``; one daemon thread, started on first use."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def mark(self) -> None:
        """Something was written and is not synced yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mv2-sync", daemon=True)
            self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread; what is still unsynced is the caller's to sync."""
        self._stopping.set()
        self._wanted.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._stopping.wait(LATENESS / 2):
                return
            self._wanted.clear()
            if self._stopping.is_set():  # stop() may have set both between the two lines above
                return
            self._sync()
