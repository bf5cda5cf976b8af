"""Fixtures of the tests against the original engine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from peer import Peer
from peer_env import PEER_VERSION, PeerMissingError, find_peer_python, peer_is_declined
from stories import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenarios import Scenario

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.peer)


def _why_missing() -> str:
    try:
        find_peer_python()
    except PeerMissingError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session")
def running_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    if peer_is_declined():
        pytest.skip("MV2_NO_PEER is set: nothing is tested against the original engine on this machine")
    missing = _why_missing()
    if missing:
        pytest.fail(missing, pytrace=False)
    with Peer(tmp_path_factory.mktemp("peer-home")) as peer:
        version = peer.call("info")["version"]
        if version != PEER_VERSION:
            pytest.fail(f"The peer is version {version}, not {PEER_VERSION}. Run `make peer`.", pytrace=False)
        yield peer


@pytest.fixture
def peer(running_peer: Peer) -> Iterator[Peer]:
    """The original engine with no memory open."""
    yield running_peer
    running_peer.reset()


BuiltFile = tuple[Path, Story]


@pytest.fixture(scope="session")
def built_scenario(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], BuiltFile]:
    """Builds a scenario once; the file must not be changed."""
    ready: dict[str, BuiltFile] = {}

    def build(scenario: Scenario) -> BuiltFile:
        if scenario.name not in ready:
            path = tmp_path_factory.mktemp(scenario.name) / f"{scenario.name}.mv2"
            ready[scenario.name] = (path, scenario.build(path))
        return ready[scenario.name]

    return build


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path, str], Path]:
    """Copies a file into a directory of its own, where neighbours would be seen."""

    def copy(path: Path, name: str) -> Path:
        directory = tmp_path / name
        directory.mkdir()
        return Path(shutil.copy(path, directory / path.name))

    return copy
