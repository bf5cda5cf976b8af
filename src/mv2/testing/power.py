"""Enumerates the directories a power cut could have left behind.

The machine that is simulated:

- ``File.sync`` makes everything written to that file durable, ``sync_directory``
  the names of that directory; nothing else does.
- What is not durable may survive whole, in part or not at all, in any order
  (``mv2.testing.fates``); a change of name happens or does not, never half.

Power goes at every sync (just before it, when most is at stake), at every
acknowledgement and at the end. The choice at each moment is bounded and
depends only on the record and the seed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mv2.testing._random import chooser
from mv2.testing.events import (
    DirectorySync,
    Event,
    FileEvent,
    Image,
    NameEvent,
    Note,
    Record,
    Sync,
    apply_to_contents,
    apply_to_names,
    directories_of,
)
from mv2.testing.fates import KEPT, LOST, Fates, histories, survive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Cut:
    """One state after a power cut.

    Attributes:
        position: number of events that had happened.
        begun, done: highest operation started and acknowledged by then (-1: none).
        story: what survived, in words.
        image: the files that are left.
    """

    position: int
    begun: int
    done: int
    story: str
    image: Image

    def __str__(self) -> str:
        return (
            f"power cut after event {self.position} (operation {self.done} acknowledged, "
            f"{self.begun} begun): {self.story}; left: {self.image}"
        )


@dataclass(frozen=True, slots=True)
class _Choice:
    """What survives: fates by file, and which changes of names."""

    story: str
    fates: dict[int, Fates]
    names: tuple[bool, ...]


class _Machine:
    """Durable state and everything since, advanced event by event."""

    def __init__(self, record: Record) -> None:
        self.durable = {number: bytearray(data) for number, data in record.contents.items()}
        self.names = dict(record.names)
        self.pending: dict[int, list[FileEvent]] = {}
        self.name_events: list[NameEvent] = []
        self.synced_directories: list[set[str]] = []
        self.begun = self.done = -1

    def apply(self, event: Event) -> None:
        if isinstance(event, Note):
            if event.kind == "begin":
                self.begun = event.number
            else:
                self.done = event.number
        elif isinstance(event, Sync):
            for earlier in self.pending.pop(event.file, []):
                apply_to_contents(earlier, self.durable)
        elif isinstance(event, DirectorySync):
            self._sync_names(event.directory)
        elif isinstance(event, FileEvent):
            self.pending.setdefault(event.file, []).append(event)
        else:
            self.name_events.append(event)
            self.synced_directories.append(set())

    def _sync_names(self, directory: str) -> None:
        """Make changes of names durable once every directory they concern is synced."""
        kept_events, kept_synced = [], []
        for event, synced in zip(self.name_events, self.synced_directories, strict=True):
            synced.add(directory)
            if synced.issuperset(directories_of(event)):
                apply_to_names(event, self.names)
            else:
                kept_events.append(event)
                kept_synced.append(synced)
        self.name_events, self.synced_directories = kept_events, kept_synced

    def choices(self, seed: int, extra: int) -> list[_Choice]:
        """What may survive a power cut now."""
        files = [number for number in self.pending if self._reachable(number)]
        names = list(_name_choices(len(self.name_events)))
        found: list[_Choice] = []
        for base, word in ((KEPT, "kept"), (LOST, "lost")):
            rest = {number: (base,) * len(self.pending[number]) for number in files}
            story = f"all unsynced writes {word}, " if files else ""
            found.extend(_Choice(story + text, rest, kept) for text, kept in names)
        found.insert(1, found.pop())  # the extremes first: everything kept, everything lost
        for number in files:
            for text, fates in histories(self.pending[number], seed + number, extra):
                for base, word in ((KEPT, "kept"), (LOST, "lost")):
                    others = {n: (base,) * len(self.pending[n]) for n in files if n != number}
                    also = f", other files' writes {word}" if others else ""
                    for names_text, kept in (names[0], names[-1]) if self.name_events else names[:1]:
                        story = f"file {number}: {text}{also}; {names_text}"
                        found.append(_Choice(story, {**others, number: fates}, kept))
                    if not others:
                        break
        return found

    def _reachable(self, number: int) -> bool:
        named = [getattr(event, "file", None) for event in self.name_events]
        return number in self.names.values() or number in named

    def image(self, choice: _Choice) -> Image:
        names = dict(self.names)
        for event, kept in zip(self.name_events, choice.names, strict=True):
            if kept:
                apply_to_names(event, names)
        contents = {}
        for number in set(names.values()):
            fates = choice.fates.get(number, ())
            pending = self.pending.get(number, []) if fates else []
            contents[number] = survive(self.durable.get(number, b""), pending, fates)
        return Image({name: contents[number] for name, number in names.items()})


def _name_choices(count: int) -> Iterator[tuple[str, tuple[bool, ...]]]:
    """Which of ``count`` unsynced changes of names survive: all first, none last."""
    if count == 0:
        yield "no names at stake", ()
        return
    yield "all names durable", (True,) * count
    for kept in range(count - 1, 0, -1):
        yield f"first {kept} of {count} name changes durable", (True,) * kept + (False,) * (count - kept)
    for missing in range(count - 1):
        yield f"name change {missing} of {count} lost", tuple(i != missing for i in range(count))
    for only in range(1, count):
        yield f"only name change {only} of {count} durable", tuple(i == only for i in range(count))
    yield "unsynced name changes lost", (False,) * count


def _moments(record: Record) -> list[int]:
    """Positions at which power goes: before each sync, after each acknowledgement, at the end."""
    found = {0, len(record.events)}
    for position, event in enumerate(record.events):
        if isinstance(event, Sync | DirectorySync):
            found.add(position)
        elif isinstance(event, Note) and event.kind == "done":
            found.add(position + 1)
    return sorted(found)


def count_cuts(record: Record, *, seed: int = 0, extra: int = 6) -> dict[int, int]:
    """How many choices there are at each moment (before equal states are merged)."""
    counts: dict[int, int] = {}
    machine = _Machine(record)
    moments = set(_moments(record))
    for position, event in enumerate([*record.events, None]):
        if position in moments:
            counts[position] = len(machine.choices(seed + position, extra))
        if event is not None:
            machine.apply(event)
    return counts


def power_cuts(record: Record, *, limit: int | None = None, seed: int = 0, extra: int = 6) -> Iterator[Cut]:
    """The states a power cut could leave, without repetitions, in order of time.

    Args:
        record: what the program did.
        limit: at most about this many, spread evenly over all moments; None for all.
        seed: decides which ones, when there are more.
        extra: random mixtures at each moment, beside the systematic cases.
    """
    counts = count_cuts(record, seed=seed, extra=extra)
    quotas = _quotas(counts, limit)
    carried = 0
    machine = _Machine(record)
    seen: set[tuple[bytes, int, int]] = set()
    for position, event in enumerate([*record.events, None]):
        if quotas.get(position):
            choices = _ordered(machine.choices(seed + position, extra), seed + position)
            quota, before = quotas[position] + carried, len(seen)
            yield from _cuts_at(machine, position, choices, quota, seen)
            carried = quota - (len(seen) - before)  # equal states leave room for others later
        if event is not None:
            machine.apply(event)


def _cuts_at(
    machine: _Machine,
    position: int,
    choices: Sequence[_Choice],
    quota: int,
    seen: set[tuple[bytes, int, int]],
) -> Iterator[Cut]:
    for choice in choices:
        if quota == 0:
            return
        image = machine.image(choice)
        key = (image.digest(), machine.begun, machine.done)
        if key not in seen:
            seen.add(key)
            quota -= 1
            yield Cut(position, machine.begun, machine.done, choice.story, image)


def _ordered(choices: list[_Choice], seed: int) -> list[_Choice]:
    """The extremes (all kept, all lost) first, the others shuffled."""
    others = choices[2:]
    chooser(seed).shuffle(others)
    return choices[:2] + others


def _quotas(counts: dict[int, int], limit: int | None) -> dict[int, int]:
    """How many states to take at each moment: level, and no more than there are."""
    if limit is None or limit >= sum(counts.values()):
        return dict(counts)
    quotas = dict.fromkeys(counts, 0)
    left = limit
    while left > 0:
        open_moments = [moment for moment, quota in quotas.items() if quota < counts[moment]]
        step = max(1, left // len(open_moments))
        if len(open_moments) > left:
            stride = len(open_moments) / left
            open_moments = [open_moments[int(i * stride)] for i in range(left)]
        for moment in open_moments:
            taken = min(step, counts[moment] - quotas[moment], left)
            quotas[moment] += taken
            left -= taken
    return quotas


def strays(image: Image, name: str) -> list[str]:
    """Names in ``image`` other than ``name`` (and other than directories)."""
    return sorted(other for other in image.files if os.path.normpath(other) != name)
