"""The ceilings of the format: refused before anything is acknowledged, and a full file still works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from life import WAYS, add, found_ids, long_text

import mv2
from mv2.errors import LimitError

MOST = 12


@pytest.fixture
def full(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A memory with as many frames as there may be (a million, otherwise)."""
    with mv2.open(path) as memory:
        for number in range(MOST - 2):
            memory.put(f"text number{number}", uri=f"mv2://{number}")
        memory.commit()
        memory.put("pending word", uri="mv2://pending")
        memory.delete(memory.put("gone"))
    for module in (
        "mv2.storage.assemble",
        "mv2.format.frame",
        "mv2.storage.checkpoint",
        "mv2.ingest.mutations",
    ):
        monkeypatch.setattr(f"{module}.MAX_FRAMES", MOST, raising=False)
    return path


@pytest.mark.filterwarnings("ignore::mv2.CeilingWarning")
class TestFrames:
    @pytest.mark.parametrize("way", WAYS)
    def test_one_more_is_refused(self, full: Path, way: str) -> None:
        with mv2.open(full) as memory:
            with pytest.raises(LimitError, match="frames") as refusal:
                add(memory, way, {"content": "one more"})
            assert refusal.value.remedy
            assert memory.stats().frame_count == MOST
            assert found_ids(memory, "more") == set()

    @pytest.mark.parametrize(
        "write",
        [
            lambda memory: memory.put("version", uri="mv2://1"),
            lambda memory: memory.update("mv2://1", title="T"),
            lambda memory: memory.put(long_text()),
        ],
        ids=["version", "update", "long text"],
    )
    def test_so_is_everything_that_makes_frames(
        self, full: Path, write: Callable[[mv2.Memvid], object]
    ) -> None:
        with mv2.open(full) as memory:
            with pytest.raises(LimitError):
                write(memory)
            assert memory.frame("mv2://1").status == "active"

    def test_what_does_not_fit_as_a_whole(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A long text whose first chunks would fit; a batch whose first documents would."""
        for module in ("mv2.storage.assemble", "mv2.format.frame", "mv2.ingest.mutations"):
            monkeypatch.setattr(f"{module}.MAX_FRAMES", 5, raising=False)
        with mv2.open(path) as memory:
            memory.put("first")
            with pytest.raises(LimitError):
                memory.put(long_text(9000))
            with pytest.raises(LimitError), memory.batch():  # noqa: PT012
                for number in range(9):
                    memory.put(f"text {number}")
            with pytest.raises(LimitError):
                memory.put_many([{"content": f"text {number}"} for number in range(9)])
            assert memory.stats().frame_count == 1
            assert [memory.put(f"text {number}") for number in range(4)] == [1, 2, 3, 4]
        with mv2.open(path, "r") as memory:
            assert memory.stats().frame_count == 5

    def test_a_full_memory_goes_on_working(self, full: Path) -> None:
        with mv2.open(full) as memory:
            with pytest.raises(LimitError):
                memory.put("one more")
            assert found_ids(memory, "number3") == {3}
            memory.delete("mv2://3")
            assert memory.put("known", uri="mv2://4", on_conflict="skip") == 4
            memory.commit()
            assert memory.vacuum().compacted
            assert found_ids(memory, "number3") == set()
        with mv2.open(full, "r") as memory:
            assert memory.stats().frame_count == MOST
            assert memory.verify(deep=True).ok


def test_a_warning_comes_well_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mv2.storage.assemble", "mv2.storage.checkpoint", "mv2.ingest.mutations"):
        monkeypatch.setattr(f"{module}.MAX_FRAMES", 20, raising=False)
    with mv2.open(path) as memory:
        memory.put_many([{"content": f"text {n}"} for n in range(18)])
        memory.put("the nineteenth")
        with pytest.warns(mv2.CeilingWarning, match="frames"):
            memory.commit()


def test_contents_too_large_for_the_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a gigabyte of table of contents: many documents with much metadata."""
    for module in ("mv2.storage.assemble", "mv2.ingest.mutations", "mv2.storage.committer"):
        monkeypatch.setattr(f"{module}.MAX_CONTENTS_SIZE", 30_000, raising=False)
    row = {"content": "text", "metadata": {"pad": "x" * 2000}}
    with mv2.open(path) as memory:
        memory.put("kept word")
        with pytest.raises(LimitError, match="contents"):
            memory.put_many([row] * 30)
        assert memory.stats().frame_count == 1
        assert memory.put_many([row] * 5) == [1, 2, 3, 4, 5]
        assert found_ids(memory, "kept") == {0}
    with mv2.open(path, "r") as memory:
        assert memory.verify(deep=True).ok


class TestLargeFields:
    """What has no ceiling of its own comes back, however large."""

    @pytest.mark.parametrize("field", ["title", "uri", "track", "kind", "mime", "source_path"])
    def test_texts(self, path: Path, field: str) -> None:
        value = "ü" * 1_200_000
        with mv2.open(path) as memory:
            number = memory.put("content", **{field: value})
            memory.put("next")
        with mv2.open(path, "r") as memory:
            assert getattr(memory.frame(number), field) == value

    def test_labels_and_metadata(self, path: Path) -> None:
        tags = [f"{n}" + "t" * 3000 for n in range(1024)]
        metadata = {"text": "v" * 3_000_000, "list": list(range(50_000))}
        with mv2.open(path) as memory:
            number = memory.put("content", tags=tags, metadata=metadata)
            memory.put("next")
        with mv2.open(path, "r") as memory:
            assert memory.frame(number).tags == tuple(tags)
            assert memory.frame(number).metadata == metadata
            assert memory.verify(deep=True).ok
