"""Files of the original engine: everything in them is read, and carried along by every write.

The golden files and what must be found in them are in ``tests/fixtures``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from life import all_frames, found_ids, stored_tail

import mv2
from mv2.format import contents, footer
from mv2.format.contents import ContentsTail
from mv2.format.lexical_batch import is_plain_file_name

FIXTURES = Path(__file__).parents[2] / "fixtures"
CONTAINER = sorted(path.stem for path in (FIXTURES / "container").glob("*.mv2"))
ALL = sorted(FIXTURES.glob("*/*.mv2"))
NAMES = [path.stem for path in ALL]
#: Their JSON lists a few of many frames.
SAMPLED = {"hnsw_vectors"}
#: Records wait in their logs; frames beyond those of the JSON are pending.
PENDING = {"pending_wal": 3, "crash_after_wal_growth": 1}
ROLES = {"document": "document", "document_chunk": "chunk", "extracted_image": "image"}
GLUED = ("title: ", "uri: ", "track: ", "tags: ", "labels: ")


def expected(stem: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / "container" / f"{stem}.json").read_text())
    return found


def original_tail(data: bytes) -> ContentsTail:
    """The tail of the newest contents, found by the footer as the original does."""
    place, found = next(footer.find_footers(data))
    return contents.decode_contents(data[place - found.contents_length : place])[2]


@pytest.fixture(params=ALL, ids=NAMES)
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A golden file that may be written."""
    place = tmp_path / "m.mv2"
    shutil.copyfile(request.param, place)
    return place


