"""Opens what a power cut left, and says what is wrong with it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mv2
from mv2.testing import original_rules
from mv2.testing.events import Image
from mv2.testing.observe import Snapshot, listing_complaints, observe, search_complaints
from mv2.testing.power import Cut, power_cuts
from mv2.testing.recording import RecordingFileSystem
from mv2.testing.stage import NAME, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mv2.memvid import Memvid
    from mv2.testing.stage import Play
    from mv2.types import Mode

#: Words asked of search in each state; all of them would make the suite slow.
_WORDS = 6


@dataclass(frozen=True, slots=True)
class Failure:
    """One state that was not recovered as promised."""

    scenario: str
    cut: Cut
    complaints: tuple[str, ...]

    def __str__(self) -> str:
        lines = "\n    ".join(self.complaints)
        return f"scenario {self.scenario}, {self.cut}\n    {lines}"


@dataclass(slots=True)
class Outcome:
    """What a run over many states found."""

    states: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, play: Play, cut: Cut, complaints: Sequence[str]) -> None:
        """Count one state."""
        self.states += 1
        if complaints:
            self.failures.append(Failure(play.name, cut, tuple(complaints)))

    def __str__(self) -> str:
        kinds = Counter(failure.complaints[0].split(":")[0] for failure in self.failures)
        shown = "\n".join(str(failure) for failure in self.failures[:3])
        return (
            f"{len(self.failures)} of {self.states} states failed ({dict(kinds)}); the first ones:\n{shown}"
        )


def scratch_directory() -> str:
    """A place for the states: in memory where the system has one, because syncs are free there."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108


