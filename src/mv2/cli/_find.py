"""``mv2 find`` and ``mv2 timeline``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._options import (
    file_argument,
    json_option,
    open_to_read,
    quiet_option,
    time_value,
)
from mv2.cli._output import (
    Output,
    clean,
    moment,
    plural,
    shorten,
    snippet_lines,
    terminal_width,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mv2.types import Hit, SearchResult, TimelineEntry


@click.command(epilog="\b\nExample:\n  mv2 find notes.mv2 'cellar key' -k 3")
@file_argument
@click.argument("query")
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="Hits on a page.")
@click.option("--cursor", help="Go on after an earlier page.")
@click.option("--snippet-chars", type=click.IntRange(min=0), default=None, help="Length of snippets.")
@click.option("--explain", is_flag=True, help="Show the parts of each score.")
@click.option("-e", "--exit-status", is_flag=True, help="Exit with 3 when there is no hit.")
@quiet_option
@json_option
@click.option("--jsonl", "as_jsonl", is_flag=True, help="Print JSON, one hit on a line.")
def find(
    file: str,
    query: str,
    exit_status: bool,
    quiet: bool,
    as_json: bool,
    as_jsonl: bool,
    **options: Any,
) -> int:
    """Search a memory.

    Plain words look for documents with all of them, or else with any. "A
    phrase", -word, word*, fields (tag:work title:plan date:2026-11) and AND, OR,
    NOT with parentheses work too. Finding nothing is no error; with -e it is
    exit code 3.
    """
    given = {name: value for name, value in options.items() if value is not None}
    with open_to_read(file) as memory:
        result = memory.find(query, **given)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for hit in result.hits:
            write_json(hit, sys.stdout)
    elif as_json:
        out.document(result)
    else:
        print_hits(result, out, explain=options["explain"])
        _footer(result, out)
    return _exit.NOT_FOUND if exit_status and not result.hits else _exit.OK


def print_hits(result: SearchResult, out: Output, *, explain: bool = False, limit: int = 4) -> None:
    """Print hits for people: rank, title, date and uri, then the snippet."""
    width = terminal_width() - 4
    for hit in result.hits:
        out.styled(_heading(hit, out))
        for line in snippet_lines(hit.snippet, hit.highlights, out, width=width, limit=limit):
            out.styled(f"    {line}")
        if explain:
            parts: Mapping[str, float] = hit.scores or {"score": hit.score}
            out.line("    " + ", ".join(f"{name} {value:.4g}" for name, value in parts.items()))


def _heading(hit: Hit, out: Output) -> str:
    name = shorten(hit.title or hit.uri or f"frame {hit.frame_id}", 60)
    parts = [out.bold(name), moment(hit.timestamp)]
    if hit.title and hit.uri:
        parts.append(clean(hit.uri))
    parts.append(f"frame {hit.frame_id}")
    return f"{hit.rank:>2}. " + "  ".join(parts)


def _footer(result: SearchResult, out: Output) -> None:
    if not result.hits:
        out.note("no hits")
        return
    total = (
        plural(result.total, "hit") if result.total_is_exact else f"at least {plural(result.total, 'hit')}"
    )
    relaxed = ", for any of the words" if result.relaxed else ""
    more = f"; next page: --cursor {result.next_cursor}" if result.next_cursor else ""
    out.note(f"{len(result.hits)} of {total}{relaxed}{more}")


@click.command(epilog="\b\nExample:\n  mv2 timeline notes.mv2 --since 2024-01-01 --limit 5")
@file_argument
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--since", metavar="TIME", callback=time_value, help="From this time on.")
@click.option("--until", metavar="TIME", callback=time_value, help="Before this time.")
@click.option("--reverse", is_flag=True, help="Newest first.")
@quiet_option
@json_option
def timeline(file: str, quiet: bool, as_json: bool, **options: Any) -> int:
    """List documents by time, oldest first.

    Times are UTC: ISO text, or seconds since 1970. The list holds active
    documents: nothing deleted and no old versions.
    """
    given = {name: value for name, value in options.items() if value is not None}
    with open_to_read(file) as memory:
        entries = memory.timeline(**given)
    out = Output(json=as_json, quiet=quiet)
    if as_json:
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
