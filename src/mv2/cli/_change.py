"""``mv2 update`` and ``mv2 delete``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from mv2.cli import _exit
from mv2.cli._options import (
    embedder_option,
    field_options,
    file_argument,
    frame_value,
    json_option,
    lock_timeout_option,
    open_to_read,
    open_to_write,
    quiet_option,
    time_value,
)
from mv2.cli._output import Output, plural, shorten

_CLEARABLE: Final = ("title", "tags", "labels", "metadata", "track", "kind")


@click.command(epilog="\b\nExample:\n  mv2 update notes.mv2 0 --title 'Where things are' --tag home")
@file_argument
@click.argument("frame")
@click.option("--text", help="The new text.")
@click.option("--from", "from_", metavar="PATH", help="Read the new content from a file; - is stdin.")
@click.option("--uri", help="The new uri.")
@field_options
@click.option("--timestamp", metavar="TIME", callback=time_value, help="When it happened.")
@click.option("--merge", is_flag=True, help="Add --meta to the metadata instead of replacing it.")
@click.option("--clear", type=click.Choice(_CLEARABLE), multiple=True, help="Empty a field.")
@embedder_option
@lock_timeout_option
@quiet_option
@json_option
def update(
    file: str,
    frame: str,
    text: str | None,
    from_: str | None,
    merge: bool,
    clear: tuple[str, ...],
    embedder: str | None,
    lock_timeout: float,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a new version of a document.

    FRAME is a frame's number or a document's uri. What is not given stays as
    it is; tags, labels and metadata that are given replace the old ones. The
    old version stays in the history.
    """
    fields: dict[str, Any] = {name: value for name, value in given.items() if value not in (None, (), {})}
    twice = sorted(set(clear) & set(fields))
    if twice:
        raise click.UsageError(f"--clear {twice[0]} and a new value for it exclude each other.")
    fields.update(dict.fromkeys(clear))
    if text is not None and from_ is not None:
        raise click.UsageError("--text and --from exclude each other.")
    if text is not None:
        fields["content"] = text
    elif from_ is not None:
        fields["content"] = _content(from_)
    if not fields:
        raise click.UsageError("Nothing to change: give --text, --from or a field.")
    if merge:
        fields["merge"] = True
    out = Output(json=as_json, quiet=quiet)
    with open_to_write(file, lock_timeout, embedder=embedder) as memory:
        old = memory.frame(frame_value(frame))
        new = memory.frame(memory.update(old.id, **fields))
    if as_json:
        out.document(new)
    elif not quiet:
        out.line(f"frame {new.id} replaces frame {old.id} ({new.uri})")
    return _exit.OK


def _content(path: str) -> bytes | Path:
    """What stands on standard input, or the file to read."""
    if path == "-":
        return sys.stdin.buffer.read()
    if not os.path.isfile(path):
        reason = "not a file" if os.path.lexists(path) else "there is no such file"
        raise click.ClickException(f"{path}: {reason}")
    return Path(path)


@click.command(epilog="\b\nExample:\n  mv2 delete notes.mv2 0 --yes")
@file_argument
@click.argument("frames", nargs=-1, required=True, metavar="FRAME...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@lock_timeout_option
@quiet_option
@json_option
def delete(
    file: str, frames: tuple[str, ...], yes: bool, lock_timeout: float, quiet: bool, as_json: bool
) -> int:
    """Delete documents (their past is kept).

    FRAME is a frame's number or a document's uri. Deleted documents are no
    longer found or listed; view by number still shows them.
    Either all of them are deleted or, on an error, none. On a terminal the
    command asks first; without one it needs --yes.
    """
    references = [frame_value(frame) for frame in frames]
    if not yes:
        _confirm(file, references, as_json=as_json)
    out = Output(json=as_json, quiet=quiet)
    with open_to_write(file, lock_timeout) as memory:
        ids = list(dict.fromkeys(memory.frame(reference).id for reference in references))
        with memory.batch():
            for frame_id in ids:
                memory.delete(frame_id)
    if as_json:
        out.document({"deleted": ids})
    elif not quiet:
        out.line(f"deleted {plural(len(ids), 'document')}")
    return _exit.OK


def _confirm(file: str, references: list[int | str], *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise click.UsageError("Not on a terminal, so there is nobody to ask: give --yes to delete.")
    with open_to_read(file) as memory:
        for reference in references:
            frame = memory.frame(reference)
            name = shorten(frame.title or memory.text(frame.id), 60)
            click.echo(f"frame {frame.id}  {frame.uri}  {name}", err=True)
    click.confirm(f"Delete {plural(len(references), 'document')}?", abort=True, err=True)
