"""Pages make up the whole result, totals that call themselves exact are, and long words cost little."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

import mv2
from mv2.search.query import parse
from mv2.types import Cutoff, Ranking, SearchResult


class Bag:
    """An embedder for tests: a dimension a word."""

    name = "bag-64"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        rows = []
        for text in texts:
            row = [0.01] * 64
            for word in text.lower().split():
                row[zlib.crc32(word.encode()) % 64] += 1.0
            rows.append(row)
        return rows


def every_page(memory: mv2.Memvid, query: str, k: int, **options: Any) -> list[SearchResult]:
    pages = [memory.find(query, k=k, **options)]
    while pages[-1].next_cursor is not None:
        pages.append(memory.find(query, k=k, cursor=pages[-1].next_cursor, **options))
    return pages


def check_pages(memory: mv2.Memvid, query: str, k: int, **options: Any) -> int:
    """The number of hits, after a look at pages and totals."""
    whole = memory.find(query, k=100_000, **options)
    pages = every_page(memory, query, k, **options)
    assert [hit.frame_id for page in pages for hit in page.hits] == [hit.frame_id for hit in whole.hits]
    for page in (*pages, whole):
        assert page.total <= len(whole.hits)
        assert not page.total_is_exact or page.total == len(whole.hits)
    scores = [hit.score for hit in whole.hits]
    assert scores == sorted(scores, reverse=True)
    return len(whole.hits)


def fill(memory: mv2.Memvid, count: int = 600) -> None:
    """Documents with "apple", a third of them with "pear", half of them tagged "even"."""
    chance = random.Random(1)
    with memory.batch():
        for n in range(count):
            text = ["apple"] * chance.randint(1, 3) + ["pear"] * (chance.random() < 0.3)
            text += [f"z{chance.randint(0, 50)}" for _ in range(chance.randint(0, 30))]
            chance.shuffle(text)
            memory.put(" ".join(text), tags=["even" if n % 2 else "odd"], timestamp=n)


@pytest.mark.parametrize("embedder", ["none", Bag()])
@pytest.mark.parametrize("committed", [False, True])
def test_pages_of_a_long_result_fit_together(tmp_path: Path, embedder: Any, committed: bool) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder=embedder) as memory:
        fill(memory)
        if committed:
            memory.commit()
        assert check_pages(memory, "what apple does the pear have", 37) == 600
        for cutoff in ("relative", "absolute", "cliff", "elbow", "combined"):
            ranking = Ranking(cutoff=cast("Cutoff", cutoff))
            assert check_pages(memory, "what apple does the pear have", 10, ranking=ranking)
            assert check_pages(memory, "apple", 10, ranking=ranking)


def test_vectors_alone_find_what_operators_and_fields_let_pass(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder=Bag()) as memory:
        fill(memory)
        memory.commit()
        words = {hit.frame_id for hit in memory.find("apple AND pear", k=1000, mode="lex").hits}
        found = memory.find("apple AND pear", k=1000, mode="vec")
        assert {hit.frame_id for hit in found.hits} == words
        assert check_pages(memory, "apple AND pear", 37, mode="vec") == len(words)
        assert check_pages(memory, "tag:even apple", 37, mode="vec") == 300


@pytest.mark.parametrize("committed", [False, True])
def test_neighbours_that_enter_are_counted_or_the_total_is_a_bound(tmp_path: Path, committed: bool) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        with memory.batch():
            for n in range(700):
                memory.put(f"{'apple' if n % 2 else 'nothing'} z{n % 50}", track=f"t{n % 3}")
        if committed:
            memory.commit()
        assert check_pages(memory, "what does the apple have to do with z3?", 50) > 364


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("query", ["zebra", "what is a zebra number?"])
def test_documents_are_counted_and_not_their_chunks(tmp_path: Path, query: str, committed: bool) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        for n in range(5):
            memory.put("\n\n".join(f"Zebra number {n}, part {m}. {'More of it. ' * 90}" for m in range(12)))
        if committed:
            memory.commit()
        assert memory.stats().frame_count > 20
        for k in (1, 2, 5):
            assert check_pages(memory, query, k) == 5
        listed = memory.find(filter={"id": {"$gte": 0}}, k=2)
        assert (listed.total, listed.total_is_exact) == (5, True)


def test_a_list_reads_no_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mv2.storage.view import View

    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        fill(memory, 300)
        memory.commit()
        read: list[int] = []
        record = View.record
        monkeypatch.setattr(View, "record", lambda view, k: read.append(k) or record(view, k))
        found = memory.find(filter={"tags": "even"}, k=3)
        assert [hit.timestamp for hit in found.hits] == [299, 297, 295]
        assert len(read) < 30


def test_words_longer_than_any_are_not_respelled() -> None:
    from mv2.search import spelling

    assert spelling._is_correctable("a" * 40)
    assert not spelling._is_correctable("a" * 41)


@pytest.mark.parametrize("sign", ["*", "~2"])
def test_a_pattern_longer_than_any_word_is_a_word(sign: str) -> None:
    from mv2.search.nodes import Terms
    from mv2.search.query import parse

    assert isinstance(parse("a" * 70 + sign).root, Terms)
    assert not isinstance(parse("abcde" + sign).root, Terms)


def test_parts_that_are_repeated_are_looked_for_once() -> None:
    from mv2.search.query import parse

    assert parse("abcde~2 " * 5).root == parse("abcde~2").root


@pytest.mark.parametrize("stage", ["pending", "committed", "another handle"])
def test_chunks_are_known_of_wherever_they_stand(tmp_path: Path, stage: str) -> None:
    text = "\n\n".join(f"Part {n} of the walrus. " + "filler words " * 120 for n in range(4))
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("a walrus")
        memory.commit()
        memory.put(text)
        if stage == "committed":
            memory.commit()
        if stage == "another handle":
            with mv2.open(tmp_path / "m.mv2", "r", embedder="none") as reader:
                assert len(reader.find("walrus").hits) == 2
        assert len(memory.find("walrus").hits) == 2
        assert len(memory.find("walrus", passages=True).hits) > 2


@pytest.mark.parametrize(
    "wrong", [{"query": 5}, {"query": None}, {"scope": 3}, {"ranking": {}}, {"k": "ten"}, {"filter": 7}]
)
def test_arguments_of_a_wrong_kind_are_refused_by_name(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("x")
        with pytest.raises(mv2.InvalidArgumentError):
            memory.find(**{"query": "x", **wrong})


def test_a_vector_needs_vectors(tmp_path: Path) -> None:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put("x")
        for query in ("", "x"):
            with pytest.raises(mv2.VecIndexDisabledError, match="no vectors"):
                memory.find(query, vector=[1.0, 2.0])


def test_quotes_in_great_numbers_are_read_at_once() -> None:
    assert parse('."' * 50_000).root is None
    assert parse('a?"' * 30_000).plain


def test_several_fragments_of_a_hit(tmp_path: Path) -> None:
    text = "The walrus sleeps. " + "filler words " * 30 + "A walrus wakes. " + "more filler " * 30
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        memory.put(text)
        (hit,) = memory.find("walrus", fragments=3, snippet_chars=60).hits
        assert len(hit.fragments) == 2
        for fragment in hit.fragments:
            assert text[slice(*fragment.range)] == fragment.text
            assert all(fragment.text[a:b] == "walrus" for a, b in fragment.highlights)
        assert hit.snippet in [fragment.text for fragment in hit.fragments]
        assert memory.find("walrus").hits[0].fragments == ()
        for wrong in (0, 101):
            with pytest.raises(mv2.InvalidArgumentError):
                memory.find("walrus", fragments=wrong)
