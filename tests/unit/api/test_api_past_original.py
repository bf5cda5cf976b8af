"""Views of the past in files of the original engine, which notes no moments: timestamps stand for them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import mv2

FIXTURES = Path(__file__).parents[2] / "fixtures" / "container"
#: Their JSON lists every frame, and nothing waits in their logs.
WHOLE = ["deleted", "foreign_written", "long_doc", "raw_update_old_dialect", "several_commits", "three_docs"]


def frames_of(stem: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{stem}.json").read_text())["frames"]
    return found


@pytest.fixture(params=["as_it_is", "committed_by_us", "compacted_by_us"])
def stage(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def opened(stem: str, tmp_path: Path, stage: str) -> mv2.Memvid:
    path = Path(shutil.copy(FIXTURES / f"{stem}.mv2", tmp_path / "m.mv2"))
    if stage != "as_it_is":
        with mv2.open(path, "r+", embedder="none") as memory:
            memory.put("put by mv2, much later", uri="mv2://later")
            memory.commit()
            if stage == "compacted_by_us":
                memory.vacuum()
    return mv2.open(path, "r", embedder="none")


@pytest.mark.parametrize("stem", WHOLE)
def test_documents_are_there_from_their_timestamp_on(stem: str, tmp_path: Path, stage: str) -> None:
    frames = frames_of(stem)
    last = max(frame["timestamp"] for frame in frames)
    with opened(stem, tmp_path, stage) as memory:
        for moment in sorted({frame["timestamp"] for frame in frames}):
            for second in (moment - 1, moment):
                put = [f for f in frames if f["timestamp"] <= second and f["role"] != "document_chunk"]
                expected = [f["id"] for f in put if is_active(f, frames, second, last)]
                assert [frame.id for frame in memory.frames(as_of=second)] == expected, second
                ordered = sorted(expected, key=lambda i: (frames[i]["timestamp"], i))
                assert [entry.frame_id for entry in memory.timeline(as_of=second)] == ordered


def is_active(frame: dict[str, Any], frames: list[dict[str, Any]], second: int, last: int) -> bool:
    """A replaced frame ends with its successor's timestamp, a deleted one as late as is possible."""
    if frame["status"] == "superseded":
        return bool(frames[frame["superseded_by"]]["timestamp"] > second)
    return bool(frame["status"] == "active" or second < last)


def test_a_deleted_document_can_be_read(tmp_path: Path, stage: str) -> None:
    with opened("deleted", tmp_path, stage) as memory:
        deleted = memory.frame(1)
        assert deleted.status == "deleted"
        then = memory.frame(deleted.uri or "", as_of=deleted.timestamp)
        assert (then.id, then.status, then.deleted_at) == (1, "active", None)
        assert "Item 1" in (then.title or "")
        assert memory.frame(1, as_of_frame=3).status == "active"


def test_its_commit_is_a_point_from_our_first_one_on(tmp_path: Path, stage: str) -> None:
    with opened("raw_update_old_dialect", tmp_path, stage) as memory:
        points = memory.commits()
        assert (points[0].at, points[0].frame_count) == (None, 5)
        assert [frame.id for frame in memory.frames(as_of_commit=points[0])] == [3, 4]
        if stage != "as_it_is":
            assert all(point.at is not None for point in points[1:])
            assert [frame.id for frame in memory.frames(as_of_commit=points[1])] == [3, 4]
            assert [frame.id for frame in memory.frames(as_of_commit=points[2])] == [3, 4, 5]
            assert [frame.id for frame in memory.diff(points[0]).added] == [5]


def test_chunks_come_with_their_document(tmp_path: Path, stage: str) -> None:
    with opened("long_doc", tmp_path, stage) as memory:
        whole = memory.text(0)
        second = memory.frame(0).timestamp
        assert memory.text(0, as_of=second) == memory.text(0, as_of_frame=0) == whole
        assert memory.stats(as_of=second - 1).frame_count == 0
