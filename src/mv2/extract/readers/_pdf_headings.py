"""Which blocks are headings, and of which level."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from mv2._late import late_pattern
from mv2.extract.readers._pdf_info import Outline
from mv2.extract.readers._pdf_text import Measures, Piece

__all__ = ["mark_headings"]

_LARGER = 1.13
_LONGEST = 200
_NUMBER = late_pattern(
    r"^(?:(?:chapter|part|section|kapitel|teil|abschnitt)\s+)?[\dIVXA-Z]{1,4}(?:\.\d{1,3}){0,5}[.):]?\s+", 2
)
_LETTERS = late_pattern(r"[^\W\d_]")
_NO_WORD = late_pattern(r"[\W_]+")

# Size in half points, and whether bold.
_Look = tuple[float, bool]


def mark_headings(pieces: Sequence[Piece], measures: Measures, outline: Outline) -> None:
    """Give headings their kind and level: by the outline where it has them, else by their look."""
    _match_outline(pieces, outline)
    for piece in pieces:
        if piece.kind in {"paragraph", "list"} and (piece.outlined or _looks_like_one(piece, measures)):
            if piece.marker and piece.marker != "-":
                piece.text = f"{piece.marker} {piece.text}"
            piece.kind, piece.marker = "heading", ""
            piece.text = " ".join(piece.text.split())
    headings = [piece for piece in pieces if piece.kind == "heading"]
    looks = sorted({_look(piece) for piece in headings}, key=lambda look: (-look[0], not look[1]))
    learned = _learned(headings)
    for piece in headings:
        if not piece.outlined:
            look = _look(piece)
            rank = looks.index(look) + 1
            if learned:
                rank = learned.get(look) or _between(look, learned)
            piece.level = rank
        piece.level = max(1, min(6, piece.level))


def _look(piece: Piece) -> _Look:
    return round(piece.size * 2) / 2, piece.bold


def _looks_like_one(piece: Piece, measures: Measures) -> bool:
    text = piece.text
    if (
        piece.mono
        or len(text) > _LONGEST
        or piece.lines > 3
        or _LETTERS.search(text) is None
        or " … " in text
        or not measures.body
    ):
        return False
    if piece.kind == "list" and piece.marker == "-":
        return False
    if piece.size >= _LARGER * measures.body:
        return text[-1:] not in {",", ";"}
    if measures.mostly_bold or not piece.bold or piece.size < 0.97 * measures.body:
        return False
    return piece.lines <= 2 and len(text) <= 120 and text[-1:] not in {".", ",", ";", ":"}


def _plain(text: str) -> str:
    return _NO_WORD.sub("", text).lower()


def _match_outline(pieces: Sequence[Piece], outline: Outline) -> None:
    titles: defaultdict[str, list[tuple[int, int | None]]] = defaultdict(list)
    for level, title, page in outline:
        for key in {_plain(title), _plain(_NUMBER.sub("", title))} - {""}:
            titles[key].append((level, page))
    if not titles:
        return
    for piece in pieces:
        if piece.kind not in {"paragraph", "list"} or len(piece.text) > 300 or piece.lines > 3:
            continue
        whole = f"{piece.marker} {piece.text}" if piece.marker not in {"", "-"} else piece.text
        for key in (_plain(whole), _plain(_NUMBER.sub("", whole))):
            places = [level for level, page in titles.get(key, ()) if page is None or page == piece.page]
            if places:
                piece.outlined, piece.level = True, places[0]
                break


def _learned(headings: Sequence[Piece]) -> dict[_Look, int]:
    """The level that headings of each look have in the outline."""
    seen: defaultdict[_Look, Counter[int]] = defaultdict(Counter)
    for piece in headings:
        if piece.outlined:
            seen[_look(piece)][piece.level] += 1
    return {look: counts.most_common(1)[0][0] for look, counts in seen.items()}


def _between(look: _Look, learned: dict[_Look, int]) -> int:
    """A level for a look that the outline does not have: below all that are larger."""
    larger = [
        level for other, level in learned.items() if (-other[0], not other[1]) < (-look[0], not look[1])
    ]
    return max(larger) + 1 if larger else 1
