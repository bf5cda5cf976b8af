"""``mv2 import`` and ``mv2 export``: memories and the formats of other programs."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._options import (
    embedder_option,
    json_option,
    lock_timeout_option,
    open_to_read,
    open_to_write,
    quiet_option,
)
from mv2.cli._output import Output, one_line, plain, plural, terminal_width
from mv2.cli._portion import (
    CONFLICTS,
    is_missing_memory,
    portion_of,
    portion_options,
    print_restored,
    say,
)
from mv2.cli._sources import column_options, format_options_of, is_copy, rows_of, standard_input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import mv2
    from mv2.exchange import ExportReport, ImportReport

STDIN: Final = "-"
STDOUT: Final = "-"
#: What ``export`` writes as jsonl: a memory in full.
COPY: Final = "mv2-jsonl"
_ABOUT_COPY: Final = "what mv2 export wrote as jsonl: a copy of a memory"
#: Of things that were skipped so many are shown; ``--json`` has all.
_SHOWN: Final = 20


# --- import -----------------------------------------------------------------------------


@click.command("import", epilog="\b\nExample:\n  mv2 import vault.mv2 notes/ --format markdown")
@click.argument("file", required=False, metavar="FILE", type=click.Path(dir_okay=False))
@click.argument("source", required=False, metavar="SOURCE")
@click.option("--format", default="auto", show_default=True, metavar="NAME", help="See --list-formats.")
@click.option("--list-formats", is_flag=True, help="List what can be imported, and stop.")
@click.option(
    "--on-conflict",
    type=click.Choice(CONFLICTS),
    default="version",
    show_default=True,
    help="What to do when an active document has the uri; keep_both and error are for copies of memories.",
)
@column_options
@click.option("--no-vectors", is_flag=True, help="Leave out the source's vectors.")
@click.option("--embedding-model", metavar="NAME", help="The model that made the source's vectors.")
@embedder_option
@lock_timeout_option
@quiet_option
@json_option
def import_(
    file: str | None,
    source: str | None,
    format: str,
    list_formats: bool,
    on_conflict: str,
    no_vectors: bool,
    embedding_model: str | None,
    embedder: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Import conversations, notes, tables and memories of other programs.

    FILE is the memory; it is made if it does not exist and ends in .mv2. SOURCE
    is a file or folder, or - for JSON lines from standard input. What the
    format is, its content says; --list-formats shows which there are.

    Importing the same thing again changes nothing; a newer export brings what
    is new or changed. What cannot be taken is told and skipped. Of tables,
    columns that mean something are found by their names, or say which they
    are; an empty name says there is none.
    """
    out = Output(json=as_json, quiet=quiet)
    if list_formats:
        return _list_imports(out)
    if file is None or source is None:
        raise click.UsageError(f"Give {'FILE and SOURCE' if file is None else 'SOURCE'}.")
    if _is_memory(source):
        if os.path.exists(file) and not _is_memory(file):
            raise click.UsageError(f"Name the memory first: mv2 import {source} {file}")
        raise click.UsageError(f"{source} is a memory. Take it in with: mv2 merge {file} {source}")
    created = is_missing_memory(file)

    def opened(embedder: str | None = embedder) -> mv2.Memvid:
        memory = open_to_write(file, lock_timeout, create=True, embedder=embedder)
        if created:
            out.note(f"created {file}")
        return memory

    if source == STDIN and format not in ("auto", "jsonl", COPY):
        raise click.UsageError("Only JSON lines are read from standard input.")
    stream, whole = standard_input() if source == STDIN else (None, is_copy(source))
    if format == COPY or (whole and format in ("auto", "jsonl")):
        format_options_of(COPY, (), given)
        if no_vectors or embedding_model:
            raise click.UsageError(
                "A copy of a memory is taken in whole. (export --no-vectors leaves them out.)"
            )
        return _restore(opened, stream or source, file, created, on_conflict, out)
    if on_conflict not in ("version", "skip"):
        raise click.UsageError(f"--on-conflict {on_conflict} is for copies of memories only.")
    rows = None if stream is None else rows_of(stream, given)
    form, options = _checked(source if rows is None else rows, format, given, first=created and rows is None)
    report, interrupted = _imported(
        opened,
        source if rows is None else rows,
        {
            **options,
            "format": form,
            "on_conflict": on_conflict,
            "vectors": not no_vectors,
            "embedding_model": embedding_model,
        },
        quiet,
    )
    return _report_import(report, file, created, interrupted, out)


def _checked(source: Any, format: str, given: dict[str, Any], *, first: bool) -> tuple[str, dict[str, Any]]:
    """The format's name and its options; with ``first`` something of it is read, before a memory is made.

    Raises:
        UsageError: an option that the format does not have.
        and what ``import_into`` raises.
    """
    from mv2.exchange import import_format_of, import_options, read_items

    form = import_format_of(source) if format == "auto" else format
    options = format_options_of(form, import_options(form), given)
    if first:
        next(read_items(source, format=form, **options), None)
    return form, options


