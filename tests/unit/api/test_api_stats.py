"""``stats()`` says what counting by hand says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from life import all_frames, long_text

import mv2


def compare(memory: mv2.Memvid, path: Path, read_only: bool) -> mv2.Stats:
    """Every figure that can be counted from outside."""
    stats, frames = memory.stats(), all_frames(memory)
    active = [frame for frame in frames if frame.status == "active"]
    documents = [frame for frame in active if frame.role != "chunk"]
    vectors = [found for frame in frames if (found := memory.embedding(frame.id)) is not None]
    times = [frame.timestamp for frame in documents]
    assert stats.frame_count == len(frames)
    assert stats.active_frame_count == len(active)
    assert stats.document_count == len(documents) == len(list(memory.frames()))
    assert stats.deleted_frame_count == sum(frame.status == "deleted" for frame in frames)
    assert stats.superseded_frame_count == sum(frame.status == "superseded" for frame in frames)
    assert stats.vector_count == len(vectors)
    assert stats.vector_dimension == (len(vectors[0]) if vectors else 0)
    assert (stats.first_timestamp, stats.last_timestamp) == (
        (min(times), max(times)) if times else (None, None)
    )
    assert stats.logical_bytes == sum(
        len(memory.content(f.id)) for f in frames if f.chunk_count is None or f.role == "chunk"
    )
    assert stats.size_bytes == path.stat().st_size
    assert stats.dead_bytes == max(0, stats.size_bytes - stats.live_bytes)
    assert stats.path == str(path)
    assert stats.read_only == read_only
    assert 0 <= stats.log_used_bytes <= stats.log_bytes
    return stats


@pytest.mark.parametrize("seed", range(3))
def test_after_anything(path: Path, seed: int) -> None:
    choose = random.Random(seed)
    with mv2.open(path) as memory:
        compare(memory, path, read_only=False)
        for step in range(40):
            uris = [frame.uri or "" for frame in memory.frames()]
            kind = choose.randrange(8)
            vector = [float(step), 1.0] if choose.random() < 0.5 else None
            if kind == 0 and uris:
                memory.delete(choose.choice(uris))
            elif kind == 1 and uris:
                memory.update(choose.choice(uris), metadata={"step": step}, timestamp=step - 20)
            elif kind == 2 and uris:
                memory.update(choose.choice(uris), content=f"new {step}")
            elif kind == 3:
                memory.put(long_text(seed=step), embedding=vector, timestamp=-step)
            elif kind == 4:
                memory.put_many([{"content": b"\xff%d" % n, "embedding": vector} for n in range(3)])
            elif kind == 5:
                (memory.commit, memory.vacuum)[step % 2]()
            else:
                memory.put(
                    f"text {step}", uri=f"mv2://{choose.randrange(6)}", embedding=vector, timestamp=step
                )
            compare(memory, path, read_only=False)
        with mv2.open(path, "r") as reader:
            compare(reader, path, read_only=True)
    with mv2.open(path, "r") as reader:
        assert compare(reader, path, read_only=True).pending_count == 0


def test_of_an_empty_memory(memory: mv2.Memvid, path: Path) -> None:
    stats = compare(memory, path, read_only=False)
    assert (stats.frame_count, stats.pending_count, stats.payload_bytes, stats.vector_bytes) == (0, 0, 0, 0)
    assert (stats.log_bytes, stats.log_used_bytes) == (65_536, 0)
    assert stats.generation == 1


def test_pending_ones(memory: mv2.Memvid) -> None:
    """Each change counts until it is moved into the frames."""
    memory.put("one", uri="mv2://a")
    memory.put("two", uri="mv2://b")
    assert memory.stats().pending_count == 2
    memory.commit()
    assert memory.stats().pending_count == 0
    memory.delete("mv2://a")
    memory.put("two again", uri="mv2://b")
    assert memory.stats().pending_count == 3  # a deletion, a frame, and the frame it replaces
    assert memory.stats().log_used_bytes > 0
    memory.commit()
    assert (memory.stats().pending_count, memory.stats().log_used_bytes) == (0, 0)


def test_generation_counts_commits(memory: mv2.Memvid) -> None:
    found = [memory.stats().generation]
    memory.put("one")
    found.append(memory.stats().generation)
    memory.commit()
    found.append(memory.stats().generation)
    memory.commit()  # there is nothing to commit
    found.append(memory.stats().generation)
    memory.put_many([{"content": "two"}])
    found.append(memory.stats().generation)
    memory.vacuum()
    found.append(memory.stats().generation)
    assert found == [1, 1, 2, 2, 3, 4]


def test_payload_bytes_are_what_is_stored(memory: mv2.Memvid) -> None:
    noise = random.Random(1).randbytes(10_000)
    memory.put(noise)
    for _ in range(2):
        assert memory.stats().payload_bytes == memory.stats().logical_bytes == 10_000
        memory.commit()
    memory.put("compressible " * 180)
    memory.commit()
    stats = memory.stats()
    assert 10_000 < stats.payload_bytes < 10_500 < stats.logical_bytes == 12_340


def test_a_vacuum_leaves_no_dead_bytes(memory: mv2.Memvid) -> None:
    for n in range(30):
        memory.put(f"text {n}", uri=f"mv2://{n % 3}")
        memory.commit()
    before = memory.stats()
    assert before.dead_bytes > before.live_bytes / 4
    report = memory.vacuum()
    after = memory.stats()
    assert after.size_bytes == report.size_after < report.size_before == before.size_bytes
    assert after.dead_bytes < 200  # padding between the parts
    assert after.live_bytes + after.dead_bytes == after.size_bytes


def test_sizes_of_the_parts(memory: mv2.Memvid) -> None:
    memory.put_many([{"content": f"text {n}", "embedding": [1.0] * 100} for n in range(20)])
    stats = memory.stats()
    assert 20 * 400 <= stats.vector_bytes < 20 * 400 + 500
    assert stats.lexical_bytes > 500
    assert stats.contents_bytes > 20 * 100
    parts = (
        stats.log_bytes
        + stats.payload_bytes
        + stats.vector_bytes
        + stats.lexical_bytes
        + stats.contents_bytes
    )
    assert parts < stats.live_bytes <= stats.size_bytes
