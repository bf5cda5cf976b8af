"""Options that several commands share, and how they open memories."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import mv2

F = TypeVar("F", bound="Callable[..., Any]")

# People wait rather than try again; programs say what they want.
LOCK_TIMEOUT: Final = 10.0

file_argument = click.argument("file", type=click.Path(dir_okay=False))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document.")
jsonl_option = click.option("--jsonl", "as_jsonl", is_flag=True, help="Print JSON, one object on a line.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Say what was done, and why.")
embedder_option = click.option(
    "--embedder",
    metavar="NAME",
    help="What makes vectors of texts: default, none, wordllama, openai:MODEL, a folder …",
)
transcriber_option = click.option(
    "--transcriber", metavar="NAME", help="What turns recordings into text: whisper or whisper:MODEL."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
lock_timeout_option = click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another writer.",
)


def field_options(function: F) -> F:
    """The options that describe a document: title, tags, labels, metadata, track, kind."""
    for option in reversed(
        [
            click.option("--title", help="Title."),
            click.option("--tag", "tags", multiple=True, help="A tag; may be repeated."),
            click.option("--label", "labels", multiple=True, help="A label; may be repeated."),
            click.option(
                "--meta",
                "metadata",
                multiple=True,
                metavar="KEY=JSON",
                callback=metadata_values,
                help="Metadata; a value that is not JSON is text. May be repeated.",
            ),
            click.option("--track", help="Name of the group of documents it belongs to."),
            click.option("--kind", help="What sort of document it is."),
        ]
    ):
        function = option(function)
    return function


def metadata_values(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """Callback of an option that takes KEY=JSON, many times."""
    found: dict[str, Any] = {}
    for item in value:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{item!r} is not KEY=JSON", ctx, param)
        try:
            found[key] = json.loads(text)
        except ValueError:
            found[key] = text
    return found


def time_value(ctx: click.Context, param: click.Parameter, value: str | None) -> int | float | str | None:
    """Callback of an option that takes a moment: seconds since 1970, or ISO text (UTC)."""
    if value is None:
        return None
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return value


def frame_value(value: str) -> int | str:
    """A frame as people write it: its number, or its uri."""
    return int(value) if value.isascii() and value.isdigit() else value


def open_to_read(file: str, embedder: str | None = None) -> mv2.Memvid:
    """Open a memory without being able to change or create it."""
    import mv2

    return mv2.open(file, "r", embedder=embedder or "default")


def check_name(file: str) -> None:
    """Refuse to make a memory by the way whose name does not say that it is one."""
    if not file.endswith(".mv2"):
        raise click.UsageError(
            f"{file} does not exist, and only a name that ends in .mv2 is created by the way. "
            f"The first argument is the memory; to make it under this name: mv2 create {file}"
        )


def open_to_write(
    file: str,
    lock_timeout: float,
    *,
    create: bool = False,
    embedder: str | None = None,
    transcriber: str | None = None,
) -> mv2.Memvid:
    """Open a memory for writing; with ``create`` it may be made, if its name says that it is one."""
    import mv2

    if create and not os.path.lexists(file):
        check_name(file)
    mode: mv2.types.Mode = "a" if create else "r+"
    models: dict[str, Any] = {"embedder": embedder or "default", "transcriber": transcriber}
    return mv2.open(file, mode, lock_timeout=lock_timeout, **models)
