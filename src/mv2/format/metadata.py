"""Records nested in frames and log entries: media metadata and chunk ranges."""

from __future__ import annotations

from dataclasses import field
from struct import Struct
from typing import TYPE_CHECKING

from mv2._record import dataclass
from mv2.format import _codec as c

if TYPE_CHECKING:
    from mv2.format._codec import Buffer

MAX_CHUNKS = 1 << 20
MAX_AUDIO_SEGMENTS = 1 << 20
MAX_COLORS = 4096
MAX_STRING = 1 << 29

_GPS = Struct("<dd")
_SEGMENT = Struct("<ff")
_CHUNK = Struct("<QQ")
_EIGHT_ABSENT = bytes(8)


@dataclass(slots=True)
class TextChunkManifest:
    """Ranges of a document's text; ``chunks`` are (start, end) in characters, end excluded."""

    chunk_chars: int
    chunks: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Gps:
    """Degrees, north and east positive."""

    latitude: float
    longitude: float


@dataclass(slots=True)
class Exif:
    """What a camera wrote."""

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    datetime: str | None = None
    gps: Gps | None = None


@dataclass(slots=True)
class AudioSegment:
    """A part of a recording; ``start`` and ``end`` in seconds (f32)."""

    start: float
    end: float
    label: str | None = None


@dataclass(slots=True)
class Audio:
    """What is known of a recording."""

    duration_secs: float | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None
    bitrate_kbps: int | None = None
    codec: str | None = None
    segments: list[AudioSegment] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Media:
    """What is known of a media file; ``bytes`` is its size."""

    kind: str
    mime: str
    bytes: int
    filename: str | None = None
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None


@dataclass(slots=True)
class DocMetadata:
    """What is known about a document's bytes; ``bytes`` is their number."""

    mime: str | None = None
    bytes: int | None = None
    hash: str | None = None
    width: int | None = None
    height: int | None = None
    colors: list[str] | None = None
    caption: str | None = None
    exif: Exif | None = None
    audio: Audio | None = None
    media: Media | None = None


# Chunk manifests


def encode_chunk_manifest(manifest: TextChunkManifest) -> bytes:
    """Return the manifest's bytes, without an option tag."""
    parts = [_CHUNK.pack(manifest.chunk_chars, len(manifest.chunks))]
    parts += [_CHUNK.pack(start, end) for start, end in manifest.chunks]
    return b"".join(parts)


def decode_chunk_manifest(reader: c.Reader) -> TextChunkManifest:
    """Read a manifest of at most MAX_CHUNKS ranges."""
    chars = reader.u64()
    count = reader.count(_CHUNK.size, MAX_CHUNKS)
    raw = reader.raw(count * _CHUNK.size)
    return TextChunkManifest(chars, [(start, end) for start, end in _CHUNK.iter_unpack(raw)])


def skip_chunk_manifest(buf: Buffer, position: int, end: int) -> int:
    """Return the position behind the manifest at ``position``."""
    reader = c.Reader(buf, position, end)
    reader.u64()
    count = reader.count(_CHUNK.size, MAX_CHUNKS)
    return reader.position + count * _CHUNK.size


# Media metadata


def plain_text() -> DocMetadata:
    """The metadata of plain text, of which nothing else is known."""
    return DocMetadata("text/plain")


def encode_metadata(value: DocMetadata) -> bytes:
    """Return the metadata's bytes, without an option tag."""
    text = c.put_optional_text
    return b"".join(
        (
            text(value.mime),
            c.put_optional_u64(value.bytes),
            text(value.hash),
            c.put_optional_u32(value.width),
            c.put_optional_u32(value.height),
            c.put_optional(value.colors, c.put_texts),
            text(value.caption),
            c.put_optional(value.exif, _encode_exif),
            c.put_optional(value.audio, _encode_audio),
            c.put_optional(value.media, _encode_media),
        )
    )


