"""The harness that reads the sets and judges rankings: a file of its own, loaded from where it is."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType


def find(given: str) -> str | None:
    """The harness's file, given it or the folder it is in."""
    path = os.path.join(given, "retrieval.py") if os.path.isdir(given) else given
    return os.path.abspath(path) if os.path.isfile(path) else None


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("retrieval_harness", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look themselves up
    spec.loader.exec_module(module)
    return module


def sets_in(data: str) -> list[str]:
    """Names of the sets in a folder, as ``load_set`` of the harness takes them."""
    if not os.path.isdir(data):
        return []
    known = ("locomo", "cranfield")
    return [
        name
        for name in sorted(os.listdir(data))
        if any(name == stem or name.startswith(f"{stem}-") for stem in known)
        or os.path.exists(os.path.join(data, name, "corpus.jsonl"))
    ]
