"""Finding frames: query language, ranking, paging and snippets.

`find` is the one entry; it reads a memory through `FrameSource`.
"""

from mv2.search.engine import find
from mv2.search.pending import Overlay
from mv2.search.query import parse
from mv2.search.source import FrameSource, RecordView

__all__ = ["FrameSource", "Overlay", "RecordView", "find", "parse"]