def _imported(
    opened: Callable[[], mv2.Memvid], source: Any, options: Mapping[str, Any], quiet: bool
) -> tuple[ImportReport, bool]:
    """What was done, and whether it was interrupted."""
    from mv2.cli._progress import Progress
    from mv2.errors import ModelMismatchError, VecDimensionMismatchError
    from mv2.exchange import ImportInterrupted, import_into

    with opened() as memory, Progress("Importing", quiet=quiet) as progress:
        try:
            return import_into(memory, source, progress=progress, **options), False
        except ImportInterrupted as stop:
            return stop.report, True
        except (ModelMismatchError, VecDimensionMismatchError) as error:
            error.remedy = "Import with --no-vectors, so that the memory's own model makes them."
            raise


def _report_import(report: ImportReport, file: str, created: bool, interrupted: bool, out: Output) -> int:
    if out.json:
        out.document({"path": file, "created": created, **plain(report), "interrupted": interrupted})
        return _exit.INTERRUPTED if interrupted else _exit.OK
    if not out.quiet:
        out.line(_summary(report))
        for one in report.skipped[:_SHOWN]:
            say(f"{one.where}: skipped: {one_line(one.reason)}")
        if report.skipped_count > _SHOWN:
            say(f"and {report.skipped_count - _SHOWN:,} more were skipped (--json lists them)")
    if interrupted:
        say("interrupted; this much is kept. The same command goes on from here.")
    return _exit.INTERRUPTED if interrupted else _exit.OK


def _summary(report: ImportReport) -> str:
    parts = []
    if report.documents:
        updated = f" ({report.updated:,} of them new versions)" if report.updated else ""
        parts.append(plural(report.documents, "document") + updated)
    if report.messages:
        talks = plural(report.conversations, "conversation")
        parts.append(f"{plural(report.messages, 'message')} of {talks}")
    if not parts:
        parts.append("nothing new" if report.unchanged else "nothing")
    for name, count in (("unchanged", report.unchanged), ("skipped", report.skipped_count)):
        if count:
            parts.append(f"{count:,} {name}")
    return f"imported {', '.join(parts)} (format {report.format})"


def _restore(
    opened: Callable[..., mv2.Memvid], source: Any, file: str, created: bool, on_conflict: Any, out: Output
) -> int:
    """Take a copy of a memory in, all of it or nothing."""
    from mv2.cli._progress import Progress
    from mv2.exchange import import_jsonl, read_records

    if created and isinstance(source, str):
        next(read_records(source), None)  # a memory is not made for a file that is none
    with opened("none") as memory, Progress("Restoring", quiet=out.quiet) as progress:
        report = import_jsonl(memory, source, on_conflict=on_conflict, progress=progress)
    if out.json:
        found = {name: value for name, value in plain(report).items() if name != "ids"}
        out.document({"path": file, "created": created, "format": COPY, **found})
        return _exit.OK
    print_restored("restored", [(source if isinstance(source, str) else "standard input", report)], out)
    return _exit.OK


def _list_imports(out: Output) -> int:
    from mv2.exchange import IMPORT_FORMATS

    formats = {**IMPORT_FORMATS, COPY: _ABOUT_COPY}
    if out.json:
        out.document(formats)
        return _exit.OK
    width = max(map(len, formats))
    for name, description in formats.items():
        out.styled(f"{out.bold(name.ljust(width))}  {description}")
    return _exit.OK


def _is_memory(source: str) -> bool:
    if not os.path.isfile(source):
        return False
    with open(source, "rb") as file:
        return file.read(4) == b"MV2\0"


# --- export -----------------------------------------------------------------------------


