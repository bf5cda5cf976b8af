"""More like this: frames near another by its vector, or by the words that tell most about it."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING, Final

from mv2._record import dataclass
from mv2.index.lexical import tokens, words
from mv2.search.candidates import Candidates
from mv2.search.nodes import Terms
from mv2.storage.frame_set import FrameSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.search.candidates import Ranked
    from mv2.search.nodes import Node
    from mv2.search.pending import Overlay
    from mv2.search.vectors import VectorSearch
    from mv2.search.view_source import ViewSource
    from mv2.storage.view import View

#: Words a frame is looked for by, of those at the beginning of its text.
TELLING_WORDS: Final = 24
_CHARACTERS: Final = 40_000
_CONSIDERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Similar:
    """What is like a frame.

    Attributes:
        mode: ``"vec"`` or ``"lex"``: what the frames were compared by.
        hits: (score, frame id), best first, one of each document.
        node: the words looked for; None when vectors decided.
    """

    mode: str
    hits: Ranked
    node: Node | None = None


def similar(
    source: ViewSource,
    pending: Overlay,
    vectors: VectorSearch,
    frame_id: int,
    k: int,
    allowed: FrameSet | None = None,
    *,
    versions: bool = False,
) -> Similar:
    """The ``k`` documents most like a frame, active or not; of each its best frame.

    A stored vector decides when the frame has one, or its chunks do; else its most telling
    words, any of which is enough. Its own document is never among the hits.

    Args:
        pending: the cache of pending frames that belongs to the memory.
        allowed: the only frames that may be hits, of ``frame_count``; None allows every active one.
        versions: whether other documents with the same uri may be hits.

    Raises:
        FrameNotFoundError: there is no such frame.
        ChecksumError: its content is damaged, or a vector that had to be read.
    """
    view = source.view
    view.check_id(frame_id)
    document = source.document_of(frame_id)
    active = view.active()
    others = (active if allowed is None else allowed & active) - _own(view, document, versions)
    vector = _vector_of(view, vectors, frame_id) if view.vector_dimension else None
    if vector is not None:
        hits = _documents(source, k, lambda count: _nearest(view, vectors, vector, count, others))
        return Similar("vec", hits)
    found = telling_words(source, pending, frame_id)
    if not found:
        return Similar("lex", [])
    node = Terms(found, any=True)
    candidates = Candidates(source, pending, others)
    return Similar("lex", _documents(source, k, lambda count: candidates.run(node, count).hits), node)


def _own(view: View, document: int, versions: bool) -> FrameSet:
    """The document and its chunks, and those of the same uri."""
    uri = view.record(document).uri
    same = {document}
    if uri is not None and not versions:
        same.update(view.ids_of_uri(uri))
    ids = [one for frame_id in same for one in (frame_id, *view.children(frame_id))]
    return FrameSet.of([one for one in ids if one < view.frame_count], view.frame_count)


def _vector_of(view: View, vectors: VectorSearch, frame_id: int) -> object | None:
    """The frame's vector, else the mean direction of its chunks'; None without any."""
    import numpy as np

    own = vectors.vector(view, frame_id)
    if own is not None:
        return own if own.any() else None
    found = [one for child in view.children(frame_id) if (one := vectors.vector(view, child)) is not None]
    units = [one / length for one in found if (length := float(np.linalg.norm(one))) > 0]
    mean = np.sum(units, axis=0) if units else None
    return mean if mean is not None and mean.any() else None


def _nearest(view: View, vectors: VectorSearch, vector: object, count: int, allowed: FrameSet) -> Ranked:
    ids, scores = vectors.search(view, vector, count, allowed)
    return list(zip(scores.tolist(), ids.tolist(), strict=True))


def _documents(source: ViewSource, k: int, best: Callable[[int], Ranked]) -> Ranked:
    """The best frame of each of the first ``k`` documents."""
    count = k + k // 2 + 4
    while True:
        frames = best(count)
        hits: dict[int, tuple[float, int]] = {}
        for hit in frames:
            hits.setdefault(source.document_of(hit[1]), hit)
        if len(hits) >= k or len(frames) < count:
            return list(hits.values())[:k]
        count *= 4


def telling_words(source: ViewSource, pending: Overlay, frame_id: int) -> tuple[str, ...]:
    """The words of a frame's text that are frequent in it and rare elsewhere, most telling first.

    Words that no other frame has are left out: they find nothing.
    """
    view, reader = source.view, source.lexical()
    record = view.record(frame_id)
    text = f"{record.title or ''}\n{view.text(frame_id, record) or ''}"[:_CHARACTERS]
    statistics = pending.statistics(source, reader)
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word, count in Counter(words(text)).most_common(_CONSIDERED):
        stems = tokens(word)
        if len(stems) == 1:
            counts[stems[0]] += count
            written.setdefault(stems[0], word)
    present = source.is_active(frame_id)
    weights = {
        stem: (1 + log(count)) * statistics.idf(stem)
        for stem, count in counts.items()
        if statistics.frequency(stem) > present
    }
    best = sorted(weights, key=lambda stem: (-weights[stem], stem))[:TELLING_WORDS]
    return tuple(written[stem] for stem in best)
