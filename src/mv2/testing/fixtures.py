"""Fixtures that every suite on real files wants; import them in a ``conftest.py``."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def own_state_directory() -> Iterator[str]:
    """Notes about lock holders go to a directory of the test run, for its worker processes too."""
    before = os.environ.get("XDG_STATE_HOME")
    with tempfile.TemporaryDirectory(prefix="mv2-state-") as directory:
        os.environ["XDG_STATE_HOME"] = directory
        yield directory
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before
