"""What stands in a cell, a note or a running head: lines of text, with tables kept for later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mv2.extract.model import BlockKind, Limits
from mv2.extract.readers._office import Cells, Draft, tidy


class Lines:
    """Collects what is inside of a cell or note as lines of text; it has the methods of a ``Draft``.

    Tables and notes cannot stand inside of it: they are kept until ``release``.

    Attributes:
        is_endnote: they are a note at the end of the document, not one at the foot of a page.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.is_endnote = False
        self._lines: list[str] = []
        self._later: list[Callable[[Draft | Lines], None]] = []

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    def add(self, kind: BlockKind, text: str, **fields: Any) -> None:
        if kind == "note":
            self._later.append(lambda sink: sink.add(kind, text, **fields))
        elif text := tidy(text):
            self._lines.append(text)

    def heading(self, text: str, level: int, **_: Any) -> None:
        self.add("heading", text, level=level)

    def item(self, text: str, depth: int, label: str = "-", **_: Any) -> None:
        if text := tidy(text):
            self.add("list", f"{label} {text}" if label else text, level=depth)

    def code(self, text: str, **_: Any) -> None:
        self.add("code", text)

    def end_list(self) -> None:
        """There are no lists among lines."""

    def table(self, cells: Cells, name: str | None = None, **place: int | None) -> None:
        self._later.append(lambda sink: sink.table(cells, name, **place))

    def keep(self, write: Callable[[Draft | Lines], None]) -> None:
        """Call ``write`` on release."""
        self._later.append(write)

    def release(self, sink: Draft | Lines) -> None:
        """Write what was kept."""
        later, self._later = self._later, []
        for write in later:
            write(sink)


Sink: TypeAlias = Draft | Lines
