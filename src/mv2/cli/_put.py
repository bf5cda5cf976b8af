"""``mv2 put``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, get_args

import click

from mv2.cli import _exit
from mv2.cli._inputs import Source, expand
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
from mv2.cli._output import Output, plural
from mv2.types import OnConflict

if TYPE_CHECKING:
    from mv2.cli._load import Outcome, Plan


@click.command(epilog="\b\nExample:\n  mv2 put notes.mv2 notes/ --tag diary")
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
@click.option("--mime", help="Media type; by default text is told from bytes.")
@click.option(
    "--on-conflict",
    type=click.Choice(get_args(OnConflict)),
    default="version",
    show_default=True,
    help="What to do when an active document has the uri.",
)
@click.option("--dedup", is_flag=True, help="Do not add content that some active document has already.")
@embedder_option
@lock_timeout_option
@quiet_option
@json_option
def put(
    file: str,
    paths: tuple[str, ...],
    text: str | None,
    uri: str | None,
    timestamp: int | float | str | None,
    on_conflict: OnConflict,
    dedup: bool,
    embedder: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Put files, folders or text into a memory.

    FILE is the memory; it is made if it does not exist and ends in .mv2. PATHS
    are files, folders (with everything below them except hidden entries) and
    - for standard input.

    A file's uri is mv2://files/ and its path as given, so that putting it again
    makes a new version of the same document; files that have not changed are
    left alone. A file that cannot be read is reported at the end, and the exit
    code is 1 then.
    """
    from mv2.cli._load import Plan

    if (text is None) == (not paths):
        raise click.UsageError("Give PATHS (- is standard input) or --text.")
    fields: dict[str, Any] = {name: value for name, value in given.items() if value}
    if timestamp is not None and timestamp != "mtime":
        fields["timestamp"] = timestamp
    sources = [Source(name="text", text=text)] if text is not None else list(expand(paths, file))
    if len(sources) > 1 and (uri is not None or "title" in fields):
        raise click.UsageError("--uri and --title name one document, and there are more.")
    plan = Plan(
        fields=fields,
        uri=uri,
        use_mtime=timestamp == "mtime",
        on_conflict=on_conflict,
        dedup=dedup,
    )
    return _load(file, sources, plan, Output(json=as_json, quiet=quiet), lock_timeout, embedder)


def _load(
    file: str, sources: list[Source], plan: Plan, out: Output, lock_timeout: float, embedder: str | None
) -> int:
    from mv2.cli._load import Loader, refusals
    from mv2.cli._progress import Progress

    created = not os.path.lexists(file)
    if created and all(source.problem for source in sources):
        _report(file, refusals(sources), False, len(sources), out)
        return _exit.ERROR
    with (
        open_to_write(file, lock_timeout, create=True, embedder=embedder) as memory,
        Progress("Putting documents", quiet=out.quiet) as progress,
    ):
        outcome = Loader(memory, plan, progress).run(sources)
    _report(file, outcome, created, len(sources), out)
    if outcome.interrupted:
        return _exit.INTERRUPTED
    return _exit.ERROR if outcome.failed else _exit.OK


def _report(file: str, outcome: Outcome, created: bool, total: int, out: Output) -> None:
    if out.json:
        out.document(
            {
                "path": file,
                "created": created,
                "put": outcome.put,
                "unchanged": outcome.unchanged,
                "failed": outcome.failed,
                "interrupted": outcome.interrupted,
            }
        )
        return
    if created:
        out.note(f"created {file}")
    if not out.quiet:
        _summary(outcome, out)
    for failure in outcome.failed:
        click.echo(f"mv2: {failure['source']}: {failure['error']}", err=True)
    if outcome.interrupted:
        done = len(outcome.put) + len(outcome.unchanged) + len(outcome.failed)
        click.echo(
            f"mv2: interrupted: {plural(len(outcome.put), 'document')} put and kept, "
            f"{total - done:,} not. The same command goes on from here.",
            err=True,
        )


def _summary(outcome: Outcome, out: Output) -> None:
    if len(outcome.put) == 1:
        only = outcome.put[0]
        parts = [f"put frame {only['frame_id']} ({only['uri']})"]
    else:
        parts = [f"put {plural(len(outcome.put), 'document')}"]
    if outcome.unchanged:
        parts.append(f"{len(outcome.unchanged):,} unchanged")
    if outcome.failed:
        parts.append(f"{len(outcome.failed):,} failed")
    out.line(", ".join(parts))
