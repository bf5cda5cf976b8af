"""``mv2 merge`` and ``mv2 split``: several memories as one, and one as several."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

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
from mv2.cli._output import Output, plain, plural, size
from mv2.cli._portion import CONFLICTS, is_missing_memory, portion_of, portion_options, print_restored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import mv2
    from mv2.exchange import MergeReport


@click.command(epilog="\b\nExample:\n  mv2 merge all.mv2 notes.mv2")
@click.argument("target", type=click.Path(dir_okay=False))
@click.argument("others", nargs=-1, required=True, metavar="OTHER...", type=click.Path(dir_okay=False))
@click.option(
    "--on-conflict",
    type=click.Choice(CONFLICTS),
    default="version",
    show_default=True,
    help="What to do with a uri that is active in both; version: the later one wins.",
)
@portion_options
@click.option("--no-history", is_flag=True, help="Without replaced and deleted versions.")
@click.option("--no-vectors", is_flag=True, help="Without vectors, as memories of different models need.")
@lock_timeout_option
@quiet_option
@json_option
def merge(
    target: str,
    others: tuple[str, ...],
    on_conflict: Any,
    no_history: bool,
    no_vectors: bool,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Take memories into another one, with versions, deletions, times and vectors.

    TARGET is made if it does not exist and ends in .mv2; the OTHERs are only
    read. Each comes in whole or not at all. Merging again adds only what is new.
    """
    options = {**portion_of(given), "history": not no_history, "vectors": not no_vectors}
    out = Output(json=as_json, quiet=quiet)
    created = is_missing_memory(target)
    for other in others:  # a memory is not made, or half of them taken, for a name that is wrong
        if os.path.exists(target) and os.path.exists(other) and os.path.samefile(target, other):
            raise click.UsageError(f"{target} cannot be merged with itself.")
        with open_to_read(other, "none"):
            pass
    done: list[tuple[str, MergeReport]] = []
    try:
        with open_to_write(target, lock_timeout, create=True, embedder="none") as memory:
            if created:
                out.note(f"created {target}")
            options["on_conflict"] = on_conflict
            for other in others:
                report = _merged(memory, other, options, quiet)
                done.append((other, report))
    except BaseException:
        if done:  # what came in before stays, and is told
            _report_merge(target, created, done, out)
        raise
    _report_merge(target, created, done, out)
    return _exit.OK


def _merged(memory: mv2.Memvid, other: str, options: dict[str, Any], quiet: bool) -> MergeReport:
    from mv2.cli._progress import Progress
    from mv2.errors import ModelMismatchError, VecDimensionMismatchError
    from mv2.exchange import merge

    with Progress(f"Merging {os.path.basename(other)}", quiet=quiet) as progress:
        try:
            return merge(memory, other, progress=progress, **options)
        except (ModelMismatchError, VecDimensionMismatchError) as error:
            error.remedy = "Merge with --no-vectors; mv2 embed makes them anew."
            raise


def _report_merge(target: str, created: bool, done: Sequence[tuple[str, MergeReport]], out: Output) -> None:
    """What came in; also when the next one failed."""
    if out.json:
        merged = []
        for other, report in done:
            fields = {name: value for name, value in plain(report).items() if name != "id_map"}
            merged.append({"source": other, **fields})
        out.document({"path": target, "created": created, "merged": merged})
    else:
        print_restored("merged", done, out)


_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE | re.ASCII)


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Bytes of a size as people write it: ``50MB``, ``64 KiB``, ``1000000``."""
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise click.BadParameter(f"{value!r} is no size: 50MB, 64MiB, 1000000", ctx, param)
    number, unit, binary = found.groups()
    count = int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit.upper() or " "))
    if count < 1:
        raise click.BadParameter(f"{value!r} is less than a byte", ctx, param)
    return count


def _named_filters(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[str, dict[str, Any]] | None:
    """Filters by the names of the parts."""
    if not value or ctx.resilient_parsing:
        return None
    import mv2

    found: dict[str, dict[str, Any]] = {}
    for item in value:
        name, equals, text = item.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise click.BadParameter(f"{item!r} is not NAME=FILTER, as in english=lang=en", ctx, param)
        if name in found:
            raise click.BadParameter(f"there are two parts {name!r}", ctx, param)
        found[name] = mv2.parse_filter(text)
    return found


@click.command(epilog="\b\nExample:\n  mv2 split notes.mv2 parts/ --by year")
@file_argument
@click.argument("folder")
@click.option("--by", type=click.Choice(("track", "kind", "year")), help="A memory for each of them.")
@click.option(
    "--max-size", metavar="SIZE", callback=_size, help="Memories no larger than this: 50MB, 64MiB, bytes."
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=FILTER",
    callback=_named_filters,
    help="A memory NAME of what passes, as english=lang=en; may be repeated. The others go into rest.",
)
@quiet_option
@json_option
def split(
    file: str,
    folder: str,
    by: Any,
    max_size: int | None,
    filters: dict[str, dict[str, Any]] | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write a memory as several ones, each with all versions of its documents.

    FOLDER gets the parts, NAME.mv2 each; or give a path with {} where the
    names go. The memory itself stays as it is, nothing is overwritten, and when
    it cannot be done, no part is left.
    """
    if sum(way is not None for way in (by, max_size, filters)) != 1:
        raise click.UsageError("Give one of --by, --max-size and --filter.")
    from mv2.cli._progress import Progress
    from mv2.exchange import split

    with open_to_read(file, "none") as memory, Progress("Splitting", quiet=quiet) as progress:
        parts = split(memory, folder, by=by, filters=filters, max_bytes=max_size, progress=progress)
    found = [_part(path) for path in parts]
    out = Output(json=as_json, quiet=quiet)
    if as_json:
        out.document({"path": file, "parts": found})
        return _exit.OK
    if not quiet:
        for part in found:
            count = plural(part["documents"], "document")
            out.styled(f"{out.bold(part['path'])}  {count}  {out.faint(size(part['size_bytes']))}")
        if not found:
            out.line(f"{file} holds no documents: there is nothing to split")
    return _exit.OK


def _part(path: Path) -> dict[str, Any]:
    with open_to_read(str(path), "none") as memory:
        stats = memory.stats()
    return {
        "path": str(path),
        "documents": stats.document_count,
        "frames": stats.frame_count,
        "size_bytes": path.stat().st_size,
    }
