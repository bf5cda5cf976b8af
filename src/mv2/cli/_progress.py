"""Progress for people who wait: on a terminal only, and only when it takes a while."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from mv2.cli._output import terminal_width

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE: Final = 0.4  # seconds of silence before anything is shown
_INTERVAL: Final = 0.1  # seconds between two updates


class Progress:
    """A bar on standard error; ``rich`` draws it where it is installed.

    Call the object with (done, total); a total of None means unknown.
    """

    def __init__(self, label: str, *, quiet: bool = False, at_once: bool = False) -> None:
        self._label = label
        self._shown = not quiet and sys.stderr.isatty()
        self._next = time.monotonic() + (0 if at_once else _PATIENCE)
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
        if not self._shown:
            return
        now = time.monotonic()
        finished = total is not None and done >= total
        if now < self._next and not (finished and (self._bar is not None or self._plain)):
            return
        self._next = now + _INTERVAL
        if self._bar is None and not self._plain:
            self._start(total)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        else:
            self._line(done, total)

    def _start(self, total: int | None) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar
        except ImportError:
            self._plain = True
            return
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._label, total=total)
        self._bar.start()

    def _line(self, done: int, total: int | None) -> None:
        text = f"{self._label} {done:,}" + (f" of {total:,}" if total is not None else "")
        sys.stderr.write(f"\r{text[: terminal_width()]}\x1b[K")
        sys.stderr.flush()
