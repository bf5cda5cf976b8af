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

from mv2.index._analysis import analyze, ascii_lower, is_regular, lower, spans, stems, tokens, words
from mv2.index._helps import (
    MARKER,
    atoms,
    camel_parts,
    compounds,
    expand,
    fold,
    folded_words,
    has_unsegmented,
    helps,
    joined,
    labelled,
    straight,
)
from mv2.index._reader import LexicalReader
from mv2.index._writer import LexicalFile, LexicalWriter

__all__ = [
    "MARKER",
    "LexicalFile",
    "LexicalReader",
    "LexicalWriter",
    "analyze",
    "ascii_lower",
    "atoms",
    "camel_parts",
    "compounds",
    "expand",
    "fold",
    "folded_words",
    "has_unsegmented",
    "helps",
    "indexed_text",
    "is_regular",
    "joined",
    "labelled",
    "lower",
    "own_text",
    "spans",
    "stems",
    "straight",
    "tokens",
    "words",
]


def own_text(text: str, title: str | None) -> str:
    """What a frame itself says: its text, a newline, its title."""
    return f"{text}\n{title}" if title else text


def indexed_text(text: str, title: str | None) -> str:
    """What stands in the index for a frame: its own text, the title once more, and its helps.

    Words of a title count double that way (docs/design.md, "Search").
    """
    own = own_text(text, title)
    extra = helps(own)
    if title:
        own = f"{own}\n{title}"
    return f"{own}\n{extra}" if extra else own