def user_metadata(stored: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, text in stored.items():
        try:
            found[key] = json.loads(text)
        except ValueError:
            found[key] = text
    return found


@pytest.mark.parametrize("stem", CONTAINER)
def test_frames_are_read_as_recorded(stem: str) -> None:
    golden, path = expected(stem), FIXTURES / "container" / f"{stem}.mv2"
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    with mv2.open(path, "r") as memory:
        if stem not in SAMPLED:
            assert memory.stats().frame_count == len(golden["frames"]) + PENDING.get(stem, 0)
        for row in golden["frames"]:
            frame = memory.frame(row["id"])
            for name in (
                "uri",
                "title",
                "kind",
                "track",
                "timestamp",
                "parent_id",
                "chunk_index",
                "supersedes",
            ):
                assert getattr(frame, name) == row[name], name
            for name in ("chunk_count", "superseded_by", "source_path", "status"):
                assert getattr(frame, name) == row[name], name
            assert frame.role == ROLES[row["role"]]
            assert (frame.tags, frame.labels) == (tuple(row["tags"]), tuple(row["labels"]))
            assert frame.content_dates == tuple(row["content_dates"])
            assert frame.metadata == user_metadata(row["extra_metadata"])
            assert frame.put_at is None
            _check_content(memory, row)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == stamp


def _check_content(memory: mv2.Memvid, row: dict[str, Any]) -> None:
    """Stored bytes exactly; where the original kept search text only, the text without what it glued on."""
    content = memory.content(row["id"])
    if row["canonical_length"]:
        assert hashlib.sha256(content).hexdigest() == row["canonical_sha256"]
        return
    if row["chunk_manifest"] is not None:
        chunks = [frame for frame in all_frames(memory) if frame.parent_id == row["id"]]
        assert content == b"".join(memory.content(chunk.id) for chunk in chunks)
        assert len(chunks) == row["chunk_count"]
        return
    text = memory.text(row["id"])
    assert content == text.encode()
    assert (row["search_text"] or "").startswith(text)
    assert not any(line.startswith(GLUED) for line in text.split("\n")[1:])
    assert memory.frame(row["id"]).length == len(content)


@pytest.mark.parametrize("stem", [stem for stem in CONTAINER if "stats" in expected(stem)["original_reads"]])
def test_listings_are_those_of_the_original(stem: str) -> None:
    reads = expected(stem)["original_reads"]
    with mv2.open(FIXTURES / "container" / f"{stem}.mv2", "r") as memory:
        pending = PENDING.get(stem, 0)
        assert memory.stats().frame_count == reads["stats"]["frame_count"] + pending
        assert memory.stats().active_frame_count == reads["stats"]["active_frame_count"] + pending
        committed = reads["stats"]["frame_count"]
        listed = [entry.frame_id for entry in memory.timeline(limit=None) if entry.frame_id < committed]
        assert listed[:100] == reads["timeline"][:100]
        for word, ids in reads["search"].items():
            if stem in PENDING and not ids:
                continue  # the original does not find what is pending
            hits = {hit.frame_id for hit in memory.find(word, k=100, passages=True).hits}
            assert set(ids) <= hits | found_ids(memory, word), word
            assert bool(ids) == bool(hits), word
            for number in hits:
                frame, text = memory.frame(number), memory.text(number).lower()
                named = " ".join(
                    [text, frame.title or "", frame.uri or "", *frame.tags, *frame.labels]
                ).lower()
                assert any(part in named for part in word.split()), f"{word} is not in frame {number}"
                assert frame.status == "active"


@pytest.mark.parametrize("stem", [stem for stem in CONTAINER if expected(stem).get("vectors")])
def test_vectors_are_read(stem: str) -> None:
    golden = expected(stem)["vectors"]
    with mv2.open(FIXTURES / "container" / f"{stem}.mv2", "r") as memory:
        for frame in all_frames(memory):
            wanted = golden.get(str(frame.id))
            found = memory.embedding(frame.id)
            if wanted is None:
                assert found is None
            else:
                assert found is not None
                assert found.tobytes() == struct.pack(f"<{len(wanted)}f", *wanted)
        assert memory.stats().vector_count == len(golden)


def test_a_graph_of_vectors_is_read() -> None:
    with mv2.open(FIXTURES / "container" / "hnsw_vectors.mv2", "r") as memory:
        assert (memory.stats().vector_count, memory.stats().vector_dimension) == (1000, 4)
        assert all(len(memory.embedding(number) or ()) == 4 for number in range(1000))


def shown(memory: mv2.Memvid, count: int) -> list[tuple[Any, ...]]:
    """All there is to say of the first frames."""
    return [(memory.frame(n), memory.content(n), memory.embedding(n)) for n in range(count)]


@pytest.mark.filterwarnings("ignore::mv2.RecoveryWarning")
class TestWriting:
    def test_everything_stays(self, copy: Path) -> None:
        with mv2.open(copy, "r") as memory:
            count = memory.stats().frame_count
            before = shown(memory, count)
        with mv2.open(copy, "r+") as memory:
            assert shown(memory, count) == before
            assert memory.put("freshly written xylophone", uri="mv2://fresh") == count
            assert found_ids(memory, "xylophone") == {count}
            memory.commit()
            assert shown(memory, count) == before
        with mv2.open(copy, "r") as memory:
            assert shown(memory, count) == before
            assert found_ids(memory, "xylophone") == {count}
            report = memory.verify(deep=True)
            assert report.ok, report.findings
        with mv2.open(copy, "r+") as memory:
            assert memory.vacuum().compacted
            assert shown(memory, count) == before
        with mv2.open(copy, "r") as memory:
            assert shown(memory, count) == before
            assert memory.text(count) == "freshly written xylophone"
            report = memory.verify(deep=True)
            assert report.ok, report.findings
        assert [found.name for found in copy.parent.iterdir()] == [copy.name]

    def test_each_active_document_is_found(self, copy: Path) -> None:
        """The original's index holds frames twice, and misses some; the frames decide."""
        with mv2.open(copy, "r") as memory:
            before = self._found(memory)
        with mv2.open(copy, "r+") as memory:
            memory.put("unrelated")
            memory.commit()
            assert self._found(memory)[: len(before)] == before

    @staticmethod
    def _found(memory: mv2.Memvid) -> list[int]:
        ids = []
        for frame in list(memory.frames())[:40]:
            words = [word for word in memory.text(frame.id).split() if len(word) > 4 and word.isalpha()][:3]
            if words:
                assert frame.id in found_ids(memory, " ".join(words)), (frame.id, words)
                ids.append(frame.id)
        return ids

    def test_updates_and_deletions(self, copy: Path) -> None:
        with mv2.open(copy, "r+") as memory:
            ids = [frame.id for frame in memory.frames()][:2]
            contents_before = [memory.content(number) for number in ids]
            metadata = [dict(memory.frame(number).metadata) for number in ids]
            renewed = [
                memory.update(number, title="renewed", metadata={"n": 1}, merge=True) for number in ids
            ]
            memory.commit()
            for number, content, known in zip(renewed, contents_before, metadata, strict=True):
                assert memory.content(number) == content
                assert (memory.frame(number).title, memory.frame(number).metadata) == (
                    "renewed",
                    {**known, "n": 1},
                )
            for number in renewed:
                memory.delete(number)
            memory.commit()
            assert not {frame.id for frame in memory.frames()} & {*ids, *renewed}
            for number, content in zip(ids, contents_before, strict=True):
                assert memory.content(number) == content
        with mv2.open(copy, "r") as memory:
            report = memory.verify(deep=True)
            assert report.ok, report.findings

    def test_an_open_that_writes_nothing_leaves_the_file_alone(self, copy: Path) -> None:
        """But for the logs that somebody has to move."""
        if any(
            found.name.startswith(tuple(PENDING)) for found in ALL if found.read_bytes() == copy.read_bytes()
        ):
            pytest.skip("has pending records")
        before = copy.read_bytes()
        mv2.open(copy, "r+").close()
        assert copy.read_bytes() == before


TRACKS = ["memories_track", "logic_mesh", "temporal_track"]


@pytest.mark.filterwarnings("ignore::mv2.RecoveryWarning")
@pytest.mark.parametrize("step", ["commit", "vacuum", "both"])
def test_tracks_are_carried_byte_for_byte(copy: Path, step: str) -> None:
    """Cards, mesh, times, images, sessions, the queue, the binding and the ticket."""
    old_data = copy.read_bytes()
    old = original_tail(old_data)
    with mv2.open(copy, "r+") as memory:
        if step != "vacuum":
            memory.put("one more")
            memory.commit()
            memory.put("and another")
            memory.commit()
        if step != "commit":
            assert memory.vacuum().compacted
    data, new = copy.read_bytes(), stored_tail(copy)
    for name in TRACKS:
        before, after = getattr(old, name), getattr(new, name)
        assert (before is None) == (after is None), name
        if before is not None:
            assert dataclasses.replace(before, offset=0) == dataclasses.replace(after, offset=0)
            assert data[after.offset :][: after.length] == old_data[before.offset :][: before.length]
    if old.replay_manifest is not None:
        replay, carried = old.replay_manifest, new.replay_manifest
        assert carried is not None
        assert dataclasses.replace(carried, segment_offset=0) == dataclasses.replace(replay, segment_offset=0)
        segment = old_data[replay.segment_offset :][: replay.segment_size]
        assert data[carried.segment_offset :][: carried.segment_size] == segment
    if old.indexes.clip is not None:
        images, carried_images = old.indexes.clip, new.indexes.clip
        assert carried_images is not None
        assert dataclasses.replace(carried_images, offset=0) == dataclasses.replace(images, offset=0)
        assert data[carried_images.offset :][: images.length] == old_data[images.offset :][: images.length]
    assert (new.ticket, new.memory_binding, new.enrichment_queue) == (
        old.ticket, old.memory_binding, old.enrichment_queue,
    )  # fmt: skip


@pytest.mark.parametrize("step", ["commit", "vacuum"])
def test_a_damaged_track_stands_in_nobodys_way(tmp_path: Path, step: str) -> None:
    """Cards that cannot be read any more are no reason to keep the documents from being written."""
    path = tmp_path / "m.mv2"
    data = bytearray((FIXTURES / "container" / "memory_cards.mv2").read_bytes())
    track = original_tail(data).memories_track
    assert track is not None
    data[track.offset + 20] ^= 1
    path.write_bytes(data)
    with mv2.open(path, "r+") as memory:
        before = shown(memory, 1)
        memory.put("one more")
        memory.commit()
        if step == "vacuum":
            assert memory.vacuum().compacted
            assert stored_tail(path).memories_track is None
            assert memory.verify(deep=True).ok
        else:
            assert any(finding.offset is not None for finding in memory.verify().findings)
        assert shown(memory, 1) == before
        assert memory.text(1) == "one more"


def test_the_golden_files_have_every_track() -> None:
    """Without one of them the test above would prove less than it says."""
    tails = [original_tail(path.read_bytes()) for path in ALL]
    for name in (*TRACKS, "replay_manifest", "sketch_track"):
        assert any(getattr(tail, name) is not None for tail in tails), name
    assert any(tail.indexes.clip is not None for tail in tails)
    assert any(tail.enrichment_queue.tasks for tail in tails)


class TestPendingRecords:
    """The original was killed between the log and the commit."""

    TITLES = ("Committed", "Pending 0", "Pending 1", "Pending 2")

    def test_are_shown(self) -> None:
        with mv2.open(FIXTURES / "container" / "pending_wal.mv2", "r") as memory:
            assert tuple(frame.title for frame in memory.frames()) == self.TITLES
            assert memory.stats().pending_count == 3
            assert memory.text(1) == "Pending record 0 waits in the log for replay."
            assert found_ids(memory, "replay") == {1, 2, 3}

    def test_are_moved_into_frames_by_the_first_writer(self, tmp_path: Path) -> None:
        path = tmp_path / "m.mv2"
        shutil.copyfile(FIXTURES / "container" / "pending_wal.mv2", path)
        with mv2.open(path, "r+") as memory:
            assert tuple(frame.title for frame in memory.frames()) == self.TITLES
            assert memory.put("the fifth") == 4
        with mv2.open(path, "r") as memory:
            assert memory.stats().pending_count == 0
            assert tuple(frame.title for frame in memory.frames()) == (*self.TITLES, None)
            assert found_ids(memory, "replay") == {1, 2, 3}
            assert memory.verify(deep=True).ok

    def test_of_a_log_that_was_being_enlarged(self, tmp_path: Path) -> None:
        """The original itself refuses this file in every mode."""
        path = tmp_path / "m.mv2"
        shutil.copyfile(FIXTURES / "container" / "crash_after_wal_growth.mv2", path)
        golden = expected("crash_after_wal_growth")["after_writable_open"]
        with mv2.open(path, "r") as memory:
            assert memory.stats().frame_count == golden["frame_count"]
            assert memory.frame(3).title == golden["new_frame_title"]
            content = memory.content(3)
            assert len(content) > 0
        with mv2.open(path, "r+") as memory:
            memory.put("more")
        with mv2.open(path, "r") as memory:
            assert memory.content(3) == content
            assert memory.verify(deep=True).ok


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_hostile_names_are_harmless(
    tmp_path: Path, mode: mv2.types.Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Index files with names that lead out of the directory are never written to disk."""
    source = FIXTURES / "container" / "hostile_paths.mv2"
    names = [found.path for found in original_tail(source.read_bytes()).catalogue.tantivy_segments]
    hostile = [name for name in names if not is_plain_file_name(name)]
    assert len(hostile) == 2
    absolute = next(name for name in hostile if name.startswith("/"))
    assert not Path(absolute).exists()
    place = tmp_path / "a" / "b" / "c"
    place.mkdir(parents=True)
    shutil.copyfile(source, place / "m.mv2")
    monkeypatch.chdir(place)
    with mv2.open("m.mv2", mode) as memory:
        assert found_ids(memory, "saffron") == {0}
        assert memory.text("mv2://w/rice").startswith("Saffron rice needs warm broth")
        memory.verify(deep=True)
        if mode == "r+":
            memory.put("more saffron")
            memory.commit()
            assert found_ids(memory, "saffron") == {0, 3}
            memory.vacuum()
    assert not Path(absolute).exists()
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [place / "m.mv2"]
    if mode == "r+":
        assert all(
            is_plain_file_name(d.path) for d in stored_tail(place / "m.mv2").catalogue.tantivy_segments
        )
        with mv2.open("m.mv2", "r") as memory:
            assert memory.verify(deep=True).ok
