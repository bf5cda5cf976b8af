"""The full-text index of a memory: reading it, and writing the next one.

A memory embeds a tantivy index file by file. To read it, the files go into a
private temporary directory (`mv2.index._workdir`) and are opened from there; to
write it, they go into such a directory too, and every commit lists the files
that the memory must embed from then on. Files are never changed once listed,
except ``meta.json`` and ``.managed.json``, so a caller may recognise by name
those it has embedded already.

One document per active frame. Its ``content`` is `indexed_text` of the frame.
"""

from __future__ import annotations

from mv2.index._analysis import ascii_lower, is_regular, lower, spans, stems, tokens, words
from mv2.index._reader import LexicalReader
from mv2.index._writer import LexicalFile, LexicalWriter

__all__ = [
    "LexicalFile",
    "LexicalReader",
    "LexicalWriter",
    "ascii_lower",
    "indexed_text",
    "is_regular",
    "lower",
    "spans",
    "stems",
    "tokens",
    "words",
]


def indexed_text(text: str, title: str | None) -> str:
    """What stands in the index for a frame: its text, a newline, its title."""
    return f"{text}\n{title}" if title else text
