"""Names of files and folders that every system takes, made of texts that nobody chose for that."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*#^\[\]\x00-\x1f\x7f\u2028\u2029]+')
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)
_MOST_BYTES: Final = 120


def safe_name(text: str, otherwise: str = "untitled") -> str:
    """A file name without suffix, as like the text as it can be.

    No separators, no characters or names that some system keeps for itself, no dots or spaces at
    either end; at most 120 bytes, cut between characters, a digest behind what was cut.
    """
    name = unicodedata.normalize("NFC", text.encode(errors="replace").decode())
    name = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") else char for char in name)
    name = " ".join(_FORBIDDEN.sub(" ", name).split()).strip(" .-")
    if not name:
        return otherwise
    if name.split(".")[0].lower() in _RESERVED:
        name = f"_{name}"
    raw = name.encode()
    if len(raw) > _MOST_BYTES:
        mark = hashlib.sha256(raw).hexdigest()[:8]
        name = f"{raw[: _MOST_BYTES - 9].decode(errors='ignore').strip(' .-')}-{mark}"
    return name


class Names:
    """Gives names away once, also where a system takes upper and lower case for the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, stem: str, suffix: str = "") -> str:
        """The stem and suffix, with a number between them if that name is gone."""
        for number in range(1, 1 << 30):
            name = f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}"
            key = unicodedata.normalize("NFC", name).casefold()
            if key not in self._taken:
                self._taken.add(key)
                return name
        raise AssertionError("a billion names are gone")
