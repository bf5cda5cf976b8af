"""``mv2 sync``: a folder and a memory in step."""

from __future__ import annotations

import os
from typing import Any

import click

from mv2.cli._ingest import Results, report_ingest
from mv2.cli._options import (
    embedder_option,
    file_argument,
    json_option,
    lock_timeout_option,
    metadata_values,
    open_to_write,
    quiet_option,
)
from mv2.cli._output import Output
from mv2.cli._reading import (
    DUPLICATES,
    again_option,
    chunking_of,
    chunking_options,
    reading_of,
    reading_options,
    selection_options,
)


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
    out = Output(json=as_json, quiet=quiet)
    created = not os.path.lexists(file)
    given["reading"], given["chunking"] = reading_of(given), chunking_of(given)
    given["gitignore"] = not no_gitignore
    if dry_run and created:
        import tempfile

        with tempfile.TemporaryDirectory() as scratch:
            empty = os.path.join(scratch, "empty.mv2")
            return _once(
                empty, folder, True, Results(file, False, synced=True), out, lock_timeout, None, quiet, given
            )
    if watch:
        return _watch(file, folder, out, lock_timeout, embedder, given)
    return _once(
        file, folder, dry_run, Results(file, created, synced=True), out, lock_timeout, embedder, quiet, given
    )


def _once(
    file: str,
    folder: str,
    dry_run: bool,
    results: Results,
    out: Output,
    lock_timeout: float,
    embedder: str | None,
    quiet: bool,
    given: dict[str, Any],
) -> int:
    import mv2
    from mv2.cli._progress import Progress

    with (
        open_to_write(file, lock_timeout, create=True, embedder=embedder) as memory,
        Progress("Syncing files", quiet=quiet) as progress,
    ):
        try:
            report = memory.sync(folder, dry_run=dry_run, progress=progress, **given)
        except mv2.Interrupted as stop:
            report = stop.report
    results.add(report)
    return report_ingest(results, out)


def _watch(
    file: str, folder: str, out: Output, lock_timeout: float, embedder: str | None, given: dict[str, Any]
) -> int:
    """Sync until interrupted, with a report (a line of JSON) each time something was done."""
    created = not os.path.lexists(file)
    with open_to_write(file, lock_timeout, create=True, embedder=embedder) as memory:
        first = True
        try:
            for report in memory.watch(folder, **given):
                results = Results(file, created and first, synced=True)
                results.add(report)
                report_ingest(results, out)
                if first:
                    out.note(f"watching {folder}; Ctrl-C ends it")
                first = False
        except KeyboardInterrupt:
            out.note("stopped")
    return 0
