"""``mv2 similar`` and ``mv2 duplicates``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._hits import heading, print_hits
from mv2.cli._options import (
    file_argument,
    frame_value,
    json_option,
    jsonl_option,
    open_to_read,
    quiet_option,
)
from mv2.cli._output import Output, plural, write_json
from mv2.cli._select import filter_options, past_options, time_options, within

if TYPE_CHECKING:
    import mv2
    from mv2.types import DuplicateGroup


@click.command(epilog="\b\nExample:\n  mv2 similar notes.mv2 0 -k 3")
@file_argument
@click.argument("frame")
@click.option("-k", "--k", type=click.IntRange(min=1), default=10, show_default=True, help="At most so many.")
@filter_options
@time_options
@past_options
@quiet_option
@json_option
@jsonl_option
def similar(file: str, frame: str, k: int, quiet: bool, as_json: bool, as_jsonl: bool, **options: Any) -> int:
    """List documents that are like one.

    FRAME is a frame's number or a document's uri. Its vector decides where it
    has one, else the words that tell most about it.
    """
    given = within(options)
    given.pop("tz", None)  # the times have been read in it
    with open_to_read(file) as memory:
        result = memory.similar(frame_value(frame), k=k, **given)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for hit in result.hits:
            write_json(hit)
    elif as_json:
        out.document(result)
    else:
        print_hits(result, out, limit=2)
        if not result.hits:
            out.note("nothing is like it")
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 duplicates notes.mv2 --threshold 0.8")
@file_argument
@click.option(
    "--threshold",
    type=click.FloatRange(0.1, 1),
    default=0.9,
    show_default=True,
    metavar="0.1-1",
    help="The share of common word triples from which documents are alike.",
)
@quiet_option
@json_option
@jsonl_option
def duplicates(file: str, threshold: float, quiet: bool, as_json: bool, as_jsonl: bool) -> int:
    """List groups of documents that are the same, or nearly."""
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    with open_to_read(file) as memory:
        groups = memory.duplicates(threshold=threshold)
        if as_jsonl:
            for group in groups:
                write_json(group)
        elif as_json:
            out.document(groups)
        else:
            _print_groups(memory, groups, out)
    return _exit.OK


def _print_groups(memory: mv2.Memvid, groups: tuple[DuplicateGroup, ...], out: Output) -> None:
    for group in groups:
        out.line(f"{group.similarity:.0%} alike")
        for frame_id in group.frame_ids:
            frame = memory.frame(frame_id)
            out.styled(heading("    ", frame.title, frame.uri, frame.timestamp, frame.id, out))
    spare = sum(len(group.frame_ids) - 1 for group in groups)
    out.note(f"{plural(len(groups), 'group')}, {plural(spare, 'document')} more than needed")
