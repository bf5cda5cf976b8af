"""The lossless exchange format: a memory as lines of JSON.

The first line is ``{"format": "mv2-jsonl", "version": 1, ...}``, every further one is a record
(`mv2.Record`) with the names of its fields; fields that are empty are left out. Content that
is UTF-8 stands under ``content``, other under ``content_base64``. A chunk has its ``range`` in the
document's text; its ``text`` only if it is another than that. Vectors are base64 of little-endian
float32, or lists of numbers. The last line ``{"end": n}`` counts the records.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import io
import json
import re
import sys
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from mv2.errors import DocumentError, DuplicateUriError, InvalidArgumentError
from mv2.exchange._files import Target, is_open_file, opened, written
from mv2.types import Commit, Origin, Place, Timestamp

if TYPE_CHECKING:
    from mv2 import Memvid, Record, RecordChunk, RestoreReport

FORMAT: Final = "mv2-jsonl"
VERSION: Final = 1
#: A line is never longer: the largest content in base64, its text beside it.
MAX_LINE: Final = 1 << 30

VectorForm = Literal["base64", "list"]
Progress = Callable[[int, "int | None"], object]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LISTS: Final = frozenset({"tags", "labels", "content_dates"})


# --- out ------------------------------------------------------------------------------


def export_jsonl(
    memory: Memvid,
    target: Target,
    *,
    filter: Mapping[str, Any] | None = None,
    as_of: Timestamp | None = None,
    as_of_frame: int | None = None,
    as_of_commit: int | Commit | None = None,
    history: bool = True,
    vectors: bool = True,
    vector_form: VectorForm = "base64",
    progress: Progress | None = None,
) -> int:
    """Write a memory as lines of JSON; returns the number of records.

    Args:
        target: a path (packed if it ends in .gz or .zst; there whole or not at all), or a file
            open for writing, of bytes or of text.
        filter, as_of, as_of_frame, as_of_commit, history, vectors: as in ``Memvid.records``.
        vector_form: ``"base64"`` of float32, or ``"list"`` of numbers.
        progress: called now and then with (records done, None).

    Raises:
        ChecksumError: the stored bytes of a document are damaged.
        StorageError: the file cannot be written.
    """
    if vector_form not in ("base64", "list"):
        raise InvalidArgumentError(f"vector_form {vector_form!r} is unknown", remedy="Use base64 or list.")
    found = memory.records(
        filter=filter,
        as_of=as_of,
        as_of_frame=as_of_frame,
        as_of_commit=as_of_commit,
        history=history,
        vectors=vectors,
    )
    count = 0
    with written(target) as file:
        head = {"format": FORMAT, "version": VERSION, "history": history, "vectors": vectors, "counted": True}
        file.write(_encode(head).encode() + b"\n")
        for count, record in enumerate(found, 1):
            file.write(_encode(record_values(record, vector_form)).encode() + b"\n")
            if progress is not None and count % 100 == 0:
                progress(count, None)
        file.write(_encode({"end": count}).encode() + b"\n")
        if progress is not None:
            progress(count, count)
    return count


def record_values(record: Record, vector_form: VectorForm = "base64") -> dict[str, Any]:
    """A record as JSON values, in the order of its fields, without what is empty."""
    values: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "content":
            _put_content(values, value)
        elif field.name == "chunks" and value:
            values["chunks"] = [
                _chunk_values(record, chunk, place, vector_form) for place, chunk in enumerate(value)
            ]
        elif field.name == "vector" and value is not None:
            values["vector"] = _vector_value(value, vector_form)
        elif field.name == "origin" and value is not None:
            values["origin"] = _given(value)
        elif not _is_empty(field, value):
            values[field.name] = value
    return values


def _is_empty(field: Any, value: Any) -> bool:
    if value is None or value == ():
        return True
    if field.default_factory is not MISSING:
        return not value
    return field.default is not MISSING and bool(value == field.default)


def _put_content(values: dict[str, Any], content: bytes) -> None:
    try:
        values["content"] = content.decode()
    except UnicodeDecodeError:
        values["content_base64"] = base64.b64encode(content).decode()


def _chunk_values(record: Record, chunk: RecordChunk, place: int, form: VectorForm) -> dict[str, Any]:
    values: dict[str, Any] = {"range": [chunk.start, chunk.end]}
    if chunk.id != record.id + 1 + place:
        values["id"] = chunk.id
    if chunk.text != record.full_text[chunk.start : chunk.end]:
        values["text"] = chunk.text
    if chunk.kind != "text":
        values["kind"] = chunk.kind
    where = _given(chunk.place)
    if where:
        values["place"] = where
    if chunk.vector is not None:
        values["vector"] = _vector_value(chunk.vector, form)
    if chunk.vector_model is not None:
        values["vector_model"] = chunk.vector_model
    if chunk.own:
        values["own"] = dict(chunk.own)
    return values


def _given(value: Place | Origin) -> dict[str, Any]:
    pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: item for name, item in pairs if item is not None and item != ()}


def _vector_value(vector: Any, form: VectorForm) -> str | list[float]:
    if form == "list":
        return list(vector)
    row = array("f", vector)
    if sys.byteorder == "big":
        row.byteswap()
    return base64.b64encode(row.tobytes()).decode()


# --- in -------------------------------------------------------------------------------


def import_jsonl(
    memory: Memvid,
    source: Target,
    *,
    on_conflict: Literal["version", "keep_both", "skip", "error"] = "version",
    progress: Progress | None = None,
) -> RestoreReport:
    """Read what ``export_jsonl`` wrote into a memory, in one commit; nothing of it if anything is wrong.

    An empty memory becomes the equal of the one that was exported, ids included. Into others the
    records are merged, see ``Memvid.restore``.

    Args:
        source: a path (unpacked if it ends in .gz or .zst), or a file open for reading.
        on_conflict, progress: as in ``Memvid.restore``.

    Raises:
        DocumentError: the file is no such export, damaged, cut off, or holds what cannot be stored;
            the message names the line.
        MemoryNotFoundError, StorageError: it cannot be read.
        DuplicateUriError, and what ``Memvid.restore`` raises.
    """
    with opened(source) as file:
        lines = _Lines(file, getattr(source, "name", "the input") if is_open_file(source) else str(source))
        try:
            return memory.restore(lines.records(), on_conflict=on_conflict, progress=progress)
        except DuplicateUriError:
            raise
        except InvalidArgumentError as error:
            raise lines.error(error.message) from error


def read_records(source: Target) -> Iterator[Record]:
    """The records of an export, one after the other; raises as ``import_jsonl``."""
    with opened(source) as file:
        name = getattr(source, "name", "the input") if is_open_file(source) else str(source)
        yield from _Lines(file, name).records()


class _Lines:
    """The lines of an export, and where it is being read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
        self._name = name
        self._number = 0

    def error(self, message: str) -> DocumentError:
        """An error about the line that was read last."""
        return DocumentError(f"{self._name}, line {self._number}: {message}", path=self._name)

    def records(self) -> Iterator[Record]:
        counted = self._head()
        count = 0
        for line in iter(self._line, b""):
            if not line.strip():
                continue
            values = self._object(line)
            if "end" in values:
                if values["end"] != count:
                    raise self.error(f"{values['end']!r} records are announced, {count} are there")
                self._nothing_more()
                return
            try:
                record = record_of(values)
            except InvalidArgumentError as error:
                raise self.error(error.message) from error
            yield record
            count += 1
        if counted:
            raise self.error(f"the file ends after {count} records without the line that counts them")

    def _head(self) -> bool:
        line = self._line().removeprefix(codecs.BOM_UTF8)
        head = self._object(line) if line.strip() else {}
        if head.get("format") != FORMAT:
            raise self.error(f"this is no {FORMAT} file: its first line does not say so")
        version = head.get("version")
        if isinstance(version, int) and version > VERSION:
            raise self.error(
                f"a newer mv2 wrote this: version {version} of the format, of which this one reads {VERSION}"
            )
        if version != VERSION:
            raise self.error(f"version {version!r} is not known; this is for version {VERSION}")
        return bool(head.get("counted"))

    def _line(self) -> bytes:
        self._number += 1
        try:
            line = self._file.readline(MAX_LINE + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise self.error(f"the file is damaged: {error}") from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "zstandard":
                raise
            raise self.error(f"the file is damaged: {error}") from error
        if isinstance(line, str):
            line = line.encode()
        if len(line) > MAX_LINE:
            raise self.error(f"it is longer than {MAX_LINE} bytes")
        return line

    def _nothing_more(self) -> None:
        for line in iter(self._line, b""):
            if line.strip():
                raise self.error("something stands behind the line that counts the records")

    def _object(self, line: bytes) -> dict[str, Any]:
        try:
            values = json.loads(line.decode(), parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            raise self.error(f"it is not UTF-8 at byte {error.start}") from error
        except json.JSONDecodeError as error:
            raise self.error(
                f"it is not JSON: {error.msg.removesuffix(' at')} at character {error.pos}"
            ) from error
        except (ValueError, RecursionError) as error:
            raise self.error(f"it is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise self.error("it is no JSON object")
        if _SURROGATE.search(line):
            broken = [name for name, value in values.items() if not _is_unicode([name, value])]
            if broken:
                name = broken[0].encode(errors="replace").decode()
                raise self.error(f"{name} holds a lone surrogate, which is no character")
        return values


def _is_unicode(value: Any) -> bool:
    try:
        _encode(value).encode()
    except UnicodeEncodeError:
        return False
    except ValueError:  # a number beyond all bounds, which its field refuses
        return True
    return True


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _wrong(name: str, value: object, wanted: str) -> InvalidArgumentError:
    shown = repr(value)
    return InvalidArgumentError(f"{name} is {shown[:60]}{'…' * (len(shown) > 60)}, not {wanted}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "a string")
    return value


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, value, "a whole number")
    return value


def _count(name: str, value: Any) -> int:
    if not 0 <= _whole(name, value) < 1 << 63:
        raise _wrong(name, value, "a number of characters")
    return int(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(name, value, "a list of strings")
    return tuple(value)


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(name, value, "an object")
    return value


_READ: Final[dict[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(("id", "timestamp", "put_at", "supersedes", "superseded_by"), _whole),
    **dict.fromkeys(("deleted_at", "replaced_at", "ended_before"), _whole),
    "chunk_size": _count,
    **dict.fromkeys(("uri", "title", "kind", "track", "status", "role", "mime", "source_path"), _text),
    **dict.fromkeys(("digest", "text", "vector_model"), _text),
    **dict.fromkeys(("tags", "labels", "content_dates"), _texts),
    **dict.fromkeys(("metadata", "media"), _object),
}


def record_of(values: Mapping[str, Any]) -> Record:
    """The record that JSON values stand for; the other way round than ``record_values``.

    Raises:
        InvalidArgumentError: a field is missing, unknown or not what it must be.
    """
    from mv2 import Record

    given = dict(values)
    made: dict[str, Any] = {"uri": None, "content": _content(given)}
    chunks, vector, origin = (given.pop(name, None) for name in ("chunks", "vector", "origin"))
    for name, value in given.items():
        read = _READ.get(name)
        if read is None:
            raise InvalidArgumentError(f"a record has no field {name!r}")
        if value is not None:
            made[name] = read(name, value)
    for name in ("id", "timestamp"):
        if name not in made:
            raise InvalidArgumentError(f"the record has no {name}")
    if vector is not None:
        made["vector"] = _vector(vector)
    if origin is not None:
        made["origin"] = _made(Origin, "origin", origin)
    record = Record(**made)
    if chunks is None:
        return record
    if not isinstance(chunks, list):
        raise _wrong("chunks", chunks, "a list")
    text = record.full_text
    made["chunks"] = tuple(_chunk(record.id, place, text, value) for place, value in enumerate(chunks))
    return Record(**made)


def _content(values: dict[str, Any]) -> bytes:
    text, packed = values.pop("content", None), values.pop("content_base64", None)
    if (text is None) == (packed is None):
        raise InvalidArgumentError("a record has either content or content_base64")
    if packed is not None:
        return _unpacked("content_base64", packed)
    try:
        return _text("content", text).encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"content holds a lone surrogate at character {error.start}") from error


def _unpacked(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(_text(name, value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArgumentError(f"{name} is not base64: {error}") from error


def _vector(value: Any) -> array[float]:
    if isinstance(value, list):
        try:
            return array("f", value)
        except (TypeError, OverflowError) as error:
            raise InvalidArgumentError(f"vector is no list of numbers: {error}") from error
    data = _unpacked("vector", value)
    if len(data) % 4:
        raise InvalidArgumentError(f"vector has {len(data)} bytes, which is no number of float32")
    row = array("f", data)
    if sys.byteorder == "big":
        row.byteswap()
    return row


def _chunk(parent: int, place: int, text: str, given: Any) -> RecordChunk:
    from mv2 import RecordChunk

    name = f"chunks[{place}]"
    values = dict(_object(name, given))
    ends = values.pop("range", None)
    if not isinstance(ends, list) or len(ends) != 2:
        raise _wrong(f"{name}.range", ends, "a list of two whole numbers")
    start, end = _whole(f"{name}.range", ends[0]), _whole(f"{name}.range", ends[1])
    vector, where, own = (values.pop(key, None) for key in ("vector", "place", "own"))
    made = RecordChunk(
        id=_whole(f"{name}.id", values.pop("id", parent + 1 + place)),
        text=_text(f"{name}.text", values.pop("text", text[max(start, 0) : max(end, 0)])),
        start=start,
        end=end,
        kind=_text(f"{name}.kind", values.pop("kind", "text")),
        place=Place() if where is None else _made(Place, f"{name}.place", where),
        vector=None if vector is None else _vector(vector),
        vector_model=_optional_text(f"{name}.vector_model", values.pop("vector_model", None)),
        own={} if own is None else _own(f"{name}.own", own),
    )
    if values:
        raise InvalidArgumentError(f"{name} has no field {min(values)!r}")
    return made


def _own(name: str, given: Any) -> dict[str, Any]:
    """Lists are tuples in records."""
    values = _object(name, given)
    return {
        key: tuple(value) if key in _LISTS and isinstance(value, list) else value
        for key, value in values.items()
    }


def _optional_text(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _made(kind: Any, name: str, given: Any) -> Any:
    """A Place or Origin made of its fields."""
    values = _object(name, given)
    known = {field.name: str(field.type) for field in fields(kind)}
    made: dict[str, Any] = {}
    for key, value in values.items():
        wanted = known.get(key)
        if wanted is None:
            raise InvalidArgumentError(f"{name} has no field {key!r}")
        made[key] = _fitting(f"{name}.{key}", value, wanted)
    return kind(**made)


def _fitting(name: str, value: Any, wanted: str) -> Any:
    if wanted.startswith("tuple[str"):
        return _texts(name, value)
    if wanted.startswith("tuple["):
        if not isinstance(value, list) or len(value) != 2:
            raise _wrong(name, value, "a list of two numbers")
        read = _number if "float" in wanted else _whole
        return tuple(read(name, item) for item in value)
    return _text(name, value) if wanted.startswith("str") else _whole(name, value)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(name, value, "a number")
    return value
