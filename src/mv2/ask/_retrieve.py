"""The frames an answer may come from: one search or several, by the kind of question."""

from __future__ import annotations

import math
import statistics
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from mv2._record import dataclass
from mv2.errors import CorruptFileError, QueryError
from mv2.search._words import content_words
from mv2.search.corrections import LABEL, applies, boost_of
from mv2.types import Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mv2.ask._question import Question
    from mv2.types import Frame, Hit, SearchMode, SearchResult

#: Frames that are looked at, at least, as a multiple of k and in number.
_DEPTH: Final[Mapping[str, tuple[int, int]]] = {
    "list": (3, 30),
    "count": (3, 30),
    "latest": (2, 20),
    "compare": (2, 16),
}
_USUAL_DEPTH: Final = (1, 10)
#: For counting, where the order does not matter.
_PLAIN: Final = Ranking(neighbours=0.0, time_hints=False, corrections=False)
#: Frames by which the usual similarity is told; with fewer than the second there is no usual one.
_NEAREST: Final = 24
_FEW: Final = 3
#: Text around the hit that is read of a frame longer than this (characters).
WINDOW: Final = 8_000
#: How many of the best hits lend their neighbours a hearing, and how much of their score.
_WITH_NEIGHBOURS: Final = 5
_SHARE_BEFORE: Final = 0.5
_SHARE_AFTER: Final = 0.7
#: Names and numbers of a question count more than its other words: an answer must be about them.
_NAME_WEIGHT: Final = 1.5
#: Hits with at least this share of the best score compete for being the newest.
_STRONG: Final = 0.5


@dataclass(frozen=True, slots=True)
class Memory:
    """What asking needs of a memory.

    Attributes:
        find: ``Memvid.find``.
        text: the whole text of a frame.
        frame: ``Memvid.frame``.
        frame_count: how many frames there are.
    """

    find: Callable[..., SearchResult]
    text: Callable[[int], str]
    frame: Callable[[int], Frame]
    frame_count: int


@dataclass(slots=True)
class Candidate:
    """A frame that may hold the answer.

    Attributes:
        score: 0 to 1, the best hit of the search having 1.
        text: its text, or a window of a long one; ``start`` is where that stands in the frame's text.
        around: the texts before and after it in its track, as far as known.
        correction: it was stated by ``correct`` and is about the question.
        gain: how much nearer than usual it is to the question, where vectors were searched: 0 to 1.
    """

    frame_id: int
    uri: str | None
    title: str | None
    timestamp: int
    score: float
    text: str
    start: int
    tags: tuple[str, ...] = ()
    correction: bool = False
    gain: float = 0.0
    around: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a question found.

    Attributes:
        candidates: best first, no text twice.
        hits: the plain search results, best first, at most as many as were asked for.
        mode: the kind of search that ran.
        weights: how much each content word of the question tells, by stem: log(1 + N / (1 + n)),
            where n of N frames have it; half as much again for names and numbers.
    """

    candidates: list[Candidate]
    hits: tuple[Hit, ...]
    mode: str
    weights: dict[str, float]


def retrieve(
    memory: Memory, question: Question, *, k: int, mode: SearchMode, options: Mapping[str, Any]
) -> Retrieved:
    """Look up a question.

    Args:
        k: hits that are wanted; lists, counts and comparisons look at more.
        options: what else ``find`` takes (filter, scope, times, ranking).
    """
    factor, least = _DEPTH.get(question.kind, _USUAL_DEPTH)
    depth = max(k * factor, least)
    main = _find(memory, question.query, k=depth, mode=mode, context=1, **options)
    pools = [main]
    if len(main.hits) < depth and not main.relaxed and len(question.words) > 1:
        # Few frames have all the words, and one of the others may have the answer.
        any_word = " OR ".join(f'"{word}"' for word in question.words.values())
        pools.append(_find(memory, any_word, k=depth, mode=mode, context=1, **options))
    if question.sides:
        pools += [_find(memory, side, k=depth, mode=mode, context=1, **options) for side in question.sides]
    corrections = _corrections(memory, question, options)
    found: dict[int, Candidate] = {}
    for pool in pools:
        best = max((hit.score for hit in pool.hits), default=0.0)
        for hit in pool.hits:
            share = hit.score / best if best > 0 else 1.0
            _take(found, memory, hit, share)
    for place, hit in enumerate(corrections):
        _take(found, memory, hit, 0.0)
        item = found[hit.frame_id]
        item.correction, item.score = True, 1.0 / (1 + place)
    ordered = sorted(found.values(), key=lambda item: (-item.correction, -item.score))
    if question.kind == "latest":
        ordered = _newest_first(ordered)
    _hear_neighbours(ordered, pools, memory)
    if main.mode != "lex":
        gains = _gains(memory, question, options)
        for item in ordered:
            item.gain = gains.get(item.frame_id, 0.0)
    weights = _weights(memory, question)
    return Retrieved(_without_repeats(ordered), main.hits[:k], main.mode, weights)


def _find(memory: Memory, query: str, **options: Any) -> SearchResult:
    """Search; what cannot be parsed as a query is searched as words."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return memory.find(query, **given)
    except QueryError:
        plain = " ".join(content_words(query))
        if not plain:
            raise
        return memory.find(plain, **given)


