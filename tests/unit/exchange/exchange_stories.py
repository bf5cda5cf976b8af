"""Memories with a past, on a clock that moves when told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.ingest import times

if TYPE_CHECKING:
    from pathlib import Path

START = 1_700_000_000


class Clock:
    """What puts and deletions are stamped with."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> float:
        return float(self.now)

    def at(self, seconds: int) -> None:
        self.now = START + seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(times, "time", SimpleNamespace(time=made.time))
    return made


def new(path: Path) -> mv2.Memvid:
    return mv2.open(path, "x", embedder="none")


def texts(memory: mv2.Memvid, **then: object) -> list[str]:
    """The texts of the active documents, sorted."""
    return sorted(memory.text(frame.id, **then) for frame in memory.frames(**then))  # type: ignore[arg-type]
