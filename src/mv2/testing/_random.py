"""Random choices that come out the same for the same seed."""

from __future__ import annotations

import random


def chooser(*seed: object) -> random.Random:
    """A source of choices that depends on ``seed`` only (not on the process's hash seed)."""
    return random.Random(repr(seed))  # noqa: S311 - choices of test cases, not secrets
