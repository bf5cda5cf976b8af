"""Which part of a memory goes into another one or out of it, and what became of it there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mv2.cli._output import Output, clean, plural
from mv2.cli._select import filter_options, past_options, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mv2 import RestoreReport
    from mv2.exchange import MergeReport

F = TypeVar("F", bound="Callable[..., Any]")

#: What a uri may mean that is active in the memory and in what comes to it.
CONFLICTS: Final = ("version", "keep_both", "skip", "error")
#: Of conflicts so many are shown; ``--json`` has all.
_SHOWN: Final = 20


def portion_options(function: F) -> F:
    """``--filter``, ``--scope`` and one point of the past; see ``portion_of``."""
    return filter_options(past_options(function))


def portion_of(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the options mean, taken out of them; those not given are left out.

    Raises:
        UsageError: more than one point of the past is named.
    """
    names = ("filter", "scope", "as_of", "as_of_frame", "as_of_commit")
    given = within({name: options.pop(name) for name in names})
    scope = given.pop("scope", None)
    if scope is not None:
        begins = {"uri": {"$startswith": scope}}
        given["filter"] = {"$and": [given["filter"], begins]} if "filter" in given else begins
    return given


def is_missing_memory(file: str) -> bool:
    """Whether a memory will be made; nothing is done for it yet.

    Raises:
        UsageError: its name does not say that it is to be one.
    """
    if os.path.lexists(file):
        return False
    if not file.endswith(".mv2"):
        raise click.UsageError(
            f"{file} does not exist, and only a name that ends in .mv2 is created by the way. "
            f"The first argument is the memory; to make it under this name: mv2 create {file}"
        )
    return True


def print_restored(
    done: str, reports: Sequence[tuple[str, MergeReport | RestoreReport]], out: Output
) -> None:
    """Say what came of each source, and which uris stood on both sides."""
    for source, report in reports:
        parts = [plural(report.added, "record")]
        parts += [f"{report.known:,} there already"] if report.known else []
        parts += [f"{report.skipped:,} skipped"] if report.skipped else []
        parts += [f"{plural(len(report.conflicts), 'conflict')}"] if report.conflicts else []
        if not out.quiet:
            out.line(f"{done} {source}: {', '.join(parts)}")
        for conflict in report.conflicts[:_SHOWN]:
            out.note(f"mv2: {conflict.uri} was in both: {_KEPT[conflict.kept]}")
        if len(report.conflicts) > _SHOWN:
            out.note(f"mv2: and {len(report.conflicts) - _SHOWN:,} more (--json lists them)")


_KEPT: Final = {
    "source": "the one that came is active now, the other one history",
    "target": "the one that was here stays active",
    "both": "both are active",
}


def say(text: str) -> None:
    """Print a line of the program about its work, whatever it was told to keep quiet about."""
    click.echo(clean(f"mv2: {text}"), err=True)
