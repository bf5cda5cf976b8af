"""Records written one after the other, within the limit of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mv2.errors import DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.model import Limits

LONGEST_SYMBOL = 200


class Records:
    """What a data file says, as blocks of the kind ``record``."""

    def __init__(self, limits: Limits) -> None:
        self.builder = TextBuilder()
        self.warnings: list[str] = []
        self._limits = limits
        self._was_tight = False

    def caption(self, text: str) -> None:
        """The name of a list of records."""
        self.builder.add("caption", " ".join(text.split())[:LONGEST_SYMBOL])
        self._was_tight = False

    def add(
        self,
        symbol: str,
        content: Sequence[str],
        *,
        tight: bool = False,
        rows: tuple[int, int] | None = None,
        lines: tuple[int, int] | None = None,
    ) -> None:
        """A record of one or more lines.

        Args:
            symbol: name or place of the record.
            tight: it stands right below the one before it if that is tight too.
        """
        text = "\n".join(content)
        if len(self.builder) + len(text) > self._limits.text_chars:
            raise DocumentLimitError(
                f"written out it has more than {self._limits.text_chars:,} characters (limit text_chars)"
            )
        place: dict[str, Any] = {"rows": rows, "lines": lines, "symbol": symbol[:LONGEST_SYMBOL] or None}
        self.builder.add(
            "record",
            text,
            joint="\n" if tight and self._was_tight else "\n\n",
            **{name: value for name, value in place.items() if value is not None},
        )
        self._was_tight = tight
