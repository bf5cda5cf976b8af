"""What to look at: modes, filters, times and points of the past, as options of several commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

MODES: Final = ("auto", "lex", "vec", "hybrid")
# Shorter numbers are years, months or days.
_SECONDS: Final = re.compile(r"-?\d{9,}(?:\.\d+)?")


def filter_options(function: F) -> F:
    """``--filter`` and ``--scope``."""
    return _with(
        function,
        click.option(
            "--filter",
            multiple=True,
            metavar="FILTER",
            callback=_filter,
            help="Only what has key=value (also != > >= < <= ~= ^=), or passes a filter in JSON. Repeatable.",
        ),
        click.option("--scope", metavar="URI", help="Only documents whose uri begins with this."),
    )


def time_options(function: F) -> F:
    """``--since``, ``--until``, ``--on`` and ``--tz``; `within` makes arguments of them."""
    return _with(
        function,
        click.option("--since", metavar="TIME", callback=_start, help="From this time on."),
        click.option("--until", metavar="TIME", callback=_start, help="Before this time."),
        click.option("--on", metavar="TIME", callback=_range, help="During all of: '2024', 'last week' …"),
        # Eager: the other times are read in it.
        click.option(
            "--tz",
            metavar="ZONE",
            is_eager=True,
            help="Time zone of phrases, as Europe/Paris, UTC or +02:00; default the system's.",
        ),
    )


def past_options(function: F) -> F:
    """``--as-of``, ``--as-of-frame`` and ``--as-of-commit``."""
    return _with(
        function,
        click.option("--as-of", metavar="TIME", callback=_start, help="As the memory was at this time."),
        click.option(
            "--as-of-frame",
            type=click.IntRange(min=0),
            metavar="FRAME",
            help="As it was when this frame had been put.",
        ),
        click.option(
            "--as-of-commit",
            type=click.IntRange(min=0),
            metavar="NUMBER",
            help="As this commit left it (see mv2 commits).",
        ),
    )


def mode_option(function: F) -> F:
    """``--mode``."""
    return _with(
        function,
        click.option(
            "--mode",
            type=click.Choice(MODES),
            default="auto",
            show_default=True,
            help="By words, by vectors or both; auto takes what there is.",
        ),
    )


def _with(function: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def within(options: dict[str, Any]) -> dict[str, Any]:
    """The options with ``on`` as the ``since`` and ``until`` that it means, and without those not given.

    Raises:
        UsageError: ``--on`` stands beside one of them, or more than one point of the past is named.
    """
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    points = [name for name in ("as_of", "as_of_frame", "as_of_commit") if name in given]
    if len(points) > 1:
        raise click.UsageError(f"{option_of(points[0])} and {option_of(points[1])} exclude each other.")
    span = given.pop("on", None)
    if span is not None:
        both = [name for name in ("since", "until") if name in given]
        if both:
            raise click.UsageError(f"--on and {option_of(both[0])} exclude each other.")
        given |= {
            name: value for name, value in zip(("since", "until"), span, strict=True) if value is not None
        }
    return given


def option_of(name: str) -> str:
    """The option that gives an argument: ``--as-of`` for ``as_of``."""
    return f"--{name.replace('_', '-')}"


def seconds_of(text: str, name: str, tz: str | None = None) -> int:
    """UTC seconds of a time as people write it; where a range is named, its start.

    Raises:
        UsageError: the range has no start.
        DatePhraseError: it names no time.
    """
    start = range_of(text, name, tz)[0]
    if start is None:
        raise click.UsageError(f"{name} {text!r} has no beginning.")
    return start


def range_of(text: str, name: str, tz: str | None = None) -> tuple[int | None, int | None]:
    """(start, end) in UTC seconds of a date, a time or a phrase; the end is exclusive.

    Raises:
        DatePhraseError: it names no time.
    """
    import mv2

    number = _SECONDS.fullmatch(text.strip()) is not None
    found = mv2.date_range((float(text) if "." in text else int(text)) if number else text, name, tz=tz)
    return found.start, found.end


def _start(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None or ctx.resilient_parsing:
        return None
    return seconds_of(value, param.opts[-1], ctx.params.get("tz"))


def _range(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int | None, int | None] | None:
    if value is None or ctx.resilient_parsing:
        return None
    return range_of(value, param.opts[-1], ctx.params.get("tz"))


def _filter(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any] | None:
    if not value or ctx.resilient_parsing:
        return None
    import mv2

    found = [mv2.parse_filter(text) for text in value]
    return found[0] if len(found) == 1 else {"$and": found}


def vector_value(ctx: click.Context, param: click.Parameter, value: str | None) -> list[float] | None:
    """Callback of an option that names a file with a vector in JSON; ``-`` is standard input."""
    if value is None or ctx.resilient_parsing:
        return None
    import json

    try:
        with click.open_file(value, encoding="utf-8") as file:
            found = json.loads(file.read())
    except OSError as error:
        raise click.BadParameter(f"{value}: {error.strerror or error}", ctx, param) from error
    except ValueError as error:
        raise click.BadParameter(f"{value} is not JSON: {error}", ctx, param) from error
    if not isinstance(found, list) or not all(_is_number(item) for item in found) or not found:
        raise click.BadParameter(f"{value} is not a JSON array of numbers", ctx, param)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
