"""``mv2 correct`` and ``mv2 embed``: what is added to a memory beside its documents."""

from __future__ import annotations

from typing import Any

import click

from mv2.cli import _exit
from mv2.cli._options import (
    embedder_option,
    file_argument,
    json_option,
    lock_timeout_option,
    open_to_write,
    quiet_option,
    time_value,
)
from mv2.cli._output import Output, plural


@click.command(epilog="\b\nExample:\n  mv2 correct notes.mv2 'The key hangs in the hall now.' --topic cellar")
@file_argument
@click.argument("statement", nargs=-1, required=True, metavar="STATEMENT...")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    help="What it is about, where its own words do not say so; may be repeated.",
)
@click.option(
    "--boost",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Which correction comes first when several fit.",
)
@click.option("--source", help="Who says so.")
@click.option("--timestamp", metavar="TIME", callback=time_value, help="When it was said; default now.")
@embedder_option
@lock_timeout_option
@quiet_option
@json_option
def correct(
    file: str,
    statement: tuple[str, ...],
    embedder: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """State what is true instead of what the memory holds.

    find and ask put a correction above everything else where it is about the
    query. The same statement again makes a new version of it.
    """
    out = Output(json=as_json, quiet=quiet)
    with open_to_write(file, lock_timeout, embedder=embedder) as memory:
        frame = memory.frame(memory.correct(" ".join(statement), **options))
    if as_json:
        out.document(frame)
    elif not quiet:
        out.line(f"put correction {frame.id} ({frame.uri})")
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 embed notes.mv2 --embedder wordllama")
@file_argument
@embedder_option
@lock_timeout_option
@quiet_option
@json_option
def embed(file: str, embedder: str | None, lock_timeout: float, quiet: bool, as_json: bool) -> int:
    """Give vectors to documents that have none.

    Documents get their vectors when they are put, if there is an embedder then.
    Numbers and versions stay as they are. Running it again goes on where an
    interrupt stopped it.
    """
    from mv2.cli._progress import Progress

    out = Output(json=as_json, quiet=quiet)
    with (
        open_to_write(file, lock_timeout, embedder=embedder) as memory,
        Progress("Making vectors", quiet=quiet) as progress,
    ):
        count = memory.embed(progress=progress)
    if as_json:
        out.document({"path": file, "embedded": count})
    elif not quiet:
        out.line(f"made vectors of {plural(count, 'text')}")
    return _exit.OK
