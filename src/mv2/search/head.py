"""The head of a result: scores of a few hundred frames, added up part by part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mv2.index.lexical import tokens
from mv2.search import fusion
from mv2.search.corrections import applies, boost_of, lift
from mv2.search.hints import asks_when, freshness, time_gains
from mv2.search.nearby import lend
from mv2.search.reorder import diverse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mv2.search.candidates import Ranked
    from mv2.search.dates import Clock
    from mv2.search.engine import Outcome, VectorSide
    from mv2.search.nodes import Query
    from mv2.search.source import FrameSource
    from mv2.storage.frame_set import FrameSet
    from mv2.types import Ranking

# Corrections are looked at one by one up to this many; of more, those among the hits.
_FEW_CORRECTIONS = 256


def best_first(scores: Mapping[int, float]) -> Ranked:
    """(score, frame id), equal scores in the order of the ids."""
    ordered = sorted([(-score, k) for k, score in scores.items()])
    return [(-score, k) for score, k in ordered]


class Head:
    """Scores in the making; every part is noted in ``outcome.parts`` under its name."""

    def __init__(
        self,
        source: FrameSource,
        query: Query,
        ranking: Ranking,
        allowed: FrameSet | None,
        outcome: Outcome,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._query = query
        self._ranking = ranking
        self._mask = None if allowed is None else allowed.mask
        self._outcome = outcome
        self._clock = clock
        self._scores: dict[int, float] = {}
        self._base: dict[int, float] = {}

    # --- what the frames bring ------------------------------------------------------

    def words_only(self, lexical: Ranked, complete: set[int], bonus: float) -> None:
        """Begin with the words alone; frames in `complete` have all of them and stand first."""
        self._base = fusion.lexical_parts({k: score for score, k in lexical})
        self._scores = dict(self._base)
        self._outcome.parts["words"] = self._base
        self._add("all_words", dict.fromkeys(complete & self._scores.keys(), bonus))

    def fused(self, lexical: Ranked, near: Ranked, side: VectorSide, ideal: float) -> None:
        """Begin with words and vectors together."""
        similarities = {k: score for score, k in near}
        missing = [k for _, k in lexical if k not in similarities]
        similarities.update(side.similarities(missing))
        words = fusion.lexical_parts({k: score for score, k in lexical})
        self._outcome.parts["similarity"] = dict(similarities)
        if self._ranking.fusion == "rrf":
            nearest = [k for score, k in best_first(similarities) if not math.isnan(score)]
            self._base = fusion.reciprocal_ranks([[k for _, k in lexical], nearest])
        else:
            usual = side.usual()
            weight = self._ranking.vector_weight
            if weight is None:
                weight = fusion.vector_weight(lexical, ideal, similarities, usual, side.weight)
            vectors = fusion.vector_parts(similarities, usual)
            self._base = fusion.weighted_sum(words, vectors, weight)
            self._outcome.rules.append(f"vector weight {weight:.2f}")
            best = max(self._base.values(), default=0.0) or 1.0
            self._outcome.parts["vector"] = {k: weight * part / best for k, part in vectors.items()}
            self._outcome.parts["words"] = {k: (1 - weight) * part / best for k, part in words.items()}
        self._base = fusion.lexical_parts(self._base)
        if self._ranking.fusion == "rrf":
            self._outcome.parts["ranks"] = self._base
        self._scores = dict(self._base)

    # --- what the rules add ---------------------------------------------------------

    def finish(self, side: VectorSide | None, *, may_enter: bool) -> Ranked:
        """The frames in their final order.

        Args:
            may_enter: whether neighbours that nothing found may be hits themselves.
        """
        ranking = self._ranking
        if ranking.neighbours and self._source.has_tracks and self._scores:
            self._lend(ranking.neighbours, may_enter=may_enter)
        if ranking.time_hints and self._scores:
            self._hint()
        if ranking.recency and self._scores:
            self._freshen(ranking.recency)
        ordered = best_first(self._scores)
        if ranking.corrections:
            ordered = self._corrected(ordered)
        if ranking.reranker is not None:
            ordered = self._reranked(ordered)
        if ranking.diversity:
            depth = ranking.rerank_depth
            ordered = [*diverse(ordered[:depth], self._likeness(side), ranking.diversity), *ordered[depth:]]
        return ordered

    def _add(self, name: str, gains: Mapping[int, float]) -> None:
        if gains:
            self._outcome.parts[name] = dict(gains)
            for frame_id, gain in gains.items():
                self._scores[frame_id] = self._scores.get(frame_id, 0.0) + gain

    def _lend(self, share: float, *, may_enter: bool) -> None:
        beside, track = lend(self._base, self._source, share, self._mask)
        if not may_enter:
            beside = {k: gain for k, gain in beside.items() if k in self._scores}
            track = {k: gain for k, gain in track.items() if k in self._scores}
        self._add("neighbours", beside)
        self._add("track", {k: gain for k, gain in track.items() if k in self._scores})

    def _hint(self) -> None:
        from mv2.search.dates import find_ranges

        clock = self._clock
        named = find_ranges(
            self._query.text, now=None if clock is None else clock.now, tz=None if clock is None else clock.tz
        )
        ranges = [(found.start, found.end) for _, _, found in named]
        if not ranges and not asks_when(self._query.text):
            return
        frames = [k for _, k in best_first(self._scores)]
        record = self._source.record
        gains = time_gains(
            self._query.text,
            ranges,
            frames,
            lambda k: record(k).timestamp,
            lambda k: self._source.text(k) or "",
        )
        if gains:
            self._add("time", gains)
            self._outcome.rules.append("time")

    def _freshen(self, amount: float) -> None:
        ids = list(self._scores)
        times = [self._source.record(k).timestamp for k in ids]
        values = freshness(times, self._ranking.half_life)
        self._add("recency", {k: amount * value for k, value in zip(ids, values, strict=True)})

    def _corrected(self, ordered: Ranked) -> Ranked:
        corrections = self._source.corrections()
        if not corrections:
            return ordered
        stems = frozenset(self._query.stems())
        looked_at = corrections if len(corrections) <= _FEW_CORRECTIONS else corrections & self._scores.keys()
        fitting = {
            k
            for k in looked_at
            if (self._mask is None or self._mask[k])
            and applies(stems, self._source.text(k) or "", self._source.record(k).tags)
        }
        if not fitting:
            return ordered
        self._outcome.rules.append("correction")
        known = {k for _, k in ordered}
        every = [*ordered, *((0.0, k) for k in sorted(fitting - known))]
        lifted = lift(every, fitting.__contains__, lambda k: boost_of(self._source.metadata(k)))
        self._outcome.parts["correction"] = {
            k: score - self._scores.get(k, 0.0) for score, k in lifted if k in fitting
        }
        return lifted

    def _reranked(self, ordered: Ranked) -> Ranked:
        reranker = self._ranking.reranker
        assert reranker is not None, "the caller looks"
        head, rest = ordered[: self._ranking.rerank_depth], ordered[self._ranking.rerank_depth :]
        texts = [self._source.preview(k) for _, k in head]
        from mv2.models.rerankers import rerank_scores

        scores = rerank_scores(reranker, self._query.text, texts) if texts else []
        self._outcome.rules.append("reranked")
        self._outcome.parts["rerank"] = {k: score for score, (_, k) in zip(scores, head, strict=True)}
        lowest, highest = min(scores, default=0.0), max(scores, default=0.0)
        floor = rest[0][0] if rest else 0.0
        span = highest - lowest or 1.0
        # Brought above what was not looked at, so that scores never rise along the result.
        raised = [
            (floor + 1.0 + (score - lowest) / span, k) for score, (_, k) in zip(scores, head, strict=True)
        ]
        raised.sort(key=lambda hit: -hit[0])
        return [*raised, *rest]

    def _likeness(self, side: VectorSide | None):  # type: ignore[no-untyped-def]
        if side is not None:
            return lambda one, other: max(0.0, side.alike(one, other))
        stems: dict[int, set[str]] = {}

        def overlap(one: int, other: int) -> float:
            for frame_id in (one, other):
                if frame_id not in stems:
                    stems[frame_id] = set(tokens(self._source.preview(frame_id)[:4_000]))
            both = stems[one] | stems[other]
            return len(stems[one] & stems[other]) / len(both) if both else 0.0

        return overlap
