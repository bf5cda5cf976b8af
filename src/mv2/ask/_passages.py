"""Which passages an answer may rest on, and how many fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.types import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mv2.ask._evidence import Evidence
    from mv2.ask._retrieve import Candidate

#: Characters a token has on average in the languages that models were made with. Only an estimate;
#: services count for themselves.
CHARACTERS_PER_TOKEN: Final = 4
#: A frame longer than this (characters) gives its best part.
_LONGEST: Final = 1_200
#: Passages whose words are the same to this share say the same.
_SAME: Final = 0.9


@dataclass(slots=True)
class Piece:
    """A passage in the making: a run of sentences of one candidate."""

    candidate: Candidate
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        """Exactly that piece of the candidate's text."""
        return self.candidate.text[self.start : self.end]


def tokens_in(text: str) -> int:
    """Tokens of a text, estimated: a quarter of its characters, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def choose_passages(evidence: Sequence[Evidence], *, budget: int, limit: int) -> list[Piece]:
    """The most useful passages that fit, best first; whole sentences, nothing twice.

    Args:
        evidence: sentences, best first.
        budget: tokens that all passages may have together, by ``tokens_in``.
        limit: passages at most.
    """
    by_frame: dict[int, list[Evidence]] = {}
    for item in evidence:
        by_frame.setdefault(item.candidate.frame_id, []).append(item)
    chosen: list[Piece] = []
    known: list[set[str]] = []
    left = budget
    for items in by_frame.values():
        if len(chosen) >= limit:
            break
        piece = _piece(items, min(_LONGEST, left * CHARACTERS_PER_TOKEN))
        if piece is None:
            continue
        words = set(piece.text.lower().split())
        if any(_alike(words, other) for other in known):
            continue
        chosen.append(piece)
        known.append(words)
        left -= tokens_in(piece.text)
    return chosen


def number(pieces: Iterable[Piece], first: Sequence[Candidate] = ()) -> list[Passage]:
    """Passages with their numbers: those of `first` in that order, then corrections, then by time."""
    ranks = {candidate.frame_id: place for place, candidate in enumerate(first)}
    ordered = sorted(
        pieces,
        key=lambda piece: (
            ranks.get(piece.candidate.frame_id, len(ranks)),
            not piece.candidate.correction,
            piece.candidate.timestamp,
            piece.candidate.frame_id,
        ),
    )
    return [_passage(piece, place) for place, piece in enumerate(ordered, 1)]


def _passage(piece: Piece, place: int) -> Passage:
    item = piece.candidate
    return Passage(
        number=place,
        frame_id=item.frame_id,
        uri=item.uri,
        title=item.title,
        timestamp=item.timestamp,
        range=(item.start + piece.start, item.start + piece.end),
        text=piece.text,
        score=max(0.0, min(1.0, piece.score)),
        correction=item.correction,
    )


def _piece(items: Sequence[Evidence], room: int) -> Piece | None:
    """The sentences around the best one of a candidate, as many as there is room for."""
    best = items[0]
    in_order = sorted(items, key=lambda item: item.span)
    low = high = in_order.index(best)
    start, end = best.span
    if end - start > room:
        return None
    whole_start = 0 if best.candidate.start == 0 else in_order[0].span[0]
    while True:
        grown = False
        if low > 0 and end - in_order[low - 1].span[0] <= room:
            low, grown = low - 1, True
            start = in_order[low].span[0]
        if high + 1 < len(in_order) and in_order[high + 1].span[1] - start <= room:
            high, grown = high + 1, True
            end = in_order[high].span[1]
        if not grown:
            break
    # What stands before the first sentence (a date, who says it) belongs to it.
    if low == 0 and end - whole_start <= room:
        text = best.candidate.text
        start = whole_start + (len(text[whole_start:start]) - len(text[whole_start:start].lstrip()))
    return Piece(best.candidate, start, end, best.cover)


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= _SAME * len(one | other)
