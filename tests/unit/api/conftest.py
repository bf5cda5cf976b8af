from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.ingest import times
from mv2.testing.fixtures import quick_temporary_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["quick_temporary_directory"]


class Clock:
    """The clock that puts and deletions are stamped with; it moves only when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.9

    def time(self) -> float:
        return self.now

    def tick(self, seconds: int = 1) -> int:
        """Move on; returns the whole second it is now."""
        self.now += seconds
        return int(self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(times, "time", SimpleNamespace(time=made.time))
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.mv2"


@pytest.fixture
def memory(path: Path) -> Iterator[mv2.Memvid]:
    """A new memory, open for writing."""
    with mv2.open(path) as opened:
        yield opened
