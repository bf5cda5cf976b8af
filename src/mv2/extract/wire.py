"""What goes through the pipes between a program and its reader processes.

A message is a JSON header, preceded by its length, and raw bytes behind it. Nothing is
pickled: the process that read a hostile document is not trusted, so what comes back is
checked, field by field, before it becomes objects.
"""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from typing import IO, Any

from mv2 import errors
from mv2._record import dataclass
from mv2.extract._wire_checks import Wrong, extraction_from, is_of, number, place_from
from mv2.extract.detect import FileType
from mv2.extract.model import Block, Extraction, Limits, ReadOptions, Source, Table
from mv2.types import Chunk, Chunking, Place

__all__ = [
    "Outcome",
    "Reply",
    "Wrong",
    "config_from",
    "config_header",
    "decode_reply",
    "encode_failure",
    "encode_success",
    "error_of",
    "largest_reply",
    "pack",
    "read_message",
    "request_header",
    "write_message",
]

_LENGTHS = struct.Struct("<QQ")
_ROOM = 64 << 20
_RAISED = {
    name: getattr(errors, name)
    for name in (
        "DocumentError",
        "EncryptedDocumentError",
        "DocumentLimitError",
        "UnsupportedDocumentError",
        "MissingExtraError",
    )
}
_MOST_MESSAGE = 2000
# Memory that a list or a dictionary, and any other value takes, about.
_CONTAINER, _VALUE = 80, 32
# A process that keeps to its memory cannot have more in it; here it would fill that of the program.
_MOST_GROWTH = 4
_SMALL = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one document.

    Attributes:
        extraction: what is in it; None when there is an error.
        chunks: how its text is cut; None when it is kept whole.
        filetype: what it is; None when not even that was found out.
        reader: name of the reader that read it.
        seconds: time that reading and cutting took, without waiting.
        peak_bytes: the most memory its process had used until then; 0 where that is not known.
        error: why there is no extraction: a ``DocumentError`` or a ``MissingExtraError``.
    """

    extraction: Extraction | None = None
    chunks: tuple[Chunk, ...] | None = None
    filetype: FileType | None = None
    reader: str | None = None
    seconds: float = 0.0
    peak_bytes: int = 0
    error: errors.Error | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a reader process says.

    Attributes:
        retire: it wants to be replaced.
        broken: plug-ins it could not load, and why.
        size: bytes of the message.
    """

    outcome: Outcome
    retire: bool
    broken: dict[str, str]
    size: int


def pack(header: dict[str, Any]) -> bytes:
    """A header as it goes through the pipe, for ``write_message``.

    Raises:
        Wrong: it holds what JSON has no form for.
    """
    try:
        return json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    except (TypeError, ValueError) as error:
        raise Wrong(f"something that cannot be sent: {error}") from error


def write_message(stream: IO[bytes], header: bytes, *parts: bytes) -> None:
    """Send a header made by ``pack`` with bytes behind it."""
    stream.write(_LENGTHS.pack(len(header), sum(map(len, parts))))
    stream.write(header)
    for part in parts:
        stream.write(part)
    stream.flush()


def read_message(stream: IO[bytes], most: int) -> tuple[dict[str, Any], bytes] | None:
    """The next header and its bytes; None at the end of the stream.

    Raises:
        Wrong: it is cut off, no JSON object, longer than ``most`` bytes, or would take several times
            as many as objects.
    """
    start = stream.read(_LENGTHS.size)
    if not start:
        return None
    if len(start) < _LENGTHS.size:
        raise Wrong("a message that is cut off")
    length, raw_length = _LENGTHS.unpack(start)
    if length + raw_length > most:
        raise Wrong(f"a message of {length + raw_length:,} bytes")
    encoded, raw = stream.read(length), stream.read(raw_length)
    if len(encoded) < length or len(raw) < raw_length:
        raise Wrong("a message that is cut off")
    containers = encoded.count(b"[") + encoded.count(b"{")
    if _CONTAINER * containers + _VALUE * encoded.count(b",") > _MOST_GROWTH * max(most, _SMALL):
        raise Wrong("a message of far too many values")
    try:
        header = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise Wrong("a message that is no JSON") from error
    if not isinstance(header, dict):
        raise Wrong("a message that is no object")
    return header, raw


def largest_reply(limits: Limits) -> int:
    """Bytes that a reply may have: a process cannot send more than it may hold."""
    return limits.memory_bytes + _ROOM


def config_header(options: ReadOptions, chunking: Chunking, **more: Any) -> dict[str, Any]:
    """The first message to a process: how it reads."""
    plain = {one.name: getattr(options, one.name) for one in fields(options) if one.name != "limits"}
    limits = {one.name: getattr(options.limits, one.name) for one in fields(Limits)}
    cut = {one.name: getattr(chunking, one.name) for one in fields(chunking)}
    return {"options": plain, "limits": limits, "chunking": cut, **more}


def config_from(header: dict[str, Any]) -> tuple[ReadOptions, Chunking]:
    """Of a header made by ``config_header``."""
    limits = Limits(**header["limits"])
    return ReadOptions(limits=limits, **header["options"]), Chunking(**header["chunking"])


def request_header(number: int, source: Source) -> dict[str, Any]:
    """The message that asks for a document; its bytes go behind it."""
    return {"id": number, "name": source.name, "mime": source.mime}


def encode_failure(error: errors.Error) -> dict[str, Any]:
    """The part of a reply that stands for an error."""
    name = type(error).__name__
    if name not in _RAISED:
        name = "DocumentError"
    return {
        "error": {
            "class": name,
            "message": error.message[:_MOST_MESSAGE],
            "offset": error.offset,
            "remedy": error.remedy,
        }
    }


