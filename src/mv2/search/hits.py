"""From frames in order to the hits of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2.search._explain import score_parts
from mv2.search.nodes import ranks
from mv2.search.snippets import Snippets
from mv2.types import Fragment, Hit, Neighbour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.search.candidates import Ranked
    from mv2.search.engine import Outcome
    from mv2.search.pending import Overlay
    from mv2.search.source import FrameSource

NEIGHBOUR_CHARS: Final = 2_000
_NOTHING: Final[tuple[dict[str, float], tuple[str, ...]]] = ({}, ())


def make_hits(
    source: FrameSource,
    outcome: Outcome,
    page: Ranked,
    offset: int,
    *,
    snippet_chars: int,
    context: int,
    fragments: int = 1,
    explained_by: Overlay | None,
) -> tuple[Hit, ...]:
    """The hits of a page whose first one has the rank `offset` + 1."""
    snippets = Snippets(outcome.node, snippet_chars)
    scored = outcome.mode != "list" and (outcome.node is None or ranks(outcome.node))
    explained = _explained(source, outcome, [k for _, k in page], explained_by) if scored else {}
    hits = []
    for rank, (score, frame_id) in enumerate(page, offset + 1):
        record = source.record(frame_id)
        document = record if (of := source.document_of(frame_id)) == frame_id else source.record(of)
        snippet, highlights, place = snippets.cut_with_range(
            source.preview(frame_id) if snippet_chars else ""
        )
        parts, matched = explained.get(frame_id, _NOTHING)
        hits.append(
            Hit(
                frame_id=frame_id,
                uri=document.uri,
                title=document.title or record.title,
                score=score if scored else 0.0,
                rank=rank,
                snippet=snippet,
                highlights=highlights,
                range=place,
                tags=tuple(record.tags),
                labels=tuple(record.labels),
                track=record.track,
                timestamp=record.timestamp,
                metadata=source.metadata(frame_id),
                parent_id=record.parent_id,
                scores=parts,
                matched=matched,
                rules=tuple(outcome.rules) if explained_by is not None else (),
                fragments=_fragments(snippets, source.preview(frame_id), fragments) if fragments > 1 else (),
                neighbours=_neighbourhood(source, frame_id, context) if context else (),
                place=source.place(frame_id) if document is not record else None,
            )
        )
    return tuple(hits)


def _explained(
    source: FrameSource, outcome: Outcome, frame_ids: Sequence[int], overlay: Overlay | None
) -> dict[int, tuple[dict[str, float], tuple[str, ...]]]:
    """Of each frame, the parts of its score by name, and the words of the query that it has."""
    if overlay is None:
        return {}
    node = outcome.node
    by_word = score_parts(source, overlay, node, frame_ids) if node is not None else {}
    explained = {}
    for frame_id in frame_ids:
        parts = {name: found[frame_id] for name, found in outcome.parts.items() if frame_id in found}
        words = by_word.get(frame_id, {})
        matched = tuple(name.removeprefix("lexical:") for name in words)
        explained[frame_id] = ({**parts, **words}, matched)
    return explained


def _fragments(snippets: Snippets, text: str, count: int) -> tuple[Fragment, ...]:
    cut = snippets.cut_many(text, count)
    return tuple(Fragment(text=f.text, highlights=f.highlights, range=(f.start, f.end)) for f in cut)


def _neighbourhood(source: FrameSource, frame_id: int, count: int) -> tuple[Neighbour, ...]:
    found = source.neighbours(frame_id, count, count)
    before = [other for other in found if other < frame_id]
    after = [other for other in found if other > frame_id]
    places = [*zip(range(-len(before), 0), before, strict=True), *enumerate(after, 1)]
    return tuple(
        Neighbour(
            frame_id=other,
            offset=offset,
            timestamp=source.record(other).timestamp,
            text=source.preview(other)[:NEIGHBOUR_CHARS],
        )
        for offset, other in places
    )
