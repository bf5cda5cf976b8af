"""``mv2 view``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mv2.cli import _exit
from mv2.cli._options import file_argument, frame_value, json_option, open_to_read, quiet_option
from mv2.cli._output import Output, clean, moment, size

if TYPE_CHECKING:
    import mv2
    from mv2.types import Frame


@click.command(epilog="\b\nExample:\n  mv2 view notes.mv2 0")
@file_argument
@click.argument("frame")
@click.option("--binary", is_flag=True, help="The bytes as they were put, whatever they are.")
@click.option("--history", is_flag=True, help="All versions of the document instead of its content.")
@quiet_option
@json_option
def view(file: str, frame: str, binary: bool, history: bool, quiet: bool, as_json: bool) -> int:
    """Print one document, or its history.

    FRAME is a frame's number or a document's uri. Deleted documents and old
    versions can be viewed by number. With --json the fields of the frame are
    printed, not its content.
    """
    if binary and (history or as_json):
        raise click.UsageError("--binary prints content, --history and --json print fields.")
    out = Output(json=as_json, quiet=quiet)
    with open_to_read(file) as memory:
        if history:
            _history(memory, frame_value(frame), out)
        elif as_json:
            out.document(memory.frame(frame_value(frame)))
        elif binary:
            _bytes(memory.content(frame_value(frame)))
        else:
            _text(memory, frame_value(frame))
    return _exit.OK


def _bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _text(memory: mv2.Memvid, frame: int | str) -> None:
    text = memory.text(frame)
    if not text and memory.frame(frame).length:
        raise click.ClickException(f"{frame} is not text; --binary prints its bytes")
    if sys.stdout.isatty():
        click.echo(clean(text))
        return
    # A program gets exactly the document, in UTF-8; no line end is added.
    _bytes(text.encode("utf-8", "surrogatepass"))


def _history(memory: mv2.Memvid, frame: int | str, out: Output) -> None:
    uri = frame if isinstance(frame, str) else memory.frame(frame).uri
    versions = memory.history(uri) if uri is not None else [memory.frame(frame)]
    if out.json:
        out.document(versions)
        return
    for version in versions:
        out.line(_version_line(version))


def _version_line(frame: Frame) -> str:
    put = moment(frame.put_at if frame.put_at is not None else frame.timestamp, with_time=True)
    parts = [f"frame {frame.id}", put, frame.status, size(frame.length)]
    if frame.replaced_at is not None:
        parts.append(f"replaced {moment(frame.replaced_at, with_time=True)}")
    if frame.deleted_at is not None:
        parts.append(f"deleted {moment(frame.deleted_at, with_time=True)}")
    return "  ".join(parts)
