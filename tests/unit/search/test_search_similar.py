"""More like this, by vectors and by words."""

from __future__ import annotations

import numpy as np
import pytest

import mv2
from mv2.errors import FrameNotFoundError
from mv2.search.similar import similar, telling_words
from mv2.search.vectors import VectorSearch
from mv2.storage.frame_set import FrameSet

TOPICS = {
    "kettle": "The kettle is descaled with vinegar, and the kettle boils water for tea.",
    "boiler": "A boiler heats water; vinegar descales a kettle and a boiler alike.",
    "garden": "Tomatoes in the garden want sun and compost, and water in the evening.",
    "compost": "Compost for the garden is made of leaves; tomatoes like compost.",
    "train": "The night train to the coast leaves at nine from the central station.",
}


@pytest.fixture
def memory(tmp_path):
    with mv2.open(tmp_path / "memory.mv2", embedder="none") as opened:
        yield opened


def like(memory, frame, k=10, allowed=None, **options):
    view = memory._store.view()
    source, pending = _search(memory).source(view)
    return similar(source, pending, VectorSearch(), view.resolve(frame), k, allowed, **options)


def _search(memory):
    from mv2.search.memory import MemorySearch

    return MemorySearch()


def ids_of(found):
    return [frame_id for _, frame_id in found.hits]


class TestByWords:
    @pytest.fixture(params=[True, False], ids=["committed", "pending"])
    def topics(self, memory, request):
        for uri, text in TOPICS.items():
            memory.put(text, uri=uri)
        if request.param:
            memory.commit()
        return memory

    def test_what_shares_telling_words_comes_first(self, topics):
        found = like(topics, "kettle")
        assert found.mode == "lex"
        assert ids_of(found)[0] == 1
        assert ids_of(like(topics, "garden"))[0] == 3
        assert ids_of(like(topics, "compost"))[0] == 2
        scores = [score for score, _ in found.hits]
        assert scores == sorted(scores, reverse=True)

    def test_a_frame_is_never_like_itself(self, topics):
        for uri in TOPICS:
            assert topics.frame(uri).id not in ids_of(like(topics, uri))

    def test_words_that_nobody_else_has_are_not_looked_for(self, topics):
        view = topics._store.view()
        words = telling_words(*_search(topics).source(view), 4)
        assert "train" not in words
        source, pending = _search(topics).source(view)
        assert {"kettle", "vinegar", "water"} <= set(telling_words(source, pending, 0))

    def test_filters_and_pages_hold(self, topics):
        assert ids_of(like(topics, "kettle", 1)) == [1]
        assert ids_of(like(topics, "kettle", 9, FrameSet.of([2, 3, 4], 5)))[0] in (2, 3)
        assert ids_of(like(topics, "kettle", 9, FrameSet.of([0], 5))) == []

    def test_deleted_frames_are_no_hits_but_can_be_asked_for(self, topics):
        topics.delete("boiler")
        assert 1 not in ids_of(like(topics, "kettle"))
        assert ids_of(like(topics, 1))[0] == 0

    def test_nothing_to_go_by(self, topics):
        empty = topics.put(b"\x00\x01\x02")
        assert like(topics, empty).hits == []
        with pytest.raises(FrameNotFoundError):
            like(topics, 99)


class TestVersions:
    def test_other_versions_only_on_request(self, memory):
        memory.put("The kettle is descaled.", uri="kettle")
        memory.update("kettle", content="The kettle is descaled with vinegar.")
        memory.put("Another kettle to be descaled.", uri="other")
        memory.put("A kettle that is descaled too.", uri="kettle", on_conflict="keep_both")
        assert ids_of(like(memory, 0)) == [2]
        assert set(ids_of(like(memory, 0, versions=True))) == {1, 2, 3}


class TestByVectors:
    @pytest.fixture
    def vectors(self, memory):
        rows = [[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.9, 0.2], [0.5, 0.5, 0]]
        for number, row in enumerate(rows):
            memory.put(f"document {number}", embedding=row)
        return memory

    def test_the_nearest_come_first(self, vectors):
        for _ in range(2):
            found = like(vectors, 0, 3)
            assert (found.mode, found.node) == ("vec", None)
            assert ids_of(found) == [1, 4, 2]
            assert ids_of(like(vectors, 2, 2)) == [3, 4]
            vectors.commit()

    def test_without_a_vector_of_its_own_words_decide(self, vectors):
        new = vectors.put("document with words only")
        assert like(vectors, new).mode == "lex"

    def test_a_document_is_found_once_by_the_best_of_its_chunks(self, memory):
        text = "\n\n".join(f"Paragraph {i}. " + "word " * 120 for i in range(12))
        first = memory.put(text)
        count = len(memory._store.view().children(first))
        memory.delete(first)
        rows = np.eye(count, 8) + 0.01
        long = memory.put(text, embedding=rows)
        short = memory.put("short", embedding=rows[2])
        children = memory._store.view().children(long)
        found = like(memory, short, 5)
        assert ids_of(found) == [children[2]]
        assert ids_of(like(memory, children[2], 5)) == [short]  # its own document is left out
        assert ids_of(like(memory, long, 5)) == [short]  # by the mean of its chunks