def _encode_exif(value: Exif) -> bytes:
    text = c.put_optional_text
    texts = (text(value.make), text(value.model), text(value.lens), text(value.datetime))
    return b"".join((*texts, c.put_optional(value.gps, _encode_gps)))


def _encode_gps(value: Gps) -> bytes:
    return _GPS.pack(value.latitude, value.longitude)


def _encode_segment(value: AudioSegment) -> bytes:
    return _SEGMENT.pack(value.start, value.end) + c.put_optional_text(value.label)


def _encode_audio(value: Audio) -> bytes:
    return b"".join(
        (
            c.put_optional(value.duration_secs, c.F32.pack),
            c.put_optional_u32(value.sample_rate_hz),
            c.put_optional(value.channels, lambda n: bytes((n,))),
            c.put_optional_u32(value.bitrate_kbps),
            c.put_optional_text(value.codec),
            c.put_list(value.segments, _encode_segment),
            c.put_pairs(value.tags),
        )
    )


def _encode_media(value: Media) -> bytes:
    return b"".join(
        (
            c.put_text(value.kind),
            c.put_text(value.mime),
            c.U64.pack(value.bytes),
            c.put_optional_text(value.filename),
            c.put_optional_u64(value.duration_ms),
            c.put_optional_u32(value.width),
            c.put_optional_u32(value.height),
            c.put_optional_text(value.codec),
        )
    )


def decode_metadata(r: c.Reader) -> DocMetadata:
    """Read metadata."""
    return DocMetadata(
        mime=r.optional_string(MAX_STRING),
        bytes=r.option(r.u64),
        hash=r.optional_string(MAX_STRING),
        width=r.option(r.u32),
        height=r.option(r.u32),
        colors=r.option(lambda: r.strings(MAX_COLORS, MAX_STRING)),
        caption=r.optional_string(MAX_STRING),
        exif=r.option(lambda: _decode_exif(r)),
        audio=r.option(lambda: _decode_audio(r)),
        media=r.option(lambda: _decode_media(r)),
    )


def _decode_exif(r: c.Reader) -> Exif:
    return Exif(
        make=r.optional_string(MAX_STRING),
        model=r.optional_string(MAX_STRING),
        lens=r.optional_string(MAX_STRING),
        datetime=r.optional_string(MAX_STRING),
        gps=r.option(lambda: Gps(*r.unpack(_GPS))),
    )


def _decode_audio(r: c.Reader) -> Audio:
    return Audio(
        duration_secs=r.option(r.f32),
        sample_rate_hz=r.option(r.u32),
        channels=r.option(r.u8),
        bitrate_kbps=r.option(r.u32),
        codec=r.optional_string(MAX_STRING),
        segments=r.sequence(
            lambda: AudioSegment(*(*r.unpack(_SEGMENT), r.optional_string(MAX_STRING))), 9, MAX_AUDIO_SEGMENTS
        ),
        tags=r.pairs(c.MAX_MAP, MAX_STRING),
    )


def _decode_media(r: c.Reader) -> Media:
    return Media(
        kind=r.string(MAX_STRING),
        mime=r.string(MAX_STRING),
        bytes=r.u64(),
        filename=r.optional_string(MAX_STRING),
        duration_ms=r.option(r.u64),
        width=r.option(r.u32),
        height=r.option(r.u32),
        codec=r.optional_string(MAX_STRING),
    )


def skip_metadata(buf: Buffer, position: int, end: int) -> int:
    """Return the position behind the metadata at ``position``."""
    reader = c.Reader(buf, position, end)
    if reader.bool_():
        size = reader.count(1, MAX_STRING)
        reader.position += size
    if reader.bool_():
        reader.u64()
    # Usually nothing but the mime type and the length is known: eight empty options follow.
    place = reader.position
    if reader.remaining >= 8 and buf[place : place + 8] == _EIGHT_ABSENT:
        return place + 8
    reader.position = position
    decode_metadata(reader)
    return reader.position


PLAIN_TEXT = b"\1" + encode_metadata(plain_text())
"""The most frequent metadata as it stands in a frame, option tag included; recognised as a whole."""
