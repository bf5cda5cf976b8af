from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import mv2
from mv2.testing.fixtures import quick_temporary_directory

__all__ = ["quick_temporary_directory"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.mv2"


@pytest.fixture
def memory(path: Path) -> Iterator[mv2.Memvid]:
    """A new memory, open for writing."""
    with mv2.open(path) as opened:
        yield opened
