"""The text of a frame's document itself, also where another writer glued lines to it.

The original's ``search_text`` is the text followed by one line each for
title, uri, track, tags, labels, metadata and dates (docs/format.md, "Search
text"). People want the text alone.
"""

from __future__ import annotations

from mv2.format.frame import ROLE_CHUNK, FrameRecord
from mv2.storage.reserved import EXTRACTED


def _glued_lines(record: FrameRecord) -> list[str]:
    """The lines the original appends, in its order."""
    lines = []
    if record.title:
        lines.append(f"title: {record.title}")
    if record.uri:
        lines.append(f"uri: {record.uri}")
    if record.track:
        lines.append(f"track: {record.track}")
    if record.tags:
        lines.append(f"tags: {' '.join(record.tags)}")
    if record.labels:
        lines.append(f"labels: {' '.join(record.labels)}")
    lines += [f"{key}: {value}" for key, value in sorted(record.extra_metadata.items())]
    if record.content_dates:
        lines.append(f"dates: {' '.join(record.content_dates)}")
    return lines


def is_extracted(record: FrameRecord) -> bool:
    """Whether the text of a frame was extracted from its content, which is something else."""
    return EXTRACTED in record.extra_metadata


def content_in_chunks(record: FrameRecord) -> bool:
    """Whether the content of a document is that of its chunks, joined."""
    return (
        record.chunk_manifest is not None
        and record.payload_length == 0
        and record.role != ROLE_CHUNK
        and not is_extracted(record)
    )


def text_in_chunks(record: FrameRecord) -> bool:
    """Whether the text of a document stands in its chunks, so that it has none of its own to index."""
    return (
        record.chunk_manifest is not None
        and record.role != ROLE_CHUNK
        and (record.payload_length == 0 or is_extracted(record))
    )


def own_search_text(record: FrameRecord) -> str | None:
    """``search_text`` without the glued lines; None when the frame has none."""
    text = record.search_text
    if text is None or is_extracted(record):
        return text
    at = text.rfind("\nmetadata: {")
    if at >= 0 and "\n" not in text[at + 1 :]:
        text = text[:at]
    for line in reversed(_glued_lines(record)):
        if text.endswith(line) and (len(text) == len(line) or text[-len(line) - 1] == "\n"):
            text = text[: -len(line)].removesuffix("\n")
    return text
