"""Metadata keys that are ours: kept in a frame's metadata map, hidden from users.

All of them start with ``mv2:`` and hold whole UTC seconds in decimal, so that
they survive the original engine, which carries the map as it is.
"""

from __future__ import annotations

PREFIX = "mv2:"
#: In log records only; in frames the moment stands in ``anchor_ts``.
PUT_AT = "mv2:put_at"
DELETED_AT = "mv2:deleted_at"
REPLACED_AT = "mv2:replaced_at"


def seconds(values: dict[str, str], key: str) -> int | None:
    """The time under ``key``, or None when it is absent or not a number."""
    text = values.get(key)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return None
