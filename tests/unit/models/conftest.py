from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from stand_in import StandIn, stand_in

from mv2.models import _http

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OLLAMA_HOST", "CO_API_KEY", "COHERE_API_KEY", "CO_API_URL",
    "VOYAGE_API_KEY", "VOYAGE_BASE_URL", "JINA_API_KEY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service() -> Iterator[StandIn]:
    with stand_in() as made:
        yield made


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited between tries; none of them pass."""
    waited: list[float] = []
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=waited.append, time=time.time))
    return waited
