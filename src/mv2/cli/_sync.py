"""``mv2 sync``: a folder and a memory in step."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._ingest import Results, report_ingest
from mv2.cli._options import (
    check_name,
    embedder_option,
    file_argument,
    json_option,
    lock_timeout_option,
    metadata_values,
    open_to_read,
    open_to_write,
    quiet_option,
    transcriber_option,
)
from mv2.cli._output import Output
from mv2.cli._progress import Progress
from mv2.cli._reading import (
    DUPLICATES,
    again_option,
    chunking_of,
    chunking_options,
    reading_of,
    reading_options,
    selection_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import mv2

#: What a sync did that is worth a report.
_DONE: Final = ("added", "updated", "retired", "duplicate")


@click.command(epilog="\b\nExample:\n  mv2 sync notes.mv2 notes/ --exclude '*.log'")
@file_argument
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--watch", is_flag=True, help="Go on, and sync again whenever something changes.")
@selection_options
@click.option("--no-gitignore", is_flag=True, help="Take what .gitignore files name, too.")
@click.option("--tag", "tags", multiple=True, help="A tag for every document; may be repeated.")
@click.option(
    "--meta", "metadata", multiple=True, metavar="KEY=JSON", callback=metadata_values, help="Metadata of all."
)
@click.option("--track", help="Track of every document.")
@click.option("--use-mtime", is_flag=True, help="The time of a file's modification is its timestamp.")
@click.option("--duplicates", type=click.Choice(DUPLICATES), default="keep", help="As in put.")
@again_option
@reading_options
@chunking_options
@click.option("--workers", type=click.IntRange(min=1), help="Processes that read; default: one a core.")
@embedder_option
@transcriber_option
@lock_timeout_option
@quiet_option
@json_option
def sync(
    file: str,
    folder: str,
    dry_run: bool,
    watch: bool,
    no_gitignore: bool,
    embedder: str | None,
    transcriber: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Bring a memory into step with a folder.

    Files that are new are added, files that changed get a new version, and
    documents of files that are gone are deleted (their past is kept). A file
    whose size and time have not changed is not read. FILE is made if it does
    not exist and ends in .mv2.

    Documents have the uris that put gives them, so name FOLDER the same way
    each time. A file that is left out by a pattern and still there keeps its
    document.
    """
    if watch and dry_run:
        raise click.UsageError("--watch and --dry-run exclude each other.")
    given["reading"], given["chunking"] = reading_of(given), chunking_of(given)
    given["gitignore"] = not no_gitignore
    created = not os.path.lexists(file)
    results = Results(file, created and not dry_run, synced=True)
    out = Output(json=as_json, quiet=quiet)
    models = {"embedder": embedder, "transcriber": transcriber}
    with _opened(file, dry_run, lock_timeout, models) as memory:
        _once(memory, folder, dry_run, results, quiet, given)
        code = report_ingest(results, out)
        if not watch or results.interrupted:
            return code
        _watch(memory, folder, out, given)
    return _exit.OK


def _once(
    memory: mv2.Memvid, folder: str, dry_run: bool, results: Results, quiet: bool, given: dict[str, Any]
) -> None:
    import mv2

    with Progress("Syncing files", quiet=quiet) as progress:
        try:
            results.add(memory.sync(folder, dry_run=dry_run, progress=progress, **given))
        except mv2.Interrupted as stop:
            results.add(stop.report, progress.total)


@contextlib.contextmanager
def _opened(
    file: str, dry_run: bool, lock_timeout: float, models: dict[str, str | None]
) -> Iterator[mv2.Memvid]:
    """The memory; of one that is only looked at and does not exist, an empty one in its place."""
    if not dry_run:
        with open_to_write(file, lock_timeout, create=True, **models) as memory:
            yield memory
    elif os.path.lexists(file):
        with open_to_read(file, "none") as memory:
            yield memory
    else:
        import tempfile

        check_name(file)
        with tempfile.TemporaryDirectory() as scratch:
            empty = os.path.join(scratch, "empty.mv2")
            with open_to_write(empty, lock_timeout, create=True, embedder="none") as memory:
                yield memory


def _watch(memory: mv2.Memvid, folder: str, out: Output, given: dict[str, Any]) -> None:
    """Sync until interrupted, with a report (a line of JSON) each time something was done."""
    import mv2

    def tell(report: mv2.IngestReport) -> None:
        results = Results(memory.path, False, synced=True)
        results.add(replace(report, interrupted=False))
        report_ingest(results, out)
        sys.stdout.flush()

    out.note(f"watching {folder}; Ctrl-C ends it")
    sys.stdout.flush()
    fields = {name: value for name, value in given.items() if name != "again"}
    try:
        for number, report in enumerate(memory.watch(folder, **fields)):
            if number or any(file.status in _DONE for file in report.files):
                tell(report)
    except mv2.Interrupted as stop:
        tell(stop.report)
    except KeyboardInterrupt:
        out.note("stopped")
