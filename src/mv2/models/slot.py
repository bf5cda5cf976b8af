"""The embedder of a handle: a name until it is needed."""

from __future__ import annotations

import os
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mv2.models.text_embedder import TextEmbedder

#: Names the embedder that ``"default"`` means; ``none`` turns it off.
VARIABLE: Final = "MV2_EMBEDDER"


def named_default() -> str:
    """What ``"default"`` means: what the environment says, else ``"default"`` itself."""
    return os.environ.get(VARIABLE) or "default"


class EmbedderSlot:
    """The embedder of a handle, found when it is first needed. Safe to share between threads.

    Args:
        spec: as ``resolve_embedder`` takes it.
    """

    def __init__(self, spec: Any) -> None:
        self._spec = spec
        self._finding = threading.Lock()
        self._found = False
        self._embedder: TextEmbedder | None = None

    def get(self) -> TextEmbedder | None:
        """The embedder, None without one.

        Raises: as ``resolve_embedder``.
        """
        with self._finding:
            if not self._found:
                self._embedder = self._find()
                self._found = True
            return self._embedder

    def _find(self) -> TextEmbedder | None:
        spec, is_default = self._spec, isinstance(self._spec, str) and self._spec == "default"
        if is_default:
            spec = named_default()
        if spec is None or (isinstance(spec, str) and (spec == "none" or (spec == "default" and _bare()))):
            return None
        from mv2.models.resolve import resolve_embedder
        from mv2.models.text_embedder import TextEmbedder

        embedder = resolve_embedder(spec)
        return None if embedder is None else TextEmbedder(embedder, is_default=is_default)


def _bare() -> bool:
    """Whether the offline embedder is not installed; told without importing what would use it."""
    return find_spec("wordllama") is None or find_spec("tokenizers") is None
