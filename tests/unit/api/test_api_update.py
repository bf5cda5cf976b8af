"""Updating: absent fields stay, None clears, content goes with its vector, and the past is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from life import all_frames, chunks_of, found_ids, live_through, long_text

import mv2
from mv2.errors import DuplicateUriError, FrameInactiveError, InvalidArgumentError, VecDimensionMismatchError

FIELDS: dict[str, Any] = {
    "uri": "mv2://a", "title": "Title", "tags": ("t 1", "t2"), "labels": ("l",),
    "metadata": {"a": 1, "b": [2.0, None]}, "timestamp": 77, "track": "track", "kind": "kind",
}  # fmt: skip
CHANGES: dict[str, Any] = {
    "uri": "mv2://other", "title": "Other", "tags": ("o",), "labels": ("p", "q"),
    "metadata": {"c": True}, "timestamp": -5, "track": "other track", "kind": "other",
    "mime": "text/html",
}  # fmt: skip
SHORT, LONG = "the text of it", long_text(4000)
VECTOR = [0.5, -1.25, 3.0]


def fields_of(frame: mv2.Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in (*FIELDS, "mime")}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("committed", [False, True])
def test_absent_fields_stay(path: Path, field: str, text: str, committed: bool) -> None:
    with mv2.open(path) as memory:
        first = memory.put(text, **FIELDS)
        if committed:
            memory.commit()
        second = memory.update("mv2://a", **{field: CHANGES[field]})
        wanted = {**FIELDS, "mime": "text/plain", field: CHANGES[field]}
        for _ in range(2):
            assert fields_of(memory.frame(second)) == wanted
            assert fields_of(memory.frame(first)) == {**FIELDS, "mime": "text/plain"}
            assert memory.text(second) == memory.text(first) == text
            memory.commit()
        old, new = memory.frame(first), memory.frame(second)
        assert (old.status, old.superseded_by) == ("superseded", second)
        assert (new.status, new.supersedes) == ("active", first)
        assert memory.verify(deep=True).ok


CLEARED = {"title": None, "tags": (), "labels": (), "metadata": {}, "track": None, "kind": None, "mime": None}


@pytest.mark.parametrize(("field", "empty"), CLEARED.items(), ids=CLEARED)
@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
def test_none_clears(path: Path, field: str, empty: Any, text: str) -> None:
    def build(memory: mv2.Memvid) -> int:
        memory.put(text, **FIELDS)
        return memory.update("mv2://a", **{field: None})

    def check(memory: mv2.Memvid, number: int) -> None:
        frame = memory.frame(number)
        assert getattr(frame, field) == empty
        assert fields_of(frame) == {**FIELDS, "mime": "text/plain", field: empty}
        assert memory.text(number) == text

    live_through(path, build, check)


def test_clearing_the_uri_gives_the_default_one(memory: mv2.Memvid) -> None:
    memory.put(LONG, uri="mv2://a")
    second = memory.update("mv2://a", uri=None)
    for _ in range(2):
        assert memory.frame(second).uri == f"mv2://frames/{second}"
        assert memory.frame(second + 1).uri == f"mv2://frames/{second}#page-1"
        assert memory.frame("mv2://a").status == "superseded"
        memory.commit()


def test_clearing_the_timestamp_keeps_it(memory: mv2.Memvid) -> None:
    """There is no frame without one."""
    memory.put(SHORT, timestamp=77)
    assert memory.frame(memory.update(0, timestamp=None)).timestamp == 77


def test_content_cannot_be_cleared(memory: mv2.Memvid) -> None:
    memory.put(SHORT)
    with pytest.raises(InvalidArgumentError, match="content"):
        memory.update(0, content=None)  # type: ignore[arg-type]
    assert memory.frame(0).status == "active"
    assert memory.text(memory.update(0, content="")) == ""


class TestMetadata:
    def test_is_replaced(self, memory: mv2.Memvid) -> None:
        memory.put(SHORT, metadata={"a": 1, "b": 2})
        assert memory.frame(memory.update(0, metadata={"b": 3, "c": 4})).metadata == {"b": 3, "c": 4}

    def test_or_merged(self, memory: mv2.Memvid) -> None:
        memory.put(SHORT, metadata={"a": 1, "b": {"x": 1, "y": 2}})
        second = memory.update(0, metadata={"b": {"z": 3}, "c": 4}, merge=True)
        assert memory.frame(second).metadata == {"a": 1, "b": {"z": 3}, "c": 4}

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_merging_nothing_keeps_all(self, memory: mv2.Memvid, nothing: Any) -> None:
        memory.put(SHORT, metadata={"a": 1})
        assert memory.frame(memory.update(0, metadata=nothing, merge=True)).metadata == {"a": 1}

    def test_old_times_are_not_inherited(self, memory: mv2.Memvid) -> None:
        """Nor is the deletion of a version anything its successors have to do with."""
        memory.put(SHORT, uri="mv2://a")
        memory.update("mv2://a", title="2")
        memory.commit()
        third = memory.frame(memory.update("mv2://a", metadata={"n": 1}, merge=True))
        assert (third.replaced_at, third.deleted_at, third.superseded_by) == (None, None, None)
        assert third.metadata == {"n": 1}


class TestContent:
    @pytest.mark.parametrize("old", [SHORT, LONG, b"\xff\x00"], ids=["short", "long", "binary"])
    @pytest.mark.parametrize(
        "new", ["new words", "zebra " + long_text(3000), b"\xfe\x01"], ids=["short", "long", "binary"]
    )
    def test_of_any_kind_by_any_other(self, path: Path, old: str | bytes, new: str | bytes) -> None:
        def build(memory: mv2.Memvid) -> tuple[int, int]:
            first = memory.put(old, **FIELDS, mime="x/y")
            return first, memory.update("mv2://a", content=new)

        def check(memory: mv2.Memvid, ids: tuple[int, int]) -> None:
            first, second = ids
            assert memory.content(first) == (old.encode() if isinstance(old, str) else old)
            assert memory.content(second) == (new.encode() if isinstance(new, str) else new)
            fields = {**FIELDS, "mime": None if isinstance(new, bytes) else "text/plain"}
            assert fields_of(memory.frame(second)) == fields
            active = {frame.id for frame in all_frames(memory) if frame.status == "active"} - {
                memory.frame("mv2://a").id
            }
            chunk_ids = {chunk.id for chunk in chunks_of(memory, second)}
            assert bool(chunk_ids) == (isinstance(new, str) and len(new) > 2400)
            assert {number for number in active if memory.frame(number).role == "chunk"} == chunk_ids
            if isinstance(new, str):
                assert found_ids(memory, new.split()[0]) == {second}

        live_through(path, build, check)

    def test_old_text_is_not_found_any_more(self, memory: mv2.Memvid) -> None:
        memory.put("apples", uri="mv2://a")
        memory.commit()
        memory.update("mv2://a", content="pears")
        for _ in range(2):
            assert found_ids(memory, "apples") == set()
            assert found_ids(memory, "pears") == {1}
            memory.commit()

    def test_a_path_sets_the_source(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("from a file")
        memory.put(tmp_path / "a.txt", uri="mv2://a")
        renamed = memory.update("mv2://a", title="T")
        assert memory.frame(renamed).source_path == str(tmp_path / "a.txt")
        assert memory.frame(memory.update("mv2://a", content="typed")).source_path is None

    def test_a_refused_update_changes_nothing(self, memory: mv2.Memvid) -> None:
        memory.put(SHORT, **FIELDS)
        for changes in (
            {"content": 5},
            {"title": 5},
            {"metadata": {"a": {1}}},
            {"embedding": [float("nan")]},
        ):
            with pytest.raises(InvalidArgumentError):
                memory.update("mv2://a", **changes)  # type: ignore[arg-type]
        assert memory.stats().frame_count == 1
        assert memory.frame(0).status == "active"


CONTENTS = {"bytes": np.random.default_rng(1).bytes(40_000), "text": long_text(40_000)}


class TestStoredBytes:
    """Changing a field of a large document does not store the document again."""

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    @pytest.mark.parametrize("committed", ["before", "between", "after"])
    def test_are_used_again(self, path: Path, content: str | bytes, committed: str) -> None:
        raw = content.encode() if isinstance(content, str) else content
        with mv2.open(path) as memory:
            memory.put("a small one")
            memory.put(content, uri="mv2://a")
            if committed == "before":
                memory.commit()
            before = memory.stats().payload_bytes
            for step in range(4):
                memory.update("mv2://a", title=f"title {step}")
                if committed == "between":
                    memory.commit()
            memory.commit()
            assert memory.stats().payload_bytes < before + 1000
            memory.vacuum()
            assert memory.stats().payload_bytes == before
            assert memory.verify(deep=True).ok
        with mv2.open(path, "r") as memory:
            assert [memory.content(frame.id) == raw for frame in memory.history("mv2://a")] == [True] * 5

    def test_are_not_written_to_the_log_again(self, memory: mv2.Memvid) -> None:
        memory.put(CONTENTS["bytes"], uri="mv2://a")
        stats = memory.stats()
        for step in range(10):
            memory.update("mv2://a", title=f"title {step}")
            assert memory.content("mv2://a") == CONTENTS["bytes"]
        assert memory.stats().log_used_bytes - stats.log_used_bytes < 10_000
        assert memory.stats().payload_bytes == stats.payload_bytes

    def test_stay_when_the_older_version_goes(self, memory: mv2.Memvid) -> None:
        memory.put(b"\xff" * 5000, uri="mv2://a")
        memory.update("mv2://a", title="T")
        memory.update("mv2://a", content=b"\xfe")
        memory.delete("mv2://a")
        memory.commit()
        memory.vacuum()
        assert [len(memory.content(number)) for number in range(3)] == [5000, 5000, 1]


class TestVectors:
    @pytest.mark.parametrize("committed", [False, True])
    def test_new_content_drops_the_old_vector(self, path: Path, committed: bool) -> None:
        with mv2.open(path) as memory:
            memory.put("old text", uri="mv2://a", embedding=VECTOR)
            if committed:
                memory.commit()
            second = memory.update("mv2://a", content="new text")
            assert memory.embedding(second) is None
            third = memory.update("mv2://a", content="newer text", embedding=[1, 2, 3])
            assert list(memory.embedding(third) or ()) == [1, 2, 3]
        with mv2.open(path, "r") as memory:
            found = [memory.embedding(number) for number in range(3)]
            assert [vector and list(vector) for vector in found] == [VECTOR, None, [1, 2, 3]]

    @pytest.mark.parametrize("committed", [False, True])
    def test_without_new_content_they_stay(self, path: Path, committed: bool) -> None:
        matrix = np.arange(400, dtype=np.float32).reshape(-1, 4)

        def build(memory: mv2.Memvid) -> tuple[int, int]:
            number = memory.put(LONG, uri="mv2://a")
            count = memory.frame(number).chunk_count or 0
            number = memory.update(number, embedding=matrix[:count])
            if committed:
                memory.commit()
            return memory.update(number, title="T", metadata={"x": 1}), count

        def check(memory: mv2.Memvid, built: tuple[int, int]) -> None:
            number, count = built
            assert memory.embedding(number) is None
            for index in range(count):
                assert list(memory.embedding(number + 1 + index) or ()) == list(matrix[index])

        live_through(path, build, check)

    def test_can_be_given_later(self, memory: mv2.Memvid) -> None:
        memory.put("text", uri="mv2://a")
        second = memory.update("mv2://a", embedding=VECTOR)
        assert list(memory.embedding(second) or ()) == VECTOR
        assert memory.embedding(0) is None
        assert memory.text(second) == "text"

    def test_none_clears(self, memory: mv2.Memvid) -> None:
        memory.put("text", uri="mv2://a", embedding=VECTOR)
        second = memory.update("mv2://a", embedding=None)
        for _ in range(2):
            assert memory.embedding(second) is None
            assert list(memory.embedding(0) or ()) == VECTOR
            memory.commit()

    def test_must_fit(self, memory: mv2.Memvid) -> None:
        memory.put("text", uri="mv2://a", embedding=VECTOR)
        with pytest.raises(VecDimensionMismatchError):
            memory.update("mv2://a", embedding=[1.0])
        number = memory.put(LONG)
        with pytest.raises(InvalidArgumentError, match="chunks"):
            memory.update(number, embedding=[VECTOR])


class TestRefused:
    def test_another_document_has_the_uri(self, memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a")
        memory.put("two", uri="mv2://b")
        for _ in range(2):
            with pytest.raises(DuplicateUriError, match="frame 1"):
                memory.update("mv2://a", uri="mv2://b")
            memory.commit()
        assert memory.stats().frame_count == 2

    def test_the_uri_of_a_deleted_one_is_free(self, memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a")
        memory.put("two", uri="mv2://b")
        memory.delete("mv2://b")
        assert memory.frame(memory.update("mv2://a", uri="mv2://b")).uri == "mv2://b"
        assert memory.text("mv2://b") == "one"

    def test_its_own_uri_is_no_conflict(self, memory: mv2.Memvid) -> None:
        memory.put("one", uri="mv2://a")
        assert memory.update("mv2://a", uri="mv2://a", title="T") == 1

    @pytest.mark.parametrize("committed", [False, True])
    def test_inactive_frames(self, memory: mv2.Memvid, committed: bool) -> None:
        memory.put("one", uri="mv2://a")
        memory.put("one again", uri="mv2://a")
        memory.put("two", uri="mv2://b")
        memory.delete("mv2://b")
        if committed:
            memory.commit()
        for reference, word in ((0, "superseded by frame 1"), (2, "deleted"), ("mv2://b", "deleted")):
            with pytest.raises(FrameInactiveError, match=word):
                memory.update(reference, title="x")
        assert memory.stats().frame_count == 3

    def test_unknown_fields(self, memory: mv2.Memvid) -> None:
        memory.put("one")
        with pytest.raises(TypeError):
            memory.update(0, colour="red")  # type: ignore[call-arg]


def test_without_any_change_it_is_a_new_version_all_the_same(memory: mv2.Memvid) -> None:
    memory.put(SHORT, **FIELDS, embedding=VECTOR)
    second = memory.update("mv2://a")
    assert fields_of(memory.frame(second)) == fields_of(memory.frame(0))
    assert list(memory.embedding(second) or ()) == VECTOR


def test_a_long_history(path: Path) -> None:
    """Each version says what it said."""
    with mv2.open(path) as memory:
        memory.put("version 0", uri="mv2://a", metadata={"n": 0})
        for n in range(1, 12):
            if n % 3:
                memory.update("mv2://a", content=f"version {n}", metadata={"n": n})
            else:
                memory.update("mv2://a", metadata={"n": n})
            if n % 4 == 0:
                memory.commit()
        memory.vacuum()
    with mv2.open(path, "r") as memory:
        history = memory.history("mv2://a")
        assert [frame.metadata["n"] for frame in history] == list(range(12))
        assert [memory.text(f.id) for f in history] == [
            f"version {n - 1 if n and n % 3 == 0 else n}" for n in range(12)
        ]
        assert found_ids(memory, "version") == {11}
