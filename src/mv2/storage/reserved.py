"""Metadata keys that are ours: kept in a frame's metadata map, hidden from users.

All of them start with ``mv2:``. They survive the original engine, which carries the
map as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "mv2:"
#: In log records only; in frames the moment stands in ``anchor_ts``.
PUT_AT = "mv2:put_at"
DELETED_AT = "mv2:deleted_at"
REPLACED_AT = "mv2:replaced_at"
#: The model that made the frame's vector.
MODEL = "mv2:model"
#: The model of vectors that frames got after they were put; the newest of those frames has it.
LATER_MODEL = "mv2:model_later"
#: The frame's content is not its text: that was extracted from it, and stands in ``search_text`` or in
#: the chunks. The value names the reader.
EXTRACTED = "mv2:extracted"
#: Media type of text that the format's own field must call ``text/plain``.
MIME = "mv2:mime"
#: Where a document came from: JSON, see ``ingest/origins.py``.
ORIGIN = "mv2:origin"
#: Where a chunk stands in its document: JSON, see ``ingest/places.py``.
PLACE = "mv2:place"
#: ``<frames there were>.<number of the commit that holds it>``; without the number while it is pending.
RETIRED = "mv2:retired"


def seconds(values: dict[str, str], key: str) -> int | None:
    """The time under ``key``, or None when it is absent or not a number."""
    text = values.get(key)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return None


def mime_of(mime: str | None, metadata: Mapping[str, str]) -> str | None:
    """The media type of a frame, given that of the format's own field and its metadata."""
    return metadata.get(MIME, mime)


def retired_text(position: int, generation: int | None) -> str:
    """The value under RETIRED: how many frames there were when a frame stopped being active,
    and the commit that holds it, None while none does.
    """
    return str(position) if generation is None else f"{position}.{generation}"


def retired_place(values: dict[str, str]) -> tuple[int, int | None] | None:
    """(frames there were, commit) under RETIRED, or None when it is absent or not that."""
    first, dot, second = values.get(RETIRED, "").partition(".")
    try:
        return int(first), int(second) if dot else None
    except ValueError:
        return None


def committed_by(values: dict[str, str], generation: int) -> dict[str, str]:
    """The metadata of a frame that a commit takes in: an end that was pending gets the commit's number."""
    place = retired_place(values) if RETIRED in values else None
    if place is None or place[1] is not None:
        return values
    return {**values, RETIRED: retired_text(place[0], generation)}
