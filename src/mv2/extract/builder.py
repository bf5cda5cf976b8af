"""Text and blocks, written side by side."""

from __future__ import annotations

from typing import Any

from mv2.extract.model import Block, BlockKind


class TextBuilder:
    """Joins pieces into one text with a blank line between them, and notes where each stands.

    Fields that hold for many blocks (page, sheet, seconds …) are set once with ``at``.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._place: dict[str, Any] = {}

    def at(self, **place: Any) -> None:
        """Fields of ``Block`` for all blocks from here on; None clears one."""
        self._place = {name: value for name, value in {**self._place, **place}.items() if value is not None}

    def add(self, kind: BlockKind, text: str, *, header: int = 0, joint: str = "\n\n", **fields: Any) -> None:
        """Append a block; one without visible text is left out.

        Args:
            header: so many characters at its start are the header of a table.
            joint: what stands between it and the block before.
        """
        text = text.strip("\n") if kind == "code" else text.strip()
        if not text:
            return
        if self._parts:
            self._parts.append(joint)
            self._length += len(joint)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        place = {**self._place, **fields}
        if header:
            place["header"] = (start, start + header)
        self._blocks.append(Block(kind=kind, start=start, end=self._length, **place))

    def __len__(self) -> int:
        """Characters so far."""
        return self._length

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._parts)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks so far."""
        return tuple(self._blocks)
