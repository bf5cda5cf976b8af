"""``mv2 commits``, ``diff`` and ``history``: what was, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._hits import heading
from mv2.cli._options import (
    file_argument,
    frame_value,
    json_option,
    jsonl_option,
    open_to_read,
    quiet_option,
)
from mv2.cli._output import Output, moment, plural, size, write_json
from mv2.cli._select import past_options, seconds_of, within

if TYPE_CHECKING:
    import datetime as dt

    import mv2
    from mv2.types import Diff, Frame


@click.command(epilog="\b\nExample:\n  mv2 commits notes.mv2 --limit 5")
@file_argument
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest, at most so many."
)
@quiet_option
@json_option
@jsonl_option
def commits(file: str, limit: int, quiet: bool, as_json: bool, as_jsonl: bool) -> int:
    """List the points of the past that can be visited, oldest first.

    Their numbers are what --as-of-commit and mv2 diff take. Times are UTC.
    """
    with open_to_read(file) as memory:
        found = memory.commits()
    shown = found[-limit:]
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for commit in shown:
            write_json(commit)
    elif as_json:
        out.document(shown)
    else:
        for commit in shown:
            when = moment(commit.at, with_time=True)
            out.line(f"commit {commit.number}  {when}  {plural(commit.frame_count, 'frame')}")
        if len(shown) < len(found):
            out.note(f"the newest {len(shown):,} of {len(found):,} commits")
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 diff notes.mv2 2020-01-01")
@file_argument
@click.argument("a")
@click.argument("b", required=False)
@quiet_option
@json_option
@jsonl_option
def diff(file: str, a: str, b: str | None, quiet: bool, as_json: bool, as_jsonl: bool) -> int:
    """Show what was added, replaced and removed between two points of the past.

    A and B are numbers of commits (see mv2 commits), or times: a date, a time
    (UTC) or a phrase such as 'last Monday', which means its beginning. Without B,
    everything since A.
    """
    first, second = _point(a, "A"), None if b is None else _point(b, "B")
    with open_to_read(file) as memory:
        found = memory.diff(first, second)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for line in _lines(found):
            write_json(line)
    elif as_json:
        out.document(found)
    else:
        _print(found, out)
    return _exit.OK


def _point(text: str, name: str) -> int | dt.datetime:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    import datetime as dt

    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds_of(text, name))


def _lines(found: Diff) -> list[dict[str, Frame]]:
    added = [{"added": frame} for frame in found.added]
    replaced = [{"replaced": before, "by": after} for before, after in found.replaced]
    return added + replaced + [{"removed": frame} for frame in found.removed]


def _print(found: Diff, out: Output) -> None:
    def line(head: str, frame: Frame) -> None:
        out.styled(heading(f"{head:<10}", frame.title, frame.uri, frame.timestamp, frame.id, out))

    for frame in found.added:
        line("added", frame)
    for before, after in found.replaced:
        line("replaced", before)
        line("  by", after)
    for frame in found.removed:
        line("removed", frame)
    counts = (len(found.added), len(found.replaced), len(found.removed))
    out.note("{:,} added, {:,} replaced, {:,} removed".format(*counts))


@click.command(epilog="\b\nExample:\n  mv2 history notes.mv2 0")
@file_argument
@click.argument("uri")
@past_options
@quiet_option
@json_option
@jsonl_option
def history(file: str, uri: str, quiet: bool, as_json: bool, as_jsonl: bool, **options: Any) -> int:
    """List all versions of a document, oldest first.

    URI is the document's uri, or the number of one of its frames. Deleted
    documents have a history, too. Times are UTC.
    """
    past = within(options)
    with open_to_read(file) as memory:
        found = versions(memory, frame_value(uri), past)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for version in found:
            write_json(version)
    else:
        print_versions(found, out)
    return _exit.OK


def versions(memory: mv2.Memvid, frame: int | str, past: dict[str, Any]) -> list[Frame]:
    """Every version of a document that a uri or the frame of one of them names."""
    uri = frame if isinstance(frame, str) else memory.frame(frame, **past).uri
    return memory.history(uri, **past) if uri is not None else [memory.frame(frame, **past)]


def print_versions(found: list[Frame], out: Output) -> None:
    """Print versions: JSON for programs, a line each for people."""
    if out.json:
        out.document(found)
        return
    for version in found:
        out.line(_version_line(version))


def _version_line(frame: Frame) -> str:
    put = moment(frame.put_at if frame.put_at is not None else frame.timestamp, with_time=True)
    parts = [f"frame {frame.id}", put, frame.status, size(frame.length)]
    if frame.replaced_at is not None:
        parts.append(f"replaced {moment(frame.replaced_at, with_time=True)}")
    if frame.deleted_at is not None:
        parts.append(f"deleted {moment(frame.deleted_at, with_time=True)}")
    return "  ".join(parts)
