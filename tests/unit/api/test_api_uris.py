"""Uris, versions and history: what a second put of the same uri means, and that ids never change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from life import WAYS, add, all_frames, found_ids, live_through, long_text

import mv2
from mv2.errors import DuplicateUriError, FrameNotFoundError, InvalidArgumentError


class TestDefaultUri:
    def test_names_the_id(self, path: Path) -> None:
        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            for number in ids:
                assert memory.frame(number).uri == f"mv2://frames/{number}"
                assert memory.frame(f"mv2://frames/{number}").id == number

        live_through(
            path, lambda memory: [memory.put("a"), memory.put(b"\xff"), memory.put(long_text())], check
        )

    @pytest.mark.parametrize("way", WAYS)
    def test_is_never_a_conflict(self, memory: mv2.Memvid, way: str) -> None:
        ids = add(memory, way, *({"content": "same", "on_conflict": "error"} for _ in range(3)))
        assert [frame.id for frame in memory.frames()] == ids == [0, 1, 2]


@pytest.mark.parametrize(
    "uri", ["", " ", "a b", "UPPER", "mv2://ü/é", "e\u0301", "#page-1", "x" * 4000, "a\nb", "0"]
)
def test_uris_are_exact(path: Path, uri: str) -> None:
    """No folding, no trimming: two spellings are two uris."""

    def check(memory: mv2.Memvid, number: int) -> None:
        assert memory.frame(uri).id == number
        assert memory.frame(uri).uri == uri
        for other in (uri.upper() + "!", uri + " ", "\u00e9" + uri):
            with pytest.raises(FrameNotFoundError):
                memory.frame(other)

    live_through(path, lambda memory: memory.put("x", uri=uri), check)


class TestConflict:
    @pytest.mark.parametrize("way", WAYS)
    def test_version_supersedes(self, path: Path, way: str) -> None:
        def build(memory: mv2.Memvid) -> list[int]:
            return add(
                memory,
                way,
                *({"content": f"version {word}", "uri": "mv2://a"} for word in ("alpha", "beta", "gamma")),
            )

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            history = memory.history("mv2://a")
            assert [frame.id for frame in history] == ids == [0, 1, 2]
            assert [memory.text(frame.id) for frame in history] == [
                "version alpha",
                "version beta",
                "version gamma",
            ]
            assert [frame.status for frame in history] == ["superseded", "superseded", "active"]
            assert [frame.supersedes for frame in history] == [None, 0, 1]
            assert [frame.superseded_by for frame in history] == [1, 2, None]
            assert memory.frame("mv2://a").id == 2
            assert memory.text("mv2://a") == "version gamma"
            assert found_ids(memory, "version") == {2}
            assert found_ids(memory, "alpha") == found_ids(memory, "beta") == set()

        live_through(path, build, check)

    @pytest.mark.parametrize("way", WAYS)
    def test_keep_both(self, path: Path, way: str) -> None:
        def build(memory: mv2.Memvid) -> list[int]:
            first = {"content": "version alpha", "uri": "mv2://a"}
            second = {"content": "version beta", "uri": "mv2://a", "on_conflict": "keep_both"}
            return add(memory, way, first, second)

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            assert [(frame.id, frame.status) for frame in memory.history("mv2://a")] == [
                (0, "active"),
                (1, "active"),
            ]
            assert [frame.id for frame in memory.frames()][:2] == ids == [0, 1]
            assert memory.frame("mv2://a").id == 1
            assert found_ids(memory, "version") == {0, 1}

        live_through(path, build, check)

    @pytest.mark.parametrize("way", WAYS)
    def test_error(self, memory: mv2.Memvid, way: str) -> None:
        memory.put("alpha", uri="mv2://a")
        with pytest.raises(DuplicateUriError) as refusal:
            add(memory, way, {"content": "beta", "uri": "mv2://a", "on_conflict": "error"})
        assert isinstance(refusal.value, ValueError)
        assert refusal.value.remedy
        assert memory.stats().frame_count == 1
        assert memory.text("mv2://a") == "alpha"
        assert found_ids(memory, "beta") == set()

    @pytest.mark.parametrize("way", WAYS)
    def test_skip(self, memory: mv2.Memvid, way: str) -> None:
        number = memory.put("alpha", uri="mv2://a", title="kept")
        document = {"content": "beta", "uri": "mv2://a", "title": "new", "on_conflict": "skip"}
        assert add(memory, way, document) == [number]
        assert memory.stats().frame_count == 1
        assert (memory.text("mv2://a"), memory.frame("mv2://a").title) == ("alpha", "kept")

    @pytest.mark.parametrize("conflict", ["version", "keep_both", "error", "skip"])
    @pytest.mark.parametrize("committed", [False, True])
    def test_without_a_conflict(self, memory: mv2.Memvid, conflict: Any, committed: bool) -> None:
        """Deleted frames do not count; their uri may be used again."""
        assert memory.put("alpha", uri="mv2://a", on_conflict=conflict) == 0
        memory.delete("mv2://a")
        if committed:
            memory.commit()
        assert memory.put("beta", uri="mv2://a", on_conflict=conflict) == 1
        first, second = memory.history("mv2://a")
        assert (first.status, first.superseded_by, second.supersedes) == ("deleted", None, None)

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("conflict", ["", "replace", None, 1])
    def test_other_words_are_refused(self, memory: mv2.Memvid, conflict: Any, way: str) -> None:
        with pytest.raises(InvalidArgumentError, match="on_conflict"):
            add(memory, way, {"content": "x", "on_conflict": conflict})
        assert memory.stats().frame_count == 0

    def test_version_after_keep_both_supersedes_the_newest(self, memory: mv2.Memvid) -> None:
        memory.put("alpha", uri="mv2://a")
        memory.put("beta", uri="mv2://a", on_conflict="keep_both")
        memory.put("gamma", uri="mv2://a")
        assert [frame.status for frame in memory.history("mv2://a")] == ["active", "superseded", "active"]
        memory.delete("mv2://a")
        assert memory.frame("mv2://a").id == 0

    def test_across_handles_and_commits(self, path: Path) -> None:
        """A version may follow one that another handle has just put, or one committed long ago."""
        with mv2.open(path) as first, mv2.open(path) as second:
            first.put("alpha", uri="mv2://a")
            second.put("beta", uri="mv2://a")
            first.commit()
            first.put("gamma", uri="mv2://a")
            for handle in (first, second):
                statuses = [frame.status for frame in handle.history("mv2://a")]
                assert statuses == ["superseded", "superseded", "active"]
                assert found_ids(handle, "alpha") == found_ids(handle, "beta") == set()
                assert found_ids(handle, "gamma") == {2}


class TestChunks:
    """A long document and its chunks stay together."""

    def test_names(self, path: Path) -> None:
        def build(memory: mv2.Memvid) -> int:
            memory.put("first")
            return memory.put(
                long_text(4000), uri="mv2://doc", title="Doc", track="t", kind="k", tags=["a b"]
            )

        def check(memory: mv2.Memvid, number: int) -> None:
            parent = memory.frame(number)
            count = parent.chunk_count or 0
            assert (parent.id, parent.uri, parent.title, parent.role) == (1, "mv2://doc", "Doc", "document")
            assert count > 2
            for index in range(count):
                chunk = memory.frame(number + 1 + index)
                assert (chunk.role, chunk.status, chunk.parent_id) == ("chunk", "active", number)
                assert (chunk.chunk_index, chunk.chunk_count) == (index, count)
                assert chunk.uri == f"mv2://doc#page-{index + 1}"
                assert chunk.title == f"Doc (page {index + 1}/{count})"
                assert (chunk.track, chunk.kind, chunk.tags) == ("t", "k", ("a b",))
                assert (chunk.timestamp, chunk.put_at) == (parent.timestamp, parent.put_at)

        live_through(path, build, check)

    @pytest.mark.parametrize("way", WAYS)
    def test_names_without_a_uri(self, memory: mv2.Memvid, way: str) -> None:
        (number,) = add(memory, way, {"content": long_text()})
        for step in (lambda: None, memory.commit):
            step()
            assert memory.frame(number).uri == f"mv2://frames/{number}"
            assert memory.frame(number + 1).uri == f"mv2://frames/{number}#page-1"
            assert memory.frame(number + 1).title is None

    def test_names_of_an_empty_uri(self, memory: mv2.Memvid) -> None:
        number = memory.put(long_text(), uri="", title="")
        assert [memory.frame(number + n).uri for n in range(3)] == ["", "#page-1", "#page-2"]
        assert memory.frame("").id == number
        renewed = memory.update("", metadata={"n": 1})
        assert [memory.frame(renewed + n).uri for n in range(3)] == ["", "#page-1", "#page-2"]

    @pytest.mark.parametrize("way", WAYS)
    def test_ids_follow_the_document(self, memory: mv2.Memvid, way: str) -> None:
        ids = add(memory, way, {"content": long_text()}, {"content": "short"}, {"content": long_text(3000)})
        counts = [memory.frame(number).chunk_count or 0 for number in ids]
        assert ids == [0, counts[0] + 1, counts[0] + 2]
        assert memory.stats().frame_count == ids[2] + 1 + counts[2]

    @pytest.mark.parametrize("way", WAYS)
    def test_a_version_takes_the_chunks_along(self, path: Path, way: str) -> None:
        """From long to long, to short, and to long again: only the newest text is ever found."""
        texts = [f"{word} " + long_text(4000, word) for word in ("alpha", "beta")] + ["gamma"]
        texts.append("delta " + long_text(3000, "delta"))

        def build(memory: mv2.Memvid) -> list[int]:
            return add(memory, way, *({"content": text, "uri": "mv2://doc"} for text in texts))

        def check(memory: mv2.Memvid, ids: list[int]) -> None:
            history = memory.history("mv2://doc")
            assert [frame.id for frame in history] == ids
            assert [frame.status for frame in history] == ["superseded"] * 3 + ["active"]
            assert [memory.text(number) for number in ids] == texts
            for frame in all_frames(memory):
                if frame.role == "chunk":
                    assert (frame.status == "active") == (frame.parent_id == ids[3])
            assert [found_ids(memory, word) for word in ("alpha", "beta", "gamma")] == [set()] * 3
            assert found_ids(memory, "delta") == {ids[3]}

        live_through(path, build, check)

    def test_a_deletion_takes_the_chunks_along(self, path: Path) -> None:
        def build(memory: mv2.Memvid) -> str:
            text = "zebra " + long_text(4000)
            memory.put(text, uri="mv2://doc")
            memory.put("zebra crossing", uri="mv2://short")
            memory.delete("mv2://doc")
            return text

        def check(memory: mv2.Memvid, text: str) -> None:
            count = memory.frame(0).chunk_count or 0
            assert {memory.frame(number).status for number in range(count + 1)} == {"deleted"}
            assert memory.text(0) == text
            assert found_ids(memory, "zebra") == {count + 1}
            assert memory.frame("mv2://doc").status == "deleted"

        live_through(path, build, check)

    def test_a_document_may_have_the_uri_of_a_chunk(self, memory: mv2.Memvid) -> None:
        """The chunk belongs to another document, and stays."""
        text = long_text()
        number = memory.put(text, uri="mv2://doc")
        memory.put("not a page", uri="mv2://doc#page-1")
        assert memory.text(number) == text
        assert memory.frame(number + 1).status == "active"
        memory.commit()
        assert memory.text(number) == text
        assert memory.verify(deep=True).ok

    @pytest.mark.parametrize("first", ["document", "chunks"])
    @pytest.mark.parametrize("committed", [False, True])
    def test_a_document_comes_before_a_chunk_of_its_uri(
        self, memory: mv2.Memvid, first: str, committed: bool
    ) -> None:
        for _ in range(2):
            if first == "document":
                memory.put("the document", uri="mv2://doc#page-1")
            else:
                memory.put(long_text(), uri="mv2://doc")
            first = "document" if first == "chunks" else "chunks"
        if committed:
            memory.commit()
        assert memory.text("mv2://doc#page-1") == "the document"
        renewed = memory.update("mv2://doc#page-1", title="T")
        number = memory.put("a version", uri="mv2://doc#page-1")
        assert memory.frame(renewed).superseded_by == number
        active = [f.id for f in memory.frames() if f.uri == "mv2://doc#page-1"]
        assert active == [number]
        memory.delete("mv2://doc#page-1")
        assert memory.frame("mv2://doc#page-1").status in {"deleted", "active"}
        assert memory.text("mv2://doc") == long_text()
        assert memory.verify(deep=True).ok

    def test_an_open_reader_keeps_what_it_saw(self, path: Path) -> None:
        text = long_text()
        with mv2.open(path) as memory:
            memory.put(text, uri="mv2://doc")
            with mv2.open(path, "r") as reader:
                memory.put("short now", uri="mv2://doc")
                memory.commit()
                assert reader.text("mv2://doc") == text
                reader.refresh()
                assert reader.text("mv2://doc") == "short now"


def test_ids_are_stable(path: Path) -> None:
    """Through deletions, versions, commits, compaction and opening again, an id means one thing."""
    known: dict[int, bytes] = {}

    def check(memory: mv2.Memvid) -> None:
        assert {number: memory.content(number) for number in known} == known

    with mv2.open(path) as memory:
        for step in range(6):
            known[memory.put(f"text {step}", uri=f"mv2://{step}")] = f"text {step}".encode()
            long = long_text(3000, step)
            known[memory.put(long)] = long.encode()
            known[memory.put(f"again {step}", uri="mv2://same")] = f"again {step}".encode()
            for number in memory.put_many([{"content": f"bulk {step}"}, {"content": b"\xff%d" % step}]):
                known[number] = memory.content(number)
            memory.delete(f"mv2://{step}")
            (memory.commit, memory.vacuum, lambda: None)[step % 3]()
            check(memory)
    with mv2.open(path, "r") as memory:
        check(memory)
    with mv2.open(path) as memory:
        memory.vacuum()
        check(memory)
        assert memory.put("the next one") == max(known) + 1
    assert len(known) == 30


@pytest.mark.parametrize("kind", [np.int64, np.uint32, np.int8])
def test_an_id_is_any_whole_number(memory: mv2.Memvid, kind: Any) -> None:
    """Ids out of arrays are as good as others."""
    memory.put("zero")
    memory.put("one", embedding=[1.0])
    assert memory.text(kind(1)) == "one"
    assert memory.frame(kind(1)).id == 1
    assert type(memory.frame(kind(1)).id) is int
    assert memory.embedding(kind(1)) is not None
    assert memory.update(kind(0), title="T") == 2
    memory.delete(kind(1))
    assert [frame.id for frame in memory.frames()] == [2]


UNKNOWN: list[Any] = [
    99,
    -1,
    10**30,
    "mv2://none",
    "",
    "0",
    None,
    True,
    False,
    1.0,
    b"mv2://a",
    ["mv2://a"],
    (0,),
]


class TestUnknown:
    @pytest.mark.parametrize("reference", UNKNOWN, ids=repr)
    @pytest.mark.parametrize("call", ["frame", "content", "text", "embedding", "update", "delete"])
    def test_is_a_key_error(self, memory: mv2.Memvid, call: str, reference: Any) -> None:
        memory.put("a", uri="mv2://a")
        memory.commit()
        memory.put("b", uri="mv2://b")
        with pytest.raises(FrameNotFoundError) as refusal:
            getattr(memory, call)(reference)
        assert isinstance(refusal.value, KeyError)
        assert str(refusal.value) == refusal.value.__str__() != ""

    @pytest.mark.parametrize("uri", ["mv2://none", "", 0, None])
    def test_history(self, memory: mv2.Memvid, uri: Any) -> None:
        memory.put("a", uri="mv2://a")
        with pytest.raises(FrameNotFoundError):
            memory.history(uri)

    def test_the_message_helps(self, memory: mv2.Memvid) -> None:
        with pytest.raises(FrameNotFoundError, match="empty"):
            memory.frame(0)
        memory.put("a")
        with pytest.raises(FrameNotFoundError, match="0 to 0"):
            memory.frame(1)
        with pytest.raises(FrameNotFoundError, match="mv2://none"):
            memory.frame("mv2://none")
