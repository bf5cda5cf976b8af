"""Options that say how files are chosen, read and cut."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import mv2

F = TypeVar("F", bound="Callable[..., Any]")

_RULES: Final = ("auto", "plain", "structure", "none")
DUPLICATES: Final = ("keep", "report", "skip", "link")


def _apply(function: F, options: list[Callable[[F], F]]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def chunking_options(function: F) -> F:
    """``--chunk-size``, ``--chunk-overlap`` and ``--chunking``; see ``chunking_of``."""
    return _apply(
        function,
        [
            click.option(
                "--chunk-size", type=click.IntRange(min=50), metavar="CHARS", help="Wanted size of a chunk."
            ),
            click.option(
                "--chunk-overlap",
                type=click.IntRange(min=0),
                metavar="CHARS",
                help="What a chunk repeats of the one before.",
            ),
            click.option("--chunking", type=click.Choice(_RULES), help="Where text is cut; default auto."),
        ],
    )


again_option = click.option("--again", is_flag=True, help="Read files again although they did not change.")


def reading_options(function: F) -> F:
    """How files are read; see ``reading_of``."""
    return _apply(
        function,
        [
            click.option("--reader", metavar="NAME", help="Read as pdf, html, text …; default: by content."),
            click.option(
                "--keep",
                type=click.Choice(("bytes", "text")),
                help="Keep the file's bytes (default), or only its text.",
            ),
            click.option("--tables", is_flag=True, default=None, help="Store tables and their rows too."),
            click.option("--archives", is_flag=True, default=None, help="Read what is in zip and tar files."),
            click.option("--no-attachments", is_flag=True, help="Leave out what mails carry."),
            click.option("--comments", is_flag=True, default=None, help="Read reviewers' comments too."),
            click.option("--no-notes", is_flag=True, help="Leave out footnotes and speaker notes."),
            click.option(
                "--headers-footers", is_flag=True, default=None, help="Read running heads and feet too."
            ),
            click.option("--hidden-content", is_flag=True, help="Read hidden sheets, rows and text too."),
            click.option(
                "--boilerplate", is_flag=True, default=None, help="Read navigation and footers of pages too."
            ),
            click.option(
                "--revisions",
                type=click.Choice(("accepted", "original", "marked")),
                help="What tracked changes mean; default accepted.",
            ),
            click.option("--auto-tag", is_flag=True, default=None, help="Tag with the text's telling words."),
            click.option("--extract-dates", is_flag=True, default=None, help="Note dates that texts name."),
            click.option(
                "--read-timeout",
                type=click.FloatRange(min=0.1),
                metavar="SECONDS",
                help="Give up on a file after so long; default 60.",
            ),
        ],
    )


def selection_options(function: F) -> F:
    """Which files of folders are taken."""
    return _apply(
        function,
        [
            click.option(
                "--include", multiple=True, metavar="PATTERN", help="Only these ('*.md'); may be repeated."
            ),
            click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these; may be repeated."),
            click.option("--hidden", is_flag=True, help="Also what starts with a dot."),
        ],
    )


def chunking_of(options: dict[str, Any]) -> mv2.Chunking | None:
    """The chunking that options mean, taken out of them; None when none was given."""
    import mv2

    given = {
        "size": options.pop("chunk_size", None),
        "overlap": options.pop("chunk_overlap", None),
        "rule": options.pop("chunking", None),
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return mv2.Chunking(**chosen) if chosen else None


def reading_of(options: dict[str, Any]) -> mv2.ReadOptions:
    """The reading options that options mean, taken out of them."""
    import mv2

    seconds = options.pop("read_timeout", None)
    names = {field.name for field in fields(mv2.ReadOptions)} - {"limits", "hidden"}
    given = {name: options.pop(name) for name in names & options.keys()}
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("attachments", "notes"):
        if options.pop(f"no_{name}", False):
            given[name] = False
    if options.pop("hidden_content", False):
        given["hidden"] = True
    if seconds is not None:
        given["limits"] = mv2.Limits(seconds=seconds)
    return mv2.ReadOptions(**given)


def conflict_choices() -> click.Choice[str]:
    """The names of ``--on-conflict``."""
    from mv2.types import OnConflict

    return click.Choice(get_args(OnConflict))
