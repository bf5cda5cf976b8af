"""Pieces put together into chunks."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from mv2._record import dataclass
from mv2.extract._chunk_pieces import Piece, split_piece, whole_pieces
from mv2.extract.model import Block
from mv2.extract.plain import slack_of

_LEADS = frozenset({"list", "table", "code", "record"})


@dataclass(slots=True)
class _Group:
    """Pieces that stay together: headings with what follows them.

    Attributes:
        turn: a heading or top-level definition starts here.
        section: characters of the top section that starts here, 0 if none does.
    """

    pieces: list[Piece]
    turn: bool = False
    section: int = 0

    @property
    def length(self) -> int:
        return self.pieces[-1].end - self.pieces[0].start


def pack(text: str, blocks: tuple[Block, ...], size: int) -> list[list[Piece]]:
    """Return the pieces of each chunk; they follow one another and cover ``text``."""
    pieces = whole_pieces(text, blocks)
    chunks: list[list[Piece]] = []
    current: list[Piece] = []
    for group in _groups(text, pieces, size):
        if current and _starts_anew(current, group, size):
            chunks.append(current)
            current = []
        current.extend(group.pieces)
    if current:
        chunks.append(current)
    _join_short_end(chunks, size)
    return chunks


def _starts_anew(current: list[Piece], group: _Group, size: int) -> bool:
    length = current[-1].end - current[0].start
    if current[-1].block.sheet != group.pieces[0].block.sheet:
        return True
    if group.turn and length >= size // 2:
        return True
    if length >= size // 3 and group.section >= size // 3:
        return True
    total = length + group.length
    return total > size + slack_of(size) or (total > size and length >= size // 5)


def _join_short_end(chunks: list[list[Piece]], size: int) -> None:
    """A last chunk of a few words goes to the one before it, if there is room."""
    if len(chunks) < 2:
        return
    before, last = chunks[-2], chunks[-1]
    if last[0].header is not None or before[-1].block.sheet != last[0].block.sheet:
        return
    short = last[-1].end - last[0].start < size // 5
    if short and last[-1].end - before[0].start <= size + slack_of(size):
        chunks[-2:] = [before + last]


def _groups(text: str, pieces: list[Piece], size: int) -> list[_Group]:
    sections = _top_sections(pieces)
    groups: list[_Group] = []
    waiting: list[Piece] = []
    top_symbol: str | None = None
    for index, piece in enumerate(pieces):
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        held = piece.end - (waiting[0].start if waiting else piece.start)
        if held <= size // 2 and _leads(text, piece, after):
            waiting.append(piece)
            continue
        first = max(size - sum(one.length for one in waiting), size // 2, 1)
        parts = split_piece(text, piece, first, size)
        group = _Group([*waiting, parts[0]])
        head = group.pieces[0]
        symbol = piece.block.symbol and piece.block.symbol.partition(".")[0]
        new_symbol = piece.block.kind == "code" and symbol is not None and symbol != top_symbol
        group.turn = head.block.kind == "heading" or new_symbol
        group.section = sections.get(head.start, 0)
        groups.append(group)
        groups.extend(_Group([part]) for part in parts[1:])
        waiting = []
        top_symbol = symbol
    if waiting:
        groups.append(_Group(waiting, turn=True))
    return groups


def _leads(text: str, piece: Piece, after: Piece | None) -> bool:
    """Whether ``piece`` means nothing without what comes after it."""
    block = piece.block
    if after is None or after.block.sheet != block.sheet:
        return False
    if block.kind == "heading":
        return True
    if block.kind == "caption":
        return after.block.kind == "table"
    return (
        block.kind == "paragraph"
        and after.block.kind in _LEADS
        and text[max(block.end - 2, block.start) : block.end].rstrip().endswith((":", "："))
    )


def _top_sections(pieces: list[Piece]) -> dict[int, int]:
    """Length of each section of the outermost level that occurs more than once, by its start."""
    levels = Counter(piece.block.level for piece in pieces if piece.block.kind == "heading")
    repeated = [level for level, count in levels.items() if count > 1]
    if not repeated:
        return {}
    top = min(repeated)
    starts = [piece.start for piece in pieces if piece.block.kind == "heading" and piece.block.level <= top]
    return {one: other - one for one, other in pairwise([*starts, pieces[-1].end])}
