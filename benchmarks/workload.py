"""The data every engine is measured on: made from a seed, kept in files, read without numpy.

Documents of 60 to 200 words (about 800 bytes) from a Zipf vocabulary with
topics; title, tags, timestamp; clustered float32 vectors; queries of one to
three words that stand in some document.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

DIMENSION = 384
SEED = 20_260_101
_VERSION = 1
_VOCABULARY = 24_000
_TOPICS = 60
_TOPIC_WORDS = 240
_QUERIES = 400
START = 1_700_000_000


class Doc(NamedTuple):
    """A document as every adapter gets it; ``timestamp`` in UTC seconds."""

    text: str
    title: str
    tags: list[str]
    timestamp: int


class Workload:
    """The files of one generated data set.

    Args:
        directory: where they are.
        base: how many documents the largest prepared memory has; those behind it are for puts.
    """

    def __init__(self, directory: str, base: int) -> None:
        self.directory = directory
        self.base = base

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def docs(self, start: int, count: int) -> Iterator[Doc]:
        """``count`` documents from number ``start`` on, streamed."""
        with open(self._path("docs.jsonl"), encoding="utf-8") as file:
            for line in islice(file, start, start + count):
                yield Doc(*json.loads(line))

    def fresh(self, count: int) -> list[Doc]:
        """Documents that no prepared memory holds."""
        return list(self.docs(self.base, count))

    def vectors(self, count: int) -> Iterator[bytes]:
        """Little-endian float32 bytes of the first ``count`` vectors, streamed."""
        size = 4 * DIMENSION
        with open(self._path("vectors.f32"), "rb") as file:
            for _ in range(count):
                yield file.read(size)

    def questions(self, count: int) -> list[str]:
        """Questions in plain words about some documents."""
        docs = self.docs(0, min(self.base, 1000))
        asked = [f"What did we write about the {doc.title.lower()}, and when was it?" for doc in docs]
        return asked[:: max(1, len(asked) // count)][:count]

    def near(self, count: int, n: int) -> list[bytes]:
        """Vectors that are near one of the first ``n``. Needs numpy."""
        import numpy as np

        random_numbers = np.random.default_rng(SEED + 2)
        rows = np.memmap(self._path("vectors.f32"), "<f4", "r").reshape(-1, DIMENSION)
        found = rows[random_numbers.integers(0, n, count)]
        noise = random_numbers.standard_normal(found.shape, np.float32)
        found = found + 0.5 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        return [row.tobytes() for row in found.astype("<f4")]

    def exact(self, queries: list[bytes], n: int, k: int, allowed: Any = None) -> list[set[int]]:
        """The ``k`` most similar of the first ``n`` documents to each query, all compared. Needs numpy.

        Args:
            allowed: numbers of the only documents that count.
        """
        import numpy as np

        rows = np.memmap(self._path("vectors.f32"), "<f4", "r")[: n * DIMENSION].reshape(n, DIMENSION)
        numbers = np.arange(n) if allowed is None else np.asarray(allowed)
        scores = np.stack([np.frombuffer(query, "<f4") for query in queries]) @ rows[numbers].T
        best = np.argsort(-scores, axis=1)[:, :k]
        return [set(numbers[each].tolist()) for each in best]

    def queries(self) -> list[str]:
        with open(self._path("queries.json"), encoding="utf-8") as file:
            found: list[str] = json.load(file)
        return found


def make(directory: str, base: int, extra: int) -> Workload:
    """Generate the data set, unless the directory has it already. Needs numpy."""
    workload = Workload(directory, base)
    mark = os.path.join(directory, "made.json")
    made = [_VERSION, SEED, base, extra]
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as file:
            if json.load(file) == made:
                return workload
    os.makedirs(directory, exist_ok=True)
    _write_docs(directory, base + extra)
    _write_vectors(directory, base)
    with open(mark, "w", encoding="utf-8") as file:
        json.dump(made, file)
    return workload


def _words() -> list[str]:
    """The vocabulary, most frequent first: short words in front, English endings further down."""
    pick = random.Random(SEED)
    heads = [*"bcdfghlmnprstvw", "st", "tr"]
    hearts = [*"aeiou", *"aeiou", "ea", "ou"]
    ends = ["", "", "", "", "n", "r", "s", "t", "l", "nd"]
    endings = ["", "", "", "", "s", "ed", "ing", "er", "ly", "ment"]
    found: dict[str, None] = {}
    while len(found) < _VOCABULARY:
        rank = len(found)
        syllables = 1 if rank < 120 else pick.choice((1, 1, 2)) if rank < 2000 else pick.choice((2, 2, 2, 3))
        word = "".join(pick.choice(heads) + pick.choice(hearts) + pick.choice(ends) for _ in range(syllables))
        if rank >= 120:
            word += pick.choice(endings)
        if rank < 120 and len(word) > 3:
            continue
        found[word] = None
    return list(found)


def _write_docs(directory: str, count: int) -> None:
    import numpy as np

    random_numbers = np.random.default_rng(SEED)
    pick = random.Random(SEED)
    vocabulary = _words()
    weights = 1.0 / np.arange(1, _VOCABULARY + 1) ** 1.05
    common = np.cumsum(weights / weights.sum())
    topic_words = [random_numbers.integers(100, _VOCABULARY, _TOPIC_WORDS) for _ in range(_TOPICS)]
    topic_weights = np.cumsum(1.0 / np.arange(1, _TOPIC_WORDS + 1) ** 0.8)
    topic_weights /= topic_weights[-1]
    queries: list[str] = []
    wanted = set(pick.sample(range(min(count, 1000)), min(_QUERIES, count, 1000)))
    with open(os.path.join(directory, "docs.jsonl"), "w", encoding="utf-8") as file:
        for number in range(count):
            length = int(random_numbers.integers(60, 201))
            topic = int(random_numbers.integers(0, _TOPICS))
            ranks = np.searchsorted(common, random_numbers.random(length))
            own = topic_words[topic][np.searchsorted(topic_weights, random_numbers.random(length))]
            ranks = np.where(random_numbers.random(length) < 0.35, own, ranks)
            chosen = [vocabulary[rank] for rank in ranks.tolist()]
            text = _sentences(chosen)
            title = " ".join(chosen[-pick.randint(3, 6) :]).capitalize()
            tags = [f"topic{topic}", pick.choice(("work", "home", "idea", "log", "note"))]
            moment = START + 60 * number + pick.randrange(60)
            file.write(json.dumps([text, title, tags, moment], ensure_ascii=False) + "\n")
            if number in wanted:
                rare = sorted({int(rank) for rank in ranks if rank >= 40})
                queries.append(
                    " ".join(vocabulary[r] for r in pick.sample(rare, min(len(rare), pick.randint(1, 3))))
                )
    with open(os.path.join(directory, "queries.json"), "w", encoding="utf-8") as file:
        json.dump([query for query in queries if query], file)


def _sentences(words: list[str]) -> str:
    parts = [" ".join(words[at : at + 12]).capitalize() for at in range(0, len(words), 12)]
    return ". ".join(parts) + "."


def _write_vectors(directory: str, count: int) -> None:
    import numpy as np

    random_numbers = np.random.default_rng(SEED + 1)
    centres = random_numbers.standard_normal((64, DIMENSION)).astype("<f4")
    with open(os.path.join(directory, "vectors.f32"), "wb") as file:
        for start in range(0, count, 5000):
            rows = min(5000, count - start)
            noise = random_numbers.standard_normal((rows, DIMENSION), dtype=np.float32)
            found = centres[random_numbers.integers(0, 64, rows)] + 0.7 * noise
            found /= np.linalg.norm(found, axis=1, keepdims=True)
            file.write(found.astype("<f4").tobytes())
