"""What each word of a query adds to a hit's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.search._compile import compile_query
from mv2.search.nodes import Node, Phrase, Prefix, Terms, text_leaves

if TYPE_CHECKING:
    from mv2.index.lexical import LexicalReader
    from mv2.search.pending import Overlay
    from mv2.search.source import FrameSource


def score_parts(
    source: FrameSource, overlay: Overlay, node: Node, frame_id: int, score: float
) -> dict[str, float]:
    """``{"lexical": score, "lexical:<word>": part, ...}`` of the words that the frame has."""
    reader = source.lexical()
    indexed = reader is not None and frame_id < source.indexed_count
    found = {"lexical": score}
    for name, leaf in _leaves(node):
        if reader is not None and indexed:
            part = _in_index(reader, leaf, frame_id)
        else:
            part = overlay.search(leaf, source, reader).get(frame_id, 0.0)
        if part:
            found[f"lexical:{name}"] = part
    return found


def _leaves(node: Node) -> list[tuple[str, Node]]:
    named: list[tuple[str, Node]] = []
    for leaf in text_leaves(node):
        match leaf:
            case Terms():
                named += [(word, Terms((word,))) for word in leaf.words]
            case Phrase():
                named.append((f'"{leaf.text}"', leaf))
            case Prefix():
                named.append((f"{leaf.start}*", leaf))
    return named


def _in_index(reader: LexicalReader, leaf: Node, frame_id: int) -> float:
    queries = reader.queries
    only = queries.constant(queries.frames([frame_id]), 0.0)
    hits = reader.search(queries.every([compile_query(leaf, reader).query, only]), 1)
    return hits[0][0] if hits else 0.0
