"""The engines that are compared, by name."""

from __future__ import annotations

from importlib import import_module

from benchmarks.engines._base import Engine

NAMES = ("mv2", "raw", "sqlite", "lancedb", "memvid")
#: Where each engine's packages are: the environment of mv2, or one of its own.
ENVIRONMENTS = {"mv2": "main", "raw": "main", "sqlite": "main", "lancedb": "bench", "memvid": "peer"}


def load(name: str) -> Engine:
    """The adapter of an engine; its packages are imported by ``warm`` or on first use."""
    module = import_module(f"benchmarks.engines._{name}")
    engine: Engine = module.ENGINE
    return engine
