"""Metadata values: JSON in the file, Python values for people.

The file's metadata map holds strings. Each value is stored as JSON text, as
the original's bindings do, so that types come back as they were given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mv2.errors import InvalidArgumentError, LimitError
from mv2.storage.reserved import PREFIX
from mv2.storage.user_metadata import decode_metadata, decode_value

__all__ = ["MAX_ENTRIES", "check_mapping", "decode_metadata", "encode_metadata"]

#: The track of tables and their rows.
TABLES = "tables"
#: The format ends at 4,096 entries a frame; some are kept for our own keys.
MAX_ENTRIES = 4096 - 8

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def check_mapping(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The metadata given, None meaning none.

    Raises:
        InvalidArgumentError: it is no mapping.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidArgumentError(f"metadata is {type(values).__name__}, not a dictionary")
    return values


def encode_metadata(values: Mapping[str, Any], track: str | None = None) -> dict[str, str]:
    """JSON text by key.

    In the track of tables a string stands as it is where that cannot be taken for something else:
    the original engine looks tables up by their id so.

    Raises:
        InvalidArgumentError: a key is not a string or is reserved, or a value is not JSON.
        LimitError: more entries than a frame can hold.
    """
    encoded: dict[str, str] = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise InvalidArgumentError(f"metadata key {key!r} is not a string")
        if key.startswith(PREFIX):
            raise InvalidArgumentError(
                f"metadata key {key!r} is reserved",
                remedy=f"Keys starting with {PREFIX} belong to the engine.",
            )
        if not key.isascii():
            _check_text(key)
        text = _encode_value(key, value)
        encoded[key] = value if track == TABLES and _is_plain(value) else text
    if len(encoded) > MAX_ENTRIES:
        raise LimitError(f"{len(encoded)} metadata entries are more than the {MAX_ENTRIES} a frame can hold")
    return encoded


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and decode_value(value) is value


def _check_text(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(
            f"metadata key {key!r} holds a lone surrogate at character {error.start}"
        ) from error


def _encode_value(key: str, value: Any) -> str:
    _check_keys(key, value)
    try:
        text = _encode(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(
            f"the metadata value of {key!r} is not JSON: {error}",
            remedy="Use strings, finite numbers, booleans, None, lists and dicts with string keys.",
        ) from error
    return text


def _check_keys(key: str, value: Any, depth: int = 0) -> None:
    """JSON would turn other keys into strings without a word."""
    if isinstance(value, Mapping):
        for inner, item in value.items():
            if not isinstance(inner, str):
                raise InvalidArgumentError(
                    f"the metadata value of {key!r} has the key {inner!r}, not a string"
                )
            if depth < 100:
                _check_keys(key, item, depth + 1)
    elif isinstance(value, list | tuple) and depth < 100:
        for item in value:
            _check_keys(key, item, depth + 1)
