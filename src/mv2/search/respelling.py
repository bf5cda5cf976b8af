"""A query with the words replaced that no document has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mv2.search.nodes import And, Query, Terms
from mv2.search.spelling import suggest

if TYPE_CHECKING:
    from mv2.search.pending import Overlay
    from mv2.search.source import FrameSource


def respelled(query: Query, source: FrameSource, overlay: Overlay) -> str | None:
    """The text of a plain query with unknown words replaced; None if there is nothing to replace."""
    if not query.plain:
        return None
    parts = query.root.children if isinstance(query.root, And) else (query.root,)
    asked = [word for part in parts if isinstance(part, Terms) for word in part.words]
    reader = source.lexical()
    found = suggest(asked, reader, overlay.holders(source, reader), source)
    text = query.text
    for word, better in found.items():
        text = re.sub(rf"(?<![\w:]){re.escape(word)}(?!\w)", better, text, flags=re.IGNORECASE)
    return text if text != query.text else None
