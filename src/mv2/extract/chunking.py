"""Where a document is cut into chunks, and what each chunk says of its place.

The chunks follow one another and cover the text. Time and memory grow with the length
of the text alone, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mv2._late import late_pattern
from mv2.errors import InvalidArgumentError
from mv2.extract._chunk_packing import pack
from mv2.extract._chunk_pieces import Piece, whole_pieces
from mv2.extract._chunk_places import Places, kind_of
from mv2.extract.model import Extraction
from mv2.extract.plain import chunk_ranges, needs_chunking
from mv2.types import Chunk, Chunking

_RULES = ("auto", "plain", "structure", "none")
_FENCE = late_pattern(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_RULER = late_pattern(r"^ {0,3}\|[-:| \t]+$", re.MULTILINE)
#: Scripts from here on mostly write no spaces, so that any character may start a word.
_FIRST_UNSPACED = "\u2e80"


def chunk(extraction: Extraction, chunking: Chunking) -> tuple[Chunk, ...] | None:
    """Cut a document into chunks.

    Returns:
        Two or more chunks whose ranges follow one another and cover ``extraction.text``;
        None when it is better kept whole, because it is short or the rule says so.

    Raises:
        InvalidArgumentError: for sizes that cannot work, or an unknown rule.
    """
    check_chunking(chunking)
    text, size = extraction.text, chunking.size
    smallest = 2 * size if chunking.smallest is None else chunking.smallest
    if chunking.rule == "none" or not text:
        return None
    if uses_structure(extraction, chunking):
        grouped = None if len(text) < smallest else pack(text, extraction.blocks, size)
    else:
        grouped = _cut_plainly(extraction, size) if needs_chunking(text, smallest) else None
    if grouped is None or len(grouped) < 2:
        return None
    return _finish(extraction, grouped, chunking.overlap)


def uses_structure(extraction: Extraction, chunking: Chunking) -> bool:
    """Whether a document is cut at its headings, lists, tables and code, not only at sentences."""
    if chunking.rule != "auto":
        return chunking.rule == "structure"
    return any(block.kind != "paragraph" for block in extraction.blocks)


def looks_structured(text: str) -> bool:
    """Whether plain text holds a Markdown table or a closed block of code; quick."""
    return _has_table(text) or _has_closed_fence(text)


def _has_table(text: str) -> bool:
    if "|" not in text:
        return False
    for ruler in _RULER.finditer(text):
        start = text.rfind("\n", 0, max(ruler.start() - 1, 0)) + 1
        row = text[start : max(ruler.start() - 1, 0)].strip()
        if "-" in ruler.group() and len(row) > 1 and row[0] == "|" == row[-1]:
            return True
    return False


def _has_closed_fence(text: str) -> bool:
    opened = ""
    for found in _FENCE.finditer(text):
        fence, rest = found.group(1), found.group(2).strip()
        if not opened:
            opened = "" if fence[0] == "`" and "`" in rest else fence
        elif fence[0] == opened[0] and len(fence) >= len(opened) and not rest:
            return True
    return False


def check_chunking(chunking: Chunking) -> None:
    """Refuse sizes that cannot work, and unknown rules.

    Raises:
        InvalidArgumentError: for those.
    """
    if chunking.rule not in _RULES:
        raise InvalidArgumentError(
            f"chunking rule {chunking.rule!r} is unknown", remedy=f"Use one of {', '.join(_RULES)}."
        )
    if chunking.size < 1:
        raise InvalidArgumentError(f"chunk size {chunking.size} is not positive")
    if not 0 <= chunking.overlap < chunking.size:
        raise InvalidArgumentError(
            f"chunk overlap {chunking.overlap} is not between 0 and the chunk size {chunking.size}",
            remedy="A tenth of the size is usual.",
        )
    if chunking.smallest is not None and chunking.smallest < 0:
        raise InvalidArgumentError(f"smallest {chunking.smallest} is negative")


def _cut_plainly(extraction: Extraction, size: int) -> list[list[Piece]]:
    """The ranges of the plain rule, each with the parts of blocks that stand in it."""
    pieces = whole_pieces(extraction.text, extraction.blocks)
    grouped = []
    place = 0
    for start, end in chunk_ranges(extraction.text, size):
        while pieces[place].end <= start:
            place += 1
        inside = []
        index = place
        while index < len(pieces) and pieces[index].start < end:
            piece = pieces[index]
            inside.append(
                Piece(max(piece.start, start), min(piece.end, end), piece.block, piece.rows, None, True)
            )
            index += 1
        grouped.append(inside)
    return grouped


def _finish(extraction: Extraction, grouped: Sequence[Sequence[Piece]], overlap: int) -> tuple[Chunk, ...]:
    text = extraction.text
    places = Places(extraction)
    chunks = []
    before: Sequence[Piece] = ()
    for pieces in grouped:
        start, end = pieces[0].start, pieces[-1].end
        prefix = _header(text, pieces[0])
        if not prefix and before and overlap:
            prefix = _overlap(text, before, overlap)
        place = places.next(pieces, start, end)
        chunks.append(
            Chunk(text=prefix + text[start:end], start=start, end=end, kind=kind_of(pieces), place=place)
        )
        before = pieces
    return tuple(chunks)


def _header(text: str, piece: Piece) -> str:
    if piece.header is None:
        return ""
    header = text[piece.header[0] : piece.header[1]]
    return header if header.endswith("\n") else header + "\n"


def _overlap(text: str, before: Sequence[Piece], overlap: int) -> str:
    """The end of the chunk before, from the start of a word; empty behind a table."""
    end = before[-1].end
    if before[-1].block.kind == "table":
        return ""
    first = max(before[0].start, end - overlap)
    for start in range(first, end):
        starts_word = start == 0 or text[start - 1].isspace() or text[start] >= _FIRST_UNSPACED
        if starts_word and not text[start].isspace():
            return text[start:end]
    return ""
