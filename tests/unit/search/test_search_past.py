"""Words of frames that a view of the past has and the embedded index lacks."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mv2
from mv2.index.lexical import LexicalReader
from mv2.search.nodes import Terms
from mv2.search.past import RetiredCorpus, retired_then
from mv2.search.pending import SPLIT_PER_QUERY
from mv2.search.query import parse
from mv2.storage.past import view_at
from mv2.testing.observe import unique_text, unique_word

if TYPE_CHECKING:
    from mv2.storage.view import View


class Source:
    """Frames of a view as search reads them."""

    def __init__(self, view: View) -> None:
        self.frame_count, self.indexed_count = view.frame_count, view.indexed_count
        self.record, self.is_active = view.record, view.is_active
        self._view = view
        self.read: list[int] = []

    def text(self, frame_id: int) -> str | None:
        self.read.append(frame_id)
        return self._view.text(frame_id)


def view_of(memory: mv2.Memvid, **at: Any) -> View:
    return view_at(memory._store.view(), **at)


def reader_of(view: View) -> LexicalReader | None:
    files = view.base.lexical_files()
    return None if files is None else LexicalReader.open(files, trusted=True)


def scores(view: View, word: str, source: Any = None) -> dict[int, float]:
    return RetiredCorpus(view).search(Terms((word,)), source or Source(view), reader_of(view))


@pytest.fixture
def memory(tmp_path: Path) -> Any:
    with mv2.open(tmp_path / "m.mv2", embedder="none") as opened:
        yield opened


def test_what_was_deleted_or_replaced_later_is_found(memory: mv2.Memvid) -> None:
    memory.put("the river and the stone", uri="mv2://a")
    memory.put("the river and the winter", uri="mv2://b")
    memory.put("the river stays")
    memory.delete(0)
    memory.put("no such water any more", uri="mv2://b")
    memory.commit()
    then = view_of(memory, frame=2)
    assert list(retired_then(then)) == [0, 1]
    assert scores(then, "rivers").keys() == {0, 1}
    assert scores(then, "stone").keys() == {0}
    assert scores(then, "stays") == {}, "the index has it"
    assert scores(view_of(memory, frame=1), "river").keys() == {0, 1}
    assert scores(view_of(memory, frame=0), "river").keys() == {0}
    now = view_of(memory)
    assert len(retired_then(now)) == 0
    assert scores(now, "river") == {}


def test_pending_frames_belong_to_it(memory: mv2.Memvid) -> None:
    memory.put("first river")
    memory.commit()
    memory.put("second river")
    memory.put("third river")
    memory.delete(0)
    memory.delete(1)
    then = view_of(memory, frame=2)
    assert list(retired_then(then)) == [1, 2], "the first one is still in the index"
    assert scores(then, "river").keys() == {1, 2}
    assert scores(view_of(memory), "river").keys() == {2}
    assert scores(then, "river").keys() == {1, 2}, "the present does not spoil the past"


def test_without_any_index_every_frame_is_searched(memory: mv2.Memvid) -> None:
    memory.put("river")
    memory.put("stone")
    memory.delete(0)
    then = view_of(memory, frame=1)
    assert reader_of(then) is None
    assert scores(then, "river").keys() == {0}
    assert scores(then, "stone").keys() == {1}


def test_when_everything_was_deleted_words_still_weigh_differently(memory: mv2.Memvid) -> None:
    for text in ("river river stone", "river winter", "river market"):
        memory.put(text)
    memory.commit()
    for frame_id in range(3):
        memory.delete(frame_id)
    memory.commit()
    then = view_of(memory, frame=2)
    found = scores(then, "river")
    assert found.keys() == {0, 1, 2}
    assert scores(then, "stone")[0] > found[0], "a rarer word weighs more"
    assert scores(then, "river") == found, "what was asked in between changes nothing"


def test_scores_are_on_the_scale_of_the_index(memory: mv2.Memvid) -> None:
    """A deleted twin of a document scores what the document scores."""
    for number in range(40):
        memory.put(f"market number {number} with some other words")
    memory.put("the captain of the harvest")
    twin = memory.put("the captain of the harvest")
    memory.commit()
    memory.delete(twin)
    memory.commit()
    then = view_of(memory, frame=twin)
    reader = reader_of(then)
    assert reader is not None
    (best,), _ = reader.top(reader.queries.term("content", "captain"), 1, newest=False)
    assert best[1] == twin - 1
    assert scores(then, "captain")[twin] == pytest.approx(best[0], rel=0.02)


def test_of_many_only_those_that_may_match_are_split(memory: mv2.Memvid) -> None:
    count = 5 * SPLIT_PER_QUERY
    memory.put_many([{"content": unique_text(number, 100)} for number in range(count)])
    memory.put("what stays")
    for frame_id in range(count):
        memory.delete(frame_id)
    memory.commit()
    then = view_of(memory, frame=count)
    corpus = RetiredCorpus(then)
    assert scores(then, unique_word(count - 1)).keys() == {count - 1}
    assert len(corpus._stored) < 2 * SPLIT_PER_QUERY
    for number in range(count):
        assert scores(then, unique_word(number)).keys() == {number}
    excluded = RetiredCorpus(then).search(
        parse(f"-{unique_word(3)}").root or Terms(()),
        Source(then),
        reader_of(then),  # type: ignore[arg-type]
    )
    assert excluded.keys() == set(range(count)) - {3}


def test_frames_are_read_once_for_all_views(memory: mv2.Memvid) -> None:
    for number in range(5):
        memory.put(f"river number {number}")
    for frame_id in range(4):
        memory.delete(frame_id)
    memory.commit()
    source = Source(view_of(memory, frame=4))
    scores(view_of(memory, frame=4), "river", source)
    assert sorted(set(source.read)) == [0, 1, 2, 3]
    again = Source(view_of(memory, frame=2))
    assert scores(view_of(memory, frame=2), "river", again).keys() == {0, 1, 2}
    assert again.read == []


def test_threads_share_it(memory: mv2.Memvid) -> None:
    memory.put_many([{"content": unique_text(number, 100)} for number in range(300)])
    memory.put("what stays")
    for frame_id in range(300):
        memory.delete(frame_id)
    memory.commit()
    then, wrong = view_of(memory, frame=300), []

    def search(first: int) -> None:
        numbers = range(first, 300, 4)
        wrong.extend(n for n in numbers if scores(then, unique_word(n)).keys() != {n})

    threads = [threading.Thread(target=search, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
