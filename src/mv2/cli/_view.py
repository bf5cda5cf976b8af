"""``mv2 view``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mv2.cli import _exit
from mv2.cli._history import print_versions, versions
from mv2.cli._options import file_argument, frame_value, json_option, open_to_read, quiet_option
from mv2.cli._output import Output, clean
from mv2.cli._select import past_options, within

if TYPE_CHECKING:
    import mv2


@click.command(epilog="\b\nExample:\n  mv2 view notes.mv2 0")
@file_argument
@click.argument("frame")
@click.option("--binary", is_flag=True, help="The bytes as they were put, whatever they are.")
@click.option("--history", is_flag=True, help="All versions of the document instead of its content.")
@past_options
@quiet_option
@json_option
def view(
    file: str, frame: str, binary: bool, history: bool, quiet: bool, as_json: bool, **options: Any
) -> int:
    """Print one document, or its history.

    FRAME is a frame's number or a document's uri. Deleted documents and old
    versions can be viewed by number. With --json the fields of the frame are
    printed, not its content.
    """
    if binary and (history or as_json):
        raise click.UsageError("--binary prints content, --history and --json print fields.")
    out = Output(json=as_json, quiet=quiet)
    reference, past = frame_value(frame), within(options)
    with open_to_read(file) as memory:
        if history:
            print_versions(versions(memory, reference, past), out)
        elif as_json:
            out.document(memory.frame(reference, **past))
        elif binary:
            _bytes(memory.content(reference, **past))
        else:
            _text(memory, reference, past)
    return _exit.OK


def _bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _text(memory: mv2.Memvid, frame: int | str, past: dict[str, Any]) -> None:
    text = memory.text(frame, **past)
    if not text and memory.frame(frame, **past).length:
        raise click.ClickException(f"{frame} is not text; --binary prints its bytes")
    if sys.stdout.isatty():
        click.echo(clean(text))
        return
    # A program gets exactly the document, in UTF-8; no line end is added.
    _bytes(text.encode("utf-8", "surrogatepass"))
