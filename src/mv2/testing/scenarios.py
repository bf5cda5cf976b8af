"""Stories for the crash suite: every way of writing a memory, played and recorded.

Each function prepares a file, calls ``stage.start()`` and plays operations.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from mv2.testing._random import chooser
from mv2.testing.check import scratch_directory
from mv2.testing.stage import Play, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.testing.recording import RecordingFileSystem


class Rollback(Exception):  # noqa: N818 - thrown to leave a batch, not an error
    """Thrown inside a batch to roll it back."""


def _begin(stage: Stage, puts: int = 2, **options: Any) -> None:
    """A file with a few documents at rest, opened again for the story."""
    stage.open()
    for _ in range(puts):
        stage.handle.put(stage.text())
    stage.close()
    stage.start()
    stage.open(**options)


def puts(stage: Stage) -> None:
    """Single puts of all sizes that the log takes, the first of them after an open."""
    _begin(stage)
    for size in (40, 300, 900, 2000, 60, 1500):
        stage.put(size, uri=f"mv2://doc/{size}", tags=["a", "b"], metadata={"size": size})
    stage.do("close", stage.close)


def creation(stage: Stage) -> None:
    """A file that did not exist, and its first documents."""
    stage.start()
    stage.do("create", lambda: stage.open("x"))
    stage.put(500)
    stage.put(200)
    stage.do("close", stage.close)


def replacement(stage: Stage) -> None:
    """Mode "w" over a file with contents: the old one or the new one, never neither."""
    stage.open()
    for _ in range(4):
        stage.handle.put(stage.text(800))
    stage.close()
    stage.start()
    stage.do("open with mode w", lambda: stage.open("w"))
    stage.put(400)
    stage.do("close", stage.close)


def batches(stage: Stage) -> None:
    """Batches that are committed, rolled back, and larger than the log."""
    _begin(stage)

    def commit(count: int, size: int) -> None:
        with stage.handle.batch():
            for _ in range(count):
                stage.handle.put(stage.text(size))

    def roll_back() -> None:
        try:
            with stage.handle.batch():
                stage.handle.put(stage.text(700))
                stage.handle.put(stage.text(700))
                raise Rollback
        except Rollback:
            pass

    stage.do("batch of 5", lambda: commit(5, 400))
    stage.put(100)
    stage.do("batch rolled back", roll_back)
    stage.do("batch of 3 long ones", lambda: commit(3, 1900))
    stage.do("batch larger than the log", lambda: commit(60, 1800))
    stage.put(100)
    stage.do("batch of 2", lambda: commit(2, 300))


def chunked(stage: Stage) -> None:
    """Documents long enough to be split; they live and die as one."""
    _begin(stage)
    first = stage.put(4000)
    stage.put(200)
    stage.put(3000, uri="mv2://long")
    stage.do(
        "update of a chunked document", lambda: stage.handle.update("mv2://long", content=stage.text(3500))
    )
    stage.do("delete of a chunked document", lambda: stage.handle.delete(first))
    stage.do("commit", stage.handle.commit)
    stage.put(5000)
    stage.do("close", stage.close)


def checkpoints(stage: Stage) -> None:
    """Commits with something and with nothing pending, and puts between them."""
    _begin(stage)
    for size in (300, 1200, 700):
        stage.put(size)
        stage.put(size)
        stage.do("commit", stage.handle.commit)
    stage.do("commit of nothing", stage.handle.commit)
    stage.put(300)
    stage.do("close", stage.close)
    stage.do("open", stage.open)
    stage.put(300)


def wraps(stage: Stage) -> None:
    """So many puts that the log starts again at its beginning at least twice."""
    _begin(stage)
    generation = stage.handle.stats().generation
    while stage.handle.stats().generation < generation + 3:
        stage.put(2200)
        assert len(stage.play.titles) < 400, "the log never filled up"
    stage.put(500)
    stage.put(90)


def small_after_wrap(stage: Stage) -> None:
    """Short records written over long old ones: no old record may come to light behind them."""
    _begin(stage)
    for round_ in range(3):
        for size in (1800, 1500, 1100) if round_ % 2 == 0 else (40, 60, 50, 900, 40):
            stage.put(size)
        stage.do("commit", stage.handle.commit)
    for _ in range(4):
        stage.put(45)


def bulk(stage: Stage) -> None:
    """``put_many`` into an empty log and behind pending records."""
    _begin(stage)

    def many(count: int) -> None:
        stage.handle.put_many([{"content": stage.text(350), "title": f"number {i}"} for i in range(count)])

    stage.do("put_many of 12", lambda: many(12))
    stage.put(200)
    stage.put(2600)
    stage.do("put_many of 25 behind pending ones", lambda: many(25))
    stage.put(300)
    stage.do("close", stage.close)


def large(stage: Stage) -> None:
    """Contents that do not fit into the log go straight to the data area."""
    _begin(stage)
    stage.put(200)
    blob = b"".join(bytes([i * 37 % 251, i % 256]) * 3 for i in range(25_000))
    stage.do("put of 150 KB", lambda: stage.handle.put(blob, title="blob"))
    stage.put(200)
    stage.do("put of 90,000 characters", lambda: stage.handle.put(stage.text(90_000)))
    stage.put(200)


def changes(stage: Stage) -> None:
    """Updates, deletions and replacements by uri, pending and at rest."""
    _begin(stage, puts=4)
    stage.put(400, uri="mv2://a")
    stage.put(400, uri="mv2://b")
    stage.do("update of the text", lambda: stage.handle.update("mv2://a", content=stage.text(500)))
    stage.do("update of the title", lambda: stage.handle.update(0, title="renamed"))
    stage.do("delete", lambda: stage.handle.delete("mv2://b"))
    stage.do("commit", stage.handle.commit)
    stage.put(300, uri="mv2://a")
    stage.do("delete at rest", lambda: stage.handle.delete(1))
    stage.do("update at rest", lambda: stage.handle.update(2, tags=["x"], metadata={"k": 1}))
    stage.put(300, uri="mv2://b")
    stage.do("close", stage.close)


def compaction(stage: Stage) -> None:
    """The file is written anew beside the old one, and goes on from there."""
    stage.open()
    for number in range(12):
        stage.handle.put(stage.text(1500), uri=f"mv2://c/{number}")
        if number % 4 == 3:
            stage.handle.commit()
    stage.close()
    stage.start()
    stage.open()
    stage.put(300)
    stage.do("delete", lambda: stage.handle.delete("mv2://c/3"))
    stage.do("vacuum", stage.handle.vacuum)
    stage.put(500)
    stage.do("update", lambda: stage.handle.update("mv2://c/5", content=stage.text(600)))
    stage.do("vacuum", stage.handle.vacuum)
    stage.put(100)
    stage.do("close", stage.close)
    stage.do("open", stage.open)
    stage.put(100)


def vectors(stage: Stage) -> None:
    """Documents with vectors, whose segments grow with each checkpoint."""
    _begin(stage)
    for number in range(6):
        stage.put(200, embedding=[float(number == i) for i in range(8)])
        if number % 2:
            stage.do("commit", stage.handle.commit)
    stage.do("close", stage.close)


def lazy_close(stage: Stage) -> None:
    """Handles that close without a checkpoint and leave their records pending."""
    _begin(stage, close="lazy")
    for _ in range(3):
        stage.put(300)
        stage.do("lazy close", stage.close)
        stage.do("open", lambda: stage.open(close="lazy"))
    stage.put(500)


def two_handles(stage: Stage) -> None:
    """Two writing handles take turns, commit and compact under each other."""
    _begin(stage)
    with stage.another() as other:
        for number in range(4):
            stage.put(300)
            text = stage.text(400)
            stage.do("put through the other handle", lambda text=text: other.put(text))  # type: ignore[misc]
            if number == 1:
                stage.do("commit", other.commit)
            if number == 2:
                stage.do("vacuum", other.vacuum)
        stage.do("delete through the other handle", lambda: other.delete(0))
        stage.put(200)
    stage.put(100)


def log_growth(stage: Stage) -> None:
    """A file that has become too large for its log is compacted after a put, which stays acknowledged."""
    stage.open()
    for number in range(24):
        stage.handle.put(chooser("blob", number).randbytes(100_000), title=f"blob {number}")
    stage.close()
    stage.start()
    stage.open()
    size = stage.handle.stats().log_bytes
    while stage.handle.stats().log_bytes == size:
        stage.put(2300)
        assert len(stage.play.titles) < 100, "the log never grew"
    stage.put(300)
    stage.do("close", stage.close)


def batch_durability(stage: Stage) -> None:
    """``durability="batch"``: a put may be lost until a batch or commit ends."""
    _begin(stage, durability="batch")
    stage.play.loose = True
    for _ in range(3):
        for size in (300, 1300, 60):
            stage.put(size, durable=False)
        stage.do("commit", stage.handle.commit)


def no_durability(stage: Stage) -> None:
    """``durability="none"``: only commit and close make anything durable."""
    _begin(stage, durability="none")
    stage.play.loose = True
    for _ in range(2):
        for size in (300, 1300, 2700, 60, 700):
            stage.put(size, durable=False)
        stage.do("commit", stage.handle.commit)
    stage.put(300, durable=False)
    stage.do("close", stage.close)


SCENARIOS: dict[str, Callable[[Stage], None]] = {
    scenario.__name__: scenario
    for scenario in (
        puts,
        creation,
        replacement,
        batches,
        chunked,
        checkpoints,
        wraps,
        small_after_wrap,
        bulk,
        large,
        changes,
        compaction,
        vectors,
        lazy_close,
        two_handles,
        log_growth,
        batch_durability,
        no_durability,
    )
}


def play(name: str, make_file_system: Callable[[str], RecordingFileSystem] | None = None) -> Play:
    """Play the scenario ``name`` in a directory of its own and return its story.

    Args:
        name: a key of ``SCENARIOS``.
        make_file_system: makes the recording file system for the directory, if not the usual one.
    """
    with tempfile.TemporaryDirectory(dir=scratch_directory(), prefix="mv2-play-") as directory:
        stage = Stage(os.path.realpath(directory), name, make_file_system)
        try:
            SCENARIOS[name](stage)
        finally:
            if stage.memory is not None:
                stage.memory.close()
        story = stage.play
    assert len(story.snapshots) == len(story.titles) + 1
    return story
