"""How `find` orders what it finds, which side ran, and that pages fit together."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

import mv2
from mv2.search.engine import HEAD
from mv2.types import Ranking, SearchResult


class Bag:
    """An embedder for tests: words that mean the same fall into one dimension."""

    name = "bag-64"
    SAME: ClassVar = {"automobile": "car", "feline": "cat", "doctor": "physician"}

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        rows = []
        for text in texts:
            row = [0.01] * 64
            for word in text.lower().replace("?", "").split():
                row[zlib.crc32(self.SAME.get(word, word).encode()) % 64] += 1.0
            rows.append(row)
        return rows


class Noise:
    """An embedder that knows nothing."""

    name = "noise"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[random.Random(text).gauss(0, 1) for _ in range(64)] for text in texts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.mv2"


def ids(result: SearchResult) -> list[int]:
    return [hit.frame_id for hit in result.hits]


LONG = " ".join(f"filler{n}" for n in range(150))


class TestWords:
    @pytest.mark.parametrize("long", [False, True])
    @pytest.mark.parametrize("committed", [False, True])
    def test_documents_with_all_words_come_first(self, path: Path, long: bool, committed: bool) -> None:
        tail = f" {LONG}" if long else ""
        with mv2.open(path, embedder="none") as memory:
            memory.put("zebra zebra zebra zebra" + tail)
            memory.put("zebra and others and many words more, one of them quagga" + tail)
            memory.put("quagga quagga" + tail)
            if committed:
                memory.commit()
            result = memory.find("zebra quagga", explain=True)
            assert ids(result)[0] == 1
            assert sorted(ids(result)) == [0, 1, 2]
            assert result.total == 3
            assert not result.relaxed
            assert "all_words" in result.hits[0].scores
            assert [hit.score for hit in result.hits] == sorted(
                (hit.score for hit in result.hits), reverse=True
            )
            assert memory.find("zebra unicorn").relaxed

    def test_a_phrase_in_a_question_is_a_wish_when_no_document_has_it(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put("She read the story of the nothing that was impossible")
            assert memory.find('"nothing is possible"').relaxed
            assert ids(memory.find('Did she read "nothing is impossible"?')) == [0]
            memory.put("nothing is impossible")
            assert ids(memory.find('"nothing is impossible"')) == [1]

    def test_short_notes_are_not_judged_by_their_length(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            for n in range(20):
                memory.put(f"note {n} about nothing much")
            first = memory.put("gnu gnu " + " ".join(f"w{n}" for n in range(12)))
            memory.put("gnu here")
            memory.commit()
            assert ids(memory.find("gnu"))[0] == first

    def test_explained_parts_add_up(self, path: Path) -> None:
        with mv2.open(path, embedder=Bag()) as memory:
            for n in range(30):
                memory.put(f"the cat number{n} sat on mat {n}", track=f"t{n % 3}", timestamp=n * 86_400)
            for query in ("cat mat", "When did the cat sit on the mat 7?", "number3"):
                for mode in ("lex", "hybrid", "auto"):
                    for hit in memory.find(query, explain=True, mode=mode).hits:
                        named = ("words", "vector", "all_words", "neighbours", "track", "time")
                        assert sum(hit.scores.get(name, 0.0) for name in named) == pytest.approx(hit.score)
            assert dict(memory.find("cat").hits[0].scores) == {}


class TestSides:
    def test_it_says_what_ran_and_why(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put("a cat")
            assert memory.find("cat").reason == "words only: the memory has no vectors"
            with pytest.raises(mv2.VecIndexDisabledError):
                memory.find("cat", mode="vec")
        with mv2.open(path, embedder=Bag()) as memory:
            memory.put("a dog")
            result = memory.find("cat")
            assert (result.mode, result.reason) == ("hybrid", "words and vectors of bag-64")
            assert memory.find("cat", mode="lex").mode == "lex"
            assert memory.find("cat", mode="vec").mode == "vec"
            assert memory.find("", vector=[1.0] * 64).mode == "vec"
            assert memory.find("tag:none").mode == "lex"
        with mv2.open(path, "r", embedder="none") as memory:
            result = memory.find("cat")
            assert (result.mode, result.reason) == (
                "lex",
                "words only: no embedder here makes vectors of bag-64",
            )
            with pytest.raises(mv2.EmbeddingFailedError, match="bag-64"):
                memory.find("cat", mode="hybrid")
            with pytest.raises(mv2.VecDimensionMismatchError, match=r"3 numbers.*64"):
                memory.find("cat", vector=[1.0, 2.0, 3.0])
            with pytest.raises(mv2.ModelMismatchError, match=r"'other'.*'bag-64'"):
                memory.find("cat", vector=[1.0] * 64, embedding_model="other")

    def test_a_question_without_a_shared_word_is_answered_by_the_vectors(self, path: Path) -> None:
        with mv2.open(path, embedder=Bag()) as memory:
            for n in range(50):
                memory.put(f"note {n} about garden {n}")
            wanted = memory.put("she bought a car")
            memory.commit()
            assert ids(memory.find("automobile"))[0] == wanted
            assert wanted not in ids(memory.find("automobile", mode="lex"))

    def test_vectors_that_know_nothing_do_not_harm_the_words(self, path: Path) -> None:
        with mv2.open(path, embedder=Noise()) as memory:
            memory.put_many(
                [{"content": f"entry number{n} on topic{n % 40} and place{n % 7}"} for n in range(400)]
            )
            for n in range(0, 40, 5):
                best = ids(memory.find(f"topic{n} place3", mode="lex", k=1))[0]
                assert best in ids(memory.find(f"topic{n} place3", mode="hybrid", k=3))

    def test_a_model_says_what_its_vectors_weigh(self, path: Path) -> None:
        class Light(Bag):
            vector_weight = 0.1

        with mv2.open(path, embedder=Bag()) as memory:
            for n in range(30):
                memory.put(f"walrus number{n} sleeps")
            rules = memory.find("number3 walrus", explain=True).hits[0].rules
        with mv2.open(path, "r", embedder=Light()) as memory:
            lighter = memory.find("number3 walrus", explain=True).hits[0].rules
        assert float(lighter[0].split()[-1]) < float(rules[0].split()[-1])

    def test_operators_are_obeyed_by_both_sides(self, path: Path) -> None:
        with mv2.open(path, embedder=Bag()) as memory:
            memory.put("a car in red", tags=["x"])
            memory.put("a car in blue", tags=["y"])
            memory.put("an automobile", tags=["x"])
            assert sorted(ids(memory.find("automobile tag:x"))) == [0, 2]
            assert ids(memory.find("automobile AND tag:x", mode="hybrid")) == [2]
            assert 1 not in ids(memory.find("car -blue"))
            assert sorted(ids(memory.find("car", filter={"tags": "x"}))) == [0, 2]
            assert sorted(ids(memory.find(vector=[1.0] * 64, filter={"tags": "y"}))) == [1]

    def test_fusion_by_ranks(self, path: Path) -> None:
        with mv2.open(path, embedder=Bag()) as memory:
            memory.put("car car")
            memory.put("automobile")
            result = memory.find("car", ranking=Ranking(fusion="rrf"), explain=True)
            assert sorted(ids(result)) == [0, 1]
            assert "ranks" in result.hits[0].scores
            alone = memory.find("car", ranking=Ranking(vector_weight=1.0), explain=True)
            assert not any(hit.scores.get("words") for hit in alone.hits)


class TestTracks:
    def fill(self, memory: mv2.Memvid) -> None:
        memory.put("What is the name of your dog?", track="talk")
        memory.put("He is called Rex.", track="talk")
        memory.put("Something else entirely", track="other")
        memory.put("The weather is fine", track="talk")

    @pytest.mark.parametrize("committed", [False, True])
    def test_neighbours_of_a_hit_share_its_score(self, path: Path, committed: bool) -> None:
        with mv2.open(path, embedder="none") as memory:
            self.fill(memory)
            if committed:
                memory.commit()
            result = memory.find("What is the name of the dog?", explain=True)
            assert ids(result)[:2] == [0, 1]
            assert result.hits[1].scores["neighbours"] > 0
            assert 2 not in ids(result)
            off = memory.find("What is the name of the dog?", ranking=Ranking(neighbours=0))
            assert ids(off) == [0]

    def test_keywords_and_conditions_find_only_what_matches(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            self.fill(memory)
            assert ids(memory.find("dog")) == [0]
            assert ids(memory.find("What is the name of the dog? track:other")) == []

    def test_a_hit_brings_its_neighbourhood(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            self.fill(memory)
            (hit,) = memory.find("Rex", context=2).hits
            assert [(n.frame_id, n.offset, n.text) for n in hit.neighbours] == [
                (0, -1, "What is the name of your dog?"),
                (3, 1, "The weather is fine"),
            ]
            assert memory.find("Rex").hits[0].neighbours == ()


class TestOptions:
    def test_recency_prefers_what_is_new(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            old = memory.put("status is red", timestamp="2020-01-01")
            new = memory.put("the status that we have is said to be red today", timestamp="2024-01-01")
            assert ids(memory.find("status red"))[0] == old
            assert ids(memory.find("status red", ranking=Ranking(recency=1.0)))[0] == new

    def test_a_named_date_prefers_frames_near_it(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put("we met for lunch", timestamp="2023-01-01")
            near = memory.put("we met for lunch too", timestamp="2023-05-07T12:00:00Z")
            question = "Where did we meet for lunch on 7 May 2023?"
            assert ids(memory.find(question))[0] == near
            assert "time" in memory.find(question, explain=True).hits[0].rules
            plain = memory.find(question, ranking=Ranking(time_hints=False), explain=True)
            assert "time" not in plain.hits[0].scores

    def test_a_reranker_has_the_last_word(self, path: Path) -> None:
        class Shortest:
            def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
                assert query == "apple pie"
                return [-len(text) for text in texts]

        class Wrong:
            def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
                return [1.0]

        with mv2.open(path, embedder="none") as memory:
            memory.put("apple pie apple pie and more")
            memory.put("apple pie")
            memory.put("pie of an apple, with cream and sugar and much more")
            result = memory.find("apple pie", ranking=Ranking(reranker=Shortest()), explain=True)
            assert ids(result) == [1, 0, 2]
            assert "reranked" in result.hits[0].rules
            with pytest.raises(mv2.ModelError, match="1 scores for 3 texts"):
                memory.find("apple pie", ranking=Ranking(reranker=Wrong()))

    def test_diversity_moves_copies_down(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put("the red apple fell")
            memory.put("the red apple fell")
            memory.put("an apple is a fruit of which there are many kinds")
            assert ids(memory.find("apple red"))[:2] == [0, 1]
            assert ids(memory.find("apple red", ranking=Ranking(diversity=0.7)))[:2] == [0, 2]

    def test_a_cut_drops_the_weak_end(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put("rare words stand in this entry")
            for n in range(9):
                memory.put(f"this is entry {n}")
            assert len(memory.find("rare words entry").hits) == 10
            result = memory.find("rare words entry", ranking=Ranking(cutoff="cliff"))
            assert ids(result) == [0]
            assert (result.total, result.total_is_exact, result.next_cursor) == (1, True, None)


class TestPages:
    @pytest.mark.parametrize("mode", ["lex", "hybrid", "vec"])
    @pytest.mark.parametrize(
        "query", ["shared", "shared other", "Which of them have the shared and other word?"]
    )
    def test_pages_neither_overlap_nor_skip_beyond_the_head(self, path: Path, mode: str, query: str) -> None:
        count = HEAD + 150
        with mv2.open(path, embedder=Bag()) as memory:
            memory.put_many(
                [
                    {
                        "content": f"shared {'other ' * (n % 3)} word{n} {'more ' * (n % 5)}",
                        "track": f"t{n % 9}",
                    }
                    for n in range(count)
                ]
            )
            whole = memory.find(query, mode=mode, k=1000)  # type: ignore[arg-type]
            assert len(set(ids(whole))) == len(whole.hits) == count
            scores = [hit.score for hit in whole.hits]
            assert scores == sorted(scores, reverse=True)
            seen: list[int] = []
            cursor = None
            while True:
                page = memory.find(query, mode=mode, k=37, cursor=cursor)  # type: ignore[arg-type]
                assert [hit.rank for hit in page.hits] == list(
                    range(len(seen) + 1, len(seen) + 1 + len(page.hits))
                )
                seen += ids(page)
                if (cursor := page.next_cursor) is None:
                    break
            assert seen == ids(whole)

    def test_a_cursor_belongs_to_its_conditions(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            for n in range(30):
                memory.put("same words", metadata={"n": n})
            cursor = memory.find("same", k=5, filter={"n": {"$gte": 3}}).next_cursor
            assert memory.find("same", k=5, filter={"n": {"$gte": 3}}, cursor=cursor).hits[0].rank == 6
            for other in ({"filter": {"n": {"$gte": 4}}}, {"mode": "lex"}, {"since": 5}, {"scope": "mv2://"}):
                with pytest.raises(mv2.CursorError):
                    memory.find("same", **{"filter": {"n": {"$gte": 3}}, **other}, cursor=cursor)  # type: ignore[arg-type]

    def test_long_documents_are_one_hit_unless_passages_are_wanted(self, path: Path) -> None:
        text = "\n\n".join(f"Part {n}. The walrus sleeps here. {LONG}" for n in range(8))
        with mv2.open(path, embedder="none") as memory:
            memory.put(text, uri="mv2://long", title="Long")
            memory.put("a walrus", uri="mv2://short")
            result = memory.find("walrus")
            assert sorted(hit.uri or "" for hit in result.hits) == ["mv2://long", "mv2://short"]
            long = next(hit for hit in result.hits if hit.uri == "mv2://long")
            assert (long.parent_id, long.title) == (0, "Long")
            assert "walrus" in memory.text(long.frame_id)
            assert memory.text(long.frame_id)[slice(*long.range)] == long.snippet
            assert len(memory.find("walrus", passages=True).hits) > 2

    def test_a_filter_alone_lists_the_newest_first(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            for n in range(9):
                memory.put(f"note {n}", timestamp=n, metadata={"even": n % 2 == 0})
            assert ids(memory.find(filter={"even": True})) == [8, 6, 4, 2, 0]
            assert ids(memory.find(since=3, until=6)) == [5, 4, 3]
            with pytest.raises(mv2.QueryError):
                memory.find("")


class TestMoreLikeThis:
    def test_by_words_and_by_vector(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            for n in range(12):
                memory.put(f"garden note {n}", metadata={"n": n})
            one = memory.put("the walrus and the carpenter were walking close at hand")
            two = memory.put("a walrus, a carpenter, and nobody else at hand")
            result = memory.similar(one, k=3)
            assert ids(result)[0] == two
            assert one not in ids(result)
            assert result.mode == "lex"
            assert ids(memory.similar(one, filter={"n": {"$exists": True}}, k=3)) == []
        with mv2.open(path.with_name("v.mv2"), embedder=Bag()) as memory:
            for n in range(12):
                memory.put(f"garden note {n}")
            one, two = memory.put("a car"), memory.put("an automobile")
            result = memory.similar(one, k=1)
            assert (ids(result), result.mode) == ([two], "vec")

    def test_duplicates_are_grouped(self, path: Path) -> None:
        with mv2.open(path, embedder="none") as memory:
            memory.put(LONG, uri="mv2://1")
            memory.put(LONG, uri="mv2://2")
            memory.put(LONG + " and a little more", uri="mv2://3")
            memory.put("something else")
            (group,) = memory.duplicates(threshold=0.8)
            assert group.frame_ids == (0, 1, 2)
            assert 0.8 <= group.similarity < 1
            assert [g.frame_ids for g in memory.duplicates(threshold=1.0)] == [(0, 1)]


def test_titles_stand_before_the_model_too(path: Path) -> None:
    with mv2.open(path, embedder=Bag()) as memory:
        memory.put("nothing of it here", title="automobile")
        assert memory.find("car", mode="vec", explain=True).hits[0].scores["similarity"] > 0.3
        memory.update(0, content="nor in this version")
        assert memory.find("car", mode="vec", explain=True).hits[0].scores["similarity"] > 0.3
        memory.update(1, content="nor in this one", title=None)
        assert memory.find("car", mode="vec", explain=True).hits[0].scores["similarity"] < 0.3
