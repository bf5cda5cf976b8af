"""A memory in the formats of other programs: what there is, and what each cannot hold."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import InvalidArgumentError
from mv2.exchange._files import plain_suffix
from mv2.exchange.exporters._job import Job, Progress
from mv2.types import Commit, Timestamp

if TYPE_CHECKING:
    from mv2 import Memvid


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A format that memories can be exported to.

    Attributes:
        name: as ``format`` takes it.
        description: what it is, in a line.
        suffixes: endings of file names that mean it; none for folders.
        loses: what of a memory it does not hold.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What ``export`` did.

    Attributes:
        format: the format that was written.
        documents: records or rows that were written.
        path: where to.
        loses: what of the memory is not in it.
    """

    format: str
    documents: int
    path: str
    loses: tuple[str, ...]


_NOTHING_OLD: Final = "replaced and deleted versions"
_NOTHING_NOTED: Final = "what was noted of source files (reader, checksum, address) and of dates in texts"
_COLUMNS_LOSE: Final = (
    f"{_NOTHING_OLD}, unless history is asked for",
    "how texts are cut into chunks, unless chunks are asked for",
    "times outside the years 1 to 9999",
    "the name of the model that made the vectors",
    _NOTHING_NOTED,
)

EXPORT_FORMATS: Final[Mapping[str, ExportFormat]] = {
    form.name: form
    for form in (
        ExportFormat(
            name="jsonl",
            description="lines of JSON that an equal memory can be made of",
            suffixes=(".jsonl", ".ndjson"),
            loses=(),
        ),
        ExportFormat(
            name="csv",
            description="a row a document, for spreadsheets (.tsv: with tabs)",
            suffixes=(".csv", ".tsv"),
            loses=(
                _NOTHING_OLD,
                "bytes of documents that are no text",
                "chunks and vectors",
                _NOTHING_NOTED,
            ),
        ),
        ExportFormat(
            name="parquet",
            description="columns with vectors, for data frames and warehouses",
            suffixes=(".parquet", ".pq"),
            loses=_COLUMNS_LOSE,
        ),
        ExportFormat(
            name="arrow",
            description="the same columns as an Arrow IPC file, which is Feather, too",
            suffixes=(".arrow", ".feather", ".ipc"),
            loses=_COLUMNS_LOSE,
        ),
        ExportFormat(
            name="sqlite",
            description="a database of documents, chunks, tags and vectors, with full-text search",
            suffixes=(".sqlite", ".sqlite3", ".db"),
            loses=("details of pictures and recordings (camera, duration …) that another engine wrote",),
        ),
        ExportFormat(
            name="markdown",
            description="a folder of Markdown files with front matter, as Obsidian keeps them",
            suffixes=(),
            loses=(_NOTHING_OLD, "chunks and vectors", _NOTHING_NOTED),
        ),
        ExportFormat(
            name="html",
            description="a folder with a small web site that needs no network",
            suffixes=(),
            loses=(_NOTHING_OLD, "chunks and vectors", "the look of formatted documents"),
        ),
        ExportFormat(
            name="npy",
            description="the vectors as a NumPy array, and whose they are as JSON",
            suffixes=(".npy",),
            loses=("everything but vectors, ids, uris and titles",),
        ),
    )
}
_WRITERS: Final = {
    "jsonl": ("jsonl", "export_jsonl"),
    "csv": ("exporters.delimited", "write"),
    "parquet": ("exporters.columns", "write_parquet"),
    "arrow": ("exporters.columns", "write_arrow"),
    "sqlite": ("exporters.sqlite", "write"),
    "markdown": ("exporters.markdown", "write"),
    "html": ("exporters.html", "write"),
    "npy": ("exporters.numbers", "write"),
}


def export(
    memory: Memvid,
    path: str | os.PathLike[str],
    *,
    format: str = "auto",
    filter: Mapping[str, Any] | None = None,
    as_of: Timestamp | None = None,
    as_of_frame: int | None = None,
    as_of_commit: int | Commit | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> ExportReport:
    """Write a memory in another format. The file or folder is there whole, or not at all.

    Args:
        path: a file, which is replaced; for markdown and html a new or empty folder.
        format: a key of ``EXPORT_FORMATS``; ``"auto"`` goes by the ending of the name.
        filter, as_of, as_of_frame, as_of_commit: which part of the memory, as in ``Memvid.records``.
        progress: called now and then with (documents done, None).
        options: those of the format: history, vectors, chunks …

    Raises:
        InvalidArgumentError: an unknown format or option, or a folder that is not empty.
        MissingExtraError: the format needs something that is not installed.
        ChecksumError: the stored bytes of a document are damaged.
        StorageError: the operating system refuses.
    """
    form = export_format_of(path, format)
    place = Path(os.fspath(path))
    write = _writer(form.name)
    _check_options(form.name, write, options)
    what: dict[str, Any] = {
        "filter": filter,
        "as_of": as_of,
        "as_of_frame": as_of_frame,
        "as_of_commit": as_of_commit,
        "progress": progress,
    }
    if form.name == "jsonl":
        count = write(memory, place, **what, **options)
    else:
        count = write(Job(memory=memory, path=place, **what), **options)
    return ExportReport(format=form.name, documents=count, path=str(place), loses=form.loses)


def _writer(name: str) -> Callable[..., int]:
    module, function = _WRITERS[name]
    write: Callable[..., int] = getattr(import_module(f"mv2.exchange.{module}"), function)
    return write


def export_format_of(path: str | os.PathLike[str], format: str = "auto") -> ExportFormat:
    """The format that ``export`` writes under a name.

    Raises:
        InvalidArgumentError: the name does not say it, or there is no such format.
    """
    if format != "auto":
        if format not in EXPORT_FORMATS:
            raise InvalidArgumentError(
                f"there is no export format {format!r}", remedy=f"Formats: {', '.join(EXPORT_FORMATS)}."
            )
        return EXPORT_FORMATS[format]
    suffix = plain_suffix(path)
    for form in EXPORT_FORMATS.values():
        if suffix in form.suffixes:
            return form
    raise InvalidArgumentError(
        f"the name {os.fspath(path)} does not say which format to write",
        remedy=f"Name one: {', '.join(EXPORT_FORMATS)}.",
    )


def export_paths(path: str | os.PathLike[str], *, format: str = "auto") -> tuple[Path, ...]:
    """The files and folders that ``export`` writes, or replaces, for a name.

    Raises: as ``export_format_of``.
    """
    place = Path(os.fspath(path))
    if export_format_of(path, format).name != "npy":
        return (place,)
    from mv2.exchange.exporters.numbers import ids_path

    return (place, ids_path(place))


def _check_options(name: str, write: Callable[..., Any], options: Mapping[str, Any]) -> None:
    ours = {"filter", "as_of", "as_of_frame", "as_of_commit", "progress"}
    known = {
        parameter.name
        for parameter in inspect.signature(write).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in ours
    }
    unknown = sorted(set(options) - known)
    if unknown:
        has = f"Options: {', '.join(sorted(known))}." if known else "It has none."
        raise InvalidArgumentError(f"the format {name} has no option {unknown[0]!r}", remedy=has)
