"""RTF cut into tokens, and the encodings its bytes may be in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["open", "close", "word", "symbol", "byte", "text"]
Token: TypeAlias = tuple[Kind, str, int | None]

_TOKEN = re.compile(
    r"(?P<word>\\[a-zA-Z]{1,40}(?:-?\d{1,10})? ?)|\\'(?P<byte>[0-9a-fA-F]{2})|(?P<text>[^\\{}\r\n]+)"
    r"|(?P<brace>[{}])|\\(?P<symbol>[^a-zA-Z])|(?P<rest>[\r\n]+|\\)",
    re.DOTALL,
)
_WORD = re.compile(r"\\([a-zA-Z]+)(-?\d+)?")
# By the number of a font's character set; 0 and 1 are that of the document, 2 holds pictures.
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {10000: "mac_roman", 936: "gb18030", 65001: "utf-8", 1361: "johab", 708: "cp1256", 20127: "cp1252"}


def tokens(text: str) -> Iterator[Token]:
    r"""(kind, word or text, number) one after the other; ``\bin`` and the bytes behind it are left out.

    Args:
        text: the file, decoded as latin-1.
    """
    at, end = 0, len(text)
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            at += 1
            continue
        at = found.end()
        kind, value = found.lastgroup, found.group(found.lastgroup or 0)
        if kind == "word":
            parts = _WORD.match(value)
            name = parts.group(1) if parts else ""
            number = int(parts.group(2)) if parts and parts.group(2) else None
            if name == "bin":
                at += max(0, number or 0)
            else:
                yield "word", name, number
        elif kind == "brace":
            yield ("open" if value == "{" else "close"), "", None
        elif kind == "byte":
            yield "byte", chr(int(value, 16)), None
        elif kind == "symbol":
            yield "symbol", value, None
        elif kind == "text":
            yield "text", value, None


def page_encoding(number: int | None) -> str | None:
    """Python's name of a code page, None if it is not known."""
    return _known(_PAGES.get(number or 0, f"cp{number}"))


def charset_encoding(number: int | None) -> str | None:
    """The encoding of a font's character set; None if it is that of the document."""
    return _CHARSETS.get(number or 0)


def _known(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
