"""Which model made a memory's vectors: the name that the newest frame which has one carries."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from typing import Final

from mv2.storage.base import Base
from mv2.storage.reserved import LATER_MODEL, MODEL
from mv2.storage.view import View

_KEY: Final = MODEL.encode()  # LATER_MODEL begins with it
#: Answers kept, by digest of the contents; they never change.
_MOST: Final = 64
_known: OrderedDict[bytes, str | None] = OrderedDict()
_turn = threading.Lock()


def vector_model(view: View) -> str | None:
    """The model of a memory's vectors; None without vectors, and when nobody said which it is."""
    if view.overlay.vector_dimension:
        for frame in reversed(view.overlay.frames):
            name = frame.record.extra_metadata.get(MODEL) if frame.embedding is not None else None
            if name is not None:
                return name
    base = view.base
    if not base.frame_count or not base.vector_dimension:
        return None
    key = base.anchor.contents_digest
    with _turn:
        if key in _known:
            return _known[key]
    name = _newest_name(base)
    with _turn:
        _known[key] = name
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return name


def _newest_name(base: Base) -> str | None:
    """Looks for the key in the encoded frames, from the end; a text may hold the same bytes."""
    starts, contents = base.directory.starts, base.contents
    end = starts[base.frame_count]
    while (found := contents.rfind(_KEY, starts[0], end)) >= 0:
        frame_id = bisect_right(starts, found) - 1
        metadata = base.record(frame_id).extra_metadata
        name = metadata.get(LATER_MODEL, metadata.get(MODEL))
        if name is not None:
            return name
        end = starts[frame_id]
    return None
