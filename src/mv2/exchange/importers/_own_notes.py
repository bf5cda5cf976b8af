"""Notes that ``export`` wrote: the documents that they were made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from mv2.exchange.importers._own import exact_seconds
from mv2.types import Document

ATTACHMENTS: Final = "attachments"
#: Fields that every note of an export has, and all it may have.
_SIGNS: Final = frozenset({"uri", "timestamp"})
_FIELDS: Final = _SIGNS | {
    "title", "tags", "labels", "kind", "track", "put_at", "mime", "source", "attachment", "metadata",
}  # fmt: skip
_MARK: Final = "---"


@dataclass(frozen=True, slots=True)
class OwnNote:
    """A note.

    Attributes:
        document: with the text behind the front matter as its content.
        attachment: path of the file with its content, where that is no text.
    """

    document: Document
    attachment: str | None


def own_note(text: str) -> OwnNote | None:
    """The document of a note; None for a note of another making.

    Front matter of an export has its own fields and no other, each in a line with a value in JSON.
    Editors change that when they change a field; then it is a note like any other.
    """
    front, end = _front(text)
    if not set(front) >= _SIGNS or not all(map(_is_as_written, front, front.values())):
        return None
    body, attachment = text[end:], front.get("attachment")
    body = body.removeprefix("\r\n") if body.startswith("\r\n") else body.removeprefix("\n")
    if attachment is not None:
        link, _, body = body.partition("\n")
        if not link.lstrip("!").startswith("["):
            return None
        body = body.removeprefix("\n")
    document = Document(
        content=body,
        uri=front["uri"],
        title=front.get("title"),
        kind=front.get("kind"),
        track=front.get("track"),
        tags=tuple(front.get("tags") or ()),
        labels=tuple(front.get("labels") or ()),
        timestamp=exact_seconds(front["timestamp"]),
        mime=front.get("mime"),
        source_path=front.get("source"),
        metadata=front.get("metadata") or {},
    )
    return OwnNote(document, attachment)


def _is_as_written(name: str, value: Any) -> bool:
    if name in ("tags", "labels"):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, dict if name == "metadata" else str)


def _front(text: str) -> tuple[dict[str, Any], int]:
    """The fields of the front matter and where it ends; none where it is not that of an export."""
    if not text.startswith(_MARK):
        return {}, 0
    found: dict[str, Any] = {}
    at = text.find("\n") + 1
    while 0 < at < len(text):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)].removesuffix("\r")
        at = end + 1
        if line == _MARK:
            return found, at
        name, colon, value = line.partition(": ")
        if not colon or name not in _FIELDS:
            return {}, 0
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            return {}, 0
    return {}, 0
