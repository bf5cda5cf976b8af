"""Regular expressions that are compiled when they are first used.

Compiling those with ranges of many scripts takes longer than a whole search that needs none of
them. After the first use, a call costs what it always does.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """As ``re.compile``, but errors in ``text`` show at the first use."""
    return cast("re.Pattern[str]", _Late(text, flags))


class _Late:
    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
