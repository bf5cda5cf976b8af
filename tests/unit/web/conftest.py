from __future__ import annotations

from collections.abc import Iterator

import pytest
from _web_server import Site, site


@pytest.fixture
def server() -> Iterator[Site]:
    with site() as served:
        yield served
