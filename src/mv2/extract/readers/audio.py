"""Recordings: their tags, length and format. The text is description, chapters and lyrics.

``bitrate`` of the metadata counts bits, ``sample_rate`` samples per second.
"""

from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from mv2.errors import DocumentError, DocumentLimitError, MissingExtraError, UnsupportedDocumentError
from mv2.extract.builder import TextBuilder
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._audio_chapters import chapters_of
from mv2.extract.readers._office import language_of, readable, seconds_of, tidy

__all__ = ["read"]

_DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error),
)
_ENDINGS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "audio/aiff": "aiff",
    "audio/x-ms-wma": "wma",
}
# What the media type of tinytag says of the codec.
_CODECS = {
    "1": "pcm",
    "3": "pcm float",
    "none": "pcm",
    "sowt": "pcm",
    "161": "wma",
    "162": "wma pro",
    "353": "wma",
}
_FACTS = {
    "artist": ("artist",),
    "album": ("album",),
    "album_artist": ("albumartist",),
    "composer": ("composer",),
    "genre": ("genre",),
    "year": ("year", "date"),
    "track": ("track",),
    "disc": ("disc",),
    "publisher": ("publisher",),
    "copyright": ("copyright",),
    "comment": ("comment", "_comment"),
}
_DESCRIPTIONS = ("description", "synopsis", "podcastdesc", "comment", "_comment", "desc", "ldes")
_LYRICS = ("lyrics", "uslt", "unsyncedlyrics", "syncedlyrics")
_TIMED = re.compile(r"\[(\d{1,3}):([0-5]\d)(?:[.:](\d{1,3}))?\](.*)")
_LABEL = re.compile(r"\[[a-z#]{2,10}:.*\]")
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read what a recording says about itself; it is not decoded.

    Raises:
        MissingExtraError: tinytag is not installed.
        UnsupportedDocumentError: the format is not known.
        DocumentError: it is damaged.
    """
    tags = _adts(source.data) or _tags(source)
    values = {name: _values(value) for name, value in tags.items()}
    duration = tags.get("duration")
    if not isinstance(duration, (int, float)) or not math.isfinite(duration) or duration <= 0:
        duration = None
    facts = _format(tags, source.data, duration)
    named = {name: _first(values, keys) for name, keys in _FACTS.items()}
    facts |= {name: text for name, text in named.items() if text}
    builder = TextBuilder()
    description = _longest(values, _DESCRIPTIONS)
    builder.add("paragraph", description)
    chapters = chapters_of(source.data, values, duration)
    for at, (start, end, title) in enumerate(chapters):
        place = (start, end if end is not None else start)
        builder.add("list", f"- {_clock(start)} {' '.join(readable(title).split())}", level=1, seconds=place,
                    joint="\n" if at else "\n\n")  # fmt: skip
    if chapters:
        facts["chapters"] = [[start, end, readable(title)] for start, end, title in chapters]
    _add_lyrics(builder, _longest(values, _LYRICS), duration)
    if len(builder) > options.limits.text_chars:
        raise DocumentLimitError(
            f"has more than {options.limits.text_chars:,} characters of text (limit text_chars)"
        )
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        title=_first(values, ("title",)) or None,
        author=named["artist"] or None,
        language=language_of(_first(values, ("language",))),
        created=seconds_of(named["year"]),
        metadata=facts,
    )


def _tags(source: Source) -> dict[str, Any]:
    try:
        from tinytag import TinyTag, TinyTagException, UnsupportedFormatError
    except ImportError as error:
        raise MissingExtraError(
            "reading audio documents needs the package 'tinytag'", remedy="pip install 'mv2[media]'"
        ) from error
    name = f"a.{_ENDINGS[source.mime]}" if source.mime in _ENDINGS else source.name
    try:
        tag = TinyTag.get(filename=name or None, file_obj=io.BytesIO(source.data))
    except UnsupportedFormatError as error:
        if source.mime in _ENDINGS:
            raise DocumentError("the recording is damaged: its header cannot be read") from error
        raise UnsupportedDocumentError(
            f"recordings of the type {source.mime or 'unknown'} cannot be read"
        ) from error
    except (TinyTagException, *_DAMAGE) as error:
        raise DocumentError(f"the recording is damaged: {error}") from error
    found = {name: value for name, value in tag.as_dict().items() if value not in (None, "", [])}
    if not found.get("duration") and not found.get("title") and not found.get("samplerate"):
        raise DocumentError("the recording is damaged: nothing in it can be read")
    return found


def _values(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for text in (tidy(str(item)) for item in items if item is not None) if text)


def _first(values: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """All values of the first of these tags that has any, on one line."""
    for name in names:
        if values.get(name):
            return " ".join(", ".join(dict.fromkeys(values[name])).split())[:1_000]
    return ""


def _longest(values: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    found = ["\n\n".join(dict.fromkeys(values[name])) for name in names if values.get(name)]
    return max(found, key=len, default="")


def _format(tags: Mapping[str, Any], data: bytes, duration: float | None) -> dict[str, Any]:
    kind, _, codec = str(tags.get("mime_type") or "").partition(";")
    codec = codec.partition("=")[2].strip(' "').lower()
    codec = "aac" if codec.startswith("mp4a") else _CODECS.get(codec, codec) or kind.rpartition("/")[2]
    facts: dict[str, Any] = {"codec": "mp3" if codec == "mpeg" else codec} if codec else {}
    channels = _mp4_channels(data) if codec == "aac" and data[4:8] == b"ftyp" else tags.get("channels")
    bitrate = tags.get("bitrate")
    more = {
        "duration_seconds": duration and round(duration, 3),
        "sample_rate": tags.get("samplerate"),
        "channels": channels,
        "bits_per_sample": tags.get("bitdepth"),
    }
    if isinstance(bitrate, (int, float)) and math.isfinite(bitrate):
        more["bitrate"] = round(bitrate * 1000)
    facts |= {name: value for name, value in more.items() if value}
    return facts


def _mp4_channels(data: bytes) -> int | None:
    """Channels as the decoder is told; the field meant for them is 2 in most files, whatever they hold."""
    at = data.find(b"esds")
    if at < 0:
        return None
    at += 8
    for tag, skipped in ((3, 3), (4, 13), (5, 0)):
        if data[at : at + 1] != bytes([tag]):
            return None
        at += 1
        while at < len(data) and data[at] & 0x80:
            at += 1
        at += 1 + skipped
    bits = int.from_bytes(data[at : at + 2], "big")
    channels = bits >> 3 & 0xF
    return {7: 8}.get(channels, channels) if 1 <= channels <= 7 and bits >> 7 & 0xF != 0xF else None


def _adts(data: bytes) -> dict[str, Any]:
    """Facts of AAC frames that stand by themselves; empty if it is something else."""
    at = frames = 0
    while data[at : at + 1] == b"\xff" and at + 7 <= len(data) and data[at + 1] & 0xF6 == 0xF0:
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        rate = data[at + 2] >> 2 & 0xF
        if size < 7 or rate >= len(_ADTS_RATES):
            break
        frames += 1
        at += size
    if frames < 2:
        return {}
    rate = _ADTS_RATES[data[2] >> 2 & 0xF]
    seconds = frames * 1024 / rate
    return {
        "mime_type": "audio/aac",
        "duration": seconds,
        "samplerate": rate,
        "channels": (data[2] & 1) << 2 | data[3] >> 6,
        "bitrate": at * 8 / seconds / 1000,
    }


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _add_lyrics(builder: TextBuilder, lyrics: str, duration: float | None) -> None:
    """Stanzas; lines with a time before them are blocks of their own that know it."""
    lines = [line.strip() for line in lyrics.split("\n")]
    timed = [(found, line) for line in lines if (found := _TIMED.fullmatch(line)) is not None]
    if len(timed) * 2 <= sum(map(bool, lines)):
        for stanza in re.split(r"\n{2,}", "\n".join(lines)):
            builder.add("paragraph", stanza)
        return
    starts = [
        int(found[1]) * 60 + int(found[2]) + (float(f"0.{found[3]}") if found[3] else 0.0)
        for found, _ in timed
    ]
    ends = [*starts[1:], duration or starts[-1]]
    joint = "\n\n"
    for (found, _), start, end in zip(timed, starts, ends, strict=True):
        words = _TIMED.sub(r"\4", found[4]).strip()
        if words and not _LABEL.fullmatch(words):
            builder.add("record", words, seconds=(start, max(start, end)), joint=joint)
            joint = "\n"
