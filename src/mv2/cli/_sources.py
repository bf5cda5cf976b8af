"""Sources of an import: the options of their formats, copies of memories, and standard input."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

#: So much of a file tells whether it is a copy of a memory (bytes).
_HEAD: Final = 64
#: Options of formats: argument of the reader → (words of the option, what it is).
_OPTIONS: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "text": (
        ("--text-column",),
        {"multiple": True, "metavar": "COLUMN", "help": "What is searched; of several, all together."},
    ),
    "title": (("--title-column",), {"metavar": "COLUMN", "help": "The title."}),
    "id": (
        ("--id-column", "--uri-column"),
        {"metavar": "COLUMN", "help": "What tells rows apart in every import: an id, or a uri."},
    ),
    "timestamp": (("--time-column",), {"metavar": "COLUMN", "help": "When it happened."}),
    "tags": (("--tags-column",), {"metavar": "COLUMN", "help": "Tags, as a list or with commas."}),
    "embedding": (("--vector-column",), {"metavar": "COLUMN", "help": "The vector, a list of numbers."}),
    "metadata": (
        ("--metadata-column",),
        {"multiple": True, "metavar": "COLUMN", "help": "Keep only these as metadata; may be repeated."},
    ),
    "query": (("--query",), {"metavar": "SELECT", "help": "Rows of a SQLite database, by a query."}),
    "table": (("--table",), {"metavar": "NAME", "help": "All rows of a table (SQLite, LanceDB)."}),
    "collection": (("--collection",), {"metavar": "NAME", "help": "Only this collection (Chroma)."}),
    "delimiter": (("--delimiter",), {"metavar": "CHARACTER", "help": "What parts cells; default: found."}),
    "encoding": (("--encoding",), {"metavar": "NAME", "help": "Of text files; default: found."}),
    "header": (
        ("--no-header",),
        {"flag_value": False, "type": bool, "default": None, "help": "The first row holds no names."},
    ),
    "name": (("--name",), {"metavar": "NAME", "help": "Part of the uris; default: the file's name."}),
    "branches": (
        ("--branches",),
        {
            "type": click.Choice(("all", "current")),
            "help": "Of chats: all branches (default), or what is shown at last.",
        },
    ),
    "tools": (
        ("--tools",),
        {
            "type": click.Choice(("summary", "full", "none")),
            "help": "Calls of tools in chats: shortened (default), in full, or left out.",
        },
    ),
    "thinking": (
        ("--thinking",),
        {"is_flag": True, "default": None, "help": "Keep what models thought before they answered."},
    ),
    "hidden": (
        ("--hidden",),
        {"is_flag": True, "default": None, "help": "Keep what chats hold and do not show (ChatGPT)."},
    ),
}
#: Names of columns and keys by which the importer tells rows apart.
_IDS: Final = frozenset({"uri", "id", "_id", "id_", "uuid", "doc_id", "document_id", "chunk_id", "key"})


def column_options(function: F) -> F:
    """The options of single formats; see ``format_options_of``."""
    for name, (words, about) in reversed(_OPTIONS.items()):
        function = click.option(*words, name, **about)(function)
    return function


def format_options_of(form: str, known: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for the reader of a format; an empty name of a column means that there is none.

    Raises:
        UsageError: an option that the format does not have.
    """
    chosen = {name: value for name, value in given.items() if value is not None and value != ()}
    names = set(known)
    unknown = [name for name in chosen if name not in names]
    if unknown:
        has = ", ".join(words[-1] for name, (words, _) in _OPTIONS.items() if name in names)
        raise click.UsageError(
            f"{_OPTIONS[unknown[0]][0][-1]} is no option of the format {form}. "
            + (f"It has {has}." if has else "It has none.")
        )
    return {name: _value(value) for name, value in chosen.items()}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return None if value == ("",) else (value[0] if len(value) == 1 else list(value))
    return None if value == "" else value


def is_copy(source: str) -> bool:
    """Whether a file is what ``export`` writes as jsonl, packed or not."""
    if not os.path.isfile(source):
        return False
    try:
        with _unpacked(source) as file:
            return _begins_a_copy(file.read(_HEAD))
    except (OSError, EOFError, ValueError):
        return False
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "zstandard":
            return False
        raise


def _unpacked(source: str) -> IO[bytes]:
    suffix = os.path.splitext(source)[1].lower()
    if suffix == ".gz":
        import gzip

        return cast("IO[bytes]", gzip.open(source))
    if suffix in (".zst", ".zstd"):
        import zstandard

        return cast("IO[bytes]", zstandard.open(source))
    return open(source, "rb")


def _begins_a_copy(head: bytes) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b" ", b"")
    return start.startswith(b'{"format":"mv2-jsonl"')


class _Rest(io.RawIOBase):
    """Bytes that were read already, then the rest of a stream."""

    def __init__(self, start: bytes, stream: Any) -> None:
        self._start, self._stream = start, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start[: len(buffer)] or self._stream.read1(len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def standard_input() -> tuple[IO[bytes], bool]:
    """Standard input from its beginning, and whether it is a copy of a memory."""
    start = sys.stdin.buffer.readline(_HEAD)
    return io.BufferedReader(_Rest(start, sys.stdin.buffer)), _begins_a_copy(start)


def rows_of(stream: IO[bytes], given: dict[str, Any]) -> Iterator[Any]:
    """Rows in JSON from a stream, a line each or one list; lines that are none as ``Skipped``.

    Rows that bring no id are told apart by what they say, so that what comes later this way does not
    take their places. Where no name is given, they get one.
    """
    given["name"] = given.get("name") or "stdin"
    return _with_ids(stream, given["name"], make=given.get("id") is None)


def _with_ids(stream: IO[bytes], name: str, *, make: bool) -> Iterator[Any]:
    for row in _parsed(stream):
        if make and isinstance(row, dict) and not _IDS & {key.lower() for key in row}:
            yield {**row, "uri": f"mv2://import/{name}/{_digest(row)}"}
        else:
            yield row


def _digest(row: dict[str, Any]) -> str:
    from hashlib import blake2b

    text = json.dumps(row, sort_keys=True)
    return blake2b(text.encode(), digest_size=10).hexdigest()


def _parsed(stream: IO[bytes]) -> Iterator[Any]:
    from mv2.exchange import Skipped

    for number, line in enumerate(stream, 1):
        where = f"standard input, line {number}"
        if line.lstrip(b"\xef\xbb\xbf \t").startswith(b"[") and number == 1:
            yield from _list(line + stream.read())
            return
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Skipped(where=where, reason=f"it is not JSON: {error}")


def _list(data: bytes) -> list[Any]:
    from mv2.errors import DocumentError

    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"what standard input holds is not JSON: {error}") from error
    return found if isinstance(found, list) else [found]
