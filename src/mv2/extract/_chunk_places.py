"""Where a chunk stands in its document, and what it mostly is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mv2._late import late_pattern
from mv2.extract._chunk_pieces import Piece
from mv2.extract.model import Block, Extraction
from mv2.types import Place

_KINDS = {"table": "table", "code": "code", "list": "list", "record": "record"}
_TITLE_CHARS = 200
_MARKS = late_pattern(r"(#{1,6})[ \t]+")
_UNDERLINE = late_pattern(r"\n[ \t]*[=-]+[ \t]*\Z")


class Places:
    """Gives the place of one chunk after the other; they must come in order."""

    def __init__(self, extraction: Extraction) -> None:
        self._text = extraction.text
        self._exact = extraction.exact
        self._above: list[tuple[int, str]] = []
        self._counted_to = 0
        self._line = 1
        self._counted: Block | None = None

    def next(self, pieces: Sequence[Piece], start: int, end: int) -> Place:
        """Return the place of the characters ``start`` to ``end``, which ``pieces`` share."""
        blocks = [piece.block for piece in pieces]
        pages = [page for block in blocks for page in (block.page, block.last_page) if page is not None]
        seconds = [block.seconds for block in blocks if block.seconds is not None]
        sheets = {block.sheet for block in blocks}
        return Place(
            page=min(pages, default=None),
            last_page=max(pages, default=None),
            headings=self._headings(pieces),
            sheet=next(iter(sheets)) if len(sheets) == 1 else None,
            rows=_rows(pieces),
            lines=self._lines(start, end) if self._exact else _hull([self._part(piece) for piece in pieces]),
            seconds=(min(one for one, _ in seconds), max(last for _, last in seconds)) if seconds else None,
            symbol=_common_symbol([block.symbol for block in blocks if block.symbol]),
            range=(start, end),
        )

    def _headings(self, pieces: Sequence[Piece]) -> tuple[str, ...]:
        """Titles above the chunk, with those it begins with; takes note of all that it holds."""
        path: tuple[str, ...] | None = None
        for piece in pieces:
            if piece.block.kind == "heading":
                level = max(piece.block.level, 1)
                while self._above and self._above[-1][0] >= level:
                    self._above.pop()
                self._above.append((level, self._title(piece.block)))
            elif path is None:
                path = self._path()
        return self._path() if path is None else path

    def _path(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._above)

    def _title(self, block: Block) -> str:
        title = self._text[block.start : min(block.end, block.start + 10 * _TITLE_CHARS)].strip()
        marks = _MARKS.match(title)
        if marks and len(marks.group(1)) == block.level:
            title = title[marks.end() :].rstrip("#").rstrip() or title
        elif "\n" in title:
            title = _UNDERLINE.sub("", title)
        return " ".join(title[: 2 * _TITLE_CHARS].split())[:_TITLE_CHARS]

    def _part(self, piece: Piece) -> tuple[int, int] | None:
        """Lines of a part of a block: its own where the block has as many lines as it stands for."""
        block = piece.block
        if block.lines is None or (piece.start <= block.start and piece.end >= block.end):
            return block.lines
        first, last = block.lines
        if block is not self._counted:
            if self._text.count("\n", block.start, block.end) != last - first:
                return block.lines
            self._counted, self._counted_to, self._line = block, block.start, first
        return self._lines(piece.start, piece.end)

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        """First and last line of the source with something on it; counted onward from the chunk before."""
        own = self._text[start:end]
        shown = own.strip()
        first = start + len(own) - len(own.lstrip()) if shown else start
        last = first + max(len(shown) - 1, 0)
        self._line += self._text.count("\n", self._counted_to, first)
        line = self._line
        self._line += self._text.count("\n", first, last)
        self._counted_to = last
        return line, self._line


def kind_of(pieces: Sequence[Piece]) -> str:
    """``table``, ``code``, ``list``, ``record`` or ``text``: what most of the characters are."""
    shares: Counter[str] = Counter()
    for piece in pieces:
        shares[_KINDS.get(piece.block.kind, "text")] += piece.length
    return shares.most_common(1)[0][0] if shares else "text"


def _rows(pieces: Sequence[Piece]) -> tuple[int, int] | None:
    """All rows of the chunk; None where they count in different tables."""
    counted = [piece for piece in pieces if piece.rows is not None]
    if len({(piece.block.sheet, None if piece.block.sheet else piece.block.table) for piece in counted}) > 1:
        return None
    return _hull([piece.rows for piece in counted])


def _hull(ranges: Sequence[tuple[int, int] | None]) -> tuple[int, int] | None:
    known = [one for one in ranges if one is not None]
    if not known:
        return None
    return min(first for first, _ in known), max(last for _, last in known)


def _common_symbol(symbols: Sequence[str]) -> str | None:
    """The symbol of all, or the one that all of them are in."""
    if not symbols:
        return None
    common = symbols[0].split(".")
    for symbol in symbols[1:]:
        names = symbol.split(".")
        shared = 0
        while shared < min(len(common), len(names)) and common[shared] == names[shared]:
            shared += 1
        common = common[:shared]
    return ".".join(common) or None
