"""A memory as text that stays the same as long as its documents do: for ``diff`` and ``git``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Final

from mv2.exchange._files import Target, written
from mv2.exchange.merging import readable
from mv2.types import Commit, Frame, Timestamp

if TYPE_CHECKING:
    from mv2 import Memvid

_INDENT: Final = "    "
_AUTO_URI: Final = "mv2://frames/"
_encode: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def dump(
    memory: Memvid | str | os.PathLike[str],
    target: Target,
    *,
    filter: Mapping[str, Any] | None = None,
    as_of: Timestamp | None = None,
    as_of_frame: int | None = None,
    as_of_commit: int | Commit | None = None,
) -> int:
    """Write the active documents of a memory as text, sorted by uri; returns how many there are.

    The text depends on the documents alone: not on the file, its commits, or what was replaced or
    deleted. Contents that are no text appear as their size and SHA-256.

    Args:
        memory: a memory, or the path of one, which is only read.
        target: a path, or a file open for writing, of bytes or of text.
        filter, as_of, as_of_frame, as_of_commit: what to show, as in ``Memvid.records``.
    """
    with readable(memory) as source, written(target) as file:
        then: dict[str, Any] = {
            "as_of": as_of,
            "as_of_frame": as_of_frame,
            "as_of_commit": as_of_commit,
        }
        ids = None
        if filter:
            found = source.records(filter=filter, history=False, vectors=False, **then)
            ids = {record.id for record in found}
        frames = [frame for frame in source.frames(**then) if ids is None or frame.id in ids]
        frames.sort(key=_order)
        _write(file, _head(frames))
        for frame in frames:
            _write(file, "\n")
            for line in _document(source, frame, then):
                _write(file, f"{line}\n")
    return len(frames)


def _write(file: IO[bytes], text: str) -> None:
    file.write(text.encode())


def _order(frame: Frame) -> tuple[str, int]:
    """Documents that mv2 named come in the order of their ids, behind each other."""
    uri = frame.uri or ""
    return (_AUTO_URI if uri.startswith(_AUTO_URI) else uri, frame.id)


def _head(frames: list[Frame]) -> str:
    size = sum(frame.length for frame in frames)
    documents = "1 document" if len(frames) == 1 else f"{len(frames)} documents"
    return f"mv2 memory: {documents}, {size} {'byte' if size == 1 else 'bytes'} of content\n"


def _document(memory: Memvid, frame: Frame, then: Mapping[str, Any]) -> Iterator[str]:
    yield _line(frame.uri or "")
    fields = {
        "title": frame.title,
        "kind": frame.kind,
        "track": frame.track,
        "tags": _listed(frame.tags),
        "labels": _listed(frame.labels),
        "time": _time(frame.timestamp),
        "mime": frame.mime if frame.mime != "text/plain" else None,
        "source": frame.source_path,
        "dates": _listed(frame.content_dates),
        "chunks": frame.chunk_count,
        **{f"metadata {key}": _encode(value) for key, value in sorted(frame.metadata.items())},
    }
    for name, value in fields.items():
        if value is not None and value != "":
            yield f"  {_line(name)}: {_line(str(value))}"
    content = memory.content(frame.id, **then)
    text = memory.text(frame.id, **then)
    if text.encode() != content:
        yield f"  content: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"
    if text:
        yield "  text:"
        for line in text.split("\n"):
            yield f"{_INDENT}{_line(line)}" if line else ""


def _listed(values: tuple[str, ...]) -> str | None:
    return _encode(list(values)) if values else None


def _time(timestamp: int) -> str:
    try:
        return dt.datetime.fromtimestamp(timestamp, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(timestamp)


def _line(text: str) -> str:
    """One line that no terminal acts on: control characters are shown as escapes."""
    if text.isprintable():
        return text
    return "".join(char if _is_plain(char) else _escape(char) for char in text)


def _is_plain(char: str) -> bool:
    return char == "\t" or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
