"""Metadata values: JSON text in the file, Python values for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mv2.storage.reserved import PREFIX


def decode_value(text: str) -> Any:
    """The value a stored text stands for; text that is not JSON is the value itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def decode_metadata(stored: Mapping[str, str]) -> dict[str, Any]:
    """Values by key, without reserved keys; text that is not JSON comes back as it is."""
    if not stored:
        return {}
    return {key: decode_value(text) for key, text in stored.items() if not key.startswith(PREFIX)}
