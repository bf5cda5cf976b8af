"""``dedup=True``: content that is there already is not stored again, whatever its uri."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from life import WAYS, add, long_text

import mv2

CONTENTS: dict[str, Any] = {
    "short": "a short text",
    "empty": "",
    "long": long_text(5000),
    "white space": " \n" * 3000,
    "binary": bytes(range(256)) * 20,
    "binary, larger than the log": bytes(range(256)) * 1000,
    "text as bytes": b"readable bytes",
}


@pytest.fixture
def other(memory: mv2.Memvid) -> mv2.Memvid:
    """The memory with documents that come near."""
    memory.put_many(
        [{"content": "a short tex"}, {"content": b"\0"}, {"content": long_text(5001)}, {"content": " "}]
    )
    memory.put("a short texT")
    memory.put(long_text(4999))
    return memory


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", ["pending", "committed", "reopened"])
def test_the_id_of_the_first_is_returned(
    path: Path, other: mv2.Memvid, content: Any, way: str, stage: str
) -> None:
    (first,) = add(other, way, {"content": content, "uri": "mv2://a", "dedup": True})
    if stage != "pending":
        other.commit()
    with mv2.open(path) as memory:
        chosen = memory if stage == "reopened" else other
        count = chosen.stats().frame_count
        again = {"content": content, "uri": "mv2://b", "title": "new", "dedup": True}
        assert add(chosen, way, again) == [first]
        assert chosen.stats().frame_count == count
        assert (chosen.frame(first).uri, chosen.frame(first).title) == ("mv2://a", None)
        with pytest.raises(mv2.FrameNotFoundError):
            chosen.frame("mv2://b")


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("how", ["deleted", "superseded"])
def test_what_is_gone_does_not_count(memory: mv2.Memvid, content: Any, way: str, how: str) -> None:
    memory.put(content, uri="mv2://a")
    memory.commit()
    if how == "deleted":
        memory.delete("mv2://a")
    else:
        memory.put("something else", uri="mv2://a")
    count = memory.stats().frame_count
    (number,) = add(memory, way, {"content": content, "dedup": True})
    assert number == count
    assert memory.frame(number).status == "active"


def test_only_when_asked(memory: mv2.Memvid) -> None:
    assert [memory.put("same"), memory.put("same")] == [0, 1]
    assert memory.put_many([{"content": "same"}, {"content": "same"}]) == [2, 3]


def test_text_and_its_bytes_are_the_same_content(memory: mv2.Memvid) -> None:
    number = memory.put("same")
    assert memory.put(b"same", dedup=True) == number


def test_chunks_are_not_documents(memory: mv2.Memvid) -> None:
    number = memory.put(long_text())
    piece = memory.text(number + 1)
    assert memory.put(piece, dedup=True) > number + 1


def test_the_uri_decides_nothing(memory: mv2.Memvid) -> None:
    """A known content is returned even where its uri would be a conflict."""
    first = memory.put("known", uri="mv2://a")
    memory.put("other", uri="mv2://b")
    assert memory.put("known", uri="mv2://b", on_conflict="error", dedup=True) == first
    assert memory.text("mv2://b") == "other"


class TestInsideOneCall:
    """Documents of the same call count as those that are there."""

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    @pytest.mark.parametrize("way", ["put_many", "batch"])
    def test_each_after_the_first(self, memory: mv2.Memvid, content: Any, way: str) -> None:
        documents = [{"content": content, "dedup": True} for _ in range(3)]
        ids = add(memory, way, *documents)
        assert ids == [0, 0, 0]
        assert memory.stats().document_count == 1

    @pytest.mark.parametrize("way", ["put_many", "batch"])
    def test_a_first_that_did_not_ask(self, memory: mv2.Memvid, way: str) -> None:
        documents = [{"content": "same"}, {"content": "same"}, {"content": "same", "dedup": True}]
        ids = add(memory, way, *documents)
        assert ids[:2] == [0, 1]
        assert ids[2] in {0, 1}
        assert memory.stats().frame_count == 2

    @pytest.mark.parametrize("way", ["put_many", "batch"])
    @pytest.mark.parametrize("before", [False, True])
    def test_what_the_same_call_replaced_does_not_count(
        self, memory: mv2.Memvid, way: str, before: bool
    ) -> None:
        documents = [
            {"content": "alpha", "uri": "mv2://a", "dedup": True},
            {"content": "beta", "uri": "mv2://a", "dedup": True},
            {"content": "alpha", "uri": "mv2://c", "dedup": True},
        ]
        if before:
            memory.put(**documents.pop(0))
        ids = add(memory, way, *documents)
        assert memory.frame(ids[-1]).status == "active"
        assert memory.text(ids[-1]) == "alpha"
        assert memory.frame(ids[-1]).uri == "mv2://c"
