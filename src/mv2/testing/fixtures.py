"""A fixture that suites which open many files want; import it in a ``conftest.py``."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from mv2.testing.check import scratch_directory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def quick_temporary_directory() -> Iterator[None]:
    """Indexes that a search unpacks go to memory, where the system has such a place."""
    made = tempfile.TemporaryDirectory(prefix="mv2-tmp-", dir=scratch_directory())
    with made as directory, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", directory)
        patch.setattr(tempfile, "tempdir", directory)
        yield
