"""``mv2 dump``: a memory as text, for people, ``diff`` and ``git``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._options import file_argument, json_option, open_to_read
from mv2.cli._output import Output
from mv2.cli._portion import portion_of, portion_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    import mv2

_AUTO_URI: Final = "mv2://frames/"


@click.command(epilog="\b\nExample:\n  mv2 dump notes.mv2")
@file_argument
@portion_options
@json_option
def dump(file: str, as_json: bool, **given: Any) -> int:
    """Print a memory as text, sorted by uri, the same as long as its documents are.

    What is active is shown, with its text; bytes that are no text appear as
    their size and SHA-256. Two dumps differ where the documents do, so that
    diff and git show what changed in a memory.
    """
    portion = portion_of(given)
    if as_json:
        with open_to_read(file, "none") as memory:
            documents = sorted(_documents(memory, portion), key=_order)
        Output(json=True).document({"path": file, "documents": documents})
        return _exit.OK
    from mv2.exchange import dump

    sys.stdout.flush()
    dump(file, sys.stdout.buffer, **portion)
    sys.stdout.buffer.flush()
    return _exit.OK


def _order(document: dict[str, Any]) -> str:
    """As in the text: by uri, those that mv2 named in the order of their ids."""
    uri = document["uri"] or ""
    return _AUTO_URI if uri.startswith(_AUTO_URI) else uri


def _documents(memory: mv2.Memvid, portion: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the text shows, as JSON values."""
    from hashlib import sha256

    for record in memory.records(history=False, vectors=False, **portion):
        yield {
            "uri": record.uri,
            "title": record.title,
            "kind": record.kind,
            "track": record.track,
            "tags": record.tags,
            "labels": record.labels,
            "timestamp": record.timestamp,
            "mime": record.mime,
            "source_path": record.source_path,
            "content_dates": record.content_dates,
            "metadata": record.metadata,
            "size_bytes": len(record.content),
            "sha256": sha256(record.content).hexdigest(),
            "text": record.full_text,
        }
