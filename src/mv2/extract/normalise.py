"""One normal form of text, equal to the original's, so that both engines index the same words."""

from __future__ import annotations

from unicodedata import category, combining, normalize

SEARCH_TEXT_LIMIT = 32_768
"""Bytes of UTF-8; longer search texts are cut."""

_PLAIN = b"\n" + bytes(range(32, 127))
_JOINER = "\u200d"
_OUTER = frozenset(" \n")


def normalise(text: str) -> str:
    """Return ``text`` in compatibility form (NFKC) with tidy white space.

    Tabs become spaces, other control characters go, runs of white space become
    one space, runs of newlines one newline; lines and the whole have no outer
    spaces. Empty if nothing is left.
    """
    if _is_normal(text):
        return text
    folded = normalize("NFKC", text).replace("\r\n", "\n").replace("\r", "\n")
    lines: list[str] = []
    for line in folded.split("\n"):
        words = _without_controls(line).split()
        if words:
            lines.append(" ".join(words))
    return "\n".join(lines)


def _is_normal(text: str) -> bool:
    """Whether ``text`` is printable ASCII with no space or newline too many; quick."""
    if not text.isascii() or "  " in text or text[:1] in _OUTER or text[-1:] in _OUTER:
        return False
    if "\n" in text and (" \n" in text or "\n " in text or "\n\n" in text):
        return False
    return not text.encode().translate(None, _PLAIN)


def _without_controls(line: str) -> str:
    if line.isprintable():
        return line
    return "".join([char for char in line.replace("\t", " ") if category(char) != "Cc"])


def truncate_to_bytes(text: str, limit: int = SEARCH_TEXT_LIMIT) -> str:
    """Return the longest start of ``text`` of at most ``limit`` bytes of UTF-8.

    A letter is not parted from its combining marks, nor a joined emoji from its parts.
    """
    if len(text) * 4 <= limit:
        return text
    raw = text.encode()
    if len(raw) <= limit:
        return text
    end = limit
    while end and raw[end] & 0xC0 == 0x80:
        end -= 1
    cut = len(raw[:end].decode())
    while cut and _continues(text, cut):
        cut -= 1
    return text[:cut]


def _continues(text: str, index: int) -> bool:
    """Whether the character at ``index`` belongs together with the one before it."""
    char, before = text[index], text[index - 1]
    return (
        combining(char) != 0
        or _JOINER in {char, before}
        or category(char) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or (char == "\n" and before == "\r")
        or (_is_regional(char) and _is_regional(before) and _regional_run(text, index) % 2 == 1)
    )


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regional_run(text: str, index: int) -> int:
    """Return how many flag letters stand right before ``index``."""
    start = index
    while start and _is_regional(text[start - 1]):
        start -= 1
    return index - start
