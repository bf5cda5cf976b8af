"""What a question in plain words is given beyond its words.

* *Pairs*: words that stand side by side in the question score more where they do
  so in a document too.
* *Feedback*: the most telling words of the first hits are looked for as well
  (relevance model after Lavrenko and Croft, 2001, with binary word counts).

Both only change the order: a document still needs one of the question's own
words to be found. A search for a few keywords has neither, so that it stays
what was typed, and quick.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mv2.index.lexical import tokens, words
from mv2.search._words import FUNCTION_WORDS, content_words
from mv2.search.nodes import And, Node, Phrase, Prefer, Query, Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.search.candidates import Candidates, Found, Ranked
    from mv2.search.source import FrameSource

PAIR_WEIGHT: Final = 0.3
FEEDBACK_HITS: Final = 3
FEEDBACK_WORDS: Final = 10
FEEDBACK_WEIGHT: Final = 0.3
# A long document has too many words to be a hint of what is meant by any of them.
FEEDBACK_LENGTH: Final = 400
KEYWORDS: Final = 3


def is_question(query: Query) -> bool:
    """Whether a plain query reads as a sentence and not as a few keywords."""
    terms = _terms(query)
    return terms is not None and len(terms.words) > 1 and (query.sentence or len(terms.words) > KEYWORDS)


def _terms(query: Query) -> Terms | None:
    root = query.root
    parts = root.children if isinstance(root, And) else (root,)
    return next((part for part in parts if isinstance(part, Terms)), None) if query.plain else None


def without_phrases(query: Query) -> Query | None:
    """A plain query whose phrases are words like the others; None if it has no phrase."""
    parts = query.root.children if isinstance(query.root, And) else (query.root,)
    phrases = [part for part in parts if isinstance(part, Phrase)]
    if not query.plain or not phrases:
        return None
    terms = _terms(query)
    inside = [word for phrase in phrases for word in content_words(phrase.text)]
    listed = tuple(dict.fromkeys([*(terms.words if terms is not None else ()), *inside]))
    others = [part for part in parts if part is not None and not isinstance(part, Phrase | Terms)]
    every = (Terms(listed), *others) if listed else tuple(others)
    root = And(every) if len(every) > 1 else every[0] if every else None
    return replace(query, root=root, words=" ".join([query.words, *(phrase.text for phrase in phrases)]))


def with_pairs(node: Node, query: Query) -> Prefer:
    """`node`, with a preference for the neighbouring words of the question."""
    terms = _terms(query)
    assert terms is not None, "only questions come here"
    pairs = dict.fromkeys(zip(terms.words, terms.words[1:], strict=False))
    return Prefer(node, tuple((Phrase(f"{one} {two}"), PAIR_WEIGHT) for one, two in pairs if one != two))


def with_feedback(
    node: Prefer, hits: Ranked, source: FrameSource, idf: Callable[[str], float]
) -> tuple[Prefer, list[str]]:
    """`node`, with a preference for the telling words of the first hits; and those words."""
    gains: dict[str, float] = {}
    spelled: dict[str, str] = {}
    for score, frame_id in hits[:FEEDBACK_HITS]:
        text = f"{source.record(frame_id).title or ''} {source.text(frame_id) or ''}"
        listed = words(text[: FEEDBACK_LENGTH * 20])[:FEEDBACK_LENGTH]
        for word in dict.fromkeys(listed):
            if word in FUNCTION_WORDS:
                continue
            stem = "".join(tokens(word)[:1])
            if stem and spelled.setdefault(stem, word) == word:
                gains[stem] = gains.get(stem, 0.0) + score * idf(stem)
    best = sorted(gains, key=lambda stem: (-gains[stem], stem))[:FEEDBACK_WORDS]
    if not best:
        return node, []
    peak = gains[best[0]] or 1.0
    wishes = tuple((Terms((spelled[stem],)), FEEDBACK_WEIGHT * gains[stem] / peak) for stem in best)
    return Prefer(node.child, (*node.wishes, *wishes)), [spelled[stem] for stem in best]


def ask_twice(
    candidates: Candidates,
    query: Query,
    loose: Node,
    source: FrameSource,
    idf: Callable[[str], float],
    need: int,
) -> tuple[Found, list[str]]:
    """The best matches of a question, and the words that feedback added."""
    node = with_pairs(loose, query)
    first = candidates.run(node, FEEDBACK_HITS)
    if not first.hits:
        return first, []
    node, added = with_feedback(node, first.hits, source, idf)
    return candidates.run(node, need), added
