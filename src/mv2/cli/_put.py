"""``mv2 put``."""

from __future__ import annotations

import os
from typing import Any

import click

from mv2.cli._ingest import Results, is_url, report_ingest
from mv2.cli._options import (
    embedder_option,
    field_options,
    file_argument,
    json_option,
    lock_timeout_option,
    open_to_write,
    quiet_option,
    time_value,
    transcriber_option,
)
from mv2.cli._output import Output
from mv2.cli._putting import STDIN, Putting
from mv2.cli._reading import (
    DUPLICATES,
    again_option,
    chunking_options,
    conflict_choices,
    reading_options,
    selection_options,
)


@click.command(epilog="\b\nExample:\n  mv2 put notes.mv2 notes/ report.pdf --tag diary")
@file_argument
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--text", help="Put this text instead of files.")
@click.option("--uri", help="Identity of the document (one document only).")
@field_options
@click.option(
    "--timestamp",
    metavar="TIME",
    callback=time_value,
    help="When it happened: ISO text (UTC), seconds since 1970, or 'mtime' of each file; default now.",
)
@click.option("--mime", help="Media type; by default it is told from the content.")
@click.option(
    "--on-conflict",
    type=conflict_choices(),
    default="version",
    show_default=True,
    help="What to do when an active document has the uri.",
)
@click.option("--dedup", is_flag=True, help="Short for --duplicates skip.")
@click.option(
    "--duplicates",
    type=click.Choice(DUPLICATES),
    help="Content that another document has: keep both (default), report, skip or link it.",
)
@click.option(
    "--near",
    type=click.FloatRange(0.1, 1),
    metavar="SHARE",
    help="Do the same with texts that share so much (0.1 to 1).",
)
@selection_options
@click.option("--gitignore", is_flag=True, help="Leave out what .gitignore files name.")
@click.option("--skip-unknown", is_flag=True, help="Skip files that no reader knows, else kept as bytes.")
@again_option
@reading_options
@chunking_options
@click.option("--workers", type=click.IntRange(min=1), help="Processes that read; default: one a core.")
@click.option(
    "--allow-host", "allow_hosts", multiple=True, metavar="HOST[:PORT]", help="Fetch from this private host."
)
@click.option("--no-robots", is_flag=True, help="Fetch pages that robots.txt asks programs to leave alone.")
@embedder_option
@transcriber_option
@lock_timeout_option
@quiet_option
@json_option
def put(
    file: str,
    paths: tuple[str, ...],
    text: str | None,
    timestamp: int | float | str | None,
    embedder: str | None,
    transcriber: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Put files, folders, web pages or text into a memory.

    FILE is the memory; it is made if it does not exist and ends in .mv2. PATHS
    are files, folders (with everything below them except hidden entries),
    http and https addresses, and - for standard input.

    Documents of all usual kinds are read: their text, structure and tables are
    taken out, their bytes kept. A file's uri is mv2://files/ and its path as
    given, so that putting it again makes a new version of the same document;
    files that have not changed are left alone. A file that cannot be read is
    reported at the end, and the exit code is 1 then.
    """
    if (text is None) == (not paths):
        raise click.UsageError("Give PATHS (- is standard input) or --text.")
    files = [path for path in paths if path != STDIN and not is_url(path)]
    many = len(paths) > 1 or any(os.path.isdir(path) for path in files)
    if many and (given["uri"] is not None or given["title"] is not None):
        raise click.UsageError("--uri and --title name one document, and there are more.")
    given["use_mtime"] = timestamp == "mtime"
    given["timestamp"] = None if timestamp == "mtime" else timestamp
    out = Output(json=as_json, quiet=quiet)
    created = not os.path.lexists(file)
    results = Results(file, created)
    if created and files and len(files) == len(paths) and _all_lost(files, results):
        return report_ingest(results, out)
    models = {"embedder": embedder, "transcriber": transcriber}
    with open_to_write(file, lock_timeout, create=True, **models) as memory:
        putting = Putting(memory, given, results, quiet)
        if text is not None:
            putting.text(text)
        putting.paths(paths)
    return report_ingest(results, out)


def _all_lost(files: list[str], results: Results) -> bool:
    """Whether none of the files can be read; a memory is not made for nothing."""
    import mv2

    found = mv2.list_files(files)
    if any(file.problem is None for file in found):
        return False
    results.fail_all((file.name, file.problem or "") for file in found)
    return True
