"""``verify`` can fail.

The original's ``verify`` passes on files that have silently lost documents. Ours
must notice the change of any single byte that matters, wherever it is; a byte
in a place nobody checks is a document that is one day quietly wrong. And who
never calls ``verify`` must still see what was put, or an error, or a warning.

``MV2_MUTATIONS=1500`` tries more of them than the default run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.errors import Mv2Warning
from mv2.testing._random import SEED
from mv2.testing.check import scratch_directory
from mv2.testing.live import Mutation, live_ranges, mutations
from mv2.testing.observe import Snapshot, observe, search_complaints, unique_text
from mv2.testing.stage import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

MUTATIONS = int(os.environ.get("MV2_MUTATIONS", "300"))
ALL_KINDS = {
    "accelerator block",
    "commit record",
    "commit record before the contents",
    "contents",
    "footer",
    "header",
    "lexical file",
    "payload",
    "sketch track",
    "time index",
    "vectors",
}


@pytest.fixture
def directory() -> Iterator[Path]:
    """In memory, if possible: the file is opened thousands of times."""
    made = tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-mutants-")
    yield Path(made)
    shutil.rmtree(made)


@pytest.fixture
def sample(directory: Path) -> Path:
    """A file with everything in it: versions, deletions, chunks, bytes, vectors, three commits."""
    path = directory / "m.mv2"
    with mv2.open(path, embedder="none") as memory:
        for number in range(6):
            vector = [float(number == i) for i in range(4)]
            memory.put(unique_text(number, 400), uri=f"mv2://n/{number}", tags=["t"], embedding=vector)
        memory.commit()
        memory.put(unique_text(10, 4000), title="chunked")
        memory.put(bytes(range(256)) * 3, title="bytes")
        memory.commit()
        memory.update("mv2://n/1", content=unique_text(20, 300))
        memory.delete("mv2://n/2")
    return path


def _set(path: Path, offset: int, value: int) -> int:
    """Change one byte in place; returns what it was."""
    with open(path, "r+b") as file:
        file.seek(offset)
        before = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([value]))
    return before


def _verdict(path: Path) -> str:
    """How the damage is noticed: "refused", "reported" or "unnoticed"."""
    try:
        with quiet(), mv2.open(path, "r", embedder="none") as memory:
            report = memory.verify(deep=True)
    except mv2.Error:
        return "refused"
    return "unnoticed" if report.ok else "reported"


def _silently_wrong(path: Path, original: Snapshot) -> str | None:
    """What a user sees who never asks for a check, where it is neither right nor refused nor warned of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", Mv2Warning)
        try:
            with mv2.open(path, "r", embedder="none") as memory:
                shown = observe(memory)
                complaints = search_complaints(memory, original, limit=2, seed=0)
        except mv2.Error:
            return None
    if any(issubclass(warning.category, Mv2Warning) for warning in warned):
        return None
    return shown.difference(original) if shown != original else "; ".join(complaints) or None


def test_the_sample_has_every_kind_of_range(sample: Path) -> None:
    assert {found.kind for found in live_ranges(sample.read_bytes())} >= ALL_KINDS
    with mv2.open(sample, "r", embedder="none") as memory:
        assert memory.verify(deep=True).ok


@pytest.mark.timeout(120 + MUTATIONS)
def test_each_changed_byte_is_noticed(sample: Path) -> None:
    with mv2.open(sample, "r", embedder="none") as memory:
        original = observe(memory)
    unnoticed, wrong, verdicts = [], [], Counter[tuple[str, str]]()
    for mutation in mutations(sample.read_bytes(), MUTATIONS, seed=SEED):
        before = _set(sample, mutation.offset, mutation.value)
        verdict = _verdict(sample)
        trouble = _silently_wrong(sample, original)
        _set(sample, mutation.offset, before)
        verdicts[mutation.kind, verdict] += 1
        if verdict == "unnoticed":
            unnoticed.append(str(mutation))
        if trouble:
            wrong.append(f"{mutation}: {trouble}")
    print(*(f"{kind}: {verdict} {count}" for (kind, verdict), count in sorted(verdicts.items())), sep="\n")
    assert not unnoticed, f"{len(unnoticed)} of {MUTATIONS} unnoticed by verify: " + "; ".join(unnoticed[:10])
    assert not wrong, f"{len(wrong)} of {MUTATIONS} silently wrong: " + "; ".join(wrong[:5])


def _flips(data: bytes, kind: str, count: int) -> list[Mutation]:
    found = [mutation for mutation in mutations(data, 20 * count, seed=SEED) if mutation.kind == kind]
    return found[:count]


def test_a_flip_in_a_pending_record_is_noticed(directory: Path) -> None:
    """Records that no checkpoint has moved yet are live too.

    A bad record at the very end cannot be told from a write that was cut short, so reading
    leaves it out without a word, and ``verify`` reports it. The marks in bytes 12 to 15 of a
    record are ours and no checksum covers them: changing them may go unnoticed where it
    changes nothing that is shown.
    """
    path = directory / "m.mv2"
    with mv2.open(path, close="lazy", embedder="none") as memory:
        for number in range(4):
            memory.put(unique_text(number, 200))
        original = observe(memory)
    data = path.read_bytes()
    places = [found for found in live_ranges(data) if found.kind == "pending record"]
    assert len(places) == 4
    unnoticed, wrong = [], []
    for mutation in _flips(data, "pending record", MUTATIONS // 4):
        place = next(p for p in places if p.start <= mutation.offset < p.end)
        _set(path, mutation.offset, mutation.value)
        if _verdict(path) == "unnoticed" and mutation.offset - place.start not in range(12, 16):
            unnoticed.append(str(mutation))
        if place != places[-1] and (trouble := _silently_wrong(path, original)):
            wrong.append(f"{mutation}: {trouble}")
        _set(path, mutation.offset, data[mutation.offset])
    assert not wrong, f"silently wrong: {wrong[:10]}; the records are {places}"
    assert not unnoticed, f"unnoticed: {unnoticed[:10]}; the records are {places}"
