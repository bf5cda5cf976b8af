"""From a record to log entries, every detail kept."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mv2.errors import InvalidArgumentError
from mv2.format.frame import ROLE_CHUNK, ROLE_DOCUMENT, ROLE_IMAGE
from mv2.format.metadata import Audio, AudioSegment, DocMetadata, Exif, Gps, Media
from mv2.format.metadata import encode_metadata as encode_media
from mv2.format.wal import FrameEntry
from mv2.ingest.documents import Prepared, name_model, optional_text, prepare, read_texts
from mv2.ingest.metadata import check_mapping, encode_metadata
from mv2.ingest.records import Record, RecordChunk
from mv2.ingest.times import to_seconds
from mv2.ingest.vectors import vector_bytes
from mv2.storage.reserved import MIME, PREFIX, PUT_AT
from mv2.types import Chunk, Document

ROLES: Final = {"document": ROLE_DOCUMENT, "chunk": ROLE_CHUNK, "image": ROLE_IMAGE}


def prepared_record(record: Record, uri: str | None) -> Prepared:
    """A record encoded as ``prepare`` encodes a document, every detail kept.

    Raises:
        InvalidArgumentError: and its kinds, for values that can never be stored.
    """
    if record.role not in ROLES or record.status not in ("active", "superseded", "deleted"):
        raise InvalidArgumentError(
            f"record {record.id} has role {record.role!r} and status {record.status!r}"
        )
    chunks = [
        Chunk(text=chunk.text, start=chunk.start, end=chunk.end, kind=chunk.kind, place=chunk.place)
        for chunk in record.chunks
    ]
    document = Document(
        content=record.content,
        uri=uri,
        title=record.title,
        tags=record.tags,
        labels=record.labels,
        metadata=record.metadata,
        timestamp=record.timestamp,
        track=record.track,
        kind=record.kind,
        mime=record.mime,
        source_path=record.source_path,
        text=record.text,
        chunks=chunks,
        content_dates=record.content_dates,
        origin=record.origin,
    )
    prepared = prepare(document, put_at=record.put_at)
    head = prepared.head
    head.role = ROLES[record.role]
    if record.mime is None:
        head.metadata = None
    if record.media:
        head.metadata = _media(head.metadata, record.media)
    if record.digest is not None and not chunks:
        head.source_sha256 = _digest(record)
    if head.chunk_manifest is not None:
        head.chunk_manifest = replace(head.chunk_manifest, chunk_chars=record.chunk_size)
    if record.put_at is None:
        for entry in prepared.entries:
            _put_at(entry, None)
    _give_vector(head, record)
    for entry, chunk in zip(prepared.entries[1:], record.chunks, strict=True):
        _apply_own(entry, chunk.own)
        _give_vector(entry, chunk)
    return prepared


def _give_vector(entry: FrameEntry, piece: Record | RecordChunk) -> None:
    if piece.vector is not None:
        entry.embedding = vector_bytes(piece.vector)
        if piece.vector_model:
            name_model(entry, piece.vector_model)


def _digest(record: Record) -> bytes:
    try:
        value = bytes.fromhex(record.digest or "")
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InvalidArgumentError(f"the digest of record {record.id} is not 64 hexadecimal digits")
    return value


def _put_at(entry: FrameEntry, moment: int | None) -> None:
    values = {key: value for key, value in entry.extra_metadata.items() if key != PUT_AT}
    entry.extra_metadata = values if moment is None else {**values, PUT_AT: str(moment)}


def _apply_own(entry: FrameEntry, own: Mapping[str, Any]) -> None:
    """Give a chunk the fields in which it is not as the other chunks of documents are."""
    for name, value in own.items():
        match name:
            case "uri" | "title" | "kind" | "track":
                setattr(entry, name, optional_text(value, name))
            case "tags" | "labels" | "content_dates":
                setattr(entry, name, read_texts(value, name))
            case "timestamp":
                entry.timestamp = to_seconds(value)
            case "put_at":
                _put_at(entry, None if value is None else to_seconds(value))
            case "mime":
                _own_mime(entry, optional_text(value, "mime"))
            case "metadata":
                ours = {key: text for key, text in entry.extra_metadata.items() if key.startswith(PREFIX)}
                entry.extra_metadata = {**encode_metadata(check_mapping(value)), **ours}
            case "deleted_at":
                pass
            case _:
                raise InvalidArgumentError(f"a chunk has no field {name!r} of its own")


def _own_mime(entry: FrameEntry, mime: str | None) -> None:
    entry.extra_metadata = {key: text for key, text in entry.extra_metadata.items() if key != MIME}
    entry.metadata = None if mime is None else DocMetadata(mime=mime)


def _media(known: DocMetadata | None, values: Mapping[str, Any]) -> DocMetadata:
    """The format's own media field, made of a record's dictionary.

    Raises:
        InvalidArgumentError: it holds something else than such a field can.
    """
    given = dict(values)
    try:
        exif, audio, media = (given.pop(name, None) for name in ("exif", "audio", "media"))
        if exif is not None:
            gps = exif.get("gps")
            exif = Exif(**{**exif, "gps": None if gps is None else Gps(**gps)})
        if audio is not None:
            segments = [AudioSegment(**segment) for segment in audio.get("segments", ())]
            audio = Audio(**{**audio, "segments": segments, "tags": dict(audio.get("tags", {}))})
        media = None if media is None else Media(**media)
        mime = None if known is None else known.mime
        made = DocMetadata(mime=mime, exif=exif, audio=audio, media=media, **given)
        encode_media(made)
        return made
    except (TypeError, ValueError, AttributeError, struct.error) as error:
        raise InvalidArgumentError(f"the media data of a record cannot be stored: {error}") from error
