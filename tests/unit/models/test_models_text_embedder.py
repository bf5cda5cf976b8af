"""Batches, cache and checks around any embedder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mv2.errors import EmbeddingFailedError, InvalidArgumentError
from mv2.models.batches import batches
from mv2.models.text_embedder import TextEmbedder


class Counting:
    """Vectors of (length, first character); remembers what it was asked."""

    name = "counting"

    def __init__(self, **attributes: Any) -> None:
        self.asked: list[list[str]] = []
        for key, value in attributes.items():
            setattr(self, key, value)

    def embed(self, texts: Sequence[str], /) -> Any:
        self.asked.append(list(texts))
        return [[len(text), ord(text[:1] or " ")] for text in texts]


class Answering:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def embed(self, texts: Sequence[str], /) -> Any:
        del texts
        return self.answer() if callable(self.answer) else self.answer


def test_order_and_type() -> None:
    rows = TextEmbedder(Counting()).embed(["bb", "a", "bb", "ccc"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[2, 98], [1, 97], [2, 98], [3, 99]]
    assert TextEmbedder(Counting(dimension=2)).embed([]).shape == (0, 2)


def test_each_text_is_embedded_once() -> None:
    counting = Counting()
    embedder = TextEmbedder(counting)
    embedder.embed(["a", "b", "a"])
    embedder.embed(["b", "c"])
    assert counting.asked == [["a", "b"], ["c"]]


def test_a_query_is_embedded_once_and_apart_from_texts() -> None:
    counting = Counting()
    queries: list[str] = []
    counting.embed_query = lambda text: queries.append(text) or [7.0, 7.0]  # type: ignore[attr-defined]
    embedder = TextEmbedder(counting)
    embedder.embed(["a"])
    first = embedder.embed_query("a")
    first[:] = 0
    assert embedder.embed_query("a").tolist() == [7, 7]
    assert queries == ["a"]
    assert TextEmbedder(Counting()).embed_query("xyz").tolist() == [3, 120]


def test_vectors_that_were_handed_out_are_not_the_cache() -> None:
    embedder = TextEmbedder(Counting())
    embedder.embed(["a"])[:] = 99
    assert embedder.embed(["a"]).tolist() == [[1, 97]]


def test_the_cache_is_bounded_and_forgets_what_was_used_least() -> None:
    counting = Counting(cache_bytes=3 * 320)
    embedder = TextEmbedder(counting)
    embedder.embed(["a", "b", "c"])
    embedder.embed(["a"])
    embedder.embed(["d"])  # b goes
    embedder.embed(["a", "c", "d"])
    embedder.embed(["b"])
    assert counting.asked == [["a", "b", "c"], ["d"], ["b"]]
    assert embedder._cache.size <= 3 * 320
    none = Counting(cache_bytes=0)
    keeps_nothing = TextEmbedder(none)
    keeps_nothing.embed(["a"])
    assert keeps_nothing.embed(["a"]).tolist() == [[1, 97]]
    assert len(none.asked) == 2


def test_batches_by_count_and_size() -> None:
    texts = ["a" * size for size in (1, 1, 1, 5, 9, 1, 1, 1, 1)]
    cut = [texts[part] for part in batches(texts, 3, 6)]
    assert [len(part) for part in cut] == [3, 1, 1, 3, 1]
    assert [text for part in cut for text in part] == texts
    assert list(batches([], 3, 6)) == []


def test_batches_of_the_embedders_own_size() -> None:
    counting = Counting(batch_size=2, batch_chars=100)
    seen: list[tuple[int, int]] = []
    TextEmbedder(counting).embed(
        [str(number) for number in range(5)], lambda *done: seen.append((done[0], done[1]))
    )
    assert [len(asked) for asked in counting.asked] == [2, 2, 1]
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_one_call_at_a_time_unless_it_says_otherwise() -> None:
    busy, most = 0, 0
    turn = threading.Lock()
    both = threading.Event()

    class Slow(Counting):
        def embed(self, texts: Sequence[str], /) -> Any:
            nonlocal busy, most
            with turn:
                busy += 1
                most = max(most, busy)
                if busy == 2:
                    both.set()
            both.wait(0.05 if not concurrent else 5)
            with turn:
                busy -= 1
            return [[1.0] for _ in texts]

    for concurrent in (False, True):
        most = 0
        slow = Slow(batch_size=1, **({"concurrency": 2} if concurrent else {}))
        embedder = TextEmbedder(slow)
        threads = [threading.Thread(target=embedder.embed, args=([name, name * 2],)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == (2 if concurrent else 1)


GOOD: dict[str, Any] = {
    "lists": [[1, 2], [3, 4]],
    "tuples": ((1.0, 2.0), (3.0, 4.0)),
    "numpy": np.array([[1, 2], [3, 4]], dtype=np.float64),
    "big endian": np.array([[1, 2], [3, 4]], dtype=">f4"),
    "half": np.array([[1, 2], [3, 4]], dtype=np.float16),
    "list of arrays": [np.array([1, 2]), np.array([3, 4])],
    "a generator": lambda: (row for row in ([1, 2], [3, 4])),
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
def test_answers_of_many_kinds(answer: Any) -> None:
    assert TextEmbedder(Answering(answer)).embed(["a", "b"]).tolist() == [[1, 2], [3, 4]]


BAD: dict[str, Any] = {
    "none": None,
    "too few": [[1, 2]],
    "too many": [[1, 2]] * 3,
    "one vector": [1, 2],
    "ragged": [[1, 2], [1]],
    "empty rows": [[], []],
    "nan": [[1, 2], [1, float("nan")]],
    "infinite": [[1, 2], [1, float("inf")]],
    "beyond float32": [[1, 2], [1, 1e39]],
    "texts": [["a", "b"], ["c", "d"]],
    "complex": [[1j, 2], [3, 4]],
    "booleans": [[True, False], [True, True]],
    "three dimensions": np.zeros((2, 1, 2)),
    "too long": np.zeros((2, 65_537), dtype=np.float32),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_answers_that_are_refused(answer: Any) -> None:
    with pytest.raises(EmbeddingFailedError, match="Answering") as refusal:
        TextEmbedder(Answering(answer)).embed(["a", "b"])
    assert refusal.value.code == "MV015"


def test_the_length_must_stay() -> None:
    answers = iter([[[1.0, 2.0]], [[1.0]]])
    embedder = TextEmbedder(Answering(lambda: next(answers)))
    embedder.embed(["a"])
    assert embedder.dimension == 2
    with pytest.raises(EmbeddingFailedError, match=r"1 numbers .* 2"):
        embedder.embed(["b"])
    with pytest.raises(EmbeddingFailedError, match=r"2 numbers .* 3"):
        TextEmbedder(Counting(dimension=3)).embed(["a"])


def test_its_own_errors_are_told() -> None:
    def fail() -> Any:
        raise KeyError("the model's own")

    with pytest.raises(EmbeddingFailedError, match="Answering failed: KeyError") as refusal:
        TextEmbedder(Answering(fail)).embed(["a"])
    assert isinstance(refusal.value.__cause__, KeyError)


def test_an_interrupt_goes_through() -> None:
    def interrupt() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TextEmbedder(Answering(interrupt)).embed(["a"])


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": 5}, {"batch_size": 0}, {"batch_chars": "x"}])
def test_attributes_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        TextEmbedder(Counting(**wrong))
