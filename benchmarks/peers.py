"""Which interpreter runs which engine, and making the environment of the peers."""

from __future__ import annotations

import os
import subprocess
import sys
import venv

from benchmarks.engines import ENVIRONMENTS

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCH = os.path.join(ROOT, ".venv-bench")
PEER = os.path.join(ROOT, ".venv-peer")
_IMPORTS = {"lancedb": "import lancedb, pyarrow", "memvid": "import memvid_sdk"}


def interpreter(engine: str) -> str | None:
    """The Python that has the engine's packages, or None when it is not installed."""
    kind = ENVIRONMENTS[engine]
    if kind == "main":
        return sys.executable
    python = os.path.join(BENCH if kind == "bench" else PEER, "bin", "python")
    if not os.path.exists(python):
        return None
    found = subprocess.run([python, "-c", _IMPORTS[engine]], capture_output=True, check=False)
    return python if found.returncode == 0 else None


def install() -> None:
    """Make ``.venv-bench`` and install the peers of requirements.txt into it."""
    venv.create(BENCH, clear=True, with_pip=True)
    python = os.path.join(BENCH, "bin", "python")
    wanted = os.path.join(ROOT, "benchmarks", "requirements.txt")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--only-binary", ":all:", "-r", wanted], check=True)
