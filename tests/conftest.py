"""What every test gets: no traces in the user's home, Hypothesis profiles, the command on the path."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# "ci" is bounded and repeats itself; "random" looks elsewhere each time; "long" goes deep.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, print_blob=True, suppress_health_check=_QUIET
)
settings.register_profile(
    "random", max_examples=100, deadline=None, print_blob=True, suppress_health_check=_QUIET
)
settings.register_profile(
    "long",
    max_examples=int(os.environ.get("MV2_EXAMPLES", "1000")),
    deadline=None,
    print_blob=True,
    suppress_health_check=_QUIET,
)
settings.load_profile(os.environ.get("MV2_HYPOTHESIS", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: --slow runs it"))


@pytest.fixture(autouse=True, scope="session")
def _state_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Notes about who holds a memory go here, not into the user's state directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("MV2_DEBUG", raising=False)
        patch.setenv("MV2_EMBEDDER", "none")  # texts are embedded only where a test asks for it
        yield


@pytest.fixture(scope="session")
def command_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which ``mv2`` and ``python`` are those of this test run."""
    folder = tmp_path_factory.mktemp("bin")
    python = shlex.quote(sys.executable)
    for name, line in (("mv2", f'exec {python} -m mv2 "$@"'), ("python", f'exec {python} "$@"')):
        script = folder / name
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
    source = Path(__file__).parents[1] / "src"
    known = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": f"{known}{os.pathsep}{source}" if known else str(source),
        "NO_COLOR": "1",
        "COLUMNS": "96",
    }
