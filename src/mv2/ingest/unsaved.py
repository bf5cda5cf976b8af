"""What a replaced file cost: log entries as the documents that people gave."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from mv2.format.compression import decompress
from mv2.format.frame import ROLE_CHUNK
from mv2.format.wal import OP_TOMBSTONE, FrameEntry
from mv2.ingest.documents import (
    MAX_FRAME_BYTES,
)
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.vectors import vector_values
from mv2.storage.reserved import MODEL
from mv2.types import Document, Vector


def documents_of(entries: Iterable[FrameEntry]) -> Iterator[Document]:
    """The documents that log entries stand for; chunks are joined into theirs."""
    groups: list[list[FrameEntry]] = []
    for entry in entries:
        if entry.op == OP_TOMBSTONE:
            continue
        if entry.role == ROLE_CHUNK and groups:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    for group in groups:
        head = group[0]
        raw = b"".join(_content_of(entry) for entry in group)
        mime = None if head.metadata is None else head.metadata.mime
        yield Document(
            content=_as_given(raw, mime),
            uri=head.uri,
            title=head.title,
            tags=tuple(head.tags),
            labels=tuple(head.labels),
            metadata=decode_metadata(head.extra_metadata),
            timestamp=head.timestamp,
            track=head.track,
            kind=head.kind,
            embedding=_vectors_of(group),
            embedding_model=_model_of(group),
            mime=mime,
            source_path=head.source_path,
        )


def _as_given(raw: bytes, mime: str | None) -> str | bytes:
    if (mime or "").startswith("text/"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode()
    return raw


def _content_of(entry: FrameEntry) -> bytes:
    if entry.canonical_encoding and entry.payload:
        return decompress(entry.payload, limit=entry.canonical_length or MAX_FRAME_BYTES)
    return entry.payload


def _model_of(group: Sequence[FrameEntry]) -> str | None:
    names = (entry.extra_metadata.get(MODEL) for entry in group if entry.embedding is not None)
    return next(names, None)


def _vectors_of(group: Sequence[FrameEntry]) -> Vector | list[Vector] | None:
    if group[0].embedding is not None:
        return vector_values(group[0].embedding)
    rows: list[Vector] = [vector_values(entry.embedding) for entry in group if entry.embedding is not None]
    return rows or None
