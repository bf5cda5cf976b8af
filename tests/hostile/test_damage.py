"""Damaged files: cut off at any length, bytes changed anywhere, several at once.

Every open works or raises mv2's own error, in bounded time; a writable open
that works leaves a file that opens again; nothing appears beside the file. And
what is shown is right: each frame that a damaged file still shows is a frame
that was put.

``MV2_FUZZ=10000`` damages more files than the default run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.testing._random import SEED, chooser
from mv2.testing.ceilings import limited_memory
from mv2.testing.check import scratch_directory
from mv2.testing.live import live_ranges
from mv2.testing.observe import unique_text
from mv2.testing.stage import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASES = int(os.environ.get("MV2_FUZZ", "400"))
LONGEST = 2.0
#: Address space on top of what is in use; the writer of the index alone reserves some.
MEGABYTES = 700


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    """Files at rest, with pending records, and with a long history."""
    found = {}
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as directory:
        path = Path(directory) / "m.mv2"
        with mv2.open(path, embedder="none") as memory:
            for number in range(5):
                memory.put(unique_text(number, 300), uri=f"mv2://n/{number}", embedding=[1.0, number])
            memory.put(unique_text(9, 3500))
        found["at rest"] = path.read_bytes()
        with mv2.open(path, close="force-lazy", embedder="none") as memory:
            memory.update("mv2://n/0", content=unique_text(20, 200))
            memory.delete("mv2://n/1")
            memory.put(unique_text(21, 900))
        found["pending"] = path.read_bytes()
        with mv2.open(path, embedder="none") as memory:
            for number in range(30, 36):
                memory.put(unique_text(number, 700))
                memory.commit()
            memory.delete("mv2://n/3")
        found["history"] = path.read_bytes()
    return found


@pytest.fixture
def path() -> Iterator[Path]:
    directory = tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-damage-")
    yield Path(directory) / "m.mv2"
    shutil.rmtree(directory)


SIZES = {0: 300, 1: 300, 2: 300, 3: 300, 4: 300, 9: 3500, 20: 200, 21: 900}
SIZES |= dict.fromkeys(range(30, 36), 700)
KNOWN = {unique_text(number, size).encode() for number, size in SIZES.items()}


def _try(path: Path, mode: str) -> str:
    """Open and use the file; returns what went wrong, or nothing."""
    started = time.monotonic()
    problem = ""
    try:
        with limited_memory(MEGABYTES), quiet(), mv2.open(path, mode, embedder="none") as memory:
            problem = _use(memory)
    except mv2.Error:
        pass
    except Exception as error:  # noqa: BLE001 - exactly what must not happen
        problem = f"untyped {type(error).__name__}: {error}"
    took = time.monotonic() - started
    if took > LONGEST:
        problem += f" took {took:.1f} s"
    if os.listdir(path.parent) != [path.name]:
        problem += f" left {sorted(os.listdir(path.parent))}"
    return problem


def _use(memory: mv2.Memvid) -> str:
    """Read everything there is; refusals are fine, foreign contents are not."""
    for operation in (
        lambda: memory.find("river uniq000001000", k=5),
        lambda: memory.embedding(0),
        lambda: memory.timeline(limit=10),
        lambda: memory.history("mv2://n/0"),
        lambda: memory.verify(deep=True),
        lambda: list(memory.frames()),
    ):
        _allowed(operation)
    for number in range(memory.stats().frame_count):
        content = _allowed(lambda number=number: (memory.frame(number), memory.content(number))[1])
        if content and not any(content in known for known in KNOWN):
            return f"frame {number} shows {content[:40]!r}, which nobody put"
    return ""


def _allowed(operation: Callable[[], object]) -> bytes | None:
    try:
        result = operation()
    except mv2.Error:
        return None
    return result if isinstance(result, bytes) else None


def _run(samples: dict[str, bytes], path: Path, damage: Callable[[bytes, int], tuple[bytes, str]]) -> None:
    failures = []
    for case in range(CASES // 2):
        name = list(samples)[case % len(samples)]
        data, story = damage(samples[name], case)
        mode = ("r", "a", "r+")[case % 3]
        path.write_bytes(data)
        problem = _try(path, mode)
        if mode != "r" and not problem:
            problem = _try(path, "r")
        if problem:
            failures.append(f"case {case} ({name}, mode {mode}): {story}: {problem}")
    assert not failures, f"{len(failures)} of {CASES // 2}: " + "\n".join(failures[:8])


@pytest.mark.timeout(120 + CASES)
def test_cut_off(samples: dict[str, bytes], path: Path) -> None:
    def damage(data: bytes, case: int) -> tuple[bytes, str]:
        choose = chooser("cut", SEED, case)
        edges = [edge for found in live_ranges(data) for edge in (found.start, found.end)]
        length = choose.choice([choose.randrange(len(data)), choose.choice(edges), choose.choice(edges) - 1])
        return data[:length], f"cut off after {length} of {len(data)} bytes"

    _run(samples, path, damage)


@pytest.mark.timeout(120 + CASES)
def test_changed_bytes(samples: dict[str, bytes], path: Path) -> None:
    def damage(data: bytes, case: int) -> tuple[bytes, str]:
        choose = chooser("change", SEED, case)
        changed = bytearray(data)
        places = []
        ranges = live_ranges(data)
        for _ in range(choose.choice([1, 1, 2, 8, 60])):
            place = choose.choice(ranges)
            offset = choose.choice([choose.randrange(place.start, place.end), choose.randrange(len(data))])
            changed[offset] = choose.choice([0, 0xFF, choose.randrange(256), changed[offset] ^ 1])
            places.append(offset)
        return bytes(changed), f"bytes at {places[:8]} changed"

    _run(samples, path, damage)


@pytest.mark.timeout(120 + CASES)
def test_holes_and_moved_blocks(samples: dict[str, bytes], path: Path) -> None:
    """Sectors of zeros or noise, blocks of another place, a file appended to itself."""

    def damage(data: bytes, case: int) -> tuple[bytes, str]:
        choose = chooser("block", SEED, case)
        size = choose.choice([512, 4096])
        at = choose.randrange(0, len(data) // size) * size
        kind = choose.choice(["hole", "noise", "moved", "appended"])
        if kind == "appended":
            return data + data[at:], f"its own end from {at} on appended"
        if kind == "moved":
            other = choose.randrange(0, len(data) // size) * size
            block = data[other : other + size]
        else:
            block = bytes(size) if kind == "hole" else choose.randbytes(size)
        return data[:at] + block + data[at + len(block) :], f"{kind} of {size} bytes at {at}"

    _run(samples, path, damage)
