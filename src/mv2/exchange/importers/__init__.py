"""Readers of other programs' data, one module a format.

Each has ``read(source, **options)``, which yields documents, conversations and what had to be
skipped, one at a time, and ``sniff(bundle)``, which says from 0 to 1 how sure it is that a source is
of its format. They write nothing and ask no network.
"""

from __future__ import annotations

import codecs
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from mv2.errors import InvalidArgumentError
from mv2.exchange.importers._bundle import Bundle, is_path
from mv2.exchange.items import Item


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of source.

    Attributes:
        name: how it is asked for.
        description: one line for people.
        module: name of its module here.
    """

    name: str
    description: str
    module: str

    def load(self) -> ModuleType:
        """The module."""
        return import_module(f"{__name__}.{self.module}")


FORMATS: Final = {
    one.name: one
    for one in (
        Format("jsonl", "JSON lines, or a JSON file with a list: a document an object", "jsonl_documents"),
        Format("csv", "CSV and TSV files: a document a row", "delimited"),
        Format("arrow", "Parquet, Arrow and Feather files, data frames: a document a row", "arrow"),
        Format("markdown", "folders of Markdown notes, Obsidian vaults: a document each", "markdown_folder"),
        Format("chatgpt", "ChatGPT's data export: the zip, its folder, or conversations.json", "chatgpt"),
        Format("claude", "Claude's data export: the zip, its folder, or a file of it", "claude"),
        Format("transcripts", "sessions of Claude Code and Codex: .jsonl files and folders", "transcripts"),
        Format("mcp-memory", "memory.jsonl of the MCP memory server: a document an entity", "mcp_memory"),
        Format("mem0", "memories that mem0 gives as JSON", "mem0"),
        Format("chroma", "a Chroma folder, or what collection.get() gives, as JSON", "chroma"),
        Format("lancedb", "a LanceDB folder (needs the package lancedb)", "lancedb"),
        Format("sqlite", "SQLite databases: a document a row of a table or a query", "sqlite"),
    )
}  # fmt: skip


#: So many bytes tell whether a file is a copy of a memory.
_START: Final = 64


def choose(source: Any) -> Format:
    """The format a source most likely has.

    Raises:
        InvalidArgumentError: none is likely, or the source is nothing that can be read.
        MemoryNotFoundError: there is no such file or folder.
        DocumentError: it cannot be read.
    """
    if not is_path(source):
        return FORMATS[_of_object(source)]
    bundle = Bundle(source)
    _refuse_own(bundle)
    rated = [(form.load().sniff(bundle), form) for form in FORMATS.values()]
    score, form = max(rated, key=lambda pair: pair[0])
    if score <= 0:
        raise InvalidArgumentError(
            f"what {bundle.path} holds is not known", remedy=f"Say its format: {', '.join(FORMATS)}."
        )
    return form


def _refuse_own(bundle: Bundle) -> None:
    """Memories and copies of them are not imported piece by piece, but taken as they are."""
    head = bundle.head()
    if head.startswith(b"MV2\0"):
        raise InvalidArgumentError(
            f"{bundle.path} is a memory", remedy="mv2.exchange.merge takes it into another one."
        )
    start = head[:_START].removeprefix(codecs.BOM_UTF8).replace(b" ", b"")
    if start.startswith(b'{"format":"mv2-jsonl"'):
        raise InvalidArgumentError(
            f"{bundle.path} is a copy of a memory", remedy="mv2.exchange.import_jsonl reads it."
        )


def _of_object(source: Any) -> str:
    from mv2.exchange.importers.arrow import is_frame

    if is_frame(source):
        return "arrow"
    if isinstance(source, Mapping):
        if "ids" in source:
            return "chroma"
        if "results" in source or "memories" in source:
            return "mem0"
    elif hasattr(source, "__iter__") and not isinstance(source, bytes | bytearray):
        return "jsonl"
    raise InvalidArgumentError(
        f"{type(source).__name__} cannot be imported",
        remedy="Give a path, a data frame or a list of mappings.",
    )


def find(name: str) -> Format:
    """A format by its name.

    Raises:
        InvalidArgumentError: there is none of that name.
    """
    if name not in FORMATS:
        raise InvalidArgumentError(f"format {name!r} is unknown", remedy=f"Use one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def options_of(form: Format) -> tuple[str, ...]:
    """Names of the options that a format has."""
    parameters = inspect.signature(form.load().read).parameters.values()
    return tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)


def open_source(form: Format, source: Any, options: Mapping[str, Any]) -> Iterator[Item]:
    """The items of a source.

    Raises:
        InvalidArgumentError: an option that the format does not have.
    """
    known = options_of(form)
    unknown = [name for name in options if name not in known]
    if unknown:
        raise InvalidArgumentError(
            f"{form.name} has no option {unknown[0]!r}", remedy=f"Its options: {', '.join(known) or 'none'}."
        )
    items: Iterator[Item] = form.load().read(source, **options)
    return items
