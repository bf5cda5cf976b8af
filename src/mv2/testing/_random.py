"""Random choices that come out the same for the same seed."""

from __future__ import annotations

import os
import random

#: Everything random in the suites follows from this number; ``MV2_SEED`` sets another one.
SEED = int(os.environ.get("MV2_SEED", "1"))


def chooser(*seed: object) -> random.Random:
    """A source of choices that depends on ``seed`` only (not on the process's hash seed)."""
    return random.Random(repr(seed))  # noqa: S311 - choices of test cases, not secrets
