"""What each word of a query adds to a hit's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.search._compile import compile_query
from mv2.search.nodes import Fuzzy, Near, Node, Phrase, Prefix, Terms, Wildcard, text_leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.search.pending import Overlay
    from mv2.search.source import FrameSource


def score_parts(
    source: FrameSource, overlay: Overlay, node: Node, frame_ids: Sequence[int]
) -> dict[int, dict[str, float]]:
    """``{"lexical:<word>": part, ...}`` of the words that each of the frames has."""
    reader = source.lexical()
    found: dict[int, dict[str, float]] = {frame_id: {} for frame_id in frame_ids}
    stored = [k for k in frame_ids if reader is not None and k < source.indexed_count]
    for name, leaf in _leaves(node):
        scores: dict[int, float] = {}
        if len(stored) < len(found) or not source.is_present:
            scores = overlay.search(leaf, source, reader) if source.is_present else source.outside(leaf)
        if reader is not None and stored:
            query = reader.queries.frames_among(compile_query(leaf, reader).query, stored)
            scores = {**scores, **{k: score for score, k in reader.search(query, len(stored))}}
        for frame_id in found.keys() & scores.keys():
            if scores[frame_id]:
                found[frame_id][f"lexical:{name}"] = scores[frame_id]
    return found


def _leaves(node: Node) -> list[tuple[str, Node]]:
    named: list[tuple[str, Node]] = []
    for leaf in text_leaves(node):
        match leaf:
            case Terms():
                named += [(word, Terms((word,), any=leaf.any)) for word in leaf.words]
            case Phrase():
                named.append((f'"{leaf.text}"', leaf))
            case Prefix():
                named.append((f"{leaf.start}*", leaf))
            case Wildcard():
                named.append((leaf.pattern, leaf))
            case Fuzzy():
                named.append((f"{leaf.word}~{leaf.distance}", leaf))
            case Near():
                named.append((f'"{leaf.text}"~{leaf.gap}', leaf))
    return named
