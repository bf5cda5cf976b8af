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
from mv2.ingest.places import chunks_of, origin_of
from mv2.ingest.vectors import vector_values
from mv2.storage.reserved import EXTRACTED, MODEL, mime_of
from mv2.types import Chunk, Document, Vector


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
        extracted = EXTRACTED in head.extra_metadata
        raw = b"".join(_content_of(entry) for entry in (group[:1] if extracted else group))
        mime = mime_of(None if head.metadata is None else head.metadata.mime, head.extra_metadata)
        chunks = chunks_of(head.chunk_manifest, [(e.extra_metadata, _content_of(e)) for e in group[1:]])
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
            text=_text_of(head, chunks) if extracted else None,
            chunks=chunks or None,
            content_dates=tuple(head.content_dates),
            origin=origin_of(head.extra_metadata),
        )


def _text_of(head: FrameEntry, chunks: Sequence[Chunk]) -> str:
    """The text that was extracted from a document."""
    if not chunks:
        return head.search_text or ""
    return "".join(chunk.text[len(chunk.text) - (chunk.end - chunk.start) :] for chunk in chunks)


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
