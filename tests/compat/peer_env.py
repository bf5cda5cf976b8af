"""Where the original engine lives: an environment of its own, never the project's."""

from __future__ import annotations

import os
from pathlib import Path

PEER_VERSION = "2.0.160"
_REPOSITORY = Path(__file__).resolve().parents[2]


class PeerMissingError(RuntimeError):
    """The environment with the original engine does not exist."""


def peer_is_declined() -> bool:
    """Whether this machine said that it has no original engine (``MV2_NO_PEER=1``)."""
    return os.environ.get("MV2_NO_PEER", "") not in ("", "0")


def find_peer_python() -> Path:
    """The Python that has the original engine installed: ``MV2_PEER_PYTHON``, else ``.venv-peer``."""
    named = os.environ.get("MV2_PEER_PYTHON")
    python = Path(named) if named else _REPOSITORY / ".venv-peer" / "bin" / "python"
    if not python.exists():
        where = f"MV2_PEER_PYTHON={named}" if named else str(python)
        raise PeerMissingError(
            f"The original engine is not installed ({where} does not exist). Run `make peer`; "
            "where it has no wheel, set MV2_NO_PEER=1 to skip these tests visibly."
        )
    return python


def peer_environment(home: Path) -> dict[str, str]:
    """Variables for the peer process: offline, no telemetry, no keys, a home of its own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MEMVID_TELEMETRY": "0",
        "MEMVID_OFFLINE": "1",
    }
