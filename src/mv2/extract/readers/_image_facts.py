"""What is known of a picture, and how it is told."""

from __future__ import annotations

import math
from typing import Any

from mv2.extract.builder import TextBuilder
from mv2.extract.model import Extraction
from mv2.extract.readers._office import readable, seconds_of, tidy

__all__ = ["Facts", "number_of"]

_LONGEST = 100_000


class Facts:
    """What is known of a picture."""

    def __init__(self) -> None:
        self.title = self.description = self.author = self.taken = ""
        self.keywords: dict[str, None] = {}
        self.created: int | None = None
        self.metadata: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.lines: list[str] = []
        self.language: str | None = None
        self.pages: int | None = None

    def say(self, *, title: str = "", description: str = "", author: str = "", taken: str = "") -> None:
        """Facts that hold unless others were found before."""
        self.title = self.title or " ".join(readable(title).split())[:1_000]
        self.description = self.description or tidy(description)[:_LONGEST]
        self.author = self.author or " ".join(readable(author).split())[:1_000]
        self.taken = self.taken or taken

    def extraction(self) -> Extraction:
        builder = TextBuilder()
        builder.add("heading", self.title, level=1)
        if self.description != self.title:
            builder.add("paragraph", self.description)
        for line in self.lines:
            builder.add("paragraph", line)
        builder.add("paragraph", ", ".join(self.keywords))
        if self.taken:
            self.metadata["taken"] = self.taken
            self.created = self.created or seconds_of(self.taken)
        return Extraction(
            text=builder.text,
            blocks=builder.blocks,
            title=self.title or None,
            author=self.author or None,
            keywords=tuple(self.keywords),
            language=self.language,
            created=self.created,
            pages=self.pages,
            metadata=self.metadata,
            warnings=tuple(self.warnings),
        )


def number_of(value: object) -> int | float | None:
    """A finite number, whole if it is; None if it is none."""
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number == int(number) else round(number, 6)
