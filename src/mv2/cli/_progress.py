"""Progress for people who wait: on a terminal only, and only when it takes a while."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from mv2.cli._output import terminal_width

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE: Final = 0.4  # seconds of silence before anything is shown
_INTERVAL: Final = 0.1  # seconds between two updates
_WINDOW: Final = 15.0  # seconds that the rate is an average of
_WORTH_A_RATE: Final = 1.0  # seconds after which it says something


class Progress:
    """A bar on standard error; ``rich`` draws it where it is installed.

    Call the object with (done, total); a total of None means unknown.

    Attributes:
        done, total: those of the last call.
    """

    def __init__(self, label: str, *, quiet: bool = False, at_once: bool = False) -> None:
        self.done = 0
        self.total: int | None = None
        self._label = label
        self._shown = not quiet and sys.stderr.isatty()
        self._next = time.monotonic() + (0 if at_once else _PATIENCE)
        self._pace = Pace()
        self._bar: Any = None
        self._task: Any = None
        self._plain = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._plain:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, done: int, total: int | None) -> None:
        """Show that ``done`` of ``total`` steps are behind us."""
        self.done, self.total = done, total
        if not self._shown:
            return
        now = time.monotonic()
        finished = total is not None and done >= total
        if now < self._next and not (finished and (self._bar is not None or self._plain)):
            return
        self._next = now + _INTERVAL
        if self._bar is None and not self._plain:
            self._start(total)
        pace = self._pace.words(done, total, now)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, pace=pace)
        else:
            self._line(done, total, pace)

    def _start(self, total: int | None) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar
        except ImportError:
            self._plain = True
            return
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._label, total=total, pace="")
        self._bar.start()

    def _line(self, done: int, total: int | None, pace: str) -> None:
        text = f"{self._label} {done:,}" + (f" of {total:,}" if total is not None else "")
        text += f"  {pace}" if pace else ""
        sys.stderr.write(f"\r{text[: terminal_width() - 1]}\x1b[K")
        sys.stderr.flush()


class Pace:
    """How fast it goes, on the average of the last seconds."""

    def __init__(self) -> None:
        self._past = deque([(time.monotonic(), 0)])

    def words(self, done: int, total: int | None, now: float) -> str:
        """As ``51/s, 12 s left``; empty when it is too early to say.

        Args:
            now: the time, as of ``time.monotonic``.
        """
        self._past.append((now, done))
        while self._past[1][0] <= now - _WINDOW:
            self._past.popleft()
        since, before = self._past[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        if now - since < _WORTH_A_RATE or rate <= 0:
            return ""
        shown = f"{rate:,.0f}/s" if rate >= 1 else f"{rate * 60:,.0f}/min"
        return shown if total is None else f"{shown}, {duration((total - done) / rate)} left"


def duration(seconds: float) -> str:
    """A time that is only about right: ``12 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60:,} h {minutes % 60} min"
