"""Lines become paragraphs, headings, lists and listings; what runs over columns and pages is joined."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

from mv2._late import late_pattern
from mv2.extract.readers._pdf_grid import FoundTable, continued
from mv2.extract.readers._pdf_layout import Box, Line
from mv2.extract.readers._pdf_pages import PageContent

__all__ = ["Measures", "Piece", "pieces_of"]

_BULLET = late_pattern(
    "[•◦▪▫■□●○◆◇‣⁃➢➔✓❖∙·▸►\uf0a7\uf0b7\uf0a8\uf0d8\uf06e\uf076\uf0fc](?:\\s+|(?=\\w))|[-–—*]\\s+(?=\\S)"
)
_NUMBERED = late_pattern(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s+(?=\S)|\([A-Z]\)\s+(?=\S)")
_CAPTION = late_pattern(
    r"(?:figure|fig\.|table|tab\.|abbildung|abb\.|tabelle|tableau|figura|tabla|tabella)\s*\d{1,3}(?:\.\d{1,3})?[a-z]?\b\s*[.:–—-]?",
    2,
)
_NOTE = late_pattern(r"(?:[1-9]\d{0,2}(?!\d)|[*†‡§¶])[.)]?\s*\S")
_GLUED_NUMBER = late_pattern(r"\A([1-9]\d{0,2})(?=[^\W\d_])")
_LEADER = late_pattern(r"\s*(?:(?:\.\s?){4,}|…{2,}|·{4,})\s*")
# Words that others are joined to with a hyphen.
_HYPHENATED = frozenset(
    [
        "self",
        "well",
        "half",
        "cross",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
    ]
)
_ENDS = frozenset(".!?:;…。！？")
_CLOSERS = "\"'”’»)]"
_DEFAULT_LEADING = 1.25

Kind = Literal["heading", "paragraph", "list", "code", "caption", "note", "table"]


class Piece:
    """A block in the making.

    Attributes:
        lines: number of lines it has.
        full: whether its last line reaches the right end of its column.
        marker: bullet or number of a list item; ``indent`` is where that stands.
        table: for a table, what was found.
    """

    __slots__ = (
        "bold", "first", "full", "hyphen", "indent", "kind", "last_page", "level", "lines", "marker", "mono",
        "outlined", "page", "raised", "rows", "size", "table", "text", "top",
    )  # fmt: skip

    def __init__(self, kind: Kind, text: str, page: int, line: Line | None = None) -> None:
        self.kind, self.text = kind, text
        self.page = self.last_page = page
        self.level, self.marker, self.lines = 0, "", 1
        self.first = self.outlined = self.raised = False
        self.full = self.hyphen = self.bold = self.mono = False
        self.size = self.indent = self.top = 0.0
        self.table: FoundTable | None = None
        self.rows: list[tuple[float, str]] = []
        if line is not None:
            self.size, self.bold, self.mono = line.size, line.bold, line.mono
            self.indent, self.top, self.raised = line.x0, line.top, line.raised

    @property
    def is_open(self) -> bool:
        """Whether the text may go on elsewhere."""
        return self.kind in {"paragraph", "list"} and (
            self.hyphen or (self.full and not _is_ended(self.text))
        )


class Measures:
    """What is usual in a document.

    Attributes:
        body: size of most of its text, in points.
        mostly_bold: whether bold says nothing.
        words: all of its words in lower case, to tell hyphens from broken words.
    """

    def __init__(self, pages: Iterable[PageContent]) -> None:
        sizes: Counter[float] = Counter()
        bold = total = 0
        leadings: defaultdict[float, Counter[float]] = defaultdict(Counter)
        hyphens = False
        lines: list[str] = []
        for page in pages:
            for group in page.groups:
                for item in group:
                    if isinstance(item, Line):
                        length = len(item.text)
                        sizes[round(item.size * 2) / 2] += length
                        total += length
                        bold += length if item.bold else 0
                        hyphens = hyphens or item.hyphen or item.text.endswith("-")
                        lines.append(item.text)
                    elif isinstance(item.content, FoundTable):
                        for size, length in item.content.sizes.items():
                            sizes[round(size * 2) / 2] += length
                for one, two in pairwise(group):
                    if isinstance(one, Line) and isinstance(two, Line) and _wraps(one, two):
                        leadings[round(one.size)][round((two.y - one.y) / one.size, 1)] += 1
        self.body = sizes.most_common(1)[0][0] if sizes else 0.0
        self.mostly_bold = bold * 5 > total * 2
        self._leadings = {size: counts.most_common(1)[0][0] for size, counts in leadings.items()}
        self.words: frozenset[str] = frozenset()
        if hyphens:
            self.words = frozenset(
                word.strip(".,;:!?()[]\"'”’").lower() for text in lines for word in text.split()
            )

    def leading(self, size: float) -> float:
        """Usual distance of the base lines of text of that size, in points."""
        return max(0.9, self._leadings.get(round(size), _DEFAULT_LEADING)) * size

    def join(self, text: str, hyphen: bool, more: str) -> str:
        """Text with its next line; a broken word loses its hyphen, unless it has one elsewhere too."""
        if not text.endswith("-") or not more[:1].isalpha() or not (hyphen or more[:1].islower()):
            return continued(text, hyphen, more)
        left = text[:-1].rsplit(None, 1)[-1].lstrip("([\"'“‘").lower() if text[:-1].split() else ""
        right = more.split(None, 1)[0].rstrip(".,;:!?()[]\"'”’").lower()
        if not left or not left[-1:].isalpha():
            return text + more
        compound = f"{left}-{right}" in self.words or (left in _HYPHENATED and left + right not in self.words)
        return text + more if compound or more[:1].isupper() else text[:-1] + more


def _wraps(one: Line, two: Line) -> bool:
    """Whether a line goes on in the next for lack of room."""
    return (
        two.room + 0.2 * one.size > one.slack
        and abs(one.size - two.size) < 0.5
        and 0.8 * one.size < two.y - one.y < 3 * one.size
        and one.bold == two.bold
    )


def _is_ended(text: str) -> bool:
    return text.rstrip(_CLOSERS)[-1:] in _ENDS


def pieces_of(pages: Iterable[PageContent], measures: Measures) -> list[Piece]:
    """All blocks of the document, in reading order."""
    pieces: list[Piece] = []
    for page in pages:
        start = len(pieces)
        for group in page.groups:
            first = len(pieces)
            for part in _group_pieces(group, page, measures):
                if len(pieces) == first:
                    part.first = True
                pieces.append(part)
        pieces.extend(Piece("paragraph", text, page.number) for text in page.turned)
        _mark_notes(pieces[start:], page, measures)
    return _joined(pieces, measures)


def _group_pieces(group: Sequence[Line | Box], page: PageContent, measures: Measures) -> Iterable[Piece]:
    current: Piece | None = None
    before: Line | None = None
    for item in group:
        if isinstance(item, Box):
            if current is not None:
                yield current
            current, before = None, None
            if isinstance(item.content, FoundTable):
                table = Piece("table", "", page.number)
                table.table, table.top = item.content, item.top
                yield table
            continue
        if current is None or before is None or _starts_anew(before, item, current, measures):
            if current is not None:
                yield current
            current = _begin(item, page)
        else:
            _extend(current, before, item, measures)
        current.full = item.slack < 2.5 * item.size
        current.hyphen = item.hyphen or (item.text.endswith("-") and item.text[-2:-1].isalpha())
        before = item
    if current is not None:
        yield current


def _begin(line: Line, page: PageContent) -> Piece:
    text = line.text
    kind: Kind = "code" if line.mono else "paragraph"
    marker = ""
    found = _BULLET.match(text)
    if found and len(text) > found.end():
        marker, text = "-", text[found.end() :]
    elif line.dot:
        marker = "-"
    elif (found := _NUMBERED.match(text)) is not None:
        marker, text = found.group().strip(), text[found.end() :]
    if marker and not line.mono:
        kind = "list"
    elif line.mono:
        text, marker = line.text, ""
    piece = Piece(kind, text if line.mono else _plain(text), page.number, line)
    piece.marker = marker
    if line.mono:
        piece.rows.append((line.x0, line.text))
    return piece


def _plain(text: str) -> str:
    """Single spaces; dot leaders, as in a table of contents, become one sign."""
    text = " ".join(text.split())
    return (
        _LEADER.sub(" … ", text).strip()
        if ".." in text or ". ." in text or "·" in text or "……" in text
        else text
    )


def _extend(piece: Piece, before: Line, line: Line, measures: Measures) -> None:
    piece.lines += 1
    if piece.mono:
        pitch = (line.x1 - line.x0) / max(1, len(line.text)) or 1.0
        skipped = (line.y - before.y) / measures.leading(line.size)
        piece.rows += [(line.x0, "")] * (1 if skipped > 1.7 else 0)
        piece.rows.append((line.x0, line.text))
        left = min(x for x, text in piece.rows if text)
        piece.text = (
            "\n".join(
                " " * min(200, round((x - left) / pitch)) + text if text else "" for x, text in piece.rows
            )
            if len(piece.rows) < 2_000
            else f"{piece.text}\n{line.text}"
        )
        return
    text = _plain(line.text)
    forced = _is_forced(before, line) or _LEADER.search(before.text)
    if forced and not piece.hyphen:
        piece.text += f"\n{text}"
    else:
        piece.text = measures.join(piece.text, piece.hyphen, text)


def _is_forced(before: Line, line: Line) -> bool:
    """Whether the line ended although the next word had room in it."""
    room = line.room + 0.35 * before.size < before.slack - 0.5
    return room and not line.text[:1].islower() and before.text[-1:] not in {",", "-", "–", "("}


def _starts_anew(before: Line, line: Line, piece: Piece, measures: Measures) -> bool:
    step = line.y - before.y
    if before.mono != line.mono:
        return True
    if abs(before.size - line.size) > max(0.6, 0.07 * line.size):
        return True
    if line.mono:
        return step > 3.2 * line.size
    if step > measures.leading(line.size) * 1.28 + 0.4 or step < 0:
        return True
    if line.dot or _BULLET.match(line.text) or _NUMBERED.match(line.text):
        return True
    short = _is_forced(before, line)
    if before.bold != line.bold and (short or before.slack > 4 * before.size or piece.lines == 1):
        return short or before.bold
    if piece.kind == "list":
        return (
            line.x0 < piece.indent + 0.3 * line.size
            and (short or _is_ended(before.text))
            and not _hangs(line, piece)
        )
    if short and _is_ended(before.text):
        return True
    indented = line.lead > 0.8 * line.size and before.lead < 0.3 * line.size
    return (
        indented and (_is_ended(before.text) or before.slack > 2 * before.size) and line.lead < 5 * line.size
    )


def _hangs(line: Line, piece: Piece) -> bool:
    return line.x0 > piece.indent + 0.3 * line.size


def _mark_notes(pieces: Sequence[Piece], page: PageContent, measures: Measures) -> None:
    """Small print with a sign before it, or text with a raised one, at the foot of a page."""
    for piece in reversed(pieces):
        small = piece.raised or 0 < piece.size <= 0.93 * measures.body
        if piece.kind not in {"paragraph", "list"} or not small or piece.top < 0.5 * page.height:
            if piece.kind != "note" and piece.top > 0:
                break
            continue
        if piece.kind == "list" and piece.marker != "-":
            piece.text, piece.marker, piece.kind = f"{piece.marker} {piece.text}", "", "note"
        elif piece.kind == "paragraph" and _NOTE.match(piece.text):
            piece.kind = "note"
            piece.text = _GLUED_NUMBER.sub(r"\1 ", piece.text)


def _joined(pieces: Sequence[Piece], measures: Measures) -> list[Piece]:
    """Paragraphs that were cut by the end of a column or page become one again."""
    result: list[Piece] = []
    pending: Piece | None = None
    for piece in pieces:
        if _CAPTION.match(piece.text) and piece.kind == "paragraph" and len(piece.text) < 600:
            piece.kind = "caption"
        if piece.kind in {"note", "caption", "table"}:
            result.append(piece)
            continue
        if pending is not None and pending.is_open and _goes_on(pending, piece):
            pending.text = measures.join(pending.text, pending.hyphen, piece.text)
            pending.last_page, pending.full, pending.hyphen = piece.last_page, piece.full, piece.hyphen
            pending.lines += piece.lines
            continue
        result.append(piece)
        pending = piece if piece.kind in {"paragraph", "list"} else None
    return result


def _goes_on(piece: Piece, more: Piece) -> bool:
    if (
        more.kind != "paragraph"
        or more.bold != piece.bold
        or abs(more.size - piece.size) > 0.6
        or more.size == 0
    ):
        return False
    starts = more.text[:1]
    if not more.first:
        return piece.hyphen and starts.islower()
    return starts.islower() or (piece.lines > 1 and (starts.isalnum() or starts in '("“‘«'))