def encode_success(
    extraction: Extraction, chunks: tuple[Chunk, ...] | None
) -> tuple[dict[str, Any], list[bytes]]:
    """The part of a reply that stands for an extraction, and the bytes behind it.

    Raises:
        Wrong: a chunk does not end with the text it stands for.
    """
    text = extraction.text.encode("utf-8")
    if not all(isinstance(part.data, bytes) for part in extraction.parts):
        raise Wrong("a part whose data is no bytes")
    found: dict[str, Any] = {
        "text": len(text),
        "blocks": [_sparse(block, _BLOCK) for block in extraction.blocks],
        "tables": [_plain(table, _TABLE) for table in extraction.tables],
        "parts": [
            [part.name, len(part.data), part.mime, part.modified, dict(part.metadata)]
            for part in extraction.parts
        ],
        "metadata": dict(extraction.metadata),
        **_plain(extraction, _FACTS),
    }
    if chunks is not None:
        found["chunks"] = [_chunk_row(chunk, extraction.text) for chunk in chunks]
    return {"found": found}, [text, *(part.data for part in extraction.parts)]


_BLOCK = tuple(one for one in fields(Block) if one.name not in {"kind", "start", "end"})
_PLACE = tuple(fields(Place))
_TABLE = tuple(fields(Table))
_FACTS = tuple(
    one for one in fields(Extraction) if one.name not in {"text", "blocks", "tables", "parts", "metadata"}
)


def _sparse(item: Any, known: tuple[Any, ...]) -> list[Any]:
    row = [item.kind, item.start, item.end]
    if rest := _set_fields(item, known):
        row.append(rest)
    return row


def _set_fields(item: Any, known: tuple[Any, ...]) -> dict[str, Any]:
    values = ((one.name, getattr(item, one.name), one.default) for one in known)
    return {name: value for name, value, default in values if value is not default and value != default}


def _plain(item: Any, known: tuple[Any, ...]) -> dict[str, Any]:
    return {one.name: getattr(item, one.name) for one in known}


def _chunk_row(chunk: Chunk, text: str) -> list[Any]:
    own = text[chunk.start : chunk.end]
    if not chunk.text.endswith(own):
        raise Wrong(f"a chunk that does not end with the text from {chunk.start} to {chunk.end}")
    before = chunk.text[: len(chunk.text) - len(own)]
    return [before, chunk.start, chunk.end, chunk.kind, _set_fields(chunk.place, _PLACE)]


def decode_reply(header: dict[str, Any], raw: bytes, limits: Limits) -> Reply:
    """The objects a reply stands for.

    Raises:
        Wrong: a field is missing, of a wrong type or out of its range.
    """
    kind = header.get("type")
    filetype = None
    if kind is not None:
        mime, reader, encoding, shared = is_of(kind, list, "type", length=4)
        filetype = FileType(
            mime=is_of(mime, str, "mime"),
            reader=is_of(reader, str, "reader", none=True),
            encoding=is_of(encoding, str, "encoding", none=True),
            shared=is_of(shared, bool, "shared"),
        )
    broken = is_of(header.get("broken", {}), dict, "broken")
    known: dict[str, Any] = {
        "filetype": filetype,
        "reader": is_of(header.get("reader"), str, "reader", none=True),
        "seconds": number(header.get("seconds"), "seconds"),
        "peak_bytes": is_of(header.get("peak"), int, "peak"),
    }
    if "error" in header:
        outcome = Outcome(error=error_of(is_of(header["error"], dict, "error")), **known)
    else:
        found = is_of(header.get("found"), dict, "found")
        extraction = extraction_from(found, raw, limits)
        outcome = Outcome(extraction=extraction, chunks=_chunks_from(found, extraction.text), **known)
    return Reply(
        outcome=outcome,
        retire=header.get("retire") is True,
        broken={is_of(name, str, "plug-in"): is_of(why, str, "reason") for name, why in broken.items()},
        size=len(raw),
    )


def error_of(stated: dict[str, Any]) -> errors.Error:
    """The error that a reply states; of no class but those a reader may raise."""
    cls = _RAISED.get(is_of(stated.get("class"), str, "error class"))
    if cls is None:
        raise Wrong("an error of an unknown class")
    message = _shown(is_of(stated.get("message"), str, "message"))
    offset = is_of(stated.get("offset"), int, "offset", none=True)
    remedy = is_of(stated.get("remedy"), str, "remedy", none=True)
    made: errors.Error = cls(message, offset=offset, remedy=remedy and _shown(remedy))
    return made


def _shown(message: str) -> str:
    """What may be printed: a document must not speak to the terminal."""
    kept = message[:_MOST_MESSAGE]
    return kept if kept.isprintable() else "".join(c if c.isprintable() else " " for c in kept)


def _chunks_from(found: dict[str, Any], text: str) -> tuple[Chunk, ...] | None:
    rows = is_of(found.get("chunks"), list, "chunks", none=True)
    if rows is None:
        return None
    chunks = list[Chunk]()
    reached = 0
    for row in rows:
        before, start, end, kind, place = is_of(row, list, "chunk", length=5)
        is_of(before, str, "chunk")
        is_of(kind, str, "chunk kind")
        if not (type(start) is type(end) is int and start == reached and start <= end <= len(text)):
            raise Wrong(f"a chunk from {start!r} to {end!r} behind one that ends at {reached}")
        reached = end
        chunks.append(
            Chunk(text=before + text[start:end], start=start, end=end, kind=kind, place=place_from(place))
        )
    if chunks and reached != len(text):
        raise Wrong(f"chunks that end at {reached} of {len(text)}")
    return tuple(chunks)