def run_cuts(play: Play, *, limit: int | None = None, seed: int = 0, stop_at: int | None = None) -> Outcome:
    """Check every power cut of ``play``, at most about ``limit`` of them.

    Args:
        play: the story.
        limit: how many states; None for all.
        seed: decides which ones.
        stop_at: stop after this many failures.
    """
    outcome = Outcome()
    extra = 6 if limit is None else max(6, limit // 10)
    for cut in power_cuts(play.record, limit=limit, seed=seed, extra=extra):
        outcome.add(play, cut, check_cut(play, cut))
        if stop_at is not None and len(outcome.failures) >= stop_at:
            break
    return outcome


def run_repeated_cuts(play: Play, *, limit: int, seed: int = 0) -> Outcome:
    """Cut the power, and cut it again while the memory is being recovered."""
    outcome = Outcome()
    firsts = list(power_cuts(play.record, limit=max(2, limit // 4), seed=seed))
    for first in firsts:
        if NAME not in first.image.files:
            continue
        for second in _second_cuts(first, limit=6, seed=seed):
            outcome.add(play, second, check_cut(play, second))
            if outcome.states >= limit:
                return outcome
    return outcome


def _second_cuts(first: Cut, *, limit: int, seed: int) -> Iterator[Cut]:
    """The states left when power goes while ``first`` is opened, used for a moment and closed."""
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as directory:
        first.image.write_to(directory)
        recorder = RecordingFileSystem(directory)
        with quiet(), mv2.open(os.path.join(directory, NAME), file_system=recorder, embedder="none"):
            pass
        for cut in power_cuts(recorder.record, limit=limit, seed=seed):
            story = (
                f"{first.story}; then, while recovering, power cut after event {cut.position}: {cut.story}"
            )
            yield Cut(first.position, first.begun, first.done, story, cut.image)


def check_cut(play: Play, cut: Cut) -> list[str]:
    """What is wrong with the state a power cut left; empty when all promises hold."""
    directory = tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-cut-")
    try:
        cut.image.write_to(directory)
        return _Check(play, cut, directory).complaints()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class _Check:
    """The checks of one state, in the order a user would meet them."""

    def __init__(self, play: Play, cut: Cut, directory: str) -> None:
        self.play, self.cut, self.directory = play, cut, directory
        self.path = os.path.join(directory, NAME)
        self.first = play.snapshots[cut.done + 1 : cut.begun + 2]
        self.variant = cut.image.digest()[0]

    def complaints(self) -> list[str]:
        if NAME not in self.cut.image.files:
            return self._absent()
        try:
            with quiet():
                return self._read_first() or self._recover()
        except mv2.Error as error:
            return [f"refused: {type(error).__name__}: {error}"]
        except (
            OSError,
            ValueError,
            KeyError,
            IndexError,
            AssertionError,
            RuntimeError,
            OverflowError,
        ) as error:
            return [f"broke with an untyped error: {type(error).__name__}: {error}"]

    def _absent(self) -> list[str]:
        creates = self.play.creates
        if creates is None or self.cut.done >= creates:
            return ["lost: the file is gone"]
        with quiet(), mv2.open(self.path, embedder="none") as memory:
            count = memory.stats().frame_count
        strays = self._strays()
        return [f"a new memory is not empty: {count} frames"] * bool(count) + strays

    def _read_first(self) -> list[str]:
        """Every third state is first read by a program that may not write."""
        if self.variant % 3:
            return []
        before = Image.of(self.directory)
        with mv2.open(self.path, "r", embedder="none") as memory:
            found = [f"read-only, before recovery: {text}" for text in self._compare(observe(memory))]
        if Image.of(self.directory) != before:
            found.append("a read-only open changed the directory")
        return found

    def _recover(self) -> list[str]:
        with mv2.open(self.path, embedder="none") as memory:
            seen = observe(memory)
            found = self._compare(seen) + self._consistent(memory, seen)
        found += self._strays()
        if found:
            return found
        if self.variant % 4 == 0:
            seen = self._put_one_more(seen)
        modes: tuple[Mode, ...] = ("r", "a") if self.variant % 2 else ("r",)
        for mode in modes:
            with mv2.open(self.path, mode, embedder="none") as memory:
                again = observe(memory)
                if again != seen:
                    found.append(f"opened again ({mode}): {again.difference(seen)}")
                if mode == "r" and self.variant % 2 == 0:
                    found += [f"after close: {text}" for text in self._consistent(memory, again)]
        return found + self._strays()

    def _put_one_more(self, seen: Snapshot) -> Snapshot:
        """A clean run after the recovery: nothing old may come back, nothing new may be lost."""
        with mv2.open(self.path, embedder="none") as memory:
            number = memory.put("one more after the power came back")
            now = observe(memory)
            assert number == len(seen.frames), f"lost: the next put got id {number} of {len(seen.frames)}"
            assert now.frames[:number] == seen.frames, f"lost by the next put: {now.difference(seen)}"
        return now

    def _compare(self, seen: Snapshot) -> list[str]:
        if seen in self.first:
            return []
        if self.play.loose and not (trouble := self._loosely(seen)):
            return trouble
        best = min(self.first, key=lambda allowed: abs(len(allowed.frames) - len(seen.frames)))
        span = f"operations {self.cut.done}..{self.cut.begun}"
        titles = ", ".join(self.play.titles[max(0, self.cut.done) : self.cut.begun + 1])
        return [f"lost or half there: {seen.difference(best)} (state between {span}: {titles})"]

    def _loosely(self, seen: Snapshot) -> list[str]:
        """Weak durability: each unsynced operation is whole or absent, whatever the order."""
        durable = self.play.snapshots[self.cut.done + 1]
        if seen.frames[: len(durable.frames)] != durable.frames:
            return [seen.difference(durable)]
        there = {frame.content for frame in seen.frames}
        known = {frame.content for frame in durable.frames} | {b""}
        found = []
        for number in range(self.cut.done + 1, self.cut.begun + 1):
            added = self.play.adds[number]
            known |= added
            if added & there and not added <= there:
                found.append(f"half of operation {number} ({self.play.titles[number]}) is there")
        strangers = there - known
        return found + [f"content nobody wrote: {content[:60]!r}" for content in strangers]

    def _consistent(self, memory: Memvid, seen: Snapshot) -> list[str]:
        found = search_complaints(memory, seen, limit=_WORDS, seed=self.variant)
        found += listing_complaints(memory, seen)
        report = memory.verify(deep=True)
        if not report.ok:
            errors = [f"{f.code}: {f.message}" for f in report.findings if f.severity == "error"]
            found.append(f"verify(deep=True) fails: {errors}")
        return found

    def _strays(self) -> list[str]:
        """After a close: one file, and one the original engine opens too."""
        names = [name for name in os.listdir(self.directory) if name != NAME]
        found = [f"left beside the file: {sorted(names)}"] if names else []
        with open(self.path, "rb") as file:
            found += [
                f"the original would refuse it: {text}" for text in original_rules.complaints(file.read())
            ]
        return found
