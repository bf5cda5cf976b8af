"""``mv2 create``, ``stats``, ``verify`` and ``vacuum``: looking after the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._options import (
    file_argument,
    json_option,
    lock_timeout_option,
    open_to_read,
    open_to_write,
    quiet_option,
)
from mv2.cli._output import Output, moment, plural, size
from mv2.cli._select import past_options, within

if TYPE_CHECKING:
    from mv2.types import Stats, VacuumReport, VectorCompression, VerifyReport


@click.command(epilog="\b\nExample:\n  mv2 create diary.mv2")
@file_argument
@quiet_option
@json_option
def create(file: str, quiet: bool, as_json: bool) -> int:
    """Make an empty memory.

    An existing file is never touched. There is no need to create a memory
    before the first put.
    """
    import mv2

    with mv2.open(file, "x") as memory:
        stats = memory.stats()
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document({"path": file, "created": True, "size_bytes": stats.size_bytes})
    elif not quiet:
        out.line(f"created {file}")
    return _exit.OK


@click.command(epilog="\b\nExample:\n  mv2 stats notes.mv2")
@file_argument
@past_options
@quiet_option
@json_option
def stats(file: str, quiet: bool, as_json: bool, **options: Any) -> int:
    """Show counts and sizes.

    Of the past, the numbers of documents and frames and the first and last time
    are those of then; everything else is of the file as it is now.
    """
    past = within(options)
    with open_to_read(file) as memory:
        found = memory.stats(**past)
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document(found)
    else:
        print_stats(found, out)
    return _exit.OK


def print_stats(found: Stats, out: Output) -> None:
    """Print counts and sizes for people."""
    rows = [
        ("documents", f"{found.document_count:,}"),
        ("frames", f"{found.frame_count:,} ({_frames(found)})"),
        ("from", moment(found.first_timestamp)),
        ("to", moment(found.last_timestamp)),
        ("file", f"{size(found.size_bytes)} ({size(found.dead_bytes)} unused)"),
        ("content", f"{size(found.logical_bytes)}, stored in {size(found.payload_bytes)}"),
        ("text index", size(found.lexical_bytes)),
        ("log", f"{size(found.log_bytes)} ({size(found.log_used_bytes)} in use)"),
    ]
    if found.vector_count:
        model = f", made by {found.vector_model}" if found.vector_model else ""
        rows.append(("vectors", f"{found.vector_count:,} of {found.vector_dimension} dimensions{model}"))
    if found.pending_count:
        rows.append(("pending", plural(found.pending_count, "record")))
    for name, value in rows:
        out.line(f"{name:<12}{value}")


def _frames(found: Stats) -> str:
    parts = [f"{found.active_frame_count:,} active"]
    if found.superseded_frame_count:
        parts.append(f"{found.superseded_frame_count:,} replaced")
    if found.deleted_frame_count:
        parts.append(f"{found.deleted_frame_count:,} deleted")
    return ", ".join(parts)


@click.command(epilog="\b\nExample:\n  mv2 verify notes.mv2 --deep")
@file_argument
@click.option("--deep", is_flag=True, help="Read everything, and compare the index with the documents.")
@quiet_option
@json_option
def verify(file: str, deep: bool, quiet: bool, as_json: bool) -> int:
    """Check a memory for damage.

    Nothing is changed. The exit code is 4 when an error was found.
    """
    with open_to_read(file) as memory:
        report = memory.verify(deep=deep)
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document(report)
    else:
        print_verification(report, out)
    return _exit.OK if report.ok else _exit.DAMAGED


def print_verification(report: VerifyReport, out: Output) -> None:
    """Print the findings for people, then the verdict."""
    for finding in report.findings:
        place = f" (at byte {finding.offset})" if finding.offset is not None else ""
        out.line(f"{finding.severity}: {finding.code}: {finding.message}{place}")
    if not out.quiet:
        checked = f"{plural(report.frames_checked, 'frame')}, {size(report.bytes_checked)} checked"
        out.line(f"{'ok' if report.ok else 'DAMAGED'}: {checked}")


@click.command(epilog="\b\nExample:\n  mv2 vacuum notes.mv2")
@file_argument
@click.option(
    "--vector-compression",
    type=click.Choice(["none", "pq96"]),
    help="Store vectors as 96 bytes each (pq96, with a loss that stays) or in full; by default as they are.",
)
@lock_timeout_option
@quiet_option
@json_option
def vacuum(
    file: str,
    vector_compression: VectorCompression | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
) -> int:
    """Give unused space back.

    Old versions and deleted documents stay. The file is replaced by a smaller
    one in one step; readers go on undisturbed.
    """
    with open_to_write(file, lock_timeout) as memory:
        report = memory.vacuum(vector_compression=vector_compression)
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document(report)
    elif not quiet:
        out.line(_vacuum_line(report))
    return _exit.OK


def _vacuum_line(report: VacuumReport) -> str:
    if not report.compacted:
        return f"left as it is: {report.reason or 'nothing to give back'} ({size(report.size_after)})"
    return f"{size(report.size_before)} before, {size(report.size_after)} now"
