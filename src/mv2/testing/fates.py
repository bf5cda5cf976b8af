"""What can become of the writes that no sync covered yet.

A disk keeps sectors of 512 bytes whole: a sector holds one moment of its own
history, but different sectors may hold different moments. So each unsynced
write may survive, vanish, or survive in some of its sectors, and a file may
have grown with or without the bytes that made it grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mv2.testing._random import chooser
from mv2.testing.events import FileEvent, Resize, Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one write or resize.

    Attributes:
        kind: "kept", "lost", "head" (its first ``count`` sectors survive), "tail"
            (its last ``count``), "even" or "odd" (every second sector), "some" (a choice
            of sectors that depends on ``count``).
        grown: the file has the size the write gave it, whatever happened to its bytes.
    """

    kind: str
    count: int = 0
    grown: bool = False

    def keeps(self, index: int, total: int) -> bool:
        """Whether sector ``index`` of ``total`` sectors of the write survives."""
        match self.kind:
            case "kept":
                return True
            case "head":
                return index < self.count
            case "tail":
                return index >= total - self.count
            case "even":
                return index % 2 == 0
            case "odd":
                return index % 2 == 1
            case "some":
                return (index * 2654435761 + self.count * 40503 + (self.count >> 3) * index) >> 9 & 1 == 1
            case _:
                return False

    def __str__(self) -> str:
        text = f"{self.kind} {self.count}" if self.kind in {"head", "tail", "some"} else self.kind
        return text + (" (size kept)" if self.grown and self.kind != "kept" else "")


KEPT = Fate("kept", grown=True)
LOST = Fate("lost")
GHOST = Fate("lost", grown=True)
Fates: TypeAlias = tuple[Fate, ...]


def sectors_of(event: FileEvent, size: int = 0) -> range:
    """Numbers of the sectors that ``event`` changes (``size``: length of the file before it)."""
    if isinstance(event, Resize):
        return range(event.size // SECTOR, -(-max(size, event.size) // SECTOR))
    if not event.data:
        return range(0)
    return range(event.offset // SECTOR, -(-(event.offset + len(event.data)) // SECTOR))


def survive(durable: bytes | bytearray, pending: Sequence[FileEvent], fates: Sequence[Fate]) -> bytes:
    """The content of a file after a power cut.

    Args:
        durable: content at the last sync.
        pending: writes and resizes since then, in order.
        fates: what became of each.
    """
    last_kept: dict[int, int] = {}
    size = sized = len(durable)
    for position, (event, fate) in enumerate(zip(pending, fates, strict=True)):
        touched = sectors_of(event, sized)
        kept = [s for i, s in enumerate(touched) if fate.keeps(i, len(touched))]
        last_kept.update(dict.fromkeys(kept, position))
        if isinstance(event, Resize):
            sized = event.size
            size = event.size if fate.kind != "lost" else size
        else:
            end = event.offset + len(event.data)
            sized = max(sized, end)
            if fate.grown:
                size = max(size, end)
            elif kept:
                size = max(size, min(end, (kept[-1] + 1) * SECTOR))
    content = bytearray(durable)
    longest = max([len(durable), *(_end(event) for event in pending)])
    content.extend(bytes(longest - len(durable)))
    sized = len(durable)
    for position, event in enumerate(pending):
        for sector in sectors_of(event, sized):
            if last_kept.get(sector, -1) >= position:
                _apply_to_sector(content, event, sector)
        sized = event.size if isinstance(event, Resize) else max(sized, _end(event))
    if size <= len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
    return bytes(content)


def _end(event: FileEvent) -> int:
    return event.size if isinstance(event, Resize) else event.offset + len(event.data)


def _apply_to_sector(content: bytearray, event: FileEvent, sector: int) -> None:
    first, last = sector * SECTOR, min((sector + 1) * SECTOR, len(content))
    if isinstance(event, Resize):
        start = max(first, event.size)
        content[start:last] = bytes(max(0, last - start))
        return
    start, end = max(first, event.offset), min(last, event.offset + len(event.data))
    content[start:end] = event.data[start - event.offset : end - event.offset]


def histories(pending: Sequence[FileEvent], seed: int, extra: int = 6) -> Iterator[tuple[str, Fates]]:
    """Bounded choice of what may have become of ``pending``, most likely first.

    Every prefix, every single loss, every lone survivor, every write torn (after
    the ones before it, and with all others kept), sizes lost or kept, and
    ``extra`` random mixtures.
    """
    count = len(pending)
    if count == 0:
        yield "nothing unsynced", ()
        return
    for kept in range(count, -1, -1):
        yield f"first {kept} of {count} unsynced writes kept", _prefix(kept, count)
    yield "contents lost, sizes kept", (GHOST,) * count
    for index in range(count - 1):
        yield f"write {index} of {count} missing", _one(index, LOST, KEPT, count)
        yield f"write {index} of {count} missing, size kept", _one(index, GHOST, KEPT, count)
    for index in range(1, count):
        yield f"only write {index} of {count} kept", _one(index, KEPT, LOST, count)
        yield f"only write {index} of {count} kept, sizes kept", _one(index, KEPT, GHOST, count)
    for index, event in enumerate(pending):
        for fate in _tears(event):
            before = (KEPT,) * index + (fate,) + (LOST,) * (count - index - 1)
            yield f"write {index} of {count} torn ({fate}), later ones lost", before
            if index < count - 1:
                others = _one(index, fate, KEPT, count)
                yield f"write {index} of {count} torn ({fate}), all others kept", others
    yield from _mixtures(pending, seed, extra)


def _prefix(kept: int, count: int) -> Fates:
    return (KEPT,) * kept + (LOST,) * (count - kept)


def _one(index: int, fate: Fate, others: Fate, count: int) -> Fates:
    return (others,) * index + (fate,) + (others,) * (count - index - 1)


def _tears(event: FileEvent) -> Iterator[Fate]:
    """Ways in which a write can survive in part."""
    if not isinstance(event, Write):
        return
    total = len(sectors_of(event))
    if total < 2:
        yield GHOST
        return
    counts = range(1, total) if total <= 5 else sorted({1, 2, total // 2, total - 2, total - 1})
    for count in counts:
        yield Fate("head", count)
        yield Fate("head", count, grown=True)
        yield Fate("tail", count, grown=True)
    yield Fate("even", grown=True)
    yield Fate("odd", grown=True)


def _mixtures(pending: Sequence[FileEvent], seed: int, count: int) -> Iterator[tuple[str, Fates]]:
    choose = chooser(seed)
    if len(pending) == 1 and len(sectors_of(pending[0])) < 4:
        return  # every way is among the others already
    for number in range(count):
        fates = []
        for event in pending:
            kind = "torn" if len(pending) == 1 else choose.choice(["kept", "kept", "lost", "torn"])
            tears = (
                [*_tears(event), Fate("some", choose.getrandbits(20), grown=True)] if kind == "torn" else []
            )
            lost = GHOST if choose.random() < 0.5 else LOST
            fates.append(KEPT if kind == "kept" else choose.choice(tears[-1:] + tears) if tears else lost)
        yield f"random mixture {number} of {len(pending)} unsynced writes", tuple(fates)
