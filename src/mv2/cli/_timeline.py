"""``mv2 timeline``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._options import file_argument, json_option, jsonl_option, open_to_read, quiet_option
from mv2.cli._output import Output, moment, shorten, terminal_width, write_json
from mv2.cli._select import past_options, time_options, within

if TYPE_CHECKING:
    from mv2.types import TimelineEntry


@click.command(epilog="\b\nExample:\n  mv2 timeline notes.mv2 --since 2024-01-01 --limit 5")
@file_argument
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@time_options
@past_options
@click.option("--reverse", is_flag=True, help="Newest first.")
@quiet_option
@json_option
@jsonl_option
def timeline(file: str, quiet: bool, as_json: bool, as_jsonl: bool, **options: Any) -> int:
    """List documents by time, oldest first.

    TIME is a date, a time (UTC), seconds since 1970 or a phrase such as
    'last week'. The list holds active documents: nothing deleted and no old
    versions.
    """
    given = within(options)
    given.pop("tz", None)  # the times have been read in it
    with open_to_read(file) as memory:
        entries = memory.timeline(**given)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for entry in entries:
            write_json(entry)
    elif as_json:
        out.document(entries)
    else:
        print_timeline(entries, out)
        if not entries:
            out.note("nothing in this range")
    return _exit.OK


def print_timeline(entries: list[TimelineEntry], out: Output) -> None:
    """Print entries for people, one on a line."""
    names = [shorten(entry.title or entry.uri or "", 32) for entry in entries]
    column = max(map(len, names), default=0)
    for entry, name in zip(entries, names, strict=True):
        head = f"{moment(entry.timestamp, with_time=True)}  {entry.frame_id:>5}  "
        room = max(terminal_width() - len(head) - column - 2, 0)
        preview = shorten(entry.preview, room) if room > 10 else ""
        padding = " " * (column - len(name))
        out.styled(f"{head}{out.bold(name)}{padding}  {preview}".rstrip())
