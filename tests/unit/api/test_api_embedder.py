"""A memory with an embedder gives vectors to texts that come without, and to nothing else."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from life import WAYS, add, chunks_of, live_through, long_text

import mv2
from mv2.errors import EmbeddingFailedError, InvalidArgumentError, ModelMismatchError
from mv2.errors import VecDimensionMismatchError as Mismatch
from mv2.ingest import backfill, embedding
from mv2.testing.fixtures import quick_temporary_directory

__all__ = ["quick_temporary_directory"]


class Lengths:
    """Vectors of (length, first character, 1); remembers what it was asked."""

    def __init__(self, name: str | None = "lengths", dimension: int = 3) -> None:
        self.name = name
        self.width = dimension
        self.asked: list[str] = []
        self.fail_at: str | None = None
        self.before: Callable[[], object] = lambda: None

    def embed(self, texts: Sequence[str], /) -> Any:
        self.before()
        if self.fail_at in texts:
            raise RuntimeError("the model is gone")
        self.asked += texts
        rows = np.ones((len(texts), self.width), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = len(text)
            row[self.width // 2] = ord(text[0])
        return rows


def of(text: str) -> array[float]:
    return array("f", [len(text), ord(text[0]), 1])


def vectors(memory: mv2.Memvid) -> list[list[float] | None]:
    found = [memory.embedding(number) for number in range(memory.stats().frame_count)]
    return [None if row is None else list(row) for row in found]


@pytest.fixture
def default(monkeypatch: pytest.MonkeyPatch) -> Lengths:
    """What ``embedder="default"`` means here."""
    made = Lengths("the-default")
    monkeypatch.delenv("MV2_EMBEDDER", raising=False)
    monkeypatch.setattr("mv2.models.resolve.bundled_embedder", lambda: made)
    return made


LONG = long_text(6000)


@pytest.mark.parametrize("way", WAYS)
def test_texts_get_vectors_and_nothing_else(path: Path, way: str) -> None:
    documents: list[dict[str, Any]] = [
        {"content": "one text"},
        {"content": b"\xff\xfe no text"},
        {"content": ""},
        {"content": " \n "},
        {"content": "given", "embedding": [9, 9, 9]},
        {"content": b"bytes that are text"},
    ]
    with mv2.open(path, embedder=Lengths()) as memory:
        assert add(memory, way, *documents) == list(range(6))
        wanted = [list(of("one text")), None, None, None, [9, 9, 9], list(of("bytes that are text"))]
        assert vectors(memory) == wanted
    with mv2.open(path) as memory:
        assert vectors(memory) == wanted
        assert memory.verify(deep=True).ok


@pytest.mark.parametrize("way", WAYS)
def test_chunks_get_one_each(path: Path, way: str) -> None:
    with mv2.open(path, embedder=Lengths()) as memory:
        [number] = add(memory, way, {"content": LONG})
        assert memory.embedding(number) is None
        chunks = chunks_of(memory, number)
        assert len(chunks) > 3
        assert [memory.embedding(chunk.id) for chunk in chunks] == [
            of(memory.text(chunk.id)) for chunk in chunks
        ]


def test_one_vector_given_for_a_long_document_is_enough(path: Path) -> None:
    embedder = Lengths()
    with mv2.open(path, embedder=embedder) as memory:
        memory.put(LONG, embedding=[1, 2, 3])
    assert embedder.asked == []


def test_the_model_is_recorded_at_every_stage(path: Path) -> None:
    def build(_: mv2.Memvid) -> None:
        with mv2.open(path, embedder=Lengths()) as memory:
            memory.put("text", metadata={"mine": 1})
            memory.put_many([{"content": LONG}])
            memory.update(0, title="named")

    def check(memory: mv2.Memvid, _: None) -> None:
        assert memory.stats().vector_model == "lengths"
        assert memory.frame(0).metadata == {"mine": 1}  # the record is not shown among it
        if not memory.read_only:
            with pytest.raises(ModelMismatchError, match=r"'other'.*'lengths'") as refusal:
                memory.put("x", embedding=[1, 2, 3], embedding_model="other")
            assert refusal.value.code == "MV041"

    live_through(path, build, check)


def test_a_text_that_speaks_of_the_record_is_not_the_record(path: Path) -> None:
    with mv2.open(path) as memory:
        memory.put("a", embedding=[1.0], embedding_model="real")
        memory.put("b", metadata={"note": "mv2:model says forged"}, title="mv2:model")
        memory.commit()
        assert memory.stats().vector_model == "real"


class TestOtherModels:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("committed", [False, True])
    def test_one_that_was_asked_for_is_refused(self, path: Path, way: str, committed: bool) -> None:
        with mv2.open(path, embedder=Lengths("first")) as memory:
            memory.put("text")
            if committed:
                memory.commit()
            second = Lengths("second")
            with mv2.open(path, embedder=second) as other:
                with pytest.raises(ModelMismatchError, match=r"'second'.*'first'"):
                    add(other, way, {"content": "text two"})
                assert second.asked == []
                assert other.stats().frame_count == 1
                add(other, way, {"content": b"\xff"}, {"content": "given", "embedding": [1, 2, 3]})

    def test_another_length_without_names(self, path: Path) -> None:
        with mv2.open(path, embedder=Lengths(None)) as memory:
            memory.put("text")
            assert memory.stats().vector_model is None
        with mv2.open(path, embedder=Lengths(None, 5)) as memory:
            with pytest.raises(Mismatch, match=r"5 .* 3"):
                memory.put("text")
            assert memory.stats().frame_count == 1

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("given", [{"embedding": [1.0] * 5}, {"embedding": [1.0] * 3}])
    def test_the_default_one_steps_aside(
        self, path: Path, default: Lengths, way: str, given: dict[str, Any]
    ) -> None:
        """For vectors of another length, and for those of which nobody knows the model."""
        with mv2.open(path) as memory:
            add(memory, way, {"content": "given", **given})
            add(memory, way, {"content": "text"})
            assert memory.stats().vector_count == 1
        assert default.asked == []

    def test_the_default_one_steps_aside_for_a_named_model(self, path: Path, default: Lengths) -> None:
        with mv2.open(path) as memory:
            memory.put("given", embedding=[1, 2, 3], embedding_model="theirs")
            memory.put("text")
            assert memory.stats().vector_count == 1
            with pytest.raises(ModelMismatchError, match=r"'theirs'.*'the-default'"):
                memory.embed()

    def test_the_default_one_goes_on_with_its_own(self, path: Path, default: Lengths) -> None:
        for text in ("one", "two"):
            with mv2.open(path) as memory:
                memory.put(text)
        with mv2.open(path) as memory:
            assert vectors(memory) == [list(of("one")), list(of("two"))]
            memory.put("given", embedding=[1, 1, 1])
            memory.put("three")
            assert memory.stats().vector_count == 4

    def test_a_bulk_load_with_vectors_of_its_own_is_left_alone(self, path: Path, default: Lengths) -> None:
        """The first document has none, by chance; the default embedder must not set the length."""
        with mv2.open(path) as memory:
            memory.put_many([{"content": "without"}, {"content": "with", "embedding": [1.0] * 7}])
            assert memory.stats().vector_dimension == 7
            assert memory.stats().vector_count == 1

    def test_vectors_that_came_in_between_win_over_the_default(self, path: Path, default: Lengths) -> None:
        with mv2.open(path) as memory, mv2.open(path, embedder="none") as other:
            default.before = lambda: other.put("first", embedding=[1.0] * 8)
            assert memory.put("text") == 1
            assert memory.stats().vector_count == 1
            assert memory.frame(1).metadata == {}
            assert memory.stats().vector_model is None

    def test_even_those_of_the_same_length_that_nobody_named(self, path: Path, default: Lengths) -> None:
        with mv2.open(path) as memory, mv2.open(path, embedder="none") as other:
            default.before = lambda: other.put("first", embedding=[1.0] * 3)
            assert memory.put("text") == 1
            assert memory.stats().vector_count == 1
            assert memory.stats().vector_model is None

    def test_names_of_given_vectors_are_enforced(self, memory: mv2.Memvid) -> None:
        memory.put("a", embedding=[1, 2], embedding_model="one")
        with pytest.raises(ModelMismatchError, match=r"'two'.*'one'"):
            memory.put_many([{"content": "b", "embedding": [1, 2], "embedding_model": "two"}])
        memory.put("c", embedding=[1, 2])
        memory.put("d", embedding=[1, 2], embedding_model="one")
        assert memory.stats().vector_model == "one"
        with pytest.raises(ModelMismatchError):
            memory.update(0, embedding=[3, 4], embedding_model="two")

    @pytest.mark.parametrize("name", ["", 5, "\ud800"])
    def test_names_that_are_none(self, memory: mv2.Memvid, name: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="embedding_model"):
            memory.put("a", embedding=[1, 2], embedding_model=name)

    def test_a_name_without_vectors(self, memory: mv2.Memvid) -> None:
        number = memory.put("a", embedding_model="unused")
        assert memory.stats().vector_model is None
        with pytest.raises(InvalidArgumentError, match="without an embedding"):
            memory.update(number, embedding_model="unused")


class TestUpdate:
    def test_new_content_gets_a_new_vector(self, path: Path) -> None:
        embedder = Lengths()
        with mv2.open(path, embedder=embedder) as memory:
            memory.put("old", uri="mv2://a")
            assert memory.embedding(memory.update("mv2://a", content="newer")) == of("newer")
            assert memory.embedding(memory.update("mv2://a", content="given", embedding=[7, 7, 7])) == array(
                "f", [7, 7, 7]
            )
            long = memory.update("mv2://a", content=LONG)
            assert all(memory.embedding(chunk.id) for chunk in chunks_of(memory, long))
            assert memory.embedding(memory.update("mv2://a", content=b"\xff")) is None

    def test_without_new_content_vectors_stay(self, path: Path) -> None:
        embedder = Lengths()
        with mv2.open(path, embedder=embedder) as memory:
            memory.put("text", uri="mv2://a")
            assert memory.embedding(memory.update("mv2://a", tags=["t"])) == of("text")
            assert memory.stats().vector_model == "lengths"
            assert memory.embedding(memory.update("mv2://a", embedding=None)) is None
            assert embedder.asked == ["text"]

    def test_others_may_write_while_the_model_thinks(self, path: Path) -> None:
        embedder = Lengths()
        with mv2.open(path) as other, mv2.open(path, embedder=embedder, lock_timeout=0) as memory:
            memory.put("text", uri="mv2://a")
            embedder.before = lambda: other.put("meanwhile")
            memory.update("mv2://a", content="new")
            memory.put("another")
            assert [memory.text(number) for number in range(5)] == [
                "text", "meanwhile", "new", "meanwhile", "another",
            ]  # fmt: skip


class TestFailures:
    @pytest.mark.parametrize("way", ["put", "put_many"])
    def test_nothing_is_put_when_the_model_fails(self, path: Path, way: str) -> None:
        embedder = Lengths()
        embedder.fail_at = "bad"
        with mv2.open(path, embedder=embedder) as memory:
            memory.put("good")
            with pytest.raises(EmbeddingFailedError, match="the model is gone"):
                add(memory, way, {"content": "bad"})
            assert memory.stats().frame_count == 1
            add(memory, way, {"content": "good again"})
            assert memory.verify().ok

    def test_batches_before_the_failure_stay(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(embedding, "WINDOW_TEXTS", 2)
        embedder = Lengths()
        embedder.fail_at = "text 7"
        with mv2.open(path, embedder=embedder) as memory:
            with pytest.raises(EmbeddingFailedError):
                memory.put_many([{"content": f"text {n}"} for n in range(20)], batch_size=3)
            assert memory.stats().frame_count == 6
            assert memory.stats().vector_count == 6

    def test_an_interrupt_takes_the_call_back(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(embedding, "WINDOW_TEXTS", 2)

        def documents() -> Any:
            for number in range(9):
                if number == 7:
                    raise KeyboardInterrupt
                yield {"content": f"text {number}"}

        with mv2.open(path, embedder=Lengths()) as memory:
            memory.put("kept")
            with pytest.raises(KeyboardInterrupt):
                memory.put_many(documents())
            assert vectors(memory) == [list(of("kept"))]
            memory.put("after")
        assert not [thread for thread in threading.enumerate() if thread.name == "mv2-embed"]


class TestBulk:
    def test_many_lots_come_in_order(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(embedding, "WINDOW_TEXTS", 7)
        documents = [{"content": f"{'x' * number} text"} for number in range(100)]
        seen: list[Any] = []
        with mv2.open(path, embedder=Lengths()) as memory:
            ids = memory.put_many(documents, progress=lambda *done: seen.append(done))
            assert ids == list(range(100))
            assert vectors(memory) == [list(of(str(document["content"]))) for document in documents]
        assert seen[-1] == (100, 100)

    def test_what_is_there_is_not_embedded_again(self, path: Path) -> None:
        documents: list[dict[str, Any]] = [
            {"content": "same", "dedup": True},
            {"content": "named", "uri": "mv2://a", "on_conflict": "skip"},
        ]
        with mv2.open(path, embedder=Lengths()) as memory:
            memory.put_many(documents)
        again = Lengths()
        with mv2.open(path, embedder=again) as memory:
            assert memory.put_many(documents) == [0, 1]
            assert [memory.put(**document) for document in documents] == [0, 1]
        assert again.asked == []

    def test_a_twin_that_goes_away_in_the_same_call(self, path: Path) -> None:
        """It was there when the texts were embedded, and is gone when its twin is put."""
        with mv2.open(path, embedder=Lengths()) as memory:
            memory.put("same", uri="mv2://a")
            ids = memory.put_many([
                {"content": "else", "uri": "mv2://a"},
                {"content": "same", "dedup": True},
            ])  # fmt: skip
            assert ids == [1, 2]
            assert memory.embedding(2) == of("same")

    def test_no_more_is_read_than_a_batch(self, path: Path) -> None:
        read: list[int] = []

        def documents() -> Any:
            for number in range(10):
                read.append(number)
                yield {"content": f"text {number}"}

        def progress(done: int, total: int | None) -> None:
            del done, total

        with mv2.open(path, embedder=Lengths()) as memory:
            assert memory.put_many(documents(), batch_size=4, progress=progress) == list(range(10))
            assert memory.put_many([{"content": "x"}] * 8, batch_size=4) == list(range(10, 18))
        assert read == list(range(10))


class TestEmbedWhatIsThere:
    def test_every_active_text_gets_one(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("old", uri="mv2://a")
            memory.put("new", uri="mv2://a")
            memory.put(b"\xff")
            memory.put("gone")
            memory.delete(3)
            long = memory.put(LONG)
            memory.commit()
            memory.put("pending", metadata={"mine": 1})
            count = memory.stats().frame_count
        seen: list[tuple[int, int]] = []
        with mv2.open(path, embedder=Lengths()) as memory:
            chunks = [chunk.id for chunk in chunks_of(memory, long)]
            assert memory.embed(progress=lambda *done: seen.append(done)) == 2 + len(chunks)
            assert memory.stats().frame_count == count
            for number in range(count):
                wanted = of(memory.text(number)) if number in {1, count - 1, *chunks} else None
                assert memory.embedding(number) == wanted
            assert memory.stats().vector_model == "lengths"
            assert memory.frame(count - 1).metadata == {"mine": 1}
            assert memory.embed() == 0
        assert seen == [(2 + len(chunks), 2 + len(chunks))]
        with mv2.open(path) as memory:
            assert memory.vacuum().compacted
            assert memory.stats().vector_count == 2 + len(chunks)
            assert memory.stats().vector_model == "lengths"
            with pytest.raises(ModelMismatchError, match="lengths"):
                memory.put("x", embedding=[1, 2, 3], embedding_model="other")

    def test_commits_on_the_way_stay(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(backfill, "_COMMIT_ROWS", 4)
        embedder = Lengths()
        embedder.fail_at = "text 9"
        with mv2.open(path) as memory:
            memory.put_many([{"content": f"text {number}"} for number in range(10)])
        with mv2.open(path, embedder=embedder) as memory:
            with pytest.raises(EmbeddingFailedError):
                memory.embed()
            assert memory.stats().vector_count == 8
            embedder.fail_at = None
            assert memory.embed() == 2
            assert vectors(memory) == [list(of(f"text {number}")) for number in range(10)]

    def test_documents_with_a_vector_of_their_own_are_left(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put(LONG, embedding=[1, 2, 3])
        with mv2.open(path, embedder=Lengths()) as memory:
            assert memory.embed() == 0

    def test_refusals(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put("text", embedding=[1.0], embedding_model="theirs")
            with pytest.raises(InvalidArgumentError, match=r"mv2\[embed\]"):
                memory.embed()
        with mv2.open(path, embedder=Lengths()) as memory, pytest.raises(ModelMismatchError):
            memory.embed()
        with mv2.open(path, "r", embedder=Lengths()) as memory, pytest.raises(mv2.ReadOnlyError):
            memory.embed()


def test_a_name_that_means_nothing_is_told_at_once(path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="nonsense"):
        mv2.open(path, embedder="nonsense")
    assert not path.exists()


def test_lost_documents_keep_their_model(path: Path) -> None:
    memory = mv2.open(path)
    memory.put("text", embedding=[1, 2], embedding_model="theirs")
    path.unlink()
    with mv2.open(path), pytest.raises(mv2.FileReplacedError) as refusal:
        memory.put("more")
    assert refusal.value.unsaved[0].embedding_model == "theirs"
    with contextlib.suppress(mv2.FileReplacedError):
        memory.close()


PROGRAM = """
import sys, mv2
with mv2.open(sys.argv[1]) as memory:
    assert "mv2.models.static" not in sys.modules and "numpy" not in sys.modules
    number = memory.put("the cat sat on the mat")
    assert "numpy" in sys.modules and "wordllama" not in sys.modules
    print(memory.stats().vector_model, len(memory.embedding(number)))
with mv2.open(sys.argv[1], embedder="none") as memory:
    memory.put("plain")
    print(memory.stats().vector_count)
"""


def test_the_offline_embedder_end_to_end(path: Path, command_environment: dict[str, str]) -> None:
    environment = {key: value for key, value in command_environment.items() if key != "MV2_EMBEDDER"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("wordllama-l2-256 256\n1\n", "")
