"""``mv2 put``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

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
)
from mv2.cli._output import Output, one_line
from mv2.cli._reading import (
    DUPLICATES,
    again_option,
    chunking_of,
    chunking_options,
    conflict_choices,
    reading_of,
    reading_options,
    selection_options,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import mv2

STDIN: Final = "-"


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
@click.option("--dedup", is_flag=True, help="Do not add content that some active document has already.")
@click.option(
    "--duplicates",
    type=click.Choice(DUPLICATES),
    help="A file whose bytes another document has: keep both (default), report, skip or link it.",
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
@lock_timeout_option
@quiet_option
@json_option
def put(
    file: str,
    paths: tuple[str, ...],
    text: str | None,
    timestamp: int | float | str | None,
    embedder: str | None,
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
    with open_to_write(file, lock_timeout, create=True, embedder=embedder) as memory:
        _put_all(memory, paths, files, text, given, results, quiet)
    return report_ingest(results, out)


def _all_lost(files: list[str], results: Results) -> bool:
    """Whether none of the files can be read; a memory is not made for nothing."""
    import mv2

    found = mv2.list_files(files)
    if any(file.problem is None for file in found):
        return False
    results.fail_all((file.name, file.problem or "") for file in found)
    return True


def _put_all(
    memory: mv2.Memvid,
    paths: tuple[str, ...],
    files: list[str],
    text: str | None,
    given: dict[str, Any],
    results: Results,
    quiet: bool,
) -> None:
    import mv2
    from mv2.cli._progress import Progress

    reading, chunking = reading_of(given), chunking_of(given)
    web = _fetch_options(given.pop("allow_hosts"), robots=not given.pop("no_robots"))
    dedup = given.pop("dedup")
    duplicates: Any = given.pop("duplicates") or ("skip" if dedup else "keep")
    one = {name: given[name] for name in _ONE if given[name] not in (None, (), {})}
    one["on_conflict"] = given["on_conflict"]
    if text is not None:
        _put_one(memory, text, "text", {**one, "dedup": duplicates == "skip", "chunking": chunking}, results)
    if STDIN in paths:
        fields = {**one, "dedup": duplicates == "skip", "chunking": chunking, "reading": reading}
        _put_one(memory, sys.stdin.buffer.read(), "standard input", fields, results)
    if files:
        given["store_unknown"] = not given.pop("skip_unknown")
        with Progress("Reading files", quiet=quiet) as progress:
            try:
                report = memory.put_files(
                    files,
                    duplicates=duplicates,
                    reading=reading,
                    chunking=chunking,
                    progress=progress,
                    **given,
                )
            except mv2.Interrupted as stop:
                report = stop.report
        results.add(report)
    for url in (path for path in paths if is_url(path)):
        if results.interrupted:
            break
        try:
            results.add(memory.put_url(url, web=web, reading=reading, chunking=chunking, **one))
        except (mv2.FetchError, mv2.DocumentError, mv2.MissingExtraError) as error:
            reason = error.message if error.remedy is None else f"{error.message} ({error.remedy})"
            results.fail_all([(url, one_line(reason))])


def _fetch_options(allowed: tuple[str, ...], *, robots: bool) -> mv2.FetchOptions:
    """How pages are fetched; a private host is allowed as HOST or HOST:PORT."""
    import mv2

    hosts, ports = [], []
    for item in allowed:
        host, colon, port = item.rpartition(":")
        if colon and port.isdigit() and not host.endswith(":"):
            hosts.append(host.strip("[]"))
            ports.append(int(port))
        else:
            hosts.append(item.strip("[]"))
    return mv2.FetchOptions(allow_hosts=tuple(hosts), allow_ports=tuple(ports), robots=robots)


#: Options that are fields of a document.
_ONE: Final = ("uri", "title", "tags", "labels", "metadata", "track", "kind", "timestamp", "mime")


def _put_one(
    memory: mv2.Memvid, content: str | bytes, name: str, fields: Mapping[str, Any], results: Results
) -> None:
    """Put text, or what stands on standard input."""
    import mv2

    if isinstance(content, bytes):
        content, fields = _as_text(content, fields)
    try:
        frame_id = memory.put(content, **fields)
    except (mv2.DocumentError, mv2.InvalidArgumentError) as error:
        if isinstance(error, mv2.ModelMismatchError | mv2.VecDimensionMismatchError):
            raise
        results.fail_all([(name, one_line(error.message))])
    else:
        results.put.append({"frame_id": frame_id, "uri": memory.frame(frame_id).uri, "source": name})


def _as_text(content: bytes, fields: Mapping[str, Any]) -> tuple[str | bytes, Mapping[str, Any]]:
    """Text as text, which needs no reader; anything else as it is."""
    try:
        return content.decode(), {name: value for name, value in fields.items() if name != "reading"}
    except UnicodeDecodeError:
        return content, fields
