"""Length-aware scores.

The index scores with BM25 at b = 0.75, which suits abstracts and pages: a long
document needs more mentions of a word. In notes and turns of a conversation, length
says little, and b = 0.3 finds more (docs/design.md, "Ranking"). Which it is, the mean
length of the memory's documents tells. Scores of the index are brought to the other b
exactly for words that a document has once, nearly so for others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2.search._corpus import K1, B

if TYPE_CHECKING:
    from mv2.search.candidates import Ranked
    from mv2.search.source import FrameSource

SHORT_B: Final = 0.3
SHORT_WORDS: Final = 60.0
LONG_WORDS: Final = 120.0
_SAMPLED: Final = 1_000


def length_weight(mean_words: float) -> float:
    """BM25's b for documents of so many words on average."""
    share = min(1.0, max(0.0, (mean_words - SHORT_WORDS) / (LONG_WORDS - SHORT_WORDS)))
    return SHORT_B + share * (B - SHORT_B)


def mean_length(source: FrameSource) -> float:
    """Mean size of texts in bytes, over frames spread evenly through the memory."""
    count = source.frame_count
    step = max(1, count // _SAMPLED)
    sizes = [size for k in range(0, count, step) if (size := source.length(k))]
    return sum(sizes) / len(sizes) if sizes else 1.0


def reweighted(hits: Ranked, source: FrameSource, b: float, mean: float) -> Ranked:
    """`hits` with the scores they would have at `b`, best first."""
    if b >= B:
        return hits
    changed = []
    for score, frame_id in hits:
        ratio = source.length(frame_id) / mean
        changed.append((score * (1 + K1 * (1 - B + B * ratio)) / (1 + K1 * (1 - b + b * ratio)), frame_id))
    # The sort is stable, so equal scores keep the order they had.
    changed.sort(key=lambda hit: -hit[0])
    return changed