def _corrections(memory: Memory, question: Question, options: Mapping[str, Any]) -> list[Hit]:
    """Corrections that are about the question, the newest and then the most boosted first."""
    ranking = options.get("ranking")
    if not question.words or (ranking is not None and not ranking.corrections):
        return []
    query = f"label:{LABEL} {' '.join(question.words.values())}"
    found = _find(memory, query, k=24, mode="lex", snippet_chars=0, **options)
    fitting = [
        hit
        for hit in found.hits
        if LABEL in hit.labels and applies(set(question.words), _text(memory, hit.frame_id), hit.tags)
    ]
    return sorted(fitting, key=lambda hit: (-hit.timestamp, -boost_of(hit.metadata), -hit.frame_id))


def _take(found: dict[int, Candidate], memory: Memory, hit: Hit, score: float) -> None:
    known = found.get(hit.frame_id)
    if known is not None:
        known.score = max(known.score, score)
        return
    found[hit.frame_id] = made = _candidate(memory, hit.frame_id, hit, score)
    if hit.neighbours:
        made.around = [_text(memory, other.frame_id)[:WINDOW] for other in hit.neighbours if other.offset]


def _candidate(memory: Memory, frame_id: int, hit: Hit, score: float) -> Candidate:
    text = _text(memory, frame_id)
    start = 0
    if len(text) > WINDOW:
        start = _window_start(text, hit.range[0] if frame_id == hit.frame_id else 0)
        text = text[start : start + WINDOW]
    return Candidate(frame_id, hit.uri, hit.title, hit.timestamp, score, text, start, hit.tags)


def _text(memory: Memory, frame_id: int) -> str:
    """A frame's text; a damaged one has none, and stands in nobody's way."""
    try:
        return memory.text(frame_id)
    except CorruptFileError:
        return ""


def _gains(memory: Memory, question: Question, options: Mapping[str, Any]) -> dict[int, float]:
    """How much nearer than usual frames are to the question, by frame: 0 as near as the middle one of
    the nearest 24, 1 the same. What cosines of unrelated texts are differs from model to model.
    """
    given = {**options, "ranking": _PLAIN}
    near = _find(memory, question.query, k=_NEAREST, mode="vec", snippet_chars=0, explain=True, **given)
    cosines = {hit.frame_id: hit.scores["similarity"] for hit in near.hits if "similarity" in hit.scores}
    if len(cosines) < _FEW:
        return {}
    usual = statistics.median(cosines.values())
    return {frame_id: (cosine - usual) / max(1 - usual, 1e-6) for frame_id, cosine in cosines.items()}


def _window_start(text: str, middle: int) -> int:
    """Where to begin reading so that `middle` is inside, at the start of a line or word."""
    begin = max(0, min(middle - WINDOW // 2, len(text) - WINDOW))
    if begin == 0:
        return 0
    for mark in ("\n", ". ", " "):
        at = text.find(mark, begin, begin + WINDOW // 8)
        if at >= 0:
            return at + len(mark)
    return begin


def _newest_first(ordered: list[Candidate]) -> list[Candidate]:
    """Newest first among the strong ones; the rest behind them as they were."""
    strong = [item for item in ordered if item.correction or item.score >= _STRONG]
    weak = [item for item in ordered if not (item.correction or item.score >= _STRONG)]
    strong.sort(key=lambda item: (-item.correction, -item.timestamp, -item.frame_id))
    for place, item in enumerate(strong):
        item.score = max(item.score, 1.0 - 0.05 * place)
    return strong + weak


def _hear_neighbours(ordered: list[Candidate], pools: list[SearchResult], memory: Memory) -> None:
    """Add the frames beside the best ones, with a share of their score."""
    hits = {hit.frame_id: hit for pool in pools for hit in pool.hits}
    known = {item.frame_id: item for item in ordered}
    for item in ordered[:_WITH_NEIGHBOURS]:
        hit = hits.get(item.frame_id)
        for other in hit.neighbours if hit else ():
            if not other.offset or item.correction:
                continue
            score = item.score * (_SHARE_AFTER if other.offset > 0 else _SHARE_BEFORE)
            if other.frame_id in known:
                continue
            text = _text(memory, other.frame_id)[:WINDOW]
            made = Candidate(other.frame_id, None, None, other.timestamp, score, text, 0, around=[item.text])
            known[other.frame_id] = made
            ordered.append(made)


def _without_repeats(ordered: list[Candidate]) -> list[Candidate]:
    seen: set[str] = set()
    kept = []
    for item in ordered:
        key = " ".join(item.text.split()).lower()
        if key and key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _weights(memory: Memory, question: Question) -> dict[str, float]:
    size = max(memory.frame_count, 1)
    weights = {}
    for stem, word in question.words.items():
        found = memory.find(f'"{word}"', k=1, mode="lex", snippet_chars=0, ranking=_PLAIN)
        count = 0 if found.did_you_mean else found.total
        weights[stem] = math.log(1 + size / (1 + count)) * (_NAME_WEIGHT if stem in question.names else 1.0)
    return weights
