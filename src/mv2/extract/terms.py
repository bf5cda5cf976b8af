"""The words that say what a text is about, and the dates it names.

Statistics only: no model, no list of topics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from math import log

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract._dates_named import named_dates
from mv2.extract._stop_words import STOP_WORDS

_READ_CHARS = 200_000
_SHORT_CHARS = 1_500
_MOST_NAME_WORDS = 4
_WORD_CHARS = 30
_NOISE = late_pattern(r"\b(?:https?://|www\.)\S+|\S{1,100}@\S{1,200}|\S{61,}|\[\[|\]\]|[`*_#|<>\\]+")
_WORD = late_pattern(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENDS_SENTENCE = frozenset('.!?:;\n•–—"“”„»«()[]')
_CONNECTORS = frozenset(
    {"de", "du", "des", "la", "le", "von", "van", "der", "den", "del", "della", "di", "da", "dos", "of"}
)


@dataclass(slots=True)
class _Word:
    """A word of the text.

    Attributes:
        shown: as written.
        key: in lower case.
        start: first character.
        opens: it starts a sentence or line, where a capital says nothing.
        joined: nothing but a space stands between it and the word before.
    """

    shown: str
    key: str
    start: int
    opens: bool
    joined: bool


def telling_words(text: str, count: int = 8) -> list[str]:
    """Words and names of several words that a text is most about, best first, in lower case.

    At most ``count``, fewer where few stand out. Words count by how often and how early they
    stand, names more than others; words that all texts of a language have never count.
    """
    text = _NOISE.sub(" ", text[:_READ_CHARS])
    words = list(_words(text))
    least = 1 if len(text) < _SHORT_CHARS else 2
    first: dict[str, int] = {}
    names = Counter[str]()
    in_names = Counter[str]()
    for run in _name_runs(words):
        name = " ".join(word.key for word in run)
        names[name] += 1
        first.setdefault(name, run[0].start)
    names = Counter({name: times for name, times in names.items() if times >= least})
    for name, times in names.items():
        for key in name.split():
            in_names[key] += times
    singles = Counter[str]()
    capitals = Counter[str]()
    for word in words:
        if _is_content(word.key):
            singles[word.key] += 1
            capitals[word.key] += word.shown[0].isupper() and not word.opens
            first.setdefault(word.key, word.start)
    _fold_plurals(singles, capitals, in_names)
    scores: dict[str, float] = {}
    for name, times in names.items():
        scores[name] = 1.6 * _score(times, first[name], len(text))
    for key, times in singles.items():
        own = times - in_names[key]
        is_name = 2 * capitals[key] > times
        if own >= 2 or (own == 1 and is_name and least == 1):
            scores[key] = (1.3 if is_name else 1.0) * _score(own, first[key], len(text))
    best = sorted(scores, key=lambda one: (-scores[one], first[one], one))[:count]
    return best if not best or len(text) < _SHORT_CHARS else _standing_out(best, scores)


def dates_in(text: str, limit: int = 100) -> list[str]:
    """Dates that a text names outright, as ISO text, in their order and each once.

    ``2024-03-05`` for a day, ``2024-03`` where no day is named. ``3/5/2024`` may mean two days and
    is left out; so is everything relative.
    """
    found: dict[str, None] = {}
    for date in named_dates(text):
        found.setdefault(date)
        if len(found) >= limit:
            break
    return list(islice(found, limit))


def _standing_out(best: list[str], scores: dict[str, float]) -> list[str]:
    """Those that come near the best one."""
    return [one for one in best if scores[one] >= 0.3 * scores[best[0]]]


def _score(times: int, first: int, length: int) -> float:
    return (1 + log(times)) * (1.5 - 0.5 * first / max(length, 1))


def _words(text: str) -> Iterator[_Word]:
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        shown = found.group()
        opens = end == 0 or any(char in _ENDS_SENTENCE for char in between)
        yield _Word(shown, _key(shown), found.start(), opens, between == " ")
        end = found.end()


def _key(shown: str) -> str:
    """In lower case, without what English and French hang on."""
    key = shown.lower().replace("’", "'")
    for ending in ("'s", "s'"):
        if key.endswith(ending):
            return key.removesuffix("'s").removesuffix("'")
    head, mark, tail = key.partition("'")
    return tail if mark and len(head) <= 2 and tail else key


def _is_content(key: str) -> bool:
    if not 3 <= len(key) <= _WORD_CHARS or key in STOP_WORDS:
        return False
    # Scripts without spaces give whole clauses for words.
    return not (key[0] >= "\u2e80" and len(key) > 6)


def _name_runs(words: list[_Word]) -> Iterator[list[_Word]]:
    """Runs of two or more capitalised words that stand side by side."""
    run: list[_Word] = []
    for word in words:
        capital = word.shown[0].isupper()
        if run and not (word.joined and (capital or word.key in _CONNECTORS)):
            yield from _trimmed(run)
            run = []
        if capital or run:
            run.append(word)
    yield from _trimmed(run)


def _trimmed(run: list[_Word]) -> Iterator[list[_Word]]:
    """The run without common words at its ends; nothing if no name is left."""
    names = [at for at, word in enumerate(run) if word.shown[0].isupper() and word.key not in STOP_WORDS]
    if not names:
        return
    run = run[names[0] : names[-1] + 1]
    solid = sum(1 for word in run if len(word.key) > 1 and word.key not in _CONNECTORS)
    if solid >= 2 and len(run) <= _MOST_NAME_WORDS:
        yield run


def _fold_plurals(singles: Counter[str], capitals: Counter[str], in_names: Counter[str]) -> None:
    """Count ``invoices`` as ``invoice`` where both stand in the text."""
    for key in list(singles):
        for ending in ("s", "es", "n", "en"):
            stem = key.removesuffix(ending)
            if len(stem) >= 4 and stem != key and singles[stem]:
                kept, folded = (stem, key) if singles[stem] >= singles[key] else (key, stem)
                for counter in (singles, capitals, in_names):
                    counter[kept] += counter.pop(folded, 0)
                break