@click.command(epilog="\b\nExample:\n  mv2 export notes.mv2 notes.jsonl")
@click.argument("file", required=False, metavar="FILE", type=click.Path(dir_okay=False))
@click.argument("target", required=False, metavar="TARGET")
@click.option("--format", default="auto", show_default=True, metavar="NAME", help="See --list-formats.")
@click.option("--list-formats", is_flag=True, help="List what can be written, and stop.")
@portion_options
@click.option("--history/--no-history", default=None, help="With replaced and deleted versions, or without.")
@click.option("--no-vectors", "vectors", flag_value=False, type=bool, default=None, help="Without vectors.")
@click.option("--chunks", is_flag=True, default=None, help="A row for each piece that is searched.")
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@quiet_option
@json_option
def export(
    file: str | None,
    target: str | None,
    format: str,
    list_formats: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a memory in another format.

    TARGET's ending says which: .jsonl, .csv, .parquet, .sqlite and more, see
    --list-formats; markdown and html are folders and need --format. The target
    - is standard output, for jsonl and csv. Only jsonl holds all there is: import
    makes an equal memory of it. What another format cannot hold is told.
    """
    out = Output(json=as_json, quiet=quiet)
    if list_formats:
        return _list_exports(out)
    if file is None or target is None:
        raise click.UsageError(f"Give {'FILE and TARGET' if file is None else 'TARGET'}.")
    if target == STDOUT:
        if as_json:
            raise click.UsageError("--json and the target - exclude each other.")
        if format not in ("auto", "jsonl", "csv"):
            raise click.UsageError("Only jsonl and csv are written to standard output.")
        form = "jsonl" if format == "auto" else format
    else:
        form = _form_of(target, format)
        _refuse_to_replace(file, target, form, force)
    options = {**portion_of(given), **_options_for(form, given)}
    report = _exported(file, target, form, options, quiet)
    if as_json:
        out.document(report)
        return _exit.OK
    text = f"wrote {plural(report.documents, _NOUNS.get(form, 'document'))}"
    if target == STDOUT:
        out.note(text)
    elif not quiet:
        out.line(f"{text} to {target} ({form})")
    if report.loses:
        out.note(f"mv2: {form} does not hold: {'; '.join(report.loses)}")
    return _exit.OK


#: What is counted, where it is not documents.
_NOUNS: Final = {"jsonl": "record", "sqlite": "record", "parquet": "row", "arrow": "row", "npy": "vector"}
#: Formats that can do with and without something; the others are always without.
_HAVE: Final[dict[str, tuple[str, ...]]] = {
    "history": ("jsonl", "parquet", "arrow", "sqlite"),
    "vectors": ("jsonl", "parquet", "arrow", "sqlite"),
    "chunks": ("parquet", "arrow"),
}


def _options_for(form: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The format's options.

    Raises:
        UsageError: it cannot do what is asked for.
    """
    found = {}
    for name, formats in _HAVE.items():
        if given[name] is None:
            continue
        if form in formats:
            found[name] = given[name]
        elif given[name] or form == "npy":
            option = f"--{name}" if given[name] else f"--no-{name}"
            raise click.UsageError(f"{option} is for {', '.join(formats)}, not for {form}.")
    return found


def _form_of(target: str, format: str) -> str:
    """The format that is meant.

    Raises:
        UsageError: none is.
    """
    from mv2.errors import InvalidArgumentError
    from mv2.exchange import EXPORT_FORMATS, export_format_of

    if format not in ("auto", *EXPORT_FORMATS):
        raise click.UsageError(f"There is no format {format}. Formats: {', '.join(EXPORT_FORMATS)}.")
    try:
        return export_format_of(target, format).name
    except InvalidArgumentError as error:
        raise click.UsageError(
            f"The name {target} does not say which format to write: "
            f"give --format {', '.join(EXPORT_FORMATS)}."
        ) from error


def _refuse_to_replace(file: str, target: str, form: str, force: bool) -> None:
    """Nothing that is there is replaced unasked, and the memory itself never is."""
    if os.path.exists(target) and os.path.exists(file) and os.path.samefile(file, target):
        raise click.UsageError(f"{target} is the memory itself.")
    if force or form in ("markdown", "html"):  # folders that are not empty are never replaced
        return
    from mv2.exchange import export_paths

    for name in export_paths(target, format=form):
        if os.path.lexists(name):
            raise click.ClickException(f"{name} is there already. --force replaces it.")


def _exported(file: str, target: str, form: str, options: dict[str, Any], quiet: bool) -> ExportReport:
    from mv2.cli._progress import Progress
    from mv2.exchange import EXPORT_FORMATS, ExportReport, export, export_jsonl

    with open_to_read(file, "none") as memory, Progress("Exporting", quiet=quiet) as progress:
        if form == "npy" and not memory.stats().vector_count:
            raise click.ClickException(f"{file} has no vectors; mv2 embed makes them.")
        if target != STDOUT:
            return export(memory, target, format=form, progress=progress, **options)
        sys.stdout.flush()
        if form == "jsonl":
            count = export_jsonl(memory, sys.stdout.buffer, progress=progress, **options)
        else:
            count = _csv_to_stdout(memory, options, progress)
        sys.stdout.buffer.flush()
    return ExportReport(format=form, documents=count, path=STDOUT, loses=EXPORT_FORMATS[form].loses)


def _csv_to_stdout(memory: mv2.Memvid, options: dict[str, Any], progress: Any) -> int:
    import shutil
    import tempfile
    from pathlib import Path

    from mv2.exchange import export

    with tempfile.TemporaryDirectory(prefix="mv2-export-") as scratch:
        path = Path(scratch, "out.csv")
        report = export(memory, path, format="csv", progress=progress, **options)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    return report.documents


def _list_exports(out: Output) -> int:
    from mv2.exchange import EXPORT_FORMATS

    if out.json:
        out.document(list(EXPORT_FORMATS.values()))
        return _exit.OK
    width = max(map(len, EXPORT_FORMATS))
    for form in EXPORT_FORMATS.values():
        endings = f" ({', '.join(form.suffixes)})" if form.suffixes else " (--format)"
        out.styled(f"{out.bold(form.name.ljust(width))}  {form.description}{out.faint(endings)}")
        if form.loses:
            text = f"without {'; '.join(form.loses)}"
            for line in textwrap.wrap(text, max(terminal_width() - width - 2, 40)):
                out.styled(" " * (width + 2) + out.faint(line))
    return _exit.OK
